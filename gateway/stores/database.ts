import { AsyncLocalStorage } from 'node:async_hooks';
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
import type { Migration } from './migrations/migration.ts';
import { MIGRATIONS } from './migrations/migrations.ts';
import { openConnection, type SqliteConnection } from './sqlite-connection.ts';

export { CompiledQuery, type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely';

/**
 * What may be asked inside `read`. `Tables` are the tables of the one actor that asks. `executeQuery` is for a statement
 * whose text is ready (`CompiledQuery.raw`), where building it each time costs more than running it; inside `read`, a SELECT.
 */
export type Reads<Tables> = Pick<
  Kysely<Tables>,
  'selectFrom' | 'selectNoFrom' | 'with' | 'executeQuery'
>;

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

/** At most so many writes share one commit; then those who wait are told before more is taken. */
const MOST_WRITES_A_COMMIT = 256;

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

/** Lends Kysely the one connection. Transactions are not Kysely's to begin: `write` does. */
function driverOf(connection: SqliteConnection): Driver {
  const lent: DatabaseConnection = {
    async executeQuery<Row>({ sql: text, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
      const { rows, changes } = connection.run(text, parameters);
      return { rows: rows as Row[], numAffectedRows: BigInt(changes) };
    },
    // biome-ignore lint/correctness/useYield: rows are read whole; a stream would hold the one connection.
    async *streamQuery() {
      throw new Error('rows are not streamed');
    },
  };
  const refuse = () => Promise.reject(new Error('transactions are begun by write alone'));
  return {
    init: async () => {},
    acquireConnection: () => Promise.resolve(lent),
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
  const strange = done.find(({ name }, index) => name !== migrations[index]?.name);
  if (strange) throw new Error(`step ${strange['number']} of the database is none of this version`);
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
