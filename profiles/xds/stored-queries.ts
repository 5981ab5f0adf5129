import type { Slot } from '../formats/ebxml.ts';
import type { XmlPiece } from '../formats/xml-pieces.ts';
import type { PatientId } from '../patient.ts';
import type { Code } from './metadata.ts';
import type { RegistryError, ResponseStatus } from './registry-response.ts';
import {
  ASSOCIATION_FILTERS,
  code,
  DOCUMENT_FILTERS,
  DOCUMENT_ID,
  DOCUMENT_IDS,
  EVERY_QUERY,
  FIND_DOCUMENTS_FILTERS,
  FIND_FOLDERS_FILTERS,
  FOLDER_IDS,
  many,
  one,
  type ParameterRow,
  REFERENCE_IDS,
  required,
  requiredMany,
  time,
} from './stored-query-parameters.ts';

/** `query:AdhocQueryRequest` as it was sent, kept whole: a gateway passes on what it does not know. */
export interface AdhocQueryRequest {
  /** `rs:RequestSlotList`: slots of the request, not of the query. */
  readonly requestSlots?: readonly Slot[];
  readonly returnType: 'LeafClass' | 'ObjectRef';
  /** The stored query's UUID, `urn:uuid:…`. */
  readonly queryId: string;
  /** `rim:AdhocQuery/@home`, `urn:oid:…`. */
  readonly home?: string;
  readonly slots: readonly Slot[];
}

/**
 * A registry object as a query returns it: the start tag's attributes and the patient identifier as values, everything
 * else as ebRIM text that is joined, not rebuilt. `metadata-xml.ts` turns it into a DocumentEntry and so on when asked.
 */
export interface RegistryObjectText {
  readonly element: 'ExtrinsicObject' | 'RegistryPackage' | 'Association';
  readonly id: string;
  readonly lid?: string;
  readonly home?: string;
  /** The URN. */
  readonly status?: string;
  readonly objectType?: string;
  /** ExtrinsicObject only. */
  readonly mimeType?: string;
  readonly isOpaque?: boolean;
  /** Association only. */
  readonly associationType?: string;
  readonly sourceObject?: string;
  readonly targetObject?: string;
  /** Whose it is; absent on an Association. */
  readonly patientId?: PatientId;
  /** The `id` of the ExternalIdentifier that carries the patientId. */
  readonly patientIdentifierId?: string;
  /** The classification node or object type tells which; absent on an Association. */
  readonly kind?: 'DocumentEntry' | 'SubmissionSet' | 'Folder';
  readonly uniqueId?: string;
  readonly confidentialityCode?: readonly Code[];
  /** The children as XML with the prefix `rim`, but for the patientId's ExternalIdentifier; octets where a store has them. */
  readonly content: XmlPiece;
}

/** `query:AdhocQueryResponse`. With `ObjectRef` only `id` and `home` of each object go out. */
export interface AdhocQueryResponse {
  readonly status: ResponseStatus;
  readonly errors: readonly RegistryError[];
  readonly objects: readonly RegistryObjectText[];
  readonly objectRefs: readonly { readonly id: string; readonly home?: string }[];
}

/** Whose messages carry the query: that of one patient, or that of several. */
export type QueryTransaction = 'ITI-18' | 'ITI-51';

/** One stored query: what it takes. Its name is its key in the table. */
export interface StoredQueryRow {
  readonly id: string;
  readonly transaction: QueryTransaction;
  /** The parameter that names the patient, or the patients; queries without one need `home` between communities. */
  readonly patient?: string;
  /** Exactly one of these is given. */
  readonly either?: readonly string[];
  /** At least one of these is given. */
  readonly anyOf?: readonly string[];
  /** Full objects of several patients are refused: XDSResultNotSinglePatient. */
  readonly singlePatient: boolean;
  readonly parameters: Readonly<Record<string, ParameterRow>>;
}

const EITHER_DOCUMENT = ['$XDSDocumentEntryEntryUUID', '$XDSDocumentEntryUniqueId'] as const;
const ANY_DOCUMENT = [...EITHER_DOCUMENT, '$XDSDocumentEntryLogicalID'] as const;
const EITHER_FOLDER = ['$XDSFolderEntryUUID', '$XDSFolderUniqueId'] as const;
const ANY_FOLDER = [...EITHER_FOLDER, '$XDSFolderLogicalID'] as const;

const FIND_DOCUMENTS = {
  $XDSDocumentEntryPatientId: required,
  ...FIND_DOCUMENTS_FILTERS,
  ...EVERY_QUERY,
} as const;

const FIND_DOCUMENTS_OF_MANY = {
  $XDSDocumentEntryPatientId: many,
  ...FIND_DOCUMENTS_FILTERS,
  ...EVERY_QUERY,
} as const;

