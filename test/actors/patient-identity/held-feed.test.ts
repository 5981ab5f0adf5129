import { feedMany } from '../../../actors/patient-identity/feed-many.ts';
import { answerReview } from '../../../actors/patient-identity/steward.ts';
import { type Steward, StewardRefusal } from '../../../actors/patient-identity/stewarding.ts';
import type { Demographics, PatientId, PersonName } from '../../../profiles/patient.ts';
import { ITI_44 } from '../../../profiles/pix/iti-44.ts';
import { ITI_8 } from '../../../profiles/pix/iti-8.ts';
import { AnIdentityActor, AUTHORITY, refusalsIn } from '../../support/an-identity-actor.ts';
import { aPatientIdentityFeed, aPatientMerge, aPerson } from '../../support/hl7v3-builders.ts';
import { aCaller } from '../../support/world-of-actors.ts';

const atHospital = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.hospital });
const atClinic = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.clinic });
const steward: Steward = { by: '担当 一郎', reason: 'asked the hospital' };

const named = (...parts: readonly [string, string, string, string]): readonly PersonName[] => [
  { family: parts[0], given: [parts[1]], representation: 'IDE' },
  { family: parts[2], given: [parts[3]], representation: 'SYL' },
];
/** Not the person of the builders, who is born in 1970. */
const SOMEBODY_ELSE = aPerson({
  names: named('見本', '花子', 'ミホン', 'ハナコ'),
  birthTime: '19450816',
  administrativeGender: 'F',
});

