import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { type Database, openDatabase } from '../../gateway/stores/database.ts';
import type { Migration } from '../../gateway/stores/migrations/migration.ts';
import { describeWithPostgres, startPostgres, type TestPostgres } from './postgres.ts';

export interface EmptyDatabaseOptions {
  readonly now?: () => Date;
  readonly migrations?: readonly Migration[];
}

/** Opens an empty database. */
export type OpenEmpty = (options?: EmptyDatabaseOptions) => Promise<Database>;

const frozen = () => new Date('2030-04-01T09:15:00Z');

/** Runs the same tests over SQLite in memory and over a PostgreSQL server of their own. */
export function describeOnBothDatabases(name: string, tests: (open: OpenEmpty) => void): void {
  describe(`${name} over SQLite`, () => {
    tests(({ now = frozen, migrations } = {}) =>
      openDatabase({ file: ':memory:', now, migrations }),
    );
  });
  describeWithPostgres(`${name} over PostgreSQL`, () => {
    let server: TestPostgres;

    beforeAll(async () => {
      server = await startPostgres();
    });

    afterAll(() => server.stop());

    tests(async ({ now = frozen, migrations } = {}) =>
      openDatabase({ kind: 'postgres', url: await server.database(), now, migrations }),
    );
  });
}

/**
 * An empty database for a test that does not care which form it has: SQLite in memory, or a new database of the server that
 * KAKEHASHI_TEST_POSTGRES names (`postgres://…/postgres`), so that all such tests can be run over PostgreSQL too.
 */
export async function emptyDatabase({
  now = frozen,
}: EmptyDatabaseOptions = {}): Promise<Database> {
  const server = process.env['KAKEHASHI_TEST_POSTGRES'];
  if (server === undefined) return await openDatabase({ file: ':memory:', now });
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const pool = new pg.Pool({ connectionString: server } as pg.PoolOptions);
  const client = await pool.connect();
  await client.query(`CREATE DATABASE ${name}`);
  client.release(true);
  await pool.end();
  const url = new URL(server);
  url.pathname = `/${name}`;
  return await openDatabase({ kind: 'postgres', url: url.href, now });
}
