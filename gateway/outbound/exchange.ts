import { createHash } from 'node:crypto';
import type {
  ActorName,
  Ask,
  AskOptions,
  Caller,
  Destination,
  Message,
  World,
} from '../../actors/actor.ts';
import { PeerFailure } from '../../actors/actor.ts';
import type { Answer } from '../../actors/actor.ts';
import { type Issue, type Spoken, speaksMllp, speaksSoap } from '../../profiles/transaction.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { attendInside } from '../safeguards/attend.ts';
import { Fault } from '../../profiles/refusal.ts';
import { type ExchangeRecord, outcomeOf } from '../safeguards/audit.ts';
import { type ServerTurnedAway, serverTurnedAway } from './failure.ts';
import type { MllpSender } from './mllp-sender.ts';
import type { Endpoint, Sent, SoapSender, Unanswered } from './soap-sender.ts';

/** What asking needs of the house. */
export interface ExchangeHouse extends Issue {
  /** An answer of an actor in this process. */
  inside(
    actor: ActorName,
    transaction: string,
  ): { answer: Answer<unknown>; stores: unknown } | undefined;
  /** Where an actor or a community is reached over the wire. */
  endpointOf(destination: Destination, transaction: string): Endpoint | undefined;
  readonly sender: SoapSender;
  readonly mllpSender: MllpSender;
  readonly record: (exchange: ExchangeRecord) => Promise<void>;
  /** Writes a security alert: the peer that we called is not who it should be. */
  readonly alert: (server: ServerTurnedAway, endpoint: string) => Promise<void>;
  /** Our own address, as the audit names it. */
  readonly host: string;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Documents of an answer that were spooled while a caller's request is served. */
export type Releases = (() => Promise<void>)[];

/**
 * `ask()`: an actor in this process, by a typed call, or a peer over the wire. The asker cannot tell which. Audit is
 * written where a message crosses the process's wall, so that grouped actors do not audit each other.
 */
export class Exchange {
  readonly #house: ExchangeHouse;

  constructor(house: ExchangeHouse) {
    this.#house = house;
  }

  /** The ask of answers that serve this caller. Spooled documents of answers are released through `releases`. */
  askFor(caller: Caller, releases?: Releases): Ask {
    const ask: Ask = async (transaction, destination, request, options) => {
      const inside =
        typeof destination === 'string'
          ? this.#house.inside(destination, transaction.id)
          : undefined;
      if (inside) {
        // An inner ask comes from an actor of our own, whomever it serves.
        const inner: Caller = caller.kinds.includes('own')
          ? caller
          : { ...caller, kinds: [...caller.kinds, 'own'] };
        const world: World = {
          ask,
          caller: inner,
          message: options?.message,
          now: this.#house.now,
          uuid: this.#house.uuid,
        };
        return (await attendInside({ ...inside, request, world })) as never;
      }
      const messageId =
        options?.messageId ?? messageIdOfWork(transaction, caller, options?.message);
      const asked = { request, options: { ...options, messageId }, releases };
      return this.#overTheWire(transaction, destination, asked);
    };
    return ask;
  }

  async #overTheWire<Request, Response>(
    transaction: Spoken<Request, Response>,
    destination: Destination,
    { request, options, releases }: { request: Request; options?: AskOptions; releases?: Releases },
  ): Promise<Response> {
    const peer = peerOf(destination);
    const endpoint = this.#house.endpointOf(destination, transaction.id);
    if (!endpoint)
      throw new PeerFailure('permanent', `no endpoint is known for ${transaction.id}`, { peer });
    const at = this.#house.now();
    let unanswered: Unanswered | undefined;
    const recordAs = (outcome: ExchangeRecord['outcome'], response?: Response) =>
      this.#house.record({
        transaction: transaction as Spoken<unknown, unknown>,
        side: 'asker',
        outcome,
        at,
        request,
        response,
        query: transaction.audit.event.asker === 'Query' ? unanswered?.requestText : undefined,
        messageId: unanswered?.messageId,
        asker: { userId: endpoint.callback?.url, host: this.#house.host },
        answerer: { userId: endpoint.url, host: new URL(endpoint.url).hostname, name: peer },
      });
    try {
      const sent = await this.#send(transaction, request, {
        endpoint,
        deadlineMs: options?.deadlineMs,
        progressed: options?.progressed,
        messageId: options?.messageId,
        onMessage: (message) => {
          unanswered = message;
        },
      });
      if (releases) releases.push(() => sent.release());
      const outcome = outcomeOf(sent.response);
      await recordAs(outcome, sent.response);
      this.#house.metrics.exchange({ transaction: transaction.id, side: 'asker', outcome });
      return sent.response;
    } catch (error) {
      if (!(error instanceof PeerFailure)) throw error;
      const outcome = error.cause instanceof Fault ? 'refused' : 'unanswered';
      const turnedAway = serverTurnedAway(error.cause);
      if (turnedAway) await this.#house.alert(turnedAway, endpoint.url);
      await recordAs(outcome);
      this.#house.metrics.exchange({ transaction: transaction.id, side: 'asker', outcome });
      this.#house.log.warn({
        transaction: transaction.id,
        outcome: 'peer-failure',
        failureClass: error.failureClass,
        peer,
        reason: error.message,
        message: unanswered?.messageId,
        tookMs: this.#house.now().getTime() - at.getTime(),
      });
      throw error;
    }
  }

  #send<Request, Response>(
    transaction: Spoken<Request, Response>,
    request: Request,
    to: Parameters<SoapSender['send']>[2],
  ): Promise<Sent<Response>> {
    if (speaksMllp(transaction)) return this.#house.mllpSender.send(transaction, request, to);
    if (speaksSoap(transaction)) return this.#house.sender.send(transaction, request, to);
    throw new Error(`${transaction.id} has no wire`);
  }
}

/**
 * The same UUID for the same work: a message that comes again has the peer asked by the MessageID of the first time, so that
 * it, too, does once what comes once. Version 8 of RFC 9562: of a hash.
 */
function messageIdOfWork(
  { id: transaction }: { readonly id: string },
  { name }: Caller,
  message: Message | undefined,
): string | undefined {
  if (message === undefined) return undefined;
  const work = JSON.stringify([transaction, name, message.id, message.bodyHash]);
  const hex = createHash('sha256').update(work).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function peerOf(destination: Destination): string {
  if (typeof destination === 'string') return destination;
  return 'system' in destination ? destination.system : destination.homeCommunityId;
}
