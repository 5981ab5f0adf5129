import {
  RedisRetrievalQueue,
  RedisRetrievalWorker,
} from '../../../gateway/queue/redis-retrieval-queue.ts';
import { redisPrefixOf } from '../../../gateway/stores/redis.ts';
import { describeWithRedis, startRedis, type TestRedis } from '../../support/redis.ts';
import { retrievalQueueSuite } from './retrieval-queue-suite.ts';

describeWithRedis('The retrieval queue of many processes, its jobs kept in Redis', () => {
  let redis: TestRedis;
  let regions = 0;
  const prefixes = new Map<string, string>();

  beforeAll(async () => {
    redis = await startRedis();
  });

  afterAll(async () => {
    await redis.stop();
  });

  function prefixOf(directory: string): string {
    const known = prefixes.get(directory) ?? redisPrefixOf(`urn:oid:2.999.392.${++regions}`);
    prefixes.set(directory, known);
    return known;
  }

  retrievalQueueSuite(async ({ directory, spool, worker, settings }) => {
    const options = {
      url: redis.url,
      prefix: prefixOf(directory),
      spool,
      settings,
      redisFailed: () => {},
    };
    const queue = await RedisRetrievalQueue.start(options);
    const taking = await RedisRetrievalWorker.start({
      ...options,
      worker,
      failed: () => {},
      lockMs: 1_000,
    });
    let ended: Promise<unknown> | undefined;
    return {
      queue,
      kill() {
        ended ??= Promise.all([queue.stop(), taking.stop(0)]);
        return ended.then(() => undefined);
      },
    };
  });
});
