import { visitCandidatePairs } from './candidate-pairs.ts';
import { decideComparison, sharesAuthority } from './decide.ts';
import { type Comparison, compare, FIELDS, type Field } from './fields.ts';
import type { Normalised } from './normalised.ts';
import { type Region, regionOf } from './region.ts';
import type { RuleSet } from './rule-set.ts';

/** A rule set made of a region's own data, and how it was come by. It is proposed, never applied by itself. */
export interface Estimate {
  readonly ruleSet: RuleSet;
  /** Probability of each agreement among pairs of one person (`m`) and of two strangers (`u`). */
  readonly probabilities: { readonly [Key in Field]?: Readonly<Record<string, MU>> };
  readonly candidatePairs: number;
  /** Of the candidate pairs, those that are of one person, as estimated. */
  readonly matches: number;
  readonly rounds: number;
}

interface MU {
  readonly m: number;
  readonly u: number;
}

/** Pairs that can be compared with a person's eye are few; so the weights stay where a person can follow them. */
const LARGEST_WEIGHT = 20;
const STRANGERS = 500_000;
const MOST_ROUNDS = 100;
const SETTLED = 1e-6;
/** A pair is linked at these odds, and looked at from those on. */
const LINKED_AT = 0.9999;
const LOOKED_AT_FROM = 0.05;

/** `nameChange` follows from other fields and is not weighed anew. */
const WEIGHED = (Object.keys(FIELDS) as readonly Field[]).filter((field) => field !== 'nameChange');

/**
 * Estimates weights by expectation-maximisation (Fellegi and Sunter's model, fields independent of one another given the
 * truth). `u` is counted on pairs taken at random, `m` is found on the pairs that have a blocking key in common.
 *
 * Grounds and contradictions stay those of `from`: they are what the weights alone cannot say, for a household's fields depend
 * on one another. Deterministic: the same records give the same estimate.
 * @param version the name of the new rule set
 */
export function estimateRuleSet(
  records: readonly Normalised[],
  { from, version, region = regionOf(records) }: EstimateOptions,
): Estimate {
  const patterns = patternsOf(records, from, region);
  const u = strangers(records, region);
  const candidatePairs = sumOf(patterns, () => 1);
  let p =
    Math.max(
      1,
      sumOf(patterns, ({ match }) => match),
    ) / Math.max(1, candidatePairs);
  let m = probabilitiesOf(patterns, ({ match }) => match);
  let rounds = 0;
  for (let change = 1; change > SETTLED && rounds < MOST_ROUNDS; rounds += 1) {
    // The chance of a stranger inside a block is not that of a random one: blocks are of those who agree in something.
    const inBlocks = probabilitiesOf(patterns, ({ match }) => 1 - match);
    for (const pattern of patterns)
      pattern.match = posterior(pattern.comparison, { m, u: inBlocks, p });
    m = probabilitiesOf(patterns, ({ match }) => match);
    const next = sumOf(patterns, ({ match }) => match) / Math.max(1, candidatePairs);
    change = Math.abs(next - p);
    p = next;
  }
  const matches = p * candidatePairs;
  return {
    ruleSet: {
      ...from,
      version,
      source: sourceOf(records.length, from),
      ...weigh(from, { m, u, matches, records: records.length }),
    },
    probabilities: both(m, u),
    candidatePairs,
    matches: Math.round(matches),
    rounds,
  };
}

interface EstimateOptions {
  readonly from: RuleSet;
  readonly version: string;
  readonly region?: Region;
}

interface Pattern {
  readonly comparison: Comparison;
  count: number;
  /** Probability that a pair of this pattern is one person. */
  match: number;
}

type Probabilities = ReadonlyMap<Field, ReadonlyMap<string, number>>;

function patternsOf(
  records: readonly Normalised[],
  from: RuleSet,
  region: Region,
): readonly Pattern[] {
  const patterns = new Map<string, Pattern>();
  visitCandidatePairs(records, (one, other) => {
    const [a, b] = [records[one], records[other]];
    if (!a || !b || sharesAuthority(a, b)) return;
    const comparison = compare(a, b, region);
    const key = WEIGHED.map((field) => comparison[field]).join('|');
    const known = patterns.get(key);
    if (known) known.count += 1;
    else {
      const { decision } = decideComparison(comparison, from, false);
      const match = decision === 'AUTO' ? 0.99 : decision === 'REVIEW' ? 0.5 : 0.01;
      patterns.set(key, { comparison, count: 1, match });
    }
  });
  return [...patterns.values()];
}

