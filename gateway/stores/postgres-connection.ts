/// <reference path="./pg.d.ts" />
import { isIP } from 'node:net';
import pg from 'pg';
import { requireSqlParameters } from './sql-parameter.ts';
import { fromPostgres, ValueRefused } from './postgres-values.ts';

/** The server is not there, or not set up so that it keeps what it is given. It stops the start. */
export class DatabaseUnfit extends Error {
  constructor(problem: string, cause?: unknown) {
    super(problem, cause === undefined ? undefined : { cause });
    this.name = 'DatabaseUnfit';
  }
}

/** No connection could be had, so nothing was done: the same may do later. */
export class DatabaseAway extends Error {
  readonly code = 'DATABASE_AWAY';

  constructor(cause: unknown) {
    super('the database cannot be reached', { cause });
    this.name = 'DatabaseAway';
  }
}

export type SqlRow = Record<string, unknown>;

/** What one statement came to. */
export interface StatementResult {
  readonly rows: SqlRow[];
  /** Rows that it inserted, updated or deleted. */
  readonly changes: number;
}

/** What is kept on a connection, and how long anything on it may take. */
export const CONNECTIONS = 10;
const CONNECT_MS = 10_000;
const IDLE_MS = 30_000;
const STATEMENT_MS = 30_000;
const LOCK_MS = 10_000;
/** Longer than the server's own limit: only a server or a network that is dead comes to it. */
const ANSWER_MS = STATEMENT_MS + 5_000;
/** On a connection beside the pool, which asks for nothing that takes long. */
const LINE_ANSWER_MS = 5_000;
/** As long as it takes: the longest that a timer of Node can be set for. */
const ANY_MS = 2 ** 31 - 1;

/** Statements that are parsed once a connection, by SQL text. Later ones are parsed each time. */
const MOST_NAMES = 512;

/**
 * A statement that was parsed on a connection finds other columns than then: a newer version has changed the schema. The
 * connection says so of that statement for ever; a new one does not.
 */
export function isOfOldSchema(failure: unknown): boolean {
  const { code, routine } = (failure ?? {}) as { code?: unknown; routine?: unknown };
  return code === '0A000' && routine === 'RevalidateCachedQuery';
}

const CHANGING = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);

/** One connection, lent to one transaction at a time. */
export class PostgresSession {
  readonly #client: Pick<pg.PoolClient, 'query'>;
  readonly #names: Map<string, string>;
  /** What the server, or the socket, said first against this transaction, even if the work has caught it. */
  failure: unknown;
  /** In place of the connection's own limit. */
  #answerMs: number | undefined;

  constructor(client: Pick<pg.PoolClient, 'query'>, names: Map<string, string>) {
    this.#client = client;
    this.#names = names;
  }

  /** A transaction begins: what was said against the one before, and the time that it took, count no longer. */
  begin(): void {
    this.failure = undefined;
    this.#answerMs = undefined;
  }

  /**
   * Until the end of this transaction its statements, and what is done between them, may take as long as they need: for
   * the schema, and for copies of all that there is.
   */
  async takeTime(): Promise<void> {
    await this.exec(
      'SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0',
    );
    this.#answerMs = ANY_MS;
  }

  /** Runs a word of the transaction itself, such as COMMIT, or statements of the schema. */
  async exec(statements: string): Promise<string> {
    const asked = this.#client.query({ text: statements, query_timeout: this.#answerMs });
    return (await this.#heard(asked)).command ?? '';
  }

  /** As `exec`, without waiting: the statements behind it come after it, and fail where it has. */
  send(statements: string): void {
    this.exec(statements).catch(() => {});
  }

  /**
   * Runs one statement.
   *
   * @throws TypeError for a parameter that no column may hold: then the transaction goes on
   */
  async run(text: string, parameters: readonly unknown[] = []): Promise<StatementResult> {
    const values = requireSqlParameters(parameters);
    const query_timeout = this.#answerMs;
    const asked = this.#client.query({ text, values, name: this.#nameOf(text), query_timeout });
    const { rows, rowCount, command } = await this.#heard(asked);
    return { rows, changes: CHANGING.has(command ?? '') ? (rowCount ?? 0) : 0 };
  }

  async rows(text: string, parameters: readonly unknown[] = []): Promise<SqlRow[]> {
    return (await this.run(text, parameters)).rows;
  }

  async #heard(asked: Promise<pg.Result>): Promise<pg.Result> {
    try {
      return await asked;
    } catch (error) {
      // A value that we could not read is no failure of the transaction.
      if (!(error instanceof ValueRefused)) this.failure ??= error;
      throw error;
    }
  }

  #nameOf(text: string): string | undefined {
    const kept = this.#names.get(text);
    if (kept !== undefined || this.#names.size >= MOST_NAMES) return kept;
    const name = `kakehashi_${this.#names.size}`;
    this.#names.set(text, name);
    return name;
  }
}

/** The connections of one process to one database. The only file that knows pg. */
export class PostgresConnections {
  readonly #pool: pg.Pool;
  readonly #place: string;
  readonly #names = new Map<string, string>();
  readonly #sessions = new WeakMap<pg.PoolClient, PostgresSession>();
  readonly #lent = new Map<PostgresSession, pg.PoolClient>();

