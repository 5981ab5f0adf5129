import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PeerFailure } from '../../../actors/actor.ts';
import {
  RedisRetrievalQueue,
  RedisRetrievalWorker,
} from '../../../gateway/queue/redis-retrieval-queue.ts';
import { RetrievalWorker } from '../../../gateway/queue/retrieval-worker.ts';
import { Spool } from '../../../gateway/queue/spool.ts';
import { redisPrefixOf } from '../../../gateway/stores/redis.ts';
import { describeWithRedis, startRedis, type TestRedis } from '../../support/redis.ts';
import { aDocument, aHospital, aRetrieval, FarEnd, noDocument, told } from './far-end.ts';
import { until } from './retrieval-queue-suite.ts';

describeWithRedis('The retrieval queue on Redis', () => {
  const prefix = redisPrefixOf('urn:oid:2.999.392.32');
  const settings = { concurrency: 2, attempts: 3, backoffMs: 1, mostWaiting: 10 };
  const soon = { deadlineMs: 20_000, longestMs: 20_000 };
  let redis: TestRedis;
  let directory: string;
  let far: FarEnd;
  const stops: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    redis = await startRedis();
    directory = await mkdtemp(join(tmpdir(), 'kakehashi-queue-'));
    far = new FarEnd();
  });

  afterEach(async () => {
    try {
      for (const stop of stops.splice(0).reverse()) await stop();
    } finally {
      await redis.stop();
    }
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  });

  async function options(name = 'spool') {
    const spool = await Spool.open({
      directory: join(directory, name),
      keepMs: 60_000,
      documentBytes: 1_000,
      leastFreeBytes: 0,
      now: () => new Date(),
    });
    return { url: redis.url, prefix, spool, settings, redisFailed: () => {} };
  }

  async function aGateway(name?: string): Promise<RedisRetrievalQueue> {
    const queue = await RedisRetrievalQueue.start(await options(name));
    stops.push(() => queue.stop());
    return queue;
  }

  async function aWorker(name?: string): Promise<RedisRetrievalWorker> {
    const shared = await options(name);
    const worker = new RetrievalWorker({
      askFor: far.askFor,
      spool: shared.spool,
      attemptMs: 5_000,
    });
    const taking = await RedisRetrievalWorker.start({
      ...shared,
      worker,
      failed: () => {},
      lockMs: 1_000,
    });
    stops.push(() => taking.stop(0));
    return taking;
  }

  it('fetches once what two gateways want at once', async () => {
    const [one, other] = await Promise.all([aGateway(), aGateway(), aWorker(), aWorker()]);

    const results = await Promise.all(
      [one, other].map((gateway) => gateway.submit([aRetrieval()], aHospital(), soon)),
    );

    expect(await Promise.all(results.map(([result]) => told(result?.outcome)))).toEqual([
      'Hello XCA\n',
      'Hello XCA\n',
    ]);
    expect(far.asked).toHaveLength(1);
  });

  it('takes up what a worker was fetching when it was killed', async () => {
    const gateway = await aGateway();
    const child = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        'test/support/hanging-retrieval-worker.ts',
        redis.url,
        prefix,
        join(directory, 'spool'),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const result = gateway.submit([aRetrieval()], aHospital(), soon);
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');

    await aWorker();

    const [finished] = await result;
    expect(await told(finished?.outcome)).toBe('Hello XCA\n');
  });

  it('writes identifiers to Redis, and no word of a document or of what a community said', async () => {
    const [gateway] = await Promise.all([aGateway(), aWorker()]);
    const secret = (text: string) => `${text} of 試験 太郎`;
    far.answer = async (wanted) => {
      if (wanted.documentUniqueId.endsWith('.1')) return aDocument(wanted, secret('the document'));
      if (wanted.documentUniqueId.endsWith('.2')) {
        const [error] = noDocument(wanted).errors;
        if (!error) throw new TypeError('no error');
        return {
          ...noDocument(wanted),
          errors: [{ ...error, codeContext: secret('no document') }],
        };
      }
      throw new PeerFailure('permanent', secret('a fault'), { peer: 'okayama' });
    };

    const results = await gateway.submit(
      ['1', '2', '3'].map((last) => aRetrieval({ documentUniqueId: `2.999.8.${last}` })),
      aHospital(),
      soon,
    );

    expect(results.map(({ outcome }) => outcome.kind)).toEqual(['retrieved', 'refused', 'failed']);
    const written = await everythingTold(redis);
    expect(written).toContain('2.999.8.3');
    expect(written).not.toContain('試験');
    expect(written).not.toContain(' at ');
  });

  it('does not start a gateway whose spool is not the one of the worker', async () => {
    await aWorker('spool');

    await expect(aGateway('another-spool')).rejects.toThrow(
      /does not use the spool .*another-spool; gateways and workers must share one directory/,
    );
  });

  it('starts again with a spool of its own once the others have gone', async () => {
    const worker = await aWorker('spool');
    await worker.stop(0);

    await aGateway('another-spool');
  });

  it('takes nothing while Redis is away but gives what is in the spool, and goes on when Redis is back', async () => {
    const [gateway] = await Promise.all([aGateway(), aWorker()]);
    await gateway.submit([aRetrieval()], aHospital(), soon);
    await redis.stop();

    const results = await gateway.submit(
      [aRetrieval(), aRetrieval({ documentUniqueId: '2.999.8.2' })],
      aHospital(),
      soon,
    );

    expect(results.map(({ outcome }) => outcome.kind)).toEqual(['retrieved', 'busy']);

    redis = await startRedis({ port: new URL(redis.url).port });
    await until(async () => {
      const wanted = aRetrieval({ documentUniqueId: '2.999.8.2' });
      const [result] = await gateway.submit([wanted], aHospital(), soon);
      return result?.outcome.kind === 'retrieved';
    });
  });

  it('lets a running retrieval end when a worker is stopped with grace', async () => {
    const gateway = await aGateway();
    const worker = await aWorker();
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    far.answer = (wanted) => answered.then(() => aDocument(wanted, 'Just in time\n'));
    const result = gateway.submit([aRetrieval()], aHospital(), soon);
    await until(async () => far.asked.length === 1);

    const stopped = worker.stop(10_000);
    answer();
    await stopped;

    const [finished] = await result;
    expect(await told(finished?.outcome)).toBe('Just in time\n');
  });
});

