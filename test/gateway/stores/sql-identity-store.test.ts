import type { WrittenRecord } from '../../../actors/patient-identity/identity-store.ts';
import type { Database } from '../../../gateway/stores/database.ts';
import { SqlIdentityStore } from '../../../gateway/stores/sql-identity-store.ts';
import { describeOnBothDatabases } from '../../support/databases.ts';

const HOSPITAL = '2.999.3.7';
const CLINIC = '2.999.3.8';
const at = new Date('2030-04-01T09:15:00Z');

const idOf = (id: string, assigningAuthority = HOSPITAL) => ({ id, assigningAuthority });

/** 試験 太郎, born on 1 January. */
function record(id: string, over: Partial<WrittenRecord> = {}): WrittenRecord {
  return {
    ids: [idOf(id)],
    regionalId: `R-${id}`,
    demographics: { names: [], birthTime: '19600101', administrativeGender: 'M' },
    names: [{ full: '試験 太郎', family: '試験', given: '太郎' }],
    ...over,
  };
}

describeOnBothDatabases('Patient Identity’s store', (open) => {
  let database: Database;
  let store: SqlIdentityStore;

  beforeEach(async () => {
    database = await open();
    store = new SqlIdentityStore(database);
  });

  afterEach(() => database.close());

  const put = (...records: readonly WrittenRecord[]) =>
    store.change(async (writer) => {
      for (const one of records) await writer.put(one, at);
    });
  const numberOf = async (id: string) =>
    await store.look(async (reader) => (await reader.recordOf(idOf(id)))?.number);

  it('numbers records, and gives a record back by any of its ids', async () => {
    await put(record('1', { ids: [idOf('1'), idOf('C-1', CLINIC)] }), record('2'));
    const found = await store.look((reader) => reader.recordOf(idOf('C-1', CLINIC)));
    expect(found).toMatchObject({ regionalId: 'R-1', ids: [idOf('1'), idOf('C-1', CLINIC)] });
    expect(await numberOf('2')).toBeGreaterThan((await numberOf('1')) ?? 0);
    expect(await numberOf('3')).toBeUndefined();
  });

  it('revises a record in its place, its ids and names too', async () => {
    await put(record('1'));
    const number = await numberOf('1');
    const names = [{ full: '試験 花子', family: '試験', given: '花子' }];
    await put(record('1', { number, regionalId: 'R-9', ids: [idOf('1'), idOf('7')], names }));
    expect(await numberOf('7')).toBe(number);
    const search = (given: string) =>
      store.look((reader) => reader.search({ names: [{ family: '試験', given }] }, 10));
    expect(await search('太郎')).toEqual([]);
    expect(await search('花子')).toMatchObject([{ number, regionalId: 'R-9' }]);
  });

  it('remembers which regional ids the registry has acknowledged', async () => {
    await put(record('1'), record('2'));
    await store.change((writer) => writer.confirm('R-1'));
    await put(record('3', { regionalId: 'R-1' }));
    const [isConfirmed, knows, unconfirmed] = await store.look(async (reader) => [
      [await reader.isConfirmed('R-1'), await reader.isConfirmed('R-2')],
      [await reader.knowsRegionalId('R-2'), await reader.knowsRegionalId('R-3')],
      await reader.unconfirmed(10),
    ]);
    expect([isConfirmed, knows, unconfirmed]).toEqual([[true, false], [true, false], ['R-2']]);
  });

  it('finds whom name, birth date and gender fit, those revised last first', async () => {
    await put(record('1'));
    await store.change((writer) => writer.put(record('2'), new Date(at.getTime() + 1000)));
    await put(
      record('3', { demographics: { names: [], birthTime: '1960', administrativeGender: 'M' } }),
    );
    const keys = {
      birthDate: '19600101',
      administrativeGender: 'M',
      names: ['試験 太郎'],
    } as const;
    const found = await store.look((reader) => reader.matching(keys, 10));
    expect(found.map(({ regionalId }) => regionalId)).toEqual(['R-2', 'R-1']);
    expect(await store.look((reader) => reader.matching(keys, 1))).toHaveLength(1);
    const born = (low: string, high: string) =>
      store.look(async (reader) =>
        (await reader.search({ birthDate: { low, high } }, 10)).map(({ regionalId }) => regionalId),
      );
    expect(await born('1960', '1960')).toEqual(['R-2', 'R-3', 'R-1']);
    expect(await born('19600101', '19600101')).toEqual(['R-2', 'R-1']);
  });

  it('gives one id to one record, however many feed it at once', async () => {
    const feed = () =>
      store.change(async (writer) => {
        const known = await writer.recordOf(idOf('1'));
        await writer.put(record('1', { number: known?.number }), at);
      });
    await Promise.all(Array.from({ length: 12 }, feed));
    expect(await store.look((reader) => reader.recordsOf(['R-1']))).toHaveLength(1);
  });
});
