import type { ActorName } from '../../actors/actor.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { ITI_45 } from '../../profiles/pix/iti-45.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { ITI_43 } from '../../profiles/xds/iti-43.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { changeRows } from '../support/callback-end.ts';
import { divide, INNER } from '../support/divided.ts';
import { expectFailure } from '../support/expectations.ts';
import { aPixQuery } from '../support/hl7v3-builders.ts';
import { aProvision, freshOid, octets, provide } from '../support/region-documents.ts';
import { regionOids, World } from '../support/world.ts';

const [east, west] = [regionOids(1), regionOids(2)];
const bytes = octets('検査結果');
const OF_GATEWAYS = ['ITI-38', 'ITI-39', 'ITI-55'];
const ALL = [...OF_GATEWAYS, 'ITI-18', 'ITI-43'];

/** Who asked, by the address under which the records of both sides name it. */
async function askersOf(world: World, transaction: string, names: readonly string[]) {
  const records = await Promise.all(names.map((name) => world.recordsOf(transaction, name)));
  return records.map((each) =>
    each.map(({ participants }) => participants.find(({ isRequestor }) => isRequestor)?.userId),
  );
}

describe('two communities that ask each other asynchronously', () => {
  let world: World;
  let gateway: string;
  let patientId: PatientId;
  let document: string;

  beforeAll(async () => {
    world = await World.start({
      regions: 2,
      running: 0,
      settings: { fanOut: { deadlineMs: 8_000 }, retrieval: { deadlineMs: 8_000 } },
    });
    for (const [here, there] of [
      ['east', 'west'],
      ['west', 'east'],
    ] as const) {
      await changeRows(world, here, (row) =>
        row['kind'] === 'gateway'
          ? { ...row, callbacks: [world.url('replies', there)], asynchronous: OF_GATEWAYS }
          : row,
      );
    }
    await Promise.all(['east', 'west'].map((name) => world.startRegion(name)));
    gateway = world.url('initiating-gateway');
    patientId = await world.patient('same-person');
    const known = await world.patient('same-person', 'west');
    [document = ''] = await provide(
      world,
      { patientId: known, documents: [{ bytes }] },
      { name: 'west', number: 2 },
    );
  });

  afterAll(() => world.stop());

  it('find a patient and her document there, and retrieve it: ITI-55, ITI-38 and ITI-39', async () => {
    const found = await world.exchange(ITI_18, gateway, findDocuments({ patientId }));
    expect(found.response).toMatchObject({ status: 'Success', errors: [] });
    expect(found.response.objects.map(({ uniqueId, home }) => [uniqueId, home])).toEqual([
      [document, west.homeCommunityId],
    ]);
    const { response, message } = await world.exchange(ITI_43, gateway, {
      documents: [
        {
          homeCommunityId: west.homeCommunityId,
          repositoryUniqueId: west.repositoryUniqueId,
          documentUniqueId: document,
        },
      ],
    });
    expect(response).toMatchObject({ status: 'Success', errors: [] });
    expect([...message.parts.values()].map((part) => part.equals(bytes))).toEqual([true]);
  });

  it('record each exchange on both sides, with the callback as the one that asked', async () => {
    const callback = world.url('replies');
    for (const transaction of ['ITI-55', 'ITI-38', 'ITI-39']) {
      expect(await askersOf(world, transaction, ['east', 'west'])).toEqual([
        [callback],
        [callback],
      ]);
    }
    expect(
      await world.metric('kakehashi_callback_answers_total{outcome="delivered"}', 'west'),
    ).toBe(3);
    expect(await world.filesIn('spool/answers', 'west')).toEqual([]);
  });

  it('hear a refusal as such', async () => {
    const missing = { repositoryUniqueId: west.repositoryUniqueId, documentUniqueId: '2.999.404' };
    const { response } = await world.exchange(ITI_43, gateway, {
      documents: [{ homeCommunityId: west.homeCommunityId, ...missing }],
    });
    expectFailure(response, { errorCode: 'XDSDocumentUniqueIdError' });
  });

  it('are one silent community to each other while the answers cannot come', async () => {
    await changeRows(world, 'west', (row) =>
      row['kind'] === 'gateway' ? { ...row, callbacks: [] } : row,
    );
    const { response } = await world.exchange(ITI_18, gateway, findDocuments({ patientId }));
    expect(response.status).toBe('PartialSuccess');
    expect(response.errors.map(({ errorCode }) => errorCode)).toEqual(['XDSUnavailableCommunity']);
  });
});

describe('actors of one community in two processes that ask each other asynchronously', () => {
  let world: World;
  let urls: Record<ActorName, string>;

  beforeAll(async () => {
    world = await World.start({ running: 0 });
    urls = await divide(world, { asynchronous: ALL, inside: [...INNER, 'document-repository'] });
  });

  afterAll(() => world.stop());

  it('query and retrieve: ITI-18 and ITI-43', async () => {
    await world.exchange(ITI_44, urls['patient-identity'], world.feed('D-1'));
    const query = aPixQuery({
      transmission: world.transmission(),
      patientIdentifier: { id: 'D-1', assigningAuthority: east.chartNumbers },
      dataSources: [east.affinityDomain],
    });
    const known = await world.exchange(ITI_45, urls['patient-identity'], query);
    const patientId = known.response.ids[0] as PatientId;
    const uniqueId = freshOid();
    const provision = aProvision({ patientId, documents: [{ bytes, uniqueId }] });
    await world.exchange(ITI_41, urls['document-repository'], provision);
    const gateway = urls['initiating-gateway'];
    const found = await world.exchange(ITI_18, gateway, findDocuments({ patientId }));
    expect(found.response.objects.map((object) => object.uniqueId)).toEqual([uniqueId]);
    const { message } = await world.exchange(ITI_43, gateway, {
      documents: [
        {
          homeCommunityId: east.homeCommunityId,
          repositoryUniqueId: east.repositoryUniqueId,
          documentUniqueId: uniqueId,
        },
      ],
    });
    expect([...message.parts.values()].map((part) => part.equals(bytes))).toEqual([true]);
    const callback = world.url('replies');
    for (const transaction of ['ITI-18', 'ITI-43']) {
      expect(await askersOf(world, transaction, ['east-inner'])).toEqual([[callback]]);
    }
  });
});
