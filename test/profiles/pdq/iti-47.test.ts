import type { Opened } from '../../../profiles/formats/soap.ts';
import {
  type DemographicsCriteria,
  type DemographicsQuery,
  type DemographicsQueryResponse,
  ITI_47,
  unknownScopingOrganization,
} from '../../../profiles/pdq/iti-47.ts';
import {
  aDemographicsMatch,
  aDemographicsQuery,
  aDemographicsQueryResponse,
  aPatientId,
  aPerson,
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
  partOf,
  refusalOf,
} from '../../support/hl7v3-laws.ts';

const everyCriterion = {
  ...aDemographicsQuery().criteria,
  livingSubjectBirthTime: { low: '19700101', high: '19791231' },
  livingSubjectId: [aPatientId(), aPatientId({ id: '2' })],
  patientAddress: [{ city: '松江市' }, { streetAddressLine: ['1', '2'], use: 'H' }],
  patientTelecom: [{ value: 'tel:+81-852-00-0000' }],
  mothersMaidenName: [{ family: '旧姓', given: [] }],
};

const QUERIES: readonly [DemographicsQuery, ...DemographicsQuery[]] = [
  aDemographicsQuery(),
  aDemographicsQuery({
    criteria: everyCriterion,
    scopingOrganizations: ['2.999.5', '2.999.6'],
    initialQuantity: 10,
    minimumDegreeMatch: 75,
  }),
  aDemographicsQuery({ criteria: { livingSubjectBirthTime: { low: '197001010000+0900' } } }),
  aDemographicsQuery({ criteria: { livingSubjectId: [aPatientId()] } }),
];

const ANSWERS: readonly DemographicsQueryResponse[] = [
  aDemographicsQueryResponse(),
  aDemographicsQueryResponse({
    matches: [
      aDemographicsMatch({
        otherIds: [{ assigningAuthority: '2.999.5' }, aPatientId()],
        degree: 0,
        providerOrganization: '2.999.6',
        demographics: aPerson({ birthTime: '19700101093000', administrativeGender: undefined }),
      }),
      aDemographicsMatch({ ids: [], otherIds: [] }),
      aDemographicsMatch({ demographics: { names: [{ family: 'O’Neill <&>', given: [] }] } }),
    ],
  }),
  { acknowledgement: 'AA', queryResponseCode: 'NF', matches: [], details: [] },
  { acknowledgement: 'AR', queryResponseCode: 'QE', matches: [], details: [{ severity: 'E' }] },
];

const written = ITI_47.request.encode(QUERIES[1] ?? QUERIES[0]);
const plain = ITI_47.request.encode(QUERIES[0]);
const answer = ITI_47.response.encode(aDemographicsQueryResponse(), opened(plain), FROZEN);

/** What a query asks by; a continuation asks by nothing. */
function criteriaIn(opened: Opened): DemographicsCriteria {
  const request = decodeRequest(ITI_47, opened);
  return 'criteria' in request ? request.criteria : {};
}

