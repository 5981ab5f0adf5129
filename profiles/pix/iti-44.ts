import type { AcknowledgementDetail, Transmission } from '../formats/hl7v3.ts';
import type { Demographics, PatientId } from '../patient.ts';

/** PRPA_IN201301UV02 (add) and PRPA_IN201302UV02 (revise). Source: ITI TF-2: 3.44. */
export interface PatientIdentityFeed {
  readonly kind: 'add' | 'revise';
  readonly transmission: Transmission;
  /** `patient/id`: all ids in the provider organisation's domain; at least one. */
  readonly ids: readonly PatientId[];
  /** `asOtherIDs/id`: ids of other domains. */
  readonly otherIds: readonly PatientId[];
  readonly demographics: Demographics;
  /** `providerOrganization/id@root` and its name. */
  readonly providerOrganization: { readonly id: string; readonly name?: string };
  /** `custodian/assignedEntity/id@root`. */
  readonly custodian: string;
}

/** MCCI_IN000002UV01. CA accepted, CE error, CR rejected; a peer's AA and AE are read as CA and CE. */
export interface AcceptAcknowledgement {
  readonly code: 'CA' | 'CE' | 'CR';
  readonly details: readonly AcknowledgementDetail[];
}
