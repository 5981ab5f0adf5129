import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../../gateway/stores/database.ts';
import type { Migration } from '../../../gateway/stores/migrations/migration.ts';
import { DatabaseInUse } from '../../../gateway/stores/sqlite-connection.ts';
import { databaseSuite, NOTES } from '../../support/database-suite.ts';

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