describe('ITI-47 Patient Demographics Query HL7 V3', () => {
  keepsTheLaws(ITI_47, { requests: QUERIES, responses: ANSWERS });

  it.each([
    ['no criterion', /<parameterList>.*<\/parameterList>/, '<parameterList/>', 'SYN100'],
    [
      'a scoping organisation and no criterion',
      /<parameterList>.*<\/parameterList>/,
      '<parameterList><otherIDsScopingOrganization><value root="2.999.5"/></otherIDsScopingOrganization></parameterList>',
      'SYN100',
    ],
    ['a parameter that the schema does not know', '<parameterList>', '$&<shoeSize/>', 'SYN110'],
    ['a parameter without a value', /<value [^>]*code="M"[^>]*>/, '', 'SYN100'],
    ['two sexes', /<value [^>]*code="M"[^>]*>/, '$&$&', 'SYN110'],
    ['two birth dates', /<livingSubjectBirthTime>.*<\/livingSubjectBirthTime>/, '$&$&', 'SYN110'],
    ['a bound that is left out', '<low ', '<low inclusive="false" ', 'SYN103'],
    [
      'a width instead of a bound',
      '<high value="19791231"/>',
      '<width value="1" unit="d"/>',
      'SYN102',
    ],
    ['a birth date that says nothing', /<low .*?\/><high .*?\/>/, '', 'SYN102'],
    ['an id without extension', /(<value root="2.999.1.10.1") extension="2"/, '$1', 'SYN101'],
    [
      'an initialQuantity of zero',
      '<initialQuantity value="10"',
      '<initialQuantity value="0"',
      'SYN102',
    ],
    ['a degree beyond 100', 'value="75"', 'value="101"', 'SYN102'],
    ['a scoping organisation that is no OID', 'root="2.999.5"', 'root="five"', 'SYN102'],
    [
      'a hundred and one names',
      /<livingSubjectName>.*<\/livingSubjectName>/,
      '$&'.repeat(101),
      'SYN110',
    ],
  ])('refuses %s', (_what, piece, by, code) => {
    expect(refusalOf(() => decodeRequest(ITI_47, altered(written, piece, by))).code).toBe(code);
  });

  it('refuses a name that is empty beside other parameters, and passes over one that is null', () => {
    const asking = (value: string) =>
      altered(
        plain,
        /<livingSubjectName>.*<\/livingSubjectName>/,
        `<livingSubjectName>${value}</livingSubjectName>`,
      );
    expect(
      refusalOf(() => decodeRequest(ITI_47, asking('<value><family/></value>'))),
    ).toMatchObject({ code: 'SYN101' });
    expect(criteriaIn(asking('<value nullFlavor="UNK"/>'))).not.toHaveProperty('livingSubjectName');
  });

  it('takes several values of one parameter, in one element or in many, as one list', () => {
    const name =
      '<value><family>試験</family></value><semanticsText>LivingSubject.name</semanticsText>';
    const more = altered(
      plain,
      '</parameterList>',
      `<livingSubjectName>${name}</livingSubjectName></parameterList>`,
    );
    expect(criteriaIn(more).livingSubjectName).toHaveLength(4);
  });

  it('leaves out what nothing here looks at, such as the place of birth', () => {
    const place =
      '<livingSubjectBirthPlaceName><value>松江</value><semanticsText/></livingSubjectBirthPlaceName>';
    expect(decodeRequest(ITI_47, altered(plain, '<parameterList>', `$&${place}`))).toEqual(
      QUERIES[0],
    );
  });

  it('counts its results, and says that none remain', () => {
    const queryAck = partOf(answer, 'controlActProcess', 'queryAck') ?? '';
    expect(queryAck).toContain('<resultTotalQuantity value="1"/>');
    expect(queryAck).toContain('<resultCurrentQuantity value="1"/>');
    expect(queryAck).toContain('<resultRemainingQuantity value="0"/>');
  });

  it('tells a wanted domain in which the patient has no id by a null id', () => {
    const xml = ITI_47.response.encode(
      ANSWERS[1] ?? aDemographicsQueryResponse(),
      opened(plain),
      FROZEN,
    ).xml;
    expect(xml).toContain('<asOtherIDs classCode="PAT"><id nullFlavor="NA"/><scopingOrganization');
  });

  it('refuses an unknown scoping organisation with AE and 204, at its place', () => {
    const query = QUERIES[1] ?? QUERIES[0];
    const refusal = unknownScopingOrganization(query, 1);
    const body = ITI_47.refusal([refusal], opened(written), FROZEN);
    const response = decodeResponse(ITI_47, opened(body));
    expect(response).toMatchObject({ acknowledgement: 'AE', queryResponseCode: 'AE', matches: [] });
    expect(response.details).toEqual([
      {
        severity: 'E',
        code: '204',
        text: 'unknown scoping organization',
        location:
          '/PRPA_IN201305UV02/controlActProcess/queryByParameter/parameterList/otherIDsScopingOrganization[2]/value',
      },
    ]);
    expect(
      unknownScopingOrganization({ ...query, scopingOrganizations: ['2.999.5'] }, 0).location,
    ).toContain('/otherIDsScopingOrganization/value');
    expect(body.xml).not.toContain('resultTotalQuantity');
  });

  it.each([
    ['a patient without a degree of match', /<subjectOf1>.*<\/subjectOf1>/, '', 'SYN100'],
    ['a degree that is null', 'value="100"', 'nullFlavor="NI"', 'SYN101'],
    ['a degree that is no number', 'value="100"', 'value="high"', 'SYN102'],
    [
      'a custodian without an id',
      /<assignedEntity classCode="ASSIGNED"><id [^>]*>/,
      '<assignedEntity classCode="ASSIGNED">',
      'SYN100',
    ],
    [
      'a registration that is not active',
      '<registrationEvent classCode="REG" moodCode="EVN"><statusCode code="active"',
      '<registrationEvent classCode="REG" moodCode="EVN"><statusCode code="obsolete"',
      'SYN103',
    ],
    [
      'another id without authority',
      /(<asOtherIDs classCode="PAT">)<id [^>]*>/,
      '$1<id/>',
      'SYN101',
    ],
    [
      'an acknowledgement without a code',
      '<typeCode code="AA"/>',
      '<typeCode nullFlavor="NI"/>',
      'SYN101',
    ],
    [
      'more than a thousand patients',
      /<subject .*<\/subject>/,
      '<subject/>'.repeat(1001),
      'SYN110',
    ],
  ])('refuses an answer with %s', (_what, piece, by, code) => {
    expect(refusalOf(() => decodeResponse(ITI_47, altered(answer, piece, by))).code).toBe(code);
  });

  it('records each patient that is returned, and the query', () => {
    const response = aDemographicsQueryResponse({
      matches: [aDemographicsMatch(), aDemographicsMatch({ ids: [] })],
    });
    const objects = ITI_47.audit.objects({ side: 'asker', response, query: plain.xml });
    expect(objects).toHaveLength(2);
    expect(objects[0]).toEqual({ kind: 'patient', patientId: aDemographicsMatch().ids[0] });
    expect(objects[1]).toMatchObject({ kind: 'query', id: `${SAMPLE_OIDS.hospital}^q-2` });
    expect(ITI_47.audit.objects({ side: 'answerer' })).toEqual([
      { kind: 'query', id: 'unknown', text: '' },
    ]);
    expect(ITI_47.audit.action({ side: 'asker' })).toBe('E');
  });
});

