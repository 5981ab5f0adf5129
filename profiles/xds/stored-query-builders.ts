import { encodeCX } from '../formats/datatypes.ts';
import type { Slot } from '../formats/ebxml.ts';
import type { PatientId } from '../patient.ts';
import type { AvailabilityStatus, Code } from './metadata.ts';
import { type AdhocQueryRequest, STORED_QUERIES } from './stored-queries.ts';
import {
  allOf,
  codes,
  type DocumentCriteria,
  type DocumentFilters,
  documentSlots,
  list,
  type QueryOptions,
  request,
  single,
  statuses,
  time,
  types,
} from './stored-query-slots.ts';

/** What FindDocuments asks. `status` defaults to Approved. */
export interface FindDocuments extends QueryOptions, DocumentCriteria {
  readonly patientId: PatientId;
}

/** FindDocuments. @see ITI TF-2: 3.18.4.1.2.3.7.1 */
export function findDocuments(asked: FindDocuments): AdhocQueryRequest {
  return request(STORED_QUERIES.FindDocuments, asked, findDocumentsSlots(asked));
}

/** FindDocumentsByReferenceId: each inner list of CXi must fit by any of its values. @see ITI TF-2: 3.18.4.1.2.3.7.14 */
export function findDocumentsByReferenceId(
  asked: FindDocuments & { readonly referenceIdList: readonly (readonly string[])[] },
): AdhocQueryRequest {
  return request(STORED_QUERIES.FindDocumentsByReferenceId, asked, [
    ...findDocumentsSlots(asked),
    ...asked.referenceIdList.flatMap((any) => list('$XDSDocumentEntryReferenceIdList', any)),
  ]);
}

function findDocumentsSlots(asked: FindDocuments): readonly Slot[] {
  return [
    ...single('$XDSDocumentEntryPatientId', encodeCX(asked.patientId)),
    ...documentSlots(asked),
  ];
}

/** What FindSubmissionSets asks. `status` defaults to Approved. */
export interface FindSubmissionSets extends QueryOptions {
  readonly patientId: PatientId;
  readonly status?: readonly AvailabilityStatus[];
  readonly sourceId?: readonly string[];
  readonly submissionTimeFrom?: string;
  readonly submissionTimeTo?: string;
  /** A pattern with `%` and `_`. */
  readonly authorPerson?: string;
  readonly contentTypeCode?: readonly Code[];
}

/** FindSubmissionSets. @see ITI TF-2: 3.18.4.1.2.3.7.2 */
export function findSubmissionSets(asked: FindSubmissionSets): AdhocQueryRequest {
  return request(STORED_QUERIES.FindSubmissionSets, asked, [
    ...single('$XDSSubmissionSetPatientId', encodeCX(asked.patientId)),
    ...statuses('$XDSSubmissionSetStatus', asked.status),
    ...list('$XDSSubmissionSetSourceId', asked.sourceId),
    ...time('$XDSSubmissionSetSubmissionTimeFrom', asked.submissionTimeFrom),
    ...time('$XDSSubmissionSetSubmissionTimeTo', asked.submissionTimeTo),
    ...single('$XDSSubmissionSetAuthorPerson', asked.authorPerson),
    ...codes('$XDSSubmissionSetContentType', asked.contentTypeCode),
  ]);
}

/** What FindFolders asks. `status` defaults to Approved. */
export interface FindFolders extends QueryOptions {
  readonly patientId: PatientId;
  readonly status?: readonly AvailabilityStatus[];
  readonly lastUpdateTimeFrom?: string;
  readonly lastUpdateTimeTo?: string;
  readonly codeList?: readonly (readonly Code[])[];
}

/** FindFolders. @see ITI TF-2: 3.18.4.1.2.3.7.3 */
export function findFolders(asked: FindFolders): AdhocQueryRequest {
  return request(STORED_QUERIES.FindFolders, asked, [
    ...single('$XDSFolderPatientId', encodeCX(asked.patientId)),
    ...statuses('$XDSFolderStatus', asked.status),
    ...time('$XDSFolderLastUpdateTimeFrom', asked.lastUpdateTimeFrom),
    ...time('$XDSFolderLastUpdateTimeTo', asked.lastUpdateTimeTo),
    ...allOf('$XDSFolderCodeList', asked.codeList),
  ]);
}

/** Filters of the queries that return contents. */
export type ContentFilters = Pick<
  DocumentFilters,
  'formatCode' | 'confidentialityCode' | 'objectType'
>;

function contentSlots({ formatCode, confidentialityCode, objectType }: ContentFilters) {
  return [
    ...codes('$XDSDocumentEntryFormatCode', formatCode),
    ...allOf('$XDSDocumentEntryConfidentialityCode', confidentialityCode),
    ...types(objectType),
  ];
}

/** GetAll; every status defaults to Approved. @see ITI TF-2: 3.18.4.1.2.3.7.4 */
export function getAll(
  asked: QueryOptions &
    ContentFilters & {
      readonly patientId: PatientId;
      readonly status?: readonly AvailabilityStatus[];
    },
): AdhocQueryRequest {
  return request(STORED_QUERIES.GetAll, asked, [
    ...single('$patientId', encodeCX(asked.patientId)),
    ...statuses('$XDSDocumentEntryStatus', asked.status),
    ...statuses('$XDSSubmissionSetStatus', asked.status),
    ...statuses('$XDSFolderStatus', asked.status),
    ...contentSlots(asked),
  ]);
}

