import { Refusal } from '../../profiles/refusal.ts';
import type { RegistryObjectText } from '../../profiles/xds/stored-queries.ts';
import {
  associationStatusesOf,
  documentEntryTypesOf,
  type StoredQuery,
  parameterValues,
} from '../../profiles/xds/stored-query-reading.ts';
import { ASSOCIATION_TYPE } from '../../profiles/xds/vocabulary.ts';
import {
  documentFilters,
  findDocumentsCriteria,
  findFoldersCriteria,
  findSubmissionSetsCriteria,
  getAllCriteria,
  versionsShown,
} from './query-criteria.ts';
import type {
  AssociationEnds,
  ObjectCriteria,
  RegistryReader,
  Versions,
} from './registry-store.ts';

type Objects = readonly RegistryObjectText[];
type Kind = ObjectCriteria['kind'];

const HAS_MEMBER = [ASSOCIATION_TYPE.HasMember];

/**
 * Runs a stored query against the registry.
 *
 * @param most objects that an answer may hold
 * @returns the objects in the order in which they were submitted, by kind; each once
 * @throws Refusal XDSTooManyResults
 * @see ITI TF-2: 3.18.4.1.2.3.7
 */
export async function runStoredQuery(
  query: StoredQuery,
  registry: RegistryReader,
  most: number,
): Promise<Objects> {
  const found = await new Run(query, registry, most).objects();
  return bounded([...new Map(found.map((object) => [object.id, object])).values()], most);
}

function bounded(found: Objects, most: number): Objects {
  if (found.length <= most) return found;
  throw new Refusal('XDSTooManyResults', `more than ${most} objects were found; ask for fewer`);
}

class Run {
  readonly #query: StoredQuery;
  readonly #registry: RegistryReader;
  readonly #most: number;
  readonly #versions: Versions | undefined;

  constructor(query: StoredQuery, registry: RegistryReader, most: number) {
    this.#query = query;
    this.#registry = registry;
    this.#most = most;
    this.#versions = versionsShown(query);
  }

  objects(): Promise<Objects> {
    const query = this.#query;
    switch (query.name) {
      case 'FindDocuments':
      case 'FindDocumentsByReferenceId':
      case 'FindDocumentsForMultiplePatients':
      case 'FindDocumentsByReferenceIdForMultiplePatients':
        return this.#find(findDocumentsCriteria(query));
      case 'FindSubmissionSets':
        return this.#find(findSubmissionSetsCriteria(query));
      case 'FindFolders':
      case 'FindFoldersForMultiplePatients':
        return this.#find(findFoldersCriteria(query));
      case 'GetAll':
        return this.#all();
      case 'GetDocuments':
        return this.#named('DocumentEntry');
      case 'GetFolders':
        return this.#named('Folder');
      case 'GetAssociations':
        return this.#associations({ either: this.#uuids() });
      case 'GetDocumentsAndAssociations':
        return this.#documentsAndAssociations();
      case 'GetSubmissionSets':
        return this.#submissionSets();
      case 'GetSubmissionSetAndContents':
        return this.#submissionSetAndContents();
      case 'GetFolderAndContents':
        return this.#folderAndContents();
      case 'GetFoldersForDocument':
        return this.#foldersForDocument();
      case 'GetRelatedDocuments':
        return this.#relatedDocuments();
    }
  }

  async #find(criteria: ObjectCriteria): Promise<Objects> {
    return bounded(await this.#registry.find(criteria, this.#most + 1), this.#most);
  }

