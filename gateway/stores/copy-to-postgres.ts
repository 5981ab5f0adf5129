import { createHash } from 'node:crypto';
import { existsSync, renameSync } from 'node:fs';
import { MIGRATIONS } from './migrations/migrations.ts';
import { PostgresConnections, type PostgresSession, type SqlRow } from './postgres-connection.ts';
import { lockSchema, migratePostgres } from './postgres-migrations.ts';
import { openConnection, type SqliteConnection } from './sqlite-connection.ts';
import { migrateSqlite } from './sqlite-migrations.ts';
import type { SqlValue } from './sql-parameter.ts';

/** The copy was not begun, or was taken back whole: the target is as it was. For the operator, by its `kind`. */
export class CopyRefused extends Error {
  readonly kind: 'no source' | 'moved before' | 'not empty' | 'in use' | 'differs';

  constructor(kind: CopyRefused['kind'], what: string) {
    super(what);
    this.name = 'CopyRefused';
    this.kind = kind;
  }
}

/** One table as it was found alike on both sides after the copy. */
export interface CopiedTable {
  readonly name: string;
  readonly rows: number;
  /** SHA-256, hex, of all rows in the order of the primary key. */
  readonly sha256: string;
}

export interface CopyOptions {
  /** The SQLite file. */
  readonly file: string;
  /** An empty database of a PostgreSQL server. */
  readonly url: string;
  readonly now: () => Date;
  /** Hears which table is at hand. */
  readonly told?: (table: string) => void;
}

/** Where the SQLite file lies once its rows have moved: it must not be taken for the data again. */
export function movedFile(file: string): string {
  return `${file}.moved`;
}

/**
 * Copies every table from SQLite to PostgreSQL in one transaction, reads both sides again and compares count and hash of the
 * rows of each table before it commits. Then the file gets another name.
 *
 * @throws CopyRefused; DatabaseInUse when a process has the file open; DatabaseAway, DatabaseUnfit
 */
export async function copyToPostgres(options: CopyOptions): Promise<readonly CopiedTable[]> {
  const { file, url, now } = options;
  if (!existsSync(file)) throw new CopyRefused('no source', `${file} is not there`);
  const moved = movedFile(file);
  if (existsSync(moved)) throw new CopyRefused('moved before', `${moved} is there already`);
  const source = openConnection(file);
  let copied: readonly CopiedTable[];
  try {
    migrateSqlite(source, MIGRATIONS, now);
    const connections = new PostgresConnections(url);
    try {
      await migratePostgres(connections, MIGRATIONS, now);
      copied = await copyAll(source, connections, options);
    } finally {
      await connections.close();
    }
  } finally {
    source.close();
  }
  renameSync(file, moved);
  return copied;
}

async function copyAll(
  source: SqliteConnection,
  connections: PostgresConnections,
  { told }: CopyOptions,
): Promise<readonly CopiedTable[]> {
  const session = await connections.take();
  let isSound = false;
  try {
    await session.exec('BEGIN ISOLATION LEVEL SERIALIZABLE');
    // A process that starts meanwhile waits here, and finds all of the copy or none of it.
    await lockSchema(session);
    const tables = tablesOf(source);
    await requireFree(session, tables);
    const copied: CopiedTable[] = [];
    for (const table of tables) {
      told?.(table.name);
      for (const rows of pagesOfSqlite(source, table)) await insert(session, table, rows);
      await continueNumbers(session, table);
      copied.push(await proven(source, session, table));
      // Until the server's own rounds come by, it would plan as if the table were empty.
      await session.exec(`ANALYZE "${table.name}"`);
    }
    const ending = await session.exec('COMMIT');
    if (ending !== 'COMMIT') throw new CopyRefused('differs', 'the copy was not committed');
    isSound = true;
    return copied;
  } finally {
    connections.release(session, isSound);
  }
}

/** A table as both engines have it. */
export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  /** Columns of the primary key, in its order. */
  readonly key: readonly string[];
  /** Its rows are numbered by the engine. */
  readonly isNumbered: boolean;
}

/** Tables whose rows tell of the database itself. */
const OWN_TABLE = 'schema_migration';

/** The tables of the schema, but that of its steps. */
export function tablesOf(source: SqliteConnection): readonly Table[] {
  const names = source.rows(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name",
  );
  return names
    .map(({ name }) => String(name))
    .filter((name) => name !== OWN_TABLE)
    .map((name) => {
      const columns = source.rows('SELECT name, type, pk FROM pragma_table_info(?)', [name]);
      const key = columns
        .filter(({ pk }) => Number(pk) > 0)
        .sort((one, other) => Number(one['pk']) - Number(other['pk']));
      if (key.length === 0) throw new Error(`the table ${name} has no primary key`);
      return {
        name,
        columns: columns.map((column) => String(column['name'])),
        key: key.map((column) => String(column['name'])),
        // SQLite tells the types that it knows in capitals, however they were written.
        isNumbered: key.length === 1 && /^integer$/i.test(String(key[0]?.['type'])),
      };
    });
}

