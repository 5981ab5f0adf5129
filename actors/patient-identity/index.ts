import type { Actor } from '../actor.ts';
import { patientIdentityFeed as patientIdentityFeedV2 } from './iti-8-patient-identity-feed.ts';
import { pixQuery } from './iti-9-pix-query.ts';
import { patientDemographicsQuery as patientDemographicsQueryV2 } from './iti-21-patient-demographics-query.ts';
import { patientIdentityManagement } from './iti-30-patient-identity-management.ts';
import { patientIdentityFeed } from './iti-44-patient-identity-feed-hl7v3.ts';
import { pixV3Query } from './iti-45-pixv3-query.ts';
import { patientDemographicsQuery } from './iti-47-patient-demographics-query-hl7v3.ts';
import type { PatientIdentityStores } from './stores.ts';

/** PIX Manager and Patient Demographics Supplier over one identity store. Source: ITI TF-1: 5, 8. */
export const patientIdentity: Actor<PatientIdentityStores> = {
  name: 'patient-identity',
  answers: [
    patientIdentityFeedV2,
    pixQuery,
    patientDemographicsQueryV2,
    patientIdentityManagement,
    patientIdentityFeed,
    pixV3Query,
    patientDemographicsQuery,
  ],
};

/**
 * A PIX Manager one level up (広域連携ID): fed and asked like the other, over stores that say which networks there are. It
 * answers no search by demographics. Source: ITI TF-1: 5.
 */
export const wideAreaIdService: Actor<PatientIdentityStores> = {
  name: 'patient-identity',
  wsdl: 'wide-area-id-service',
  answers: [patientIdentityFeedV2, pixQuery, patientIdentityFeed, pixV3Query],
};
