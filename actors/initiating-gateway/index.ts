import type { Actor } from '../actor.ts';
import { registryStoredQuery } from './iti-18-registry-stored-query.ts';
import { retrieveDocumentSet } from './iti-43-retrieve-document-set.ts';
import { pixUpdateNotification } from './iti-46-pixv3-update-notification.ts';
import { restrictedUpdateDocumentSet } from './iti-92-restricted-update-document-set.ts';
import type { InitiatingGatewayStores } from './stores.ts';

/** Initiating Gateway: asks other communities for the systems of our own. */
export const initiatingGateway: Actor<InitiatingGatewayStores> = {
  name: 'initiating-gateway',
  answers: [
    registryStoredQuery,
    retrieveDocumentSet,
    pixUpdateNotification,
    restrictedUpdateDocumentSet,
  ],
};
