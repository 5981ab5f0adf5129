import { jest } from '@jest/globals';
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
