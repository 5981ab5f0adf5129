import assert from 'node:assert';
import type {
  Decision,
  KeptDecision,
  KeptReview,
  PairVerdict,
  RecordPair,
  Review,
  ReviewKind,
} from '../../actors/patient-identity/identity-store.ts';
import type { Reads, Selectable, Writes } from './database.ts';
import type { IdentityTables } from './identity-tables.ts';
import { inSlices } from './in-slices.ts';
import { marks, rowsOf } from './ready-text.ts';

type Reading = Reads<IdentityTables>;
type Writing = Writes<IdentityTables>;

/** Scores are kept as hundredths: a column holds whole numbers. */
const HUNDRED = 100;

/** Rows with one of the records at either end, each once, by their number or their pair. */
async function atEitherEnd<Table extends 'identity_pair' | 'identity_decision' | 'identity_review'>(
  queries: Reading,
  table: Table,
  {
    numbers,
    keyOf,
  }: {
    readonly numbers: readonly number[];
    readonly keyOf: (row: Selectable<IdentityTables[Table]>) => string | number;
  },
): Promise<readonly Selectable<IdentityTables[Table]>[]> {
  const rows = await inSlices(numbers, (slice) => {
    const ofEnd = (end: string) => `SELECT * FROM ${table} WHERE ${end} IN ${marks(slice.length)}`;
    return rowsOf<Selectable<IdentityTables[Table]>>(
      queries,
      `${ofEnd('low')} UNION ALL ${ofEnd('high')}`,
      [...slice, ...slice],
    );
  });
  return [...new Map(rows.map((row) => [keyOf(row), row])).values()];
}

/** What holds of the pairs of these records. */
export async function pairsOf(
  queries: Reading,
  numbers: readonly number[],
): Promise<readonly PairVerdict[]> {
  const rows = await atEitherEnd(queries, 'identity_pair', {
    numbers,
    keyOf: ({ low, high }) => `${low} ${high}`,
  });
  return rows.map((row) => ({
    low: row.low,
    high: row.high,
    verdict: row.verdict as PairVerdict['verdict'],
    byHand: row.by_hand === 1,
    score: row.score / HUNDRED,
    ruleSet: row.rule_set,
    decision: row.decision_number,
  }));
}

const PUT_PAIR =
  'INSERT INTO identity_pair (low, high, verdict, by_hand, score, rule_set, decision_number) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (low, high) DO UPDATE SET verdict = excluded.verdict, by_hand = excluded.by_hand, score = excluded.score, rule_set = excluded.rule_set, decision_number = excluded.decision_number';

export async function putPair(queries: Writing, pair: PairVerdict): Promise<void> {
  const { low, high } = pair;
  await rowsOf(queries, PUT_PAIR, [
    low,
    high,
    pair.verdict,
    pair.byHand ? 1 : 0,
    Math.round(pair.score * HUNDRED),
    pair.ruleSet,
    pair.decision,
  ]);
}

export async function removePair(queries: Writing, { low, high }: RecordPair): Promise<void> {
  await queries
    .deleteFrom('identity_pair')
    .where('low', '=', low)
    .where('high', '=', high)
    .execute();
}

/** In the order in which they were made. */
export async function decisionsOf(
  queries: Reading,
  numbers: readonly number[],
): Promise<readonly KeptDecision[]> {
  const rows = await atEitherEnd(queries, 'identity_decision', {
    numbers,
    keyOf: ({ number }) => number,
  });
  return rows.map(decisionOf).sort((one, other) => one.number - other.number);
}

export async function decisionNumbered(
  queries: Reading,
  number: number,
): Promise<KeptDecision | undefined> {
  const row = await queries
    .selectFrom('identity_decision')
    .selectAll()
    .where('number', '=', number)
    .executeTakeFirst();
  return row && decisionOf(row);
}

