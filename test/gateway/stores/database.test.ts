import { jest } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../../gateway/stores/database.ts';
import type { Migration } from '../../../gateway/stores/migrations/migration.ts';
import { DatabaseInUse } from '../../../gateway/stores/sqlite-connection.ts';
import { databaseSuite, NOTES } from '../../support/database-suite.ts';

function held() {
  let resolve = () => {};
  const promise = new Promise<void>((end) => {
    resolve = end;
  });
  return { promise, resolve: () => resolve() };
}

const now = () => new Date('2030-04-01T09:15:00Z');

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
      await new Promise(setImmediate);
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
      await new Promise(setImmediate);
      const read = database.read(async () => 1).catch((error: unknown) => error);
      jest.advanceTimersByTime(10_000);
      expect(await read).toMatchObject({ message: expect.stringContaining('held') });
      end.resolve();
      await written;
      expect(await database.read(async () => 2)).toBe(2);
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
