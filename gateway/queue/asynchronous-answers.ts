import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { PeerFailure } from '../../actors/actor.ts';
import { faultDuplicateMessageId } from '../../profiles/formats/soap-addressing.ts';
import { Fault } from '../../profiles/refusal.ts';
import { FileContent, spoolTo } from '../stores/file-content.ts';
import { requireRoom } from '../stores/incoming-parts.ts';
import { type Attempted, Attempts } from './attempts.ts';
import { type RetryRule, retryAfterMs } from './retrieval-worker.ts';
import type { WaitingRequest } from './waiting-request.ts';
import type {
  KeptAnswer,
  LeftRequest,
  ListedRequest,
  WaitingRequests,
} from './waiting-requests.ts';

/** An answer as the path of a request makes it. */
export interface MadeAnswer {
  readonly isFault: boolean;
  readonly contentType: string;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  /** Octets of it, where that is known beforehand. */
  readonly length?: number | undefined;
  /** Its octets are at rest. */
  readonly sent?: () => Promise<void>;
  /** They could not be written. */
  readonly interrupted?: (bytesSent: number) => Promise<void>;
}

/** What becomes of a waiting request, for log and metrics. */
export interface WaitingEvent {
  readonly kind: 'delivered' | 'postponed' | 'given-up';
  readonly partner: string;
  readonly transaction: string;
  readonly messageId: string;
  readonly attempts: number;
  /** Why, in our own words. */
  readonly reason?: string;
  readonly cause?: unknown;
}

export interface AsynchronousAnswersOptions {
  readonly rows: WaitingRequests;
  /** Where answers lie until they have been taken; of this process alone. */
  readonly directory: string;
  /** The path of a request: authorization, consent and audit included. */
  readonly answer: (request: WaitingRequest) => Promise<MadeAnswer>;
  /** Sends an answer to the callback. @throws PeerFailure */
  readonly deliver: (
    request: WaitingRequest,
    answer: {
      readonly contentType: string;
      readonly content: FileContent;
      readonly isFault: boolean;
    },
  ) => Promise<void>;
  readonly settings: RetryRule & {
    /** Requests under way at once. */
    readonly concurrency: number;
    /** Requests of one partner that may wait. */
    readonly mostWaiting: number;
    /** After this time nobody is answered any more. */
    readonly longestMs: number;
  };
  readonly now: () => Date;
  readonly happened: (event: WaitingEvent) => void;
}

interface Job extends LeftRequest, Attempted {
  attempts: number;
  notBefore: number;
  /** False until its caller was told that it is taken. */
  begun: boolean;
  readonly kept: Promise<void>;
}

/**
 * Requests that are answered by a message of its own (ITI TF-2: Appendix V): each is at rest before it is accepted, is
 * answered once by the path of all requests, and its answer lies in the spool until the callback has taken it. A process
 * that is killed goes on where it was: what was answered is sent, what was not is answered. So a partner hears at least
 * once; an answer that is sent again is the same message.
 */
export class AsynchronousAnswers {
  readonly #options: AsynchronousAnswersOptions;
  readonly #jobs = new Map<string, Job>();
  readonly #attempts: Attempts<Job>;

