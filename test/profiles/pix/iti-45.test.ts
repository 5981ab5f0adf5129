import {
  ITI_45,
  type PixQuery,
  type PixQueryResponse,
  unknownDataSource,
  unknownPatientIdentifier,
} from '../../../profiles/pix/iti-45.ts';
import {
  aPatientId,
  aPixQuery,
  aPixQueryResponse,
  SAMPLE_OIDS,
} from '../../support/hl7v3-builders.ts';
import {
  altered,
  decodeRequest,
  decodeResponse,
  FROZEN,
  keepsTheLaws,
  opened,
  openedSample,
  openedXml,
  partOf,
  refusalOf,
} from '../../support/hl7v3-laws.ts';

const QUERIES: readonly [PixQuery, ...PixQuery[]] = [
  aPixQuery(),
  aPixQuery({ dataSources: [] }),
  aPixQuery({ dataSources: ['2.999.5', '2.999.6'], queryId: { root: '2.999.3' } }),
];

const ANSWERS: readonly PixQueryResponse[] = [
  aPixQueryResponse(),
  aPixQueryResponse({
    ids: [aPatientId({ id: 'R-1', assigningAuthority: '2.999.5' }), aPatientId({ id: '患者-2' })],
  }),
  { acknowledgement: 'AA', queryResponseCode: 'NF', ids: [], details: [] },
  {
    acknowledgement: 'AE',
    queryResponseCode: 'AE',
    ids: [],
    details: [{ severity: 'E', code: '204', text: 'unknown', location: '/a/b[2]/value' }],
  },
];

const written = ITI_45.request.encode(aPixQuery());
const answer = ITI_45.response.encode(aPixQueryResponse(), opened(written), FROZEN);

describe('ITI-45 PIXV3 Query', () => {
  keepsTheLaws(ITI_45, { requests: QUERIES, responses: ANSWERS });

  it.each([
    ['no patientIdentifier', /<patientIdentifier>.*<\/patientIdentifier>/, '', 'SYN100'],
    ['two patientIdentifiers', /<patientIdentifier>.*<\/patientIdentifier>/, '$&$&', 'SYN110'],
    ['a patientIdentifier without extension', / extension="0001234"/, '', 'SYN101'],
    [
      'a dataSource without a value, which would ask for all',
      /<value root="2.999.1.1"\/>/,
      '',
      'SYN100',
    ],
    ['a dataSource that is no OID', /root="2.999.1.1"/, 'root="region"', 'SYN102'],
    ['no queryId', /<queryId .*?\/>/, '', 'SYN100'],
    ['a hundred and one dataSources', /<dataSource>.*<\/dataSource>/, '$&'.repeat(101), 'SYN110'],
  ])('refuses %s', (_what, piece, by, code) => {
    expect(refusalOf(() => decodeRequest(ITI_45, altered(written, piece, by))).code).toBe(code);
  });

  it('repeats the query as it was sent, prefixes, types and all', () => {
    const request = opened({
      xml: written.xml
        .replace('<queryByParameter>', '<queryByParameter xmlns:v="urn:hl7-org:v3">')
        .replace('<queryId ', '<queryId xsi:type="v:II" '),
    });
    const body = ITI_45.response.encode(aPixQueryResponse(), request, FROZEN);
    const echo = opened({ xml: partOf(body, 'controlActProcess', 'queryByParameter') ?? '' });
    const sent = opened({
      xml: partOf({ xml: written.xml }, 'controlActProcess', 'queryByParameter') ?? '',
    });
    const [queryId] = echo.body.children;
    expect(typeof queryId === 'object' && queryId.bindings?.get('v')).toBe('urn:hl7-org:v3');
    expect(echo.body.children.slice(1)).toEqual(sent.body.children.slice(1));
  });

  it('answers the queryId, and that the response was delivered', () => {
    expect(partOf(answer, 'controlActProcess', 'queryAck', 'queryId')).toContain('extension="q-1"');
    expect(partOf(answer, 'controlActProcess', 'queryAck', 'statusCode')).toContain(
      'deliveredResponse',
    );
    expect(answer.xml).not.toContain('resultTotalQuantity');
  });

  it('withholds the name, and names the domain of one of the ids as provider organisation', () => {
    expect(answer.xml).toContain('<name nullFlavor="NA"/>');
    expect(answer.xml).toContain(
      `<providerOrganization classCode="ORG" determinerCode="INSTANCE"><id root="${SAMPLE_OIDS.affinityDomain}"/>`,
    );
  });

  it('collects ids from patient and from asOtherIDs', () => {
    const other =
      '$&<asOtherIDs classCode="PAT"><id root="2.999.8" extension="Z"/><scopingOrganization classCode="ORG" determinerCode="INSTANCE"><id root="2.999.8"/></scopingOrganization></asOtherIDs>';
    const response = decodeResponse(ITI_45, altered(answer, '<name nullFlavor="NA"/>', other));
    expect(response.ids.map(({ id }) => id)).toEqual(['R-1', 'Z']);
  });

  it('refuses an unknown patient id, and each unknown domain at its place, with AE and 204', () => {
    const query = aPixQuery({ dataSources: ['2.999.5', '2.999.6'] });
    const refusals = [unknownPatientIdentifier(), unknownDataSource(query, 1)];
    const request = opened(ITI_45.request.encode(query));
    const body = ITI_45.refusal(refusals, request, FROZEN);
    const parameters = '/PRPA_IN201309UV02/controlActProcess/queryByParameter/parameterList';
    expect(decodeResponse(ITI_45, opened(body))).toEqual({
      acknowledgement: 'AE',
      queryResponseCode: 'AE',
      ids: [],
      details: [
        {
          severity: 'E',
          code: '204',
          text: 'unknown patient identifier',
          location: `${parameters}/patientIdentifier/value`,
        },
        {
          severity: 'E',
          code: '204',
          text: 'unknown data source',
          location: `${parameters}/dataSource[2]/value`,
        },
      ],
    });
    expect(partOf(body, 'controlActProcess', 'queryAck', 'statusCode')).toContain('aborted');
    expect(unknownDataSource(aPixQuery(), 0).location).toBe(`${parameters}/dataSource/value`);
  });

  it('says where an unknown domain stands that shares its dataSource with another', () => {
    const query = aPixQuery({ dataSources: ['2.999.5', '2.999.6', '2.999.7'] });
    const between = /<semanticsText>DataSource.id<\/semanticsText><\/dataSource><dataSource>/;
    const request = altered(ITI_45.request.encode(query), between, '');
    expect(decodeRequest(ITI_45, request)).toEqual(query);
    const refusals = [1, 2].map((index) => unknownDataSource(query, index));
    const said = decodeResponse(ITI_45, opened(ITI_45.refusal(refusals, request, FROZEN)));
    const places = said.details.map(({ location }) => location?.split('/parameterList/')[1]);
    expect(places).toEqual(['dataSource[1]/value[2]', 'dataSource[2]/value']);
  });

  it('calls a fault of the query QE', () => {
    const request = altered(written, / extension="0001234"/, '');
    const refusal = refusalOf(() => decodeRequest(ITI_45, request));
    const response = decodeResponse(ITI_45, opened(ITI_45.refusal([refusal], request, FROZEN)));
    expect(response.queryResponseCode).toBe('QE');
    expect(response.details[0]?.location).toBe(
      '/PRPA_IN201309UV02/controlActProcess/queryByParameter/parameterList/patientIdentifier/value',
    );
  });

  it('refuses an answer that is none', () => {
    expect(refusalOf(() => decodeResponse(ITI_45, opened(written))).code).toBe('NS200');
    const unknown = altered(answer, '<queryResponseCode code="OK"', '<queryResponseCode code="XX"');
    expect(refusalOf(() => decodeResponse(ITI_45, unknown)).code).toBe('SYN103');
    const severity = altered(answer, '</targetMessage>', '$&<acknowledgementDetail typeCode="X"/>');
    expect(refusalOf(() => decodeResponse(ITI_45, severity)).code).toBe('SYN103');
  });

  it('records the queried id, the ids found, and the query as it was sent', () => {
    const objects = ITI_45.audit.objects({
      side: 'answerer',
      request: aPixQuery(),
      response: aPixQueryResponse(),
      query: written.xml,
    });
    expect(objects.slice(0, 2)).toEqual([
      { kind: 'patient', patientId: aPatientId() },
      { kind: 'patient', patientId: aPixQueryResponse().ids[0] },
    ]);
    const [, , query] = objects;
    expect(query).toMatchObject({ kind: 'query', id: `${SAMPLE_OIDS.hospital}^q-1` });
    expect(query?.kind === 'query' && opened({ xml: query.text }).body.name).toBe(
      'queryByParameter',
    );
    expect(ITI_45.audit.action({ side: 'asker' })).toBe('E');
  });

  it('records a query that could not be read as it came', () => {
    expect(ITI_45.audit.objects({ side: 'answerer', query: '<a' })).toEqual([
      { kind: 'query', id: 'unknown', text: '<a' },
    ]);
  });
});

