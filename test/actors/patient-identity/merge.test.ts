import { ITI_44 } from '../../../profiles/pix/iti-44.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import { PeerFailure } from '../../../actors/actor.ts';
import { AnIdentityActor, AUTHORITY, refusalsIn } from '../../support/an-identity-actor.ts';
import { aPerson, aTransmission } from '../../support/hl7v3-builders.ts';
import { aCaller } from '../../support/world-of-actors.ts';

describe('ITI-44 merge, as Patient Identity answers it', () => {
  const chart = { id: 'C-1', assigningAuthority: AUTHORITY.hospital };
  const other = { id: 'C-2', assigningAuthority: AUTHORITY.clinic };
  let identity: AnIdentityActor;

  const merge = (subsumed: PatientId, surviving: PatientId, caller = identity.everybody) =>
    identity.world.as(caller)(ITI_44, 'patient-identity', {
      kind: 'merge',
      subsumed,
      surviving,
      names: [],
      transmission: aTransmission(),
      custodian: identity.community.device,
    });
  const regional = async (id: PatientId) => ({
    id: (await identity.regionalIdOf(id)) ?? '?',
    assigningAuthority: AUTHORITY.region,
  });

  beforeEach(async () => {
    identity = await AnIdentityActor.open();
    await identity.feed(chart);
    await identity.feed(other, { demographics: aPerson({ birthTime: '19710101' }) });
  });

  afterEach(() => identity.close());

  it('passes a merge of regional ids to the registry, and moves the records', async () => {
    const [subsumed, surviving] = [await regional(other), await regional(chart)];
    expect(subsumed).not.toEqual(surviving);
    expect(await merge(subsumed, surviving)).toEqual({ code: 'CA', details: [] });
    expect(await regional(other)).toEqual(surviving);
    const knows = (id: PatientId) => identity.registry.look((reader) => reader.knows(id));
    expect([await knows(subsumed), await knows(surviving)]).toEqual([false, true]);
  });

  it('moves no record that the registry does not merge', async () => {
    const [subsumed, surviving] = [await regional(other), await regional(chart)];
    const nobody = { ...surviving, id: 'nobody' };
    expect(await refusalsIn(merge(subsumed, nobody))).toMatchObject([{ code: '204' }]);
    identity.world.instead.set('document-registry', () =>
      Promise.reject(new PeerFailure('transient', 'away', { peer: 'document-registry' })),
    );
    expect(await refusalsIn(merge(subsumed, surviving))).toEqual([{ code: 'INTERR' }]);
    expect(await regional(other)).toEqual(subsumed);
  });

  it('refuses ids of a source, and a caller who does not feed the affinity domain', async () => {
    expect(await refusalsIn(merge(chart, { ...chart, id: 'C-3' }))).toMatchObject([
      { code: '204' },
    ]);
    const clinic = aCaller({ assigningAuthorities: [AUTHORITY.clinic] });
    const [subsumed, surviving] = [await regional(other), await regional(chart)];
    expect(await refusalsIn(merge(subsumed, surviving, clinic))).toEqual([{ code: '204' }]);
  });
});
