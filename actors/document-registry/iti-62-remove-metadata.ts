import { refuseAll } from '../../profiles/xds/iti-42.ts';
import { ITI_62 } from '../../profiles/xds/iti-62.ts';
import type { RegistryResponse } from '../../profiles/xds/registry-response.ts';
import { feed } from '../actor.ts';
import { answerOnce, wasAnswered } from './answer-once.ts';
import { refusalsOfRemoval } from './removal-rules.ts';
import type { DocumentRegistryStores } from './stores.ts';

/**
 * ITI-62 Remove Metadata, as the Document Registry answers it: all objects that are named are taken out, or none. The
 * documents themselves stay in their repository.
 *
 * Who may remove is for the directory to say: the request names objects, and no patient.
 *
 * Refuses: UnresolvedReferenceException, ReferencesExistException, XDSUnreferencedObjectException.
 */
export const removeMetadata = feed(ITI_62, {
  async check({ objectRefs }, { registry }: DocumentRegistryStores, world) {
    const ids = objectRefs.map(({ id }) => id);
    await registry.look(async (reader) => {
      if (await wasAnswered('ITI-62', reader, world)) return;
      refuseAll(await refusalsOfRemoval(ids, reader));
    });
  },

  async commit(
    { objectRefs },
    { registry }: DocumentRegistryStores,
    world,
  ): Promise<RegistryResponse> {
    const ids = objectRefs.map(({ id }) => id);
    return await answerOnce('ITI-62', { registry, world }, async (writer) => {
      refuseAll(await refusalsOfRemoval(ids, writer));
      await writer.remove(ids);
      return { status: 'Success', errors: [] };
    });
  },
});