function decisionOf(row: Selectable<IdentityTables['identity_decision']>): KeptDecision {
  return {
    number: row.number,
    verdict: row.verdict as Decision['verdict'],
    low: row.low,
    high: row.high,
    ...(row.score === null ? {} : { score: row.score / HUNDRED }),
    ...(row.rule_set === null ? {} : { ruleSet: row.rule_set }),
    ...(row.thresholds === null ? {} : { thresholds: JSON.parse(row.thresholds) }),
    why: JSON.parse(row.why),
    by: row.decided_by,
    ...(row.reason === null ? {} : { reason: row.reason }),
    at: row.decided_at,
  };
}

const INSERT_DECISION =
  'INSERT INTO identity_decision (verdict, low, high, score, rule_set, thresholds, why, decided_by, reason, decided_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number';

/** Written once, never changed. */
export async function addDecision(queries: Writing, decision: Decision, at: Date): Promise<number> {
  const [row] = await rowsOf<{ readonly number: number }>(queries, INSERT_DECISION, [
    decision.verdict,
    decision.low,
    decision.high,
    decision.score === undefined ? null : Math.round(decision.score * HUNDRED),
    decision.ruleSet ?? null,
    decision.thresholds === undefined ? null : JSON.stringify(decision.thresholds),
    JSON.stringify(decision.why),
    decision.by,
    decision.reason ?? null,
    at.toISOString(),
  ]);
  assert(row, 'the engine did not number a decision');
  return row.number;
}

export async function openReviews(
  queries: Reading,
  after: number,
  most: number,
): Promise<readonly KeptReview[]> {
  const rows = await queries
    .selectFrom('identity_review')
    .selectAll()
    .where('state', '=', 'open')
    .where('number', '>', after)
    .orderBy('number')
    .limit(most)
    .execute();
  return rows.map(reviewOf);
}

export async function reviewNumbered(
  queries: Reading,
  number: number,
): Promise<KeptReview | undefined> {
  const row = await queries
    .selectFrom('identity_review')
    .selectAll()
    .where('number', '=', number)
    .executeTakeFirst();
  return row && reviewOf(row);
}

export async function openReviewsOf(
  queries: Reading,
  numbers: readonly number[],
): Promise<readonly KeptReview[]> {
  const rows = await atEitherEnd(queries, 'identity_review', {
    numbers,
    keyOf: ({ number }) => number,
  });
  // Not asked of the database: SQLite would go through all that are open, and they grow with the region.
  const open = rows.filter(({ state }) => state === 'open');
  return open.map(reviewOf).sort((one, other) => one.number - other.number);
}

function reviewOf(row: Selectable<IdentityTables['identity_review']>): KeptReview {
  return {
    number: row.number,
    kind: row.kind as ReviewKind,
    low: row.low,
    high: row.high,
    score: row.score / HUNDRED,
    ruleSet: row.rule_set,
    why: JSON.parse(row.why),
    state: row.state as KeptReview['state'],
    openedAt: row.opened_at,
    ...(row.closed_at === null ? {} : { closedAt: row.closed_at }),
    ...(row.closed_by === null ? {} : { closedBy: row.closed_by }),
  };
}

export async function addReview(queries: Writing, review: Review, at: Date): Promise<number> {
  const { kind, low, high, score, ruleSet, why } = review;
  const { number } = await queries
    .insertInto('identity_review')
    .values({
      kind,
      low,
      high,
      score: Math.round(score * HUNDRED),
      rule_set: ruleSet,
      why: JSON.stringify(why),
      state: 'open',
      opened_at: at.toISOString(),
      closed_at: null,
      closed_by: null,
    })
    .returning('number')
    .executeTakeFirstOrThrow();
  return number;
}

export async function closeReview(
  queries: Writing,
  number: number,
  { state, by, at }: { readonly state: string; readonly by: string; readonly at: Date },
): Promise<void> {
  await queries
    .updateTable('identity_review')
    .set({ state, closed_by: by, closed_at: at.toISOString() })
    .where('number', '=', number)
    .where('state', '=', 'open')
    .execute();
}
