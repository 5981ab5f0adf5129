import { defineTransaction } from '../transaction.ts';
import { updateAudit } from './audit.ts';
import { ITI_42, type SubmitObjectsRequest } from './iti-42.ts';
import type { RegistryResponse } from './registry-response.ts';
import { NS } from './vocabulary.ts';

/**
 * Restricted Update Document Set: an update of DocumentEntries alone, in one community or sent on by its gateway. Both ends
 * speak the same message; across communities each DocumentEntry names its community in `home`.
 *
 * Its asker and answerer are the Update Initiator and the Update Responder, which are grouped with these actors.
 *
 * @see ITI TF-2: 3.92 (Restricted Metadata Update)
 */
export const ITI_92 = defineTransaction<SubmitObjectsRequest, RegistryResponse>({
  ...ITI_42,
  id: 'ITI-92',
  name: 'Restricted Update Document Set',
  section: 'ITI TF-2: 3.92',
  asks: ['Document Source', 'Initiating Gateway'],
  answers: ['Document Registry', 'Responding Gateway'],
  wire: {
    kind: 'soap',
    mtom: 'never',
    messages: [
      {
        action: 'urn:ihe:iti:2018:RestrictedUpdateDocumentSet',
        replyAction: 'urn:ihe:iti:2018:RestrictedUpdateDocumentSetResponse',
        body: { namespace: NS.lcm, name: 'SubmitObjectsRequest' },
      },
    ],
  },
  audit: updateAudit('Restricted Update Document Set'),
});

/** The communities that an update names in `home`, each once, as `urn:oid:…`; empty inside one community. */
export function communitiesOfUpdate({ objects }: SubmitObjectsRequest): readonly string[] {
  const homes = objects.flatMap(({ home }) => (home ? [home] : []));
  return [...new Set(homes)];
}
