import { type Comparison, compare, FIELDS, type Field } from './fields.ts';
import type { Normalised } from './normalised.ts';
import { type Region, UNKNOWN_REGION } from './region.ts';
import { meets, type RuleSet } from './rule-set.ts';

/** What becomes of two records. AUTO: linked; REVIEW: a person must look; APART: nothing. */
export type Outcome = 'AUTO' | 'REVIEW' | 'APART';

/** What one field said. No value of a person is in it. */
export interface FieldEvidence {
  readonly field: Field;
  readonly agreement: string;
  readonly weight: number;
}

/** A decision, with all that led to it. */
export interface PairDecision {
  readonly decision: Outcome;
  readonly score: number;
  readonly why: readonly FieldEvidence[];
  /** The ground that it rests on; absent where none was met. */
  readonly ground?: string;
  /** What speaks against it by itself. */
  readonly contradiction?: string;
  /** Both have an id of one authority: REVIEW then means that a merge is proposed. */
  readonly isMerge: boolean;
}

const NAMES = Object.keys(FIELDS) as readonly Field[];

/**
 * Decides upon two records. Symmetric; the same for the same records, rule set and region.
 *
 * Two records with an id of one authority are never linked: what would be AUTO is REVIEW, as a proposal to merge.
 */
export function decide(
  one: Normalised,
  other: Normalised,
  { ruleSet, region = UNKNOWN_REGION }: { readonly ruleSet: RuleSet; readonly region?: Region },
): PairDecision {
  return decideComparison(compare(one, other, region), ruleSet, sharesAuthority(one, other));
}

/** Decides upon what was compared already. */
export function decideComparison(
  comparison: Comparison,
  ruleSet: RuleSet,
  isMerge: boolean,
): PairDecision {
  const score = scoreOf(comparison, ruleSet);
  const contradiction = ruleSet.contradictions.find((ground) => meets(comparison, ground))?.name;
  const automatic =
    score >= ruleSet.thresholds.auto && contradiction === undefined
      ? ruleSet.automatic.find((ground) => meets(comparison, ground))
      : undefined;
  const ground =
    automatic ??
    (score >= ruleSet.thresholds.review
      ? [...ruleSet.review, ...ruleSet.automatic].find((each) => meets(comparison, each))
      : undefined);
  return {
    decision: ground === undefined ? 'APART' : automatic && !isMerge ? 'AUTO' : 'REVIEW',
    score,
    why: whyOf(comparison, ruleSet),
    ...(ground === undefined ? {} : { ground: ground.name }),
    ...(contradiction === undefined ? {} : { contradiction }),
    isMerge,
  };
}

/** The sum of the weights. */
export function scoreOf(comparison: Comparison, { weights }: RuleSet): number {
  let score = 0;
  for (const field of NAMES) score += weightOf(comparison, field, weights);
  return Math.round(score * 100) / 100;
}

function weightOf(comparison: Comparison, field: Field, weights: RuleSet['weights']): number {
  const row: Readonly<Partial<Record<string, number>>> = weights[field];
  return row[comparison[field]] ?? 0;
}

function whyOf(comparison: Comparison, { weights }: RuleSet): readonly FieldEvidence[] {
  return NAMES.filter((field) => comparison[field] !== 'missing').map((field) => ({
    field,
    agreement: comparison[field],
    weight: weightOf(comparison, field, weights),
  }));
}

/** True when both have an id of one authority. */
export function sharesAuthority(one: Normalised, other: Normalised): boolean {
  return one.authorities.some((authority) => other.authorities.includes(authority));
}
