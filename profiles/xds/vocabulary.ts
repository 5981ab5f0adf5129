import { EBXML_NS } from '../formats/ebxml.ts';

/** Namespaces of the document sharing transactions. Source: ITI TF-2: Appendix W; ebRS 3.0; ebRIM 3.0. */
export const NS = {
  ...EBXML_NS,
  xds: 'urn:ihe:iti:xds-b:2007',
  /** Remove Documents alone; the children of its request are of `xds`. */
  rmd: 'urn:ihe:iti:rmd:2017',
} as const;

/** What a DocumentEntry is: its bytes lie still, or are made when asked for. Source: ITI TF-3: Table 4.2.5.2-1. */
export const DOCUMENT_ENTRY_TYPE = {
  Stable: 'urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1',
  'On-Demand': 'urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248',
} as const;

/** `objectType` of everything but an ExtrinsicObject. Source: ebRIM 3.0, section 2.5; ITI TF-3: 4.2.1. */
export const OBJECT_TYPE = {
  RegistryPackage: 'urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:RegistryPackage',
  Association: 'urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Association',
  Classification: 'urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Classification',
  ExternalIdentifier:
    'urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:ExternalIdentifier',
} as const;

/** `classificationScheme` of each coded attribute and of author. Source: ITI TF-3: Table 4.2.5.1-1. */
export const CLASSIFICATION = {
  DocumentEntry: {
    author: 'urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d',
    classCode: 'urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a',
    confidentialityCode: 'urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f',
    eventCodeList: 'urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4',
    formatCode: 'urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d',
    healthcareFacilityTypeCode: 'urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1',
    practiceSettingCode: 'urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead',
    typeCode: 'urn:uuid:f0306f51-975f-434e-a61c-c59651d33983',
  },
  SubmissionSet: {
    author: 'urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d',
    contentTypeCode: 'urn:uuid:aa543740-bdda-424e-8c96-df4873be8500',
  },
  Folder: {
    codeList: 'urn:uuid:1ba97051-7806-41a8-a48b-8fce7af683c5',
  },
  Association: {
    associationDocumentation: 'urn:uuid:abd807a3-4432-4053-87b4-fd82c643d1f3',
  },
} as const;

/** `identificationScheme` of each identifier attribute. Source: ITI TF-3: Table 4.2.5.1-2. */
export const IDENTIFICATION = {
  DocumentEntry: {
    patientId: 'urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427',
    uniqueId: 'urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab',
  },
  SubmissionSet: {
    patientId: 'urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446',
    sourceId: 'urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832',
    uniqueId: 'urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8',
  },
  Folder: {
    patientId: 'urn:uuid:f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a',
    uniqueId: 'urn:uuid:75df8f67-9973-4fbe-a900-df66cefecc5a',
  },
} as const;

/** `classificationNode` that says what a RegistryPackage is. Source: ITI TF-3: Table 4.2.5.1-1. */
export const PACKAGE_NODE = {
  SubmissionSet: 'urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd',
  Folder: 'urn:uuid:d9d542f3-6cc4-48b6-8870-ea235fbc94c2',
} as const;

/** `classificationNode` that flags limited metadata. Source: ITI TF-3: 4.2.3.2.30, 4.2.3.3.13, 4.2.3.4.10. */
export const LIMITED_METADATA_NODE = {
  DocumentEntry: 'urn:uuid:ab9b591b-83ab-4d03-8f5d-f93b1fb92e85',
  SubmissionSet: 'urn:uuid:5003a9db-8d8d-49e6-bf0c-990e34ac7707',
  Folder: 'urn:uuid:2c144a76-29a9-4b7c-af54-b25409fe7d03',
} as const;

