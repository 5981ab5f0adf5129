import { type BlockingReport, visitCandidatePairs } from './candidate-pairs.ts';
import { decide, type PairDecision, sharesAuthority } from './decide.ts';
import type { Normalised } from './normalised.ts';
import { type Region, regionOf } from './region.ts';
import type { RuleSet } from './rule-set.ts';

/** A decision upon two records of a batch, by their places in it, the lower first. */
export interface BatchLink extends PairDecision {
  readonly one: number;
  readonly other: number;
  /** Why what would be linked is for review all the same. */
  readonly held?: 'two of one authority' | 'contradiction in the group';
}

/** What matching makes of a batch. */
export interface BatchResult {
  /** AUTO and REVIEW, in the order of the records. */
  readonly links: readonly BatchLink[];
  /** For each record, the lowest place of a record in its group. No group has two records of one authority. */
  readonly groupOf: Uint32Array;
  readonly blocking: BlockingReport;
}

/**
 * Matches all records of a batch with one another.
 *
 * Links are followed from the strongest on, and from one record through a second to a third. A link that would bring two
 * records of one authority together is not followed. Where those two are a merge proposal by themselves it is still reported
 * as AUTO: accepting the merge is all that is missing. Else, and where any two records of the groups contradict each other,
 * it becomes REVIEW.
 */
export function matchBatch(
  records: readonly Normalised[],
  { ruleSet, region = regionOf(records) }: { readonly ruleSet: RuleSet; readonly region?: Region },
): BatchResult {
  const found: BatchLink[] = [];
  const blocking = visitCandidatePairs(records, (one, other) => {
    const [a, b] = [records[one], records[other]];
    if (!a || !b) return;
    const decision = decide(a, b, { ruleSet, region });
    if (decision.decision !== 'APART') found.push({ one, other, ...decision });
  });
  const groups = new Groups(records, { ruleSet, region });
  const strongest = found
    .filter(({ decision }) => decision === 'AUTO')
    .sort((a, b) => b.score - a.score || a.one - b.one || a.other - b.other);
  const held = new Map<BatchLink, BatchLink>();
  for (const link of strongest) {
    const objection = groups.follow(link.one, link.other);
    if (objection === undefined) continue;
    const decision = objection === 'duplicate chart' ? 'AUTO' : 'REVIEW';
    const why =
      objection === 'contradiction' ? 'contradiction in the group' : 'two of one authority';
    held.set(link, { ...link, decision, held: why });
  }
  const groupOf = groups.firsts();
  const links = found
    .map((link) => held.get(link) ?? link)
    // Two that are linked through a third need nobody to look.
    .filter(({ decision, one, other }) => decision === 'AUTO' || groupOf[one] !== groupOf[other])
    .sort((a, b) => a.one - b.one || a.other - b.other);
  return { links, groupOf, blocking };
}

type Objection = 'duplicate chart' | 'two of one authority' | 'contradiction';

/** Beyond this a group is not of one person: something links too much. */
const LARGEST_GROUP = 50;

class Groups {
  readonly #records: readonly Normalised[];
  readonly #rules: { readonly ruleSet: RuleSet; readonly region: Region };
  readonly #members = new Map<number, number[]>();

  constructor(
    records: readonly Normalised[],
    rules: { readonly ruleSet: RuleSet; readonly region: Region },
  ) {
    this.#records = records;
    this.#rules = rules;
  }

  #groupOf(place: number): number[] {
    return this.#members.get(place) ?? [place];
  }

  /** Joins the groups of two records, or says what is against it. */
  follow(one: number, other: number): Objection | undefined {
    const [mine, theirs] = [this.#groupOf(one), this.#groupOf(other)];
    if (mine.includes(other)) return undefined;
    const objection = this.#objection(mine, theirs);
    if (objection !== undefined) return objection;
    const joined = [...mine, ...theirs];
    for (const place of joined) this.#members.set(place, joined);
    return undefined;
  }

  #objection(mine: readonly number[], theirs: readonly number[]): Objection | undefined {
    if (mine.length + theirs.length > LARGEST_GROUP) return 'contradiction';
    let isDuplicate = false;
    for (const one of mine) {
      for (const other of theirs) {
        const [a, b] = [this.#records[one], this.#records[other]];
        if (!a || !b) continue;
        const isMerge = sharesAuthority(a, b);
        if (!isMerge && mine.length + theirs.length === 2) return undefined;
        const { contradiction, score, decision } = decide(a, b, this.#rules);
        if (contradiction !== undefined) return 'contradiction';
        if (!isMerge) continue;
        if (decision !== 'REVIEW' || score < this.#rules.ruleSet.thresholds.auto) {
          return 'two of one authority';
        }
        isDuplicate = true;
      }
    }
    return isDuplicate ? 'duplicate chart' : undefined;
  }

  firsts(): Uint32Array {
    const firsts = new Uint32Array(this.#records.length);
    for (let place = 0; place < firsts.length; place += 1) {
      const members = this.#members.get(place);
      firsts[place] = members === undefined ? place : Math.min(...members);
    }
    return firsts;
  }
}
