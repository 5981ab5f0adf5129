import type { LogSync } from './log-sync.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/** A write that waits for a commit. Its work may be run twice. */
export interface WaitingWrite {
  work(): Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** At most so many writes share one commit; then those who wait are told before more is taken. */
const MOST_WRITES_A_COMMIT = 256;

/**
 * Runs the writes that wait, and commits them as one. Returns after the COMMIT; each is told what it came to once that has been
 * synced. One that throws takes itself back and no other.
 *
 * @param waiting in the order in which they came; those that were taken are taken out, also those that came meanwhile
 */
export async function commitTogether(
  connection: SqliteConnection,
  log: LogSync,
  waiting: WaitingWrite[],
): Promise<void> {
  const taken: WaitingWrite[] = [];
  try {
    connection.exec('BEGIN IMMEDIATE');
    const settle =
      (await runAll(connection, waiting, taken)) ?? (await runAgain(connection, taken));
    connection.exec('COMMIT');
    log.committed();
    void tellOnceSynced(log, taken, settle);
  } catch (error) {
    if (connection.inTransaction) connection.exec('ROLLBACK');
    // A failed BEGIN has taken none: then all that wait are told, for none of them could begin.
    if (taken.length === 0) taken.push(...waiting.splice(0));
    for (const write of taken) write.reject(error);
  }
}

/** Tells one write, once the commit is synced, what it came to. */
type Tell = () => void;

/** Also what a write was refused for: it may have read what is committed and not yet synced. */
async function tellOnceSynced(
  log: LogSync,
  taken: readonly WaitingWrite[],
  settle: readonly Tell[],
): Promise<void> {
  try {
    await log.until(log.commits);
    for (const tell of settle) tell();
  } catch (error) {
    for (const write of taken) write.reject(error);
  }
}

/**
 * Runs them without a savepoint: behind one, SQLite copies every page that a write changes, and nearly none throws.
 *
 * @param taken filled with those that were begun
 * @returns undefined when one has thrown after it had changed something
 */
async function runAll(
  connection: SqliteConnection,
  waiting: WaitingWrite[],
  taken: WaitingWrite[],
): Promise<readonly Tell[] | undefined> {
  const settle: Tell[] = [];
  while (taken.length < MOST_WRITES_A_COMMIT) {
    const write = waiting.shift();
    if (write === undefined) break;
    taken.push(write);
    const { changing } = connection;
    try {
      const outcome = await write.work();
      settle.push(() => write.resolve(outcome));
    } catch (error) {
      requireTransaction(connection, error);
      if (connection.changing !== changing) return undefined;
      settle.push(() => write.reject(error));
    }
  }
  return settle;
}

/** Takes all back, and runs each behind its savepoint. */
async function runAgain(
  connection: SqliteConnection,
  writes: readonly WaitingWrite[],
): Promise<readonly Tell[]> {
  connection.exec('ROLLBACK; BEGIN IMMEDIATE');
  const settle: Tell[] = [];
  for (const write of writes) {
    connection.exec('SAVEPOINT one_write');
    try {
      const value = await write.work();
      connection.exec('RELEASE one_write');
      settle.push(() => write.resolve(value));
    } catch (error) {
      requireTransaction(connection, error);
      connection.exec('ROLLBACK TO one_write; RELEASE one_write');
      settle.push(() => write.reject(error));
    }
  }
  return settle;
}

/** SQLite itself ends the whole transaction when the disk is full or fails: then nothing is left to go on with. */
function requireTransaction(connection: SqliteConnection, error: unknown): void {
  if (!connection.inTransaction) throw error;
}
