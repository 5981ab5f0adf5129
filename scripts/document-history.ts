import type {
  Association,
  AvailabilityStatus,
  DocumentEntry,
  SubmissionSet,
} from '../profiles/xds/metadata.ts';
import {
  associationOf,
  documentEntryOf,
  folderOf,
  kindOf,
  submissionSetOf,
} from '../profiles/xds/metadata-xml.ts';
import {
  objectsOfPatients,
  SEVERAL_PATIENTS,
  unlessRefusedFor,
} from '../profiles/xds/objects-of-patients.ts';
import { objectOfText } from '../profiles/xds/registry-object-text.ts';
import {
  type AdhocQueryRequest,
  type AdhocQueryResponse,
  type RegistryObjectText,
  STORED_QUERIES,
} from '../profiles/xds/stored-queries.ts';
import {
  getAssociations,
  getDocuments,
  getFolders,
  getSubmissionSetAndContents,
} from '../profiles/xds/stored-query-builders.ts';
import { statuses } from '../profiles/xds/stored-query-slots.ts';
import { ASSOCIATION_TYPE, nameOfUrn } from '../profiles/xds/vocabulary.ts';
import { refusedBy } from './documents.ts';

/** Asks a registry: ITI-18. */
export type AskRegistry = (query: AdhocQueryRequest) => Promise<AdhocQueryResponse>;

/** One version of a document's or Folder's metadata, with the submission that brought it. */
export interface DocumentVersion {
  readonly uniqueId: string;
  readonly logicalID: string;
  readonly version: number;
  readonly entryUUID: string;
  readonly availabilityStatus: AvailabilityStatus | undefined;
  readonly objectType: DocumentEntry['objectType'] | 'Folder';
  /** DTM, UTC. */
  readonly submissionTime: string | undefined;
  readonly submissionSetUniqueId: string | undefined;
  readonly sourceId: string | undefined;
}

/** What ties a version to another document or to a Folder. */
export interface DocumentLink {
  /** The version that is tied. */
  readonly entryUUID: string;
  /** `RPLC`, `APND`, …, or `HasMember` of a Folder. */
  readonly type: string;
  /** `to` where the version is the source of the Association. */
  readonly direction: 'to' | 'from';
  readonly availabilityStatus: AvailabilityStatus | undefined;
  readonly otherEntryUUID: string;
  /** Undefined where the other end is not shown to the asker. */
  readonly otherUniqueId: string | undefined;
}

/** All that a registry tells of a document's past. */
export interface DocumentHistory {
  /** The oldest first. */
  readonly versions: readonly DocumentVersion[];
  readonly links: readonly DocumentLink[];
}

const EVERY_VERSION = { metadataLevel: 2 } as const;
const EVERY_STATUS = ['Approved', 'Deprecated'] as const;

/**
 * The history of a document or Folder: every version of its metadata with the submission that brought it, and what replaced it, was made
 * from it or holds it.
 *
 * @param id its uniqueId, or the entryUUID of any of its versions
 * @returns no versions where the registry shows none
 * @throws CommandError with what the registry refused
 * @see XDS Metadata Update: 3.18, `$MetadataLevel` 2
 */
export async function historyOf(id: string, ask: AskRegistry): Promise<DocumentHistory> {
  const entries = await entriesOf(id, ask);
  if (entries.length === 0) return { versions: [], links: [] };
  const uuid = entries.map(({ entryUUID }) => entryUUID);
  const associations = await associationsOf(uuid, ask);
  const sets = await submissionsOf(associations, ask);
  const versions = entries.map((entry): DocumentVersion => {
    const membership = associations.find(
      ({ associationType, sourceObject, targetObject }) =>
        associationType === ASSOCIATION_TYPE.HasMember &&
        targetObject === entry.entryUUID &&
        sets.has(sourceObject),
    );
    const { entryUUID, logicalID = entryUUID, version = 1, uniqueId } = entry;
    const { availabilityStatus, objectType } = entry;
    const set = membership && sets.get(membership.sourceObject);
    return {
      ...{ uniqueId, logicalID, version, entryUUID, availabilityStatus, objectType },
      submissionTime: set?.submissionTime,
      submissionSetUniqueId: set?.uniqueId,
      sourceId: set?.sourceId,
    };
  });
  const others = associations.filter(
    ({ sourceObject, submissionSetStatus }) =>
      !sets.has(sourceObject) && submissionSetStatus === undefined,
  );
  return { versions: inOrder(versions), links: await linksOf(new Set(uuid), others, ask) };
}

/** What a version tells of itself. */
type Entry = Pick<
  DocumentEntry,
  'entryUUID' | 'logicalID' | 'version' | 'uniqueId' | 'availabilityStatus'
> & { readonly objectType: DocumentVersion['objectType'] };

/** Every version of the document or Folder; of two documents with one uniqueId both. */
async function entriesOf(id: string, ask: AskRegistry): Promise<readonly Entry[]> {
  for (const get of [getDocuments, getFolders]) {
    const byUniqueId = await entriesIn(ask, get({ uniqueId: [id], ...EVERY_VERSION }));
    if (byUniqueId.length > 0) return byUniqueId;
    if (!id.startsWith('urn:uuid:')) continue;
    const named = await entriesIn(ask, get({ entryUUID: [id], ...EVERY_VERSION }));
    const logicalID = named.map(({ entryUUID, logicalID: own = entryUUID }) => own);
    const asked = { logicalID: logicalID.length > 0 ? logicalID : [id], ...EVERY_VERSION };
    const byLogicalID = await entriesIn(ask, get(asked));
    if (byLogicalID.length > 0) return byLogicalID;
  }
  return [];
}

