import { v2Feed, v2Management } from './cases/feeds-v2.ts';
import { asynchronousExchange } from './cases/asynchronous.ts';
import { hapiCases } from './cases/hapi.ts';
import {
  patientLocationQuery,
  severalCandidates,
  notifications,
  notificationsV3,
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
import { nodeAuthentication } from './cases/node-authentication.ts';
import { eachCode, eachCodeByV2, eachCodeFor } from './cases/refusals.ts';
import { cellsOf } from './cases/soap-strangers.ts';
import { removeMetadata, restrictedUpdate, updateDocumentSet } from './cases/updates.ts';
import { xmlTools } from './cases/xml-tools.ts';
import { type InteropCase, IPF_V2_PEER } from './interop-case.ts';
import { NODE_SOAP } from './node-soap-client.ts';
import { ZEEP } from './zeep-client.ts';

/** Every cell that is run: IPF, transaction after transaction, then the other peers. */
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
  ...asynchronousExchange,
  ...patientLocationQuery,
  ...notificationsV3,
  ...updateDocumentSet,
  ...registerOnDemand,
  ...removeMetadata,
  ...removeDocuments,
  ...restrictedUpdate,
  ...eachCode,
  ...[...v2Feed, ...v2PixQuery, ...notifications, ...v2DemographicsQuery, ...v2Management].map(
    (cell) => ({ ...cell, peer: IPF_V2_PEER }),
  ),
  ...eachCodeByV2,
  ...hapiCases,
  ...cellsOf(ZEEP),
  ...eachCodeFor(ZEEP),
  ...cellsOf(NODE_SOAP),
  ...eachCodeFor(NODE_SOAP),
  ...nodeAuthentication,
  ...xmlTools,
];