/** The stored queries that are answered here. Source: ITI TF-2: 3.18.4.1.2.3.7, 3.51.4.1.2. */
export const STORED_QUERIES = {
  FindDocuments: {
    id: 'urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d',
    transaction: 'ITI-18',
    patient: '$XDSDocumentEntryPatientId',
    singlePatient: false,
    parameters: FIND_DOCUMENTS,
  },
  FindDocumentsByReferenceId: {
    id: 'urn:uuid:12941a89-e02e-4be5-967c-ce4bfc8fe492',
    transaction: 'ITI-18',
    patient: '$XDSDocumentEntryPatientId',
    singlePatient: false,
    parameters: { ...FIND_DOCUMENTS, $XDSDocumentEntryReferenceIdList: REFERENCE_IDS },
  },
  FindSubmissionSets: {
    id: 'urn:uuid:f26abbcb-ac74-4422-8a30-edb644bbc1a9',
    transaction: 'ITI-18',
    patient: '$XDSSubmissionSetPatientId',
    singlePatient: false,
    parameters: {
      $XDSSubmissionSetPatientId: required,
      $XDSSubmissionSetStatus: requiredMany,
      $XDSSubmissionSetSourceId: many,
      $XDSSubmissionSetSubmissionTimeFrom: time,
      $XDSSubmissionSetSubmissionTimeTo: time,
      $XDSSubmissionSetAuthorPerson: { kind: 'pattern' },
      $XDSSubmissionSetContentType: code,
      ...EVERY_QUERY,
    },
  },
  FindFolders: {
    id: 'urn:uuid:958f3006-baad-4929-a4de-ff1114824431',
    transaction: 'ITI-18',
    patient: '$XDSFolderPatientId',
    singlePatient: false,
    parameters: { $XDSFolderPatientId: required, ...FIND_FOLDERS_FILTERS, ...EVERY_QUERY },
  },
  GetAll: {
    id: 'urn:uuid:10b545ea-725c-446d-9b95-8aeb444eddf3',
    transaction: 'ITI-18',
    patient: '$patientId',
    singlePatient: false,
    parameters: {
      $patientId: required,
      $XDSDocumentEntryStatus: requiredMany,
      $XDSSubmissionSetStatus: requiredMany,
      $XDSFolderStatus: requiredMany,
      ...DOCUMENT_FILTERS,
      ...ASSOCIATION_FILTERS,
      ...EVERY_QUERY,
    },
  },
  GetDocuments: {
    id: 'urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4',
    transaction: 'ITI-18',
    either: ANY_DOCUMENT,
    singlePatient: true,
    parameters: { ...DOCUMENT_IDS, ...EVERY_QUERY },
  },
  GetFolders: {
    id: 'urn:uuid:5737b14c-8a1a-4539-b659-e03a34a5e1e4',
    transaction: 'ITI-18',
    either: ANY_FOLDER,
    singlePatient: true,
    parameters: { ...FOLDER_IDS, ...EVERY_QUERY },
  },
  GetAssociations: {
    id: 'urn:uuid:a7ae438b-4bc2-4642-93e9-be891f7bb155',
    transaction: 'ITI-18',
    singlePatient: false,
    parameters: { $uuid: requiredMany, ...ASSOCIATION_FILTERS, ...EVERY_QUERY },
  },
  GetDocumentsAndAssociations: {
    id: 'urn:uuid:bab9529a-4a10-40b3-a01f-f68a615d247a',
    transaction: 'ITI-18',
    either: ANY_DOCUMENT,
    singlePatient: true,
    parameters: { ...DOCUMENT_IDS, ...ASSOCIATION_FILTERS, ...EVERY_QUERY },
  },
  GetSubmissionSets: {
    id: 'urn:uuid:51224314-5390-4169-9b91-b1980040715a',
    transaction: 'ITI-18',
    singlePatient: true,
    parameters: { $uuid: requiredMany, ...EVERY_QUERY },
  },
  GetSubmissionSetAndContents: {
    id: 'urn:uuid:e8e3cb2c-e39c-46b9-99e4-c12f57260b83',
    transaction: 'ITI-18',
    either: ['$XDSSubmissionSetEntryUUID', '$XDSSubmissionSetUniqueId'],
    singlePatient: true,
    parameters: {
      $XDSSubmissionSetEntryUUID: one,
      $XDSSubmissionSetUniqueId: one,
      ...DOCUMENT_FILTERS,
      ...EVERY_QUERY,
    },
  },
  GetFolderAndContents: {
    id: 'urn:uuid:b909a503-523d-4517-8acf-8e5834dfc4c7',
    transaction: 'ITI-18',
    either: EITHER_FOLDER,
    singlePatient: true,
    parameters: {
      $XDSFolderEntryUUID: one,
      $XDSFolderUniqueId: one,
      ...DOCUMENT_FILTERS,
      ...ASSOCIATION_FILTERS,
      ...EVERY_QUERY,
    },
  },
  GetFoldersForDocument: {
    id: 'urn:uuid:10cae35a-c7f9-4cf5-b61e-fc3278ffb578',
    transaction: 'ITI-18',
    either: EITHER_DOCUMENT,
    singlePatient: true,
    parameters: { ...DOCUMENT_ID, ...ASSOCIATION_FILTERS, ...EVERY_QUERY },
  },
  GetRelatedDocuments: {
    id: 'urn:uuid:d90e5407-b356-4d91-a89f-873917b4b0e6',
    transaction: 'ITI-18',
    either: EITHER_DOCUMENT,
    singlePatient: true,
    parameters: {
      ...DOCUMENT_ID,
      $AssociationTypes: requiredMany,
      $XDSDocumentEntryType: many,
      ...ASSOCIATION_FILTERS,
      ...EVERY_QUERY,
    },
  },
  FindDocumentsForMultiplePatients: {
    id: 'urn:uuid:3d1bdb10-39a2-11de-89c2-2f44d94eaa9f',
    transaction: 'ITI-51',
    patient: '$XDSDocumentEntryPatientId',
    anyOf: [
      '$XDSDocumentEntryPatientId',
      '$XDSDocumentEntryClassCode',
      '$XDSDocumentEntryEventCodeList',
      '$XDSDocumentEntryHealthcareFacilityTypeCode',
    ],
    singlePatient: false,
    parameters: FIND_DOCUMENTS_OF_MANY,
  },
  FindDocumentsByReferenceIdForMultiplePatients: {
    id: 'urn:uuid:1191642d-86c4-42d8-b784-f95445f9f0d5',
    transaction: 'ITI-51',
    patient: '$XDSDocumentEntryPatientId',
    singlePatient: false,
    parameters: { ...FIND_DOCUMENTS_OF_MANY, $XDSDocumentEntryReferenceIdList: REFERENCE_IDS },
  },
  FindFoldersForMultiplePatients: {
    id: 'urn:uuid:50d3f5ac-39a2-11de-a1ca-b366239e58df',
    transaction: 'ITI-51',
    patient: '$XDSFolderPatientId',
    anyOf: ['$XDSFolderPatientId', '$XDSFolderCodeList'],
    singlePatient: false,
    parameters: { $XDSFolderPatientId: many, ...FIND_FOLDERS_FILTERS, ...EVERY_QUERY },
  },
} as const satisfies Record<string, StoredQueryRow>;

