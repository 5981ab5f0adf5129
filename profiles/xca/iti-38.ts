import { defineTransaction } from '../transaction.ts';
import { queryAudit } from '../xds/audit.ts';
import { encodeStoredQuery, ITI_18 } from '../xds/iti-18.ts';
import { NS } from '../xds/vocabulary.ts';

/** Cross Gateway Query: the messages of ITI-18 under actions of its own. Source: ITI TF-2: 3.38. */
export const ITI_38 = defineTransaction({
  ...ITI_18,
  id: 'ITI-38',
  name: 'Cross Gateway Query',
  section: 'ITI TF-2: 3.38',
  asks: ['Initiating Gateway'],
  answers: ['Responding Gateway'],
  wire: {
    kind: 'soap',
    mtom: 'never',
    messages: [
      {
        action: 'urn:ihe:iti:2007:CrossGatewayQuery',
        replyAction: 'urn:ihe:iti:2007:CrossGatewayQueryResponse',
        body: { namespace: NS.query, name: 'AdhocQueryRequest' },
      },
    ],
  },
  audit: queryAudit('Cross Gateway Query', (request) => encodeStoredQuery(request).xml),
});
