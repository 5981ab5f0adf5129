import { encodeCX } from '../../profiles/formats/datatypes.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_38 } from '../../profiles/xca/iti-38.ts';
import {
  findDocuments,
  getAll,
  getAssociations,
  getDocuments,
} from '../../profiles/xds/stored-query-builders.ts';
import { type AdhocQueryRequest, STORED_QUERIES } from '../../profiles/xds/stored-queries.ts';
import { expectFailure, expectParticipants } from '../support/expectations.ts';
import { octets, provide } from '../support/region-documents.ts';
import { regionOids, World } from '../support/world.ts';

const home = regionOids(1).homeCommunityId;

describe('ITI-38 Cross Gateway Query over the wire', () => {
  let world: World;
  let url: string;
  let patientId: PatientId;
  let document: string;
  let other: string;

  beforeAll(async () => {
    world = await World.start({ regions: 2, running: 1 });
    url = world.url('responding-gateway');
    patientId = await world.patient('G-1');
    const stranger = await world.patient('G-2');
    [document = ''] = await provide(world, { patientId, documents: [{ bytes: octets('one') }] });
    [other = ''] = await provide(world, {
      patientId: stranger,
      documents: [{ bytes: octets('two') }],
    });
  });

  afterAll(() => world.stop());

  const ask = async (request: AdhocQueryRequest) =>
    (await world.exchange(ITI_38, url, request, { as: 'west' })).response;

  it('answers with the entry, under the homeCommunityId of this community', async () => {
    const { response, message } = await world.exchange(ITI_38, url, findDocuments({ patientId }), {
      as: 'west',
    });
    expect(message.mtom).toBe(false);
    expect(response.status).toBe('Success');
    expect(response.objects.map(({ uniqueId, home: at }) => [uniqueId, at])).toEqual([
      [document, home],
    ]);
  });

  it('marks every object, and every reference, with home', async () => {
    const { objects } = await ask(getAll({ patientId, status: ['Approved'] }));
    const packages = objects.filter(({ element }) => element !== 'Association');
    expect(packages.length).toBeGreaterThan(1);
    expect(new Set(packages.map((object) => object.home))).toEqual(new Set([home]));
    const { objectRefs } = await ask(findDocuments({ patientId, returnType: 'ObjectRef' }));
    expect(objectRefs.map((reference) => reference.home)).toEqual([home]);
  });

  it('answers a query by id that names home', async () => {
    const { objects } = await ask(getDocuments({ uniqueId: [document], home }));
    expect(objects.map(({ uniqueId }) => uniqueId)).toEqual([document]);
  });

  it('answers an unknown patient with an empty Success', async () => {
    const response = await ask(findDocuments({ patientId: { ...patientId, id: 'nobody' } }));
    expect(response).toEqual({ status: 'Success', errors: [], objects: [], objectRefs: [] });
  });

  it.each([
    [
      'a home that is not ours',
      'XDSUnknownCommunity',
      () => findDocuments({ patientId, home: 'urn:oid:2.999.404' }),
    ],
    [
      'a query by id without home',
      'XDSMissingHomeCommunityId',
      () => getAssociations({ uuid: ['urn:uuid:00000000-0000-4000-8000-000000000001'] }),
    ],
    [
      'an unknown stored query',
      'XDSUnknownStoredQuery',
      () => ({
        ...findDocuments({ patientId, home }),
        queryId: 'urn:uuid:00000000-0000-4000-8000-000000000000',
      }),
    ],
    [
      'a query without its status',
      'XDSStoredQueryMissingParam',
      () => {
        const asked = findDocuments({ patientId });
        const slots = asked.slots.filter(({ name }) => name !== '$XDSDocumentEntryStatus');
        return { ...asked, slots };
      },
    ],
    [
      'full objects of several patients',
      'XDSResultNotSinglePatient',
      () => getDocuments({ uniqueId: [document, other], home }),
    ],
  ])('refuses %s with %s, the homeCommunityId as location', async (_what, errorCode, make) => {
    const request = make();
    const { result, records } = await world.recording('ITI-38', () => ask(request));
    expectFailure(result, { errorCode, location: home });
    expect(records.map(({ outcome }) => outcome)).toEqual(['8']);
  });

  it('records the query: 110112 E, the patient, the stored query and the homeCommunityId', async () => {
    const { records } = await world.recording('ITI-38', () =>
      ask(findDocuments({ patientId, home })),
    );
    expect(records).toHaveLength(1);
    const [record] = records;
    if (!record) throw new Error('no record');
    expect(record).toMatchObject({
      event: '110112',
      action: 'E',
      outcome: '0',
      name: 'Cross Gateway Query',
    });
    expectParticipants(record, { source: 'asker', endpoint: url });
    expect(record.participants.find(({ isRequestor }) => isRequestor)?.userName).toBe('west');
    expect(record.objects.map(({ id, type }) => [id, type])).toEqual([
      [encodeCX(patientId), '1/1'],
      [STORED_QUERIES.FindDocuments.id, '2/24'],
    ]);
    expect(record.objects[1]).toMatchObject({
      idType: 'ITI-38',
      details: { QueryEncoding: 'UTF-8', 'urn:ihe:iti:xca:2010:homeCommunityId': home },
    });
    expect(record.objects[1]?.query).toContain('AdhocQueryRequest');
  });
});