/** `FindDocuments` and so on. */
export type StoredQueryName = keyof typeof STORED_QUERIES;

/** The name of a stored query by its UUID; undefined for one that is not answered by that transaction. Letter case is not looked at. */
export function storedQueryNamed(
  queryId: string,
  transaction: QueryTransaction = 'ITI-18',
): StoredQueryName | undefined {
  const name = NAMES.get(queryId.toLowerCase());
  return name !== undefined && STORED_QUERIES[name].transaction === transaction ? name : undefined;
}

const NAMES: ReadonlyMap<string, StoredQueryName> = new Map(
  (Object.keys(STORED_QUERIES) as StoredQueryName[]).map((name) => [STORED_QUERIES[name].id, name]),
);

function rowOf(queryId: string): StoredQueryRow | undefined {
  const name = NAMES.get(queryId.toLowerCase());
  return name && STORED_QUERIES[name];
}

/**
 * The CX of every patient whom a query names, as they were written but without their quotes. Empty for Get… by id, for
 * foreign queries, and where nothing is quoted.
 */
export function patientsOfQuery({ queryId, slots }: AdhocQueryRequest): readonly string[] {
  const row = rowOf(queryId);
  if (row?.patient === undefined) return [];
  const texts = slots.filter(({ name }) => name === row.patient).flatMap(({ values }) => values);
  return texts.flatMap((text) =>
    [...text.matchAll(/'((?:[^']|'')*)'/g)].map(([, value = '']) => value.replaceAll("''", "'")),
  );
}

/** The CX of the one patient whom a query names first; undefined where it names none. */
export function patientOfQuery(request: AdhocQueryRequest): string | undefined {
  return patientsOfQuery(request)[0];
}

/** True for a query that names no patient: between communities it needs `home`. @see ITI TF-2: 3.38.4.1.2.1 */
export function needsHome({ queryId }: AdhocQueryRequest): boolean {
  const row = rowOf(queryId);
  return row !== undefined && row.patient === undefined;
}
