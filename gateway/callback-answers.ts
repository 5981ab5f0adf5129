import { join } from 'node:path';
import { PeerFailure } from '../actors/actor.ts';
import type { Config } from './config.ts';
import type { ControlCommands } from './control.ts';
import type { Reply } from './inbound/frame.ts';
import type { Incoming } from './inbound/incoming.ts';
import type { Log } from './log.ts';
import { depthsOf, type Metrics } from './metrics.ts';
import { AnswerSender } from './outbound/answer-sender.ts';
import { serverTurnedAway } from './outbound/failure.ts';
import type { Partners } from './partners.ts';
import {
  AsynchronousAnswers,
  type MadeAnswer,
  type WaitingEvent,
} from './queue/asynchronous-answers.ts';
import type { WaitingRequest } from './queue/waiting-request.ts';
import { WaitingRequests } from './queue/waiting-requests.ts';
import { alertOf, type Recorder } from './safeguards/audit.ts';
import type { AuditTrail } from './safeguards/audit-trail.ts';
import type { Database } from './stores/database.ts';

/** What a process is built on. */
export interface Grounds {
  readonly partners: Partners;
  readonly trail: AuditTrail;
  readonly recorder: Recorder;
  readonly spoolDirectory: string;
  readonly database: Database;
}

export interface CallbackAnswersOptions extends Grounds {
  readonly config: Config;
  readonly now: () => Date;
  readonly log: Log;
  readonly metrics: Metrics;
}

const CONCURRENCY = 16;
const BACKOFF_MS = 1_000;
const MINUTE_MS = 60_000;

/** Requests whose answers go to callbacks: the queue of this process, the path of requests, and the sender. */
export class CallbackAnswers {
  readonly #options: CallbackAnswersOptions;
  readonly #sender: AnswerSender;
  readonly #rows: WaitingRequests;
  #answers: AsynchronousAnswers | undefined;

  constructor(options: CallbackAnswersOptions) {
    const { config, database, metrics, partners } = options;
    this.#options = options;
    this.#sender = new AnswerSender({ deadlineMs: config.retrieval.longestMs });
    // One process alone has an SQLite file: what waits there is its own, whatever it is called.
    const node = config.database.kind === 'postgres' ? config.audit.node : undefined;
    this.#rows = new WaitingRequests(database, node);
    partners.onChange(() => this.#sender.reload());
    metrics.watchWaiting(async () => depthsOf(await this.#rows.list()));
  }

  /** As control commands. */
  get commands(): ControlCommands {
    return { 'queue.callbacks': async () => await this.#rows.list() };
  }

  /** Takes up what a former run left. `path` is the path of all requests. */
  async start(path: (incoming: Incoming) => Promise<Reply>): Promise<void> {
    const { config, now } = this.#options;
    const { mostWaiting, attempts, longestMinutes } = config.asynchronous;
    this.#answers = new AsynchronousAnswers({
      rows: this.#rows,
      directory: join(config.spool.directory, 'answers', config.audit.node),
      answer: async (request) => answerOf(await path(this.#incomingOf(request))),
      deliver: (request, answer) => this.#deliver(request, answer),
      settings: {
        concurrency: CONCURRENCY,
        mostWaiting,
        attempts,
        backoffMs: BACKOFF_MS,
        longestMs: longestMinutes * MINUTE_MS,
      },
      now,
      happened: (event) => this.#happened(event),
    });
    await this.#answers.start();
  }

  async stop(graceMs: number): Promise<void> {
    await this.#answers?.stop(graceMs);
    this.#sender.close();
  }

  /** @see AsynchronousAnswers.accept */
  async accept(request: WaitingRequest): Promise<() => void> {
    if (!this.#answers) throw new Error('not started');
    return await this.#answers.accept(request);
  }

  #incomingOf({ actor, endpoint, caller, envelope, isMtom }: WaitingRequest): Incoming {
    const peer = this.#options.partners.keptPeer(caller);
    return {
      actor,
      endpoint,
      contentType: '',
      source: nothing(),
      peer,
      kept: { envelope, isMtom },
    };
  }

  /** The directory of now decides: an address that has left the partner's row gets nothing. */
  async #deliver(
    { callback }: WaitingRequest,
    answer: Parameters<AnswerSender['send']>[0] & { readonly isFault: boolean },
  ): Promise<void> {
    const { entry, replyTo, faultTo } = callback;
    const address = answer.isFault ? faultTo : replyTo;
    const endpoint = this.#options.partners.callbackOf(entry, address);
    if (!endpoint) {
      const reason = 'the address is no callback of the partner any more';
      throw new PeerFailure('permanent', reason, { peer: entry });
    }
    try {
      await this.#sender.send(answer, endpoint);
    } catch (error) {
      await this.#alert(error, address);
      throw error;
    }
  }

  async #alert(error: unknown, address: string): Promise<void> {
    const { now, trail, recorder } = this.#options;
    const turnedAway = error instanceof PeerFailure ? serverTurnedAway(error.cause) : undefined;
    if (!turnedAway) return;
    const peer = { ...turnedAway.peer, address: new URL(address).hostname };
    const alert = { at: now(), reason: turnedAway.reason, peer, endpoint: address };
    await trail.append([alertOf(alert, recorder)]);
  }

  #happened({
    kind,
    partner,
    transaction,
    messageId,
    attempts,
    reason,
    cause,
  }: WaitingEvent): void {
    const { log, metrics } = this.#options;
    metrics.answerSent(kind);
    const line = { event: `answer-${kind}`, peer: partner, transaction, message: messageId };
    if (kind === 'delivered') log.info(line);
    else log.warn({ ...line, attempts, reason }, cause instanceof PeerFailure ? undefined : cause);
  }
}

function answerOf({ status, ...reply }: Reply): MadeAnswer {
  return { isFault: status !== 200, ...reply };
}

/** Its connection is gone. */
async function* nothing(): AsyncGenerator<Uint8Array> {}
