import { FIELDS } from '../../../../actors/patient-identity/matching/fields.ts';
import { JAPAN_RULE_SET } from '../../../../actors/patient-identity/matching/japan-rule-set.ts';
import {
  readRuleSet,
  RuleSetError,
} from '../../../../actors/patient-identity/matching/rule-set.ts';

type Json = Record<string, unknown>;
const json = (): Json => JSON.parse(JSON.stringify(JAPAN_RULE_SET)) as Json;

describe('a rule set', () => {
  it('is data: it goes through JSON unharmed', () => {
    expect(readRuleSet(json())).toEqual(JAPAN_RULE_SET);
  });

  it('weighs every field that there is', () => {
    expect(Object.keys(JAPAN_RULE_SET.weights).sort()).toEqual(Object.keys(FIELDS).sort());
  });

  it('links nobody by a birth date that is not known, nor a child without a name', () => {
    for (const { all } of JAPAN_RULE_SET.automatic) {
      expect(all.birthDate ?? []).not.toContain('missing');
      expect(all.birthDate?.length ?? 0).toBeGreaterThan(0);
      expect(all.given?.length ?? 0).toBeGreaterThan(0);
      expect(all.given ?? []).not.toContain('newborn');
      expect(all.given ?? []).not.toContain('missing');
      expect(all.given ?? []).not.toContain('different');
    }
  });

  it.each<[string, (set: Json) => void, string]>([
    ['no object', (set) => Object.assign(set, { weights: [] }), 'weights'],
    [
      'a field that there is none of',
      (set) => Object.assign(set['weights'] as Json, { blood: {} }),
      'weights',
    ],
    [
      'an agreement that there is none of',
      (set) => Object.assign(set['weights'] as Json, { sex: { same: 1 } }),
      'weights.sex',
    ],
    [
      'a weight that is no number',
      (set) => Object.assign(set['weights'] as Json, { sex: { equal: '1' } }),
      'weights.sex.equal',
    ],
    [
      'a weight beyond all',
      (set) => Object.assign(set['weights'] as Json, { sex: { equal: 1e9 } }),
      'weights.sex.equal',
    ],
    ['no version', (set) => Object.assign(set, { version: '' }), 'version'],
    ['grounds that are no list', (set) => Object.assign(set, { automatic: {} }), 'automatic'],
    [
      'a ground for everybody',
      (set) => Object.assign(set, { automatic: [{ name: 'all', all: {} }] }),
      'automatic[0].all',
    ],
    [
      'a condition on nothing known',
      (set) => Object.assign(set, { review: [{ name: 'x', all: { sex: ['even'] } }] }),
      'review[0].all.sex',
    ],
    [
      'review above automatic',
      (set) => Object.assign(set, { thresholds: { auto: 5, review: 6 } }),
      'thresholds.review',
    ],
  ])('refuses %s, and says where', (_, spoil, path) => {
    const set = json();
    spoil(set);
    expect(() => readRuleSet(set)).toThrow(RuleSetError);
    expect(() => readRuleSet(set)).toThrow(path);
  });

  it.each([undefined, 1, 'x', []])('refuses %j', (value) => {
    expect(() => readRuleSet(value)).toThrow(RuleSetError);
  });
});
