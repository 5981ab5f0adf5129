import type {
  AcknowledgementDetail,
  II,
  QueryResponseCode,
  Transmission,
} from '../formats/hl7v3.ts';
import type { PatientId } from '../patient.ts';

/** PRPA_IN201309UV02. Source: ITI TF-2: 3.45. */
export interface PixQuery {
  readonly transmission: Transmission;
  readonly queryId: II;
  readonly patientIdentifier: PatientId;
  /** OIDs of the wanted domains; empty: all. */
  readonly dataSources: readonly string[];
}

/** PRPA_IN201310UV02. `ids` never holds the queried one. */
export interface PixQueryResponse {
  readonly acknowledgement: 'AA' | 'AE' | 'AR';
  readonly queryResponseCode: QueryResponseCode;
  readonly ids: readonly PatientId[];
  /** OID of the custodian and provider organisation that answers. */
  readonly custodian?: string;
  readonly details: readonly AcknowledgementDetail[];
}
