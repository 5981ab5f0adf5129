import type { Demographics, PatientId } from '../../profiles/patient.ts';
import { exactKeysOf } from './names.ts';

/** A record as far as matching looks at it. */
export interface Comparable {
  readonly ids: readonly PatientId[];
  readonly demographics: Demographics;
}

/** What one field says of two records. */
export interface Evidence {
  readonly field: string;
  readonly weight: number;
  /** In one word or a few, never a value of a person: `equal`, `without dakuten`, `other branch`. */
  readonly agreement: string;
}

/** From which score on a rule links by itself, and from which a person is asked. */
export interface Thresholds {
  readonly auto: number;
  readonly review: number;
}

/** What a rule set makes of two records. */
export interface MatchDecision {
  /** AUTO: the same person; REVIEW: a person must look; APART: nothing is done. */
  readonly outcome: 'AUTO' | 'REVIEW' | 'APART';
  readonly score: number;
  readonly why: readonly Evidence[];
  /** Something speaks against it by itself, such as two branches of one insurance. */
  readonly contradiction?: boolean;
}

/** A rule set at work. Symmetric: the order of the two records makes no difference. */
export interface Matcher {
  /** Names the rule set; what was decided is kept with it. */
  readonly version: string;
  /** Absent for a rule without scores. */
  readonly thresholds?: Thresholds;
  /** Two records without a key in common are not compared. */
  keysOf(record: Comparable): readonly string[];
  decide(one: Comparable, other: Comparable): MatchDecision;
  /** Birth date and name are another person's: no correction changes both. Default: never. */
  isAnother?(one: Comparable, other: Comparable): boolean;
}

/**
 * The exact rule: birth date to the day, sex, and one full name in one representation are the same. It knows no doubt.
 */
export const EXACT_RULE: Matcher = {
  version: 'exact-1',
  keysOf: ({ demographics }) => exactKeysOf(demographics),
  decide(one, other) {
    const theirs = new Set(exactKeysOf(other.demographics));
    const isSame = exactKeysOf(one.demographics).some((key) => theirs.has(key));
    if (!isSame) return { outcome: 'APART', score: 0, why: [] };
    const why = [{ field: 'birth date, sex and full name', weight: 100, agreement: 'equal' }];
    return { outcome: 'AUTO', score: 100, why };
  },
};
