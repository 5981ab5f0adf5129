import { jest } from '@jest/globals';
import type { WrittenRecord } from '../../../actors/patient-identity/identity-store.ts';
import { SqlIdentityStore } from '../../../gateway/stores/sql-identity-store.ts';
import { SqliteConnection } from '../../../gateway/stores/sqlite-connection.ts';
import { emptyDatabase } from '../../support/databases.ts';

/** How SQLite goes about each SELECT that a work asks, and the text of it. */
async function plansOf(work: (store: SqlIdentityStore) => Promise<unknown>) {
  const database = await emptyDatabase();
  const plans: { text: string; plan: string }[] = [];
  const run = SqliteConnection.prototype.run;
  const spy = jest.spyOn(SqliteConnection.prototype, 'run').mockImplementation(function (
    this: SqliteConnection,
    text,
    parameters,
  ) {
    if (/^select/i.test(text)) {
      const { rows } = run.call(this, `EXPLAIN QUERY PLAN ${text}`, parameters);
      plans.push({ text, plan: rows.map(({ detail }) => String(detail)).join('; ') });
    }
    return run.call(this, text, parameters);
  });
  try {
    await work(new SqlIdentityStore(database));
  } finally {
    spy.mockRestore();
    await database.close();
  }
  return plans;
}

const part = (text: string, isPrefix = false) => ({ text, isPrefix });
const birthDate = { low: '19700101', high: '19700101' };

describe('Whoever asks for patients, however many there are,', () => {
  const names = async (
    family: ReturnType<typeof part>,
    given: readonly ReturnType<typeof part>[],
  ) =>
    (
      await plansOf((store) =>
        store.look((records) =>
          records.search({ names: [{ family: [family], given }], birthDate }, 10),
        ),
      )
    ).filter(({ text }) => text.includes('identity_name'));

  it('goes by name and birth date through one range of an index that has both', async () => {
    for (const found of [
      await names(part('シケン'), []),
      await names(part('シケン'), [part('タロウ')]),
      await names(part('シケ', true), []),
    ]) {
      expect(found).toHaveLength(1);
      expect(found[0]?.plan).toMatch(
        /^SEARCH identity_name USING INDEX identity_name_(birth_date|family|given) \((birth_date=\? AND family(=|>)|(family|given)=\? AND birth_date=)/,
      );
    }
  });

  it('never goes through all records that were not merged', async () => {
    const plans = await plansOf((store) =>
      store.look(async (records) => {
        await records.search({ birthDate, administrativeGender: 'F' }, 10);
        await records.search({ regionalIds: ['1', '2', '3'] }, 10);
        await records.recordsOf(['1']);
        await records.recordsOf(['1', '2', '3', '4', '5', '6', '7', '8']);
        await records.mergedInto([1, 2, 3]);
        await records.recordsWith([1, 2, 3]);
        await records.withKeys(['one key', 'another'], 10);
        await records.pairsOf([1, 2, 3]);
        await records.openReviewsOf([1, 2, 3]);
        await records.decisionsOf([1, 2, 3]);
      }),
    );
    expect(plans.length).toBeGreaterThan(9);
    for (const { plan, text } of plans) {
      // The few rows of each key, behind the index.
      expect(plan.replaceAll('SCAN one_key', '')).not.toMatch(/SCAN/);
      if (!/merged_into"? in/i.test(text))
        expect(plan).not.toContain('identity_record_merged_into');
    }
  });
});

describe('A revision of a patient', () => {
  const names = [{ family: 'シケン', given: 'タロウ' }];
  const before = {
    ids: [
      { id: '1', assigningAuthority: '2.999.1' },
      { id: '2', assigningAuthority: '2.999.2' },
    ],
    demographics: { names: [], birthTime: '19700101' },
    regionalId: '',
    names,
    keys: { by: 'one', keys: ['birth', 'telephone'] },
  };
  const at = new Date('2030-04-01T00:00:00Z');

  /** The tables whose rows come and go, and the columns that are set, when a record becomes another. */
  async function writtenBy(change: Partial<WrittenRecord>) {
    const database = await emptyDatabase();
    const store = new SqlIdentityStore(database);
    const number = await store.change((records) => records.put(before, at));
    const written: string[] = [];
    const run = SqliteConnection.prototype.run;
    const spy = jest.spyOn(SqliteConnection.prototype, 'run').mockImplementation(function (
      this: SqliteConnection,
      text,
      parameters,
    ) {
      const done = run.call(this, text, parameters);
      const [, verb = '', table = ''] =
        /^(insert into|delete from) "?identity_(\w+)/i.exec(text) ?? [];
      if (table !== '' && table !== 'record_version' && done.changes > 0) {
        written.push(`${verb.split(' ')[0]?.toLowerCase()} ${done.changes} ${table}`);
      }
      const [, columns] = /^update "identity_record" set (.*) where/i.exec(text) ?? [];
      if (columns !== undefined) {
        written.push(...(columns.match(/birth_date|keyed_by|compared_by/g) ?? []));
      }
      return done;
    });
    try {
      await store.change((records) => records.put({ ...before, ...change, number }, at));
      const [record] = await store.look((records) => records.recordsWith([number]));
      const found = await store.look((records) =>
        records.withKeys((change.keys ?? before.keys).keys, 10),
      );
      const criteria = {
        names: [{ family: [part('ケンサ')], given: [] }],
      };
      const searched = await store.look((records) => records.search(criteria, 10));
      return {
        written,
        ids: record?.ids.map(({ id }) => id),
        version: record?.version,
        isFoundByKeys: found.length === 1,
        isFoundByNewName: searched.records.length === 1,
      };
    } finally {
      spy.mockRestore();
      await database.close();
    }
  }

  it('writes nothing again by which she is found where that has not changed', async () => {
    const demographics = { ...before.demographics, telecoms: [{ value: 'tel:+81-1' }] };
    expect(await writtenBy({ demographics })).toMatchObject({
      written: [],
      ids: ['1', '2'],
      version: 2,
      isFoundByKeys: true,
    });
  });

  it.each<[string, Partial<WrittenRecord>, object]>([
    [
      'a key',
      { keys: { by: 'one', keys: ['birth', 'another'] } },
      { written: ['delete 1 key', 'insert 1 key'], isFoundByKeys: true },
    ],
    [
      'the rule set of the keys',
      { keys: { by: 'two', keys: ['birth', 'telephone'] } },
      { written: ['keyed_by', 'compared_by'] },
    ],
    [
      'an id',
      { ids: [before.ids[0] ?? never(), { id: '3', assigningAuthority: '2.999.3' }] },
      { written: ['delete 1 id', 'insert 1 id'], ids: ['1', '3'] },
    ],
    [
      'a name',
      { names: [{ family: 'ケンサ', given: 'タロウ' }] },
      { written: ['delete 1 name', 'insert 1 name'], isFoundByNewName: true },
    ],
    [
      'the birth date',
      { demographics: { names: [], birthTime: '19700102' } },
      { written: ['birth_date', 'delete 1 name', 'insert 1 name'] },
    ],
  ])('writes %s where that has changed, and nothing else', async (_what, change, expected) => {
    expect(await writtenBy(change)).toMatchObject(expected);
  });
});

function never(): never {
  throw new Error('not there');
}
