import { bytesContent } from '../../profiles/formats/mtom.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_39 } from '../../profiles/xca/iti-39.ts';
import { ITI_55 } from '../../profiles/xcpd/iti-55.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_43 } from '../../profiles/xds/iti-43.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { eventually, expectFailure } from '../support/expectations.ts';
import { FarEnd } from '../support/far-end.ts';
import { aPatientDiscoveryResponse } from '../support/hl7v3-builders.ts';
import { freshOid, octets, provide } from '../support/region-documents.ts';
import { regionOids, World } from '../support/world.ts';

const west = regionOids(2);

describe('a process that is stopped and started again', () => {
  let world: World;
  let farEnd: FarEnd;
  let patientId: PatientId;
  let own: string;

  beforeAll(async () => {
    world = await World.start({
      regions: 2,
      running: 1,
      settings: { retrieval: { deadlineMs: 1_000, attempts: 3 } },
    });
    farEnd = await FarEnd.start(world.tls('west'), Number(new URL(world.url('', 'west')).port));
    patientId = await world.patient('Z-1');
    [own = ''] = await provide(world, { patientId, documents: [{ bytes: octets('own') }] });
  });

  beforeEach(() => {
    farEnd.forget();
    farEnd.answers(ITI_55, () =>
      aPatientDiscoveryResponse({ queryResponseCode: 'NF', matches: [] }),
    );
  });

  afterAll(async () => {
    await world.stop();
    await farEnd.stop();
  });

  const find = () =>
    world.exchange(ITI_18, world.url('initiating-gateway'), findDocuments({ patientId }));
  const hold = () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    return { held, release: () => release() };
  };

  it('lets a request that is under way end, and takes no other', async () => {
    const { held, release } = hold();
    farEnd.answers(ITI_55, async () => {
      await held;
      return aPatientDiscoveryResponse({ queryResponseCode: 'NF', matches: [] });
    });
    const asked = find();
    await eventually(() => farEnd.of('ITI-55').length === 1);
    const stopped = world.gateway().stop(5_000);
    await eventually(async () => (await find().catch(() => 'refused')) === 'refused');
    release();
    expect((await asked).response.status).toBe('Success');
    await stopped;
    await world.startRegion('east');
  });

  it('knows patients and documents as before', async () => {
    const { response } = await find();
    expect(response.objects.map(({ uniqueId }) => uniqueId)).toEqual([own]);
    const { response: retrieved } = await world.exchange(ITI_43, world.url('document-repository'), {
      documents: [{ repositoryUniqueId: regionOids(1).repositoryUniqueId, documentUniqueId: own }],
    });
    expect(retrieved.status).toBe('Success');
    const again = await world.patient('Z-1');
    expect(again).toEqual(patientId);
  });

  it('goes on with a retrieval that nobody had answered', async () => {
    const first = hold();
    farEnd.answers(ITI_39, async (request) => {
      await first.held;
      return { ...request, status: 'Failure' as const, errors: [], documents: [] };
    });
    const wanted = {
      homeCommunityId: west.homeCommunityId,
      repositoryUniqueId: west.repositoryUniqueId,
      documentUniqueId: freshOid(),
    };
    const retrieve = async () =>
      (await world.exchange(ITI_43, world.url('initiating-gateway'), { documents: [wanted] }))
        .response;
    expectFailure(await retrieve(), {
      errorCode: 'XDSUnavailableCommunity',
      location: wanted.documentUniqueId,
    });
    await world.stopRegion('east');
    farEnd.forget();
    farEnd.answers(ITI_39, ({ documents }) => ({
      status: 'Success' as const,
      errors: [],
      documents: documents.map((one) => ({
        ...one,
        mimeType: 'text/plain',
        content: bytesContent(octets('late')),
      })),
    }));
    first.release();
    await world.startRegion('east');
    // Without being asked again: the job was kept.
    await eventually(() => farEnd.of('ITI-39').length === 1);
    await eventually(async () => (await world.filesIn('spool')).length > 0);
    const response = await retrieve();
    expect(response).toMatchObject({ status: 'Success', errors: [] });
    expect(response.documents[0]?.content.sizeBytes).toBe('late'.length);
    expect(farEnd.of('ITI-39')).toHaveLength(1);
  });

  it('ties its audit trail to the one before', async () => {
    const starts = (await world.audit()).filter((message) => message.includes('csd-code="110120"'));
    const stops = (await world.audit()).filter((message) => message.includes('csd-code="110121"'));
    expect(starts.length).toBe(3);
    expect(stops.length).toBe(2);
  });
});
