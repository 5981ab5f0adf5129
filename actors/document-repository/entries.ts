import { type Refusal, refusalsOf } from '../../profiles/refusal.ts';
import type { XdsErrorCode } from '../../profiles/xds/error-codes.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { slotValues } from '../../profiles/xds/metadata-xml.ts';
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
  const together = await asked(getDocuments({ uniqueId: uniqueIds }), [MIXED], ask);
  if (together) return together.objects;
  const references = await asked(
    getDocuments({ uniqueId: uniqueIds, returnType: 'ObjectRef' }),
    [MIXED],
    ask,
  );
  const entries: RegistryObjectText[] = [];
  for (const { id } of references?.objectRefs ?? []) {
    const one = await asked(getDocuments({ entryUUID: [id] }), [MIXED], ask);
    entries.push(...(one?.objects ?? []));
  }
  return entries;
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
  return (await asked(query, [TOO_MANY, MIXED], ask))?.objects;
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
  return (await asked(query, [MIXED], ask))?.objects ?? [];
}

/** An entry of the same uniqueId may describe a copy in another repository. */
export function namesRepository(entry: RegistryObjectText, repositoryUniqueId: string): boolean {
  return slotValues(objectOfText(entry), 'repositoryUniqueId').includes(repositoryUniqueId);
}

const MIXED: XdsErrorCode = 'XDSResultNotSinglePatient';
const TOO_MANY: XdsErrorCode = 'XDSTooManyResults';

/** Undefined when the answer is refused for one of these reasons. */
async function asked(
  query: AdhocQueryRequest,
  reasons: readonly XdsErrorCode[],
  ask: Ask,
): Promise<AdhocQueryResponse | undefined> {
  const isOneOf = (code: string) => reasons.some((reason) => reason === code);
  let response: AdhocQueryResponse;
  try {
    response = await ask(ITI_18, 'document-registry', query);
  } catch (error) {
    const refusals = refusalsOf(error);
    if (refusals?.some(({ code }: Refusal) => isOneOf(code))) return undefined;
    if (refusals || error instanceof PeerFailure) {
      throw new RegistryAway('the Document Registry gave no answer', { cause: error });
    }
    throw error;
  }
  if (response.errors.some(({ errorCode }) => isOneOf(errorCode))) return undefined;
  if (response.status === 'Success') return response;
  throw new RegistryAway('the Document Registry refused to answer');
}
