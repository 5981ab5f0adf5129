import { pairOf } from '../../../actors/patient-identity/identity-store.ts';
import type { Comparable, Matcher } from '../../../actors/patient-identity/matcher.ts';
import {
  answerReview,
  linkPatients,
  unlinkPatients,
} from '../../../actors/patient-identity/steward.ts';
import { type Tidied, tidyReviews } from '../../../actors/patient-identity/tidying.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import { AnIdentityActor, AUTHORITY } from '../../support/an-identity-actor.ts';
import { aCaller } from '../../support/world-of-actors.ts';

const atHospital = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.hospital });
const atClinic = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.clinic });
const atThird = (id: string): PatientId => ({ id, assigningAuthority: '2.999.3.9' });

/** Links from 10 on, asks from 5 on; scores of pairs by their chart numbers, `H1 C1`, in either order. */
const scoring = (scores: Readonly<Record<string, number>>): Matcher => {
  const nameOf = ({ ids }: Comparable) => ids[0]?.id ?? '';
  return {
    version: 'test',
    thresholds: { auto: 10, review: 5 },
    keysOf: () => ['everybody'],
    decide(one, other) {
      const names = [nameOf(one), nameOf(other)] as const;
      const score = scores[`${names[0]} ${names[1]}`] ?? scores[`${names[1]} ${names[0]}`] ?? 0;
      const outcome = score >= 10 ? 'AUTO' : score >= 5 ? 'REVIEW' : 'APART';
      return { outcome, score, why: [{ field: 'sex', weight: score, agreement: 'equal' }] };
    },
  };
};

