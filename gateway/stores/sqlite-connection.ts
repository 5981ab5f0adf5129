import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import Libsql from 'libsql';
import { requireSqlParameters } from './sql-parameter.ts';

/** Somebody else has the database open. For the operator: `holder` is the process id, if it is known. */
export class DatabaseInUse extends Error {
  readonly holder: number | undefined;

  constructor(file: string, holder: number | undefined, cause: unknown) {
    super(`${file} is in use${holder === undefined ? '' : ` by process ${holder}`}`, { cause });
    this.name = 'DatabaseInUse';
    this.holder = holder;
  }
}

/** The name of a database that lies in no file. */
const IN_MEMORY = ':memory:';

/** Statements kept prepared, by SQL text, and the length of their texts together; the one unused for longest goes first. */
export const STATEMENTS_KEPT = { most: 512, mostCharacters: 4 * 1_048_576 } as const;

/** What SQLite keeps of the database in memory: 16 MiB (a negative number counts KiB). */
const CACHE_KIB = -16_384;

/**
 * Octets of a page in a new database: an object of the registry lies whole in one, where smaller pages would make it a chain.
 * A file that is there keeps its own.
 */
const PAGE_BYTES = 8_192;

/**
 * Pages in the write-ahead log after which SQLite moves them into the database: 32 MiB. A page that many commits have
 * changed is moved once, and the syncs that go with it are few.
 */
export const CHECKPOINT_PAGES = 4_000;

export type SqlRow = Record<string, unknown>;

/** A statement that is ready to run. */
interface Prepared {
  readonly statement: ReturnType<InstanceType<typeof Libsql>['prepare']>;
  /** It returns rows. */
  readonly reads: boolean;
  /** It may change something. */
  readonly changes: boolean;
  /** Columns that hold octets. */
  readonly octets: readonly string[];
}

/** The one connection: statements kept by their text, parameters checked, octets returned as Uint8Array. */
export class SqliteConnection {
  readonly #file: InstanceType<typeof Libsql>;
  readonly #statements = new Map<string, Prepared>();
  /** Of the texts of `#statements`. */
  #characters = 0;
  #changing = 0;

  /** Where the database lies; `:memory:` for one that lies nowhere. */
  readonly path: string;

  constructor(path: string) {
    this.path = path;
    this.#file = new Libsql(path);
  }

  /** Its write-ahead log; none where it lies nowhere. */
  get logPath(): string | undefined {
    return this.path === IN_MEMORY ? undefined : `${this.path}-wal`;
  }

  /** What is kept prepared now. */
  get kept(): { readonly statements: number; readonly characters: number } {
    return { statements: this.#statements.size, characters: this.#characters };
  }

  /** How many statements were run that may have changed something: all but SELECTs. */
  get changing(): number {
    return this.#changing;
  }

  get inTransaction(): boolean {
    return this.#file.inTransaction;
  }

  /** Runs statements that take no parameters and return nothing. */
  exec(statements: string): void {
    this.#file.exec(statements);
  }

  /**
   * Runs one statement.
   *
   * @throws TypeError for a parameter that no column may hold
   */
  run(text: string, parameters: readonly unknown[] = []): { rows: SqlRow[]; changes: number } {
    const bound = requireSqlParameters(parameters);
    const { statement, reads, changes, octets } = this.#prepared(text);
    if (changes) this.#changing += 1;
    if (!reads) return { rows: [], changes: statement.run(bound).changes };
    const rows = statement.all(bound) as SqlRow[];
    for (const column of octets) {
      for (const row of rows) {
        const value = row[column];
        if (value instanceof ArrayBuffer) row[column] = new Uint8Array(value);
      }
    }
    return { rows, changes: 0 };
  }

  /** The rows of one statement. */
  rows(text: string, parameters: readonly unknown[] = []): SqlRow[] {
    return this.run(text, parameters).rows;
  }

  /**
   * Lets go of the file. Closing is not enough: libsql frees a prepared statement only when the garbage collector finds
   * it, and until then the file stays open and locked. So the lock is given back in words first.
   */
  close(): void {
    this.#statements.clear();
    this.#characters = 0;
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

  #prepared(text: string): Prepared {
    const kept = this.#statements.get(text);
    if (kept !== undefined) {
      this.#statements.delete(text);
      this.#statements.set(text, kept);
      return kept;
    }
    const statement = this.#file.prepare(text);
    const reads = statement.reader;
    const columns = reads ? statement.columns() : [];
    // A column that is computed has no declared type, and may hold octets too.
    const octets = columns
      .filter(({ type }) => type === null || !TEXT_OR_INTEGER.test(type))
      .map(({ name }) => name);
    const prepared = { statement, reads, changes: !/^\s*SELECT\b/i.test(text), octets };
    this.#statements.set(text, prepared);
    this.#characters += text.length;
    const { most, mostCharacters } = STATEMENTS_KEPT;
    for (const oldest of this.#statements.keys()) {
      if (this.#statements.size <= most && this.#characters <= mostCharacters) break;
      this.#statements.delete(oldest);
      this.#characters -= oldest.length;
    }
    return prepared;
  }
}

/** Declared types that never hold octets. */
const TEXT_OR_INTEGER = /^(?:text|integer|bigint)$/i;

/**
 * Opens a file, made if absent (0600), or a database in memory; takes the lock for good, in WAL with synchronous=FULL.
 *
 * @throws DatabaseInUse when another process, or this one, holds it
 */
export function openConnection(file: string): SqliteConnection {
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
  connection.rows(`PRAGMA page_size=${PAGE_BYTES}`);
  const settings: readonly Setting[] = [
    ['locking_mode', 'EXCLUSIVE', 'exclusive'],
    ['journal_mode', 'WAL', journal],
    ['synchronous', 'FULL', 2],
    ['foreign_keys', 'ON', 1],
    ['cache_size', CACHE_KIB, CACHE_KIB],
    ['wal_autocheckpoint', CHECKPOINT_PAGES, CHECKPOINT_PAGES],
  ];
  for (const setting of settings) set(connection, setting);
  // PostgreSQL's LIKE minds the case; this setting cannot be read back, so its effect is.
  connection.rows('PRAGMA case_sensitive_like=ON');
  if (connection.rows("SELECT 'a' LIKE 'A' AS same")[0]?.['same'] !== 0) {
    throw new Error('SQLite compares LIKE without case');
  }
  connection.exec('BEGIN IMMEDIATE; COMMIT');
  return connection;
}

/** Name, what is set, and how SQLite then tells it. */
type Setting = readonly [string, string | number, string | number];

function set(connection: SqliteConnection, [name, wanted, expected]: Setting): void {
  connection.rows(`PRAGMA ${name}=${wanted}`);
  const value = connection.rows(`PRAGMA ${name}`)[0]?.[name];
  if (value !== expected) throw new Error(`SQLite keeps ${name}=${value}, not ${expected}`);
}

/**
 * From here on a COMMIT returns without a sync, which its caller owes. SQLite itself still syncs the log before it moves pages
 * into the database, so that the file stays whole whenever the power fails.
 */
export function syncByCaller(connection: SqliteConnection): void {
  set(connection, ['synchronous', 'NORMAL', 1]);
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
