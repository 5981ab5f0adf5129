/** What a parameter's value is: a string, a code, a time, a number, or a pattern with `%` and `_`. */
export type ParameterKind = 'string' | 'code' | 'time' | 'number' | 'pattern';

/** One parameter of a stored query. */
export interface ParameterRow {
  readonly required?: boolean;
  /** Values stand in parentheses; any of them fits. */
  readonly many?: boolean;
  /** The slot may be repeated: each repetition must fit. */
  readonly and?: boolean;
  readonly kind: ParameterKind;
  /** It asks for versions, and is refused unless `$MetadataLevel` is 2. */
  readonly level2?: boolean;
}

/** One string. */
export const one = { kind: 'string' } as const;
/** Strings, any of which fits. */
export const many = { kind: 'string', many: true } as const;
/** One time. */
export const time = { kind: 'time' } as const;
/** Codes, any of which fits. */
export const code = { kind: 'code', many: true } as const;
/** Codes, any of which fits; each repetition must fit. */
export const codeAnd = { kind: 'code', many: true, and: true } as const;
/** One string that must be given. */
export const required = { kind: 'string', required: true } as const;
/** Strings, at least one. */
export const requiredMany = { kind: 'string', many: true, required: true } as const;
const manyAtLevel2 = { kind: 'string', many: true, level2: true } as const;

/** What every query takes. Source: XDS Metadata Update, 3.18.4.1.2.3.5.1. */
export const EVERY_QUERY = { $MetadataLevel: { kind: 'number' } } as const;

/** What the queries take that return Associations. Source: XDS Metadata Update, 3.18.4.1.2.3.7. */
export const ASSOCIATION_FILTERS = { $XDSAssociationStatus: many } as const;

/** The filters of FindDocuments, without the patient. Source: ITI TF-2: 3.18.4.1.2.3.7.1. */
export const FIND_DOCUMENTS_FILTERS = {
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
  $XDSDocumentEntryDocumentAvailability: many,
} as const;

/** CXi, as text or as patterns. Source: ITI TF-2: 3.18.4.1.2.3.7.14. */
export const REFERENCE_IDS = { kind: 'pattern', many: true, and: true, required: true } as const;

/** The filters of FindFolders, without the patient. Source: ITI TF-2: 3.18.4.1.2.3.7.3. */
export const FIND_FOLDERS_FILTERS = {
  $XDSFolderStatus: requiredMany,
  $XDSFolderLastUpdateTimeFrom: time,
  $XDSFolderLastUpdateTimeTo: time,
  $XDSFolderCodeList: codeAnd,
} as const;

/** The filters on DocumentEntries of the queries that return other objects, too. */
export const DOCUMENT_FILTERS = {
  $XDSDocumentEntryFormatCode: code,
  $XDSDocumentEntryConfidentialityCode: codeAnd,
  $XDSDocumentEntryType: many,
} as const;

/** DocumentEntries by one of these; a logicalID finds every version. */
export const DOCUMENT_IDS = {
  $XDSDocumentEntryEntryUUID: many,
  $XDSDocumentEntryUniqueId: many,
  $XDSDocumentEntryLogicalID: manyAtLevel2,
} as const;

/** Folders by one of these; a logicalID finds every version. */
export const FOLDER_IDS = {
  $XDSFolderEntryUUID: many,
  $XDSFolderUniqueId: many,
  $XDSFolderLogicalID: manyAtLevel2,
} as const;

/** One DocumentEntry by one of these. */
export const DOCUMENT_ID = {
  $XDSDocumentEntryEntryUUID: one,
  $XDSDocumentEntryUniqueId: one,
} as const;
