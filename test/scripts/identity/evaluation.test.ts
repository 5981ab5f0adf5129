import { feedMany } from '../../../actors/patient-identity/feed-many.ts';
import { JAPAN_RULE_SET } from '../../../actors/patient-identity/matching/japan-rule-set.ts';
import type { Registration } from '../../../actors/patient-identity/iti-44-patient-identity-feed-hl7v3.ts';
import type { IdentityTables } from '../../../gateway/stores/identity-tables.ts';
import type { Reads } from '../../../gateway/stores/queries.ts';
import { evaluate } from '../../../scripts/identity/evaluation.ts';
import { generate } from '../../../scripts/identity/generator/generate.ts';
import { registrationOf } from '../../../scripts/identity/registrations.ts';
import { AnIdentityActor } from '../../support/an-identity-actor.ts';
import { aCaller } from '../../support/world-of-actors.ts';

describe('The evaluation of a rule set', () => {
  it('is, on registrations that no rule was made by, without a wrong link, with few missed and few questions', () => {
    const registrations = 6_000;
    const { precision, recall, reviewTasks } = evaluate(
      { seed: 2_026, registrations, errorFactor: 1 },
      JAPAN_RULE_SET,
    );
    expect(precision).toBeGreaterThanOrEqual(0.9999);
    expect(recall).toBeGreaterThanOrEqual(0.97);
    expect(reviewTasks).toBeLessThanOrEqual(registrations / 200);
  });

  it('says what an import of the same registrations comes to: links, wrong ones, and tasks', async () => {
    const asked = { seed: 4, registrations: 1_500, errorFactor: 2 };
    const said = evaluate(asked, JAPAN_RULE_SET);

    const people = new Map<string, string>();
    const fed: Registration[] = [...generate(asked)].map((row, at) => {
      const { ids, demographics } = registrationOf(row, at + 2);
      people.set(`${ids[0]?.assigningAuthority} ${ids[0]?.id}`, row.person_id);
      return { ids, otherIds: [], demographics };
    });
    const actor = await AnIdentityActor.open();
    try {
      const { identities } = actor;
      const authorities = fed.flatMap(({ ids }) => ids.map((id) => id.assigningAuthority));
      const assigningAuthorities = [...new Set(authorities)];
      const community = { ...actor.community, assigningAuthorities };
      const world = actor.world.seenBy(aCaller({ name: 'gateway', kinds: ['own'] }));
      const outcomes = await feedMany(fed, { identities, community }, world);
      expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['added']));

      const rows = await actor.database.read((queries: Reads<IdentityTables>) =>
        queries
          .selectFrom('identity_record')
          .innerJoin('identity_id', 'identity_id.record_number', 'identity_record.number')
          .select(['regional_id', 'assigning_authority', 'id'])
          .execute(),
      );
      const groups = new Map<string, { person: string; authority: string }[]>();
      for (const { regional_id, assigning_authority: authority, id } of rows) {
        const group = groups.get(regional_id) ?? [];
        group.push({ person: people.get(`${authority} ${id}`) ?? '', authority });
        groups.set(regional_id, group);
      }
      let [right, wrong] = [0, 0];
      for (const group of groups.values()) {
        for (const [at, one] of group.entries()) {
          for (const other of group.slice(0, at)) {
            if (one.person !== other.person) wrong += 1;
            else if (one.authority !== other.authority) right += 1;
          }
        }
      }
      expect(wrong).toBe(said.falsePairs);
      // Which of two charts of one hospital the others are linked with until their merge: the one that came first keeps them.
      expect(Math.abs(right - said.linkedTruePairs)).toBeLessThan(0.004 * said.truePairs);
      const open = await identities.look((records) => records.openReviews(0, 1_000));
      expect(open.filter(({ kind }) => kind === 'merge')).toHaveLength(said.mergeProposals);
      expect(said.reviewTasks).toBeGreaterThan(10);
      expect(Math.abs(open.length - said.reviewTasks)).toBeLessThanOrEqual(1);
    } finally {
      await actor.close();
    }
  });
});
