import { defineTransaction } from '../transaction.ts';
import { queryAudit } from './audit.ts';
import { encodeStoredQuery, ITI_18 } from './iti-18.ts';
import { NS } from './vocabulary.ts';

/**
 * Multi-Patient Stored Query: the messages of ITI-18 under actions of its own, for the queries that name several patients
 * or none. Full objects of several patients may stand in one answer.
 *
 * @see ITI TF-2: 3.51
 */
export const ITI_51 = defineTransaction({
  ...ITI_18,
  id: 'ITI-51',
  name: 'Multi-Patient Stored Query',
  section: 'ITI TF-2: 3.51',
  asks: ['Document Consumer'],
  answers: ['Document Registry'],
  wire: {
    kind: 'soap',
    mtom: 'never',
    messages: [
      {
        action: 'urn:ihe:iti:2009:MultiPatientStoredQuery',
        replyAction: 'urn:ihe:iti:2009:MultiPatientStoredQueryResponse',
        body: { namespace: NS.query, name: 'AdhocQueryRequest' },
      },
    ],
  },
  audit: queryAudit('Multi-Patient Stored Query', (request) => encodeStoredQuery(request).xml),
});
