import { commitTogether, type WaitingWrite } from './commit-together.ts';
import { copyFromPostgres } from './copy-from-postgres.ts';
import { LogSync } from './log-sync.ts';
import type { Migration } from './migrations/migration.ts';
import { MIGRATIONS } from './migrations/migrations.ts';
import { isNested, runInside } from './nesting.ts';
import { PostgresConnections, type PostgresSession } from './postgres-connection.ts';
import { migratePostgres } from './postgres-migrations.ts';
import { PostgresTransactions } from './postgres-transactions.ts';
import {
  postgresQueries,
  type Queries,
  type Reads,
  sqliteQueries,
  type Writes,
} from './queries.ts';
import { openConnection, type SqliteConnection, syncByCaller } from './sqlite-connection.ts';
import { copySqlite } from './sqlite-copy.ts';
import { migrateSqlite } from './sqlite-migrations.ts';

export {
  CompiledQuery,
  type Expression,
  type ExpressionBuilder,
  type Generated,
  type Insertable,
  type Reads,
  type Selectable,
  type SqlBool,
  sql,
  type Writes,
} from './queries.ts';

/**
 * The database of a region, in one of two forms: an SQLite file that this process alone has open, or a PostgreSQL server
 * that several processes share.
 *
 * Inside `read` and `write` nothing but their own queries is awaited, and neither is called again: SQLite has one
 * connection, so the inner call would wait for ever. It throws instead, with both forms.
 */
export interface Database {
  /**
   * Sees one state of the data throughout: no write comes between its queries. Resolves only once what it saw has been synced:
   * nobody is told of something that a power failure would take back.
   *
   * @throws LogUnsynced when SQLite's log could not be synced, now or earlier
   */
  read<Tables, Result>(work: (queries: Reads<Tables>) => Promise<Result>): Promise<Result>;
  /**
   * All of it or nothing, as if no other write ran beside it. Resolves only after the COMMIT has been synced to the disk.
   *
   * SQLite gathers writes that wait into one commit; where one of them throws after it has changed something, all of them
   * are taken back and **run again**, each behind a savepoint, so that it takes only itself back. PostgreSQL runs writes
   * beside each other, SERIALIZABLE; where two come in each other's way, one of them is taken back and **run again**. So the
   * work has no effect outside its queries: what it fills or counts, it makes afresh in each run, and what shall follow a
   * write is done after `write` has resolved.
   *
   * @throws WriteOutcomeUnknown when the connection to PostgreSQL was lost in the COMMIT
   * @throws LogUnsynced when SQLite's log could not be synced, now (then the outcome is unknown) or earlier
   * @throws DatabaseAway when PostgreSQL cannot be reached: nothing was done
   */
  write<Tables, Result>(work: (queries: Writes<Tables>) => Promise<Result>): Promise<Result>;
  /**
   * Writes a copy of the whole database, as it stands at one moment, to a new SQLite file, and syncs it. Reads and writes
   * go on meanwhile.
   */
  copyTo(file: string): Promise<void>;
  /** Waits for what runs, then lets go of file or connections. Whatever is asked later is rejected. */
  close(): Promise<void>;
}

/** Where the data lie. */
export type DatabasePlace =
  /** Path of the SQLite file, made if absent (0600); `:memory:` for a database that lives as long as its process. */
  | { readonly kind?: 'sqlite'; readonly file: string }
  /** `postgres://user@host/database`; beyond this machine with `sslmode=verify-full`. */
  | { readonly kind: 'postgres'; readonly url: string };

export type DatabaseOptions = DatabasePlace & {
  readonly now: () => Date;
  /** Only for tests: other steps than the released ones. */
  readonly migrations?: readonly Migration[];
};

/** A commit waits for at most so many turns of the event loop that each bring another write. */
const MOST_TURNS_GATHERED = 16;