async function associationsOf(
  uuid: readonly string[],
  ask: AskRegistry,
): Promise<readonly Association[]> {
  const query = getAssociations({ uuid, ...EVERY_VERSION });
  const slots = [...query.slots, ...statuses('$XDSAssociationStatus', EVERY_STATUS)];
  return (await objectsIn(ask, { ...query, slots })).flatMap((object) =>
    object.element === 'Association' ? [associationOf(object)] : [],
  );
}

/** The SubmissionSets that brought something, by entryUUID: each asked for alone, since they may be of several patients. */
async function submissionsOf(
  associations: readonly Association[],
  ask: AskRegistry,
): Promise<ReadonlyMap<string, SubmissionSet>> {
  const sources = associations
    .filter(
      ({ associationType, submissionSetStatus }) =>
        associationType === ASSOCIATION_TYPE.HasMember && submissionSetStatus !== 'Reference',
    )
    .map(({ sourceObject }) => sourceObject);
  const sets = new Map<string, SubmissionSet>();
  for (const entryUUID of new Set(sources)) {
    const query = getSubmissionSetAndContents({ entryUUID, formatCode: NO_DOCUMENTS });
    for (const object of await objectsIn(ask, query)) {
      if (object.element !== 'RegistryPackage' || kindOf(object) !== 'SubmissionSet') continue;
      sets.set(object.id, submissionSetOf(object));
    }
  }
  return sets;
}

/** No document has it: of the contents of a SubmissionSet none is wanted. */
const NO_DOCUMENTS = [{ code: 'none', codingScheme: 'urn:x-kakehashi:none' }] as const;

async function linksOf(
  own: ReadonlySet<string>,
  associations: readonly Association[],
  ask: AskRegistry,
): Promise<readonly DocumentLink[]> {
  const links = associations.flatMap((association): readonly DocumentLink[] => {
    const { sourceObject, targetObject, associationType, availabilityStatus } = association;
    const type = nameOfUrn(ASSOCIATION_TYPE, associationType) ?? associationType;
    const told = { type, availabilityStatus, otherUniqueId: undefined };
    return [
      ...(own.has(sourceObject)
        ? [
            {
              ...told,
              entryUUID: sourceObject,
              direction: 'to',
              otherEntryUUID: targetObject,
            } as const,
          ]
        : []),
      ...(own.has(targetObject)
        ? [
            {
              ...told,
              entryUUID: targetObject,
              direction: 'from',
              otherEntryUUID: sourceObject,
            } as const,
          ]
        : []),
    ];
  });
  const uniqueIds = await uniqueIdsOf(
    links.map(({ otherEntryUUID }) => otherEntryUUID),
    ask,
  );
  return links.map((link) => ({ ...link, otherUniqueId: uniqueIds.get(link.otherEntryUUID) }));
}

/** The uniqueIds of DocumentEntries and Folders, by entryUUID. */
async function uniqueIdsOf(
  entryUUID: readonly string[],
  ask: AskRegistry,
): Promise<ReadonlyMap<string, string>> {
  if (entryUUID.length === 0) return new Map();
  const asked = { entryUUID: [...new Set(entryUUID)], ...EVERY_VERSION };
  const texts = await Promise.all(
    [getDocuments(asked), getFolders(asked)].map((query) => answered(ask, query)),
  );
  return new Map(texts.flat().flatMap(({ id, uniqueId }) => (uniqueId ? [[id, uniqueId]] : [])));
}

function inOrder(versions: readonly DocumentVersion[]): readonly DocumentVersion[] {
  const firstOf = (one: DocumentVersion) =>
    versions.find(({ logicalID }) => logicalID === one.logicalID) ?? one;
  return [...versions].sort(
    (one, other) =>
      versions.indexOf(firstOf(one)) - versions.indexOf(firstOf(other)) ||
      one.version - other.version,
  );
}

async function entriesIn(ask: AskRegistry, query: AdhocQueryRequest): Promise<readonly Entry[]> {
  return (await objectsIn(ask, query)).flatMap((object): readonly Entry[] => {
    if (object.element === 'ExtrinsicObject') return [documentEntryOf(object)];
    if (object.element !== 'RegistryPackage' || kindOf(object) !== 'Folder') return [];
    return [{ ...folderOf(object), objectType: 'Folder' }];
  });
}

async function objectsIn(ask: AskRegistry, query: AdhocQueryRequest) {
  return (await answered(ask, query)).map((text) => objectOfText(text));
}

async function answered(
  ask: AskRegistry,
  query: AdhocQueryRequest,
): Promise<readonly RegistryObjectText[]> {
  const byEntryUUID = BY_ENTRY_UUID.get(query.queryId);
  if (byEntryUUID === undefined) return accepted(await ask(query)).objects;
  return await objectsOfPatients(query, {
    each: (id) => byEntryUUID({ entryUUID: [id], ...EVERY_VERSION }),
    ask: async (one) => {
      const response = await unlessRefusedFor([SEVERAL_PATIENTS], () => ask(one));
      return response && accepted(response);
    },
  });
}

function accepted(response: AdhocQueryResponse): AdhocQueryResponse {
  if (response.status === 'Failure') throw refusedBy(response.errors);
  return response;
}

/** Queries whose full objects come in no single answer when they are of several patients: then each is asked for alone. */
const BY_ENTRY_UUID: ReadonlyMap<string, typeof getDocuments> = new Map([
  [STORED_QUERIES.GetDocuments.id, getDocuments],
  [STORED_QUERIES.GetFolders.id, getFolders],
]);
