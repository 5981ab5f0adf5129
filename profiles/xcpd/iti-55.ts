import type {
  AcknowledgementDetail,
  II,
  QueryResponseCode,
  Transmission,
} from '../formats/hl7v3.ts';
import type { Demographics, PatientId } from '../patient.ts';
import type { DemographicsCriteria } from '../pdq/iti-47.ts';

/** PRPA_IN201305UV02 as Cross Gateway Patient Discovery. Source: ITI TF-2: 3.55. */
export interface PatientDiscovery {
  /** `sender.organization` is the asking community, `receiver.organization` the asked one: plain OIDs. */
  readonly transmission: Transmission;
  readonly queryId: II;
  readonly criteria: DemographicsCriteria;
  /** `authorOrPerformer/assignedDevice/id@root`: the authority whose livingSubjectId is for queries back to the asker. */
  readonly reverseAuthority?: string;
  /** xs:duration of the SOAP header `xcpd:CorrelationTimeToLive`: how long the responder may keep our correlation. */
  readonly correlationTimeToLive?: string;
}

/** One match: the one id that XCA shall use, and the community that holds the data. */
export interface DiscoveredPatient {
  readonly id: PatientId;
  readonly otherIds: readonly PatientId[];
  readonly demographics: Demographics;
  /** The holder's homeCommunityId as `urn:oid:…`. */
  readonly homeCommunityId: string;
  readonly supportsHealthDataLocator: boolean;
  readonly degree: number;
}

/** PRPA_IN201306UV02 as the answer. Source: ITI TF-2: 3.55.4.2.2. */
export interface PatientDiscoveryResponse {
  readonly acknowledgement: 'AA' | 'AE' | 'AR';
  readonly queryResponseCode: QueryResponseCode;
  readonly matches: readonly DiscoveredPatient[];
  /** actOrderRequired codes: the demographics that the responder wants besides. */
  readonly requestedDemographics: readonly string[];
  /** detectedIssueManagement code, with AE. */
  readonly issue?: string;
  readonly details: readonly AcknowledgementDetail[];
  readonly correlationTimeToLive?: string;
}
