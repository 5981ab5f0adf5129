import { DelayedError, type Job, Queue, QueueEvents, UnrecoverableError, Worker } from 'bullmq';
import type { Caller, FailureClass } from '../../actors/actor.ts';
import type {
  QueuedRetrieval,
  Retrieval,
  RetrievalDeadline,
  RetrievalIdentity,
  RetrievalOutcome,
  RetrievalQueue,
  RetrievalResult,
} from '../../actors/initiating-gateway/retrieval.ts';
import {
  connectConsumer,
  connectProducer,
  type RedisClient,
  requireKeepingRedis,
} from '../stores/redis.ts';
import { mostOfOne, outcomeOfEnding, type RetrievalQueueSettings, resultsOf } from './outcomes.ts';
import {
  failureClassOf,
  type RetrievalEnding,
  type RetrievalWorker,
  retryAfterMs,
} from './retrieval-worker.ts';
import { identityHash, type Spool } from './spool.ts';
import { SpoolAgreement } from './spool-agreement.ts';
import { LastProgress, waitFor } from './waiting.ts';

export interface RedisRetrievalOptions {
  readonly url: string;
  /** Of all keys; see `redisPrefixOf`. */
  readonly prefix: string;
  readonly spool: Spool;
  readonly settings: RetrievalQueueSettings;
  /** Hears of a lost connection to Redis, for the log. */
  readonly redisFailed: (error: unknown) => void;
}

export interface RedisRetrievalWorkerOptions extends RedisRetrievalOptions {
  readonly worker: RetrievalWorker;
  /** Hears every attempt that failed, for the log. */
  readonly failed: (community: string, failureClass: FailureClass, error: unknown) => void;
  /** After this long without a sign a worker counts as dead, and another takes its retrieval up. */
  readonly lockMs?: number;
}

const NAME = 'retrieval';
const LOCK_MS = 30_000;
/** When a retrieval is looked at again that had to leave its place to other communities. */
const MAKE_ROOM_MS = 250;
const CLOSE_MS = 3_000;
const PROGRESS_EVERY_MS = 1_000;
/** Events can be missed while the connection is rebuilt, so those who wait look for themselves now and then. */
const LOOK_EVERY_MS = 2_000;
const MOST_LISTED = 1_000;
/** A job may end and be removed between its adding and our look at it; then it is added once more. */
const MOST_ADDINGS = 3;

type RetrievalJob = Job<RetrievalIdentity, RetrievalEnding>;

/** Someone of this process waits for a job. */
interface Waiter {
  readonly progress: LastProgress;
  readonly ended: Promise<RetrievalOutcome | undefined>;
  end(outcome: RetrievalOutcome | undefined): void;
  waiting: number;
}

/**
 * The retrieval queue of many processes: jobs lie in Redis, and hold identifiers only. The bytes, and what a community
 * said, lie in the spool that all of them share.
 */
export class RedisRetrievalQueue implements RetrievalQueue {
  readonly #options: RedisRetrievalOptions;
  readonly #connections: readonly RedisClient[];
  readonly #agreement: SpoolAgreement;
  readonly #queue: Queue<RetrievalIdentity, RetrievalEnding>;
  readonly #events: QueueEvents;
  readonly #waiters = new Map<string, Waiter>();