/**
 * Opens the database and brings its schema up to date.
 *
 * SQLite: libsql, one connection, EXCLUSIVE lock, WAL, all read back; commits are synced by `LogSync`. PostgreSQL: a few connections,
 * synchronous_commit=on and the server's fsync read back on each; one process at a time changes the schema.
 *
 * @throws DatabaseInUse when another process, or this one, holds the SQLite file
 * @throws DatabaseAway, DatabaseUnfit when PostgreSQL cannot be reached, or would not keep what it is given
 * @throws Error when the data were written by a newer version
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { now, migrations = MIGRATIONS } = options;
  if (options.kind === 'postgres') {
    const connections = new PostgresConnections(options.url);
    try {
      await migratePostgres(connections, migrations, now);
    } catch (error) {
      await connections.close();
      throw error;
    }
    return new PostgresDatabase(new PostgresTransactions(connections), (session, file) =>
      copyFromPostgres(session, { file, migrations, now }),
    );
  }
  const connection = openConnection(options.file);
  try {
    migrateSqlite(connection, migrations, now);
    const log = await LogSync.of(connection);
    syncByCaller(connection);
    return new SqliteDatabase(connection, log);
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * The longest that anybody waits for a work on SQLite. No honest one lets a timer fire: it awaits its own queries alone, and
 * those have answered already. One that awaits something else would otherwise hold the database for ever.
 */
const HELD_MS = 10_000;

function requireOutside(): void {
  if (isNested()) throw new Error('read and write are not called inside read or write');
}

function requireOutsideToClose(): void {
  if (isNested()) throw new Error('the database cannot be closed from inside');
}

function held(): Error {
  return new Error(
    `the database was held for ${HELD_MS} ms: a read or write awaits something that is not its own query`,
  );
}

class SqliteDatabase implements Database {
  readonly #connection: SqliteConnection;
  readonly #log: LogSync;
  readonly #queries: Queries;
  readonly #writes: WaitingWrite[] = [];
  #turns = new Set<() => void>();
  #reading = 0;
  #writing = false;
  #scheduled = false;
  /** Writes wait for readers to end. */
  #keptOut = false;
  #keptOutTooLong: NodeJS.Timeout | undefined;
  #copying: Promise<void> | undefined;
  #closed = false;

  constructor(connection: SqliteConnection, log: LogSync) {
    this.#connection = connection;
    this.#log = log;
    this.#queries = sqliteQueries(connection);
  }

  async read<Tables, Result>(work: (queries: Reads<Tables>) => Promise<Result>): Promise<Result> {
    this.#requireOpen();
    while (this.#writing || this.#keptOut) await this.#turn();
    const { commits } = this.#log;
    try {
      return await this.#reads(work);
    } finally {
      await this.#log.until(commits);
    }
  }

  async #reads<Tables, Result>(work: (queries: Reads<Tables>) => Promise<Result>): Promise<Result> {
    this.#reading += 1;
    try {
      return await runInside(() => work(this.#queries as unknown as Writes<Tables>));
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
        work: () => runInside(() => work(this.#queries as unknown as Writes<Tables>)),
        resolve,
        reject,
      });
    });
    this.#schedule();
    return (await written) as Result;
  }

  async copyTo(file: string): Promise<void> {
    this.#requireOpen();
    while (this.#copying) await this.#copying.catch(() => {});
    while (this.#writing) await this.#turn();
    // From here to the checkpoint inside nothing is awaited: no write is half done.
    this.#requireOpen();
    this.#copying = copySqlite(this.#connection, file);
    try {
      await this.#copying;
    } finally {
      this.#copying = undefined;
    }
  }

  async close(): Promise<void> {
    requireOutsideToClose();
    if (this.#closed) return;
    this.#closed = true;
    await this.#copying?.catch(() => {});
    while (this.#writing || this.#reading > 0 || this.#writes.length > 0) await this.#turn();
    // Whoever waits for a sync that fails is told by it.
    await this.#log.until(this.#log.commits).catch(() => {});
    await this.#log.close();
    this.#connection.close();
  }

  #requireOpen(): void {
    requireOutside();
    if (this.#closed) throw new Error('the database is closed');
    this.#log.check();
  }

  #turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = () => {
        clearTimeout(tooLong);
        resolve();
      };
      const tooLong = setTimeout(() => {
        this.#turns.delete(turn);
        reject(held());
      }, HELD_MS);
      this.#turns.add(turn);
    });
  }

  #nextTurn(): void {
    const turns = this.#turns;
    this.#turns = new Set();
    for (const turn of turns) turn();
  }

