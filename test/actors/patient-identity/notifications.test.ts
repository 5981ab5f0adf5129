import { PeerFailure } from '../../../actors/actor.ts';
import { patientIdentity } from '../../../actors/patient-identity/index.ts';
import { notifyConsumers } from '../../../actors/patient-identity/notifications.ts';
import { unlinkPatients } from '../../../actors/patient-identity/steward.ts';
import { type Subscription, tidingsFor } from '../../../actors/patient-identity/subscriptions.ts';
import { documentRegistry } from '../../../actors/document-registry/index.ts';
import type { World } from '../../../actors/actor.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import { ITI_44, type PatientRegistrationFeed } from '../../../profiles/pix/iti-44.ts';
import { AnIdentityActor, AUTHORITY } from '../../support/an-identity-actor.ts';
import { aPatientIdentityFeed, aPerson } from '../../support/hl7v3-builders.ts';
import { aCaller, WorldOfActors } from '../../support/world-of-actors.ts';

const atHospital = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.hospital });
const atClinic = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.clinic });
const subscription: Subscription = {
  consumer: 'consumer',
  domains: [AUTHORITY.hospital, AUTHORITY.clinic],
  wire: 'ITI-46',
};

describe('What a subscribed consumer is told (ITI-46, ITI-10)', () => {
  const [h, c, x] = [atHospital('1'), atClinic('1'), atHospital('2')];
  const lists = (before: readonly PatientId[][], after: readonly PatientId[][]) =>
    tidingsFor(subscription, { before, after });

  it.each([
    ['of a link once, with the whole list', [[h], [c]], [[h, c]], [[h, c]]],
    ['of a parting twice', [[h, c]], [[h], [c]], [[h], [c]]],
    ['nothing of what it sees as before', [[h, c]], [[c, h]], []],
    ['nothing of a number that stands alone', [], [[h]], []],
    ['nothing of a number that stays alone', [[x]], [[h]], []],
  ])('is told %s', (_what, before, after, told) => {
    expect(lists(before, after)).toEqual(told);
  });

  it('is told nothing of domains that it has not subscribed to', () => {
    const region = { id: 'R', assigningAuthority: AUTHORITY.region };
    expect(lists([[region, h]], [[{ ...region, id: 'S' }, h]])).toEqual([]);
  });
});

describe('The notifications of Patient Identity', () => {
  let actor: AnIdentityActor;
  let world: WorldOfActors;
  let told: PatientRegistrationFeed[];
  let isAway: boolean;

  const stores = () => ({
    identities: actor.identities,
    community: actor.community,
    subscriptions: [subscription],
  });
  const own = (): World => {
    const seen = world.seenBy(aCaller({ kinds: ['own'] }));
    return {
      ...seen,
      ask: async (transaction, destination, request, options) => {
        if (typeof destination === 'string') {
          return await seen.ask(transaction, destination, request, options);
        }
        if (isAway) throw new PeerFailure('transient', 'away', { peer: 'consumer' });
        expect([transaction.id, destination]).toEqual(['ITI-46', { system: 'consumer' }]);
        told.push(request as PatientRegistrationFeed);
        return { code: 'CA', details: [] } as never;
      },
    };
  };
  const feed = (id: PatientId, over: Partial<PatientRegistrationFeed> = {}) =>
    world.as(actor.everybody)(
      ITI_44,
      'patient-identity',
      aPatientIdentityFeed({
        ids: [id],
        providerOrganization: { id: id.assigningAuthority },
        ...over,
      }),
    );

  beforeEach(async () => {
    actor = await AnIdentityActor.open();
    world = new WorldOfActors();
    world.add(patientIdentity, stores());
    world.add(documentRegistry, { registry: actor.registry, community: actor.community });
    told = [];
    isAway = false;
    await feed(atHospital('H1'));
    await feed(atClinic('C1'));
  });

  afterEach(() => actor.close());

  it('hold the ids that the consumer may see, and nothing else of the patient', async () => {
    expect(await notifyConsumers(stores(), own())).toMatchObject({ delivered: 1, waiting: 0 });
    expect(told).toMatchObject([
      {
        kind: 'revise',
        ids: [atHospital('H1'), atClinic('C1')],
        otherIds: [],
        demographics: { names: [] },
      },
    ]);
    expect(await notifyConsumers(stores(), own())).toMatchObject({ delivered: 0, waiting: 0 });
  });

  it('wait until they are acknowledged, in order, and are the same messages then', async () => {
    isAway = true;
    expect(await notifyConsumers(stores(), own())).toMatchObject({ delivered: 0, waiting: 1 });
    await unlinkPatients(
      [atHospital('H1'), atClinic('C1')],
      { by: '担当' },
      {
        stores: stores(),
        world: own(),
      },
    );
    isAway = false;
    expect(await notifyConsumers(stores(), own())).toMatchObject({ delivered: 0, waiting: 1 });
    world.now = new Date(world.now.getTime() + 1_000);
    expect(await notifyConsumers(stores(), own())).toMatchObject({ delivered: 3, waiting: 0 });
    expect(told.map(({ ids }) => ids.length)).toEqual([2, 1, 1]);
  });

  it('wait for the next start where the process stops, and hold up no stop', async () => {
    const steward = { by: '担当' };
    const both = [atHospital('H1'), atClinic('C1')] as const;
    await unlinkPatients(both, steward, { stores: stores(), world: own() });
    expect(await notifyConsumers(stores(), own(), () => told.length < 1)).toMatchObject({
      delivered: 1,
    });
    expect(await notifyConsumers(stores(), own())).toMatchObject({ delivered: 2, waiting: 0 });
    expect(told.map(({ ids }) => ids.length)).toEqual([2, 1, 1]);
  });

  it('are let go when the consumer has no subscription any more', async () => {
    const none = { ...stores(), subscriptions: [] };
    expect(await notifyConsumers(none, own())).toMatchObject({ delivered: 0, waiting: 0 });
    expect(await notifyConsumers(stores(), own())).toMatchObject({ delivered: 0, waiting: 0 });
    expect(told).toEqual([]);
  });

  it('are not made by a revision that changes no list', async () => {
    await notifyConsumers(stores(), own());
    await feed(atClinic('C1'), { kind: 'revise', demographics: aPerson() });
    expect(await notifyConsumers(stores(), own())).toMatchObject({ delivered: 0, waiting: 0 });
  });
});