  private constructor(
    options: RedisRetrievalOptions,
    { producer, consumer, agreement }: Connected,
  ) {
    const { prefix, redisFailed } = options;
    this.#options = options;
    this.#connections = [producer, consumer];
    this.#agreement = agreement;
    this.#queue = new Queue(NAME, { connection: producer, prefix, skipWaitingForReady: true });
    this.#events = new QueueEvents(NAME, { connection: consumer, prefix });
    this.#queue.on('error', redisFailed);
    this.#events.on('error', redisFailed);
    this.#events.on('progress', ({ jobId }) => this.#waiters.get(jobId)?.progress.moved());
    for (const event of ['completed', 'failed'] as const) {
      this.#events.on(event, ({ jobId }: { jobId: string }) => {
        void this.#look(jobId);
      });
    }
  }

  /** @throws RedisUnfit, SpoolNotShared: then the process does not start */
  static async start(options: RedisRetrievalOptions): Promise<RedisRetrievalQueue> {
    const queue = new RedisRetrievalQueue(options, await connectAll(options));
    await queue.#events.waitUntilReady();
    return queue;
  }

  async stop(): Promise<void> {
    for (const waiter of this.#waiters.values()) waiter.end({ kind: 'pending' });
    await inReasonableTime(this.#events.close());
    await inReasonableTime(this.#queue.close());
    await this.#agreement.end();
    for (const connection of this.#connections) connection.disconnect();
  }

  async submit(
    retrievals: readonly Retrieval[],
    caller: Caller,
    deadline: RetrievalDeadline,
  ): Promise<readonly RetrievalResult[]> {
    return await resultsOf(retrievals, caller, (identity) => this.#outcomeOf(identity, deadline));
  }

  async list(): Promise<readonly QueuedRetrieval[]> {
    const jobs: RetrievalJob[] = await this.#queue.getJobs(
      ['active', 'waiting', 'prioritized', 'delayed', 'failed'],
      0,
      MOST_LISTED - 1,
      true,
    );
    const listed = await Promise.all(
      jobs.filter((job) => job !== undefined).map(async (job) => queued(job, await job.getState())),
    );
    return listed
      .sort((one, other) => one.since.getTime() - other.since.getTime())
      .slice(0, MOST_LISTED);
  }

  async #outcomeOf(
    identity: RetrievalIdentity,
    deadline: RetrievalDeadline,
  ): Promise<RetrievalOutcome> {
    for (let addings = 0; addings < MOST_ADDINGS; addings += 1) {
      const spooled = await this.#options.spool.find(identity);
      if (spooled) return { kind: 'retrieved', ...spooled };
      const jobId = await this.#add(identity);
      if (jobId === undefined) return { kind: 'busy' };
      const outcome = await this.#wait(jobId, deadline);
      if (outcome) return outcome;
    }
    return { kind: 'busy' };
  }

  /** The job that fetches the document: a new one, or the one that waits or runs. Undefined: none can be had. */
  async #add(identity: RetrievalIdentity): Promise<string | undefined> {
    const { settings } = this.#options;
    try {
      const waiting = await this.#queue.getJobCountByTypes('waiting', 'delayed', 'prioritized');
      if (waiting >= settings.mostWaiting) return undefined;
      const job = await this.#queue.add(NAME, identity, {
        // It binds while the job waits or runs and no longer: after a failure the next request is a new job.
        deduplication: { id: identityHash(identity) },
        attempts: settings.attempts,
        backoff: { type: 'custom' },
        stackTraceLimit: 0,
        removeOnComplete: { age: 3_600, count: MOST_LISTED },
        removeOnFail: { age: 7 * 86_400, count: MOST_LISTED },
      });
      return job.id;
    } catch (error) {
      this.#options.redisFailed(error);
      return undefined;
    }
  }

  /** Undefined: there is no such job any more. */
  async #wait(jobId: string, deadline: RetrievalDeadline): Promise<RetrievalOutcome | undefined> {
    const waiter = this.#waiters.get(jobId) ?? newWaiter();
    this.#waiters.set(jobId, waiter);
    waiter.waiting += 1;
    // The job may have ended before anybody listened.
    void this.#look(jobId);
    const looking = setInterval(() => void this.#look(jobId), LOOK_EVERY_MS);
    try {
      const ended = waiter.ended.then((outcome) => ({ outcome }));
      const ending = await waitFor(ended, waiter.progress, deadline);
      return ending ? ending.outcome : { kind: 'pending' };
    } finally {
      clearInterval(looking);
      waiter.waiting -= 1;
      if (waiter.waiting === 0) this.#waiters.delete(jobId);
    }
  }

  /** Tells those who wait for a job how it ended, if it has. */
  async #look(jobId: string): Promise<void> {
    const waiter = this.#waiters.get(jobId);
    if (!waiter) return;
    try {
      // The state first: what a job says of its ending is whole only once it has ended.
      const state = await this.#queue.getJobState(jobId);
      const job: RetrievalJob | undefined = await this.#queue.getJob(jobId);
      if (!job) return waiter.end(undefined);
      if (state === 'completed') {
        waiter.end(await outcomeOfEnding(job.returnvalue, job.data, this.#options.spool));
      } else if (state === 'failed') {
        waiter.end({ kind: 'failed', failureClass: failureClassNamed(job.failedReason) });
      }
    } catch (error) {
      this.#options.redisFailed(error);
    }
  }
}

/** Takes retrievals from Redis and fetches them. It may be a process of its own, and there may be many. */
export class RedisRetrievalWorker {
  readonly #connections: readonly RedisClient[];
  readonly #agreement: SpoolAgreement;
  readonly #worker: Worker<RetrievalIdentity, RetrievalEnding>;
  readonly #running = new Set<Promise<RetrievalEnding>>();
  readonly #runningAt = new Map<string, number>();

