import { unlinkPatients, unmergePatients } from '../../../actors/patient-identity/steward.ts';
import type { Demographics, PatientId } from '../../../profiles/patient.ts';
import { ITI_30 } from '../../../profiles/pix/iti-30.ts';
import { ITI_44, type PatientIdentityFeed } from '../../../profiles/pix/iti-44.ts';
import { ITI_8 } from '../../../profiles/pix/iti-8.ts';
import { AnIdentityActor, AUTHORITY, refusalsIn } from '../../support/an-identity-actor.ts';
import {
  aPatientIdentityFeed,
  aPatientMerge,
  aPerson,
  aTransmission,
} from '../../support/hl7v3-builders.ts';
import { aCaller } from '../../support/world-of-actors.ts';

const atHospital = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.hospital });
const atClinic = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.clinic });
const inRegion = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.region });
const steward = { by: '担当' };
const OLD = aPerson({ telecoms: [{ value: 'tel:+81-852-11-1111' }] });
const NEW = aPerson({ telecoms: [{ value: 'tel:+81-852-22-2222' }] });
const A_DAY_MS = 86_400_000;

describe('A feed that comes a second time (MSH-3, MSH-4, MSH-10 or wsa:MessageID, and body)', () => {
  let actor: AnIdentityActor;

  const stewarding = () => ({
    stores: { identities: actor.identities, community: actor.community },
    world: actor.world.seenBy(aCaller({ name: 'gateway', kinds: ['own'] })),
  });
  /** Sends as this message. */
  const as = async <Result>(id: string, bodyHash: string, work: () => Promise<Result>) => {
    actor.world.message = { id, bodyHash };
    try {
      return await work();
    } finally {
      actor.world.message = undefined;
    }
  };
  const feed = (demographics: Demographics, over: Partial<PatientIdentityFeed> = {}) =>
    actor.feed(atHospital('H1'), { demographics, ...over } as never);
  const phoneOf = async (id: PatientId) =>
    (await actor.identities.look((records) => records.recordOf(id)))?.demographics.telecoms?.[0]
      ?.value;

  beforeEach(async () => {
    actor = await AnIdentityActor.open();
  });

  afterEach(() => actor.close());

  it('does not undo a newer one, and is answered as the first time', async () => {
    const first = await as('m-1', 'aa', () => feed(OLD));
    await as('m-2', 'bb', () => feed(NEW));
    expect(await as('m-1', 'aa', () => feed(OLD))).toEqual(first);
    expect(await phoneOf(atHospital('H1'))).toBe(NEW.telecoms?.[0]?.value);
  });

  it('is the same over HL7 v2', async () => {
    const sent = (demographics: Demographics) => () =>
      actor.world.as(actor.everybody)(
        ITI_8,
        'patient-identity',
        aPatientIdentityFeed({
          ids: [atHospital('H1')],
          providerOrganization: { id: AUTHORITY.hospital },
          demographics,
        }),
      );
    await as('v2:1', 'aa', sent(OLD));
    await as('v2:2', 'bb', sent(NEW));
    await as('v2:1', 'aa', sent(OLD));
    expect(await phoneOf(atHospital('H1'))).toBe(NEW.telecoms?.[0]?.value);
  });

  it.each([
    ['another body', { id: 'm-1', bodyHash: 'cc' }, 'hospital'],
    ['another id', { id: 'm-3', bodyHash: 'aa' }, 'hospital'],
    ['another caller', { id: 'm-1', bodyHash: 'aa' }, 'another hospital'],
  ])('is a new one with %s', async (_what, { id, bodyHash }, name) => {
    await as('m-1', 'aa', () => feed(OLD));
    await as('m-2', 'bb', () => feed(NEW));
    const caller = { ...actor.everybody, name };
    await as(id, bodyHash, () => actor.feed(atHospital('H1'), { demographics: OLD }, caller));
    expect(await phoneOf(atHospital('H1'))).toBe(OLD.telecoms?.[0]?.value);
  });

  it('is remembered for a week, and then forgotten', async () => {
    await as('m-1', '00aa', () => feed(OLD));
    await as('m-2', 'bb', () => feed(NEW));
    actor.world.now = new Date(actor.world.now.getTime() + 6 * A_DAY_MS);
    await as('m-1', '00aa', () => feed(OLD));
    expect(await phoneOf(atHospital('H1'))).toBe(NEW.telecoms?.[0]?.value);
    actor.world.now = new Date(actor.world.now.getTime() + 2 * A_DAY_MS);
    await as('m-1', '00aa', () => feed(OLD));
    expect(await phoneOf(atHospital('H1'))).toBe(OLD.telecoms?.[0]?.value);
  });

  it('finds nothing of more messages than are remembered', async () => {
    const until = new Date(actor.world.now.getTime() + A_DAY_MS);
    const message = (id: string) => ({ caller: 'hospital', id, bodyHash: 'aa' });
    const found = await actor.identities.change(async (records) => {
      for (const id of ['1', '2', '3']) await records.remember(message(id), '{}', until);
      await records.forgetAnswers(actor.world.now, 2);
      const answers: (string | undefined)[] = [];
      for (const id of ['1', '2', '3']) {
        answers.push(await records.answerTo(message(id), actor.world.now));
      }
      return answers;
    });
    expect(found).toEqual([undefined, '{}', '{}']);
  });

  it('goes on where the Document Registry was away the first time', async () => {
    actor.world.instead.set('document-registry', async () => {
      throw new Error('unreachable in this test');
    });
    await expect(as('m-1', 'aa', () => feed(OLD))).rejects.toThrow();
    actor.world.instead.delete('document-registry');
    await as('m-2', 'bb', () => feed(NEW));
    expect(await as('m-1', 'aa', () => feed(OLD))).toMatchObject({ code: 'CA' });
    expect(await phoneOf(atHospital('H1'))).toBe(NEW.telecoms?.[0]?.value);
    const regional = await actor.regionalIdOf(atHospital('H1'));
    expect(await actor.registry.look((reader) => reader.knows(inRegion(regional ?? '')))).toBe(
      true,
    );
  });

  it('is judged anew when it was refused: then it changed nothing', async () => {
    const caller = aCaller({ assigningAuthorities: [] });
    const sent = (as_ = actor.everybody) => actor.feed(atHospital('H1'), {}, as_);
    expect(await as('m-1', 'aa', () => refusalsIn(sent(caller)))).toEqual([{ code: '204' }]);
    expect(await as('m-1', 'aa', () => refusalsIn(sent()))).toEqual([]);
  });

  it('does not merge again what a steward has parted', async () => {
    await feed(aPerson());
    await actor.feed(atHospital('H2'));
    const request = aPatientMerge({ surviving: atHospital('H1'), subsumed: atHospital('H2') });
    const merge = () => actor.world.as(actor.everybody)(ITI_44, 'patient-identity', request);
    await as('m-1', 'aa', merge);
    await unmergePatients(atHospital('H2'), steward, stewarding());
    expect(await as('m-1', 'aa', merge)).toMatchObject({ code: 'CA' });
    expect(await actor.regionalIdOf(atHospital('H2'))).toBeDefined();
    expect(await as('m-2', 'aa', () => refusalsIn(merge()))).toEqual([]);
    expect(await actor.regionalIdOf(atHospital('H2')).catch(() => 'subsumed')).toBe('subsumed');
  });

  it('does not merge again two ids of the affinity domain that a steward has parted', async () => {
    const told = (id: PatientId, regional: string) =>
      actor.feed(id, { otherIds: [inRegion(regional)] });
    await told(atHospital('H1'), 'R1');
    await actor.feed(atClinic('C1'), {
      otherIds: [inRegion('R2')],
      demographics: aPerson({ birthTime: '19580202' }),
    });
    const request = aPatientMerge({ surviving: inRegion('R1'), subsumed: inRegion('R2') });
    const merge = () => actor.world.as(actor.everybody)(ITI_44, 'patient-identity', request);
    await as('m-1', 'aa', merge);
    expect(await actor.regionalIdOf(atClinic('C1'))).toBe('R1');
    await unmergePatients(inRegion('R2'), steward, stewarding());
    expect(await actor.regionalIdOf(atClinic('C1'))).toBe('R2');
    expect(await as('m-1', 'aa', merge)).toMatchObject({ code: 'CA' });
    expect(await actor.regionalIdOf(atClinic('C1'))).toBe('R2');
    const state = await actor.identities.look((records) => records.regionalIdState('R2'));
    expect(state?.mergedInto).toBeUndefined();
  });

  it('does not link again what a steward has parted (ITI-30, A24)', async () => {
    await feed(aPerson());
    await actor.feed(atClinic('C1'), { demographics: aPerson({ birthTime: '19580202' }) });
    const request = {
      kind: 'link',
      ids: [atHospital('H1'), atClinic('C1')],
      transmission: aTransmission(),
      custodian: AUTHORITY.hospital,
    } as const;
    const link = () => actor.world.as(actor.everybody)(ITI_30, 'patient-identity', request);
    await as('m-1', 'aa', link);
    const together = await actor.regionalIdOf(atHospital('H1'));
    expect(await actor.regionalIdOf(atClinic('C1'))).toBe(together);
    await unlinkPatients([atHospital('H1'), atClinic('C1')], steward, stewarding());
    await as('m-1', 'aa', link);
    expect(await actor.regionalIdOf(atClinic('C1'))).not.toBe(together);
  });

  it('corrects an identifier once (ITI-30, A47), and is answered alike', async () => {
    await feed(aPerson());
    const request = {
      kind: 'change',
      current: atHospital('H8'),
      prior: atHospital('H1'),
      transmission: aTransmission(),
      custodian: AUTHORITY.hospital,
    } as const;
    const change = () => actor.world.as(actor.everybody)(ITI_30, 'patient-identity', request);
    const first = await as('m-1', 'aa', change);
    expect(await actor.regionalIdOf(atHospital('H8'))).toBeDefined();
    expect(await refusalsIn(actor.pix({ patientIdentifier: atHospital('H1') }))).toMatchObject([
      { code: '204' },
    ]);
    expect(await as('m-1', 'aa', change)).toEqual(first);
  });
});
