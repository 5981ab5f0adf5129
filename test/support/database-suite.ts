import type { Database, Reads, Writes } from '../../gateway/stores/database.ts';
import { sql } from '../../gateway/stores/database.ts';
import type { Migration } from '../../gateway/stores/migrations/migration.ts';

/** One table of every type of column, numbered by the engine. */
export interface NoteTables {
  note: { number: number; text: string | null; octets: Uint8Array | null };
}

export const NOTES: Migration = {
  name: 'notes',
  statements: ['CREATE TABLE note (number integer NOT NULL PRIMARY KEY, text text, octets blob)'],
};

/** One place for a database: what is opened there again holds what was written before. */
export interface DatabasePlaceUnderTest {
  open(migrations?: readonly Migration[]): Promise<Database>;
  remove(): Promise<void>;
}

/** What every form of the database does. `place` gives an empty one. */
export function databaseSuite(newPlace: () => Promise<DatabasePlaceUnderTest>): void {
  let place: DatabasePlaceUnderTest;
  let database: Database;

  const open = (migrations: readonly Migration[] = [NOTES]) => place.open(migrations);
  const add = (number: number, text: unknown = 'x') =>
    database.write((queries: Writes<NoteTables>) =>
      queries
        .insertInto('note')
        .values({ number, text: text as string, octets: null })
        .execute(),
    );
  const numbers = async () =>
    await database.read(async (queries: Reads<NoteTables>) =>
      (await queries.selectFrom('note').select('number').orderBy('number').execute()).map(
        ({ number }) => number,
      ),
    );

  beforeEach(async () => {
    place = await newPlace();
    database = await open();
  });

  afterEach(async () => {
    await database.close();
    await place.remove();
  });

  it('keeps what was written when it is opened again', async () => {
    await add(1);
    await database.close();
    database = await open();
    expect(await numbers()).toEqual([1]);
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
      database.write((queries: Writes<NoteTables>) =>
        sql`INSERT INTO note VALUES (1, ${value}, NULL)`.execute(queries as never),
      );
    await expect(text()).rejects.toThrow(TypeError);
    expect(await numbers()).toEqual([]);
  });

  it('gives back text beyond the basic plane, and octets as they were', async () => {
    const octets = Uint8Array.of(0, 255, 7);
    await database.write((queries: Writes<NoteTables>) =>
      queries.insertInto('note').values({ number: 7, text: '𠮷野家 😀', octets }).execute(),
    );
    const rows = await database.read((queries: Reads<NoteTables>) =>
      queries.selectFrom('note').selectAll().execute(),
    );
    expect(rows).toEqual([{ number: 7, text: '𠮷野家 😀', octets }]);
  });

  it('holds integers as far as they are safe, sums of them too', async () => {
    const most = Number.MAX_SAFE_INTEGER;
    await add(most);
    await add(-5);
    const row = await database.read((queries: Reads<NoteTables>) =>
      queries
        .selectFrom('note')
        .select(({ fn }) => [
          fn.max('number').as('most'),
          fn.min('number').as('least'),
          fn.sum('number').as('sum'),
          fn.countAll().as('count'),
        ])
        .executeTakeFirstOrThrow(),
    );
    expect(row).toEqual({ most, least: -5, sum: most - 5, count: 2 });
  });

  it('numbers a row by itself where the insert leaves it out', async () => {
    const numbered = await database.write(async (queries: Writes<NoteTables>) => {
      const row = (text: string) =>
        queries
          .insertInto('note')
          .values({ text, octets: null } as NoteTables['note'])
          .returning('number')
          .executeTakeFirstOrThrow();
      return [await row('a'), await row('b')].map(({ number }) => number);
    });
    expect(numbered).toEqual(await numbers());
    expect(numbered[1]).toBeGreaterThan(numbered[0] ?? 0);
  });

  it('compares texts by their code points, whatever language the database speaks', async () => {
    const texts = ['a', 'B', 'Z', 'é', '亜', 'ア', 'b', '_', '1'];
    for (const [number, text] of texts.entries()) await add(number, text);
    const found = await database.read((queries: Reads<NoteTables>) =>
      queries.selectFrom('note').select('text').orderBy('text').execute(),
    );
    expect(found.map(({ text }) => text)).toEqual([...texts].sort());
    const after = await database.read((queries: Reads<NoteTables>) =>
      queries.selectFrom('note').select('text').where('text', '>', 'Z').execute(),
    );
    expect(after.map(({ text }) => text).sort()).toEqual(texts.filter((one) => one > 'Z').sort());
    const like = await database.read((queries: Reads<NoteTables>) =>
      queries.selectFrom('note').select('text').where('text', 'like', 'b%').execute(),
    );
    expect(like).toEqual([{ text: 'b' }]);
  });

  it('says how many rows a change has changed', async () => {
    await add(1);
    await add(2);
    const changed = await database.write(async (queries: Writes<NoteTables>) => {
      const updated = await queries.updateTable('note').set({ text: 'y' }).executeTakeFirst();
      const deleted = await queries.deleteFrom('note').where('number', '=', 1).executeTakeFirst();
      return [updated.numUpdatedRows, deleted.numDeletedRows];
    });
    expect(changed).toEqual([2n, 1n]);
  });

  it('refuses read and write inside read or write, instead of waiting for ever', async () => {
    const nested = /inside/;
    await expect(database.read(() => database.read(async () => 1))).rejects.toThrow(nested);
    await expect(database.read(() => database.write(async () => 1))).rejects.toThrow(nested);
    await expect(database.write(() => database.read(async () => 1))).rejects.toThrow(nested);
    await expect(database.write(() => database.write(async () => 1))).rejects.toThrow(nested);
    await expect(database.write(() => add(1))).rejects.toThrow(nested);
    await expect(database.write(() => database.close())).rejects.toThrow(nested);
    expect(await numbers()).toEqual([]);
  });

  it('takes 64 writers at once, each exactly once', async () => {
    const all = Array.from({ length: 64 }, (_, index) => index);
    await Promise.all(all.map((number) => add(number)));
    expect(await numbers()).toEqual(all);
  });

  it('lets no two writers act on the same state: 64 count up to 64', async () => {
    await add(0, '0');
    const countUp = () =>
      database.write(async (queries: Writes<NoteTables>) => {
        const { text } = await queries.selectFrom('note').select('text').executeTakeFirstOrThrow();
        await queries
          .updateTable('note')
          .set({ text: String(Number(text) + 1) })
          .execute();
      });
    await Promise.all(Array.from({ length: 64 }, countUp));
    const row = await database.read((queries: Reads<NoteTables>) =>
      queries.selectFrom('note').select('text').executeTakeFirst(),
    );
    expect(row).toEqual({ text: '64' });
  });

  it('lets no two writers keep a rule between rows that each of them alone would keep', async () => {
    await add(1);
    await add(2);
    // At least one shall stay: with snapshots alone, each removes the other.
    const remove = (number: number) =>
      database.write(async (queries: Writes<NoteTables>) => {
        const rows = await queries.selectFrom('note').select('number').execute();
        if (rows.length < 2) return;
        await queries.deleteFrom('note').where('number', '=', number).execute();
      });
    await Promise.all([remove(1), remove(2)]);
    expect(await numbers()).toHaveLength(1);
  });

  it('tells the second of two writers of the same key, as when it had come later', async () => {
    const addNew = (text: string) =>
      database.write(async (queries: Writes<NoteTables>) => {
        const known = await queries
          .selectFrom('note')
          .select('text')
          .where('number', '=', 1)
          .executeTakeFirst();
        if (known) return `known: ${known.text}`;
        await queries.insertInto('note').values({ number: 1, text, octets: null }).execute();
        return `new: ${text}`;
      });
    const told = await Promise.all(['a', 'b', 'c', 'd'].map(addNew));
    const first = told.find((one) => one.startsWith('new'))?.slice('new: '.length);
    expect(told.filter((one) => one === `known: ${first}`)).toHaveLength(3);
  });

  it('takes back only the write that throws, not those beside it', async () => {
    const outcomes = await Promise.allSettled([
      add(1),
      database.write(async (queries: Writes<NoteTables>) => {
        await queries.insertInto('note').values({ number: 2, text: null, octets: null }).execute();
        throw new Error('refused');
      }),
      add(1, 'the same number'),
      add(3),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    expect(await numbers()).toEqual([1, 3]);
  });

  it('lets a reader see no half of a write', async () => {
    const seen: number[][] = [];
    const writing = database.write(async (queries: Writes<NoteTables>) => {
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

  it('shows a reader one state between its first query and its last', async () => {
    await add(1);
    let hasRead = () => {};
    const reading = new Promise<void>((resolve) => {
      hasRead = resolve;
    });
    const counted = database.read(async (queries: Reads<NoteTables>) => {
      const count = async () =>
        (await queries.selectFrom('note').select('number').execute()).length;
      const before = await count();
      hasRead();
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
      return [before, await count()];
    });
    await reading;
    await add(2);
    expect(await counted).toEqual([1, 1]);
    expect(await numbers()).toEqual([1, 2]);
  });

  it('lets writers in while readers come and go without a pause', async () => {
    let reading = true;
    const slow = async () => {
      while (reading) {
        await database.read(async (queries: Reads<NoteTables>) => {
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

  it('applies new steps of the schema only, and refuses data of a newer version', async () => {
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
}
