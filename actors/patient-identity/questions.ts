import type { Issue } from '../../profiles/transaction.ts';
import type { Unfollowed } from './clusters.ts';
import {
  type IdentityWriter,
  type PairVerdict,
  pairNameOf,
  pairOf,
  type RecordPair,
  type Review,
  type SourceRecord,
} from './identity-store.ts';
import type { Matcher } from './matcher.ts';
import { activeOf, haveCommonAuthority, type Neighbourhood } from './neighbourhood.ts';
import type { NamedGroup } from './regional-ids.ts';

interface AskedWith {
  readonly records: IdentityWriter;
  readonly matcher: Matcher;
  readonly issue: Issue;
  readonly listed?: (what: 'opened' | 'closed') => void;
}

/** A question that is on the list, or could be. */
interface Question {
  /** With the evidence, but for a doubt, whose evidence its decision has. */
  readonly review: Review;
  readonly decision?: number;
  /** Its number on the list. */
  readonly open?: number;
  /** A rule is sure of a pair of which a person has parted two charts: which of the two is it? */
  readonly isSure?: boolean;
}

/** Where a record belongs now. */
interface Place {
  readonly record: SourceRecord;
  readonly regionalId: string;
}

/**
 * Puts up what a person must look at, and takes from the list what is answered: all doubts between two groups are one question,
 * whoever answers it answers them all. Each merge of two charts is one of its own, since each has to be done; where one is put
 * up, or a person has parted records of the two groups, whether they are one person is not asked beside it. What is not asked
 * stays a doubt, and is asked when the groups are others.
 */
export async function askPeople(
  unfollowed: readonly Unfollowed[],
  { around, named }: { readonly around: Neighbourhood; readonly named: readonly NamedGroup[] },
  { records, matcher, issue, listed }: AskedWith,
): Promise<void> {
  const open = (await records.openReviewsOf([...around.heirs.keys()])).filter(
    ({ kind }) => kind !== 'feed',
  );
  const doubts = around.pairs.filter(({ verdict }) => verdict === 'review');
  if (open.length + doubts.length + unfollowed.length === 0) return;
  const unsure = unfollowed.filter((one) => isAsked(one, around));
  const byHand = around.pairs.filter((pair) => pair.byHand);
  const places = await placesOf([...open, ...doubts, ...byHand], { around, named }, records);
  const answered = new Set(byHand.map((pair) => nameOf(pair, places)));
  const kindOf = ({ low, high }: RecordPair) => {
    const [one, other] = [places.get(low)?.record, places.get(high)?.record];
    return one && other && haveCommonAuthority(one, other) ? 'merge' : 'link';
  };
  const groundsFor = [
    ...doubts.map((doubt): Question => doubtOf(doubt, kindOf(doubt))),
    ...unsure.map((one): Question => unsureOf(one, matcher)),
  ];
  const known = new Map<string, Question>();
  for (const question of [
    ...open
      .map((review): Question => ({ review, open: review.number }))
      .filter((question) => !around.isWhole || hasGround(question, groundsFor, places)),
    ...groundsFor,
  ]) {
    const name = nameOf(question.review, places);
    if (question.open === undefined && answered.has(name)) continue;
    const before = known.get(name);
    known.set(name, before ? { ...question, ...before } : question);
  }
  const asked = new Set(chosenOf([...known.values()], { places, byHand }));
  const kept = new Set([...asked].map((question) => question.open));
  for (const { number } of open) {
    if (kept.has(number)) continue;
    await records.closeReview(number, { state: 'obsolete', by: 'auto', at: issue.now() });
    listed?.('closed');
  }
  for (const { review, decision, open: number } of asked) {
    if (number !== undefined) continue;
    const why = decision === undefined ? review.why : (await records.decision(decision))?.why;
    await records.openReview({ ...review, why: why ?? [] }, issue.now());
    listed?.('opened');
  }
}

/** Not what a person has answered, unless that leaves open to which of two charts a record belongs. */
function isAsked({ by, why, one, other, conflict }: Unfollowed, around: Neighbourhood): boolean {
  if (by !== 'rule') return false;
  if (why !== 'apart') return true;
  const { pairs, heirs } = around;
  const heirOf = (number: number) => heirs.get(number) ?? number;
  const isLinkedByHand = pairs.some(
    ({ low, high, verdict, byHand }) =>
      byHand &&
      verdict === 'linked' &&
      [low, high].some((end) => [one, other].includes(heirOf(end))),
  );
  return conflict !== undefined && !isLinkedByHand;
}

