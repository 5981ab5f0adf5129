import { refusalsOf } from '../refusal.ts';
import type { XdsErrorCode } from './error-codes.ts';
import type {
  AdhocQueryRequest,
  AdhocQueryResponse,
  RegistryObjectText,
} from './stored-queries.ts';

/** Why full objects of several patients do not come in one answer. Source: ITI TF-2: 3.18.4.1.2.6. */
export const SEVERAL_PATIENTS: XdsErrorCode = 'XDSResultNotSinglePatient';

/**
 * An answer, unless it is refused for one of these reasons, whether that was thrown or stands in it.
 *
 * @throws what `answer` throws for any other reason
 */
export async function unlessRefusedFor(
  reasons: readonly XdsErrorCode[],
  answer: () => Promise<AdhocQueryResponse>,
): Promise<AdhocQueryResponse | undefined> {
  const isReason = (code: string) => reasons.some((reason) => reason === code);
  try {
    const response = await answer();
    return response.errors.some(({ errorCode }) => isReason(errorCode)) ? undefined : response;
  } catch (error) {
    if (refusalsOf(error)?.some(({ code }) => isReason(code))) return undefined;
    throw error;
  }
}

/**
 * What a query by id finds, of whichever patients: together, or, where they are of several, each by itself.
 *
 * @param options.each the query for one of the objects, by its entryUUID
 * @param options.ask gives undefined where the registry does not return the objects together
 */
export async function objectsOfPatients(
  query: AdhocQueryRequest,
  {
    each,
    ask,
  }: {
    readonly each: (entryUUID: string) => AdhocQueryRequest;
    readonly ask: (query: AdhocQueryRequest) => Promise<AdhocQueryResponse | undefined>;
  },
): Promise<readonly RegistryObjectText[]> {
  const together = await ask(query);
  if (together !== undefined) return together.objects;
  const references = await ask({ ...query, returnType: 'ObjectRef' });
  const objects: RegistryObjectText[] = [];
  for (const { id } of references?.objectRefs ?? []) {
    objects.push(...((await ask(each(id)))?.objects ?? []));
  }
  return objects;
}
