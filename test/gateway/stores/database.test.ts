import { jest } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Database,
  openDatabase,
  type Reads,
  type Writes,
} from '../../../gateway/stores/database.ts';
import type { Migration } from '../../../gateway/stores/migrations/migration.ts';
import { DatabaseInUse, SqliteConnection } from '../../../gateway/stores/sqlite-connection.ts';
import { databaseSuite, NOTES, type NoteTables } from '../../support/database-suite.ts';

function held() {
  let resolve = () => {};
  const promise = new Promise<void>((end) => {
    resolve = end;
  });
  return { promise, resolve: () => resolve() };
}

const now = () => new Date('2030-04-01T09:15:00Z');

/** Turns of the event loop in which nothing comes: then the writes that wait have begun. */
async function idleTurns(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise(setImmediate);
}

describe('the embedded database', () => {
  databaseSuite(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'database-'));
    return {
      open: (migrations?: readonly Migration[]) =>
        openDatabase({ file: join(folder, 'kakehashi.db'), now, migrations }),
      remove: async () => rmSync(folder, { recursive: true }),
    };
  });

  describe('that is held by a work which awaits something else than its queries', () => {
    const open = () => openDatabase({ file: ':memory:', now, migrations: [NOTES] });

    beforeEach(() => {
      jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    });

    afterEach(() => {
      jest.useRealTimers();
    });

    it('tells the writes that wait, which the reader itself may wait for, and goes on', async () => {
      const database = await open();
      const end = held();
      const read = database.read(() => end.promise);
      const written = database.write(async () => 1).catch((error: unknown) => error);
      await idleTurns();
      jest.advanceTimersByTime(10_000);
      expect(await written).toMatchObject({ message: expect.stringContaining('held') });
      expect(await database.read(async () => 2)).toBe(2);
      end.resolve();
      await read;
      expect(await database.write(async () => 3)).toBe(3);
      await database.close();
    });

    it('tells the readers that wait, which the writer itself may wait for, and goes on', async () => {
      const database = await open();
      const end = held();
      const written = database.write(() => end.promise);
      await idleTurns();
      const read = database.read(async () => 1).catch((error: unknown) => error);
      jest.advanceTimersByTime(10_000);
      expect(await read).toMatchObject({ message: expect.stringContaining('held') });
      end.resolve();
      await written;
      expect(await database.read(async () => 2)).toBe(2);
      await database.close();
    });
  });

  describe('that many write to at once', () => {
    const open = () => openDatabase({ file: ':memory:', now, migrations: [NOTES] });
    const note = (database: Database, id: number, ran: number[], fails?: Error) =>
      database.write(async (queries: Writes<NoteTables>) => {
        ran.push(id);
        await queries.selectFrom('note').select('number').execute();
        if (fails?.message === 'before') throw fails;
        await queries
          .insertInto('note')
          .values({ number: id, text: `note ${id}`, octets: null })
          .execute();
        if (fails?.message === 'after') throw fails;
        return id;
      });
    const idsOf = async (database: Database) => {
      const rows = await database.read((queries: Reads<NoteTables>) =>
        queries.selectFrom('note').select('number').orderBy('number').execute(),
      );
      return rows.map(({ number }) => number);
    };

    it('lets writes that come in turns one after the other share one commit', async () => {
      const executed = jest.spyOn(SqliteConnection.prototype, 'exec');
      const database = await open();
      executed.mockClear();
      const written: Promise<number>[] = [];
      for (let id = 1; id <= 5; id += 1) {
        written.push(note(database, id, []));
        await new Promise(setImmediate);
      }
      expect(await Promise.all(written)).toEqual([1, 2, 3, 4, 5]);
      expect(executed.mock.calls.filter(([text]) => text === 'COMMIT')).toHaveLength(1);
      executed.mockRestore();
      await database.close();
    });

    it('begins although every turn brings another write', async () => {
      const database = await open();
      const first = note(database, 0, []);
      let id = 0;
      let begun = false;
      void first.then(() => {
        begun = true;
      });
      const others: Promise<number>[] = [];
      while (!begun && id < 100) {
        id += 1;
        others.push(note(database, id, []));
        await new Promise(setImmediate);
      }
      expect(begun).toBe(true);
      await Promise.all(others);
      await database.close();
    });

    it('runs none of them again where one throws before it has changed anything', async () => {
      const database = await open();
      const ran: number[] = [];
      const outcomes = await Promise.allSettled([
        note(database, 1, ran),
        note(database, 2, ran, new Error('before')),
        note(database, 3, ran),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(ran).toEqual([1, 2, 3]);
      expect(await idsOf(database)).toEqual([1, 3]);
      await database.close();
    });

    it('runs those before it again where one throws after it has changed something', async () => {
      const database = await open();
      const ran: number[] = [];
      const outcomes = await Promise.allSettled([
        note(database, 1, ran),
        note(database, 2, ran, new Error('after')),
        note(database, 3, ran),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(ran).toEqual([1, 2, 1, 2, 3]);
      expect(await idsOf(database)).toEqual([1, 3]);
      await database.close();
    });
  });

  describe('as a file', () => {
    let folder: string;
    const open = () =>
      openDatabase({ file: join(folder, 'kakehashi.db'), now, migrations: [NOTES] });

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'database-'));
    });

    afterEach(() => rmSync(folder, { recursive: true }));

    it('is readable by its owner alone', async () => {
      const database = await open();
      expect(statSync(join(folder, 'kakehashi.db')).mode & 0o777).toBe(0o600);
      expect(statSync(join(folder, 'kakehashi.db-wal')).mode & 0o777).toBe(0o600);
      await database.close();
    });

    it('refuses a second opener and names the process that holds it', async () => {
      const database = await open();
      const second = open();
      await expect(second).rejects.toBeInstanceOf(DatabaseInUse);
      await expect(second).rejects.toMatchObject({ holder: process.pid });
      expect(readFileSync(join(folder, 'kakehashi.db.pid'), 'utf8')).toBe(`${process.pid}\n`);
      await database.close();
    });
  });
});
