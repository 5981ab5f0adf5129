import { explain } from '../../../actors/patient-identity/explain.ts';
import { matchAnew, rekey } from '../../../actors/patient-identity/matching-anew.ts';
import { EXACT_RULE, type Matcher } from '../../../actors/patient-identity/matcher.ts';
import { JAPAN_RULE_SET } from '../../../actors/patient-identity/matching/japan-rule-set.ts';
import { ruleMatcher } from '../../../actors/patient-identity/matching/rule-matcher.ts';
import { linkPatients } from '../../../actors/patient-identity/steward.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import { AnIdentityActor, AUTHORITY } from '../../support/an-identity-actor.ts';
import { aPerson } from '../../support/hl7v3-builders.ts';
import { aCaller } from '../../support/world-of-actors.ts';

const atHospital = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.hospital });
const atClinic = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.clinic });

/** A rule that links nobody, as if keys had not been there. */
const BLIND: Matcher = {
  version: 'blind-1',
  keysOf: () => [],
  decide: () => ({ outcome: 'APART', score: 0, why: [] }),
};

describe('Records that the present rules have not compared', () => {
  let actor: AnIdentityActor;

  const world = () => actor.world.seenBy(aCaller({ name: 'gateway', kinds: ['own'] }));
  const stores = (matcher: Matcher) => ({
    identities: actor.identities,
    community: actor.community,
    matcher,
  });
  /** As a start does. @returns how many were matched, round by round */
  const goOn = async (matcher: Matcher, rounds = Number.POSITIVE_INFINITY) => {
    while ((await rekey(stores(matcher))) > 0);
    const matched: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const count = await matchAnew(stores(matcher), world());
      if (count === 0) break;
      matched.push(count);
    }
    return matched;
  };
  const areLinked = async (one: PatientId, other: PatientId) =>
    (await actor.regionalIdOf(one)) === (await actor.regionalIdOf(other));

  beforeEach(async () => {
    actor = await AnIdentityActor.open(BLIND);
  });

  afterEach(() => actor.close());

  it('are compared with the others without being fed again, those that had no keys before among them', async () => {
    await actor.feed(atHospital('H1'));
    await actor.feed(atClinic('C1'));
    expect(await areLinked(atHospital('H1'), atClinic('C1'))).toBe(false);
    expect(await goOn(ruleMatcher())).toEqual([2]);
    expect(await areLinked(atHospital('H1'), atClinic('C1'))).toBe(true);
  });

  it('are matched a few at a time, each once, and go on where they were stopped', async () => {
    for (let n = 0; n < 25; n += 1) {
      await actor.feed(atHospital(`H${n}`), {
        demographics: aPerson({ birthTime: `19${50 + n}0101` }),
      });
      await actor.feed(atClinic(`C${n}`), {
        demographics: aPerson({ birthTime: `19${50 + n}0101` }),
      });
    }
    expect(await goOn(ruleMatcher(), 1)).toEqual([20]);
    expect(await goOn(ruleMatcher())).toEqual([20, 10]);
    expect(await goOn(ruleMatcher())).toEqual([]);
    for (let n = 0; n < 25; n += 1) {
      expect(await areLinked(atHospital(`H${n}`), atClinic(`C${n}`))).toBe(true);
    }
  });

  it('are not matched again when they were fed by the present rules', async () => {
    await actor.feed(atHospital('H1'));
    expect(await goOn(BLIND)).toEqual([]);
  });

  it('lose a rule’s link that the new rules do not make, and keep a person’s', async () => {
    await actor.feed(atHospital('H1'));
    await actor.feed(atClinic('C1'));
    await goOn(EXACT_RULE);
    expect(await areLinked(atHospital('H1'), atClinic('C1'))).toBe(true);
    await goOn(BLIND);
    expect(await areLinked(atHospital('H1'), atClinic('C1'))).toBe(false);
    await linkPatients(
      [atHospital('H1'), atClinic('C1')],
      { by: '担当' },
      { stores: stores(BLIND), world: world() },
    );
    await goOn({ ...BLIND, version: 'blind-2' });
    expect(await areLinked(atHospital('H1'), atClinic('C1'))).toBe(true);
  });

  it('are explained by field with weights and the thresholds of the rules that decided', async () => {
    await actor.feed(atHospital('H1'));
    await actor.feed(atClinic('C1'));
    await goOn(ruleMatcher());
    const stricter = { ...JAPAN_RULE_SET, version: 'japan-2', thresholds: { auto: 15, review: 7 } };
    const found = await explain(atHospital('H1'), stores(ruleMatcher(stricter)));
    expect(found?.inForce).toMatchObject([
      { verdict: 'linked', ruleSet: 'japan-1', thresholds: JAPAN_RULE_SET.thresholds },
    ]);
    expect(found?.inForce[0]?.why).toContainEqual({
      field: 'birthDate',
      agreement: 'equal',
      weight: JAPAN_RULE_SET.weights.birthDate.equal,
    });
    await goOn(ruleMatcher(stricter));
    const later = await explain(atHospital('H1'), stores(ruleMatcher(stricter)));
    expect(later?.inForce[0]?.thresholds).toEqual(stricter.thresholds);
  });
});
