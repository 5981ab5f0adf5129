import type { PatientId } from '../../profiles/patient.ts';
import { ITI_44, type PatientRegistrationFeed } from '../../profiles/pix/iti-44.ts';
import { ITI_45 } from '../../profiles/pix/iti-45.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_42 } from '../../profiles/xds/iti-42.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { expectParticipants } from '../support/expectations.ts';
import { aPixQuery } from '../support/hl7v3-builders.ts';
import { aRegistration, octets } from '../support/region-documents.ts';
import { aPersonOf, regionOids, World } from '../support/world.ts';

const oids = regionOids(1);
const clinic = '2.999.500.1.6';

describe('ITI-44 Patient Identity Feed HL7 V3 over the wire', () => {
  let world: World;
  let url: string;

  beforeAll(async () => {
    world = await World.start({
      settings: {
        assigningAuthorities: [
          { oid: oids.affinityDomain, name: 'regional id' },
          { oid: oids.chartNumbers, name: 'hospital' },
          { oid: clinic, name: 'clinic' },
        ],
      },
      systems: [
        {
          name: 'clinic',
          institution: '9900000001',
          regions: ['east'],
          assigningAuthorities: [clinic],
          transactions: ['ITI-44'],
        },
      ],
    });
    url = world.url('patient-identity');
  });

  afterAll(() => world.stop());

  const feed = async (request: PatientRegistrationFeed, as?: string) =>
    (await world.exchange(ITI_44, url, request, { as })).response;
  const chart = (id: string): PatientId => ({ id, assigningAuthority: oids.chartNumbers });
  const regionalIds = async (patientIdentifier: PatientId) =>
    (
      await world.exchange(
        ITI_45,
        url,
        aPixQuery({
          transmission: world.transmission(),
          patientIdentifier,
          dataSources: [oids.affinityDomain],
        }),
      )
    ).response.ids;
  const clinicFeed = (id: string, over: Partial<PatientRegistrationFeed> = {}) =>
    world.feed(id, 'east', {
      ids: [{ id, assigningAuthority: clinic }],
      providerOrganization: { id: clinic },
      custodian: clinic,
      ...over,
    });

  it('acknowledges an added patient with CA, and the registry knows her by her regional id then', async () => {
    const { response, headers } = await world.exchange(ITI_44, url, world.feed('A-1'));
    expect(headers['content-type']).toMatch(/^application\/soap\+xml/);
    expect(response).toEqual({ code: 'CA', details: [] });
    const [patientId, ...more] = await regionalIds(chart('A-1'));
    expect(more).toEqual([]);
    expect(patientId?.assigningAuthority).toBe(oids.affinityDomain);
    if (!patientId) throw new Error('no regional id');
    const registered = await world.exchange(
      ITI_42,
      world.url('document-registry'),
      aRegistration({ patientId, documents: [{ bytes: octets('one') }] }),
    );
    expect(registered.response.status).toBe('Success');
  });

  it('keeps the regional id when a patient is revised', async () => {
    await feed(world.feed('A-2'));
    const before = await regionalIds(chart('A-2'));
    const revised = world.feed('A-2', 'east', { kind: 'revise', demographics: aPersonOf('moved') });
    expect(await feed(revised)).toEqual({ code: 'CA', details: [] });
    expect(await regionalIds(chart('A-2'))).toEqual(before);
  });

  it('keeps the id of a feed that is already in the affinity domain', async () => {
    const regional = { id: 'R-4711', assigningAuthority: oids.affinityDomain };
    const request = world.feed('R-4711', 'east', {
      ids: [regional],
      providerOrganization: { id: oids.affinityDomain },
    });
    expect((await feed(request)).code).toBe('CA');
    const { response } = await world.exchange(
      ITI_42,
      world.url('document-registry'),
      aRegistration({ patientId: regional, documents: [{ bytes: octets('one') }] }),
    );
    expect(response.status).toBe('Success');
  });

  it('links the same person across authorities, and never two ids of one authority', async () => {
    const demographics = aPersonOf('one person');
    await feed(world.feed('A-3', 'east', { demographics }));
    expect((await feed(clinicFeed('C-3', { demographics }), 'clinic')).code).toBe('CA');
    await feed(world.feed('A-4', 'east', { demographics }));
    const first = await regionalIds(chart('A-3'));
    expect(await regionalIds({ id: 'C-3', assigningAuthority: clinic })).toEqual(first);
    expect(await regionalIds(chart('A-4'))).not.toEqual(first);
  });

  it.each([
    ['a patient id root', () => clinicFeed('C-9')],
    [
      'a provider organisation',
      () => world.feed('A-9', 'east', { providerOrganization: { id: clinic } }),
    ],
    [
      'an assigning authority that nobody knows',
      () =>
        world.feed('X-9', 'east', {
          ids: [{ id: 'X-9', assigningAuthority: '2.999.404' }],
          providerOrganization: { id: '2.999.404' },
        }),
    ],
  ])(
    'refuses %s that is not the certificate’s with CE and 204, and stores nobody',
    async (_, make) => {
      const request = make();
      const { result, records } = await world.recording('ITI-44', () => feed(request));
      expect(result.code).toBe('CE');
      expect(result.details.map(({ code }) => code)).toEqual(['204']);
      expect(result.details[0]?.text).toBeTruthy();
      const asked = await world.exchange(
        ITI_45,
        url,
        aPixQuery({
          transmission: world.transmission(),
          patientIdentifier: request.ids[0],
          dataSources: [],
        }),
      );
      expect(asked.response.acknowledgement).toBe('AE');
      expect(records.map(({ outcome }) => outcome)).toEqual(['8']);
    },
  );

  it('is taken by the Document Registry itself, for ids of the affinity domain alone', async () => {
    const registry = world.url('document-registry');
    const regional = { id: 'R-4712', assigningAuthority: oids.affinityDomain };
    const direct = (ids: PatientId[]) =>
      world.exchange(
        ITI_44,
        registry,
        world.feed('x', 'east', {
          ids,
          providerOrganization: { id: ids[0]?.assigningAuthority ?? '' },
        }),
      );
    expect((await direct([regional])).response.code).toBe('CA');
    const found = await world.exchange(ITI_18, registry, findDocuments({ patientId: regional }));
    expect(found.response.status).toBe('Success');
    const refused = await direct([chart('A-1')]);
    expect(refused.response.code).toBe('CE');
    expect(refused.response.details.map(({ code }) => code)).toEqual(['204']);
  });

  it.each([
    ['add', 'C'],
    ['revise', 'U'],
  ] as const)('records %s: 110110 %s, the patient with the message id', async (kind, action) => {
    const request = world.feed(`B-${kind}`, 'east', { kind });
    const registryToo = (await world.auditOf('ITI-44')).length;
    const { records } = await world.recording('ITI-44', () => feed(request));
    expect(records).toHaveLength(1);
    const [record] = records;
    if (!record) throw new Error('no record');
    expect(record).toMatchObject({
      event: '110110',
      action,
      outcome: '0',
      name: 'Patient Identity Feed',
    });
    expectParticipants(record, { source: 'asker', endpoint: url });
    expect(record.objects).toHaveLength(1);
    expect(record.objects[0]).toMatchObject({
      id: `B-${kind}^^^&${oids.chartNumbers}&ISO`,
      type: '1/1',
      idType: '2',
    });
    expect(record.objects[0]?.details.II).toContain(request.transmission.messageId.root);
    // The registry stands in the same process: its feed crosses no wall and is not audited.
    expect(await world.auditOf('ITI-44')).toHaveLength(registryToo + 1);
  });
});