  constructor(options: AsynchronousAnswersOptions) {
    this.#options = options;
    this.#attempts = new Attempts({
      jobs: () => this.#jobs.values(),
      askedBy: ({ partner }) => partner,
      mayBegin: ({ begun }) => begun,
      attempt: (job) => this.#run(job),
      concurrency: options.settings.concurrency,
      now: options.now,
    });
  }

  /** Takes up what a former run left. */
  async start(): Promise<void> {
    const { rows } = this.#options;
    await rows.adopt();
    await this.#sweep(new Set(await rows.answers()));
    for (const left of await rows.left()) {
      const kept = Promise.resolve();
      this.#jobs.set(left.id, { ...left, running: false, begun: true, kept });
    }
    this.#attempts.start();
  }

  /** Begins nothing more, and waits at most so long for what runs. */
  async stop(graceMs: number): Promise<void> {
    await this.#attempts.stop(graceMs);
  }

  /** What waits, and what was given up, for the operator. */
  async list(): Promise<readonly ListedRequest[]> {
    return await this.#options.rows.list();
  }

  /**
   * Keeps a request; it is at rest when this resolves. A message that is sent again while the first waits is not taken twice.
   *
   * @returns what begins the work
   * @throws Fault Receiver while too many of the partner's wait; Sender for another message under the same MessageID
   */
  async accept(request: WaitingRequest): Promise<() => void> {
    const { rows, now } = this.#options;
    const id = rows.idOf(request);
    const known = this.#jobs.get(id);
    if (known) {
      await known.kept;
      const envelope = (await rows.find(id))?.request.envelope;
      if (envelope && !Buffer.from(envelope).equals(request.envelope))
        throw faultDuplicateMessageId();
      return () => {};
    }
    const { entry } = request.callback;
    this.#requireRoomFor(entry);
    const since = now();
    const kept = rows.add(id, request, since);
    const job: Job = {
      id,
      partner: entry,
      transaction: request.transaction,
      messageId: request.messageId,
      attempts: 0,
      since: since.getTime(),
      notBefore: 0,
      running: false,
      begun: false,
      kept,
    };
    this.#jobs.set(id, job);
    try {
      await kept;
    } catch (error) {
      this.#jobs.delete(id);
      throw error;
    }
    return () => {
      job.begun = true;
      this.#attempts.look();
    };
  }

  #requireRoomFor(partner: string): void {
    let waiting = 0;
    for (const job of this.#jobs.values()) if (job.partner === partner) waiting += 1;
    const { mostWaiting } = this.#options.settings;
    if (this.#attempts.isStopped || waiting >= mostWaiting) {
      throw new Fault('Receiver', `busy: ${waiting} of your requests wait for their answers`);
    }
  }

  /** One attempt. It never rejects. */
  async #run(job: Job): Promise<void> {
    const { settings, now } = this.#options;
    try {
      if (now().getTime() - job.since > settings.longestMs) {
        await this.#giveUp(job, 'waited too long');
        return;
      }
      await this.#answer(job);
      this.#jobs.delete(job.id);
      this.#tell('delivered', job);
    } catch (error) {
      await this.#failed(job, error).catch((cause: unknown) => {
        // Not even that could be written: a later run begins here.
        job.notBefore = now().getTime() + settings.backoffMs;
        this.#tell('postponed', job, { reason: 'not written', cause });
      });
    }
  }

  async #answer({ id }: Job): Promise<void> {
    const { rows, deliver } = this.#options;
    const found = await rows.find(id);
    // Somebody else has settled it.
    if (!found) return;
    const { request } = found;
    const spooled = found.answer && (await this.#spooled(found.answer));
    const { answer, content } = spooled ?? (await this.#make(id, request));
    const { contentType, isFault } = answer;
    await deliver(request, { contentType, content, isFault });
    await rows.remove(id);
    await rm(content.path, { force: true });
  }

  /** The path of a request, then its answer's octets into the spool, synced, before a row says so. */
  async #make(
    id: string,
    request: WaitingRequest,
  ): Promise<{ answer: KeptAnswer; content: FileContent }> {
    const { rows, answer: answerOf, directory } = this.#options;
    const made = await answerOf(request);
    let written = 0;
    const chunks = async function* () {
      if (made.body instanceof Uint8Array) yield made.body;
      else for await (const chunk of made.body) yield chunk;
    };
    const counted = async function* () {
      for await (const chunk of chunks()) {
        yield chunk;
        written += chunk.length;
      }
    };
    let content: FileContent;
    try {
      await requireRoom(directory, made.length);
      content = await spoolTo(directory, counted(), { bytes: Number.MAX_SAFE_INTEGER });
    } catch (error) {
      await made.interrupted?.(written);
      throw error;
    }
    await made.sent?.();
    const { contentType, isFault } = made;
    const answer: KeptAnswer = {
      file: basename(content.path),
      sizeBytes: content.sizeBytes,
      contentType,
      isFault,
    };
    try {
      await rows.answered(id, answer);
    } catch (error) {
      // Nothing names it: it will be made again.
      await rm(content.path, { force: true });
      throw error;
    }
    return { answer, content };
  }

  /** The answer as it was made; undefined where its octets have not survived: then it is made again. */
  async #spooled(
    answer: KeptAnswer,
  ): Promise<{ answer: KeptAnswer; content: FileContent } | undefined> {
    const path = join(this.#options.directory, answer.file);
    const { size } = (await stat(path).catch(() => undefined)) ?? {};
    if (size !== answer.sizeBytes) return undefined;
    return { answer, content: new FileContent({ path, sizeBytes: size, sha1: '' }) };
  }

  async #failed(job: Job, error: unknown): Promise<void> {
    const { rows, settings, now } = this.#options;
    const failureClass = error instanceof PeerFailure ? error.failureClass : 'transient';
    job.attempts += 1;
    const pauseMs = retryAfterMs(failureClass, job.attempts, settings);
    const reason = error instanceof PeerFailure ? error.message : 'not answered';
    const at = now().getTime() + (pauseMs ?? 0);
    if (pauseMs === undefined || at - job.since > settings.longestMs) {
      await this.#giveUp(job, reason, error);
      return;
    }
    job.notBefore = at;
    await rows.postpone(job.id, job.attempts, at);
    this.#tell('postponed', job, { reason, cause: error });
  }

  async #giveUp(job: Job, reason: string, cause?: unknown): Promise<void> {
    const { rows, directory } = this.#options;
    const file = (await rows.find(job.id))?.answer?.file;
    await rows.giveUp(job.id, reason, job.attempts);
    this.#jobs.delete(job.id);
    if (file !== undefined) await rm(join(directory, file), { force: true });
    this.#tell('given-up', job, { reason, cause });
  }

  #tell(
    kind: WaitingEvent['kind'],
    { partner, transaction, messageId, attempts }: Job,
    why: Pick<WaitingEvent, 'reason' | 'cause'> = {},
  ): void {
    this.#options.happened({ kind, partner, transaction, messageId, attempts, ...why });
  }

  /** Octets that no row names were written by a run that ended before it said so. */
  async #sweep(named: ReadonlySet<string>): Promise<void> {
    const { directory } = this.#options;
    for (const name of await readdir(directory).catch(() => [])) {
      if (!named.has(name)) await rm(join(directory, name), { force: true });
    }
  }
}
