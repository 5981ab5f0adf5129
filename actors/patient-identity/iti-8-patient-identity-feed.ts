import { ITI_8 } from '../../profiles/pix/iti-8.ts';
import { feed } from '../actor.ts';
import { withoutBlanks } from './feed-v2.ts';
import { eitherFeed } from './iti-44-patient-identity-feed-hl7v3.ts';
import type { PatientIdentityStores } from './stores.ts';

/** ITI-8 Patient Identity Feed: what ITI-44 does, over HL7 v2. Source: ITI TF-2: 3.8. */
export const patientIdentityFeed = feed(ITI_8, {
  check: (request, stores: PatientIdentityStores, world) =>
    eitherFeed.check(request, stores, world),
  commit: (request, stores: PatientIdentityStores, world) =>
    eitherFeed.commit(withoutBlanks(request), stores, world),
});
