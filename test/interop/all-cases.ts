import { v2Feed, v2Management } from './cases/feeds-v2.ts';
import { hapiCases } from './cases/hapi.ts';
import {
  patientLocationQuery,
  severalCandidates,
  updateNotifications,
} from './cases/notifications.ts';
import { v2DemographicsQuery, v2PixQuery } from './cases/queries-v2.ts';
import { crossGatewayQuery, crossGatewayRetrieve } from './cases/communities.ts';
import {
  demographicsQuery,
  patientDiscovery,
  patientIdentityFeed,
  pixQuery,
} from './cases/identity.ts';
import {
  multiPatientStoredQuery,
  registerDocumentSet,
  registerOnDemand,
  registryStoredQuery,
} from './cases/registry.ts';
import { provideAndRegister, removeDocuments, retrieveDocumentSet } from './cases/repository.ts';
import { removeMetadata, restrictedUpdate, updateDocumentSet } from './cases/updates.ts';
import type { InteropCase } from './interop-case.ts';

/** Every cell that is run, transaction after transaction. */
export const ALL_CASES: readonly InteropCase[] = [
  ...registryStoredQuery,
  ...crossGatewayQuery,
  ...crossGatewayRetrieve,
  ...provideAndRegister,
  ...registerDocumentSet,
  ...retrieveDocumentSet,
  ...patientIdentityFeed,
  ...pixQuery,
  ...demographicsQuery,
  ...multiPatientStoredQuery,
  ...patientDiscovery,
  ...severalCandidates,
  ...patientLocationQuery,
  ...updateNotifications,
  ...updateDocumentSet,
  ...registerOnDemand,
  ...removeMetadata,
  ...removeDocuments,
  ...restrictedUpdate,
  ...v2Feed,
  ...v2PixQuery,
  ...v2DemographicsQuery,
  ...v2Management,
  ...hapiCases,
];
