import { join } from 'node:path';
import type { Ask } from '../actors/actor.ts';
import type { RetrievalQueue } from '../actors/initiating-gateway/retrieval.ts';
import type { Config } from './config.ts';
import type { Log } from './log.ts';
import { EmbeddedRetrievalQueue } from './queue/embedded-retrieval-queue.ts';
import type { RetrievalQueueSettings } from './queue/outcomes.ts';
import { RetrievalWorker } from './queue/retrieval-worker.ts';
import { Spool } from './queue/spool.ts';
import type { Database } from './stores/database.ts';

/** The retrieval queue of this process in the form that the config chose, with its worker and its spool. */
export interface Retrievals {
  readonly queue: RetrievalQueue;
  readonly spool: Spool;
  stop(graceMs: number): Promise<void>;
}

export interface RetrievalsOptions {
  readonly config: Config;
  /** Only the embedded form keeps its jobs there. */
  readonly database: Database;
  /** The ask that speaks for an organisation of our community. */
  readonly askFor: (organization: string, releases: (() => Promise<void>)[]) => Ask;
  readonly now: () => Date;
  readonly log: Log;
}

const MINUTE_MS = 60_000;
const BACKOFF_MS = 1_000;
const MOST_WAITING = 10_000;
const LEAST_FREE_BYTES = 256 * 1_048_576;
const SWEEP_EVERY_MS = 5 * MINUTE_MS;

/** Opens the spool and starts the queue and, where this process works on it, the worker. */
export async function startRetrievals(options: RetrievalsOptions): Promise<Retrievals> {
  const { config, askFor, now, log } = options;
  const spool = await Spool.open({
    directory: join(config.spool.directory, 'retrieved'),
    keepMs: config.retrieval.keepMinutes * MINUTE_MS,
    documentBytes: config.limits.documentBytes,
    leastFreeBytes: LEAST_FREE_BYTES,
    now,
  });
  const worker = new RetrievalWorker({ askFor, spool, attemptMs: config.retrieval.longestMs });
  const settings: RetrievalQueueSettings = {
    concurrency: config.retrieval.concurrency,
    attempts: config.retrieval.attempts,
    backoffMs: BACKOFF_MS,
    mostWaiting: MOST_WAITING,
  };
  const started =
    config.queue.kind === 'redis'
      ? await startRedis(config.queue, { ...options, spool, worker, settings })
      : await startEmbedded({ ...options, spool, worker, settings });
  const sweeper = setInterval(() => {
    spool.sweep().catch((error: unknown) => log.error({ event: 'sweep-failed' }, error));
  }, SWEEP_EVERY_MS);
  sweeper.unref();
  return {
    queue: started.queue,
    spool,
    async stop(graceMs) {
      clearInterval(sweeper);
      await started.stop(graceMs);
    },
  };
}

type Parts = RetrievalsOptions & {
  readonly spool: Spool;
  readonly worker: RetrievalWorker;
  readonly settings: RetrievalQueueSettings;
};

async function startEmbedded(parts: Parts): Promise<Omit<Retrievals, 'spool'>> {
  const { config, database, spool, worker, settings, now, log } = parts;
  const queue = new EmbeddedRetrievalQueue({
    database,
    // One process alone has an SQLite file: its jobs are its own, whatever it is called.
    node: config.database.kind === 'postgres' ? config.audit.node : undefined,
    spool,
    worker,
    settings,
    now,
    failed: failureLine(log),
  });
  await queue.start();
  return { queue, stop: (graceMs) => queue.stop(graceMs) };
}

async function startRedis(
  { url, prefix }: { readonly url: string; readonly prefix: string },
  parts: Parts,
): Promise<Omit<Retrievals, 'spool'>> {
  const { config, spool, worker, settings, log } = parts;
  // Only now: what it brings with it takes a sixth of the time of a start, and most processes have no Redis.
  const { RedisRetrievalQueue, RedisRetrievalWorker } = await import(
    './queue/redis-retrieval-queue.ts'
  );
  const { redisPrefixOf } = await import('./stores/redis.ts');
  const shared = {
    url,
    prefix: redisPrefixOf(config.homeCommunityId, prefix),
    spool,
    settings,
    redisFailed: (error: unknown) => log.warn({ event: 'redis-away' }, error),
  };
  const queue = await RedisRetrievalQueue.start(shared);
  const working = config.retrieval.work
    ? await RedisRetrievalWorker.start({ ...shared, worker, failed: failureLine(log) })
    : undefined;
  return {
    queue,
    async stop(graceMs) {
      await working?.stop(graceMs);
      await queue.stop();
    },
  };
}

function failureLine(log: Log): (community: string, failureClass: string, error: unknown) => void {
  return (community, failureClass, error) =>
    log.warn(
      { event: 'retrieval-attempt-failed', community, failureClass },
      failureClass === 'permanent' ? error : undefined,
    );
}