  /**
   * Once a turn of the event loop has brought no other write: so those of all messages that are being read share one commit,
   * whose sync and whose pages cost more than the writes themselves. Each message awaits other things before its write, so
   * that those that came together do not all arrive in one turn.
   */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#gather(0, MOST_TURNS_GATHERED);
  }

  #gather(gathered: number, turnsLeft: number): void {
    setImmediate(() => {
      const waiting = this.#writes.length;
      if (waiting > gathered && turnsLeft > 0) {
        this.#gather(waiting, turnsLeft - 1);
        return;
      }
      this.#scheduled = false;
      this.#begin();
    });
  }

  #begin(): void {
    if (this.#writing || this.#writes.length === 0) return;
    // From here on new readers wait: else they could keep the writes out for ever.
    this.#keptOut = this.#reading > 0;
    if (this.#keptOut) {
      this.#keptOutTooLong ??= setTimeout(() => this.#giveUpWriting(), HELD_MS);
      return;
    }
    clearTimeout(this.#keptOutTooLong);
    this.#keptOutTooLong = undefined;
    this.#writing = true;
    void commitTogether(this.#connection, this.#log, this.#writes).finally(() => {
      this.#writing = false;
      this.#nextTurn();
      if (this.#writes.length > 0) this.#schedule();
    });
  }

  /** The reader that keeps the writes out may wait for one of them. */
  #giveUpWriting(): void {
    this.#keptOut = false;
    this.#keptOutTooLong = undefined;
    for (const write of this.#writes.splice(0)) write.reject(held());
    this.#nextTurn();
  }
}

class PostgresDatabase implements Database {
  readonly #transactions: PostgresTransactions;
  readonly #queries = new WeakMap<PostgresSession, Queries>();
  readonly #copy: (session: PostgresSession, file: string) => Promise<void>;
  #closed = false;

  constructor(
    transactions: PostgresTransactions,
    copy: (session: PostgresSession, file: string) => Promise<void>,
  ) {
    this.#transactions = transactions;
    this.#copy = copy;
  }

  async read<Tables, Result>(work: (queries: Reads<Tables>) => Promise<Result>): Promise<Result> {
    this.#requireOpen();
    return await this.#transactions.read((session) =>
      runInside(() => work(this.#queriesOf<Tables>(session))),
    );
  }

  async write<Tables, Result>(work: (queries: Writes<Tables>) => Promise<Result>): Promise<Result> {
    this.#requireOpen();
    return await this.#transactions.write((session) =>
      runInside(() => work(this.#queriesOf<Tables>(session))),
    );
  }

  async copyTo(file: string): Promise<void> {
    this.#requireOpen();
    await this.#transactions.read((session) => this.#copy(session, file));
  }

  async close(): Promise<void> {
    requireOutsideToClose();
    if (this.#closed) return;
    this.#closed = true;
    await this.#transactions.close();
  }

  #requireOpen(): void {
    requireOutside();
    if (this.#closed) throw new Error('the database is closed');
  }

  #queriesOf<Tables>(session: PostgresSession): Writes<Tables> {
    const kept = this.#queries.get(session);
    const queries = kept ?? postgresQueries(session);
    if (kept === undefined) this.#queries.set(session, queries);
    return queries as unknown as Writes<Tables>;
  }
}
