import { defineTransaction } from '../transaction.ts';
import { updateAudit } from './audit.ts';
import { ITI_42, type SubmitObjectsRequest } from './iti-42.ts';
import type { RegistryResponse } from './registry-response.ts';
import { NS } from './vocabulary.ts';

/**
 * Update Document Set: a submission whose operations `updateOperationsOf` tells apart. Never a PartialSuccess.
 *
 * Its asker is the Document Administrator, whom the Framework lets be any system that submits.
 *
 * @see ITI TF-2: 3.57 (XDS Metadata Update)
 */
export const ITI_57 = defineTransaction<SubmitObjectsRequest, RegistryResponse>({
  ...ITI_42,
  id: 'ITI-57',
  name: 'Update Document Set',
  section: 'ITI TF-2: 3.57',
  asks: ['Document Source'],
  answers: ['Document Registry'],
  wire: {
    kind: 'soap',
    mtom: 'never',
    messages: [
      {
        action: 'urn:ihe:iti:2010:UpdateDocumentSet',
        replyAction: 'urn:ihe:iti:2010:UpdateDocumentSetResponse',
        body: { namespace: NS.lcm, name: 'SubmitObjectsRequest' },
      },
    ],
  },
  audit: updateAudit('Update Document Set'),
});
