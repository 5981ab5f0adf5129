import { join } from 'node:path';
import { EmbeddedRetrievalQueue } from '../../../gateway/queue/embedded-retrieval-queue.ts';
import { RetrievalJobs } from '../../../gateway/queue/retrieval-jobs.ts';
import { type DatabasePlace, openDatabase } from '../../../gateway/stores/database.ts';
import { RETRIEVAL_AND_CORRELATION } from '../../../gateway/stores/migrations/0004-retrieval-and-correlation.ts';
import { describeWithPostgres, startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { aRetrieval } from './far-end.ts';
import { type Place, type Running, retrievalQueueSuite } from './retrieval-queue-suite.ts';

async function begin(
  { spool, worker, settings, now }: Place,
  where: DatabasePlace,
): Promise<Running> {
  const database = await openDatabase({ ...where, now, migrations: [RETRIEVAL_AND_CORRELATION] });
  const failed = () => {};
  const queue = new EmbeddedRetrievalQueue({ database, spool, worker, settings, now, failed });
  await queue.start();
  let ended: Promise<void> | undefined;
  return {
    queue,
    kill() {
      ended ??= queue.stop(0).then(() => database.close());
      return ended;
    },
  };
}

describe('The retrieval queue of one process, its jobs kept in SQLite', () => {
  retrievalQueueSuite((place) => begin(place, { file: join(place.directory, 'kakehashi.db') }));
});

describeWithPostgres('The retrieval queue of one process, its jobs kept in PostgreSQL', () => {
  let server: TestPostgres;
  const urls = new Map<string, string>();

  beforeAll(async () => {
    server = await startPostgres();
  });

  afterAll(() => server.stop());

  it('takes up its own jobs only, where several processes share the database', async () => {
    const url = await server.database();
    const now = () => new Date('2030-04-01T09:15:00Z');
    const migrations = [RETRIEVAL_AND_CORRELATION];
    const database = await openDatabase({ kind: 'postgres', url, now, migrations });
    const [one, other] = ['a_b', 'aXb'].map((node) => new RetrievalJobs(database, node));
    const identity = { ...aRetrieval(), organization: 'H-1' };
    await one?.add('key', identity, now());
    await other?.add('key', identity, now());
    await other?.begin('key', 2);
    expect(await one?.resume()).toEqual([{ identity, attempts: 0, notBefore: 0 }]);
    await one?.remove('key');
    expect(await one?.resume()).toEqual([]);
    expect(await other?.list()).toMatchObject([{ state: 'running', attempts: 2 }]);
    expect(await other?.resume()).toMatchObject([{ attempts: 2 }]);
    await database.close();
  });

  it('takes up what a region brought with it when it moved from SQLite, and when it moves back', async () => {
    const url = await server.database();
    const now = () => new Date('2030-04-01T09:15:00Z');
    const migrations = [RETRIEVAL_AND_CORRELATION];
    const database = await openDatabase({ kind: 'postgres', url, now, migrations });
    const identity = { ...aRetrieval(), organization: 'H-1' };
    const before = new RetrievalJobs(database);
    await before.add('key', identity, now());
    const after = new RetrievalJobs(database, 'east');
    expect(await after.resume()).toMatchObject([{ identity }]);
    await after.begin('key', 1);
    expect(await before.resume()).toMatchObject([{ identity, attempts: 1 }]);
    await before.remove('key');
    expect(await before.list()).toEqual([]);
    await database.close();
  });

  retrievalQueueSuite(async (place) => {
    const url = urls.get(place.directory) ?? (await server.database());
    urls.set(place.directory, url);
    return await begin(place, { kind: 'postgres', url });
  });
});
