import { refusalsOfCodes } from '../../profiles/xds/affinity-domain.ts';
import { refuseAll, type SubmitObjectsRequest } from '../../profiles/xds/iti-42.ts';
import { refusalsOfSubmission } from '../../profiles/xds/metadata-rules.ts';
import type { RegistryResponse } from '../../profiles/xds/registry-response.ts';
import type { Submission } from '../actor.ts';
import { answerOnce, wasAnswered } from './answer-once.ts';
import { identityOf, patientsOf } from './object-identity.ts';
import type { DocumentRegistryStores } from './stores.ts';
import { refusalsOfSource } from './submission.ts';
import { Update } from './update.ts';
import type { UpdateForm } from './version-rules.ts';

/**
 * How metadata are updated: every operation of the message or none. The message itself is judged first; what the registry
 * holds against its operations is known only when they are done one after the other, and then nothing of them stays.
 *
 * @param transaction its number, by which answers are remembered
 */
export function updateVerbs(
  transaction: string,
  form: UpdateForm,
): Omit<
  Submission<SubmitObjectsRequest, RegistryResponse, DocumentRegistryStores>,
  'kind' | 'transaction'
> {
  const column = form === 'update' ? 'MU' : 'RMU';
  return {
    subjects: ({ objects }) => patientsOf(objects.map(identityOf)),

    async check({ objects }, { registry, affinityDomain }, world) {
      if (await registry.look((reader) => wasAnswered(transaction, reader, world))) return;
      refuseAll([
        ...refusalsOfSubmission(objects, { column }),
        ...(affinityDomain ? refusalsOfCodes(objects, affinityDomain) : []),
        ...refusalsOfSource(objects, world.caller),
      ]);
    },

    async commit({ objects }, { registry }, world) {
      return await answerOnce(transaction, { registry, world }, async (writer) => {
        await new Update(objects, form, { writer, world }).run();
        return { status: 'Success', errors: [] };
      });
    },
  };
}
