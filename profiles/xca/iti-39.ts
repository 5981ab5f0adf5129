import { defineTransaction } from '../transaction.ts';
import { retrieveAudit } from '../xds/audit.ts';
import {
  ITI_43,
  type RetrieveDocumentSetRequest,
  type RetrieveDocumentSetResponse,
} from '../xds/iti-43.ts';
import { NS } from '../xds/vocabulary.ts';

/**
 * Cross Gateway Retrieve: the messages of ITI-43 under actions of its own. That each DocumentRequest names a
 * homeCommunityId is for the Responding Gateway to ask: each one that does not is an error of its own.
 *
 * @see ITI TF-2: 3.39
 */
export const ITI_39 = defineTransaction<RetrieveDocumentSetRequest, RetrieveDocumentSetResponse>({
  ...ITI_43,
  id: 'ITI-39',
  name: 'Cross Gateway Retrieve',
  section: 'ITI TF-2: 3.39',
  asks: ['Initiating Gateway'],
  answers: ['Responding Gateway'],
  wire: {
    kind: 'soap',
    mtom: 'both',
    messages: [
      {
        action: 'urn:ihe:iti:2007:CrossGatewayRetrieve',
        replyAction: 'urn:ihe:iti:2007:CrossGatewayRetrieveResponse',
        body: { namespace: NS.xds, name: 'RetrieveDocumentSetRequest' },
      },
    ],
  },
  audit: retrieveAudit('Cross Gateway Retrieve'),
});
