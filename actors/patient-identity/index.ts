import type { Actor } from '../actor.ts';
import { patientIdentityFeed } from './iti-44-patient-identity-feed-hl7v3.ts';
import { pixV3Query } from './iti-45-pixv3-query.ts';
import { patientDemographicsQuery } from './iti-47-patient-demographics-query-hl7v3.ts';
import type { PatientIdentityStores } from './stores.ts';

/** PIX Manager and Patient Demographics Supplier over one identity store. Source: ITI TF-1: 5, 8. */
export const patientIdentity: Actor<PatientIdentityStores> = {
  name: 'patient-identity',
  answers: [patientIdentityFeed, pixV3Query, patientDemographicsQuery],
};
