import { Refusal } from '../../../profiles/refusal.ts';
import {
  ITI_55,
  type PatientDiscovery,
  type PatientDiscoveryResponse,
} from '../../../profiles/xcpd/iti-55.ts';
import {
  aDiscoveredPatient,
  aPatientDiscovery,
  aPatientDiscoveryResponse,
  aPatientId,
  SAMPLE_OIDS,
  SHIKEN_TARO,
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
import { v3SchemaErrors, v3SchemasPresent } from '../../support/hl7v3-schema.ts';

const QUERIES: readonly [PatientDiscovery, ...PatientDiscovery[]] = [
  aPatientDiscovery(),
  aPatientDiscovery({
    criteria: { livingSubjectId: [aPatientId()] },
    reverseAuthority: undefined,
    correlationTimeToLive: undefined,
    minimumDegreeMatch: 100,
  }),
  aPatientDiscovery({
    criteria: {
      livingSubjectName: SHIKEN_TARO,
      livingSubjectBirthTime: { value: '19700101' },
      patientTelecom: [{ value: 'tel:+81-852-00-0000', use: 'HP' }],
    },
  }),
];

const none = { matches: [], correlationTimeToLive: undefined } as const;

/** The five answers, and an id of another domain beside. */
const ANSWERS: readonly PatientDiscoveryResponse[] = [
  aPatientDiscoveryResponse(),
  aPatientDiscoveryResponse({
    matches: [
      aDiscoveredPatient({ otherIds: [aPatientId()], supportsHealthDataLocator: true, degree: 92 }),
      aDiscoveredPatient({ homeCommunityId: 'urn:oid:2.999.9' }),
    ],
  }),
  aPatientDiscoveryResponse({
    ...none,
    requestedDemographics: ['PatientAddressRequested', 'PatientTelecomRequested'],
  }),
  aPatientDiscoveryResponse({ ...none, queryResponseCode: 'NF' }),
  aPatientDiscoveryResponse({
    ...none,
    acknowledgement: 'AE',
    queryResponseCode: 'AE',
    issue: 'ResponderBusy',
    details: [{ severity: 'E', code: 'INTERR', text: 'busy' }],
  }),
];

const written = ITI_55.request.encode(aPatientDiscovery());
const answer = ITI_55.response.encode(aPatientDiscoveryResponse(), opened(written), FROZEN);

describe('ITI-55 Cross Gateway Patient Discovery', () => {
  keepsTheLaws(ITI_55, { requests: QUERIES, responses: ANSWERS });

  it('has actions of its own', () => {
    expect(ITI_55.wire.messages).toMatchObject([
      {
        action: 'urn:hl7-org:v3:PRPA_IN201305UV02:CrossGatewayPatientDiscovery',
        replyAction: 'urn:hl7-org:v3:PRPA_IN201306UV02:CrossGatewayPatientDiscovery',
      },
      {
        action: 'urn:hl7-org:v3:PRPA_IN201305UV02:Deferred:CrossGatewayPatientDiscovery',
        replyAction: 'urn:hl7-org:v3:MCCI_IN000002UV01',
      },
    ]);
  });

  it('says of a query that wants its answer later that it does not speak the Deferred Response Option', () => {
    const deferred = opened(
      written,
      'urn:hl7-org:v3:PRPA_IN201305UV02:Deferred:CrossGatewayPatientDiscovery',
    );
    const refusal = refusalOf(() => decodeRequest(ITI_55, deferred));
    expect(refusal.code).toBe('NS250');
    const { xml } = ITI_55.refusal([refusal], deferred, FROZEN);
    if (v3SchemasPresent) expect(v3SchemaErrors(xml)).toEqual([]);
    expect(xml).toMatch(/^<MCCI_IN000002UV01 /);
    expect(xml).toContain('<acknowledgement><typeCode code="AE"/><targetMessage>');
    expect(xml).toContain('<code code="NS250" codeSystem="2.16.840.1.113883.5.1100"/>');
    expect(xml).not.toContain('controlActProcess');
  });

  it('writes homeCommunityIds as plain OIDs, without an extension', () => {
    const path = ['device', 'asAgent', 'representedOrganization', 'id'];
    expect(partOf(written, 'sender', ...path)).toContain(`root="${SAMPLE_OIDS.community}"/>`);
    expect(partOf(written, 'receiver', ...path)).toContain(
      `root="${SAMPLE_OIDS.otherCommunity}"/>`,
    );
    expect(written.xml + answer.xml).not.toContain('urn:oid:');
  });

  it('writes the holder as custodian, and exactly one id', () => {
    expect(answer.xml).toContain(
      `<assignedEntity classCode="ASSIGNED"><id root="${SAMPLE_OIDS.otherCommunity}"/><code code="NotHealthDataLocator" codeSystem="1.3.6.1.4.1.19376.1.2.27.2"/>`,
    );
    expect(answer.xml).toMatch(/<patient classCode="PAT"><id [^>]*\/><statusCode/);
  });

  it('leaves the quantities out', () => {
    expect(answer.xml).not.toMatch(/result(?:Total|Current|Remaining)Quantity/);
  });

  it('says how long a correlation may be kept, both ways, in a header', () => {
    const header =
      '<xcpd:CorrelationTimeToLive xmlns:xcpd="urn:ihe:iti:xcpd:2009">P7D</xcpd:CorrelationTimeToLive>';
    expect(written.headers).toBe(header);
    expect(answer.headers).toBe(header);
  });

  it.each([
    ['is negative', 'P7D', '-P7D'],
    ['is no duration', 'P7D', 'a week'],
    ['stands twice', /^.*$/, '$&$&'],
  ])('keeps nothing where that header %s', (_what, piece, by) => {
    const headers = written.headers?.replace(piece, by);
    const query = decodeRequest(ITI_55, opened({ ...written, headers }));
    expect(query).toEqual(aPatientDiscovery({ correlationTimeToLive: undefined }));
  });

  it.each([
    [
      'a name without a birth date or an id',
      /<livingSubjectBirthTime>.*<\/livingSubjectId>/,
      '',
      'SYN100',
    ],
    [
      'a birth date without a name or an id',
      /<livingSubjectId>.*<\/livingSubjectName>/,
      '',
      'SYN100',
    ],
    ['a name to be searched fuzzily', 'use="L IDE"', 'use="SRCH IDE"', 'SYN103'],
    ['a sender without a community', /(<sender .*)<asAgent .*?<\/asAgent>/, '$1', 'SYN100'],
    ['a community as a URN', `root="${SAMPLE_OIDS.community}"`, 'root="urn:oid:2.999.1"', 'SYN102'],
  ])('refuses %s', (_what, piece, by, code) => {
    expect(refusalOf(() => decodeRequest(ITI_55, altered(written, piece, by))).code).toBe(code);
  });

  it.each([
    ['the code of the refusal, if it is one of the list', 'ResponderBusy', 'ResponderBusy', 'AE'],
    ['InternalError for a failure of ours', 'INTERR', 'InternalError', 'AE'],
    ['AnswerNotAvailable for anything else', 'SYN100', 'AnswerNotAvailable', 'QE'],
  ])('refuses with AE and %s', (_what, code, issue, queryResponseCode) => {
    const body = ITI_55.refusal([new Refusal(code, 'not now')], opened(written), FROZEN);
    const response = decodeResponse(ITI_55, opened(body));
    expect(response).toMatchObject({
      acknowledgement: 'AE',
      queryResponseCode,
      issue,
      matches: [],
    });
    expect(body.xml).toContain(`code="${issue}" codeSystem="1.3.6.1.4.1.19376.1.2.27.3"`);
  });

  it.each([
    ['two ids of one patient', /<id [^>]*extension="R-2"\/>/, '$&$&', 'SYN110'],
    ['a patient without an id', /<id [^>]*extension="R-2"\/>/, '<id nullFlavor="NI"/>', 'SYN100'],
    ['a custodian without a community', /(<assignedEntity [^>]*>)<id [^>]*>/, '$1<id/>', 'SYN101'],
    ['another custodian code', 'NotHealthDataLocator', 'Perhaps', 'SYN103'],
  ])('refuses an answer with %s', (_what, piece, by, code) => {
    expect(refusalOf(() => decodeResponse(ITI_55, altered(answer, piece, by))).code).toBe(code);
  });

  it('tolerates the codes and the misspelling that peers are known to send, and no others', () => {
    const wish = ANSWERS[2] ?? aPatientDiscoveryResponse();
    const body = ITI_55.response.encode(wish, opened(written), FROZEN);
    const misspelt = altered(body, 'PatientAddressRequested', 'PatientAdressRequested');
    expect(decodeResponse(ITI_55, misspelt)).toEqual(wish);
    const number = altered(body, 'PatientAddressRequested', 'SSNRequested');
    expect(decodeResponse(ITI_55, number).requestedDemographics[0]).toBe('SSNRequested');
    const other = altered(body, 'PatientAddressRequested', 'ShoeSizeRequested');
    expect(refusalOf(() => decodeResponse(ITI_55, other)).code).toBe('SYN103');
  });

  it('takes an OK without a patient and without a wish as no match', () => {
    const empty = aPatientDiscoveryResponse({ matches: [] });
    const body = ITI_55.response.encode(empty, opened(written), FROZEN);
    expect(decodeResponse(ITI_55, opened(body))).toEqual(empty);
  });

  it('records no patient where it asks, and each that it returns where it answers', () => {
    const exchange = {
      request: aPatientDiscovery(),
      response: aPatientDiscoveryResponse(),
      query: written.xml,
    };
    const [asked, ...rest] = ITI_55.audit.objects({ ...exchange, side: 'asker' });
    expect(rest).toEqual([]);
    expect(asked).toMatchObject({
      kind: 'query',
      id: `${SAMPLE_OIDS.identityDevice}^q-3`,
      details: [{ type: 'ihe:homeCommunityID', value: `urn:oid:${SAMPLE_OIDS.otherCommunity}` }],
    });
    const answered = ITI_55.audit.objects({ ...exchange, side: 'answerer' });
    expect(answered[0]).toEqual({ kind: 'patient', patientId: aDiscoveredPatient().id });
    expect(ITI_55.audit.objects({ side: 'answerer', query: '<a/>' })).toEqual([
      { kind: 'query', id: 'unknown', text: '<a/>' },
    ]);
    expect(ITI_55.audit.action({ side: 'asker' })).toBe('E');
  });

  it('refuses an acknowledgement of the deferred option as an answer', () => {
    const other = openedXml(answer.xml.replaceAll('PRPA_IN201306UV02', 'MCCI_IN000002UV01'));
    expect(refusalOf(() => decodeResponse(ITI_55, other)).code).toBe('NS200');
  });
});

describe.each(['xcpd/iti55_request.xml', 'xcpd/ja_iti55_request.xml'])('the query %s', (name) => {
  const sample = openedSample(name);

  (sample === undefined ? it.skip : it)('is read', () => {
    if (sample === undefined) return;
    expect(decodeRequest(ITI_55, sample).criteria.livingSubjectName?.[0]?.family).not.toBe('');
  });
});

describe.each([
  [
    'xcpd/ja_iti55_response_case1_one-match.xml',
    { acknowledgement: 'AA', queryResponseCode: 'OK' },
    1,
  ],
  [
    'xcpd/ja_iti55_response_case2_two-matches.xml',
    { acknowledgement: 'AA', queryResponseCode: 'OK' },
    2,
  ],
  [
    'xcpd/ja_iti55_response_case3_more-demographics.xml',
    { requestedDemographics: ['PatientTelecomRequested'] },
    0,
  ],
  [
    'xcpd/ja_iti55_response_case4_no-match.xml',
    { acknowledgement: 'AA', queryResponseCode: 'NF' },
    0,
  ],
  [
    'xcpd/ja_iti55_response_case5_answer-not-available.xml',
    { acknowledgement: 'AE', issue: 'AnswerNotAvailable' },
    0,
  ],
  ['xcpd/iti55_response.xml', { acknowledgement: 'AA', queryResponseCode: 'OK' }, 2],
  ['xcpd/iti55_response_metriport_match.xml', { queryResponseCode: 'OK' }, 1],
  ['xcpd/iti55_response_metriport_match_multi_addr_name.xml', { queryResponseCode: 'OK' }, 1],
  ['xcpd/iti55_response_metriport_match_no_addresses.xml', { queryResponseCode: 'OK' }, 1],
  ['xcpd/iti55_response_metriport_no_match.xml', { queryResponseCode: 'NF' }, 0],
  ['xcpd/iti55_response_metriport_error.xml', { acknowledgement: 'AE', issue: 'InternalError' }, 0],
] as const)('the answer %s', (name, expected, matches) => {
  const sample = openedSample(name);

  (sample === undefined ? it.skip : it)('is read', () => {
    if (sample === undefined) return;
    const response = decodeResponse(ITI_55, sample);
    expect(response).toMatchObject(expected);
    expect(response.matches).toHaveLength(matches);
  });
});

describe('samples that cannot be used', () => {
  const later = openedSample('xcpd/iti55_request_deferred.xml');
  (later === undefined ? it.skip : it)(
    'a query of the Deferred Response Option is refused: its processing mode is not T',
    () => {
      if (later === undefined) return;
      expect(refusalOf(() => decodeRequest(ITI_55, later)).code).toBe('NS250');
    },
  );

  const query = openedSample('xcpd/iti55_request_NIST_toolkit2.xml');
  const nowhere = openedSample('xcpd/iti55_response_NIST_toolkit2.xml');
  const deferred = openedSample('xcpd/ja_iti55_MCCI_deferred-not-supported_NS250.xml');

  (query === undefined ? it.skip : it)(
    'a query whose placeholders were never filled in is refused',
    () => {
      if (query === undefined) return;
      expect(refusalOf(() => decodeRequest(ITI_55, query)).code).toBe('SYN103');
    },
  );

  (nowhere === undefined ? it.skip : it)(
    'a match that names no community, born in month 97, is refused',
    () => {
      if (nowhere === undefined) return;
      expect(refusalOf(() => decodeResponse(ITI_55, nowhere)).code).toMatch(/^SYN10[12]$/);
    },
  );

  (deferred === undefined ? it.skip : it)(
    'an acknowledgement of the deferred option is refused',
    () => {
      if (deferred === undefined) return;
      expect(refusalOf(() => decodeResponse(ITI_55, deferred)).code).toBe('NS200');
    },
  );
});
