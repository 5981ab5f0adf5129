import { existsSync, readFileSync } from 'node:fs';
import type { PatientLocationResponse } from '../../../profiles/xcpd/iti-56.ts';
import { ITI_56 } from '../../../profiles/xcpd/iti-56.ts';
import { Fault, Refusal } from '../../../profiles/refusal.ts';
import { serializeXml } from '../../../profiles/formats/xml.ts';
import {
  decodeRequest,
  decodeResponse,
  FROZEN,
  opened,
  openedSample,
  openedXml,
  refusalOf,
} from '../../support/hl7v3-laws.ts';

const XCPD = 'urn:ihe:iti:xcpd:2009';
const QUERY = { requestedPatientId: { id: 'R-1&2', assigningAuthority: '2.999.392.32.3' } };
const ANSWER: PatientLocationResponse = {
  locations: [
    {
      homeCommunityId: 'urn:oid:2.999.392.33',
      correspondingPatientId: { id: 'w-1', assigningAuthority: '2.999.500.33' },
      ...QUERY,
    },
    {
      homeCommunityId: 'urn:oid:2.999.392.37',
      correspondingPatientId: { id: '<w-2>', assigningAuthority: '2.999.500.37' },
      ...QUERY,
    },
  ],
};

const ID = '<x:RequestedPatientId root="2.999.392.32.3" extension="R-1"/>';
const request = (content: string) =>
  openedXml(
    `<x:PatientLocationQueryRequest xmlns:x="${XCPD}">${content}</x:PatientLocationQueryRequest>`,
  );
const location = (content: string) =>
  openedXml(
    `<PatientLocationQueryResponse xmlns="${XCPD}"><PatientLocationResponse>${content}</PatientLocationResponse></PatientLocationQueryResponse>`,
  );
const HOME = '<HomeCommunityId>urn:oid:2.999.392.33</HomeCommunityId>';
const CORRESPONDING = '<CorrespondingPatientId root="2.999.500.33" extension="w-1"/>';
const REQUESTED = '<RequestedPatientId root="2.999.392.32.3" extension="R-1"/>';

describe('ITI-56 Patient Location Query', () => {
  it('has the actions and elements of the profile', () => {
    expect(ITI_56.wire.messages).toEqual([
      {
        action: 'urn:ihe:iti:2009:PatientLocationQuery',
        replyAction: 'urn:ihe:iti:2009:PatientLocationQueryResponse',
        body: { namespace: XCPD, name: 'PatientLocationQueryRequest' },
      },
    ]);
  });

  it('reads back what it writes; no location is an empty response', () => {
    const asked = opened(ITI_56.request.encode(QUERY));
    expect(decodeRequest(ITI_56, asked)).toEqual(QUERY);
    for (const answer of [ANSWER, { locations: [] }]) {
      const written = ITI_56.response.encode(answer, asked, FROZEN);
      expect(decodeResponse(ITI_56, opened(written))).toEqual(answer);
    }
  });

  it('reads the elements under any prefix, and an id in the namespace of its type', () => {
    const other = request(
      '<y:RequestedPatientId xmlns:y="urn:hl7-org:v3" root="2.999.1" extension="1"/>',
    );

    expect(decodeRequest(ITI_56, other)).toEqual({
      requestedPatientId: { id: '1', assigningAuthority: '2.999.1' },
    });
    expect(
      decodeResponse(ITI_56, location(HOME + CORRESPONDING + REQUESTED)).locations,
    ).toHaveLength(1);
  });

  it.each([
    ['another element', openedXml(`<x:PatientLocation xmlns:x="${XCPD}"/>`)],
    ['no id', request('')],
    ['two ids', request(ID + ID)],
    ['an id without extension', request('<x:RequestedPatientId root="2.999.1"/>')],
    ['a root that is no OID', request('<x:RequestedPatientId root="shimane" extension="1"/>')],
    [
      'an element of another schema',
      request('<RequestedPatientId xmlns="urn:x" root="2.999.1" extension="1"/>'),
    ],
  ])('refuses a request with %s: a fault of the Sender', (_what, message) => {
    const refused = refusalOf(() => decodeRequest(ITI_56, message));

    expect(refused).toBeInstanceOf(Fault);
    expect(refused).toMatchObject({ fault: 'Sender' });
    expect(refused.context).not.toContain('shimane');
  });

  it.each([
    ['without a community', CORRESPONDING + REQUESTED],
    ['with a community that is no URN', HOME.replace('urn:oid:', '') + CORRESPONDING + REQUESTED],
    ['without the corresponding id', HOME + REQUESTED],
    ['with its ids in another order', HOME + REQUESTED + CORRESPONDING],
    ['with one element more', HOME + CORRESPONDING + REQUESTED + REQUESTED],
  ])('refuses a location %s', (_what, content) => {
    expect(() => decodeResponse(ITI_56, location(content))).toThrow(Refusal);
  });

  it('refuses more than 1000 locations', () => {
    const one = ANSWER.locations.slice(0, 1);
    const many = { locations: Array.from({ length: 1001 }, () => one).flat() };
    const written = ITI_56.response.encode(many, opened(ITI_56.request.encode(QUERY)), FROZEN);

    expect(() => decodeResponse(ITI_56, opened(written))).toThrow(Refusal);
  });

  it('records the patient who was asked for, and the query as it was sent', () => {
    const query = ITI_56.request.encode(QUERY).xml;

    expect(ITI_56.audit.objects({ side: 'asker', request: QUERY, query })).toEqual([
      { kind: 'patient', patientId: QUERY.requestedPatientId },
      { kind: 'query', id: 'PatientLocationQueryRequest', text: query },
    ]);
    expect(ITI_56.audit.objects({ side: 'answerer', query: 'cut' })).toHaveLength(1);
  });

  const wsdl = '../shared/schemas/patient-identity/wsdl/iti56/iti56-raw.wsdl';
  (existsSync(wsdl) ? it : it.skip)('is what the published WSDL describes', () => {
    const text = readFileSync(wsdl, 'utf8');
    for (const { action, replyAction, body } of ITI_56.wire.messages) {
      expect(text).toContain(`wsam:Action="${action}"`);
      expect(text).toContain(`wsam:Action="${replyAction}"`);
      expect(text).toContain(`element="xcpd:${body.name}"`);
    }
    expect(serializeXml(opened(ITI_56.request.encode(QUERY)).body)).toContain(XCPD);
  });
});

describe('the published messages of ITI-56', () => {
  const request = openedSample('xcpd/iti56_request.xml');
  const response = openedSample('xcpd/iti56_response.xml');
  const requestedPatientId = {
    id: '38273N237',
    assigningAuthority: '1.2.840.114350.1.13.99997.2.3412',
  };

  (request === undefined ? it.skip : it)('ask where one patient is known', () => {
    if (request === undefined) return;
    expect(decodeRequest(ITI_56, request)).toEqual({ requestedPatientId });
  });

  (response === undefined ? it.skip : it)('tell of two communities, each with its own id', () => {
    if (response === undefined) return;
    expect(decodeResponse(ITI_56, response).locations).toEqual([
      {
        homeCommunityId: 'urn:oid:1.2.333495.30291',
        correspondingPatientId: {
          id: '38273N237',
          assigningAuthority: '1.2.840.114350.1.13.99997.12',
        },
        requestedPatientId,
      },
      {
        homeCommunityId: 'urn:oid:1.555.324.1.2.3',
        correspondingPatientId: { id: '7382931', assigningAuthority: '1.555.324.1.2.3.12' },
        requestedPatientId,
      },
    ]);
  });
});
