import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { DatabaseAway, openLine, type PostgresLine } from './postgres-connection.ts';

/** Another process works on the database under the same name. It stops the start. */
export class NodeInUse extends Error {
  readonly node: string;

  constructor(node: string) {
    super(`another process runs with audit.node ${node} on this database already`);
    this.name = 'NodeInUse';
    this.node = node;
  }
}

/**
 * How it stands with the name. `waiting`: at the start, another has it. `away`: the connection that held it is gone.
 * `taken`: and another process has it since.
 */
export type NodeStanding = 'waiting' | 'held' | 'away' | 'taken';

export interface NodeLockOptions {
  readonly url: string;
  /** `audit.node` */
  readonly node: string;
  /** Told of each change, once; `cause` is what broke the connection. */
  readonly heard?: (standing: NodeStanding, cause?: unknown) => void;
  /** How long the server may need to notice that whoever had the name has ended. */
  readonly patienceMs?: number;
  /** Only for tests: how often the server is asked whether the name is still held. */
  readonly lookMs?: number;
}

/** A number of our own, before the hash of the name: both together are the lock. */
const NODE_LOCKS = 4_915_204;
const PATIENCE_MS = 10_000;
const START_AGAIN_MS = 250;
const AGAIN_MS = 1_000;
/** A connection whose other end has gone without a word is found out by asking. */
const LOOK_MS = 5_000;

const LOCK = 'SELECT pg_try_advisory_lock($1::int, $2::int) AS held';
const UNLOCK = 'SELECT pg_advisory_unlock($1::int, $2::int) AS held';
const LOOK = `SELECT count(*) AS held FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2
  AND pid = pg_backend_pid() AND classid::bigint = $1::bigint AND objid::bigint = ($2::bigint & 4294967295)`;

/**
 * The name of this process among those that share a PostgreSQL database, held by a lock of a session of its own: it goes
 * with the process, however that ends. Two names share a lock once in four thousand million.
 */
export class NodeLock {
  readonly #options: NodeLockOptions;
  readonly #patienceMs: number;
  readonly #lookMs: number;
  readonly #key: readonly [number, number];
  #line: PostgresLine | undefined;
  #standing: NodeStanding = 'away';
  #lostAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #isOver = false;

  private constructor(options: NodeLockOptions) {
    this.#options = options;
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
    this.#lookMs = options.lookMs ?? LOOK_MS;
    this.#key = [NODE_LOCKS, createHash('sha256').update(options.node).digest().readInt32BE(0)];
  }

  /**
   * Claims the name, and claims it again, every second, when its connection is lost.
   *
   * @throws NodeInUse when another process still has it after `patienceMs`
   * @throws DatabaseAway, DatabaseUnfit
   */
  static async claim(options: NodeLockOptions): Promise<NodeLock> {
    const lock = new NodeLock(options);
    try {
      await lock.#claimFirst();
    } catch (error) {
      await lock.release();
      throw error;
    }
    lock.#wait(lock.#lookMs);
    return lock;
  }

  /** @throws Error while the name is not held, with the reason */
  requireHeld(): void {
    if (this.#standing === 'held') return;
    const taken = this.#standing === 'taken';
    throw new Error(
      taken
        ? 'another process has taken audit.node'
        : 'the connection that held audit.node is lost',
    );
  }

  /** The name is free once this has resolved, unless the connection is lost. */
  async release(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    await this.#round;
    const line = this.#line;
    this.#line = undefined;
    if (this.#standing === 'held') await line?.session.run(UNLOCK, this.#key).catch(() => {});
    await line?.close();
  }

  async #claimFirst(): Promise<void> {
    const until = performance.now() + this.#patienceMs;
    while (!(await this.#ask(LOCK))) {
      if (performance.now() >= until) throw new NodeInUse(this.#options.node);
      this.#stand('waiting');
      await pause(START_AGAIN_MS);
    }
    this.#stand('held');
  }

  async #ask(statement: string): Promise<boolean> {
    const { url, node } = this.#options;
    if (this.#line === undefined) {
      const name = `kakehashi node ${node}`;
      const line = await openLine(url, { name, ended: () => this.#ended(line) });
      this.#line = line;
    }
    try {
      const [row] = await this.#line.session.rows(statement, this.#key);
      return row?.['held'] === 1;
    } catch (error) {
      throw new DatabaseAway(error);
    }
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#isOver) return;
    this.#timer = setTimeout(() => {
      this.#round = this.#goRound().finally(() => {
        this.#round = undefined;
        this.#wait(this.#standing === 'held' ? this.#lookMs : AGAIN_MS);
      });
    }, ms).unref();
  }

  async #goRound(): Promise<void> {
    try {
      if (this.#standing === 'held' && (await this.#ask(LOOK))) return;
      this.#lose();
      if (await this.#ask(LOCK)) this.#stand('held');
      // For a moment the one that has it may be the session that we have lost.
      else if (performance.now() - this.#lostAt >= this.#patienceMs) this.#stand('taken');
    } catch (error) {
      const line = this.#line;
      this.#line = undefined;
      this.#lose(error);
      void line?.close();
    }
  }

  /** A round that is under way, and the start, hear of it by their query. */
  #ended(line: PostgresLine): void {
    if (this.#line !== line || this.#round !== undefined || this.#isOver) return;
    this.#line = undefined;
    this.#lose();
    if (this.#timer !== undefined) this.#wait(0);
  }

  #lose(cause?: unknown): void {
    if (this.#standing !== 'held') return;
    this.#lostAt = performance.now();
    this.#stand('away', cause);
  }

  #stand(standing: NodeStanding, cause?: unknown): void {
    if (this.#standing === standing) return;
    this.#standing = standing;
    this.#options.heard?.(standing, cause);
  }
}
