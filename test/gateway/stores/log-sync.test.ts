import { jest } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { type FileHandle, open as openFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Database,
  openDatabase,
  type Reads,
  type Writes,
} from '../../../gateway/stores/database.ts';
import { LogUnsynced } from '../../../gateway/stores/log-sync.ts';
import { NOTES, type NoteTables } from '../../support/database-suite.ts';

const now = () => new Date('2030-04-01T09:15:00Z');

/** The syncs of the process, each of which ends when the test says so: without an error, or with one. */
interface HeldSyncs {
  readonly begun: ((error?: Error) => void)[];
  release(): void;
}

async function holdSyncs(): Promise<HeldSyncs> {
  const file = await openFile('/dev/null');
  const prototype = Object.getPrototypeOf(file) as FileHandle;
  await file.close();
  const begun: ((error?: Error) => void)[] = [];
  const spy = jest.spyOn(prototype, 'datasync').mockImplementation(
    () =>
      new Promise<void>((resolve, reject) => {
        begun.push((error) => (error ? reject(error) : resolve()));
      }),
  );
  return {
    begun,
    release() {
      spy.mockRestore();
      for (const end of begun) end();
    },
  };
}

async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; !isSo(); turn += 1) {
    if (turn > 100_000) throw new Error('it has not come about');
    await new Promise(setImmediate);
  }
}

/** Turns of the event loop in which whatever does not wait for a sync would have come about. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
}

function note(database: Database, number: number): Promise<number> {
  return database.write(async (queries: Writes<NoteTables>) => {
    await queries
      .insertInto('note')
      .values({ number, text: `note ${number}`, octets: null })
      .execute();
    return number;
  });
}

function numbers(database: Database): Promise<number[]> {
  return database.read(async (queries: Reads<NoteTables>) => {
    const rows = await queries.selectFrom('note').select('number').orderBy('number').execute();
    return rows.map(({ number }) => number);
  });
}

/** What has come of a promise up to now. */
function watched<Value>(promise: Promise<Value>): { outcome: unknown } {
  const seen: { outcome: unknown } = { outcome: 'waits' };
  promise.then(
    (value) => {
      seen.outcome = value;
    },
    (error: unknown) => {
      seen.outcome = error;
    },
  );
  return seen;
}

describe('The syncs of the embedded database', () => {
  let folder: string;
  let database: Database;
  let syncs: HeldSyncs;
  const open = () => openDatabase({ file: join(folder, 'kakehashi.db'), now, migrations: [NOTES] });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'log-sync-'));
    database = await open();
    syncs = await holdSyncs();
  });

  afterEach(async () => {
    syncs.release();
    await database.close();
    rmSync(folder, { recursive: true });
  });

  it('come before a write is told that it is done', async () => {
    const written = watched(note(database, 1));
    await until(() => syncs.begun.length === 1);
    await someTurns();
    expect(written.outcome).toBe('waits');

    syncs.begun[0]?.();
    await someTurns();
    expect(written.outcome).toBe(1);
  });

  it('come before a reader is told what it saw', async () => {
    void note(database, 1);
    await until(() => syncs.begun.length === 1);
    const read = watched(numbers(database));
    await someTurns();
    expect(read.outcome).toBe('waits');

    syncs.begun[0]?.();
    await someTurns();
    expect(read.outcome).toEqual([1]);
  });

  it('come before a write is told that it is refused for what it saw', async () => {
    void note(database, 1);
    await until(() => syncs.begun.length === 1);
    const refused = watched(
      database.write(async (queries: Writes<NoteTables>) => {
        const there = await queries.selectFrom('note').select('number').execute();
        throw new Error(`there are ${there.length}`);
      }),
    );
    await someTurns();
    expect(refused.outcome).toBe('waits');

    syncs.begun[0]?.();
    await until(() => syncs.begun.length === 2);
    syncs.begun[1]?.();
    await someTurns();
    expect(refused.outcome).toMatchObject({ message: 'there are 1' });
  });

  it('hold up no commit; those made while one runs share the next', async () => {
    const first = watched(note(database, 1));
    await until(() => syncs.begun.length === 1);
    const others = [];
    for (const number of [2, 3, 4]) {
      others.push(watched(note(database, number)));
      await someTurns();
    }
    expect(syncs.begun).toHaveLength(1);

    syncs.begun[0]?.();
    await until(() => syncs.begun.length === 2);
    expect(first.outcome).toBe(1);
    expect(others.map(({ outcome }) => outcome)).toEqual(['waits', 'waits', 'waits']);

    syncs.begun[1]?.();
    await someTurns();
    expect(others.map(({ outcome }) => outcome)).toEqual([2, 3, 4]);
    expect(syncs.begun).toHaveLength(2);
  });

  it('are none for a reader of what is at rest', async () => {
    expect(await numbers(database)).toEqual([]);
    expect(syncs.begun).toHaveLength(0);
  });

  it('are waited for when the database is closed', async () => {
    const written = watched(note(database, 1));
    await until(() => syncs.begun.length === 1);
    const closed = watched(database.close());
    await someTurns();
    expect(closed.outcome).toBe('waits');

    syncs.begun[0]?.();
    await until(() => closed.outcome !== 'waits');
    expect(written.outcome).toBe(1);
    syncs.release();
    database = await open();
    expect(await numbers(database)).toEqual([1]);
  });

  it('are never tried again after one has failed: all who wait are told, and all who come', async () => {
    const written = watched(note(database, 1));
    await until(() => syncs.begun.length === 1);
    const later = watched(note(database, 2));
    const read = watched(numbers(database));
    await someTurns();

    syncs.begun[0]?.(new Error('EIO'));
    await someTurns();
    for (const { outcome } of [written, later, read]) expect(outcome).toBeInstanceOf(LogUnsynced);
    await expect(note(database, 3)).rejects.toBeInstanceOf(LogUnsynced);
    await expect(numbers(database)).rejects.toBeInstanceOf(LogUnsynced);
    await expect(database.copyTo(join(folder, 'copy.db'))).rejects.toBeInstanceOf(LogUnsynced);
    expect(syncs.begun).toHaveLength(1);
  });
});
