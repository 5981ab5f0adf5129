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
    keys: { by: 'rules', keys: ['k'] },
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

  const named = (given: string) => ({
    family: [{ text: '試験', isPrefix: false }],
    given: [{ text: given, isPrefix: false }],
  });

  it('finds a record by the mother’s maiden name, until a revision leaves it out', async () => {
    const mothersNames = [{ family: '旧姓', given: '母' }];
    await put(record('1', { mothersNames }), record('2'));
    const pattern = (text: string, isPrefix = false) => ({
      family: [{ text, isPrefix }],
      given: [],
    });
    const found = async (text: string, isPrefix = false, more = {}) => {
      const criteria = { mothersNames: [pattern(text, isPrefix)], ...more };
      const { records } = await store.look((reader) => reader.search(criteria, 10));
      return records.flatMap(({ ids }) => ids.map(({ id }) => id));
    };

    expect(await found('旧姓')).toEqual(['1']);
    expect(await found('旧', true)).toEqual(['1']);
    expect(await found('旧')).toEqual([]);
    expect(await found('旧姓', false, { administrativeGender: 'F' })).toEqual([]);

    await put(record('1', { number: await numberOf('1') }));
    expect(await found('旧姓')).toEqual([]);
  });

  it('revises a record in its place, its ids and names too', async () => {
    await put(record('1'));
    const number = await numberOf('1');
    const names = [{ full: '試験 花子', family: '試験', given: '花子' }];
    await put(record('1', { number, regionalId: 'R-9', ids: [idOf('1'), idOf('7')], names }));
    expect(await numberOf('7')).toBe(number);
    const search = (given: string) =>
      store.look(async (reader) => (await reader.search({ names: [named(given)] }, 10)).records);
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
    const born = (low: string, high: string) =>
      store.look(async (reader) =>
        (await reader.search({ birthDate: { low, high } }, 10)).records.map(
          ({ regionalId }) => regionalId,
        ),
      );
    expect(await born('1960', '1960')).toEqual(['R-2', 'R-3', 'R-1']);
    expect(await born('19600101', '19600101')).toEqual(['R-2', 'R-1']);
  });

  it('finds records by a key, unless too many have it, and those that another rule set has keyed', async () => {
    await put(record('1'), record('2'), record('3', { keys: { by: 'others', keys: ['k', 'l'] } }));
    const found = (keys: readonly string[], most: number) =>
      store.look(async (reader) =>
        (await reader.withKeys(keys, most)).map(({ regionalId }) => regionalId).sort(),
      );
    expect(await found(['k'], 3)).toEqual(['R-1', 'R-2', 'R-3']);
    expect(await found(['k', 'l'], 2)).toEqual(['R-3']);
    const others = await store.look((reader) => reader.keyedOtherwise('rules', 10));
    expect(others.map(({ regionalId }) => regionalId)).toEqual(['R-3']);
  });

  it('takes a chart number out of use with its record, and puts it back as it was', async () => {
    await put(record('1'), record('2', { ids: [idOf('2'), idOf('C-2', CLINIC)] }));
    const [survivingRecord, subsumedRecord] = [
      (await numberOf('1')) ?? 0,
      (await numberOf('2')) ?? 0,
    ];
    const merge = {
      subsumed: idOf('2'),
      surviving: idOf('1'),
      subsumedRecord,
      survivingRecord,
      movedIds: [idOf('C-2', CLINIC)],
      message: 'hospital urn:uuid:1 hash',
    };
    await store.change((writer) => writer.mergeCharts(merge, at));
    expect(await numberOf('2')).toBeUndefined();
    const [state, ids, merged, keyed, kept] = await store.look(async (reader) => [
      await reader.idState(idOf('2')),
      (await reader.recordOf(idOf('C-2', CLINIC)))?.ids,
      await reader.mergedInto([survivingRecord]),
      await reader.withKeys(['k'], 10),
      await reader.mergeOf(idOf('2')),
    ]);
    expect(state).toEqual({ record: subsumedRecord, mergedInto: '1' });
    expect(ids).toEqual([idOf('1'), idOf('C-2', CLINIC)]);
    expect(merged).toMatchObject([{ number: subsumedRecord, mergedInto: survivingRecord }]);
    expect(keyed).toHaveLength(1);
    expect(kept).toMatchObject(merge);
    if (!kept) throw new Error('the merge is not kept');
    await store.change((writer) => writer.unmergeCharts(kept, { regionalId: 'R-1', at }));
    const restored = await store.look((reader) => reader.recordOf(idOf('2')));
    expect(restored).toMatchObject({
      number: subsumedRecord,
      ids: [idOf('2'), idOf('C-2', CLINIC)],
      regionalId: 'R-1',
      homeRegionalId: 'R-2',
    });
    expect(await store.look((reader) => reader.mergeOf(idOf('2')))).toBeUndefined();
  });

  it('shows a change what the change itself has altered, however often it asks', async () => {
    const seen = await store.change(async (writer) => {
      const one = await writer.put(record('1', { regionalId: '' }), at);
      const other = await writer.put(record('2'), at);
      const both = () => writer.recordsWith([one, other]);
      const fresh = await both();
      await writer.assign(one, 'R-2', at);
      await writer.tellRegionalId(other, 'R-2');
      const placed = [...(await both()), ...(await writer.recordsOf(['R-2']))];
      const ends = { subsumedRecord: other, survivingRecord: one };
      const merge = { subsumed: idOf('2'), surviving: idOf('1'), ...ends, movedIds: [] };
      await writer.mergeCharts(merge, at);
      const merged = [...(await both()), ...(await writer.withKeys(['k'], 10))];
      const over = { number: one, ids: [idOf('1'), idOf('7')], regionalId: 'R-2' };
      await writer.put(record('1', over), at);
      return { fresh, placed, merged, revised: await writer.recordsWith([one]) };
    });
    const [one, other] = seen.fresh.map(({ number }) => number);
    expect(seen).toMatchObject({
      fresh: [
        { ids: [idOf('1')], regionalId: '', homeRegionalId: '', version: 1 },
        { ids: [idOf('2')], regionalId: 'R-2', homeRegionalId: 'R-2' },
      ],
      placed: [
        { number: one, regionalId: 'R-2', homeRegionalId: 'R-2' },
        { number: other, toldRegionalId: 'R-2' },
        { number: other },
        { number: one },
      ],
      merged: [{ number: one }, { number: other, mergedInto: one, ids: [] }, { number: one }],
      revised: [{ ids: [idOf('1'), idOf('7')], version: 2 }],
    });
  });

  it('keeps verdicts, decisions with halves of a point, and reviews until they are closed', async () => {
    await put(record('1'), record('2'));
    const [low, high] = [(await numberOf('1')) ?? 0, (await numberOf('2')) ?? 0];
    const why = [{ field: 'sex', weight: -3.5, agreement: 'other' }];
    const review = { kind: 'link' as const, low, high, score: 7.25, ruleSet: 'rules', why };
    const number = await store.change(async (writer) => {
      const decided = { low, high, verdict: 'review' as const, score: 7.25, ruleSet: 'rules', why };
      const decision = await writer.decide({ ...decided, by: 'auto' }, at);
      const pair = { low, high, verdict: 'review' as const, ruleSet: 'rules', decision };
      await writer.putPair({ ...pair, byHand: false, score: 7.25 });
      await writer.putPair({ ...pair, byHand: true, score: 7.5 });
      return await writer.openReview(review, at);
    });
    const [pairs, decisions, open] = await store.look(async (reader) => [
      await reader.pairsOf([high]),
      await reader.decisionsOf([low, high]),
      await reader.openReviews(0, 10),
    ]);
    expect(pairs).toMatchObject([{ low, high, byHand: true, score: 7.5 }]);
    expect(decisions).toMatchObject([{ verdict: 'review', score: 7.25, why, by: 'auto' }]);
    expect(open).toMatchObject([{ ...review, number, state: 'open' }]);
    const closing = { state: 'rejected' as const, by: '担当', at };
    await store.change((writer) => writer.closeReview(number, closing));
    expect(await store.look((reader) => reader.openReviewsOf([low]))).toEqual([]);
    expect(await store.look((reader) => reader.review(number))).toMatchObject({
      state: 'rejected',
      closedBy: '担当',
    });
  });

  it('keeps what is left for the registry and for consumers, each in order', async () => {
    const task = {
      kind: 'divide' as const,
      from: 'R-1',
      to: 'R-2',
      moving: [idOf('1')],
      staying: [],
    };
    await store.change(async (writer) => {
      await writer.addRegistryTask({ ...task, change: 'a' }, at);
      await writer.addRegistryTask({ ...task, change: 'b' }, at);
      for (const [consumer, messageId] of [
        ['one', 'm1'],
        ['two', 'm2'],
        ['one', 'm3'],
      ] as const) {
        await writer.addNotification({ consumer, ids: [idOf('1')], messageId }, at);
      }
    });
    const open = () => store.look((reader) => reader.registryTasks('open', 10));
    const [first, second] = await open();
    expect([first, second]).toMatchObject([{ ...task, change: 'a' }, { change: 'b' }]);
    await store.change(async (writer) => {
      await writer.settleRegistryTask(first?.number ?? 0, 'done');
      await writer.settleRegistryTask(second?.number ?? 0, 'refused', 'mixed');
    });
    expect(await open()).toEqual([]);
    expect(await store.look((reader) => reader.registryTasks('refused', 10))).toMatchObject([
      { change: 'b', reason: 'mixed' },
    ]);
    const next = () => store.look((reader) => reader.nextNotifications());
    expect((await next()).map(({ messageId }) => messageId)).toEqual(['m1', 'm2']);
    const [m1, m2] = await next();
    await store.change(async (writer) => {
      await writer.removeNotification(m1?.number ?? 0);
      await writer.postponeNotification(m2?.number ?? 0, 5_000);
    });
    expect(await next()).toMatchObject([
      { messageId: 'm2', attempts: 1, notBefore: 5_000 },
      { messageId: 'm3', attempts: 0 },
    ]);
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