describe('Two people under one chart number', () => {
  let actor: AnIdentityActor;
  const chart = atHospital('H1');

  const stores = () => ({ identities: actor.identities, community: actor.community });
  const stewarding = () => ({
    stores: stores(),
    world: actor.world.seenBy(aCaller({ name: 'gateway', kinds: ['own'] })),
  });
  const reviews = () => actor.identities.look((records) => records.openReviews(0, 100));
  const storedOf = async (id: PatientId) =>
    (await actor.identities.look((records) => records.recordOf(id)))?.demographics;
  const revise = (demographics: Demographics) =>
    actor.feed(chart, { kind: 'revise', demographics });
  const answer = async (isAccepted: boolean) => {
    const [review] = await reviews();
    return await answerReview({ number: review?.number ?? 0, isAccepted }, steward, stewarding());
  };

  beforeEach(async () => {
    actor = await AnIdentityActor.open();
    await actor.feed(chart);
    await actor.feed(atClinic('C1'));
  });

  afterEach(() => actor.close());

  it('are refused with 205, and the record with its links stays as it was', async () => {
    const before = await actor.pix({ patientIdentifier: chart });
    expect(before.ids).toContainEqual(atClinic('C1'));
    expect(await refusalsIn(revise(SOMEBODY_ELSE))).toEqual([{ code: '205' }]);
    expect(await storedOf(chart)).toEqual(aPerson());
    expect((await actor.pix({ patientIdentifier: chart })).ids).toEqual(before.ids);
    expect(await actor.identities.look((records) => records.versionsOf(1))).toHaveLength(1);
  });

  it('are refused alike by HL7 v2', async () => {
    const request = aPatientIdentityFeed({
      kind: 'revise',
      ids: [chart],
      providerOrganization: { id: AUTHORITY.hospital },
      demographics: SOMEBODY_ELSE,
    });
    const asked = actor.world.as(actor.everybody)(ITI_8, 'patient-identity', request);
    expect(await refusalsIn(asked)).toEqual([{ code: '205' }]);
  });

  it('are put up for a person once, with what speaks against it and no value of a patient', async () => {
    await refusalsIn(revise(SOMEBODY_ELSE));
    await refusalsIn(revise({ ...SOMEBODY_ELSE, telecoms: [] }));
    const [review, ...others] = await reviews();
    expect(others).toEqual([]);
    expect(review).toMatchObject({ kind: 'feed', state: 'open' });
    expect(review?.low).toBe(review?.high);
    expect(review?.why).toContainEqual(
      expect.objectContaining({ field: 'birthDate', agreement: 'different' }),
    );
    expect(JSON.stringify(review)).not.toMatch(/花子|19450816/);
  });

  it('are refused one by one when many are fed, and what a person has to answer is kept', async () => {
    const one = (id: PatientId, demographics: Demographics) => ({
      ids: [id],
      otherIds: [],
      demographics,
    });
    const outcomes = await feedMany(
      [one(chart, SOMEBODY_ELSE), one(atHospital('H2'), SOMEBODY_ELSE)],
      stores(),
      stewarding().world,
    );
    expect(outcomes).toMatchObject([{ kind: 'refused', code: '205' }, { kind: 'added' }]);
    expect((await reviews()).map(({ kind }) => kind)).toContain('feed');
  });

  it.each([
    ['another birth date alone', aPerson({ birthTime: '19580202' })],
    ['another name alone', aPerson({ names: SOMEBODY_ELSE.names })],
    [
      'a mistyped birth date with another name',
      aPerson({ names: SOMEBODY_ELSE.names, birthTime: '19700107' }),
    ],
    [
      'a placeholder in place of the birth date',
      aPerson({ names: SOMEBODY_ELSE.names, birthTime: '19000101' }),
    ],
  ])('are not seen in %s: that is a correction', async (_what, demographics) => {
    expect(await refusalsIn(revise(demographics))).toEqual([]);
    expect(await storedOf(chart)).toEqual(demographics);
  });

  it('are not seen where a placeholder is replaced by what was learnt', async () => {
    const unknown = aPerson({ names: named('不明', '', 'フメイ', ''), birthTime: '19000101' });
    await actor.feed(atHospital('H9'), { demographics: unknown });
    const learnt = { kind: 'revise', demographics: SOMEBODY_ELSE } as const;
    expect(await refusalsIn(actor.feed(atHospital('H9'), learnt))).toEqual([]);
  });

  it('are one where a steward accepts: the record is revised with the last feed, and matched', async () => {
    await refusalsIn(revise({ ...SOMEBODY_ELSE, telecoms: [] }));
    await refusalsIn(revise(SOMEBODY_ELSE));
    await answer(true);
    expect(await storedOf(chart)).toEqual(SOMEBODY_ELSE);
    expect((await actor.pix({ patientIdentifier: chart })).ids).not.toContainEqual(atClinic('C1'));
    expect((await reviews()).filter(({ kind }) => kind === 'feed')).toEqual([]);
    expect(await refusalsIn(revise(SOMEBODY_ELSE))).toEqual([]);
  });

  it('stay two where a steward rejects, and the same person is not asked about again', async () => {
    await refusalsIn(revise(SOMEBODY_ELSE));
    // One record is concerned, and told of once.
    expect((await answer(false)).patients.map(({ id }) => id)).toEqual([chart]);
    expect(await refusalsIn(revise(SOMEBODY_ELSE))).toEqual([{ code: '205' }]);
    expect(await reviews()).toEqual([]);
    expect(await storedOf(chart)).toEqual(aPerson());
    const third = aPerson({ names: named('例', '次郎', 'レイ', 'ジロウ'), birthTime: '19990923' });
    await refusalsIn(revise(third));
    expect(await reviews()).toMatchObject([{ kind: 'feed' }]);
  });

  it('leave what was decided, by whom and why', async () => {
    await refusalsIn(revise(SOMEBODY_ELSE));
    await answer(false);
    const decisions = await actor.identities.look((records) => records.decisionsOf([1]));
    expect(decisions.filter(({ low, high }) => low === high)).toMatchObject([
      { verdict: 'review', by: 'auto', ruleSet: 'japan-1' },
      { verdict: 'apart', by: steward.by, reason: steward.reason },
    ]);
  });

  it('are not let in once the record was merged', async () => {
    await refusalsIn(revise(SOMEBODY_ELSE));
    await actor.feed(atHospital('H2'));
    const request = aPatientMerge({ surviving: atHospital('H2'), subsumed: chart });
    await actor.world.as(actor.everybody)(ITI_44, 'patient-identity', request);
    await expect(answer(true)).rejects.toBeInstanceOf(StewardRefusal);
    await expect(answer(false)).resolves.toBeDefined();
  });

  it('wait for a person through whatever else is fed', async () => {
    await refusalsIn(revise(SOMEBODY_ELSE));
    await revise(aPerson({ telecoms: [] }));
    expect((await reviews()).map(({ kind }) => kind)).toEqual(['feed']);
  });
});
