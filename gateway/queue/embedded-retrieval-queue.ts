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
import type { Database } from '../stores/database.ts';
import { type Attempted, Attempts } from './attempts.ts';
import { outcomeOfEnding, type RetrievalQueueSettings, resultsOf } from './outcomes.ts';
import { RetrievalJobs } from './retrieval-jobs.ts';
import { failureClassOf, type RetrievalWorker, retryAfterMs } from './retrieval-worker.ts';
import { identityHash, type Spool } from './spool.ts';
import { LastProgress, waitFor } from './waiting.ts';

export interface EmbeddedRetrievalQueueOptions {
  readonly database: Database;
  /** Names this process among those that share the database. */
  readonly node?: string;
  readonly spool: Spool;
  readonly worker: RetrievalWorker;
  readonly settings: RetrievalQueueSettings;
  readonly now: () => Date;
  /** Hears every attempt that failed, for the log. */
  readonly failed: (community: string, failureClass: FailureClass, error: unknown) => void;
}

/** A retrieval that waits or runs. */
interface Job extends Attempted {
  readonly identity: RetrievalIdentity;
  readonly key: string;
  readonly progress: LastProgress;
  readonly ended: Promise<RetrievalOutcome>;
  readonly end: (outcome: RetrievalOutcome) => void;
  /** Settled once the job is at rest in the database: before that nobody is asked. */
  readonly kept: Promise<void>;
  attempts: number;
}

/** The retrieval queue of one process: its jobs lie in the process's own database and go on after a restart. */
export class EmbeddedRetrievalQueue implements RetrievalQueue {
  readonly #options: EmbeddedRetrievalQueueOptions;
  readonly #rows: RetrievalJobs;
  readonly #jobs = new Map<string, Job>();
  readonly #attempts: Attempts<Job>;

  constructor(options: EmbeddedRetrievalQueueOptions) {
    this.#options = options;
    this.#rows = new RetrievalJobs(options.database, options.node);
    this.#attempts = new Attempts({
      jobs: () => this.#jobs.values(),
      askedBy: ({ identity }) => identity.homeCommunityId,
      attempt: (job) => this.#run(job),
      concurrency: options.settings.concurrency,
      now: options.now,
    });
  }

  /** Takes up what a former run left, whether it waited or ran. */
  async start(): Promise<void> {
    this.#attempts.start();
    for (const { identity, attempts, notBefore } of await this.#rows.resume()) {
      const job = this.#jobOf(identity, identityHash(identity), Promise.resolve());
      job.attempts = attempts;
      job.notBefore = notBefore;
    }
    this.#attempts.look();
  }

  /** Begins nothing more, and waits at most so long for what runs; that is resumed at the next start. */
  async stop(graceMs: number): Promise<void> {
    await this.#attempts.stop(graceMs);
  }

  async submit(
    retrievals: readonly Retrieval[],
    caller: Caller,
    deadline: RetrievalDeadline,
  ): Promise<readonly RetrievalResult[]> {
    return await resultsOf(retrievals, caller, (identity) => this.#outcomeOf(identity, deadline));
  }

  async list(): Promise<readonly QueuedRetrieval[]> {
    return await this.#rows.list();
  }

  async #outcomeOf(
    identity: RetrievalIdentity,
    deadline: RetrievalDeadline,
  ): Promise<RetrievalOutcome> {
    const spooled = await this.#options.spool.find(identity);
    if (spooled) return { kind: 'retrieved', ...spooled };
    const job = this.#jobs.get(identityHash(identity)) ?? (await this.#add(identity));
    if (!job) return { kind: 'busy' };
    return (await waitFor(job.ended, job.progress, deadline)) ?? { kind: 'pending' };
  }

  async #add(identity: RetrievalIdentity): Promise<Job | undefined> {
    if (this.#attempts.isStopped || this.#jobs.size >= this.#options.settings.mostWaiting)
      return undefined;
    const key = identityHash(identity);
    const kept = this.#rows.add(key, identity, this.#options.now());
    const job = this.#jobOf(identity, key, kept);
    this.#attempts.look();
    return job;
  }

  #jobOf(identity: RetrievalIdentity, key: string, kept: Promise<void>): Job {
    let end: (outcome: RetrievalOutcome) => void = () => {};
    const ended = new Promise<RetrievalOutcome>((resolve) => {
      end = (outcome) => {
        this.#jobs.delete(key);
        resolve(outcome);
      };
    });
    const progress = new LastProgress();
    // It is awaited when the job runs, which may be later than it fails.
    kept.catch(() => {});
    const job = {
      identity,
      key,
      progress,
      ended,
      end,
      kept,
      attempts: 0,
      notBefore: 0,
      running: false,
    };
    this.#jobs.set(key, job);
    return job;
  }

  /** One attempt. It never rejects: whatever happens, those who wait are told. */
  async #run(job: Job): Promise<void> {
    const { spool, worker, failed } = this.#options;
    job.attempts += 1;
    try {
      await job.kept;
      await this.#rows.begin(job.key, job.attempts);
      const ending = await worker.attempt(job.identity, () => job.progress.moved());
      const outcome = await outcomeOfEnding(ending, job.identity, spool);
      await this.#rows.remove(job.key);
      job.end(outcome);
    } catch (error) {
      const failureClass = failureClassOf(error);
      failed(job.identity.homeCommunityId, failureClass, error);
      await this.#fail(job, failureClass).catch((cause: unknown) => {
        failed(job.identity.homeCommunityId, 'permanent', cause);
        job.end({ kind: 'failed', failureClass: 'permanent' });
      });
    }
  }

  async #fail(job: Job, failureClass: FailureClass): Promise<void> {
    const { settings, now } = this.#options;
    const pauseMs = retryAfterMs(failureClass, job.attempts, settings);
    if (pauseMs === undefined) {
      await this.#rows.fail(job.key, failureClass);
      job.end({ kind: 'failed', failureClass });
      return;
    }
    job.notBefore = now().getTime() + pauseMs;
    await this.#rows.postpone(job.key, failureClass, job.notBefore);
  }
}
