import type { Slot } from '../formats/ebxml.ts';
import type { XmlPiece } from '../formats/xml-pieces.ts';
import type { PatientId } from '../patient.ts';
import type { Code } from './metadata.ts';
import type { RegistryError, ResponseStatus } from './registry-response.ts';

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

/** What a parameter's value is: a string, a code, a number or time, or a pattern with `%` and `_`. */
export type ParameterKind = 'string' | 'code' | 'time' | 'pattern';

/** One parameter of a stored query. */
export interface ParameterRow {
  readonly required?: boolean;
  /** Values stand in parentheses; any of them fits. */
  readonly many?: boolean;
  /** The slot may be repeated: each repetition must fit. */
  readonly and?: boolean;
  readonly kind: ParameterKind;
}

/** One stored query: what it takes. Its name is its key in the table. */
export interface StoredQueryRow {
  readonly id: string;
  /** The parameter that names the patient; queries without one need `home` between communities. */
  readonly patient?: string;
  /** Exactly one of these is given. */
  readonly either?: readonly string[];
  /** Full objects of several patients are refused: XDSResultNotSinglePatient. */
  readonly singlePatient: boolean;
  readonly parameters: Readonly<Record<string, ParameterRow>>;
}

const one = { kind: 'string' } as const;
const many = { kind: 'string', many: true } as const;
const time = { kind: 'time' } as const;
const code = { kind: 'code', many: true } as const;
const codeAnd = { kind: 'code', many: true, and: true } as const;
const required = { kind: 'string', required: true } as const;
const requiredMany = { kind: 'string', many: true, required: true } as const;

const FIND_DOCUMENTS = {
  $XDSDocumentEntryPatientId: required,
  $XDSDocumentEntryStatus: requiredMany,
  $XDSDocumentEntryClassCode: code,
  $XDSDocumentEntryTypeCode: code,
  $XDSDocumentEntryPracticeSettingCode: code,
  $XDSDocumentEntryHealthcareFacilityTypeCode: code,
  $XDSDocumentEntryFormatCode: code,
  $XDSDocumentEntryEventCodeList: codeAnd,
  $XDSDocumentEntryConfidentialityCode: codeAnd,
  $XDSDocumentEntryCreationTimeFrom: time,
  $XDSDocumentEntryCreationTimeTo: time,
  $XDSDocumentEntryServiceStartTimeFrom: time,
  $XDSDocumentEntryServiceStartTimeTo: time,
  $XDSDocumentEntryServiceStopTimeFrom: time,
  $XDSDocumentEntryServiceStopTimeTo: time,
  $XDSDocumentEntryAuthorPerson: { kind: 'pattern', many: true },
  $XDSDocumentEntryType: many,
} as const;

const DOCUMENT_FILTERS = {
  $XDSDocumentEntryFormatCode: code,
  $XDSDocumentEntryConfidentialityCode: codeAnd,
  $XDSDocumentEntryType: many,
} as const;

const DOCUMENT_IDS = { $XDSDocumentEntryEntryUUID: many, $XDSDocumentEntryUniqueId: many } as const;
const DOCUMENT_ID = { $XDSDocumentEntryEntryUUID: one, $XDSDocumentEntryUniqueId: one } as const;
const EITHER_DOCUMENT = ['$XDSDocumentEntryEntryUUID', '$XDSDocumentEntryUniqueId'] as const;

