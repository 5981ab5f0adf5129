import { matchBatch } from '../../../../actors/patient-identity/matching/batch.ts';
import {
  MOST_IN_BLOCK,
  visitCandidatePairs,
} from '../../../../actors/patient-identity/matching/candidate-pairs.ts';
import { estimateRuleSet } from '../../../../actors/patient-identity/matching/estimate.ts';
import { JAPAN_RULE_SET } from '../../../../actors/patient-identity/matching/japan-rule-set.ts';
import { normalised } from '../../../../actors/patient-identity/matching/normalised.ts';
import { compareRuleSets } from '../../../../actors/patient-identity/matching/rule-comparison.ts';
import {
  readRuleSet,
  type RuleSet,
} from '../../../../actors/patient-identity/matching/rule-set.ts';
import { generate } from '../../../../scripts/identity/generator/generate.ts';
import { registrationOf } from '../../../../scripts/identity/registrations.ts';
import { aPerson, NO_HOUSEHOLD } from './people.ts';

const rules = { ruleSet: JAPAN_RULE_SET };
const here = '2.999.1';
const there = '2.999.2';
const elsewhere = '2.999.3';

const region = [...generate({ seed: 11, registrations: 2_000 })].map((row, at) =>
  normalised(registrationOf(row, at)),
);

