import { faultOfRelatesTo } from '../../profiles/formats/soap-addressing.ts';
import { messageIdOf, readEnvelope } from '../../profiles/formats/soap.ts';
import { parseXml, xmlLimits } from '../../profiles/formats/xml.ts';
import { Fault, refusalsOf } from '../../profiles/refusal.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { ExpectedAnswers, NotExpected } from '../queue/expected-answers.ts';
import { IncomingParts } from '../stores/incoming-parts.ts';
import { acceptedReply, frameFault, type Reply } from './frame.ts';
import type { Incoming, Peer } from './incoming.ts';
import { strangeMessage } from './strange-message.ts';
import { type PipelineLimits, unframe } from './unframe.ts';

/** What taking answers needs of the house. */
export interface AnswerHouse {
  readonly expected: ExpectedAnswers;
  /** Writes a security alert: a peer that answers what another was asked, or sends what is no message. */
  readonly alert: (peer: Peer, reason: string, endpoint: string) => Promise<void>;
  readonly uuid: () => string;
  readonly spoolDirectory: string;
  readonly limits: PipelineLimits;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What the sender hears; it learns nothing of what others were asked. */
const REASONS: Readonly<Record<NotExpected, string>> = {
  unknown: 'no message with this id waits for an answer',
  duplicate: 'the message has its answer already',
  late: 'the answer comes after the deadline',
  foreign: 'no message with this id waits for an answer of yours',
  unreadable: 'the answer could not be read',
};

/**
 * The path of an answer that comes to our callback: whoever waits for it pulls its documents into the spool, within the
 * limits of every message; then the sender hears 202. It hears a fault where nobody waits, or no more.
 *
 * @see ITI TF-2: Appendix V
 */
export async function takeAnswer(
  { contentType, source, peer, endpoint }: Omit<Incoming, 'actor'>,
  house: AnswerHouse,
): Promise<Reply> {
  const parts = new IncomingParts(house.spoolDirectory, house.limits);
  const progress = { mtom: false };
  let messageId: string | undefined;
  const read = async () => {
    const root = await unframe({ contentType, source }, house.limits, { progress, parts });
    const element = parseXml(root, xmlLimits(house.limits.envelopeBytes));
    messageId = messageIdOf(element);
    const { relatesTo } = readEnvelope(element, { answer: true, understood: () => true });
    return { element, relatesTo };
  };
  try {
    const { element, relatesTo } = await read().catch(async (error: unknown) => {
      const refusals = refusalsOf(error);
      if (refusals) await house.alert(peer, strangeMessage(refusals), endpoint);
      throw error;
    });
    const names = peer.entries.map(({ name }) => name);
    const taken = await house.expected.deliver(relatesTo, names, { element, parts });
    if (taken === 'taken') return acceptedReply();
    house.metrics.answerRefused(taken);
    house.log.warn({ event: 'answer-refused', peer: peer.name, reason: taken, message: relatesTo });
    if (taken === 'foreign') {
      await house.alert(peer, 'foreign: it answers what another partner was asked', endpoint);
    }
    throw faultOfRelatesTo(REASONS[taken]);
  } catch (error) {
    await parts.release();
    if (!refusalsOf(error)) house.log.error({ event: 'answer-failed', peer: peer.name }, error);
    const fault = error instanceof Fault ? error : new Fault('Receiver', 'internal error');
    const { uuid } = house;
    const status = peer.faultsByHttp500 ? 500 : undefined;
    const reply = frameFault(fault, { mtom: progress.mtom, relatesTo: messageId, uuid, status });
    return { ...reply, unread: !parts.atEnd };
  }
}
