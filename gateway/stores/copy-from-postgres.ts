import { existsSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from './content-files.ts';
import { pagesOfPostgres, quoted, type Table, tablesOf } from './copy-to-postgres.ts';
import type { Migration } from './migrations/migration.ts';
import type { PostgresSession, SqlRow } from './postgres-connection.ts';
import type { SqlValue } from './sql-parameter.ts';
import { openConnection, type SqliteConnection } from './sqlite-connection.ts';
import { migrateSqlite } from './sqlite-migrations.ts';

export interface CopyFromPostgresOptions {
  /** A file that is not there yet. */
  readonly file: string;
  readonly migrations: readonly Migration[];
  readonly now: () => Date;
}

/**
 * Copies every table into a new SQLite file, as one transaction sees them all, and counts the rows on both sides.
 *
 * @param session inside a transaction that sees one state of the data
 * @throws Error EEXIST when the file is there already; Error when a table has other rows than were read
 */
export async function copyFromPostgres(
  session: PostgresSession,
  { file, migrations, now }: CopyFromPostgresOptions,
): Promise<void> {
  await (await open(file, 'wx', 0o600)).close();
  const target = openConnection(file);
  let isWhole = false;
  try {
    await session.takeTime();
    migrateSqlite(target, migrations, now);
    for (const table of tablesOf(target)) await copyTable(session, target, table);
    isWhole = true;
  } finally {
    target.close();
    for (const beside of [`${file}.pid`, ...(isWhole ? [] : [file, `${file}-wal`])]) {
      if (existsSync(beside)) rmSync(beside);
    }
  }
  const written = await open(file, 'r+');
  await written.sync().finally(() => written.close());
  await syncDirectory(dirname(file));
}

async function copyTable(
  session: PostgresSession,
  target: SqliteConnection,
  table: Table,
): Promise<void> {
  const { name } = table;
  for await (const rows of pagesOfPostgres(session, table)) insert(target, table, rows);
  const [before] = await session.rows(`SELECT count(*) AS count FROM "${name}"`);
  const [after] = target.rows(`SELECT count(*) AS count FROM "${name}"`);
  if (Number(before?.['count']) !== Number(after?.['count'])) {
    throw new Error(`the table ${name} was not copied whole`);
  }
}

function insert(target: SqliteConnection, { name, columns }: Table, rows: readonly SqlRow[]): void {
  const places = columns.map(() => '?').join(', ');
  target.exec('BEGIN IMMEDIATE');
  for (const row of rows) {
    const values = columns.map((column) => row[column] as SqlValue);
    target.run(`INSERT INTO "${name}" (${quoted(columns)}) VALUES (${places})`, values);
  }
  target.exec('COMMIT');
}
