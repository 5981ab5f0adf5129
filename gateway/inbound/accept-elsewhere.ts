import type { OpenedEnvelope } from '../../profiles/formats/soap.ts';
import type { Transaction } from '../../profiles/transaction.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { WaitingRequest } from '../queue/waiting-request.ts';
import { callbackOf } from '../safeguards/callbacks.ts';
import type { IncomingParts } from '../stores/incoming-parts.ts';
import { acceptedReply, type Reply } from './frame.ts';
import type { Incoming } from './incoming.ts';

/** A request whose envelope was read and whose caller may make it. */
export interface ReadRequest {
  readonly root: Uint8Array;
  readonly opened: OpenedEnvelope;
  readonly transaction: Transaction<unknown, unknown>;
  readonly parts: IncomingParts;
  /** Looks for a fault in what it asks. @throws Fault */
  readonly requireFaultless: () => void;
}

/** What accepting needs of the house. */
export interface AcceptingHouse {
  /**
   * Keeps a request that is answered elsewhere: it is at rest when this resolves, and is worked on once `begin` is called.
   * @throws Fault when it is not taken
   */
  readonly accept: (request: WaitingRequest) => Promise<() => void>;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Keeps a request that wants its answer elsewhere, and says so: an empty 202. Source: ITI TF-2: Appendix V.
 *
 * Faults that its octets show come before that, on the connection: a fault at a callback reaches nobody where the partner's
 * receiver takes answers alone. A refusal in the transaction's own form is the answer, and goes where answers go.
 */
export async function acceptElsewhere(
  { actor, endpoint, peer }: Incoming,
  { root, opened, transaction, parts, requireFaultless }: ReadRequest,
  house: AcceptingHouse,
): Promise<Reply | undefined> {
  const { id, wire } = transaction;
  const { messageId } = opened;
  const callback = callbackOf(peer.entries, { actor, transaction: id }, opened);
  if (!callback || messageId === undefined) return undefined;
  // It brings no documents: this only makes sure that the message is whole.
  await parts.receive();
  requireFaultless();
  const { name, address, identity } = peer;
  const { entry, replyTo, faultTo } = callback;
  const begin = await house.accept({
    actor,
    endpoint,
    transaction: id,
    messageId,
    caller: { name, address, identity },
    callback: { entry, replyTo: replyTo.address, faultTo: faultTo.address },
    envelope: root,
    isMtom: wire.mtom === 'both',
  });
  house.metrics.exchange({ transaction: id, side: 'answerer', outcome: 'accepted' });
  house.log.info({ transaction: id, outcome: 'accepted', peer: name, message: messageId });
  return acceptedReply(begin);
}
