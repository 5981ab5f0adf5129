import { refusalsOf } from '../../profiles/refusal.ts';
import type { XdsErrorCode } from '../../profiles/xds/error-codes.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { slotValues } from '../../profiles/xds/metadata-xml.ts';
import {
  objectsOfPatients,
  SEVERAL_PATIENTS,
  unlessRefusedFor,
} from '../../profiles/xds/objects-of-patients.ts';
import { objectOfText } from '../../profiles/xds/registry-object-text.ts';
import { getDocuments } from '../../profiles/xds/stored-query-builders.ts';
import type {
  AdhocQueryRequest,
  AdhocQueryResponse,
  RegistryObjectText,
} from '../../profiles/xds/stored-queries.ts';
import { type Ask, PeerFailure } from '../actor.ts';

/** What the registry was asked and could not say: nothing is shown on its account. */
export class RegistryAway extends Error {}

/**
 * The DocumentEntries of these documents, of any status: they say whose a document is, now.
 *
 * Full entries of several patients come in no single answer; then each is asked for by itself.
 *
 * @throws RegistryAway when the registry gave no answer that can be used
 */
export async function entriesOf(
  uniqueIds: readonly string[],
  ask: Ask,
): Promise<readonly RegistryObjectText[]> {
  if (uniqueIds.length === 0) return [];
  return await objectsOfPatients(getDocuments({ uniqueId: uniqueIds }), {
    each: (id) => getDocuments({ entryUUID: [id] }),
    ask: (query) => asked(query, [SEVERAL_PATIENTS], ask),
  });
}

/**
 * What a query finds.
 *
 * @returns undefined when more was found than the registry returns at once, or objects of several patients that it does not
 * return together
 * @throws RegistryAway when the registry gave no answer that can be used
 */
export async function objectsFound(
  query: AdhocQueryRequest,
  ask: Ask,
): Promise<readonly RegistryObjectText[] | undefined> {
  return (await asked(query, [TOO_MANY, SEVERAL_PATIENTS], ask))?.objects;
}

/**
 * Every version of a document, as far as all of them are one patient's.
 *
 * @throws RegistryAway when the registry gave no answer that can be used
 */
export async function versionsOf(
  logicalID: string,
  ask: Ask,
): Promise<readonly RegistryObjectText[]> {
  const query = getDocuments({ logicalID: [logicalID], metadataLevel: 2 });
  return (await asked(query, [SEVERAL_PATIENTS], ask))?.objects ?? [];
}

/** An entry of the same uniqueId may describe a copy in another repository. */
export function namesRepository(entry: RegistryObjectText, repositoryUniqueId: string): boolean {
  return slotValues(objectOfText(entry), 'repositoryUniqueId').includes(repositoryUniqueId);
}

const TOO_MANY: XdsErrorCode = 'XDSTooManyResults';

/** Undefined when the answer is refused for one of these reasons. */
async function asked(
  query: AdhocQueryRequest,
  reasons: readonly XdsErrorCode[],
  ask: Ask,
): Promise<AdhocQueryResponse | undefined> {
  let response: AdhocQueryResponse | undefined;
  try {
    response = await unlessRefusedFor(reasons, () => ask(ITI_18, 'document-registry', query));
  } catch (error) {
    if (refusalsOf(error) || error instanceof PeerFailure) {
      throw new RegistryAway('the Document Registry gave no answer', { cause: error });
    }
    throw error;
  }
  if (response === undefined || response.status === 'Success') return response;
  throw new RegistryAway('the Document Registry refused to answer');
}
