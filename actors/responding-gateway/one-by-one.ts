import { Refusal } from '../../profiles/refusal.ts';
import type { AdhocQueryRequest, AdhocQueryResponse } from '../../profiles/xds/stored-queries.ts';
import { readStoredQuery } from '../../profiles/xds/stored-query-reading.ts';

/** The parameters by which a query by id lists its objects; one of them is there. */
const ID_LISTS = [
  '$XDSDocumentEntryEntryUUID',
  '$XDSDocumentEntryUniqueId',
  '$XDSFolderEntryUUID',
  '$XDSFolderUniqueId',
  '$uuid',
];

/** Ids that are looked up one after the other at most. */
const MOST_IDS = 1_000;

/**
 * Asks for each id of a query by its own, and joins the answers: an ObjectRef query may span patients, but the full objects
 * that say whose each one is may not come in one answer.
 *
 * @throws Refusal XDSTooManyResults for more than 1,000 ids, and what `askOne` refuses
 * @see ITI TF-2: 3.18.4.1.2.6
 */
export async function oneByOne(
  request: AdhocQueryRequest,
  askOne: (request: AdhocQueryRequest) => Promise<AdhocQueryResponse>,
): Promise<AdhocQueryResponse> {
  const { parameters } = readStoredQuery(request);
  const name = ID_LISTS.find((each) => parameters.has(each));
  const ids = [...new Set((name && parameters.get(name)?.flat()) || [])];
  if (name === undefined || ids.length > MOST_IDS) {
    throw new Refusal('XDSTooManyResults', `ask for at most ${MOST_IDS} ids at once`);
  }
  const answers: AdhocQueryResponse[] = [];
  for (const id of ids) {
    const values = [`('${id.replaceAll("'", "''")}')`];
    const slots = request.slots.map((slot) => (slot.name === name ? { ...slot, values } : slot));
    answers.push(await askOne({ ...request, slots }));
  }
  const objects = answers.flatMap((answer) => answer.objects);
  return {
    status: 'Success',
    errors: answers.flatMap(({ errors }) => errors),
    objects: [...new Map(objects.map((object) => [object.id, object])).values()],
    objectRefs: [],
  };
}
