import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Database,
  openDatabase,
  type Reads,
  type Writes,
} from '../../../gateway/stores/database.ts';
import { describeOnBothDatabases } from '../../support/databases.ts';

interface Keyed {
  numbers: { value: number; padding: string; octets: Uint8Array };
}

interface Tables {
  numbers: { value: number; padding: string };
}

const MIGRATIONS = [
  { name: 'numbers', statements: ['CREATE TABLE numbers (value integer, padding text)'] },
];
const now = () => new Date('2030-04-01T09:15:00Z');
const PADDING = 'x'.repeat(3000);

describe('a copy of the SQLite database', () => {
  let folder: string;
  let database: Database;

  const open = (file: string) =>
    openDatabase({ file: join(folder, file), now, migrations: MIGRATIONS });
  const write = (from: number, count: number, into = database) =>
    into.write(async (queries: Writes<Tables>) => {
      for (let value = from; value < from + count; value += 1) {
        await queries.insertInto('numbers').values({ value, padding: PADDING }).execute();
      }
    });
  const values = async (of: Database): Promise<number[]> =>
    (
      await of.read((queries: Reads<Tables>) =>
        queries.selectFrom('numbers').select('value').orderBy('value').execute(),
      )
    ).map(({ value }) => value);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'copy-'));
    database = await open('kakehashi.db');
  });

  afterEach(async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  });

  it('holds what was committed before it, and nothing by halves, while writes go on', async () => {
    await write(0, 5000);
    let copied = false;
    let written = 5000;
    const copying = database.copyTo(join(folder, 'copy.db')).then(() => {
      copied = true;
    });
    // Each of these is larger than what SQLite moves out of its log by itself.
    while (!copied || written === 5000) {
      await write(written, 1500);
      written += 1500;
    }
    await copying;
    const copy = await open('copy.db');
    const found = await values(copy);
    await copy.close();
    expect(found.length).toBeGreaterThanOrEqual(5000);
    expect((found.length - 5000) % 1500).toBe(0);
    expect(found).toEqual(Array.from({ length: found.length }, (_, index) => index));
    expect(await values(database)).toHaveLength(written);
  });

  it('leaves the database file as it is while it is copied, whatever is written', async () => {
    await write(0, 100);
    const copying = database.copyTo(join(folder, 'copy.db'));
    const before = readFileSync(join(folder, 'kakehashi.db'));
    const writing = write(100, 3000);
    await copying;
    await writing;
    const copy = readFileSync(join(folder, 'copy.db'));
    expect(copy.equals(before)).toBe(true);
  });

  it('never takes the place of a file', async () => {
    writeFileSync(join(folder, 'copy.db'), 'something');
    await expect(database.copyTo(join(folder, 'copy.db'))).rejects.toMatchObject({
      code: 'EEXIST',
    });
    expect(readFileSync(join(folder, 'copy.db'), 'utf8')).toBe('something');
  });

  it('is waited for when the database is closed', async () => {
    await write(0, 2000);
    const copying = database.copyTo(join(folder, 'copy.db'));
    await database.close();
    await copying;
    const copy = await open('copy.db');
    expect(await values(copy)).toHaveLength(2000);
    await copy.close();
    await expect(database.copyTo(join(folder, 'other.db'))).rejects.toThrow('closed');
  });

  it('is made of a database in memory too', async () => {
    const memory = await openDatabase({ file: ':memory:', now, migrations: MIGRATIONS });
    await write(0, 10, memory);
    await memory.copyTo(join(folder, 'copy.db'));
    await memory.close();
    const copy = await open('copy.db');
    expect(await values(copy)).toHaveLength(10);
    await copy.close();
  });
});

describeOnBothDatabases('a copy of a database', (openEmpty) => {
  const KEYED = [
    {
      name: 'numbers',
      statements: [
        'CREATE TABLE numbers (value integer PRIMARY KEY, padding text NOT NULL, octets blob)',
      ],
    },
  ];

  it('is an SQLite file that holds every row, while writes go on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'copy-'));
    const database = await openEmpty({ migrations: KEYED });
    const insert = (from: number) =>
      database.write(async (queries: Writes<Keyed>) => {
        for (let value = from; value < from + 600; value += 1) {
          const row = { value, padding: `試験 ${value}`, octets: new Uint8Array([0, value % 256]) };
          await queries.insertInto('numbers').values(row).execute();
        }
      });
    await insert(1);
    const file = join(folder, 'copy.db');
    await Promise.all([database.copyTo(file), insert(1001)]);
    await expect(database.copyTo(file)).rejects.toThrow();
    const copy = await openDatabase({ file, now, migrations: KEYED });
    const rows = await copy.read((queries: Reads<Keyed>) =>
      queries.selectFrom('numbers').selectAll().orderBy('value').execute(),
    );
    expect([600, 1200]).toContain(rows.length);
    expect(rows[599]).toEqual({
      value: 600,
      padding: '試験 600',
      octets: new Uint8Array([0, 600 % 256]),
    });
    await copy.close();
    await database.close();
    rmSync(folder, { recursive: true });
  });
});
