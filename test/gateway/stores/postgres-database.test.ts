import { setTimeout as pause } from 'node:timers/promises';
import {
  type Database,
  openDatabase,
  type Reads,
  sql,
  type Writes,
} from '../../../gateway/stores/database.ts';
import type { Migration } from '../../../gateway/stores/migrations/migration.ts';
import {
  DatabaseAway,
  DatabaseUnfit,
  PostgresConnections,
} from '../../../gateway/stores/postgres-connection.ts';
import { lockSchema } from '../../../gateway/stores/postgres-migrations.ts';
import { WriteOutcomeUnknown } from '../../../gateway/stores/postgres-writes.ts';
import { databaseSuite, NOTES, type NoteTables } from '../../support/database-suite.ts';
import { describeWithPostgres, startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { breakableWay } from '../../support/breakable-way.ts';

const now = () => new Date('2030-04-01T09:15:00Z');

/** Reads what we are about to change, and adds to what we have read. */
const ANOTHER_PROCESS =
  'BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT * FROM note; INSERT INTO note VALUES (1, NULL, NULL); COMMIT';

describeWithPostgres('the database in PostgreSQL', () => {
  let server: TestPostgres;

  beforeAll(async () => {
    server = await startPostgres();
  });

  afterAll(() => server.stop());

  const openAt = (url: string, migrations: readonly Migration[] = [NOTES]) =>
    openDatabase({ kind: 'postgres', url, now, migrations });
  const add = (database: Database, number: number) =>
    database.write((queries: Writes<NoteTables>) =>
      queries.insertInto('note').values({ number, text: null, octets: null }).execute(),
    );
  const numbers = async (database: Database) =>
    await database.read(async (queries: Reads<NoteTables>) =>
      (await queries.selectFrom('note').select('number').orderBy('number').execute()).map(
        ({ number }) => number,
      ),
    );

  databaseSuite(async () => {
    const url = await server.database();
    return {
      open: (migrations?: readonly Migration[]) => openAt(url, migrations),
      remove: async () => {},
    };
  });

  it('is shared by several processes, and only one of them changes the schema', async () => {
    const url = await server.database();
    const opened = await Promise.all(Array.from({ length: 4 }, () => openAt(url)));
    await Promise.all(opened.map((database, number) => add(database, number)));
    const counts = opened.map(async (database) => {
      const seen = await numbers(database);
      await database.close();
      return seen;
    });
    expect(await Promise.all(counts)).toEqual(Array.from({ length: 4 }, () => [0, 1, 2, 3]));
  });

  it('runs the work again when another process came in its way, and does it once', async () => {
    const url = await server.database();
    const database = await openAt(url);
    await add(database, 0);
    let runs = 0;
    await database.write(async (queries: Writes<NoteTables>) => {
      runs += 1;
      const rows = await queries.selectFrom('note').select('number').execute();
      if (runs === 1) await server.run(url, ANOTHER_PROCESS);
      const number = 100 + rows.length;
      await queries.insertInto('note').values({ number, text: null, octets: null }).execute();
      await queries.updateTable('note').set({ text: 'seen' }).where('number', '=', 0).execute();
    });
    expect(runs).toBe(2);
    expect(await numbers(database)).toEqual([0, 1, 102]);
    await database.close();
  });

  it('takes all of a write back when one of its statements failed, though the work went on', async () => {
    const database = await openAt(await server.database());
    await add(database, 1);
    const writing = database.write(async (queries: Writes<NoteTables>) => {
      await queries.insertInto('note').values({ number: 2, text: null, octets: null }).execute();
      await queries
        .insertInto('note')
        .values({ number: 1, text: null, octets: null })
        .execute()
        .catch(() => {});
    });
    await expect(writing).rejects.toMatchObject({ code: '23505' });
    expect(await numbers(database)).toEqual([1]);
    await database.close();
  });

  it('runs a write again that met another in its COMMIT, whatever a write beside it was refused for', async () => {
    const url = await server.database();
    const database = await openAt(url);
    await add(database, 0);
    let [runs, isMet] = [0, false];
    const written = database.write(async (queries: Writes<NoteTables>) => {
      runs += 1;
      const rows = await queries.selectFrom('note').select('number').execute();
      const number = 100 + rows.length;
      await queries.insertInto('note').values({ number, text: null, octets: null }).execute();
    });
    const refused = database.write(async (queries: Writes<NoteTables>) => {
      const adding = queries.insertInto('note').values({ number: 0, text: null, octets: null });
      await adding.execute().catch(async (error: unknown) => {
        if (!isMet) await server.run(url, ANOTHER_PROCESS);
        isMet = true;
        throw error;
      });
    });
    await expect(refused).rejects.toMatchObject({ code: '23505' });
    await written;
    expect(runs).toBe(2);
    expect(await numbers(database)).toEqual([0, 1, 102]);
    await database.close();
  });

  it('reads and writes on when a newer process has changed the schema', async () => {
    const url = await server.database();
    const database = await openAt(url);
    const whole = () =>
      database.read((queries: Reads<NoteTables>) =>
        queries.selectFrom('note').selectAll().execute(),
      );
    const changed = () =>
      database.write((queries: Writes<NoteTables>) =>
        queries.updateTable('note').set({ text: 'seen' }).returningAll().execute(),
      );
    await add(database, 1);
    for (const ask of [whole, changed, whole]) await ask();
    await server.run(url, 'ALTER TABLE note ADD COLUMN later text');
    expect(await whole()).toMatchObject([{ number: 1, text: 'seen', later: null }]);
    await server.run(url, 'ALTER TABLE note ADD COLUMN latest text');
    expect(await changed()).toMatchObject([{ number: 1, latest: null }]);
    await database.close();
  });

  it('lets schema and copies take their time, and nothing else', async () => {
    const limits = { statementMs: 60, answerMs: 60 };
    const connections = new PostgresConnections(await server.database(), limits);
    const session = await connections.take();
    await session.exec('BEGIN');
    await lockSchema(session);
    await session.rows('SELECT pg_sleep(0.1)');
    // As long as a large table takes to be hashed.
    await pause(100);
    expect(await session.exec('COMMIT')).toBe('COMMIT');
    connections.release(session, true);
    const again = await connections.take();
    await expect(again.rows('SELECT pg_sleep(0.1)')).rejects.toThrow();
    connections.release(again, false);
    await connections.close();
  });

  it('refuses a reader that would write', async () => {
    const database = await openAt(await server.database());
    const writing = database.read((queries) =>
      (queries as Writes<NoteTables>)
        .insertInto('note')
        .values({ number: 1, text: null, octets: null })
        .execute(),
    );
    await expect(writing).rejects.toMatchObject({ code: '25006' });
    await database.close();
  });

  it.each([
    ['an integer beyond the safe range', '9007199254740993::bigint', /safe range/],
    ['a fraction', '1.5::numeric', /safe range/],
    ['a value of another type', "'2030-04-01'::date", /none of text, integer, octets/],
  ])('refuses %s, and the transaction goes on', async (_what, expression, reason) => {
    const database = await openAt(await server.database());
    await database.write(async (queries: Writes<NoteTables>) => {
      const asked = sql.raw(`SELECT ${expression} AS value`).execute(queries as never);
      await expect(asked).rejects.toThrow(reason);
      await queries.insertInto('note').values({ number: 1, text: null, octets: null }).execute();
    });
    expect(await numbers(database)).toEqual([1]);
    await database.close();
  });

  it('refuses a database that cannot hold every character', async () => {
    const url = new URL(await server.database());
    await server.run(
      url.href,
      "CREATE DATABASE latin ENCODING LATIN1 TEMPLATE template0 LOCALE 'C' LOCALE_PROVIDER libc",
    );
    url.pathname = '/latin';
    await expect(openAt(url.href)).rejects.toThrow('server_encoding=LATIN1');
  });

  it('refuses a user who may make no tables, and a server that takes no writes', async () => {
    const url = new URL(await server.database());
    await server.run(
      url.href,
      'CREATE ROLE guest LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE ROLE reader LOGIN; ALTER ROLE reader SET default_transaction_read_only = on',
    );
    url.username = 'guest';
    await expect(openAt(url.href)).rejects.toThrow(DatabaseUnfit);
    await expect(openAt(url.href)).rejects.toThrow('may not make tables');
    url.username = 'reader';
    await expect(openAt(url.href)).rejects.toThrow('takes no writes');
  });

  it('says that nobody knows, when the connection is lost in the COMMIT', async () => {
    const url = await server.database();
    const way = await breakableWay(server.port);
    const database = await openAt(url.replace(`:${server.port}/`, `:${way.port}/`));
    // The server hears the COMMIT, and its answer never arrives.
    way.breakAfter('COMMIT');
    const writing = add(database, 1);
    await expect(writing).rejects.toBeInstanceOf(WriteOutcomeUnknown);
    await database.close();
    await way.close();
    const direct = await openAt(url);
    expect([[], [1]]).toContainEqual(await numbers(direct));
    await direct.close();
  });

  it('runs a write again when the connection is lost before its COMMIT', async () => {
    const url = await server.database();
    const way = await breakableWay(server.port);
    const database = await openAt(url.replace(`:${server.port}/`, `:${way.port}/`));
    way.breakAfter('insert into');
    await add(database, 1);
    expect(await numbers(database)).toEqual([1]);
    await database.close();
    await way.close();
  });

  it('goes on by itself when the server has been killed and started again', async () => {
    const own = await startPostgres();
    const database = await openAt(await own.database());
    const acknowledged: number[] = [];
    const untilRefused = async () => {
      for (;;) {
        const number = acknowledged.length + 1;
        await add(database, number);
        acknowledged.push(number);
      }
    };
    await own.kill();
    // A server process of ours may outlive the postmaster for a moment: what it acknowledges counts.
    await expect(untilRefused()).rejects.toThrow();
    await expect(numbers(database)).rejects.toThrow();
    await own.start();
    await add(database, 100_000);
    const kept = await numbers(database);
    expect(kept).toEqual(expect.arrayContaining([...acknowledged, 100_000]));
    // One more, at most: a commit whose answer was lost.
    expect(kept.length).toBeLessThanOrEqual(acknowledged.length + 2);
    await database.close();
    await own.stop();
  });

  it('says that it is away when nothing listens', async () => {
    const opening = openAt('postgres://kakehashi@127.0.0.1:1/none');
    await expect(opening).rejects.toBeInstanceOf(DatabaseAway);
  });

  it('refuses a server that would lose what it is given', async () => {
    const careless = await startPostgres({ fsync: 'off' });
    const opening = openAt(await careless.database());
    await expect(opening).rejects.toThrow('fsync=off');
    await careless.stop();
  });

  it.each([
    ['postgres://user@db.example/region', 'sslmode=verify-full'],
    ['postgres://user@db.example/region?sslmode=require', 'sslmode=verify-full'],
    ['postgres://user@127.0.0.1/region?host=db.example', 'sslmode=verify-full'],
    ['mysql://127.0.0.1/region', 'postgres://'],
  ])('refuses the URL %s', async (url, word) => {
    const opening = openAt(url);
    await expect(opening).rejects.toBeInstanceOf(DatabaseUnfit);
    await expect(opening).rejects.toThrow(word);
  });
});
