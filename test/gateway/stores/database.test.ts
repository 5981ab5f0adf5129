import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Database,
  openDatabase,
  type Reads,
  sql,
  type Writes,
} from '../../../gateway/stores/database.ts';
import { DatabaseInUse } from '../../../gateway/stores/sqlite-connection.ts';
import type { Migration } from '../../../gateway/stores/migrations/migration.ts';

interface Tables {
  note: { number: number; text: string | null; octets: Uint8Array | null };
}

const NOTES: Migration = {
  name: 'notes',
  statements: ['CREATE TABLE note (number integer NOT NULL PRIMARY KEY, text text, octets blob)'],
};

const now = () => new Date('2030-04-01T09:15:00Z');

describe('the embedded database', () => {
  let folder: string;
  let database: Database;

  const open = (migrations = [NOTES]) =>
    openDatabase({ file: join(folder, 'kakehashi.db'), now, migrations });
  const add = (number: number, text: unknown = 'x') =>
    database.write((queries: Writes<Tables>) =>
      queries
        .insertInto('note')
        .values({ number, text: text as string, octets: null })
        .execute(),
    );
  const numbers = async () =>
    await database.read(async (queries: Reads<Tables>) =>
      (await queries.selectFrom('note').select('number').orderBy('number').execute()).map(
        ({ number }) => number,
      ),
    );

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'database-'));
    database = await open();
  });

  afterEach(async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  });

  it('keeps what was written when it is opened again', async () => {
    await add(1);
    await database.close();
    database = await open();
    expect(await numbers()).toEqual([1]);
  });

  it('is readable by its owner alone', () => {
    expect(statSync(join(folder, 'kakehashi.db')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'kakehashi.db-wal')).mode & 0o777).toBe(0o600);
  });

  it('refuses a second opener and names the process that holds it', async () => {
    const second = open();
    await expect(second).rejects.toBeInstanceOf(DatabaseInUse);
    await expect(second).rejects.toMatchObject({ holder: process.pid });
    expect(readFileSync(join(folder, 'kakehashi.db.pid'), 'utf8')).toBe(`${process.pid}\n`);
  });

  it.each([
    ['a boolean', true],
    ['undefined', undefined],
    ['a fraction', 1.5],
    ['not a number', Number.NaN],
    ['an unsafe integer', 2 ** 53],
    ['a bigint', 1n],
    ['a text with NUL', 'a\0b'],
    ['a lone surrogate', '\ud800'],
    ['an object', {}],
  ])('refuses %s as a parameter, and the process lives', async (_kind, value) => {
    const text = () =>
      database.write((queries: Writes<Tables>) =>
        sql`INSERT INTO note VALUES (1, ${value}, NULL)`.execute(queries as never),
      );
    await expect(text()).rejects.toThrow(TypeError);
    expect(await numbers()).toEqual([]);
  });

  it('gives back text beyond the basic plane, and octets as they were', async () => {
    const octets = Uint8Array.of(0, 255, 7);
    await database.write((queries: Writes<Tables>) =>
      queries.insertInto('note').values({ number: 7, text: '𠮷野家 😀', octets }).execute(),
    );
    const rows = await database.read((queries: Reads<Tables>) =>
      queries.selectFrom('note').selectAll().execute(),
    );
    expect(rows).toEqual([{ number: 7, text: '𠮷野家 😀', octets }]);
  });

  it('refuses read and write inside read or write, instead of waiting for ever', async () => {
    const nested = /inside/;
    await expect(database.read(() => database.read(async () => 1))).rejects.toThrow(nested);
    await expect(database.read(() => database.write(async () => 1))).rejects.toThrow(nested);
    await expect(database.write(() => database.read(async () => 1))).rejects.toThrow(nested);
    await expect(database.write(() => database.write(async () => 1))).rejects.toThrow(nested);
    await expect(database.write(() => add(1))).rejects.toThrow(nested);
    expect(await numbers()).toEqual([]);
  });

  it('takes 64 writers at once, each exactly once', async () => {
    const all = Array.from({ length: 64 }, (_, index) => index);
    await Promise.all(all.map((number) => add(number)));
    expect(await numbers()).toEqual(all);
  });

  it('takes back only the write that throws, not those that share its commit', async () => {
    const outcomes = await Promise.allSettled([
      add(1),
      database.write(async (queries: Writes<Tables>) => {
        await queries.insertInto('note').values({ number: 2, text: null, octets: null }).execute();
        throw new Error('refused');
      }),
      add(1, 'the same number'),
      add(3),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
    ]);
    expect(await numbers()).toEqual([1, 3]);
  });

  it('lets a reader see no half of a write, and a write wait for the reader', async () => {
    const seen: number[][] = [];
    const writing = database.write(async (queries: Writes<Tables>) => {
      await queries.insertInto('note').values({ number: 1, text: null, octets: null }).execute();
      seen.push([]);
      await queries.insertInto('note').values({ number: 2, text: null, octets: null }).execute();
    });
    while (seen.length === 0) {
      expect([[], [1, 2]]).toContainEqual(await numbers());
      await new Promise(setImmediate);
    }
    await writing;
    expect(await numbers()).toEqual([1, 2]);
  });

  it('lets writers in while readers come and go without a pause', async () => {
    let reading = true;
    const slow = async () => {
      while (reading) {
        await database.read(async (queries: Reads<Tables>) => {
          await queries.selectFrom('note').selectAll().execute();
          await new Promise(setImmediate);
        });
      }
    };
    const readers = [slow(), slow(), slow()];
    await add(1);
    reading = false;
    await Promise.all(readers);
    expect(await numbers()).toEqual([1]);
  });

  it('rejects what is asked after it was closed, and ends what was asked before', async () => {
    const written = add(1);
    await database.close();
    await written;
    await expect(numbers()).rejects.toThrow('closed');
    await expect(add(2)).rejects.toThrow('closed');
    database = await open();
    expect(await numbers()).toEqual([1]);
  });

  it('applies new steps of the schema only, and refuses a file of a newer version', async () => {
    await add(1);
    await database.close();
    const more: Migration = { name: 'more', statements: ['ALTER TABLE note ADD COLUMN more text'] };
    database = await open([NOTES, more]);
    expect(await numbers()).toEqual([1]);
    await database.close();
    await expect(open([NOTES])).rejects.toThrow('step 2');
    await expect(open([NOTES, NOTES])).rejects.toThrow('step 2');
    database = await open([NOTES, more]);
  });

  it('leaves the schema as it was when a step fails', async () => {
    await database.close();
    const broken: Migration = { name: 'broken', statements: ['CREATE TABLE a (b text)', 'NO SQL'] };
    await expect(open([NOTES, broken])).rejects.toThrow();
    const mended: Migration = { name: 'mended', statements: ['CREATE TABLE a (b text)'] };
    database = await open([NOTES, mended]);
    expect(await numbers()).toEqual([]);
  });
});
