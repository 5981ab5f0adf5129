import { Refusal } from '../../profiles/refusal.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import type {
  AdhocQueryRequest,
  AdhocQueryResponse,
  QueryTransaction,
  RegistryObjectText,
} from '../../profiles/xds/stored-queries.ts';
import { readStoredQuery } from '../../profiles/xds/stored-query-reading.ts';
import { type Permission, type Query, query } from '../actor.ts';
import { patientsOf } from './object-identity.ts';
import type { RegistryReader } from './registry-store.ts';
import { runStoredQuery } from './stored-query.ts';
import { type DocumentRegistryStores, RESULT_LIMITS } from './stores.ts';

/** What a stored query found. */
export interface StoredQueryFound {
  readonly objects: readonly RegistryObjectText[];
  /** Objects at the ends of Associations that are not found themselves: they say whose the Association is. */
  readonly ends: readonly RegistryObjectText[];
}

/**
 * ITI-18 Registry Stored Query, as the Document Registry answers it.
 *
 *   bytes -> soap-listener -> pipeline -> ITI_18.request.decode -> find -> consent
 *         <- soap-listener <- pipeline <- ITI_18.response.encode <- reveal <---|
 *
 * An unknown patient gives an empty Success, as one without documents does: existence is not told.
 * Refuses: XDSResultNotSinglePatient, XDSTooManyResults, and what readStoredQuery refuses.
 */
export const registryStoredQuery = query(ITI_18, storedQueryVerbs('ITI-18'));

/** How the stored queries of one transaction are answered. */
export function storedQueryVerbs(
  transaction: QueryTransaction,
): Omit<
  Query<AdhocQueryRequest, AdhocQueryResponse, StoredQueryFound, DocumentRegistryStores>,
  'kind' | 'transaction'
> {
  return {
    /** Looks, changes nothing. */
    async find(
      request,
      { registry, limits = RESULT_LIMITS }: DocumentRegistryStores,
    ): Promise<StoredQueryFound> {
      const storedQuery = readStoredQuery(request, { transaction });
      const leafClass = storedQuery.returnType === 'LeafClass';
      const most = leafClass ? limits.leafClass : limits.objectRef;
      return await registry.look(async (reader) => {
        const objects = await runStoredQuery(storedQuery, reader, most);
        if (leafClass && storedQuery.query.singlePatient && patientsOf(objects).length > 1) {
          throw new Refusal(
            'XDSResultNotSinglePatient',
            'the objects found are of several patients',
          );
        }
        return { objects, ends: await endsBeside(objects, reader) };
      });
    },

    /** Whose data was found. An object whose patient is unknown is hidden. */
    subjects: ({ objects, ends }) => patientsOf([...objects, ...ends]),

    /** A hidden object takes its Associations with it, so that nothing dangles; only then LeafClass or ObjectRef. */
    reveal: (found, permission, { returnType }): AdhocQueryResponse => {
      const shown = shownOf(found, permission);
      const leafClass = returnType === 'LeafClass';
      return {
        status: 'Success',
        errors: [],
        objects: leafClass ? shown : [],
        objectRefs: leafClass ? [] : shown.map(({ id, home }) => ({ id, home })),
      };
    },
  };
}

/** An Association may point at an Association, which points at objects; it does not go deeper. */
const LONGEST_CHAIN = 2;

async function endsBeside(
  objects: readonly RegistryObjectText[],
  reader: RegistryReader,
): Promise<readonly RegistryObjectText[]> {
  const known = new Set(objects.map(({ id }) => id));
  const ends: RegistryObjectText[] = [];
  let links = objects;
  for (let step = 0; step < LONGEST_CHAIN; step += 1) {
    const missing = links
      .flatMap(({ sourceObject = [], targetObject = [] }) => [sourceObject, targetObject].flat())
      .filter((id) => !known.has(id));
    if (missing.length === 0) break;
    links = await reader.objectsOf(missing);
    for (const { id } of links) known.add(id);
    ends.push(...links);
  }
  return ends;
}

function shownOf(
  { objects, ends }: StoredQueryFound,
  permission: Permission,
): readonly RegistryObjectText[] {
  const byId = new Map([...objects, ...ends].map((object) => [object.id, object]));
  const shows = (object: RegistryObjectText | undefined, depth: number): boolean => {
    if (object === undefined || depth > LONGEST_CHAIN) return false;
    if (object.element !== 'Association') {
      return permission.shows({
        patientId: object.patientId,
        confidentialityCode: object.confidentialityCode,
      });
    }
    const { sourceObject = '', targetObject = '' } = object;
    return [sourceObject, targetObject].every((end) => shows(byId.get(end), depth + 1));
  };
  return objects.filter((object) => shows(object, 0));
}
