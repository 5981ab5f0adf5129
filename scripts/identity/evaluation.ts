import { type BatchLink, matchBatch } from '../../actors/patient-identity/matching/batch.ts';
import type { Normalised } from '../../actors/patient-identity/matching/normalised.ts';
import { normalised } from '../../actors/patient-identity/matching/normalised.ts';
import { UNKNOWN_REGION } from '../../actors/patient-identity/matching/region.ts';
import type { RuleSet } from '../../actors/patient-identity/matching/rule-set.ts';
import { generate } from './generator/generate.ts';
import { registrationOf } from './registrations.ts';

/**
 * How well a rule set did on generated registrations, as a region that imports them would have it: a pair counts as linked when
 * both are of one group, and what waits for a merge does not; and as there, nothing is counted of the region.
 */
export interface Evaluation {
  readonly seed: number;
  readonly registrations: number;
  /** Pairs of one person in different hospitals. */
  readonly truePairs: number;
  /** Of these, those that were linked. */
  readonly linkedTruePairs: number;
  /** Pairs of different people that were linked. */
  readonly falsePairs: number;
  readonly precision: number;
  readonly recall: number;
  /** What it will be when all merges that are put up are done. */
  readonly recallOnceMerged: number;
  /** Pairs for review: of different hospitals, and of one hospital (proposals to merge). */
  readonly reviewPairs: number;
  readonly mergeProposals: number;
  /**
   * Questions to a person, each an open review of a region: every merge of two charts, since each has to be done, and every two
   * groups with another pair for review and no merge between them.
   */
  readonly reviewTasks: number;
  readonly candidatePairs: number;
  readonly seconds: number;
  /** What was missed or wrong, by what the generator had done to the two, the most frequent first. */
  readonly missed: readonly (readonly [string, number])[];
  readonly wrong: readonly (readonly [string, number])[];
  /** For review, by the ground. */
  readonly reviewed: readonly (readonly [string, number])[];
}

/** Generates registrations and matches them. */
export function evaluate(
  {
    seed,
    registrations,
    errorFactor = 1,
  }: {
    readonly seed: number;
    readonly registrations: number;
    readonly errorFactor?: number;
  },
  ruleSet: RuleSet,
): Evaluation {
  const records: Normalised[] = [];
  const people: string[] = [];
  const tags: string[] = [];
  for (const row of generate({ seed, registrations, errorFactor })) {
    people.push(row.person_id);
    tags.push(row.variant_tags);
    records.push(normalised(registrationOf(row, people.length)));
  }
  const began = performance.now();
  const { links, blocking, groupOf } = matchBatch(records, {
    ruleSet,
    region: UNKNOWN_REGION,
  });
  const seconds = (performance.now() - began) / 1000;
  const merged = unionOf(
    records.length,
    links.filter(({ decision }) => decision === 'AUTO'),
  );
  const counts = countPairs({ records, people, tags, joined: [...groupOf] });
  const onceMerged = countPairs({ records, people, tags, joined: merged });
  const reviews = links.filter(({ decision }) => decision === 'REVIEW');
  const merges = reviews.filter(({ isMerge }) => isMerge);
  const between = ({ one, other }: BatchLink) => {
    const [a, b] = [groupOf[one] ?? 0, groupOf[other] ?? 0];
    return a < b ? `${a} ${b}` : `${b} ${a}`;
  };
  const toMerge = new Set(merges.map(between));
  const toLink = new Set(reviews.map(between).filter((groups) => !toMerge.has(groups)));
  return {
    seed,
    registrations,
    ...counts,
    precision: counts.linkedPairs === 0 ? 1 : 1 - counts.falsePairs / counts.linkedPairs,
    recall: counts.linkedTruePairs / counts.truePairs,
    recallOnceMerged: onceMerged.linkedTruePairs / counts.truePairs,
    reviewPairs: reviews.length - merges.length,
    mergeProposals: merges.length,
    reviewTasks: merges.length + toLink.size,
    candidatePairs: blocking.pairs,
    seconds,
    reviewed: tally(
      reviews.map(
        ({ ground, held, one, other }) =>
          `${people[one] === people[other] ? 'one' : 'two'}: ${held ?? ground ?? ''}`,
      ),
    ),
  };
}

function countPairs({
  records,
  people,
  tags,
  joined,
}: {
  readonly records: readonly Normalised[];
  readonly people: readonly string[];
  readonly tags: readonly string[];
  readonly joined: readonly number[];
}) {
  const missed: string[] = [];
  const wrong: string[] = [];
  let truePairs = 0;
  let linkedTruePairs = 0;
  for (const [one, other] of pairsWithin(people)) {
    const [a, b] = [records[one], records[other]];
    if (a?.authorities[0] === b?.authorities[0]) continue;
    truePairs += 1;
    if (joined[one] === joined[other]) linkedTruePairs += 1;
    else
      missed.push(
        `${tags[one]} | ${tags[other]}`.replace(
          /addressShort;?|variantTyped;?|kanaSpelling;?/g,
          '',
        ),
      );
  }
  let falsePairs = 0;
  let linkedPairs = 0;
  for (const [one, other] of pairsWithin(joined)) {
    linkedPairs += 1;
    if (people[one] === people[other]) continue;
    falsePairs += 1;
    wrong.push(`${people[one]} ${tags[one]} | ${people[other]} ${tags[other]}`);
  }
  return {
    truePairs,
    linkedTruePairs,
    falsePairs,
    linkedPairs,
    missed: tally(missed),
    wrong: tally(wrong),
  };
}

function* pairsWithin<T>(keys: readonly T[]): Generator<readonly [number, number]> {
  const groups = new Map<T, number[]>();
  for (const [at, key] of keys.entries()) {
    const group = groups.get(key);
    if (group) group.push(at);
    else groups.set(key, [at]);
  }
  for (const group of groups.values()) {
    for (const [at, other] of group.entries()) {
      for (const one of group.slice(0, at)) yield [one, other];
    }
  }
}

function unionOf(
  count: number,
  links: readonly { readonly one: number; readonly other: number }[],
): readonly number[] {
  const parents = Array.from({ length: count }, (_, at) => at);
  const rootOf = (place: number): number => {
    let root = place;
    while (parents[root] !== root) {
      parents[root] = parents[parents[root] ?? root] ?? root;
      root = parents[root] ?? root;
    }
    return root;
  };
  for (const { one, other } of links) parents[rootOf(one)] = rootOf(other);
  return parents.map((_, at) => rootOf(at));
}

function tally(names: readonly string[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).slice(0, 40);
}
