import { defineTransaction } from '../transaction.ts';
import { submissionAudit } from './audit.ts';
import { ITI_42, type SubmitObjectsRequest } from './iti-42.ts';
import type { RegistryResponse } from './registry-response.ts';
import { NS } from './vocabulary.ts';

/**
 * Register On-Demand Document Entry: the message of ITI-42 with entries whose documents are made when they are asked for.
 * The answer's action lacks the word Entry, in the Framework's text and in its WSDL.
 *
 * @see ITI TF-2: 3.61
 */
export const ITI_61 = defineTransaction<SubmitObjectsRequest, RegistryResponse>({
  ...ITI_42,
  id: 'ITI-61',
  name: 'Register On-Demand Document Entry',
  section: 'ITI TF-2: 3.61',
  asks: ['Document Source'],
  answers: ['Document Registry'],
  wire: {
    kind: 'soap',
    mtom: 'never',
    messages: [
      {
        action: 'urn:ihe:iti:2010:RegisterOnDemandDocumentEntry',
        replyAction: 'urn:ihe:iti:2010:RegisterOnDemandDocumentResponse',
        body: { namespace: NS.lcm, name: 'SubmitObjectsRequest' },
      },
    ],
  },
  audit: submissionAudit(
    'Register On-Demand Document Entry',
    (request: SubmitObjectsRequest) => request,
  ),
});