/** Objects by entryUUID, by uniqueId, or with `metadataLevel` 2 by logicalID; exactly one of them. */
export type ByIds = {
  readonly entryUUID?: readonly string[];
  readonly uniqueId?: readonly string[];
  readonly logicalID?: readonly string[];
} & (
  | { readonly entryUUID: readonly string[] }
  | { readonly uniqueId: readonly string[] }
  | { readonly logicalID: readonly string[]; readonly metadataLevel: 2 }
);

/** One object by entryUUID or by uniqueId; exactly one of the two. */
export type ById =
  | { readonly entryUUID: string; readonly uniqueId?: undefined }
  | { readonly uniqueId: string; readonly entryUUID?: undefined };

type IdentifiedKind = 'DocumentEntry' | 'SubmissionSet' | 'Folder';

function idsSlots(
  kind: IdentifiedKind,
  { entryUUID, uniqueId, logicalID }: ByIds,
): readonly Slot[] {
  return [
    ...list(`$XDS${kind}EntryUUID`, entryUUID),
    ...list(`$XDS${kind}UniqueId`, uniqueId),
    ...list(`$XDS${kind}LogicalID`, logicalID),
  ];
}

function idSlots(kind: IdentifiedKind, { entryUUID, uniqueId }: ById): readonly Slot[] {
  return [...single(`$XDS${kind}EntryUUID`, entryUUID), ...single(`$XDS${kind}UniqueId`, uniqueId)];
}

/** GetDocuments. @see ITI TF-2: 3.18.4.1.2.3.7.5 */
export function getDocuments(asked: QueryOptions & ByIds): AdhocQueryRequest {
  return request(STORED_QUERIES.GetDocuments, asked, idsSlots('DocumentEntry', asked));
}

/** GetFolders. @see ITI TF-2: 3.18.4.1.2.3.7.6 */
export function getFolders(asked: QueryOptions & ByIds): AdhocQueryRequest {
  return request(STORED_QUERIES.GetFolders, asked, idsSlots('Folder', asked));
}

/** GetAssociations of the objects with these entryUUIDs. @see ITI TF-2: 3.18.4.1.2.3.7.7 */
export function getAssociations(
  asked: QueryOptions & { readonly uuid: readonly string[] },
): AdhocQueryRequest {
  return request(STORED_QUERIES.GetAssociations, asked, list('$uuid', asked.uuid));
}

/** GetDocumentsAndAssociations. @see ITI TF-2: 3.18.4.1.2.3.7.8 */
export function getDocumentsAndAssociations(asked: QueryOptions & ByIds): AdhocQueryRequest {
  const slots = idsSlots('DocumentEntry', asked);
  return request(STORED_QUERIES.GetDocumentsAndAssociations, asked, slots);
}

/** GetSubmissionSets that hold the objects with these entryUUIDs. @see ITI TF-2: 3.18.4.1.2.3.7.9 */
export function getSubmissionSets(
  asked: QueryOptions & { readonly uuid: readonly string[] },
): AdhocQueryRequest {
  return request(STORED_QUERIES.GetSubmissionSets, asked, list('$uuid', asked.uuid));
}

/** GetSubmissionSetAndContents. @see ITI TF-2: 3.18.4.1.2.3.7.10 */
export function getSubmissionSetAndContents(
  asked: QueryOptions & ById & ContentFilters,
): AdhocQueryRequest {
  const slots = [...idSlots('SubmissionSet', asked), ...contentSlots(asked)];
  return request(STORED_QUERIES.GetSubmissionSetAndContents, asked, slots);
}

/** GetFolderAndContents. @see ITI TF-2: 3.18.4.1.2.3.7.11 */
export function getFolderAndContents(
  asked: QueryOptions & ById & ContentFilters,
): AdhocQueryRequest {
  const slots = [...idSlots('Folder', asked), ...contentSlots(asked)];
  return request(STORED_QUERIES.GetFolderAndContents, asked, slots);
}

/** GetFoldersForDocument. @see ITI TF-2: 3.18.4.1.2.3.7.12 */
export function getFoldersForDocument(asked: QueryOptions & ById): AdhocQueryRequest {
  return request(STORED_QUERIES.GetFoldersForDocument, asked, idSlots('DocumentEntry', asked));
}

/** GetRelatedDocuments; `associationTypes` are URNs. @see ITI TF-2: 3.18.4.1.2.3.7.13 */
export function getRelatedDocuments(
  asked: QueryOptions &
    ById &
    Pick<DocumentFilters, 'objectType'> & { readonly associationTypes: readonly string[] },
): AdhocQueryRequest {
  return request(STORED_QUERIES.GetRelatedDocuments, asked, [
    ...idSlots('DocumentEntry', asked),
    ...list('$AssociationTypes', asked.associationTypes),
    ...types(asked.objectType),
  ]);
}