/** The stored queries that are answered here. Source: ITI TF-2: 3.18.4.1.2.3.7. */
export const STORED_QUERIES = {
  FindDocuments: {
    id: 'urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d',
    patient: '$XDSDocumentEntryPatientId',
    singlePatient: false,
    parameters: FIND_DOCUMENTS,
  },
  FindDocumentsByReferenceId: {
    id: 'urn:uuid:12941a89-e02e-4be5-967c-ce4bfc8fe492',
    patient: '$XDSDocumentEntryPatientId',
    singlePatient: false,
    parameters: {
      ...FIND_DOCUMENTS,
      $XDSDocumentEntryReferenceIdList: { kind: 'pattern', many: true, and: true, required: true },
    },
  },
  FindSubmissionSets: {
    id: 'urn:uuid:f26abbcb-ac74-4422-8a30-edb644bbc1a9',
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
    },
  },
  FindFolders: {
    id: 'urn:uuid:958f3006-baad-4929-a4de-ff1114824431',
    patient: '$XDSFolderPatientId',
    singlePatient: false,
    parameters: {
      $XDSFolderPatientId: required,
      $XDSFolderStatus: requiredMany,
      $XDSFolderLastUpdateTimeFrom: time,
      $XDSFolderLastUpdateTimeTo: time,
      $XDSFolderCodeList: codeAnd,
    },
  },
  GetAll: {
    id: 'urn:uuid:10b545ea-725c-446d-9b95-8aeb444eddf3',
    patient: '$patientId',
    singlePatient: false,
    parameters: {
      $patientId: required,
      $XDSDocumentEntryStatus: requiredMany,
      $XDSSubmissionSetStatus: requiredMany,
      $XDSFolderStatus: requiredMany,
      ...DOCUMENT_FILTERS,
    },
  },
  GetDocuments: {
    id: 'urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4',
    either: EITHER_DOCUMENT,
    singlePatient: true,
    parameters: DOCUMENT_IDS,
  },
  GetFolders: {
    id: 'urn:uuid:5737b14c-8a1a-4539-b659-e03a34a5e1e4',
    either: ['$XDSFolderEntryUUID', '$XDSFolderUniqueId'],
    singlePatient: true,
    parameters: { $XDSFolderEntryUUID: many, $XDSFolderUniqueId: many },
  },
  GetAssociations: {
    id: 'urn:uuid:a7ae438b-4bc2-4642-93e9-be891f7bb155',
    singlePatient: false,
    parameters: { $uuid: requiredMany },
  },
  GetDocumentsAndAssociations: {
    id: 'urn:uuid:bab9529a-4a10-40b3-a01f-f68a615d247a',
    either: EITHER_DOCUMENT,
    singlePatient: true,
    parameters: DOCUMENT_IDS,
  },
  GetSubmissionSets: {
    id: 'urn:uuid:51224314-5390-4169-9b91-b1980040715a',
    singlePatient: true,
    parameters: { $uuid: requiredMany },
  },
  GetSubmissionSetAndContents: {
    id: 'urn:uuid:e8e3cb2c-e39c-46b9-99e4-c12f57260b83',
    either: ['$XDSSubmissionSetEntryUUID', '$XDSSubmissionSetUniqueId'],
    singlePatient: true,
    parameters: {
      $XDSSubmissionSetEntryUUID: one,
      $XDSSubmissionSetUniqueId: one,
      ...DOCUMENT_FILTERS,
    },
  },
  GetFolderAndContents: {
    id: 'urn:uuid:b909a503-523d-4517-8acf-8e5834dfc4c7',
    either: ['$XDSFolderEntryUUID', '$XDSFolderUniqueId'],
    singlePatient: true,
    parameters: { $XDSFolderEntryUUID: one, $XDSFolderUniqueId: one, ...DOCUMENT_FILTERS },
  },
  GetFoldersForDocument: {
    id: 'urn:uuid:10cae35a-c7f9-4cf5-b61e-fc3278ffb578',
    either: EITHER_DOCUMENT,
    singlePatient: true,
    parameters: DOCUMENT_ID,
  },
  GetRelatedDocuments: {
    id: 'urn:uuid:d90e5407-b356-4d91-a89f-873917b4b0e6',
    either: EITHER_DOCUMENT,
    singlePatient: true,
    parameters: { ...DOCUMENT_ID, $AssociationTypes: requiredMany, $XDSDocumentEntryType: many },
  },
} as const satisfies Record<string, StoredQueryRow>;

/** `FindDocuments` and so on. */
export type StoredQueryName = keyof typeof STORED_QUERIES;

/** The name of a stored query by its UUID; undefined for one that is not answered here. Letter case is not looked at. */
export function storedQueryNamed(queryId: string): StoredQueryName | undefined {
  return NAMES.get(queryId.toLowerCase());
}

const NAMES: ReadonlyMap<string, StoredQueryName> = new Map(
  (Object.keys(STORED_QUERIES) as StoredQueryName[]).map((name) => [STORED_QUERIES[name].id, name]),
);

/** The CX of the patient whom a query names, as it was written but without its quotes; undefined for Get… by id and for foreign queries. */
export function patientOfQuery({ queryId, slots }: AdhocQueryRequest): string | undefined {
  const name = storedQueryNamed(queryId);
  const row: StoredQueryRow | undefined = name && STORED_QUERIES[name];
  if (row?.patient === undefined) return undefined;
  const value = slots.find((slot) => slot.name === row.patient)?.values[0];
  return value === undefined
    ? undefined
    : /^\s*'(.*)'\s*$/s.exec(value)?.[1]?.replaceAll("''", "'");
}

/** True for a query that names no patient: between communities it needs `home`. @see ITI TF-2: 3.38.4.1.2.1 */
export function needsHome({ queryId }: AdhocQueryRequest): boolean {
  const name = storedQueryNamed(queryId);
  const row: StoredQueryRow | undefined = name && STORED_QUERIES[name];
  return row !== undefined && row.patient === undefined;
}
