import { initiatingGateway } from '../../../actors/initiating-gateway/index.ts';
import { OWN_INITIATING_GATEWAY } from '../../../actors/patient-identity/correlations.ts';
import { notifyConsumers } from '../../../actors/patient-identity/notifications.ts';
import { settleRegistry } from '../../../actors/patient-identity/registry-feed.ts';
import {
  linkPatients,
  mergePatients,
  unlinkPatients,
  unmergePatients,
} from '../../../actors/patient-identity/steward.ts';
import type { PatientIdentityStores } from '../../../actors/patient-identity/stores.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import { Refusal } from '../../../profiles/refusal.ts';
import { AnIdentityActor, AUTHORITY } from '../../support/an-identity-actor.ts';
import { aPerson } from '../../support/hl7v3-builders.ts';
import { aCaller } from '../../support/world-of-actors.ts';
import { aGateway, RememberedCorrelations } from '../initiating-gateway/gateway.ts';

const atHospital = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.hospital });
const atClinic = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.clinic });
const steward = { by: '担当 一郎' };
const JIRO = aPerson({
  names: [{ family: '見本', given: ['次郎'], representation: 'IDE', use: 'L' }],
  birthTime: '19480101',
  addresses: [],
  telecoms: [],
});

describe('What other communities told of a patient', () => {
  let actor: AnIdentityActor;
  let correlations: RememberedCorrelations;
  let stores: PatientIdentityStores;

  beforeEach(async () => {
    actor = await AnIdentityActor.open();
    correlations = new RememberedCorrelations();
    actor.world.add(initiatingGateway, aGateway({ correlations }));
    const { identities, community } = actor;
    stores = { identities, community, hasInitiatingGateway: true };
    await actor.feed(atHospital('1'));
    await actor.feed(atClinic('2'), { demographics: JIRO });
  });

  afterEach(() => actor.close());

  const own = () => actor.world.seenBy(aCaller({ name: 'gateway', kinds: ['own'] }));
  const stewarding = () => ({ stores, world: own() });
  /** Somebody was told of these patients; @returns their regional ids. */
  const remember = async (...ids: readonly PatientId[]) => {
    const regional: string[] = [];
    for (const id of ids) {
      const regionalId = (await actor.regionalIdOf(id)) ?? '?';
      regional.push(regionalId);
      await correlations.keep({
        patientId: { id: regionalId, assigningAuthority: AUTHORITY.region },
        homeCommunityId: 'urn:oid:2.999.392.33',
        remotePatientId: { id: 'O-1', assigningAuthority: '2.999.392.33.3' },
        expiresAt: new Date('2040-01-01T00:00:00Z'),
        isHealthDataLocator: false,
      });
    }
    return regional;
  };
  const remembered = () => correlations.kept.map(({ patientId }) => patientId.id);
  const both = [atHospital('1'), atClinic('2')] as const;
  const waiting = async () => await actor.identities.look((records) => records.queuesOfConsumers());

  it('is forgotten when she is linked with another, and when she is unlinked', async () => {
    await remember(...both);
    await linkPatients(both, steward, stewarding());
    expect(remembered()).toEqual([]);
    await remember(atHospital('1'));
    await unlinkPatients(both, steward, stewarding());
    expect(remembered()).toEqual([]);
    expect(await waiting()).toEqual([]);
  });

  it('is forgotten of both ids when two charts of different patients are merged, and unmerged', async () => {
    await actor.feed(atHospital('3'), { demographics: JIRO });
    const merge = { surviving: atHospital('1'), subsumed: atHospital('3') };
    await remember(merge.surviving, merge.subsumed);
    await mergePatients(merge, steward, stewarding());
    expect(remembered()).toEqual([]);
    await remember(merge.surviving);
    await unmergePatients(merge.subsumed, steward, stewarding());
    expect(remembered()).toEqual([]);
  });

  it('is kept of those who stay as they were', async () => {
    await actor.feed(atClinic('9'), { demographics: aPerson({ birthTime: '19990101' }) });
    const [untouched = ''] = await remember(atClinic('9'));
    await linkPatients(both, steward, stewarding());
    await actor.feed(atClinic('9'), {
      demographics: aPerson({ birthTime: '19990101', telecoms: [] }),
    });
    expect(remembered()).toEqual([untouched]);
  });

  it('is forgotten in the rounds where the Initiating Gateway was away, and nobody waits for it', async () => {
    const regional = await remember(...both);
    actor.world.instead.set('initiating-gateway', async () => {
      throw new Refusal('INTERR', 'away');
    });
    await linkPatients(both, steward, stewarding());
    expect(remembered()).toEqual(regional);
    expect(await waiting()).toMatchObject([{ consumer: OWN_INITIATING_GATEWAY, waiting: 2 }]);
    await notifyConsumers(stores, own());
    actor.world.instead.clear();
    actor.world.now = new Date(actor.world.now.getTime() + 1_000);
    expect(await notifyConsumers(stores, own())).toMatchObject({ delivered: 2 });
    expect(remembered()).toEqual([]);
  });

  it('is forgotten also after the process died between the change and the telling', async () => {
    await remember(...both);
    actor.world.instead.set('document-registry', async () => {
      throw new Error('the process died here');
    });
    actor.world.instead.set('initiating-gateway', async () => {
      throw new Error('the process died here');
    });
    await expect(linkPatients(both, steward, stewarding())).rejects.toThrow('died');
    actor.world.instead.clear();
    await settleRegistry(stores, own());
    expect(remembered()).toEqual([]);
  });

  it('is nobody’s business where the community has no Initiating Gateway', async () => {
    const regional = await remember(...both);
    stores = { ...stores, hasInitiatingGateway: false };
    await linkPatients(both, steward, stewarding());
    expect(remembered()).toEqual(regional);
    expect(await waiting()).toEqual([]);
  });
});
