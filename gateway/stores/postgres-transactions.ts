import {
  CONNECTIONS,
  isOfOldSchema,
  type PostgresConnections,
  type PostgresSession,
} from './postgres-connection.ts';
import { PostgresWrites } from './postgres-writes.ts';

/** The transactions of one process in PostgreSQL. Readers have a connection each, beside the writers'. */
export class PostgresTransactions {
  readonly #connections: PostgresConnections;
  readonly #writes: PostgresWrites;
  readonly #reading = new Set<Promise<unknown>>();

  constructor(connections: PostgresConnections) {
    this.#connections = connections;
    this.#writes = new PostgresWrites(connections);
  }

  /**
   * REPEATABLE READ, READ ONLY: one state of the data throughout. The work is run again where a newer version has changed the
   * schema since its statements were parsed.
   *
   * @throws DatabaseAway
   */
  read<Result>(work: (session: PostgresSession) => Promise<Result>): Promise<Result> {
    return this.#tracked(this.#read(work));
  }

  /**
   * SERIALIZABLE. The work is run again when another transaction came in its way, so it must have no effect but its queries.
   *
   * @throws WriteOutcomeUnknown, DatabaseAway
   */
  async write<Result>(work: (session: PostgresSession) => Promise<Result>): Promise<Result> {
    return (await this.#writes.add(work)) as Result;
  }

  /** Waits for what runs, then lets go of the connections. */
  async close(): Promise<void> {
    await this.#writes.idle();
    while (this.#reading.size > 0) await Promise.allSettled(this.#reading);
    await this.#connections.close();
  }

  #tracked<Result>(reading: Promise<Result>): Promise<Result> {
    this.#reading.add(reading);
    const ended = () => this.#reading.delete(reading);
    reading.then(ended, ended);
    return reading;
  }

  async #read<Result>(work: (session: PostgresSession) => Promise<Result>): Promise<Result> {
    for (let old = 0; ; old += 1) {
      try {
        return await this.#readOnce(work);
      } catch (error) {
        if (!isOfOldSchema(error) || old > CONNECTIONS) throw error;
      }
    }
  }

  async #readOnce<Result>(work: (session: PostgresSession) => Promise<Result>): Promise<Result> {
    const session = await this.#connections.take();
    // It is not waited for: should it fail, the connection is lost, and with it the queries behind it.
    const begun = session.exec('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    begun.catch(() => {});
    try {
      const value = await work(session);
      await begun;
      return value;
    } finally {
      // Nothing is lost with the end of a read: its answer does not wait for it.
      const ended = session.exec('COMMIT').then(
        () => this.#connections.release(session, !isOfOldSchema(session.failure)),
        () => this.#connections.release(session, false),
      );
      this.#tracked(ended);
    }
  }
}
