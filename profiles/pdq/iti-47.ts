import type {
  AcknowledgementDetail,
  II,
  QueryResponseCode,
  Transmission,
} from '../formats/hl7v3.ts';
import type {
  Address,
  AdministrativeGender,
  Demographics,
  PatientId,
  PersonName,
  Telecom,
} from '../patient.ts';

/** What a demographics query may ask by. Source: ITI TF-2: 3.47.4.1.2.2. */
export interface DemographicsCriteria {
  readonly livingSubjectName?: readonly PersonName[];
  readonly livingSubjectAdministrativeGender?: AdministrativeGender;
  /** One value, or the bounds of a range, both included; HL7 TS. */
  readonly livingSubjectBirthTime?: {
    readonly value?: string;
    readonly low?: string;
    readonly high?: string;
  };
  readonly livingSubjectId?: readonly PatientId[];
  readonly patientAddress?: readonly Address[];
  readonly patientTelecom?: readonly Telecom[];
  readonly mothersMaidenName?: readonly PersonName[];
}

/** PRPA_IN201305UV02 as a Patient Demographics Query. Source: ITI TF-2: 3.47. */
export interface DemographicsQuery {
  readonly transmission: Transmission;
  readonly queryId: II;
  readonly criteria: DemographicsCriteria;
  /** `otherIDsScopingOrganization`: OIDs of the wanted domains; empty: all. */
  readonly scopingOrganizations: readonly string[];
  readonly initialQuantity?: number;
}

/** One `subject/registrationEvent` of the answer. */
export interface DemographicsMatch {
  readonly ids: readonly PatientId[];
  /** Ids of other domains, sent as asOtherIDs. A wanted domain without an id has `id` undefined. */
  readonly otherIds: readonly { readonly id?: string; readonly assigningAuthority: string }[];
  readonly demographics: Demographics;
  /** queryMatchObservation, 0 to 100; 100 is exact. */
  readonly degree: number;
  /** OID of providerOrganization, if it differs from the custodian. */
  readonly providerOrganization?: string;
  /** OID of the custodian. */
  readonly custodian: string;
}

/** PRPA_IN201306UV02 as the answer to a Patient Demographics Query. */
export interface DemographicsQueryResponse {
  readonly acknowledgement: 'AA' | 'AE' | 'AR';
  readonly queryResponseCode: QueryResponseCode;
  readonly matches: readonly DemographicsMatch[];
  readonly details: readonly AcknowledgementDetail[];
}