describe('a batch', () => {
  it('links through a second record to a third', () => {
    const noBirth = { birth: '19710101', phone: '', address: '', postal: '' } as const;
    const { groupOf, links } = matchBatch(
      [
        aPerson({ authority: here, insurance: ['', '', '', ''] }),
        aPerson({ authority: there }),
        aPerson({ authority: elsewhere, ...noBirth }),
      ],
      rules,
    );
    expect([...groupOf]).toEqual([0, 0, 0]);
    expect(links.map(({ one, other }) => [one, other])).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  it('never has two ids of one authority in a group, and proposes the merge', () => {
    const { groupOf, links } = matchBatch(
      [
        aPerson({ authority: here, id: '1' }),
        aPerson({ authority: here, id: '2' }),
        aPerson({ authority: there }),
      ],
      rules,
    );
    expect(groupOf[0]).not.toBe(groupOf[1]);
    expect(links.find(({ one, other }) => one === 0 && other === 1)).toMatchObject({
      decision: 'REVIEW',
      isMerge: true,
    });
    const held = links.filter((link) => link.held !== undefined);
    expect(held).toHaveLength(1);
    expect(held[0]).toMatchObject({ decision: 'AUTO', held: 'two of one authority' });
  });

  it('follows no link that would bring two of one authority together who are no merge', () => {
    const noBranch = ['01339019', '12345', '101', ''] as const;
    const { groupOf, links } = matchBatch(
      [
        aPerson({ authority: here, id: '1', insurance: ['01339019', '12345', '101', '02'] }),
        aPerson({
          authority: here,
          id: '2',
          birth: '19700102',
          insurance: ['01339019', '12345', '101', '03'],
        }),
        aPerson({ authority: there, insurance: noBranch }),
        aPerson({ authority: there, id: '2', birth: '19700102', insurance: noBranch }),
      ],
      rules,
    );
    expect(groupOf[0]).not.toBe(groupOf[1]);
    expect(groupOf[2]).not.toBe(groupOf[3]);
    for (const { one, other, decision } of links) {
      if (decision === 'AUTO') expect(groupOf[one]).toBe(groupOf[other]);
    }
  });

  it('gives the same whatever the order of the records', () => {
    const keyed = region.map((record, at) => ({ record, at }));
    const turned = [...keyed].reverse();
    const pairs = (order: typeof keyed) =>
      matchBatch(
        order.map(({ record }) => record),
        rules,
      )
        .links.map(({ one, other, decision }) => {
          const ends = [order[one]?.at ?? 0, order[other]?.at ?? 0].sort((a, b) => a - b);
          return `${ends.join(' ')} ${decision}`;
        })
        .sort();
    expect(pairs(turned)).toEqual(pairs(keyed));
  });

  it('has no group with two of one authority, over generated registrations', () => {
    const { groupOf } = matchBatch(region, rules);
    const seen = new Set<string>();
    for (const [at, { authorities }] of region.entries()) {
      const key = `${groupOf[at]} ${authorities.join()}`;
      expect(seen.has(key)).toBe(false);
      seen.add(key);
    }
  });
});

describe('the pairs that are compared', () => {
  it('are visited once each, though they have several keys in common', () => {
    const visited: string[] = [];
    visitCandidatePairs([aPerson(), aPerson({ authority: there })], (one, other) =>
      visited.push(`${one} ${other}`),
    );
    expect(visited).toEqual(['0 1']);
  });

  it('pass over a key that too many have, and say so', () => {
    const crowd = Array.from({ length: MOST_IN_BLOCK + 2 }, (_, at) =>
      aPerson({
        ...NO_HOUSEHOLD,
        kanji: ['', ''],
        kana: ['', ''],
        birth: '',
        phone: '086-000-1001',
        authority: `2.999.${at + 1}`,
      }),
    );
    let pairs = 0;
    const report = visitCandidatePairs(crowd, () => {
      pairs += 1;
    });
    expect(pairs).toBe(0);
    expect(report).toEqual({ pairs: 0, passedOver: 1 });
  });
});

describe('two rule sets over the same records', () => {
  it('differ in nothing from themselves', () => {
    const { changes, differences, pairs } = compareRuleSets(region, {
      before: JAPAN_RULE_SET,
      after: JAPAN_RULE_SET,
    });
    expect(pairs).toBeGreaterThan(1_000);
    expect(changes).toEqual({});
    expect(differences).toEqual([]);
  });

  it('are told apart pair by pair, and counted', () => {
    const strict: RuleSet = {
      ...JAPAN_RULE_SET,
      version: 'strict-1',
      thresholds: { auto: 30, review: 6 },
    };
    const { changes, differences } = compareRuleSets(region, {
      before: JAPAN_RULE_SET,
      after: strict,
    });
    expect(Object.keys(changes)).toEqual(['AUTO -> REVIEW']);
    expect(differences).toHaveLength(changes['AUTO -> REVIEW'] ?? 0);
    for (const { before, after } of differences) {
      expect(before.score).toBeLessThan(30);
      expect([before.decision, after.decision]).toEqual(['AUTO', 'REVIEW']);
    }
  });
});

describe('a rule set estimated from data', () => {
  const estimate = estimateRuleSet(region, { from: JAPAN_RULE_SET, version: 'estimated-1' });

  it('is proposed: a new version, the built-in one untouched, and readable as a rule set', () => {
    expect(estimate.ruleSet.version).toBe('estimated-1');
    expect(JAPAN_RULE_SET.version).toBe('japan-1');
    expect(readRuleSet(JSON.parse(JSON.stringify(estimate.ruleSet)))).toEqual(estimate.ruleSet);
  });

  it('weighs agreement up and disagreement down, and what one person alone has the most', () => {
    const { weights } = estimate.ruleSet;
    for (const row of [weights.insurance, weights.birthDate, weights.given, weights.family]) {
      const different = 'different' in row ? row.different : 0;
      expect(different ?? 0).toBeLessThan(0);
    }
    expect(weights.insurance.person ?? 0).toBeGreaterThan(weights.sex.equal ?? 0);
    expect(weights.birthDate.equal ?? 0).toBeGreaterThan(5);
    expect(weights.given.same ?? 0).toBeGreaterThan(3);
  });

  it('finds about as many matches as there are', () => {
    const { links } = matchBatch(region, rules);
    const linked = links.filter(({ decision }) => decision === 'AUTO').length;
    expect(estimate.matches / linked).toBeGreaterThan(0.9);
    expect(estimate.matches / linked).toBeLessThan(1.1);
  });

  it('is the same for the same records', () => {
    expect(estimateRuleSet(region, { from: JAPAN_RULE_SET, version: 'estimated-1' })).toEqual(
      estimate,
    );
  });
});
