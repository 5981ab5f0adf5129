import { AsyncLocalStorage } from 'node:async_hooks';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import Libsql from 'libsql';
import type { Migration } from './migrations/migration.ts';
import { MIGRATIONS } from './migrations/migrations.ts';
import { requireSqlParameters } from './sql-parameter.ts';

export { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely';

/** What may be asked inside `read`. `Tables` are the tables of the one actor that asks. */
export type Reads<Tables> = Pick<Kysely<Tables>, 'selectFrom' | 'selectNoFrom' | 'with'>;

/** What may be asked inside `write`. */
export type Writes<Tables> = Reads<Tables> &
  Pick<Kysely<Tables>, 'insertInto' | 'updateTable' | 'deleteFrom'>;

/**
 * The database of one process. Nothing else opens it while this one does.
 *
 * Inside `read` and `write` nothing but their own queries is awaited, and neither is called again: there is one
 * connection, so the inner call would wait for ever. It throws instead.
 */
export interface Database {
  /** Sees one state of the data throughout: no write comes between its queries. */
  read<Tables, Result>(work: (queries: Reads<Tables>) => Promise<Result>): Promise<Result>;
  /**
   * All of it or nothing. Resolves or rejects only after the COMMIT has been synced to the disk; writes that wait are
   * gathered into one commit, each behind a savepoint, so that one that throws takes only itself back.
   */
  write<Tables, Result>(work: (queries: Writes<Tables>) => Promise<Result>): Promise<Result>;
  /** Waits for what runs, then lets go of the file. Whatever is asked later is rejected. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** Path of the SQLite file, made if absent (0600); `:memory:` for a database that lives as long as its process. */
  readonly file: string;
  readonly now: () => Date;
  /** Only for tests: other steps than the released ones. */
  readonly migrations?: readonly Migration[];
}

/** Somebody else has the database open. For the operator: `holder` is the process id, if it is known. */
export class DatabaseInUse extends Error {
  readonly holder: number | undefined;

  constructor(file: string, holder: number | undefined, cause: unknown) {
    super(`${file} is in use${holder === undefined ? '' : ` by process ${holder}`}`, { cause });
    this.name = 'DatabaseInUse';
    this.holder = holder;
  }
}

const IN_MEMORY = ':memory:';

/** At most so many writes share one commit; then those who wait are told before more is taken. */
const MOST_WRITES_A_COMMIT = 256;

/** Statements kept prepared, by SQL text; the one unused for longest goes first. */
const MOST_STATEMENTS = 512;

/**
 * Opens the embedded database: libsql, one connection, EXCLUSIVE lock, WAL, synchronous=FULL, all read back; then
 * brings the schema up to date.
 *
 * @throws DatabaseInUse when another process, or this one, holds it
 * @throws Error when the file was written by a newer version
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const connection = openConnection(options.file);
  try {
    migrate(connection, options.migrations ?? MIGRATIONS, options.now);
  } catch (error) {
    connection.close();
    throw error;
  }
  return new SqliteDatabase(connection);
}

/** The one connection: statements kept by their text, parameters checked, octets returned as Uint8Array. */
class SqliteConnection implements DatabaseConnection {
  readonly #file: InstanceType<typeof Libsql>;
  readonly #statements = new Map<string, ReturnType<InstanceType<typeof Libsql>['prepare']>>();

  constructor(path: string) {
    this.#file = new Libsql(path);
  }

  get inTransaction(): boolean {
    return this.#file.inTransaction;
  }

  /** Runs statements that take no parameters and return nothing. */
  exec(statements: string): void {
    this.#file.exec(statements);
  }

  rows(text: string, parameters: readonly unknown[] = []): Record<string, unknown>[] {
    const bound = requireSqlParameters(parameters);
    const rows = this.#prepared(text).all(bound) as Record<string, unknown>[];
    for (const row of rows) withOctets(row);
    return rows;
  }

  executeQuery<Row>({ sql: text, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    try {
      const statement = this.#prepared(text);
      if (statement.reader) return Promise.resolve({ rows: this.rows(text, parameters) as Row[] });
      const { changes } = statement.run(requireSqlParameters(parameters));
      return Promise.resolve({ rows: [], numAffectedRows: BigInt(changes) });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  // biome-ignore lint/correctness/useYield: rows are read whole; a stream would hold the one connection.
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('rows are not streamed');
  }

  /**
   * Lets go of the file. Closing is not enough: libsql frees a prepared statement only when the garbage collector finds
   * it, and until then the file stays open and locked. So the lock is given back in words first.
   */
  close(): void {
    this.#statements.clear();
    for (const setting of ['journal_mode=DELETE', 'locking_mode=NORMAL', 'user_version']) {
      try {
        this.#file.prepare(`PRAGMA ${setting}`).all();
      } catch {
        // Whoever holds the lock instead of us may have it; what was committed is at rest already.
        break;
      }
    }
    this.#file.close();
  }

  #prepared(text: string) {
    const kept = this.#statements.get(text);
    if (kept !== undefined) {
      this.#statements.delete(text);
      this.#statements.set(text, kept);
      return kept;
    }
    const statement = this.#file.prepare(text);
    this.#statements.set(text, statement);
    if (this.#statements.size > MOST_STATEMENTS) {
      for (const oldest of this.#statements.keys()) {
        this.#statements.delete(oldest);
        break;
      }
    }
    return statement;
  }
}

function withOctets(row: Record<string, unknown>): void {
  for (const [column, value] of Object.entries(row)) {
    if (value instanceof ArrayBuffer) row[column] = new Uint8Array(value);
  }
}

/** Lends Kysely the one connection. Transactions are not Kysely's to begin: `write` does. */
function driverOf(connection: SqliteConnection): Driver {
  const refuse = () => Promise.reject(new Error('transactions are begun by write alone'));
  return {
    init: async () => {},
    acquireConnection: () => Promise.resolve(connection),
    releaseConnection: async () => {},
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    destroy: async () => {},
  };
}

/** Where a work runs, so that a second one inside it is told apart from one beside it. */
const inside = new AsyncLocalStorage<true>();

interface WaitingWrite {
  work(): Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

class SqliteDatabase implements Database {
  readonly #connection: SqliteConnection;
  readonly #queries: Kysely<unknown>;
  readonly #writes: WaitingWrite[] = [];
  #turns: (() => void)[] = [];
  #reading = 0;
  #writing = false;
  #scheduled = false;
  /** Writes wait for readers to end. */
  #keptOut = false;
  #closed = false;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
    this.#queries = new Kysely<unknown>({
      dialect: {
        createAdapter: () => new SqliteAdapter(),
        createDriver: () => driverOf(connection),
        createIntrospector: (root) => new SqliteIntrospector(root),
        createQueryCompiler: () => new SqliteQueryCompiler(),
      },
    });
  }

  async read<Tables, Result>(work: (queries: Reads<Tables>) => Promise<Result>): Promise<Result> {
    this.#requireOpen();
    while (this.#writing || this.#keptOut) await this.#turn();
    this.#reading += 1;
    try {
      return await inside.run(true, work, this.#queries as unknown as Kysely<Tables>);
    } finally {
      this.#reading -= 1;
      if (this.#reading === 0 && this.#keptOut) this.#begin();
      if (this.#closed) this.#nextTurn();
    }
  }

  async write<Tables, Result>(work: (queries: Writes<Tables>) => Promise<Result>): Promise<Result> {
    this.#requireOpen();
    const written = new Promise<unknown>((resolve, reject) => {
      this.#writes.push({
        work: () => inside.run(true, work, this.#queries as unknown as Kysely<Tables>),
        resolve,
        reject,
      });
    });
    this.#schedule();
    return (await written) as Result;
  }

  async close(): Promise<void> {
    if (inside.getStore()) throw new Error('the database cannot be closed from inside');
    if (this.#closed) return;
    this.#closed = true;
    while (this.#writing || this.#reading > 0 || this.#writes.length > 0) await this.#turn();
    this.#connection.close();
  }

  #requireOpen(): void {
    if (inside.getStore()) throw new Error('read and write are not called inside read or write');
    if (this.#closed) throw new Error('the database is closed');
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#turns.push(resolve);
    });
  }

  #nextTurn(): void {
    const turns = this.#turns;
    this.#turns = [];
    for (const turn of turns) turn();
  }

  /** After this turn of the event loop, so that the writes of all messages that it brought share one commit. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#begin();
    });
  }

  #begin(): void {
    if (this.#writing || this.#writes.length === 0) return;
    // From here on new readers wait: else they could keep the writes out for ever.
    this.#keptOut = this.#reading > 0;
    if (this.#keptOut) return;
    this.#writing = true;
    void this.#commitAll().finally(() => {
      this.#writing = false;
      this.#nextTurn();
      if (this.#writes.length > 0) this.#schedule();
    });
  }

  async #commitAll(): Promise<void> {
    const taken: WaitingWrite[] = [];
    const settle: (() => void)[] = [];
    try {
      this.#connection.exec('BEGIN IMMEDIATE');
      while (taken.length < MOST_WRITES_A_COMMIT) {
        const next = this.#writes.shift();
        if (next === undefined) break;
        taken.push(next);
        settle.push(await this.#run(next));
      }
      this.#connection.exec('COMMIT');
      for (const tell of settle) tell();
    } catch (error) {
      if (this.#connection.inTransaction) this.#connection.exec('ROLLBACK');
      // A failed BEGIN has taken none: then all that wait are told, for none of them could begin.
      if (taken.length === 0) taken.push(...this.#writes.splice(0));
      for (const write of taken) write.reject(error);
    }
  }

  /** Runs one write behind its savepoint. What it came to is told after the commit. */
  async #run(write: WaitingWrite): Promise<() => void> {
    this.#connection.exec('SAVEPOINT one_write');
    try {
      const value = await write.work();
      this.#connection.exec('RELEASE one_write');
      return () => write.resolve(value);
    } catch (error) {
      // SQLite itself ends the whole transaction when the disk is full or fails: then no savepoint is left.
      if (!this.#connection.inTransaction) throw error;
      this.#connection.exec('ROLLBACK TO one_write');
      this.#connection.exec('RELEASE one_write');
      return () => write.reject(error);
    }
  }
}

function openConnection(file: string): SqliteConnection {
  if (file === IN_MEMORY) return configured(new SqliteConnection(file), 'memory');
  const path = resolve(file);
  const holderFile = `${path}.pid`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
  const connection = new SqliteConnection(path);
  try {
    configured(connection, 'wal');
  } catch (error) {
    connection.close();
    if ((error as { code?: unknown }).code !== 'SQLITE_BUSY') throw error;
    throw new DatabaseInUse(path, holderOf(holderFile), error);
  }
  writeFileSync(holderFile, `${process.pid}\n`, { mode: 0o600 });
  syncDirectory(dirname(path));
  return connection;
}

/** Takes the lock for good and holds every setting to what it must be: a setting that did not take would lose data. */
function configured(connection: SqliteConnection, journal: 'wal' | 'memory'): SqliteConnection {
  const settings: readonly (readonly [string, string, string | number])[] = [
    ['locking_mode', 'EXCLUSIVE', 'exclusive'],
    ['journal_mode', 'WAL', journal],
    ['synchronous', 'FULL', 2],
    ['foreign_keys', 'ON', 1],
  ];
  for (const [name, wanted, expected] of settings) {
    connection.rows(`PRAGMA ${name}=${wanted}`);
    const value = connection.rows(`PRAGMA ${name}`)[0]?.[name];
    if (value !== expected) throw new Error(`SQLite keeps ${name}=${value}, not ${expected}`);
  }
  // PostgreSQL's LIKE minds the case; this setting cannot be read back, so its effect is.
  connection.rows('PRAGMA case_sensitive_like=ON');
  if (connection.rows("SELECT 'a' LIKE 'A' AS same")[0]?.['same'] !== 0) {
    throw new Error('SQLite compares LIKE without case');
  }
  connection.exec('BEGIN IMMEDIATE; COMMIT');
  return connection;
}

function holderOf(holderFile: string): number | undefined {
  try {
    const pid = Number(readFileSync(holderFile, 'utf8'));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function migrate(
  connection: SqliteConnection,
  migrations: readonly Migration[],
  now: () => Date,
): void {
  connection.exec(
    'CREATE TABLE IF NOT EXISTS schema_migration (number integer PRIMARY KEY, name text NOT NULL, applied_at text NOT NULL)',
  );
  const done = connection.rows('SELECT number, name FROM schema_migration ORDER BY number');
  if (done.length > migrations.length) {
    throw new Error(
      `the database is at step ${done.length}; this version knows ${migrations.length}`,
    );
  }
  connection.exec('BEGIN IMMEDIATE');
  try {
    migrations.forEach(({ name, statements }, index) => {
      const number = index + 1;
      if (index < done.length) return;
      for (const statement of statements) connection.exec(statement);
      connection.rows('INSERT INTO schema_migration VALUES (?, ?, ?) RETURNING number', [
        number,
        name,
        now().toISOString(),
      ]);
    });
    connection.exec('COMMIT');
  } catch (error) {
    connection.exec('ROLLBACK');
    throw error;
  }
}
