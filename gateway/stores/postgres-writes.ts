import { setTimeout as pause } from 'node:timers/promises';
import {
  isOfOldSchema,
  type PostgresConnections,
  type PostgresSession,
} from './postgres-connection.ts';

/**
 * The connection was lost while the server was committing: the write is durable, or it is not, and nobody here knows.
 * Whoever hears it treats it as a peer that may have acted: nothing is taken back, and nothing is promised.
 */
export class WriteOutcomeUnknown extends Error {
  constructor(cause: unknown) {
    super('the connection to the database was lost in a commit: its outcome is unknown', { cause });
    this.name = 'WriteOutcomeUnknown';
  }
}

/** How often a write that others came in the way of is run again. */
const MOST_ATTEMPTS = 24;
/** A key that two writers had found free: the second run sees the first one's row, or fails for good. */
const MOST_UNIQUE_ATTEMPTS = 3;
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 200;
/** At most so many writes share a commit; PostgreSQL keeps 64 savepoints at hand for each transaction. */
const MOST_WRITES_A_COMMIT = 32;
/** Transactions of one process beside each other. The other connections are the readers'. */
const MOST_LANES = 4;
/** How much of a lane each commit opens. */
const LANE_PART = 0.02;

/** What a failed statement means. */
type Failure =
  /** Another transaction came in the way: all is run again. */
  | 'conflict'
  /** Two writers inserted the same key. */
  | 'unique'
  /** The connection, or the server behind it, has gone. */
  | 'lost'
  /** The statement itself, or the work, is at fault. */
  | 'fault';

interface Write {
  work(session: PostgresSession): Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  attempts: number;
}

/** What one write of a batch came to, if the batch is committed. */
interface Outcome {
  readonly write: Write;
  tell(): void;
}

/**
 * The writes of one process: SERIALIZABLE transactions, each with all that waits for one, every write behind a savepoint.
 *
 * Two transactions that touch the same pages cannot go on beside each other: PostgreSQL takes one of them back, and its work
 * was for nothing. So they begin in one lane, where no two of this process meet; commits open further lanes bit by bit, and
 * each meeting, with another lane or another process, closes half of them.
 */
export class PostgresWrites {
  readonly #connections: PostgresConnections;
  readonly #waiting: Write[] = [];
  readonly #running = new Set<Promise<void>>();
  #lanes = 1;
  #scheduled = false;

  constructor(connections: PostgresConnections) {
    this.#connections = connections;
  }