describe('The list of what a person must look at', () => {
  let actor: AnIdentityActor;
  let matcher: Matcher;

  const begin = async (scores: Readonly<Record<string, number>>, ids: readonly PatientId[]) => {
    matcher = scoring(scores);
    actor = await AnIdentityActor.open(matcher);
    for (const id of ids) await actor.feed(id);
  };
  const stewarding = () => ({
    stores: { identities: actor.identities, community: actor.community, matcher },
    world: actor.world.seenBy(aCaller({ name: 'gateway', kinds: ['own'] })),
  });
  const open = () => actor.identities.look((records) => records.openReviews(0, 10));
  const asked = async () => (await open()).map(({ kind, score }) => [kind, score]);
  const answer = async (isAccepted: boolean) => {
    const [first] = await open();
    await answerReview({ number: first?.number ?? 0, isAccepted }, { by: '担当' }, stewarding());
  };
  const areLinked = async (one: PatientId, other: PatientId) =>
    (await actor.regionalIdOf(one)) === (await actor.regionalIdOf(other));

  afterEach(() => actor.close());

  /** A patient of two records, another of one, and a doubt of each pair between them. */
  const doubts = { 'H1 C1': 12, 'H1 T1': 7, 'C1 T1': 9 };
  const three = [atHospital('H1'), atClinic('C1'), atThird('T1')];

  it('has one question for all doubts between two patients, and its answer answers them all', async () => {
    await begin(doubts, three);
    expect(await open()).toHaveLength(1);
    await answer(true);
    expect(await open()).toEqual([]);
    expect(await areLinked(atHospital('H1'), atThird('T1'))).toBe(true);
  });

  it('does not ask again of two patients whom a person has parted, whoever of them is fed', async () => {
    await begin(doubts, three);
    await answer(false);
    expect(await open()).toEqual([]);
    for (const id of three) await actor.feed(id, { kind: 'revise' });
    expect(await open()).toEqual([]);
    expect(await areLinked(atHospital('H1'), atThird('T1'))).toBe(false);
  });

  it('makes one of two questions when their records become one patient’s', async () => {
    await begin({ 'H1 T1': 6, 'C1 T1': 7 }, three);
    expect(await asked()).toEqual([
      ['link', 7],
      ['link', 6],
    ]);
    await linkPatients([atHospital('H1'), atClinic('C1')], { by: '担当' }, stewarding());
    expect(await asked()).toEqual([['link', 7]]);
  });

  it('asks a doubt that another question stood for when its record is another patient’s', async () => {
    await begin({ 'H1 C1': 12, 'H1 T1': 6, 'C1 T1': 7 }, [
      atThird('T1'),
      atHospital('H1'),
      atClinic('C1'),
    ]);
    expect(await asked()).toEqual([['link', 6]]);
    await unlinkPatients([atHospital('H1'), atClinic('C1')], { by: '担当' }, stewarding());
    expect(await asked()).toEqual([
      ['link', 6],
      ['link', 7],
    ]);
  });

  it('takes off the list what it was put up for when that has left, or was corrected', async () => {
    const scores: Record<string, number> = { 'H1 C1': 12, 'H2 C1': 11 };
    const charts = [atHospital('H1'), atClinic('C1'), atHospital('H2')];
    await begin(scores, charts);
    expect(await asked()).toEqual([['merge', 11]]);
    await actor.feed(atHospital('H1'), { kind: 'revise' });
    expect(await asked()).toEqual([['merge', 11]]);
    // Whom the second chart was taken for was a slip in it.
    scores['H2 C1'] = 0;
    await actor.feed(atHospital('H2'), { kind: 'revise' });
    expect(await open()).toEqual([]);
  });

  describe('where one hospital has two charts of a patient', () => {
    const scores = { 'H1 H2': 20, 'H1 C1': 12, 'H2 C1': 14, 'H1 T1': 6, 'H2 T1': 6, 'C1 T1': 12 };
    const charts = [atHospital('H1'), atHospital('H2'), atClinic('C1'), atThird('T1')];

    it.each([
      ['before', charts],
      ['between', [charts[0], charts[2], charts[1], charts[3]]],
      ['after', [...charts].reverse()],
    ] as const)(
      'proposes their merge and nothing beside it, and links the others with one of them: charts that come %s',
      async (_when, ids) => {
        await begin(
          scores,
          ids.flatMap((id) => id ?? []),
        );
        expect(await asked()).toEqual([['merge', 20]]);
        expect(await areLinked(atClinic('C1'), atThird('T1'))).toBe(true);
        const linked = [
          await areLinked(atClinic('C1'), atHospital('H1')),
          await areLinked(atClinic('C1'), atHospital('H2')),
        ];
        expect(linked.filter(Boolean)).toHaveLength(1);
        await answer(true);
        expect(await open()).toEqual([]);
        const { ids: found } = await actor.pix({
          patientIdentifier: atClinic('C1'),
          dataSources: [AUTHORITY.hospital],
        });
        expect(found).toHaveLength(1);
      },
    );

    it('asks whose the others are when a person says that the charts are of two', async () => {
      await begin(scores, charts.slice(0, 3));
      expect(await areLinked(atClinic('C1'), atHospital('H2'))).toBe(true);
      await answer(false);
      expect(await open()).toMatchObject([
        { kind: 'link', score: 12, why: [{ field: 'group', agreement: 'apart' }] },
      ]);
      await answer(true);
      expect(await open()).toEqual([]);
      expect(await areLinked(atClinic('C1'), atHospital('H1'))).toBe(true);
      expect(await areLinked(atClinic('C1'), atHospital('H2'))).toBe(false);
    });

    it('and does not ask again when they stay where they are', async () => {
      await begin(scores, charts.slice(0, 3));
      await answer(false);
      await answer(false);
      for (const id of charts) await actor.feed(id, { kind: 'revise' });
      expect(await open()).toEqual([]);
      expect(await areLinked(atClinic('C1'), atHospital('H2'))).toBe(true);
    });
  });

  describe('filled by an earlier version', () => {
    /** As that version did: of each pair, whatever else is known. */
    const putUp = (
      pairs: readonly (readonly [PatientId, PatientId])[],
      kind: 'link' | 'feed' = 'link',
    ) =>
      actor.identities.change(async (records) => {
        for (const [one, other] of pairs) {
          const ends = [await records.recordOf(one), await records.recordOf(other)];
          const pair = pairOf(ends[0]?.number ?? 0, ends[1]?.number ?? 0);
          const review = { ...pair, kind, score: 8, ruleSet: 'before', why: [] };
          await records.openReview(review, actor.world.now);
        }
      });
    const tidied = async () => {
      const steps: Tidied[] = [];
      for (let after: number | undefined = 0; after !== undefined; after = steps.at(-1)?.after) {
        if (steps.length > 5) return steps;
        const { stores, world } = stewarding();
        steps.push(await tidyReviews(after, stores, world));
      }
      return steps;
    };
    const [h1, c1, t1] = [atHospital('H1'), atClinic('C1'), atThird('T1')];

    it('is tidied to one question of each, and stays as it is when it is tidied again', async () => {
      await begin(doubts, three);
      const [before] = await open();
      await putUp([
        [h1, t1],
        [c1, t1],
        [h1, c1],
      ]);
      expect(await open()).toHaveLength(4);
      expect(await tidied()).toEqual([{ looked: 4, closed: 3, opened: 0 }]);
      expect(await open()).toEqual([before]);
      expect(await tidied()).toEqual([{ looked: 1, closed: 0, opened: 0 }]);
      await answer(true);
      expect(await areLinked(h1, t1)).toBe(true);
    });

    it('is looked through step by step, each from where the one before has ended', async () => {
      const people = Array.from({ length: 12 }, (_, at) => `${at + 1}`);
      const scores = Object.fromEntries(people.map((one) => [`H${one} C${one}`, 7]));
      await begin(
        { ...scores, 'H1 T1': 12 },
        people.flatMap((one) => [atHospital(`H${one}`), atClinic(`C${one}`)]),
      );
      await actor.feed(t1);
      await putUp([[h1, t1]]);
      expect(await tidied()).toEqual([
        { looked: 10, closed: 1, opened: 0, after: expect.any(Number) },
        { looked: 2, closed: 0, opened: 0 },
      ]);
      expect(await actor.identities.look((records) => records.openReviews(0, 20))).toHaveLength(12);
    });

    it('has the merge of two charts put up where only a doubt beside it stood', async () => {
      await begin({ 'H1 H2': 20, 'H1 T1': 6 }, [h1, atHospital('H2'), t1]);
      const list = await open();
      await actor.identities.change(async (records) => {
        for (const { number, kind } of list) {
          if (kind !== 'merge') continue;
          await records.closeReview(number, { state: 'obsolete', by: 'auto', at: actor.world.now });
        }
      });
      expect((await tidied())[0]).toMatchObject({ opened: 1 });
      expect((await asked()).map(([kind]) => kind)).toContain('merge');
    });

    it('keeps a feed that was held', async () => {
      await begin({}, [h1]);
      await putUp([[h1, h1]], 'feed');
      expect((await asked()).map(([kind]) => kind)).toEqual(['feed']);
      expect(await tidied()).toEqual([{ looked: 1, closed: 0, opened: 0 }]);
      expect((await asked()).map(([kind]) => kind)).toEqual(['feed']);
    });
  });
});