  private constructor(
    options: RedisRetrievalWorkerOptions,
    { producer, consumer, agreement }: Connected,
  ) {
    const { prefix, settings, lockMs = LOCK_MS, redisFailed } = options;
    this.#connections = [producer, consumer];
    this.#agreement = agreement;
    const attempted = async (job: Job<RetrievalIdentity>, token?: string) => {
      const { homeCommunityId } = job.data;
      const there = this.#runningAt.get(homeCommunityId) ?? 0;
      if (there >= mostOfOne(settings.concurrency)) {
        // A community that does not answer leaves room for the others; this is no attempt.
        await job.moveToDelayed(Date.now() + MAKE_ROOM_MS, token);
        throw new DelayedError();
      }
      this.#runningAt.set(homeCommunityId, there + 1);
      const running = attempt(job, options).finally(() => {
        this.#running.delete(running);
        this.#runningAt.set(homeCommunityId, (this.#runningAt.get(homeCommunityId) ?? 1) - 1);
      });
      this.#running.add(running);
      return await running;
    };
    this.#worker = new Worker(NAME, attempted, {
      connection: consumer,
      prefix,
      concurrency: settings.concurrency,
      lockDuration: lockMs,
      stalledInterval: lockMs,
      maxStalledCount: settings.attempts,
      settings: {
        // -1 says that there is no further attempt.
        backoffStrategy: (attempts) => retryAfterMs('transient', attempts, settings) ?? -1,
      },
    });
    this.#worker.on('error', redisFailed);
  }

  /** @throws RedisUnfit, SpoolNotShared: then the process does not start */
  static async start(options: RedisRetrievalWorkerOptions): Promise<RedisRetrievalWorker> {
    const worker = new RedisRetrievalWorker(options, await connectAll(options));
    await worker.#worker.waitUntilReady();
    return worker;
  }

  /** Takes nothing more, and waits at most so long for what runs; another worker then takes that up. */
  async stop(graceMs: number): Promise<void> {
    await inReasonableTime(this.#worker.pause(true));
    const grace = { deadlineMs: graceMs, longestMs: graceMs };
    const ended = Promise.allSettled(this.#running);
    const inTime = await waitFor(ended, new LastProgress(), grace);
    // Without Redis there is nobody to take leave of; what ran is taken up as if we had been killed.
    const isAway = this.#connections.some(({ status }) => status !== 'ready');
    await inReasonableTime(this.#worker.close(inTime === undefined || isAway));
    await this.#agreement.end();
    for (const connection of this.#connections) connection.disconnect();
  }
}

/** While Redis is away some closings never end; the connections are cut after this anyway. */
async function inReasonableTime(closing: Promise<unknown>): Promise<void> {
  await waitFor(closing, new LastProgress(), { deadlineMs: CLOSE_MS, longestMs: CLOSE_MS });
}

interface Connected {
  readonly producer: RedisClient;
  readonly consumer: RedisClient;
  readonly agreement: SpoolAgreement;
}

/** The connections of one process, once Redis and the spool are what they have to be. */
async function connectAll({
  url,
  prefix,
  spool,
  redisFailed,
}: RedisRetrievalOptions): Promise<Connected> {
  const producer = await connectProducer({ url, failed: redisFailed });
  let consumer: RedisClient | undefined;
  try {
    await requireKeepingRedis(producer);
    consumer = await connectConsumer({ url, failed: redisFailed });
    const agreement = await SpoolAgreement.reach(producer, prefix, spool);
    return { producer, consumer, agreement };
  } catch (error) {
    producer.disconnect();
    consumer?.disconnect();
    throw error;
  }
}

/** One attempt. Only the failure's class goes into Redis: a text could hold more than identifiers. */
async function attempt(
  job: Job<RetrievalIdentity>,
  { worker, failed, redisFailed }: RedisRetrievalWorkerOptions,
): Promise<RetrievalEnding> {
  let toldAt = Number.NEGATIVE_INFINITY;
  const progressed = () => {
    if (performance.now() - toldAt < PROGRESS_EVERY_MS) return;
    toldAt = performance.now();
    job.updateProgress(job.attemptsMade).catch(redisFailed);
  };
  try {
    return await worker.attempt(job.data, progressed);
  } catch (error) {
    const failureClass = failureClassOf(error);
    failed(job.data.homeCommunityId, failureClass, error);
    throw failureClass === 'permanent'
      ? new UnrecoverableError(failureClass)
      : new Error(failureClass);
  }
}

function newWaiter(): Waiter {
  let end: Waiter['end'] = () => {};
  const ended = new Promise<RetrievalOutcome | undefined>((resolve) => {
    end = resolve;
  });
  return { progress: new LastProgress(), ended, end: (outcome) => end(outcome), waiting: 0 };
}

/** A job whose worker died again and again says no class of ours: the community may well be there. */
function failureClassNamed(reason: string | undefined): FailureClass {
  return reason === 'permanent' || reason === 'ambiguous' ? reason : 'transient';
}

function queued(job: RetrievalJob, state: string): QueuedRetrieval {
  const isRunning = state === 'active';
  return {
    community: job.data.homeCommunityId,
    state: isRunning ? 'running' : state === 'failed' ? 'failed' : 'waiting',
    attempts: job.attemptsMade + (isRunning ? 1 : 0),
    since: new Date(job.timestamp),
    ...(job.failedReason ? { failureClass: failureClassNamed(job.failedReason) } : {}),
  };
}
