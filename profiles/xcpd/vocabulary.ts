/** Code systems of XCPD. Source: ITI TF-2: 3.55.4.2.2. */
export const XCPD_CODE_SYSTEM = {
  actOrderRequired: '1.3.6.1.4.1.19376.1.2.27.1',
  healthDataLocator: '1.3.6.1.4.1.19376.1.2.27.2',
  detectedIssueManagement: '1.3.6.1.4.1.19376.1.2.27.3',
} as const;

/** Demographics that a responder may ask for besides. Source: ITI TF-2: 3.55.4.2.2.6. */
export const REQUESTED_DEMOGRAPHICS = [
  'LivingSubjectAdministrativeGenderRequested',
  'PatientAddressRequested',
  'PatientTelecomRequested',
  'LivingSubjectBirthPlaceNameRequested',
  'LivingSubjectBirthPlaceAddressRequested',
  'MothersMaidenNameRequested',
] as const;

/** Why a responder cannot answer. Source: ITI TF-2: 3.55.4.2.2.7. */
export const DETECTED_ISSUES = ['ResponderBusy', 'AnswerNotAvailable', 'InternalError'] as const;

/** A code of the list above. */
export type DetectedIssue = (typeof DETECTED_ISSUES)[number];

/** Codes beyond the profile that peers are known to send: the United States' own, and those of eHDSI. */
export const TOLERATED_CODES = [
  'SSNRequested',
  'AdditionalDemographicsRequested',
  'DemographicsQueryNotAllowed',
  'EHICDataRequested',
  'PrivacyViolation',
  'InsufficientRights',
  'PatientAuthenticationRequired',
  'PolicyViolation',
] as const;

/** A misspelling that one widespread product sends, and what it stands for. */
export const MISSPELT = {
  sent: 'PatientAdressRequested',
  meant: 'PatientAddressRequested',
} as const;

/** `custodian/assignedEntity/code`: whether the community answers ITI-56. */
export const HEALTH_DATA_LOCATOR = ['NotHealthDataLocator', 'SupportsHealthDataLocator'] as const;

/** Namespace of the SOAP header `CorrelationTimeToLive`. */
export const XCPD_NS = 'urn:ihe:iti:xcpd:2009';

/** The action of a query whose answer is wanted later, at an endpoint that it names. Source: ITI TF-2: 3.55. */
export const DEFERRED_QUERY =
  'urn:hl7-org:v3:PRPA_IN201305UV02:Deferred:CrossGatewayPatientDiscovery';
