import { ITI_9 } from '../../profiles/pix/iti-9.ts';
import { query } from '../actor.ts';
import { pixV3Query } from './iti-45-pixv3-query.ts';
import type { PatientIdentityStores } from './stores.ts';

/** ITI-9 PIX Query: what ITI-45 answers, over HL7 v2. Source: ITI TF-2: 3.9. */
export const pixQuery = query(ITI_9, {
  find: (request, stores: PatientIdentityStores, world) => pixV3Query.find(request, stores, world),
  subjects: (found) => pixV3Query.subjects(found),
  reveal: (found, permission, request) => pixV3Query.reveal(found, permission, request),
});
