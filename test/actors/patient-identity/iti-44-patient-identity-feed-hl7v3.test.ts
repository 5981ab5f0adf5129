import { PeerFailure } from '../../../actors/actor.ts';
import { EXACT_RULE } from '../../../actors/patient-identity/matcher.ts';
import { feedUnconfirmed } from '../../../actors/patient-identity/registry-feed.ts';
import type { Demographics, PatientId } from '../../../profiles/patient.ts';
import { Refusal } from '../../../profiles/refusal.ts';
import { AnIdentityActor, AUTHORITY, refusalsIn } from '../../support/an-identity-actor.ts';
import { aPerson } from '../../support/hl7v3-builders.ts';
import { aCaller } from '../../support/world-of-actors.ts';

const atHospital = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.hospital });
const atClinic = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.clinic });
const inRegion = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.region });
const person = (over: Partial<Demographics> = {}) => ({ demographics: aPerson(over) });

describe('ITI-44 Patient Identity Feed HL7 V3, as the PIX Manager answers it by the exact rule', () => {
  let actor: AnIdentityActor;

  const isRegistered = (id: string | undefined) =>
    actor.registry.look((reader) => reader.knows(inRegion(id ?? '')));

  beforeEach(async () => {
    actor = await AnIdentityActor.open(EXACT_RULE);
  });

  afterEach(() => actor.close());

  it('gives a new patient a regional id, and the Document Registry knows it when the feed is acknowledged', async () => {
    expect(await actor.feed(atHospital('1'))).toEqual({ code: 'CA', details: [] });
    const regionalId = await actor.regionalIdOf(atHospital('1'));
    expect(regionalId).toMatch(/^[0-9]{12}$/);
    expect(await isRegistered(regionalId)).toBe(true);
  });

  it('keeps the id that is already in the affinity domain', async () => {
    await actor.feed(inRegion('R-77'));
    expect(await isRegistered('R-77')).toBe(true);
    await actor.feed(atHospital('1'));
    expect(await actor.regionalIdOf(atHospital('1'))).toBe('R-77');
  });

  it('links a patient of another hospital by birth date, sex and full name in one representation', async () => {
    await actor.feed(atHospital('1'));
    // The same kana, in half width and with a space; the kanji is written otherwise.
    const names = [
      { family: '试験', given: ['太郎'], representation: 'IDE' as const },
      { family: 'ｼｹﾝ', given: ['ﾀﾛ ｳ'], representation: 'SYL' as const },
    ];
    await actor.feed(atClinic('9'), person({ names }));
    expect(await actor.regionalIdOf(atClinic('9'))).toBe(await actor.regionalIdOf(atHospital('1')));
  });

  it.each([
    ['another birth date', { birthTime: '19700102' }],
    ['no day of birth', { birthTime: '197001' }],
    ['another sex', { administrativeGender: 'F' as const }],
    ['no sex', { administrativeGender: undefined }],
    ['another given name', { names: [{ family: '試験', given: ['次郎'] }] }],
    ['no given name', { names: [{ family: '試験', given: [] }] }],
    ['a family name that ends elsewhere', { names: [{ family: '試', given: ['験太郎'] }] }],
  ])('does not link a patient with %s', async (_what, over) => {
    await actor.feed(atHospital('1'));
    await actor.feed(atClinic('9'), person(over));
    expect(await actor.regionalIdOf(atClinic('9'))).not.toBe(
      await actor.regionalIdOf(atHospital('1')),
    );
  });

  it('never links two ids of one authority by matching, not even by way of another', async () => {
    await actor.feed(atHospital('1'));
    await actor.feed(atHospital('2'));
    expect(await actor.regionalIdOf(atHospital('2'))).not.toBe(
      await actor.regionalIdOf(atHospital('1')),
    );
    await actor.close();
    actor = await AnIdentityActor.open(EXACT_RULE);
    await actor.feed(atHospital('1'));
    await actor.feed(atClinic('9'));
    await actor.feed(atHospital('2'));
    const ids = await Promise.all(
      [atHospital('1'), atClinic('9'), atHospital('2')].map((id) => actor.regionalIdOf(id)),
    );
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  it('does not link when two patients match', async () => {
    await actor.feed(atHospital('1'));
    await actor.feed(atHospital('2'));
    await actor.feed(atClinic('9'));
    const ids = await Promise.all(
      [atHospital('1'), atHospital('2'), atClinic('9')].map((id) => actor.regionalIdOf(id)),
    );
    expect(new Set(ids).size).toBe(3);
  });

  it('links anew when a revision makes the record match, and unlinks when it no longer does', async () => {
    await actor.feed(atHospital('1'));
    await actor.feed(atClinic('9'), person({ birthTime: '19700201' }));
    const before = await actor.regionalIdOf(atClinic('9'));
    await actor.feed(atClinic('9'), { kind: 'revise' });
    const regionalId = await actor.regionalIdOf(atHospital('1'));
    expect(await actor.regionalIdOf(atClinic('9'))).toBe(regionalId);
    expect(await refusalsIn(actor.pix({ patientIdentifier: inRegion(before ?? '') }))).toHaveLength(
      1,
    );

    await actor.feed(atClinic('9'), { kind: 'revise', ...person({ birthTime: '19800101' }) });
    expect(await actor.regionalIdOf(atHospital('1'))).toBe(regionalId);
    const after = await actor.regionalIdOf(atClinic('9'));
    expect(after).not.toBe(regionalId);
    expect(await isRegistered(after)).toBe(true);
  });

  it('keeps a link when the same is fed again, whatever else has come to match meanwhile', async () => {
    await actor.feed(atHospital('1'));
    await actor.feed(atClinic('9'));
    const linked = await actor.regionalIdOf(atClinic('9'));
    await actor.feed(atHospital('2'));
    await actor.feed(atClinic('9'), { kind: 'revise' });
    expect(await actor.regionalIdOf(atClinic('9'))).toBe(linked);
  });

  it('treats the revision of an unknown id as an addition', async () => {
    expect(await actor.feed(atHospital('1'), { kind: 'revise' })).toMatchObject({ code: 'CA' });
    expect(await actor.regionalIdOf(atHospital('1'))).toBeDefined();
  });

  it('keeps several ids that one source gives one patient', async () => {
    await actor.feed(atHospital('1'), { ids: [atHospital('1'), atHospital('2')] });
    expect(await actor.regionalIdOf(atHospital('2'))).toBe(
      await actor.regionalIdOf(atHospital('1')),
    );
  });

  it('refuses ids of two records: to resolve duplicates is another message', async () => {
    await actor.feed(atHospital('1'));
    await actor.feed(atHospital('2'));
    const both = actor.feed(atHospital('1'), { ids: [atHospital('1'), atHospital('2')] });
    expect(await refusalsIn(both)).toEqual([{ code: '204' }]);
  });

  it('refuses an assigning authority that is not known here', async () => {
    const stranger = { id: '1', assigningAuthority: '2.999.99' };
    const caller = aCaller({ assigningAuthorities: ['2.999.99'] });
    expect(await refusalsIn(actor.feed(stranger, {}, caller))).toEqual([{ code: '204' }]);
    const own = aCaller({ kinds: ['own'] });
    expect(await refusalsIn(actor.feed(stranger, {}, own))).toEqual([{ code: '204' }]);
  });

  it('refuses a patient id or a provider organisation that is not the caller’s', async () => {
    const clinic = aCaller({ assigningAuthorities: [AUTHORITY.clinic] });
    expect(await refusalsIn(actor.feed(atHospital('1'), {}, clinic))).toEqual([{ code: '204' }]);
    const provider = { providerOrganization: { id: AUTHORITY.hospital } };
    expect(await refusalsIn(actor.feed(atClinic('9'), provider, clinic))).toEqual([
      { code: '204' },
    ]);
    expect(await refusalsIn(actor.feed(inRegion('R-1'), {}, clinic))).toEqual([{ code: '204' }]);
    expect(await refusalsIn(actor.feed(atClinic('9'), {}, clinic))).toEqual([]);
  });

  it('does not let a hospital claim a regional id by way of asOtherIDs', async () => {
    await actor.feed(inRegion('R-77'), person({ birthTime: '19500101' }));
    const claim = { otherIds: [inRegion('R-77')] };
    const clinic = aCaller({ assigningAuthorities: [AUTHORITY.clinic] });
    await actor.feed(atClinic('9'), claim, clinic);
    expect(await actor.regionalIdOf(atClinic('9'))).not.toBe('R-77');
    await actor.feed(atHospital('1'), claim);
    expect(await actor.regionalIdOf(atHospital('1'))).toBe('R-77');
  });

  it('refuses two ids of the affinity domain', async () => {
    const two = actor.feed(inRegion('R-1'), { ids: [inRegion('R-1'), inRegion('R-2')] });
    expect(await refusalsIn(two)).toEqual([{ code: 'SYN110' }]);
  });

  it.each([
    ['cannot be reached', new PeerFailure('ambiguous', 'cut off', { peer: 'document-registry' })],
    ['refuses', new Refusal('204', 'not this one')],
  ])(
    'does not acknowledge while the registry %s, and feeds it again with the next feed',
    async (_what, failure) => {
      actor.world.instead.set('document-registry', () => Promise.reject(failure));
      expect(await refusalsIn(actor.feed(atHospital('1')))).toEqual([{ code: 'INTERR' }]);
      actor.world.instead.clear();
      const regionalId = await actor.regionalIdOf(atHospital('1'));
      expect(await isRegistered(regionalId)).toBe(false);
      expect(await actor.feed(atHospital('1'))).toMatchObject({ code: 'CA' });
      expect(await actor.regionalIdOf(atHospital('1'))).toBe(regionalId);
      expect(await isRegistered(regionalId)).toBe(true);
    },
  );

  it('feeds at start what the registry did not acknowledge before', async () => {
    actor.world.instead.set('document-registry', async () => ({ code: 'CE', details: [] }));
    await refusalsIn(actor.feed(atHospital('1')));
    const stores = { identities: actor.identities, community: actor.community };
    const own = actor.world.seenBy(aCaller({ kinds: ['own'] }));
    expect(await feedUnconfirmed(stores, own)).toBe(1);
    actor.world.instead.clear();
    expect(await feedUnconfirmed(stores, own)).toBe(0);
    expect(await isRegistered(await actor.regionalIdOf(atHospital('1')))).toBe(true);
    expect(await actor.identities.look((records) => records.unconfirmed(10))).toEqual([]);
  });

  it('asks the registry once for a patient that it has acknowledged', async () => {
    await actor.feed(atHospital('1'));
    actor.world.instead.set('document-registry', () => Promise.reject(new Error('asked again')));
    expect(await actor.feed(atHospital('1'), { kind: 'revise' })).toMatchObject({ code: 'CA' });
  });
});
