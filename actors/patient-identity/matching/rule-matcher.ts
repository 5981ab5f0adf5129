import type { Comparable, MatchDecision, Matcher } from '../matcher.ts';
import { blockingKeys } from './blocking.ts';
import { decide } from './decide.ts';
import { compare } from './fields.ts';
import { JAPAN_RULE_SET } from './japan-rule-set.ts';
import { type Normalised, normalised } from './normalised.ts';
import { type Region, UNKNOWN_REGION } from './region.ts';
import type { RuleSet } from './rule-set.ts';

/** A rule set at work on records as they are stored. A record that is compared with many is normalised once. */
export function ruleMatcher(
  ruleSet: RuleSet = JAPAN_RULE_SET,
  region: Region = UNKNOWN_REGION,
): Matcher {
  const known = new WeakMap<Comparable, Normalised>();
  const of = (record: Comparable): Normalised => {
    const found = known.get(record) ?? normalised(record);
    known.set(record, found);
    return found;
  };
  return {
    version: ruleSet.version,
    thresholds: ruleSet.thresholds,
    keysOf: (record) => blockingKeys(of(record)),
    decide(one, other): MatchDecision {
      const { decision, score, why, contradiction } = decide(of(one), of(other), {
        ruleSet,
        region,
      });
      return {
        outcome: decision,
        score,
        why: why.map(({ field, agreement, weight }) => ({ field, agreement, weight })),
        ...(contradiction === undefined ? {} : { contradiction: true }),
      };
    },
    isAnother(one, other) {
      const { birthDate, family, given } = compare(of(one), of(other), region);
      return birthDate === 'different' && (family === 'different' || given === 'different');
    },
  };
}