/** The last two are operations of an update, and never registered. Source: ITI TF-3: Table 4.2.2-1 and 4.2.2.2-1; XDS Metadata Update. */
export const ASSOCIATION_TYPE = {
  HasMember: 'urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember',
  RPLC: 'urn:ihe:iti:2007:AssociationType:RPLC',
  XFRM: 'urn:ihe:iti:2007:AssociationType:XFRM',
  APND: 'urn:ihe:iti:2007:AssociationType:APND',
  XFRM_RPLC: 'urn:ihe:iti:2007:AssociationType:XFRM_RPLC',
  signs: 'urn:ihe:iti:2007:AssociationType:signs',
  IsSnapshotOf: 'urn:ihe:iti:2010:AssociationType:IsSnapshotOf',
  UpdateAvailabilityStatus: 'urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus',
  SubmitAssociation: 'urn:ihe:iti:2010:AssociationType:SubmitAssociation',
} as const;

/** The name of an associationType. */
export type AssociationTypeName = keyof typeof ASSOCIATION_TYPE;

/** Types that relate two DocumentEntries. Source: ITI TF-3: 4.2.2.2. */
export const RELATIONSHIPS = [
  'RPLC',
  'XFRM',
  'APND',
  'XFRM_RPLC',
  'signs',
  'IsSnapshotOf',
] as const;

/** Whether a document can be had at once; absent means Online. Source: XDS Metadata Update: documentAvailability. */
export const DOCUMENT_AVAILABILITY = {
  Online: 'urn:ihe:iti:2010:DocumentAvailability:Online',
  Offline: 'urn:ihe:iti:2010:DocumentAvailability:Offline',
} as const;

/** `status` of a registry object: its availabilityStatus. Source: ITI TF-3: 4.2.3.2.2. */
export const STATUS_TYPE = {
  Approved: 'urn:oasis:names:tc:ebxml-regrep:StatusType:Approved',
  Deprecated: 'urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated',
} as const;

/** Source: ITI TF-3: Table 4.2.4.2-1. */
export const RESPONSE_STATUS = {
  Success: 'urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success',
  PartialSuccess: 'urn:ihe:iti:2007:ResponseStatusType:PartialSuccess',
  Failure: 'urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure',
} as const;

/** Source: ebRS 3.0, section 2.1.6; ITI TF-3: 4.2.4.1. */
export const ERROR_SEVERITY = {
  Error: 'urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Error',
  Warning: 'urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Warning',
} as const;

/** The slot whose name is a URN. Source: ITI TF-3: 4.2.3.2.28. */
export const REFERENCE_ID_LIST = 'urn:ihe:iti:xds:2013:referenceIdList';

/** Slot names that IHE defines on each object; what is not here is extra metadata. Source: ITI TF-3: Tables 4.2.3.2-1, 4.2.3.3-1, 4.2.3.4-1. */
export const SLOT_NAMES = {
  DocumentEntry: [
    'creationTime',
    'documentAvailability',
    'hash',
    'languageCode',
    'legalAuthenticator',
    REFERENCE_ID_LIST,
    'repositoryUniqueId',
    'serviceStartTime',
    'serviceStopTime',
    'size',
    'sourcePatientId',
    'sourcePatientInfo',
    'URI',
  ],
  SubmissionSet: ['intendedRecipient', 'submissionTime'],
  Folder: ['lastUpdateTime'],
  Association: [
    'AssociationPropagation',
    'NewStatus',
    'OriginalStatus',
    'PreviousVersion',
    'SubmissionSetStatus',
  ],
} as const satisfies Record<string, readonly string[]>;

/** Slots of an author Classification. Source: ITI TF-3: 4.2.3.1.4. */
export const AUTHOR_SLOTS = [
  'authorPerson',
  'authorInstitution',
  'authorRole',
  'authorSpecialty',
  'authorTelecommunication',
] as const;

/** The name whose URN this is, in one of the tables above; undefined for a foreign URN. */
export function nameOfUrn<Name extends string>(
  table: Readonly<Record<Name, string>>,
  urn: string | undefined,
): Name | undefined {
  if (urn === undefined) return undefined;
  let names = NAMES.get(table);
  if (names === undefined) {
    names = new Map(Object.entries<string>(table).map(([name, one]) => [one, name]));
    NAMES.set(table, names);
  }
  return names.get(urn) as Name | undefined;
}

/** The tables turned round, each when it is first asked: they are asked many times for each object. */
const NAMES = new WeakMap<object, ReadonlyMap<string, string>>();