/** Agreements among pairs taken all over the records, in an order that looks like none but is always the same. */
function strangers(records: readonly Normalised[], region: Region): Probabilities {
  const patterns: Pattern[] = [];
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * records.length);
  };
  const count = records.length < 2 ? 0 : Math.min(STRANGERS, records.length * 20);
  for (let at = 0; at < count; at += 1) {
    const [one, other] = [next(), next()];
    const [a, b] = [records[one], records[other]];
    if (a && b && one !== other) {
      patterns.push({ comparison: compare(a, b, region), count: 1, match: 0 });
    }
  }
  return probabilitiesOf(patterns, () => 1);
}

/** Shares of the agreements among pairs where both fields are known; half a pair more each, so that none is impossible. */
function probabilitiesOf(
  patterns: readonly Pattern[],
  weight: (pattern: Pattern) => number,
): Probabilities {
  return new Map(
    WEIGHED.map((field) => {
      const agreements = FIELDS[field].filter((agreement) => agreement !== 'missing');
      const counts = new Map<string, number>(agreements.map((agreement) => [agreement, 0.5]));
      for (const pattern of patterns) {
        const agreement = pattern.comparison[field];
        const before = counts.get(agreement);
        if (before !== undefined) counts.set(agreement, before + pattern.count * weight(pattern));
      }
      const sum = [...counts.values()].reduce((total, count) => total + count, 0);
      return [field, new Map([...counts].map(([agreement, count]) => [agreement, count / sum]))];
    }),
  );
}

function posterior(
  comparison: Comparison,
  { m, u, p }: { readonly m: Probabilities; readonly u: Probabilities; readonly p: number },
): number {
  let odds = Math.log(p / (1 - p + Number.EPSILON));
  for (const field of WEIGHED) {
    const [mine, theirs] = [m, u].map((table) => table.get(field)?.get(comparison[field]));
    if (mine !== undefined && theirs !== undefined) odds += Math.log(mine / theirs);
  }
  return 1 / (1 + Math.exp(-odds));
}

function sumOf(patterns: readonly Pattern[], weight: (pattern: Pattern) => number): number {
  return patterns.reduce((sum, pattern) => sum + pattern.count * weight(pattern), 0);
}

function weigh(
  from: RuleSet,
  {
    m,
    u,
    matches,
    records,
  }: {
    readonly m: Probabilities;
    readonly u: Probabilities;
    readonly matches: number;
    readonly records: number;
  },
): Pick<RuleSet, 'weights' | 'thresholds'> {
  const weights = WEIGHED.map((field) => {
    const row = [...(m.get(field) ?? [])].map(([agreement, probability]) => {
      const weight = Math.log2(probability / (u.get(field)?.get(agreement) ?? 1));
      return [agreement, rounded(Math.max(-LARGEST_WEIGHT, Math.min(LARGEST_WEIGHT, weight)))];
    });
    return [field, Object.fromEntries(row)];
  });
  // Before anything is compared, this is how unlikely two records are to be of one person.
  const prior = Math.log2(Math.max(1, matches) / Math.max(1, (records * (records - 1)) / 2));
  const at = (probability: number) =>
    rounded(Math.max(0, Math.log2(probability / (1 - probability)) - prior));
  return {
    weights: { ...from.weights, ...Object.fromEntries(weights) },
    thresholds: { auto: at(LINKED_AT), review: at(LOOKED_AT_FROM) },
  };
}

function both(m: Probabilities, u: Probabilities): Estimate['probabilities'] {
  return Object.fromEntries(
    [...m].map(([field, row]) => [
      field,
      Object.fromEntries(
        [...row].map(([agreement, probability]) => [
          agreement,
          { m: probability, u: u.get(field)?.get(agreement) ?? 0 },
        ]),
      ),
    ]),
  );
}

function sourceOf(records: number, from: RuleSet): string {
  return `Estimated by expectation-maximisation on ${records} records; grounds of ${from.version}.`;
}

function rounded(weight: number): number {
  return Math.round(weight * 10) / 10;
}
