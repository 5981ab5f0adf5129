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