  /** Runs a write, again and again if need be, until it is committed or refused. */
  add(work: (session: PostgresSession) => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ work, resolve, reject, attempts: 0 });
      this.#schedule();
    });
  }

  async idle(): Promise<void> {
    while (this.#waiting.length > 0 || this.#running.size > 0) {
      await (this.#running.size > 0 ? Promise.all(this.#running) : new Promise(setImmediate));
    }
  }

  /** After this turn of the event loop, so that the writes of all messages that it brought share one commit. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      while (this.#waiting.length > 0 && this.#running.size < Math.floor(this.#lanes)) {
        const running = this.#lane(this.#next()).finally(() => {
          this.#running.delete(running);
          if (this.#waiting.length > 0) this.#schedule();
        });
        this.#running.add(running);
      }
    });
  }

  /** A share of what waits; of those that have met others already, fewer each time. */
  #next(): Write[] {
    const share = Math.ceil(this.#waiting.length / Math.floor(this.#lanes));
    const most = Math.max(1, MOST_WRITES_A_COMMIT >> (this.#waiting[0]?.attempts ?? 0));
    return this.#waiting.splice(0, Math.min(share, most));
  }

  /** Runs a batch until none of it is left to be run. It never rejects. */
  async #lane(batch: Write[]): Promise<void> {
    const failure = await this.#commit(batch);
    if (failure === undefined) {
      this.#lanes = Math.min(MOST_LANES, this.#lanes + LANE_PART);
      return;
    }
    if (failure.kind === 'conflict') this.#lanes = Math.max(1, this.#lanes / 2);
    const again = batch.filter((write) => mayRunAgain(write, failure));
    if (again.length === 0) return;
    await pause(pauseMs(Math.max(...again.map(({ attempts }) => attempts))));
    this.#waiting.unshift(...again);
  }

  /** @returns why the batch as a whole has to be run again; without it everybody has been told */
  async #commit(batch: readonly Write[]): Promise<{ kind: Failure; error: unknown } | undefined> {
    let session: PostgresSession;
    try {
      session = await this.#connections.take();
    } catch (error) {
      for (const { reject } of batch) reject(error);
      return undefined;
    }
    let committing = false;
    try {
      await session.exec('BEGIN ISOLATION LEVEL SERIALIZABLE');
      const outcomes: Outcome[] = [];
      for (const write of batch) outcomes.push(await this.#run(write, session));
      committing = true;
      // What a write was refused for, and has taken back, says nothing of the COMMIT.
      session.failure = undefined;
      const ending = await session.exec('COMMIT');
      if (ending !== 'COMMIT') throw new Error(`the COMMIT was answered with ${ending}`);
      this.#connections.release(session, true);
      for (const { tell } of outcomes) tell();
      return undefined;
    } catch (error) {
      const kind = failureOf(session);
      this.#connections.release(session, kind !== 'lost' && (await isRolledBack(session)));
      if (kind === 'conflict' || (kind === 'lost' && !committing)) return { kind, error };
      const told = kind === 'lost' ? new WriteOutcomeUnknown(error) : error;
      for (const { reject } of batch) reject(told);
      return undefined;
    }
  }

  /** Runs one write behind its savepoint. Throws what is against the whole batch. */
  async #run(write: Write, session: PostgresSession): Promise<Outcome> {
    session.failure = undefined;
    // Not waited for: they fail only with the connection, and with it the statement behind them.
    session.send('SAVEPOINT one_write');
    try {
      const value = await write.work(session);
      // PostgreSQL goes on with nothing after a failed statement, even if the work has caught it.
      if (session.failure !== undefined) throw session.failure;
      session.send('RELEASE one_write');
      return { write, tell: () => write.resolve(value) };
    } catch (error) {
      const kind = failureOf(session);
      if (kind === 'conflict' || kind === 'lost') throw error;
      session.failure = undefined;
      await session.exec('ROLLBACK TO one_write; RELEASE one_write');
      return { write, tell: () => this.#refused(write, { kind, error }) };
    }
  }

  #refused(write: Write, failure: { kind: Failure; error: unknown }): void {
    if (failure.kind !== 'unique') write.reject(failure.error);
    else if (mayRunAgain(write, failure)) {
      this.#waiting.push(write);
      this.#schedule();
    }
  }
}

/** Counts an attempt; after the last one the writer is told. */
function mayRunAgain(write: Write, { kind, error }: { kind: Failure; error: unknown }): boolean {
  write.attempts += 1;
  if (write.attempts < (kind === 'unique' ? MOST_UNIQUE_ATTEMPTS : MOST_ATTEMPTS)) return true;
  write.reject(error);
  return false;
}

async function isRolledBack(session: PostgresSession): Promise<boolean> {
  return await session.exec('ROLLBACK').then(
    () => true,
    () => false,
  );
}

const CONFLICTS = new Set(['40001', '40P01']);
const UNIQUE_VIOLATION = '23505';

/** Told by what PostgreSQL said, if it said anything: an error that leaves the connection open has rolled back. */
function failureOf({ failure }: PostgresSession): Failure {
  if (failure === undefined) return 'fault';
  const { code, severity } = failure as { code?: string; severity?: string };
  // Without a severity it comes from the socket; with FATAL or PANIC the server has ended the connection.
  if (severity !== 'ERROR' || isOfOldSchema(failure)) return 'lost';
  if (CONFLICTS.has(code ?? '')) return 'conflict';
  return code === UNIQUE_VIOLATION ? 'unique' : 'fault';
}

/** Twice as long each time, and nobody at the same instant as another. */
function pauseMs(attempts: number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1));
  return longest * (0.5 + Math.random() / 2);
}
