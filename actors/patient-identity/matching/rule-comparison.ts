import { visitCandidatePairs } from './candidate-pairs.ts';
import { decideComparison, type Outcome, type PairDecision, sharesAuthority } from './decide.ts';
import { compare } from './fields.ts';
import type { Normalised } from './normalised.ts';
import { type Region, regionOf } from './region.ts';
import type { RuleSet } from './rule-set.ts';

/** Two records that the two rule sets decide upon in different ways, by their places. */
export interface RuleDifference {
  readonly one: number;
  readonly other: number;
  readonly before: PairDecision;
  readonly after: PairDecision;
}

/** What would change if `after` took the place of `before`. */
export interface RuleComparison {
  readonly pairs: number;
  /** How many pairs go from one outcome to the other, such as `REVIEW -> AUTO`; those that stay are not told. */
  readonly changes: Readonly<Partial<Record<`${Outcome} -> ${Outcome}`, number>>>;
  /** At most `MOST_DIFFERENCES`, in the order of the records. */
  readonly differences: readonly RuleDifference[];
}

/** Differences that are listed one by one. */
export const MOST_DIFFERENCES = 10_000;

/** Runs one rule set in the shadow of another over the same records. Nothing is decided by it. */
export function compareRuleSets(
  records: readonly Normalised[],
  {
    before,
    after,
    region = regionOf(records),
  }: { readonly before: RuleSet; readonly after: RuleSet; readonly region?: Region },
): RuleComparison {
  const changes: Partial<Record<`${Outcome} -> ${Outcome}`, number>> = {};
  const differences: RuleDifference[] = [];
  const { pairs } = visitCandidatePairs(records, (one, other) => {
    const [a, b] = [records[one], records[other]];
    if (!a || !b) return;
    const comparison = compare(a, b, region);
    const isMerge = sharesAuthority(a, b);
    const [was, becomes] = [before, after].map((set) => decideComparison(comparison, set, isMerge));
    if (!was || !becomes || was.decision === becomes.decision) return;
    const change = `${was.decision} -> ${becomes.decision}` as const;
    changes[change] = (changes[change] ?? 0) + 1;
    if (differences.length < MOST_DIFFERENCES) {
      differences.push({ one, other, before: was, after: becomes });
    }
  });
  differences.sort((x, y) => x.one - y.one || x.other - y.other);
  return { pairs, changes, differences };
}
