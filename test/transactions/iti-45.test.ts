import type { PatientId } from '../../profiles/patient.ts';
import { ITI_45, type PixQuery } from '../../profiles/pix/iti-45.ts';
import { expectParticipants } from '../support/expectations.ts';
import { aPixQuery } from '../support/hl7v3-builders.ts';
import { regionOids, World } from '../support/world.ts';

const oids = regionOids(1);
const PARAMETERS = '/PRPA_IN201309UV02/controlActProcess/queryByParameter/parameterList';

describe('ITI-45 PIXV3 Query over the wire', () => {
  let world: World;
  let url: string;
  let regional: PatientId;
  const chart = { id: 'X-1', assigningAuthority: oids.chartNumbers };

  beforeAll(async () => {
    world = await World.start();
    url = world.url('patient-identity');
    regional = await world.patient('X-1');
  });

  afterAll(() => world.stop());

  const query = (over: Partial<PixQuery>) =>
    aPixQuery({ transmission: world.transmission(), patientIdentifier: chart, ...over });
  const ask = async (over: Partial<PixQuery>) =>
    (await world.exchange(ITI_45, url, query(over))).response;

  it('answers with the ids of the wanted domain, and not with the queried one', async () => {
    expect(await ask({ dataSources: [oids.affinityDomain] })).toMatchObject({
      acknowledgement: 'AA',
      queryResponseCode: 'OK',
      ids: [regional],
    });
  });

  it('answers with the ids of all domains where none is named, from either end', async () => {
    expect((await ask({ dataSources: [] })).ids).toEqual([regional]);
    expect((await ask({ patientIdentifier: regional, dataSources: [] })).ids).toEqual([chart]);
  });

  it('answers NF when the wanted domain has no id of hers', async () => {
    expect(await ask({ dataSources: [oids.chartNumbers] })).toMatchObject({
      acknowledgement: 'AA',
      queryResponseCode: 'NF',
      ids: [],
    });
  });

  it.each([
    [
      'an unknown patient id',
      { patientIdentifier: { ...chart, id: 'nobody' }, dataSources: [oids.affinityDomain] },
      [`${PARAMETERS}/patientIdentifier/value`],
    ],
    [
      'a patient id of an unknown domain',
      { patientIdentifier: { id: 'X-1', assigningAuthority: '2.999.404' }, dataSources: [] },
      [`${PARAMETERS}/patientIdentifier/value`],
    ],
    ['an unknown data source', { dataSources: ['2.999.404'] }, [`${PARAMETERS}/dataSource/value`]],
    [
      'two unknown data sources',
      { dataSources: ['2.999.404', oids.affinityDomain, '2.999.405'] },
      [`${PARAMETERS}/dataSource[1]/value`, `${PARAMETERS}/dataSource[3]/value`],
    ],
  ])('answers %s with AE and 204 at its place', async (_what, over, locations) => {
    const { result, records } = await world.recording('ITI-45', () => ask(over));
    expect(result).toMatchObject({ acknowledgement: 'AE', queryResponseCode: 'AE', ids: [] });
    expect(result.details.map(({ code }) => code)).toEqual(locations.map(() => '204'));
    expect(result.details.map(({ location }) => location)).toEqual(locations);
    for (const { text } of result.details) expect(text).toBeTruthy();
    expect(records.map(({ outcome }) => outcome)).toEqual(['8']);
  });

  it('records the query: 110112 E, the queried id, those returned, and queryByParameter', async () => {
    const { records } = await world.recording('ITI-45', () => ask({ dataSources: [] }));
    expect(records).toHaveLength(1);
    const [record] = records;
    if (!record) throw new Error('no record');
    expect(record).toMatchObject({ event: '110112', action: 'E', outcome: '0', name: 'PIX Query' });
    expectParticipants(record, { source: 'asker', endpoint: url });
    const patients = record.objects.filter(({ type }) => type === '1/1').map(({ id }) => id);
    expect(patients.sort()).toEqual(
      [
        `${chart.id}^^^&${chart.assigningAuthority}&ISO`,
        `${regional.id}^^^&${regional.assigningAuthority}&ISO`,
      ].sort(),
    );
    const asked = record.objects.filter(({ type }) => type === '2/24');
    expect(asked).toHaveLength(1);
    expect(asked[0]?.idType).toBe('ITI-45');
    expect(asked[0]?.query).toMatch(/^<(?:\w+:)?queryByParameter\b/);
  });
});
