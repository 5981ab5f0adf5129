import { ITI_8 } from '../../profiles/pix/iti-8.ts';
import { feed } from '../actor.ts';
import { patientIdentityFeed as overV3 } from './iti-44-patient-identity-feed-hl7v3.ts';
import type { DocumentRegistryStores } from './stores.ts';

/** ITI-8 Patient Identity Feed: what ITI-44 does, over HL7 v2. Source: ITI TF-2: 3.8.4.1.3.2. */
export const patientIdentityFeedV2 = feed(ITI_8, {
  check: (request, stores: DocumentRegistryStores, world) => overV3.check(request, stores, world),
  commit: (request, stores: DocumentRegistryStores, world) => overV3.commit(request, stores, world),
});
