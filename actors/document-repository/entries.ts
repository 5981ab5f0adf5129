import { type Refusal, refusalsOf } from '../../profiles/refusal.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
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
  const together = await asked(getDocuments({ uniqueId: uniqueIds }), ask);
  if (together) return together.objects;
  const references = await asked(
    getDocuments({ uniqueId: uniqueIds, returnType: 'ObjectRef' }),
    ask,
  );
  const entries: RegistryObjectText[] = [];
  for (const { id } of references?.objectRefs ?? []) {
    entries.push(...((await asked(getDocuments({ entryUUID: [id] }), ask))?.objects ?? []));
  }
  return entries;
}

/** Undefined when the answer would mix patients. */
async function asked(query: AdhocQueryRequest, ask: Ask): Promise<AdhocQueryResponse | undefined> {
  let response: AdhocQueryResponse;
  try {
    response = await ask(ITI_18, 'document-registry', query);
  } catch (error) {
    const refusals = refusalsOf(error);
    if (refusals?.some(mixesPatients)) return undefined;
    if (refusals || error instanceof PeerFailure) {
      throw new RegistryAway('the Document Registry gave no answer', { cause: error });
    }
    throw error;
  }
  if (response.status === 'Success') return response;
  if (response.errors.some(({ errorCode }) => errorCode === MIXED)) return undefined;
  throw new RegistryAway('the Document Registry refused to say whose the documents are');
}

const MIXED = 'XDSResultNotSinglePatient';

function mixesPatients({ code }: Refusal): boolean {
  return code === MIXED;
}
