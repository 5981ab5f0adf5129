import { writeSegment } from '../formats/hl7v2.ts';
import { requireSegment } from '../formats/hl7v2.ts';
import { writeCX } from '../formats/hl7v2-authorities.ts';
import { controlIdOf, writeRequest } from '../formats/hl7v2-reply.ts';
import { defineMllpTransaction } from '../transaction.ts';
import {
  ACK_CODEC,
  ADT_AUDIT,
  adtMessage,
  feedWrapper,
  refuseFeed,
  requireEvent,
  requireIds,
} from './adt.ts';
import type { AcceptAcknowledgement, PatientRegistrationFeed } from './iti-44.ts';

/**
 * PIX Update Notification: the list of a patient's ids as a consumer may see it, and nothing else of her. A shape of ITI-44
 * with `kind: 'revise'`, no names and no other ids.
 *
 * Source: ITI TF-2: 3.10.
 */
export const ITI_10 = defineMllpTransaction<PatientRegistrationFeed, AcceptAcknowledgement>({
  id: 'ITI-10',
  name: 'PIX Update Notification',
  section: 'ITI TF-2: 3.10',
  asks: ['Patient Identifier Cross-reference Manager'],
  answers: ['Patient Identifier Cross-reference Consumer'],
  wire: { kind: 'mllp', version: '2.5', messages: [adtMessage('A31', 'ADT_A05')] },
  request: {
    decode(message, context) {
      requireEvent(message);
      const ids = requireIds(requireSegment(message, 'PID'), 3, context);
      return {
        kind: 'revise',
        ...feedWrapper(message, context),
        ids,
        otherIds: [],
        demographics: { names: [] },
        providerOrganization: { id: ids[0]?.assigningAuthority ?? '' },
      };
    },
    encode({ ids, transmission }, context) {
      return writeRequest(
        {
          event: { type: 'ADT', trigger: 'A31', structure: 'ADT_A05' },
          version: '2.5',
          controlId: controlIdOf(transmission.messageId),
          time: transmission.creationTime,
          profile: 'ITI-10',
          segments: [
            writeSegment('EVN', { 2: transmission.creationTime }),
            writeSegment('PID', { 3: ids.map((id) => writeCX(id, context.authorities)), 5: ' ' }),
            writeSegment('PV1', { 2: 'N' }),
          ],
        },
        context,
      );
    },
  },
  response: ACK_CODEC,
  refusal: refuseFeed,
  generalError: 'INTERR',
  audit: {
    ...ADT_AUDIT,
    name: 'PIX Update Notification',
    action: ({ side }) => (side === 'asker' ? 'R' : 'U'),
  },
});
