import { serializeXml } from '../../profiles/formats/xml.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_55, type PatientDiscovery } from '../../profiles/xcpd/iti-55.ts';
import { expectParticipants } from '../support/expectations.ts';
import { aPatientDiscovery, aTransmission } from '../support/hl7v3-builders.ts';
import { openedAnswer, readMessage, wireMessageOf } from '../support/messages.ts';
import { aPersonOf, regionOids, World } from '../support/world.ts';

const east = regionOids(1);
const west = regionOids(2);
const oidOf = (urn: string) => urn.replace('urn:oid:', '');
const person = aPersonOf('J-1');

describe('ITI-55 Cross Gateway Patient Discovery over the wire', () => {
  let world: World;
  let url: string;
  let regional: PatientId;

  beforeAll(async () => {
    world = await World.start({ regions: 2, running: 1 });
    url = world.url('responding-gateway');
    regional = await world.patient('J-1');
  });

  afterAll(() => world.stop());

  const transmission = (over: { from?: string; to?: string } = {}) =>
    aTransmission({
      sender: { device: west.device, organization: over.from ?? oidOf(west.homeCommunityId) },
      receiver: { device: east.device, organization: over.to ?? oidOf(east.homeCommunityId) },
    });
  const demographics: PatientDiscovery['criteria'] = {
    livingSubjectName: person.names,
    livingSubjectBirthTime: { value: person.birthTime ?? '' },
    livingSubjectAdministrativeGender: person.administrativeGender,
  };
  const discovery = (over: Partial<PatientDiscovery> = {}) =>
    aPatientDiscovery({
      transmission: transmission(),
      criteria: demographics,
      reverseAuthority: west.affinityDomain,
      ...over,
    });
  const ask = async (over: Partial<PatientDiscovery> = {}) =>
    (await world.exchange(ITI_55, url, discovery(over), { as: 'west' })).response;

  it('answers one match: her id in the affinity domain and no other, under our homeCommunityId', async () => {
    const { response, message } = await world.exchange(ITI_55, url, discovery(), { as: 'west' });
    expect(message.mtom).toBe(false);
    expect(response).toMatchObject({ acknowledgement: 'AA', queryResponseCode: 'OK' });
    expect(response.matches).toMatchObject([
      { id: regional, otherIds: [], homeCommunityId: east.homeCommunityId },
    ]);
    expect(message.envelope).not.toContain('J-1');
    expect(message.envelope).not.toContain(east.chartNumbers);
  });

  it('says how long the correlation may be remembered', async () => {
    expect((await ask()).correlationTimeToLive).toBe('P7D');
  });

  it('answers NF where nobody fits', async () => {
    const response = await ask({
      criteria: { ...demographics, livingSubjectBirthTime: { value: '18990101' } },
    });
    expect(response).toMatchObject({ acknowledgement: 'AA', queryResponseCode: 'NF', matches: [] });
  });

  it('answers NF where several fit: which one is meant is not ours to say', async () => {
    const twins = aPersonOf('twins');
    await world.patient('T-1', 'east', twins);
    await world.patient('T-2', 'east', twins);
    const response = await ask({
      criteria: {
        livingSubjectName: twins.names,
        livingSubjectBirthTime: { value: twins.birthTime ?? '' },
      },
    });
    expect(response).toMatchObject({ acknowledgement: 'AA', queryResponseCode: 'NF', matches: [] });
  });

  it('matches a known id first, and never falls back to demographics when that id exists', async () => {
    const second = await world.patient('J-2');
    const response = await ask({
      criteria: {
        ...demographics,
        livingSubjectId: [{ id: 'J-2', assigningAuthority: east.chartNumbers }],
      },
    });
    expect(response.matches.map(({ id }) => id)).toEqual([second]);
  });

  it('falls back to demographics for an id of an authority that is not known here', async () => {
    const response = await ask({
      criteria: {
        ...demographics,
        livingSubjectId: [{ id: 'W-1', assigningAuthority: west.affinityDomain }],
      },
    });
    expect(response.matches.map(({ id }) => id)).toEqual([regional]);
  });

  it('answers demographics without a birth time with AE and SYN101 or SYN100 at its place', async () => {
    const { result, records } = await world.recording('ITI-55', () =>
      ask({ criteria: { livingSubjectName: person.names } }),
    );
    expect(result).toMatchObject({ acknowledgement: 'AE', queryResponseCode: 'QE', matches: [] });
    expect(result.details).toHaveLength(1);
    expect(result.details[0]?.code).toMatch(/^SYN10[01]$/);
    expect(result.details[0]?.location).toContain('parameterList');
    expect(records.map(({ outcome }) => outcome)).toEqual(['8']);
  });

  it('answers a message for another community with AE and SYN103', async () => {
    const response = await ask({ transmission: transmission({ to: '2.999.404' }) });
    expect(response.acknowledgement).toBe('AE');
    expect(response.details.map(({ code }) => code)).toEqual(['SYN103']);
    expect(response.details[0]?.location).toContain('receiver');
  });

  it('answers a query of the Deferred Response Option with an acknowledgement: AE, NS250; and records it', async () => {
    const action = 'urn:hl7-org:v3:PRPA_IN201305UV02:Deferred:CrossGatewayPatientDiscovery';
    const deferred = {
      ...ITI_55,
      request: {
        ...ITI_55.request,
        encode: (query: PatientDiscovery) => ({ ...ITI_55.request.encode(query), action }),
      },
    };
    const sent = await wireMessageOf(deferred, discovery(), url);
    const { result, records } = await world.recording('ITI-55', () =>
      world.send(url, sent, 'west'),
    );
    expect(result.status).toBe(200);
    const { action: answered, body } = openedAnswer(await readMessage(result));
    expect(answered).toBe('urn:hl7-org:v3:MCCI_IN000002UV01');
    const xml = serializeXml(body);
    expect(xml).toContain('MCCI_IN000002UV01');
    expect(xml).toMatch(/<(?:\w+:)?typeCode code="AE"/);
    expect(xml).toContain('code="NS250"');
    expect(records.map(({ outcome }) => outcome)).toEqual(['8']);
  });

  it('records the query: 110112 E, the patient returned, queryByParameter and our homeCommunityId', async () => {
    const { records } = await world.recording('ITI-55', () => ask());
    expect(records).toHaveLength(1);
    const [record] = records;
    if (!record) throw new Error('no record');
    expect(record).toMatchObject({
      event: '110112',
      action: 'E',
      outcome: '0',
      name: 'Cross Gateway Patient Discovery',
    });
    expectParticipants(record, { source: 'asker', endpoint: url });
    expect(record.objects.map(({ type, id }) => [type, id])).toEqual([
      ['1/1', `${regional.id}^^^&${regional.assigningAuthority}&ISO`],
      ['2/24', expect.any(String)],
    ]);
    expect(record.objects[1]?.query).toMatch(/^<(?:\w+:)?queryByParameter\b/);
    expect(record.objects[1]?.details['ihe:homeCommunityID']).toBe(east.homeCommunityId);
  });
});
