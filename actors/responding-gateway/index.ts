import type { Actor } from '../actor.ts';
import { crossGatewayQuery } from './iti-38-cross-gateway-query.ts';
import { crossGatewayRetrieve } from './iti-39-cross-gateway-retrieve.ts';
import { crossGatewayPatientDiscovery } from './iti-55-cross-gateway-patient-discovery.ts';
import { patientLocationQuery } from './iti-56-patient-location-query.ts';
import { restrictedUpdateDocumentSet } from './iti-92-restricted-update-document-set.ts';
import type { RespondingGatewayStores } from './stores.ts';

/** Responding Gateway: answers other communities for our own. */
export const respondingGateway: Actor<RespondingGatewayStores> = {
  name: 'responding-gateway',
  answers: [
    crossGatewayQuery,
    crossGatewayRetrieve,
    crossGatewayPatientDiscovery,
    patientLocationQuery,
    restrictedUpdateDocumentSet,
  ],
};