function doubtOf({ low, high, score, ruleSet, decision }: PairVerdict, kind: 'link' | 'merge') {
  return { review: { low, high, kind, score, ruleSet, why: [] }, decision };
}

function unsureOf({ one, other, why, conflict, score }: Unfollowed, matcher: Matcher): Question {
  const isMerge = conflict !== undefined && why !== 'apart';
  const pair = isMerge ? pairOf(...conflict) : pairOf(one, other);
  const evidence = { field: 'group', weight: 0, agreement: why };
  const kind = isMerge ? 'merge' : 'link';
  return {
    review: { ...pair, kind, score, ruleSet: matcher.version, why: [evidence] },
    ...(why === 'apart' ? { isSure: true } : {}),
  };
}

/** The active record of each end, and its group. */
async function placesOf(
  pairs: readonly RecordPair[],
  {
    around: { members, heirs },
    named,
  }: { readonly around: Neighbourhood; readonly named: readonly NamedGroup[] },
  records: IdentityWriter,
): Promise<ReadonlyMap<number, Place>> {
  const byNumber = new Map(members.map((record) => [record.number, record]));
  const groupOf = new Map(
    named.flatMap(({ members: all, regionalId }) => all.map(({ number }) => [number, regionalId])),
  );
  const places = new Map<number, Place>();
  for (const [number, heir] of heirs) {
    const [record, regionalId] = [byNumber.get(heir), groupOf.get(heir)];
    if (record && regionalId !== undefined) places.set(number, { record, regionalId });
  }
  for (const end of new Set(pairs.flatMap(({ low, high }) => [low, high]))) {
    if (places.has(end)) continue;
    const [record] = await activeOf([end], records);
    if (record) places.set(end, { record, regionalId: record.regionalId });
  }
  return places;
}

/** By the active records of today. */
function nameOf({ low, high }: RecordPair, places: ReadonlyMap<number, Place>): string {
  const [one = low, other = high] = [low, high].map((end) => places.get(end)?.record.number);
  return pairNameOf(pairOf(one, other));
}

/** Whether there is still a doubt between the two: what it was asked for may have been corrected, or have left. */
function hasGround(
  { review }: Question,
  grounds: readonly Question[],
  places: ReadonlyMap<number, Place>,
): boolean {
  const between = betweenGroups(review, places);
  return grounds.some(
    (ground) =>
      ground.review.kind === review.kind && betweenGroups(ground.review, places) === between,
  );
}

function betweenGroups({ low, high }: RecordPair, places: ReadonlyMap<number, Place>): string {
  return [places.get(low)?.regionalId, places.get(high)?.regionalId].sort().join(' ');
}

/** What is asked of all that could be. */
function chosenOf(
  questions: readonly Question[],
  {
    places,
    byHand,
  }: { readonly places: ReadonlyMap<number, Place>; readonly byHand: readonly PairVerdict[] },
): readonly Question[] {
  const groupsOf = (pair: RecordPair) => betweenGroups(pair, places);
  const arePlaced = ({ review: { low, high, kind } }: Question) => {
    const [one, other] = [places.get(low), places.get(high)];
    if (!one || !other || one.record.number === other.record.number) return false;
    return kind === 'merge' || one.regionalId !== other.regionalId;
  };
  const possible = questions.filter(arePlaced);
  const merges = possible.filter(({ review }) => review.kind === 'merge');
  const settled = new Set(merges.map(({ review }) => groupsOf(review)));
  const charts = new Set<string>();
  for (const pair of byHand.filter(({ verdict }) => verdict === 'apart')) {
    const [one, other] = [places.get(pair.low)?.record, places.get(pair.high)?.record];
    if (one && other && haveCommonAuthority(one, other)) charts.add(groupsOf(pair));
    else settled.add(groupsOf(pair));
  }
  const links: Question[] = [];
  for (const question of possible.filter(({ review }) => review.kind === 'link').sort(firstOf)) {
    const between = groupsOf(question.review);
    if (settled.has(between) || (charts.has(between) && !question.isSure)) continue;
    settled.add(between);
    links.push(question);
  }
  return [...merges, ...links];
}

/** What is on the list stays there; else the pair that is most alike stands for all. */
function firstOf(one: Question, other: Question): number {
  const last = Number.POSITIVE_INFINITY;
  if (one.open !== other.open) return (one.open ?? last) - (other.open ?? last);
  const byScore = other.review.score - one.review.score;
  return byScore || one.review.low - other.review.low || one.review.high - other.review.high;
}
