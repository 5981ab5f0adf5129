import { PeerFailure } from '../../../actors/actor.ts';
import type { Matcher } from '../../../actors/patient-identity/matcher.ts';
import { regroup } from '../../../actors/patient-identity/regroup.ts';
import { changeRecords } from '../../../actors/patient-identity/stores.ts';
import { AnIdentityActor, AUTHORITY, refusalsIn } from '../../support/an-identity-actor.ts';
import { aPerson } from '../../support/hl7v3-builders.ts';
import { aCaller } from '../../support/world-of-actors.ts';

/** Says the same of all who have a birth date in common. */
const saying = (outcome: 'AUTO' | 'REVIEW'): Matcher => ({
  version: 'test',
  keysOf: ({ demographics }) => [demographics.birthTime ?? ''],
  decide: (one, other) =>
    one.demographics.birthTime === other.demographics.birthTime
      ? { outcome, score: 7.5, why: [{ field: 'sex', weight: 7.5, agreement: 'equal' }] }
      : { outcome: 'APART', score: -3, why: [] },
});

describe('The groups around a change', () => {
  let actor: AnIdentityActor;
  const hospital = { id: '1', assigningAuthority: AUTHORITY.hospital };
  const clinic = { id: '1', assigningAuthority: AUTHORITY.clinic };
  const third = { id: '1', assigningAuthority: '2.999.3.9' };
  const stranger = { demographics: aPerson({ birthTime: '19500505' }) };
  const openReviews = () => actor.identities.look((records) => records.openReviews(0, 10));
  const tasks = () => actor.identities.look((records) => records.registryTasks('open', 10));

  afterEach(() => actor.close());

  it('wait for a person where a rule is in doubt, with its evidence, and no longer when the doubt is gone', async () => {
    actor = await AnIdentityActor.open(saying('REVIEW'));
    await actor.feed(hospital);
    await actor.feed(clinic);
    expect(await openReviews()).toMatchObject([
      { kind: 'link', score: 7.5, ruleSet: 'test', why: [{ field: 'sex' }] },
    ]);
    await actor.feed(clinic, { kind: 'revise' });
    expect(await openReviews()).toHaveLength(1);
    await actor.feed(clinic, { kind: 'revise', ...stranger });
    expect(await openReviews()).toEqual([]);
  });

  it('leave to the registry what it could not be asked, and the next who asks has it done first', async () => {
    actor = await AnIdentityActor.open(saying('AUTO'));
    await actor.feed(hospital);
    await actor.feed(clinic, stranger);
    actor.world.instead.set('document-registry', () =>
      Promise.reject(new PeerFailure('transient', 'away', { peer: 'document-registry' })),
    );
    expect(await refusalsIn(actor.feed(clinic, { kind: 'revise' }))).toEqual([{ code: 'INTERR' }]);
    actor.world.instead.clear();
    await actor.feed(third, stranger);
    expect(await tasks()).toMatchObject([{ kind: 'merge' }]);
    await actor.feed(third, { kind: 'revise' });
    expect(await tasks()).toEqual([]);
    const ids = await Promise.all([hospital, clinic, third].map((id) => actor.regionalIdOf(id)));
    expect(new Set(ids).size).toBe(1);
  });

  it('are not joined where a rule would make one patient of a crowd', async () => {
    actor = await AnIdentityActor.open();
    const count = 320;
    const numbers = await actor.identities.change(async (records) => {
      const put: number[] = [];
      for (let index = 0; index < count; index += 1) {
        const ids = [{ id: '1', assigningAuthority: `2.999.7.${index}` }];
        const record = { ids, demographics: { names: [] }, names: [], regionalId: `R-${index}` };
        put.push(await records.put(record, new Date(0)));
      }
      for (const [index, low] of put.slice(0, -1).entries()) {
        const high = put[index + 1] ?? 0;
        const verdict = { verdict: 'linked', byHand: false, score: 9, ruleSet: 'test' } as const;
        await records.putPair({ low, high, ...verdict, decision: 1 });
      }
      return put;
    });
    const stores = { identities: actor.identities, community: actor.community };
    const world = actor.world.seenBy(aCaller());
    await changeRecords(stores, world, (change) => regroup(numbers.slice(0, 1), change));
    const names = numbers.map((_, index) => `R-${index}`);
    const left = await actor.identities.look((records) => records.recordsOf(names));
    expect(new Set(left.map(({ regionalId }) => regionalId)).size).toBe(count);
  });
});