describe.each([
  'hl7v3/iti45_PRPA_IN201309UV02_query.xml',
  'hl7v3/iti45_PRPA_IN201309UV02_mesa10501-04.xml',
  'hl7v3/iti45_PRPA_IN201309UV02_mesa10501-05.xml',
  'hl7v3/iti45_PRPA_IN201309UV02_unknown-id.xml',
  'hl7v3/iti45_PRPA_IN201309UV02_unknown-assigning-authority.xml',
])('the query %s', (name) => {
  const sample = openedSample(name);

  (sample === undefined ? it.skip : it)('is read', () => {
    if (sample === undefined) return;
    expect(decodeRequest(ITI_45, sample).patientIdentifier.id).not.toBe('');
  });
});

describe.each([
  ['hl7v3/iti45_PRPA_IN201310UV02_response.xml', 'OK', 3, undefined],
  ['hl7v3/iti45_PRPA_IN201310UV02_response_tutorial.xml', 'OK', 3, undefined],
  ['hl7v3/ja_iti45_PRPA_IN201310UV02_case3_nf.xml', 'NF', 0, undefined],
  ['hl7v3/ja_iti45_PRPA_IN201310UV02_case4_unknown-id.xml', 'AE', 0, '204'],
  ['hl7v3/ja_iti45_PRPA_IN201310UV02_case5_unknown-domain.xml', 'AE', 0, '204'],
] as const)('the answer %s', (name, queryResponseCode, ids, code) => {
  const sample = openedSample(name);

  (sample === undefined ? it.skip : it)('is read', () => {
    if (sample === undefined) return;
    const response = decodeResponse(ITI_45, sample);
    expect(response.queryResponseCode).toBe(queryResponseCode);
    expect(response.ids).toHaveLength(ids);
    expect(response.details[0]?.code).toBe(code);
  });
});

describe('a request in another namespace', () => {
  it('is refused', () => {
    const other = openedXml(
      written.xml.replace('xmlns="urn:hl7-org:v3"', 'xmlns="urn:hl7-org:v2"'),
    );
    expect(refusalOf(() => decodeRequest(ITI_45, other)).code).toBe('NS200');
  });
});
