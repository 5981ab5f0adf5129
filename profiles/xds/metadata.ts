import type { PatientId } from '../patient.ts';

/** A coded value; its identity is (codingScheme, code). Source: ITI TF-3: 4.2.3.1.2. */
export interface Code {
  readonly code: string;
  readonly codingScheme: string;
  readonly displayName?: string;
}

/** Source: ITI TF-3: 4.2.3.1.4. The parts are carried as they were written: XCN, XON, XTN, strings. */
export interface Author {
  readonly authorPerson?: string;
  readonly authorInstitution?: readonly string[];
  readonly authorRole?: readonly string[];
  readonly authorSpecialty?: readonly string[];
  readonly authorTelecommunication?: readonly string[];
}

/** Whether an object is current, or was replaced. Source: ITI TF-3: 4.2.3.2.2. */
export type AvailabilityStatus = 'Approved' | 'Deprecated';

/** A slot that IHE does not define, kept and returned. Source: ITI TF-3: 4.2.3.1.6. */
export interface ExtraMetadata {
  readonly name: string;
  readonly values: readonly string[];
}

interface MetadataObject {
  /** `urn:uuid:…`, or a symbolic id inside one submission. */
  readonly entryUUID: string;
  readonly logicalID?: string;
  readonly version?: number;
  readonly availabilityStatus?: AvailabilityStatus;
  /** `urn:oid:…` */
  readonly homeCommunityId?: string;
  readonly title?: string;
  readonly comments?: string;
  readonly limitedMetadata?: boolean;
  readonly extraMetadata?: readonly ExtraMetadata[];
}

/** Source: ITI TF-3: Table 4.2.3.2-1. */
export interface DocumentEntry extends MetadataObject {
  readonly kind: 'DocumentEntry';
  readonly objectType: 'Stable' | 'On-Demand';
  readonly patientId: PatientId;
  readonly uniqueId: string;
  readonly mimeType: string;
  readonly author: readonly Author[];
  readonly classCode: Code;
  readonly confidentialityCode: readonly Code[];
  readonly creationTime?: string;
  readonly eventCodeList: readonly Code[];
  readonly formatCode: Code;
  /** SHA-1, lower-case hex. */
  readonly hash?: string;
  readonly size?: number;
  readonly healthcareFacilityTypeCode: Code;
  readonly practiceSettingCode: Code;
  readonly typeCode: Code;
  readonly languageCode: string;
  readonly legalAuthenticator?: string;
  /** CXi, as written. */
  readonly referenceIdList?: readonly string[];
  readonly repositoryUniqueId?: string;
  readonly serviceStartTime?: string;
  readonly serviceStopTime?: string;
  readonly sourcePatientId?: string;
  readonly sourcePatientInfo?: readonly string[];
  /** The URN; absent means Online. */
  readonly documentAvailability?: string;
  readonly URI?: string;
}

/** Source: ITI TF-3: Table 4.2.3.3-1. */
export interface SubmissionSet extends MetadataObject {
  readonly kind: 'SubmissionSet';
  readonly patientId: PatientId;
  readonly uniqueId: string;
  readonly sourceId: string;
  readonly author: readonly Author[];
  readonly contentTypeCode: Code;
  readonly submissionTime: string;
  readonly intendedRecipient?: readonly string[];
}

/** Source: ITI TF-3: Table 4.2.3.4-1. */
export interface Folder extends MetadataObject {
  readonly kind: 'Folder';
  readonly patientId: PatientId;
  readonly uniqueId: string;
  readonly codeList: readonly Code[];
  readonly lastUpdateTime?: string;
}

/** Source: ITI TF-3: 4.2.2; the slots of an update: XDS Metadata Update. */
export interface Association {
  readonly kind: 'Association';
  readonly entryUUID: string;
  readonly logicalID?: string;
  readonly version?: number;
  /** The URN. */
  readonly associationType: string;
  readonly sourceObject: string;
  readonly targetObject: string;
  readonly availabilityStatus?: AvailabilityStatus;
  readonly submissionSetStatus?: 'Original' | 'Reference';
  /** On the HasMember of an object that is updated: the version that it follows. */
  readonly previousVersion?: number;
  /** On the same HasMember: whether the old version's Associations are carried over. Absent means yes. */
  readonly associationPropagation?: 'yes' | 'no';
  /** On an UpdateAvailabilityStatus. */
  readonly originalStatus?: AvailabilityStatus;
  readonly newStatus?: AvailabilityStatus;
  readonly homeCommunityId?: string;
  readonly associationDocumentation?: Code;
  readonly extraMetadata?: readonly ExtraMetadata[];
}

/** What XDS knows. */
export type MetadataObjectValue = DocumentEntry | SubmissionSet | Folder | Association;
