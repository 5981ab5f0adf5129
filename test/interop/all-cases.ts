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
import { cellsOf } from './cases/soap-strangers.ts';
import { removeMetadata, restrictedUpdate, updateDocumentSet } from './cases/updates.ts';
import { xmlTools } from './cases/xml-tools.ts';
import type { InteropCase } from './interop-case.ts';
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
  ...updateDocumentSet,
  ...registerOnDemand,
  ...removeMetadata,
  ...removeDocuments,
  ...restrictedUpdate,
  ...cellsOf(ZEEP),
  ...cellsOf(NODE_SOAP),
  ...nodeAuthentication,
  ...xmlTools,
];
