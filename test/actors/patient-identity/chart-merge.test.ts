import { PeerFailure } from '../../../actors/actor.ts';
import { settleRegistry } from '../../../actors/patient-identity/registry-feed.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import { ITI_44, PLACES_OF_MERGE } from '../../../profiles/pix/iti-44.ts';
import { AnIdentityActor, AUTHORITY, refusalsIn } from '../../support/an-identity-actor.ts';
import { aPerson, aTransmission } from '../../support/hl7v3-builders.ts';
import { aCaller } from '../../support/world-of-actors.ts';

const atHospital = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.hospital });
const atClinic = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.clinic });
const another = { demographics: aPerson({ birthTime: '19580202' }) };

describe('A merge of two chart numbers (ITI-44, ITI-8 A40)', () => {
  let actor: AnIdentityActor;

  const merge = (subsumed: PatientId, surviving: PatientId, caller = actor.everybody) =>
    actor.world.as(caller)(ITI_44, 'patient-identity', {
      kind: 'merge',
      subsumed,
      surviving,
      names: [],
      transmission: aTransmission(),
      custodian: actor.community.device,
    });
  const regional = async (id: PatientId) => (await actor.regionalIdOf(id)) ?? '?';
  const knows = (id: string) =>
    actor.registry.look((reader) => reader.knows({ id, assigningAuthority: AUTHORITY.region }));
  const idsOf = async (id: PatientId) => (await actor.pix({ patientIdentifier: id })).ids;

  beforeEach(async () => {
    actor = await AnIdentityActor.open();
    await actor.feed(atHospital('H1'));
    await actor.feed(atHospital('H2'), another);
    await actor.feed(atClinic('C2'), another);
  });

  afterEach(() => actor.close());

  it('makes the two patients one: the subsumed number is unknown, what was linked to it follows, the registry merges', async () => {
    const [one, two] = [await regional(atHospital('H1')), await regional(atHospital('H2'))];
    expect(await merge(atHospital('H2'), atHospital('H1'))).toEqual({ code: 'CA', details: [] });
    expect(await refusalsIn(actor.pix({ patientIdentifier: atHospital('H2') }))).toMatchObject([
      { code: '204' },
    ]);
    expect(await regional(atClinic('C2'))).toBe(one);
    expect(await idsOf(atHospital('H1'))).toEqual([
      { id: one, assigningAuthority: AUTHORITY.region },
      atClinic('C2'),
    ]);
    expect([await knows(one), await knows(two)]).toEqual([true, false]);
  });

  it('lets a chain grow, but no circle, and merges nothing twice', async () => {
    await actor.feed(atHospital('H3'), { demographics: aPerson({ birthTime: '19600303' }) });
    await merge(atHospital('H2'), atHospital('H1'));
    await merge(atHospital('H1'), atHospital('H3'));
    expect(await idsOf(atClinic('C2'))).toContainEqual(atHospital('H3'));
    const refusedFor = (role: 'surviving' | 'subsumed') => [
      { code: '204', location: PLACES_OF_MERGE[role] },
    ];
    const refused = async (subsumed: string, surviving: string) =>
      await refusalsIn(merge(atHospital(subsumed), atHospital(surviving)));
    expect(await refused('H3', 'H2')).toEqual(refusedFor('surviving'));
    expect(await refused('H2', 'H3')).toEqual(refusedFor('subsumed'));
    expect(await refused('H3', 'H1')).toEqual(refusedFor('surviving'));
  });

  it.each([
    ['the same number', () => [atHospital('H1'), atHospital('H1')]],
    ['an unknown survivor', () => [atHospital('H1'), atHospital('H9')]],
    ['an unknown subsumed number', () => [atHospital('H9'), atHospital('H1')]],
    ['numbers of two authorities', () => [atClinic('C2'), atHospital('H1')]],
    [
      'numbers of an unknown authority',
      () => [
        { id: '1', assigningAuthority: '2.999.99' },
        { id: '2', assigningAuthority: '2.999.99' },
      ],
    ],
  ])('refuses %s with 204, and changes nothing', async (_what, ids) => {
    const before = await idsOf(atHospital('H1'));
    const [subsumed, surviving] = ids() as [PatientId, PatientId];
    expect(await refusalsIn(merge(subsumed, surviving))).toMatchObject([{ code: '204' }]);
    expect(await idsOf(atHospital('H1'))).toEqual(before);
  });

  it('refuses a caller who does not feed the authority', async () => {
    const clinic = aCaller({ assigningAuthorities: [AUTHORITY.clinic] });
    expect(await refusalsIn(merge(atHospital('H2'), atHospital('H1'), clinic))).toEqual([
      { code: '204' },
    ]);
  });

  it('refuses a feed of a number that was subsumed', async () => {
    await merge(atHospital('H2'), atHospital('H1'));
    expect(await refusalsIn(actor.feed(atHospital('H2'), another))).toEqual([{ code: '204' }]);
  });

  it('says yes to the same message again, where the answer to the first was lost', async () => {
    actor.world.message = { id: 'urn:uuid:1', bodyHash: 'a' };
    await merge(atHospital('H2'), atHospital('H1'));
    expect(await merge(atHospital('H2'), atHospital('H1'))).toMatchObject({ code: 'CA' });
    actor.world.message = { id: 'urn:uuid:2', bodyHash: 'a' };
    expect(await refusalsIn(merge(atHospital('H2'), atHospital('H1')))).toEqual([
      { code: '204', location: PLACES_OF_MERGE.subsumed },
    ]);
  });

  it('is not acknowledged while the registry is away, and is finished when it is back', async () => {
    const [one, two] = [await regional(atHospital('H1')), await regional(atHospital('H2'))];
    actor.world.instead.set('document-registry', () =>
      Promise.reject(new PeerFailure('transient', 'away', { peer: 'document-registry' })),
    );
    expect(await refusalsIn(merge(atHospital('H2'), atHospital('H1')))).toEqual([
      { code: 'INTERR' },
    ]);
    actor.world.instead.clear();
    expect(await knows(two)).toBe(true);
    const stores = { identities: actor.identities, community: actor.community };
    const own = actor.world.seenBy(aCaller({ kinds: ['own'] }));
    expect(await settleRegistry(stores, own)).toBe(0);
    expect([await knows(one), await knows(two)]).toEqual([true, false]);
    expect(await settleRegistry(stores, own)).toBe(0);
  });

  it('asks a person where the two patients have two numbers of another authority, and keeps them apart till then', async () => {
    await actor.feed(atClinic('C1'));
    const [one, two] = [await regional(atHospital('H1')), await regional(atClinic('C2'))];
    expect(await regional(atClinic('C1'))).toBe(one);
    await merge(atHospital('H2'), atHospital('H1'));
    expect(await regional(atClinic('C2'))).toBe(two);
    expect(await regional(atClinic('C1'))).toBe(one);
    const open = await actor.identities.look((records) => records.openReviews(0, 10));
    expect(open).toMatchObject([{ kind: 'merge', why: [{ agreement: 'one authority' }] }]);
  });

  it('keeps what is fed by the revision of the survivor, and says what a source leaves unchanged', async () => {
    await actor.feed(atHospital('H1'), {
      kind: 'revise',
      demographics: { names: [] },
      unchanged: ['names', 'birthTime', 'administrativeGender'],
    });
    const record = await actor.identities.look((records) => records.recordOf(atHospital('H1')));
    expect(record?.demographics.birthTime).toBe(aPerson().birthTime);
    expect(record?.version).toBe(2);
  });
});
