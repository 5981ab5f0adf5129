import type { Demographics, PatientId } from '../../profiles/patient.ts';
import { Refusal } from '../../profiles/refusal.ts';
import type { Issue } from '../../profiles/transaction.ts';
import {
  type IdentityWriter,
  type PairVerdict,
  pairOf,
  type SourceRecord,
} from './identity-store.ts';
import type { MatchDecision, Matcher } from './matcher.ts';
import { haveCommonAuthority } from './neighbourhood.ts';
import { type Change, regroup } from './regroup.ts';
import { searchKeysOf } from './search-names.ts';
import { issueWideAreaIds } from './wide-area-ids.ts';

/** A key that more records have says nothing about anyone. */
const MOST_CANDIDATES = 100;

/** A record that is fed: new, or a new version of the one that the store has. */
export interface FedRecord {
  readonly ids: readonly PatientId[];
  readonly demographics: Demographics;
  /** The regional id that the affinity domain tells for it. */
  readonly toldRegionalId?: string;
  readonly fedBy: string;
  readonly stored: SourceRecord | undefined;
}

/** Where a fed record came to stand. */
export interface Registered {
  readonly regionalId: string;
  /** The Document Registry has something to do. */
  readonly isRegistryAsked: boolean;
}

/**
 * Stores a fed record, compares it with all that have a key in common with it, and forms the groups around it anew.
 *
 * @throws Refusal 204 when the regional id that is told was subsumed by another
 */
export async function register(fed: FedRecord, change: Change): Promise<Registered> {
  const { records, matcher, issue, wideArea } = change;
  const { stored, ids, demographics, toldRegionalId, fedBy } = fed;
  if (toldRegionalId !== undefined) await refuseSubsumed(toldRegionalId, records);
  const number = await records.put(
    {
      ...(stored ? { number: stored.number } : {}),
      ids,
      demographics,
      regionalId: stored?.regionalId ?? '',
      ...(toldRegionalId === undefined ? {} : { toldRegionalId }),
      names: searchKeysOf(demographics.names),
      mothersNames: searchKeysOf(demographics.mothersMaidenName ?? []),
      keys: { by: matcher.version, keys: matcher.keysOf(fed) },
      fedBy,
    },
    issue.now(),
  );
  if (wideArea) await issueWideAreaIds(ids, wideArea, { records, issue, by: fedBy });
  await compare(number, change, { isNew: stored === undefined });
  const befores = stored
    ? [{ record: number, regionalId: stored.regionalId, ids: stored.ids }]
    : [];
  const isRegistryAsked = await regroup([number], change, befores);
  const [record] = await records.recordsWith([number]);
  return { regionalId: record?.regionalId ?? '', isRegistryAsked };
}

async function refuseSubsumed(regionalId: string, records: IdentityWriter): Promise<void> {
  const state = await records.regionalIdState(regionalId);
  if (state?.mergedInto === undefined) return;
  throw new Refusal('204', 'the id of the affinity domain was subsumed by another');
}

/** Compares a record with the others, and writes down what came of it where that is not what was known before. */
export async function compare(
  number: number,
  { records, matcher, issue }: Change,
  { isNew = false }: { readonly isNew?: boolean } = {},
): Promise<void> {
  const [record] = await records.recordsWith([number]);
  if (!record) return;
  const known = new Map(
    (isNew ? [] : await records.pairsOf([number])).map((pair) => [
      pair.low === number ? pair.high : pair.low,
      pair,
    ]),
  );
  const candidates = await records.withKeys(matcher.keysOf(record), MOST_CANDIDATES);
  const others = new Map(
    [...candidates, ...(await records.recordsWith([...known.keys()]))].map((other) => [
      other.number,
      other,
    ]),
  );
  others.delete(number);
  for (const other of others.values()) {
    const before = known.get(other.number);
    if (before?.byHand) continue;
    const decision = matcher.decide(record, other);
    const verdict = verdictOf(decision, record, other);
    if (verdict === 'apart' ? !before : isKnown(before, { verdict, decision, matcher })) continue;
    const pair = pairOf(number, other.number);
    const decided = await records.decide(
      {
        ...pair,
        verdict,
        score: decision.score,
        ruleSet: matcher.version,
        ...(matcher.thresholds === undefined ? {} : { thresholds: matcher.thresholds }),
        why: decision.why,
        by: 'auto',
      },
      issue.now(),
    );
    if (verdict === 'apart') {
      await records.removePair(pair);
      await closeReviewsOf(pair, { records, issue });
    } else {
      const { score } = decision;
      const ruleSet = matcher.version;
      await records.putPair({ ...pair, verdict, byHand: false, score, ruleSet, decision: decided });
    }
  }
}

/** Two ids of one authority are never linked by a rule: whether they are one person's, a person must say. */
function verdictOf(
  { outcome }: MatchDecision,
  one: SourceRecord,
  other: SourceRecord,
): PairVerdict['verdict'] {
  if (outcome === 'APART') return 'apart';
  return outcome === 'AUTO' && !haveCommonAuthority(one, other) ? 'linked' : 'review';
}

function isKnown(
  before: PairVerdict | undefined,
  {
    verdict,
    decision,
    matcher,
  }: { verdict: PairVerdict['verdict']; decision: MatchDecision; matcher: Matcher },
): boolean {
  return (
    before?.verdict === verdict &&
    before.score === decision.score &&
    before.ruleSet === matcher.version
  );
}

async function closeReviewsOf(
  { low, high }: { readonly low: number; readonly high: number },
  { records, issue }: { records: IdentityWriter; issue: Issue },
): Promise<void> {
  for (const review of await records.openReviewsOf([low])) {
    if (review.low !== low || review.high !== high) continue;
    await records.closeReview(review.number, { state: 'obsolete', by: 'auto', at: issue.now() });
  }
}
