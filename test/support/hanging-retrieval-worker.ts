import type { Ask } from '../../actors/actor.ts';
import { RedisRetrievalWorker } from '../../gateway/queue/redis-retrieval-queue.ts';
import { RetrievalWorker } from '../../gateway/queue/retrieval-worker.ts';
import { Spool } from '../../gateway/queue/spool.ts';

// A process of its own that takes a retrieval, says so, and never ends it: made to be killed.
const [url = '', prefix = '', directory = ''] = process.argv.slice(2);
const spool = await Spool.open({
  directory,
  keepMs: 60_000,
  documentBytes: 1_000,
  leastFreeBytes: 0,
  now: () => new Date(),
});
const ask = async () => {
  process.stdout.write('asked\n');
  await new Promise(() => {});
};
await RedisRetrievalWorker.start({
  url,
  prefix,
  spool,
  worker: new RetrievalWorker({ askFor: () => ask as unknown as Ask, spool, attemptMs: 60_000 }),
  settings: { concurrency: 1, attempts: 3, backoffMs: 1, mostWaiting: 10 },
  redisFailed: () => {},
  failed: () => {},
  lockMs: 1_000,
});