describe.each([
  ['hl7v3/iti47_PRPA_IN201305UV02_query.xml', 4],
  ['hl7v3/iti47_PRPA_IN201305UV02_query_maximal.xml', 4],
  ['hl7v3/iti47_PRPA_IN201305UV02_query_by-id.xml', 1],
  ['hl7v3/iti47_PRPA_IN201305UV02_connectathon2011.xml', 1],
] as const)('the query %s', (name, criteria) => {
  const sample = openedSample(name);

  (sample === undefined ? it.skip : it)('is read', () => {
    if (sample === undefined) return;
    expect(Object.keys(criteriaIn(sample))).toHaveLength(criteria);
  });
});

describe.each([
  ['hl7v3/iti47_PRPA_IN201306UV02_response.xml', 7],
  ['hl7v3/iti47_PRPA_IN201306UV02_response_empty.xml', 0],
  ['hl7v3/iti47_PRPA_IN201306UV02_response_maximal.xml', 1],
  ['hl7v3/iti47_PRPA_IN201306UV02_connectathon2011.xml', 2],
] as const)('the answer %s', (name, matches) => {
  const sample = openedSample(name);

  (sample === undefined ? it.skip : it)('is read', () => {
    if (sample === undefined) return;
    expect(decodeResponse(ITI_47, sample).matches).toHaveLength(matches);
  });
});