describeWithRedis('A Redis that would lose jobs', () => {
  let redis: TestRedis;
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kakehashi-queue-'));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  async function start(url: string): Promise<RedisRetrievalQueue> {
    const spool = await Spool.open({
      directory,
      keepMs: 60_000,
      documentBytes: 1_000,
      leastFreeBytes: 0,
      now: () => new Date(),
    });
    return await RedisRetrievalQueue.start({
      url,
      prefix: redisPrefixOf('urn:oid:2.999.392.32'),
      spool,
      settings: { concurrency: 1, attempts: 1, backoffMs: 1, mostWaiting: 1 },
      redisFailed: () => {},
    });
  }

  it.each([
    [
      'evicts keys',
      { 'maxmemory-policy': 'allkeys-lru' },
      /maxmemory-policy allkeys-lru; it must be noeviction/,
    ],
    [
      'keeps nothing',
      { appendonly: 'no', save: '' },
      /keeps nothing over a restart; set appendonly yes/,
    ],
  ])('stops the start when it %s', async (_how, settings, problem) => {
    redis = await startRedis(settings);
    try {
      await expect(start(redis.url)).rejects.toThrow(problem);
    } finally {
      await redis.stop();
    }
  });

  it('stops the start when it is not there, and does not tell the password', async () => {
    await expect(start('redis://kakehashi:geheim@127.0.0.1:1')).rejects.toThrow(
      /^Redis cannot be reached at 127\.0\.0\.1:1$/,
    );
  });
});

/** Every command that ever changed something, as Redis keeps it for its own restart. */
async function everythingTold({ directory }: TestRedis): Promise<string> {
  const folder = join(directory, 'appendonlydir');
  const files = await readdir(folder);
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return texts.join('\n');
}
