import { headerIn, writeRequest, controlIdOf } from '../formats/hl7v2-reply.ts';
import { Refusal } from '../refusal.ts';
import { defineMllpTransaction } from '../transaction.ts';
import {
  ACK_CODEC,
  ADT_AUDIT,
  adtMessage,
  readMerge,
  readRegistration,
  refuseFeed,
  writeFeed,
} from './adt.ts';
import type { AcceptAcknowledgement, PatientIdentityFeed } from './iti-44.ts';

/** What each kind is sent as; admission and pre-admission are read as `add`, too. */
const EVENTS = {
  add: { trigger: 'A04', structure: 'ADT_A01' },
  revise: { trigger: 'A08', structure: 'ADT_A01' },
  merge: { trigger: 'A40', structure: 'ADT_A39' },
} as const;

/**
 * Patient Identity Feed, over HL7 v2: A01, A04 and A05 make a patient known, A08 revises her, A40 merges two identifiers.
 * The shapes are those of ITI-44.
 *
 * Source: ITI TF-2: 3.8.
 */
export const ITI_8 = defineMllpTransaction<PatientIdentityFeed, AcceptAcknowledgement>({
  id: 'ITI-8',
  name: 'Patient Identity Feed',
  section: 'ITI TF-2: 3.8',
  asks: ['Patient Identity Source'],
  answers: ['Patient Identifier Cross-reference Manager', 'Document Registry'],
  wire: {
    kind: 'mllp',
    version: '2.3.1',
    messages: [
      adtMessage('A01', 'ADT_A01'),
      adtMessage('A04', 'ADT_A01'),
      adtMessage('A05', 'ADT_A01'),
      adtMessage('A08', 'ADT_A01'),
      adtMessage('A40', 'ADT_A39'),
    ],
  },
  request: {
    decode(message, context) {
      switch (headerIn(message).trigger) {
        case 'A01':
        case 'A04':
        case 'A05':
          return readRegistration(message, 'add', context);
        case 'A08':
          return readRegistration(message, 'revise', context);
        case 'A40':
          return readMerge(message, context);
        default:
          throw new Refusal('201', 'expected A01, A04, A05, A08 or A40');
      }
    },
    encode(feed, context) {
      return writeRequest(
        {
          event: { type: 'ADT', ...EVENTS[feed.kind] },
          version: '2.3.1',
          controlId: controlIdOf(feed.transmission.messageId),
          time: feed.transmission.creationTime,
          segments: writeFeed(feed, 'O', context),
        },
        context,
      );
    },
  },
  response: ACK_CODEC,
  refusal: refuseFeed,
  generalError: 'INTERR',
  audit: ADT_AUDIT,
});
