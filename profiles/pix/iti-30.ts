import { headerIn, controlIdOf, writeRequest } from '../formats/hl7v2-reply.ts';
import { Refusal } from '../refusal.ts';
import { defineMllpTransaction } from '../transaction.ts';
import {
  ACK_CODEC,
  ADT_AUDIT,
  type AdtFeed,
  adtMessage,
  feedWrapper,
  readLink,
  readMerge,
  readPair,
  readRegistration,
  refuseFeed,
  writeFeed,
} from './adt.ts';
import type { AcceptAcknowledgement } from './iti-44.ts';

const EVENTS = {
  add: { trigger: 'A28', structure: 'ADT_A05' },
  revise: { trigger: 'A31', structure: 'ADT_A05' },
  merge: { trigger: 'A40', structure: 'ADT_A39' },
  change: { trigger: 'A47', structure: 'ADT_A30' },
  link: { trigger: 'A24', structure: 'ADT_A24' },
  unlink: { trigger: 'A37', structure: 'ADT_A37' },
} as const;

/**
 * Patient Identity Management, with the options Merge and Link/Unlink: A28 adds a person, A31 revises her, A40 merges, A47
 * corrects an identifier, A24 links and A37 unlinks.
 *
 * Source: ITI TF-2: 3.30.
 */
export const ITI_30 = defineMllpTransaction<AdtFeed, AcceptAcknowledgement>({
  id: 'ITI-30',
  name: 'Patient Identity Management',
  section: 'ITI TF-2: 3.30',
  asks: ['Patient Identity Source'],
  answers: ['Patient Identifier Cross-reference Manager'],
  wire: {
    kind: 'mllp',
    version: '2.5',
    messages: Object.values(EVENTS).map(({ trigger, structure }) => adtMessage(trigger, structure)),
  },
  request: {
    decode(message, context) {
      switch (headerIn(message).trigger) {
        case 'A28':
          return readRegistration(message, 'add', context);
        case 'A31':
          return readRegistration(message, 'revise', context);
        case 'A40':
          return readMerge(message, context);
        case 'A47': {
          const { current, prior } = readPair(message, context);
          return { kind: 'change', ...feedWrapper(message, context), current, prior };
        }
        case 'A24':
          return readLink(message, 'link', context);
        case 'A37':
          return readLink(message, 'unlink', context);
        default:
          throw new Refusal('201', 'expected A28, A31, A40, A47, A24 or A37');
      }
    },
    encode(feed, context) {
      return writeRequest(
        {
          event: { type: 'ADT', ...EVENTS[feed.kind] },
          version: '2.5',
          withoutHandling: true,
          controlId: controlIdOf(feed.transmission.messageId),
          time: feed.transmission.creationTime,
          segments: writeFeed(feed, 'N', context),
        },
        context,
      );
    },
  },
  response: ACK_CODEC,
  refusal: refuseFeed,
  generalError: 'INTERR',
  audit: { ...ADT_AUDIT, name: 'Patient Identity Management' },
});