/** Nothing else works on the target, and nothing is in it. */
async function requireFree(session: PostgresSession, tables: readonly Table[]): Promise<void> {
  const [others] = await session.rows(
    `SELECT count(*) AS count FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'kakehashi' AND pid <> pg_backend_pid()`,
  );
  if (others?.['count'] !== 0) {
    throw new CopyRefused('in use', 'a process has the PostgreSQL database open');
  }
  for (const { name } of tables) {
    const rows = await session.rows(`SELECT 1 AS found FROM "${name}" LIMIT 1`);
    if (rows.length > 0) throw new CopyRefused('not empty', `the table ${name} has rows already`);
  }
}

const PAGE_ROWS = 500;
/** A statement of PostgreSQL takes 65,535 parameters. */
const MOST_PARAMETERS = 30_000;

async function insert(
  session: PostgresSession,
  { name, columns }: Table,
  rows: readonly SqlRow[],
): Promise<void> {
  const most = Math.max(1, Math.floor(MOST_PARAMETERS / columns.length));
  for (let start = 0; start < rows.length; start += most) {
    const slice = rows.slice(start, start + most);
    let parameter = 0;
    const values = slice.map(() => `(${columns.map(() => `$${++parameter}`).join(', ')})`);
    await session.run(
      `INSERT INTO "${name}" (${quoted(columns)}) VALUES ${values.join(', ')}`,
      slice.flatMap((row) => columns.map((column) => row[column] as SqlValue)),
    );
  }
}

/** The engine numbers new rows behind those that came. */
async function continueNumbers(session: PostgresSession, table: Table): Promise<void> {
  const { name, key, isNumbered } = table;
  if (!isNumbered) return;
  const column = key[0] ?? '';
  await session.rows(
    `SELECT setval(pg_get_serial_sequence('${name}', '${column}'), max("${column}")) AS last FROM "${name}" HAVING max("${column}") IS NOT NULL`,
  );
}

async function proven(
  source: SqliteConnection,
  session: PostgresSession,
  table: Table,
): Promise<CopiedTable> {
  const here = new RowHash(table);
  for (const rows of pagesOfSqlite(source, table)) here.add(rows);
  const there = new RowHash(table);
  for await (const rows of pagesOfPostgres(session, table)) there.add(rows);
  const [before, after] = [here.table(), there.table()];
  if (before.rows === after.rows && before.sha256 === after.sha256) return after;
  throw new CopyRefused(
    'differs',
    `the table ${table.name} has ${before.rows} rows (${before.sha256}) here, ${after.rows} (${after.sha256}) there`,
  );
}

/** Counts and hashes rows: each as JSON, octets in hex, and a line feed. */
class RowHash {
  readonly #table: Table;
  readonly #hash = createHash('sha256');
  #rows = 0;

  constructor(table: Table) {
    this.#table = table;
  }

  add(rows: readonly SqlRow[]): void {
    for (const row of rows) {
      const values = this.#table.columns.map((column) => {
        const value = row[column];
        return value instanceof Uint8Array ? { hex: Buffer.from(value).toString('hex') } : value;
      });
      this.#hash.update(`${JSON.stringify(values)}\n`);
    }
    this.#rows += rows.length;
  }

  table(): CopiedTable {
    return { name: this.#table.name, rows: this.#rows, sha256: this.#hash.digest('hex') };
  }
}

function* pagesOfSqlite(source: SqliteConnection, table: Table): Iterable<SqlRow[]> {
  let last: readonly SqlValue[] | undefined;
  do {
    const rows = source.rows(
      pageOf(table, last !== undefined, () => '?'),
      last,
    );
    if (rows.length > 0) yield rows;
    last = keyOf(table, rows.at(-1));
  } while (last !== undefined);
}

/** All rows in the order of the primary key. */
export async function* pagesOfPostgres(
  session: PostgresSession,
  table: Table,
): AsyncIterable<SqlRow[]> {
  let last: readonly SqlValue[] | undefined;
  do {
    const text = pageOf(table, last !== undefined, (index) => `$${index + 1}`);
    const rows = await session.rows(text, last);
    if (rows.length > 0) yield rows;
    last = keyOf(table, rows.at(-1));
  } while (last !== undefined);
}

/** A page of rows after a key, in the order of the key, which is the same on both sides. */
function pageOf(table: Table, isLater: boolean, parameter: (index: number) => string): string {
  const { name, columns, key } = table;
  const after = isLater
    ? ` WHERE (${quoted(key)}) > (${key.map((_, i) => parameter(i)).join(', ')})`
    : '';
  return `SELECT ${quoted(columns)} FROM "${name}"${after} ORDER BY ${quoted(key)} LIMIT ${PAGE_ROWS}`;
}

function keyOf({ key }: Table, row: SqlRow | undefined): readonly SqlValue[] | undefined {
  return row && key.map((column) => row[column] as SqlValue);
}

/** Names of our own schema: letters, digits and underlines. */
export function quoted(columns: readonly string[]): string {
  return columns.map((column) => `"${column}"`).join(', ');
}
