/** A coded value in the DICOM spelling: csd-code, codeSystemName, originalText. */
export type Coded = readonly [code: string, system: string, text: string];

/** EventID. Source: DICOM PS3.16 CID 400. */
export const EVENT_ID = {
  Export: ['110106', 'DCM', 'Export'],
  Import: ['110107', 'DCM', 'Import'],
  'Patient Record': ['110110', 'DCM', 'Patient Record'],
  Query: ['110112', 'DCM', 'Query'],
  'Application Activity': ['110100', 'DCM', 'Application Activity'],
  'Audit Log Used': ['110101', 'DCM', 'Audit Log Used'],
  'Security Alert': ['110113', 'DCM', 'Security Alert'],
} as const satisfies Record<string, Coded>;

/** EventTypeCode of the events that are no transaction. Source: DICOM PS3.16 CID 401, 403. */
export const EVENT_TYPE = {
  'Application Start': ['110120', 'DCM', 'Application Start'],
  'Application Stop': ['110121', 'DCM', 'Application Stop'],
  'Node Authentication': ['110126', 'DCM', 'Node Authentication'],
  'Audit Recording Stopped': ['110133', 'DCM', 'Audit Recording Stopped'],
  'Audit Recording Started': ['110134', 'DCM', 'Audit Recording Started'],
} as const satisfies Record<string, Coded>;

/** RoleIDCode of a participant. Source: DICOM PS3.16 CID 402. */
export const ROLE = {
  Application: ['110150', 'DCM', 'Application'],
  'Application Launcher': ['110151', 'DCM', 'Application Launcher'],
  Destination: ['110152', 'DCM', 'Destination Role ID'],
  Source: ['110153', 'DCM', 'Source Role ID'],
} as const satisfies Record<string, Coded>;

/** ParticipantObjectIDTypeCode. Source: DICOM PS3.15 A.5.2, RFC 3881; ITI TF-2: 3.20. */
export const ID_TYPE = {
  'Patient Number': ['2', 'RFC-3881', 'Patient Number'],
  'Report Number': ['9', 'RFC-3881', 'Report Number'],
  URI: ['12', 'RFC-3881', 'URI'],
  'Node ID': ['110182', 'DCM', 'Node ID'],
  'Submission Set': [
    'urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd',
    'IHE XDS Metadata',
    'submission set classificationNode',
  ],
  'Object Ref': ['urn:ihe:iti:2017:ObjectRef', 'IHE XDS Metadata', 'registry object reference'],
} as const satisfies Record<string, Coded>;

/** ParticipantObjectDataLifeCycle. Source: DICOM PS3.15 Table A.5.2-1. */
export const LIFE_CYCLE = { 'Permanent Erasure': 15 } as const;

/** ParticipantObjectTypeCode and ParticipantObjectTypeCodeRole. Source: DICOM PS3.15 Table A.5.2-1. */
export const OBJECT_TYPE = {
  patient: { type: 1, role: 1 },
  report: { type: 2, role: 3 },
  'security resource': { type: 2, role: 13 },
  job: { type: 2, role: 20 },
  query: { type: 2, role: 24 },
} as const;
