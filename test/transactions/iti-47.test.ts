import type { PatientId } from '../../profiles/patient.ts';
import { type DemographicsQuery, ITI_47 } from '../../profiles/pdq/iti-47.ts';
import { expectParticipants } from '../support/expectations.ts';
import { aDemographicsQuery } from '../support/hl7v3-builders.ts';
import { aPersonOf, regionOids, World } from '../support/world.ts';

const oids = regionOids(1);
const PARAMETERS = '/PRPA_IN201305UV02/controlActProcess/queryByParameter/parameterList';

describe('ITI-47 Patient Demographics Query HL7 V3 over the wire', () => {
  let world: World;
  let url: string;
  let regional: PatientId;
  const person = aPersonOf('Y-1');
  const criteria: DemographicsQuery['criteria'] = {
    livingSubjectName: person.names,
    livingSubjectBirthTime: { value: person.birthTime ?? '' },
  };

  beforeAll(async () => {
    world = await World.start();
    url = world.url('patient-identity');
    regional = await world.patient('Y-1');
    await world.patient('Y-2');
  });

  afterAll(() => world.stop());

  const query = (over: Partial<DemographicsQuery> = {}) =>
    aDemographicsQuery({ transmission: world.transmission(), criteria, ...over });
  const ask = async (over: Partial<DemographicsQuery> = {}) =>
    (await world.exchange(ITI_47, url, query(over))).response;

  it('finds a patient by name and birth date, with her demographics', async () => {
    const { acknowledgement, queryResponseCode, matches } = await ask();
    expect([acknowledgement, queryResponseCode]).toEqual(['AA', 'OK']);
    expect(matches).toHaveLength(1);
    expect(matches[0]?.demographics).toMatchObject({
      birthTime: person.birthTime,
      administrativeGender: person.administrativeGender,
    });
    expect(matches[0]?.degree).toBe(100);
  });

  it('finds her by an id, and returns the wanted domain alone', async () => {
    const { matches } = await ask({
      criteria: { livingSubjectId: [{ id: 'Y-1', assigningAuthority: oids.chartNumbers }] },
      scopingOrganizations: [oids.affinityDomain],
    });
    expect(matches.map(({ ids, otherIds }) => [ids, otherIds])).toEqual([[[regional], []]]);
  });

  it('answers NF when nobody fits', async () => {
    const { acknowledgement, queryResponseCode, matches } = await ask({
      criteria: { ...criteria, livingSubjectBirthTime: { value: '18990101' } },
    });
    expect([acknowledgement, queryResponseCode, matches]).toEqual(['AA', 'NF', []]);
  });

  it('answers unknown scoping organisations with AE and one 204 each, at its place', async () => {
    const { result, records } = await world.recording('ITI-47', () =>
      ask({ scopingOrganizations: ['2.999.404', oids.affinityDomain, '2.999.405'] }),
    );
    expect(result).toMatchObject({ acknowledgement: 'AE', queryResponseCode: 'AE', matches: [] });
    expect(result.details.map(({ code, location }) => [code, location])).toEqual([
      ['204', `${PARAMETERS}/otherIDsScopingOrganization[1]/value`],
      ['204', `${PARAMETERS}/otherIDsScopingOrganization[3]/value`],
    ]);
    for (const { text } of result.details) expect(text).toBeTruthy();
    expect(records.map(({ outcome }) => outcome)).toEqual(['8']);
  });

  it('answers a query without a criterion with AE and QE', async () => {
    const { response } = await world.exchange(ITI_47, url, query({ criteria: {} }));
    expect([response.acknowledgement, response.queryResponseCode]).toEqual(['AE', 'QE']);
    expect(response.details.map(({ code }) => code)).toEqual(['SYN100']);
  });

  it('records the query: 110112 E, each patient returned, and queryByParameter', async () => {
    const { records } = await world.recording('ITI-47', () => ask());
    expect(records).toHaveLength(1);
    const [record] = records;
    if (!record) throw new Error('no record');
    expect(record).toMatchObject({
      event: '110112',
      action: 'E',
      outcome: '0',
      name: 'Patient Demographics Query',
    });
    expectParticipants(record, { source: 'asker', endpoint: url });
    expect(record.objects.map(({ type, id }) => [type, id])).toEqual([
      ['1/1', `${regional.id}^^^&${regional.assigningAuthority}&ISO`],
      ['2/24', expect.any(String)],
    ]);
    expect(record.objects[1]?.query).toMatch(/^<(?:\w+:)?queryByParameter\b/);
  });

  it('answers in parts, continues by the queryId, and forgets what is cancelled', async () => {
    const queryId = { root: '2.999.7', extension: 'parts' };
    const everybody = { livingSubjectName: [{ family: '*', given: ['*'] }] };
    const first = await ask({ criteria: everybody, queryId, initialQuantity: 1 });
    const total = first.quantities?.total ?? 0;
    expect(first).toMatchObject({ acknowledgement: 'AA', quantities: { remaining: total - 1 } });
    expect(total).toBeGreaterThan(1);
    const more = async (kind: 'continue' | 'cancel') => {
      const transmission = world.transmission();
      const request = { kind, transmission, queryId, startResultNumber: 2 } as const;
      return await world.recording('ITI-47', async () =>
        world.exchange(ITI_47, url, request).then(({ response }) => response),
      );
    };
    const second = await more('continue');
    expect(second.result.matches).toHaveLength(1);
    expect(second.result.matches).not.toEqual(first.matches);
    expect(second.records.map(({ outcome }) => outcome)).toEqual(['0']);
    expect((await more('cancel')).result).toMatchObject({ acknowledgement: 'AA', matches: [] });
    const gone = await more('continue');
    expect(gone.result).toMatchObject({ acknowledgement: 'AE', queryResponseCode: 'QE' });
    expect(gone.records.map(({ outcome }) => outcome)).toEqual(['8']);
  });
});
