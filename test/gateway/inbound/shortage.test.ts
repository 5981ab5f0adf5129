import { codeOfShortage } from '../../../gateway/inbound/shortage.ts';
import { DatabaseAway } from '../../../gateway/stores/postgres-connection.ts';
import { SqliteConnection } from '../../../gateway/stores/sqlite-connection.ts';

describe('A shortage of the machine', () => {
  it('is seen where SQLite finds no more room', () => {
    const connection = new SqliteConnection(':memory:');
    let met: unknown;
    try {
      connection.exec('PRAGMA max_page_count = 2; CREATE TABLE t (x); CREATE TABLE u (x)');
    } catch (error) {
      met = error;
    }
    connection.close();
    expect(codeOfShortage('XDSRegistryError', met)).toBe('XDSRegistryOutOfResources');
  });

  it('is seen where the database gives no connection, whatever keeps it from that', () => {
    const away = new DatabaseAway(new Error('timeout exceeded when trying to connect'));
    expect(codeOfShortage('XDSRepositoryError', away)).toBe('XDSRepositoryBusy');
  });

  it('has a code of its own in document sharing alone', () => {
    const full = Object.assign(new Error('full'), { code: 'ENOSPC' });
    expect(codeOfShortage('XDSRepositoryError', full)).toBe('XDSRepositoryOutOfResources');
    expect(codeOfShortage('INTERR', full)).toBe('INTERR');
    expect(codeOfShortage('XDSRegistryError', new Error('a defect'))).toBe('XDSRegistryError');
  });

  it('is not looked for without end', () => {
    const circle = new Error('circle');
    circle.cause = circle;
    expect(codeOfShortage('XDSRegistryError', circle)).toBe('XDSRegistryError');
  });
});
