import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Libsql from 'libsql';
import { openConnection, STATEMENTS_KEPT } from '../../../gateway/stores/sqlite-connection.ts';

describe('the statements that a SQLite connection keeps prepared', () => {
  const { most, mostCharacters } = STATEMENTS_KEPT;

  it('are as many as it may keep, however many there were', () => {
    const connection = openConnection(':memory:');
    for (let n = 0; n < 2 * most; n++) connection.rows(`SELECT ${n} AS n`);
    expect(connection.kept.statements).toBe(most);
    connection.close();
  });

  it('are fewer where their texts are long: all of them together have a limit', () => {
    const connection = openConnection(':memory:');
    const length = mostCharacters / 8;
    for (let n = 0; n < 20; n++) {
      const text = `SELECT ${n} AS n /*${'x'.repeat(length)}*/`;
      expect(connection.rows(text)).toEqual([{ n }]);
      expect(connection.rows(text)).toEqual([{ n }]);
      expect(connection.kept.characters).toBeLessThanOrEqual(mostCharacters);
    }
    expect(connection.kept.statements).toBe(7);
    connection.close();
  });

  it('do not keep a text that is longer than that by itself, and run it all the same', () => {
    const connection = openConnection(':memory:');
    expect(connection.rows(`SELECT 1 AS n /*${'x'.repeat(mostCharacters)}*/`)).toEqual([{ n: 1 }]);
    expect(connection.kept).toEqual({ statements: 0, characters: 0 });
    connection.close();
  });
});

describe('the pages of a SQLite file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pages-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const pageSizeOf = (file: string) => {
    const connection = openConnection(file);
    const [row] = connection.rows('PRAGMA page_size');
    connection.close();
    return row?.['page_size'];
  };

  it('hold a whole object of the registry, where the file is new', () => {
    expect(pageSizeOf(join(folder, 'new.db'))).toBe(8_192);
  });

  it('stay as they are, where the file was made with others', () => {
    const file = join(folder, 'old.db');
    const old = new Libsql(file);
    old.exec('PRAGMA page_size=4096; CREATE TABLE note (text text)');
    old.close();
    expect(pageSizeOf(file)).toBe(4_096);
  });
});