  /** Associations that are Approved, unless the query asks for others. */
  async #associations(ends: AssociationEnds): Promise<Objects> {
    const availabilityStatus = associationStatusesOf(this.#query) ?? ['Approved'];
    const asked = { ...ends, availabilityStatus };
    return bounded(await this.#registry.associationsOf(asked, this.#most + 1), this.#most);
  }

  #uuids(): readonly string[] {
    return parameterValues(this.#query, '$uuid') ?? [];
  }

  /** The objects that the query names by entryUUID, which means that very version, by logicalID or by uniqueId. */
  async #named(kind: Kind): Promise<Objects> {
    const uuids = parameterValues(this.#query, `$XDS${kind}EntryUUID`);
    if (uuids) return ofKind(await this.#registry.objectsOf(uuids), kind);
    const logicalIDs = parameterValues(this.#query, `$XDS${kind}LogicalID`);
    if (logicalIDs) {
      return bounded(await this.#registry.objectsWithLogicalId(kind, logicalIDs), this.#most);
    }
    const uniqueIds = parameterValues(this.#query, `$XDS${kind}UniqueId`) ?? [];
    const found = await this.#registry.objectsWithUniqueId(kind, uniqueIds, this.#versions);
    return bounded(found, this.#most);
  }

  async #all(): Promise<Objects> {
    const found: RegistryObjectText[] = [];
    for (const criteria of getAllCriteria(this.#query)) found.push(...(await this.#find(criteria)));
    return [...found, ...(await this.#associations({ either: idsOf(found) }))];
  }

  async #documentsAndAssociations(): Promise<Objects> {
    const documents = await this.#named('DocumentEntry');
    return [...documents, ...(await this.#associations({ either: idsOf(documents) }))];
  }

  async #submissionSets(): Promise<Objects> {
    const links = await this.#associations({ target: this.#uuids(), associationTypes: HAS_MEMBER });
    const sets = ofKind(await this.#registry.objectsOf(links.map(sourceOf)), 'SubmissionSet');
    const ids = new Set(idsOf(sets));
    return [...sets, ...links.filter((link) => ids.has(sourceOf(link)))];
  }

  async #submissionSetAndContents(): Promise<Objects> {
    const sets = await this.#named('SubmissionSet');
    const links = await this.#associations({ source: idsOf(sets), associationTypes: HAS_MEMBER });
    const members = await this.#registry.objectsOf(links.map(targetOf));
    const documents = await this.#filtered(members);
    const contents = [...sets, ...documents, ...ofKind(members, 'Folder')];
    const inside = new Set(idsOf(contents));
    const between = members.filter(
      (one) =>
        one.element === 'Association' && inside.has(sourceOf(one)) && inside.has(targetOf(one)),
    );
    for (const { id } of between) inside.add(id);
    return [...contents, ...between, ...links.filter((link) => inside.has(targetOf(link)))];
  }

  async #folderAndContents(): Promise<Objects> {
    const folders = await this.#named('Folder');
    const links = await this.#associations({
      source: idsOf(folders),
      associationTypes: HAS_MEMBER,
    });
    const members = await this.#registry.objectsOf(links.map(targetOf), this.#versions);
    const documents = await this.#filtered(members);
    const ids = new Set(idsOf(documents));
    return [...folders, ...documents, ...links.filter((link) => ids.has(targetOf(link)))];
  }

  /** The DocumentEntries among the members that pass the query's filters. */
  #filtered(members: Objects): Promise<Objects> {
    const among = idsOf(ofKind(members, 'DocumentEntry'));
    return this.#find({ ...documentFilters(this.#query), among });
  }

  async #foldersForDocument(): Promise<Objects> {
    const documents = await this.#named('DocumentEntry');
    const links = await this.#associations({
      target: idsOf(documents),
      associationTypes: HAS_MEMBER,
    });
    const folders = await this.#registry.objectsOf(links.map(sourceOf), this.#versions);
    return ofKind(folders, 'Folder');
  }

  /** One hop. An Association to an object that is no wanted DocumentEntry is left out. */
  async #relatedDocuments(): Promise<Objects> {
    const given = await this.#named('DocumentEntry');
    const links = await this.#associations({
      either: idsOf(given),
      associationTypes: parameterValues(this.#query, '$AssociationTypes') ?? [],
    });
    const types = documentEntryTypesOf(this.#query);
    const ends = await this.#registry.objectsOf(
      links.flatMap((one) => [sourceOf(one), targetOf(one)]),
      this.#versions,
    );
    const starts = new Set(idsOf(given));
    const others = ofKind(ends, 'DocumentEntry').filter(
      ({ id, objectType = '' }) => !starts.has(id) && types.includes(objectType),
    );
    const documents = [...given, ...others];
    const ids = new Set(idsOf(documents));
    const related = links.filter((one) => ids.has(sourceOf(one)) && ids.has(targetOf(one)));
    const linked = new Set(related.flatMap((one) => [sourceOf(one), targetOf(one)]));
    return [...documents.filter(({ id }) => linked.has(id)), ...related];
  }
}

function ofKind(objects: Objects, kind: Kind): Objects {
  return objects.filter((object) => object.kind === kind);
}

function idsOf(objects: Objects): readonly string[] {
  return objects.map(({ id }) => id);
}

function sourceOf({ sourceObject = '' }: RegistryObjectText): string {
  return sourceObject;
}

function targetOf({ targetObject = '' }: RegistryObjectText): string {
  return targetObject;
}