  /**
   * @param limits only for tests: shorter ones, of a statement in the server and of its answer here
   * @throws DatabaseUnfit for a URL that cannot be used
   */
  constructor(url: string, limits: { statementMs?: number; answerMs?: number } = {}) {
    const { statementMs = STATEMENT_MS, answerMs = ANSWER_MS } = limits;
    this.#place = requireUsableUrl(url);
    this.#pool = new pg.Pool({
      connectionString: url,
      max: CONNECTIONS,
      connectionTimeoutMillis: CONNECT_MS,
      idleTimeoutMillis: IDLE_MS,
      statement_timeout: statementMs,
      query_timeout: answerMs,
      lock_timeout: LOCK_MS,
      // A process that hangs in a transaction must not keep the others from their rows.
      idle_in_transaction_session_timeout: statementMs,
      application_name: 'kakehashi',
      // A scan of a whole table, as the planner prefers on a small one, would meet every other write.
      options: '-c synchronous_commit=on -c enable_seqscan=off',
      keepAlive: true,
      // The BEGIN of a read and its first query go out together.
      pipeline: true,
      types: { getTypeParser: fromPostgres },
    });
    // An idle connection that breaks is taken out of the pool by the pool itself.
    this.#pool.on('error', () => {});
  }

  /** Host and database, without user and password: for the operator. */
  get place(): string {
    return this.#place;
  }

  /**
   * A connection whose settings have been read back.
   *
   * @throws DatabaseAway, DatabaseUnfit
   */
  async take(): Promise<PostgresSession> {
    let client: pg.PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (error) {
      throw new DatabaseAway(error);
    }
    const known = this.#sessions.get(client);
    if (known !== undefined) {
      known.begin();
      this.#lent.set(known, client);
      return known;
    }
    // One that breaks between two queries says so here; the next query on it is rejected.
    client.on('error', () => {});
    const session = new PostgresSession(client, this.#names);
    try {
      await requireKeepingServer(session);
    } catch (error) {
      client.release(true);
      throw error instanceof DatabaseUnfit ? error : new DatabaseAway(error);
    }
    this.#sessions.set(client, session);
    this.#lent.set(session, client);
    return session;
  }

  /** Gives a connection back; one in a state that nobody knows is closed. */
  release(session: PostgresSession, isSound: boolean): void {
    this.#lent.get(session)?.release(!isSound);
    this.#lent.delete(session);
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

/** A connection beside those of the pool. */
export interface PostgresLine {
  readonly session: PostgresSession;
  close(): Promise<void>;
}

/**
 * Opens a connection for what lives as long as it does, such as a lock of its session. Either end notices within some
 * seconds that the other has gone without a word.
 *
 * @param options.name how the server's administrator sees it
 * @param options.ended told once, whoever has ended it, and however
 * @throws DatabaseAway, DatabaseUnfit
 */
export async function openLine(
  url: string,
  { name, ended }: { readonly name: string; readonly ended: () => void },
): Promise<PostgresLine> {
  requireUsableUrl(url);
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: LINE_ANSWER_MS,
    query_timeout: LINE_ANSWER_MS,
    application_name: name,
    options: '-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=2',
    keepAlive: true,
    keepAliveInitialDelayMillis: LINE_ANSWER_MS,
    types: { getTypeParser: fromPostgres },
  });
  // The query on it is rejected, and `end` follows.
  client.on('error', () => {});
  const close = async () => await client.end().catch(() => {});
  try {
    await client.connect();
  } catch (error) {
    void close();
    throw new DatabaseAway(error);
  }
  client.on('end', ended);
  return { session: new PostgresSession(client, new Map()), close };
}

/** Every setting without which a COMMIT would promise too much. */
async function requireKeepingServer(session: PostgresSession): Promise<void> {
  const [found] = await session.rows(
    `SELECT current_setting('synchronous_commit') AS synchronous_commit, current_setting('fsync') AS fsync,
      current_setting('full_page_writes') AS full_page_writes, current_setting('server_encoding') AS server_encoding,
      current_setting('server_version_num') AS version, current_setting('transaction_read_only') AS read_only,
      has_schema_privilege(current_schema(), 'CREATE') AS may_create`,
  );
  const wanted = {
    synchronous_commit: 'on',
    fsync: 'on',
    full_page_writes: 'on',
    server_encoding: 'UTF8',
  };
  for (const [name, value] of Object.entries(wanted)) {
    if (found?.[name] === value) continue;
    throw new DatabaseUnfit(`PostgreSQL has ${name}=${String(found?.[name])}; it must be ${value}`);
  }
  if (Number(found?.['version']) < OLDEST_VERSION) {
    throw new DatabaseUnfit(`PostgreSQL is older than ${Math.floor(OLDEST_VERSION / 10_000)}`);
  }
  if (found?.['read_only'] !== 'off') {
    throw new DatabaseUnfit('PostgreSQL takes no writes here; it may be a standby');
  }
  if (found['may_create'] === 1) return;
  throw new DatabaseUnfit('the user of the URL may not make tables in this PostgreSQL database');
}

const OLDEST_VERSION = 130_000;

/**
 * Patients' data crosses no wire in the clear: beyond this machine the server shows a certificate that names it.
 *
 * @returns host and database, for the operator
 */
function requireUsableUrl(text: string): string {
  if (!/^postgres(?:ql)?:\/\//.test(text) || !URL.canParse(text)) {
    throw new DatabaseUnfit('the URL of the database does not begin with postgres://');
  }
  const url = new URL(text);
  const host = url.searchParams.get('host') ?? decodeURIComponent(url.hostname);
  const place = `${host}${url.pathname}`;
  if (isOnThisMachine(host) || url.searchParams.get('sslmode') === 'verify-full') return place;
  throw new DatabaseUnfit(`${place} is on another machine; its URL needs sslmode=verify-full`);
}

function isOnThisMachine(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if (bare === 'localhost' || bare.startsWith('/')) return true;
  return isIP(bare) === 4 ? bare.startsWith('127.') : bare === '::1';
}
