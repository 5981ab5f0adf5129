import { CATALOGUE, findByAction, findTransaction } from '../../profiles/catalogue.ts';
import { bytesContent } from '../../profiles/formats/mtom.ts';
import { parseXml } from '../../profiles/formats/xml.ts';
import { Refusal, refusalsOf } from '../../profiles/refusal.ts';
import { objectOfText, textOfObject } from '../../profiles/xds/registry-object-text.ts';
import { findDocumentsForMultiplePatients } from '../../profiles/xds/multi-patient-query-builders.ts';
import { findDocuments, getDocuments } from '../../profiles/xds/stored-query-builders.ts';
import {
  aDemographicsMatch,
  aDemographicsQuery,
  aDemographicsQueryResponse,
  aPatientDiscovery,
  aPatientDiscoveryResponse,
  aPatientIdentityFeed,
  aPatientMerge,
  aPixQuery,
  aPixQueryResponse,
} from '../support/hl7v3-builders.ts';
import {
  DOCUMENT_SHARING_XSD,
  schemasPresent,
  validateAgainst,
  withoutXop,
} from '../support/schema.ts';
import { aSubmission, SAMPLE_BYTES, SAMPLE_PATIENT } from '../support/xds-builders.ts';
import {
  aFolderUpdate,
  anUpdate,
  aStatusUpdate,
  LOGICAL,
  ON_DEMAND,
  REGISTERED,
} from '../support/xds-update-builders.ts';
import { FROZEN, openedBody, openedXml, partsOf } from '../support/xds-wire.ts';

const HOME = 'urn:oid:2.999.392.1';
const ids = { repositoryUniqueId: '2.999.7.1', documentUniqueId: "2.999.8.1^<'1'>&\"" };
const content = bytesContent(SAMPLE_BYTES);
const errors = [
  {
    errorCode: 'XDSUnavailableCommunity',
    codeContext: `${HOME} did not answer`,
    location: HOME,
    severity: 'Error',
  },
  { errorCode: 'PeersOwnCode', codeContext: '', severity: 'Warning' },
] as const;

const queries = {
  requests: [
    findDocuments({ patientId: SAMPLE_PATIENT }),
    {
      ...getDocuments({ uniqueId: ['1'] }),
      requestSlots: [{ name: 'urn:example:slot', values: ['1'] }],
    },
    getDocuments({ uniqueId: ["o'clock", '<&>"'], home: HOME, returnType: 'ObjectRef' }),
  ],
  responses: [
    { status: 'Success', errors: [], objects: [], objectRefs: [] },
    {
      status: 'PartialSuccess',
      errors,
      objects: aSubmission({ folders: [{}] }).objects.map((object) =>
        textOfObject(object, { home: HOME }),
      ),
      objectRefs: [{ id: 'urn:uuid:1' }, { id: 'urn:uuid:2', home: HOME }],
    },
    { status: 'Failure', errors, objects: [], objectRefs: [] },
  ],
};
const retrievals = {
  requests: [{ documents: [ids, { ...ids, homeCommunityId: HOME }] }],
  responses: [
    { status: 'Failure', errors, documents: [] },
    {
      status: 'PartialSuccess',
      errors,
      documents: [
        { ...ids, homeCommunityId: HOME, mimeType: 'text/plain', content },
        {
          ...ids,
          newRepositoryUniqueId: '2.999.7.2',
          newDocumentUniqueId: '2.999.8.2',
          mimeType: 'text/plain',
          content,
        },
      ],
    },
  ],
};
const registrations = [
  { status: 'Success', errors: [] },
  { status: 'Failure', errors },
];

const PATIENT_ID_CHANGE = {
  change: '11111111-2222-4333-8444-555555555555',
  from: SAMPLE_PATIENT,
  to: { ...SAMPLE_PATIENT, id: "P'2" },
  moving: [{ id: 'C&1', assigningAuthority: '2.999.3.8' }],
  staying: [{ id: 'H1', assigningAuthority: '2.999.3.9' }],
};

/** Requests and answers of every transaction; one without samples fails. */
const SAMPLES: Readonly<
  Record<string, { requests: readonly unknown[]; responses: readonly unknown[] }>
> = {
  'ITI-18': queries,
  'ITI-38': queries,
  'ITI-39': retrievals,
  'ITI-41': {
    requests: [{ submission: aSubmission(), documents: [{ id: 'Document01', content }] }],
    responses: registrations,
  },
  'ITI-42': {
    requests: [
      aSubmission({ documentEntries: [], folders: [{}] }),
      aSubmission({ documentEntries: [{}, {}], folders: [{}] }),
      { ...aSubmission(), requestSlots: [{ name: 'urn:example:slot', values: ['1', '2'] }] },
    ],
    responses: registrations,
  },
  'ITI-43': retrievals,
  'ITI-44': {
    requests: [aPatientIdentityFeed(), aPatientIdentityFeed({ kind: 'revise' }), aPatientMerge()],
    responses: [{ code: 'CA', details: [] }],
  },
  'ITI-45': { requests: [aPixQuery()], responses: [aPixQueryResponse()] },
  'ITI-46': {
    requests: [
      {
        ...aPatientIdentityFeed({ kind: 'revise', otherIds: [], demographics: { names: [] } }),
        ids: [SAMPLE_PATIENT, { id: '1', assigningAuthority: '2.999.3.8' }],
        providerOrganization: { id: SAMPLE_PATIENT.assigningAuthority },
      },
    ],
    responses: [{ code: 'CA', details: [] }],
  },
  'ITI-47': {
    requests: [aDemographicsQuery()],
    responses: [aDemographicsQueryResponse({ matches: [aDemographicsMatch()] })],
  },
  'ITI-51': {
    requests: [
      findDocumentsForMultiplePatients({
        patientIds: [SAMPLE_PATIENT, { ...SAMPLE_PATIENT, id: "P'2" }],
      }),
      findDocumentsForMultiplePatients({
        classCode: [{ code: 'c', codingScheme: '2.999.5' }],
        metadataLevel: 2,
        documentAvailability: ['Online'],
      }),
    ],
    responses: queries.responses,
  },
  'ITI-57': { requests: [aStatusUpdate(), aFolderUpdate(), anUpdate()], responses: registrations },
  'ITI-61': {
    requests: [aSubmission({ documentEntries: [] }), aSubmission({ documentEntries: [ON_DEMAND] })],
    responses: registrations,
  },
  'ITI-62': {
    requests: [
      { objectRefs: [{ id: REGISTERED }] },
      { objectRefs: [{ id: REGISTERED, home: HOME }, { id: LOGICAL }] },
    ],
    responses: registrations,
  },
  'ITI-64': {
    requests: [
      PATIENT_ID_CHANGE,
      { ...PATIENT_ID_CHANGE, moving: [], staying: [], isWhole: true },
      { ...PATIENT_ID_CHANGE, isTrial: true },
    ],
    responses: registrations,
  },
  'ITI-86': {
    requests: [{ documents: [ids] }, { documents: [ids, { ...ids, homeCommunityId: HOME }] }],
    responses: [...registrations, { status: 'PartialSuccess', errors }],
  },
  'ITI-92': { requests: [anUpdate({ homeCommunityId: HOME })], responses: registrations },
  'ITI-55': { requests: [aPatientDiscovery()], responses: [aPatientDiscoveryResponse()] },
  'ITI-56': {
    requests: [{ requestedPatientId: SAMPLE_PATIENT }],
    responses: [{ locations: [] }],
  },
};

function samplesOf(id: string) {
  const samples = SAMPLES[id];
  if (samples === undefined) throw new Error(`no samples of ${id}`);
  return samples;
}

describe('The catalogue', () => {
  it('lists every transaction once, and each of the request actions once', () => {
    expect(CATALOGUE.map(({ id }) => id)).toEqual([
      'ITI-18',
      'ITI-38',
      'ITI-39',
      'ITI-41',
      'ITI-42',
      'ITI-43',
      'ITI-46',
      'ITI-44',
      'ITI-45',
      'ITI-47',
      'ITI-51',
      'ITI-55',
      'ITI-56',
      'ITI-57',
      'ITI-61',
      'ITI-62',
      'ITI-64',
      'ITI-86',
      'ITI-92',
    ]);
    // The update notification is ITI-44's second message, to another actor.
    const others = CATALOGUE.filter(({ id }) => id !== 'ITI-46');
    const actions = others.flatMap(({ wire }) => wire.messages.map(({ action }) => action));
    expect(new Set(actions).size).toBe(actions.length);
  });

  it('finds a transaction by its number and by the action of its request', () => {
    expect(findTransaction('ITI-43')?.name).toBe('Retrieve Document Set');
    expect(findTransaction('ITI-8')).toBeUndefined();
    const found = findByAction('urn:ihe:iti:2007:CrossGatewayQuery');
    expect(found?.transaction.id).toBe('ITI-38');
    expect(found?.message.replyAction).toBe('urn:ihe:iti:2007:CrossGatewayQueryResponse');
    expect(findByAction('urn:ihe:iti:2007:CrossGatewayQueryResponse')).toBeUndefined();
  });
});

describe.each(CATALOGUE.map((transaction) => [transaction.id, transaction] as const))(
  '%s',
  (id, transaction) => {
    const { requests, responses } = samplesOf(id);
    const requestBody = (request: unknown) => transaction.request.encode(request);
    const asked = openedBody(requestBody(requests[0]));
    const answer = (response: unknown) => transaction.response.encode(response, asked, FROZEN);

    it('reads back the requests that it writes', () => {
      for (const request of requests) {
        const body = requestBody(request);
        expect(transaction.request.decode(openedBody(body), partsOf(body))).toEqual(request);
      }
    });

    it('reads back the answers that it writes', () => {
      for (const response of responses) {
        const body = answer(response);
        expect(transaction.response.decode(openedBody(body), partsOf(body))).toEqual(response);
      }
    });

    it('announces the payload that it writes', () => {
      for (const request of requests) {
        const { xml, action } = requestBody(request);
        const { messages } = transaction.wire;
        const message = messages.find((one) => one.action === action) ?? messages[0];
        const { namespace, name } = parseXml(xml);
        expect({ namespace, name }).toEqual(message?.body);
      }
    });

    it('refuses a request cut at any byte', () => {
      const body = requestBody(requests[0]);
      const whole = Buffer.from(body.xml);
      for (let end = 0; end < whole.length; end += 1) {
        expect(() => {
          const opened = { action: '', headers: [], body: parseXml(whole.subarray(0, end)) };
          transaction.request.decode(opened, partsOf(body));
        }).toThrow(Refusal);
      }
    });

    it('refuses a payload that is another element, in requests and in answers', () => {
      const other = openedXml('<other xmlns="urn:example:other"/>');
      for (const decode of [
        () => transaction.request.decode(other, partsOf({ xml: '' })),
        () => transaction.response.decode(other, partsOf({ xml: '' })),
      ]) {
        expect(thrownBy(decode)).not.toHaveLength(0);
      }
    });

    it('says no in a form that its own decoder reads', () => {
      const refusal = new Refusal('XDSRegistryError', 'a <reason> & more', { location: '1.2.3' });
      const body = transaction.refusal([refusal], asked, FROZEN);
      const response = transaction.response.decode(openedBody(body), partsOf(body));
      expect(response).toBeDefined();
    });
  },
);

function thrownBy(act: () => unknown): readonly Refusal[] {
  try {
    act();
    return [];
  } catch (error) {
    return refusalsOf(error) ?? [];
  }
}

(schemasPresent ? describe : describe.skip)('What is written of document sharing', () => {
  const SHARING = ['18', '38', '39', '41', '42', '43', '51', '57', '61', '62', '86', '92'];
  const sharing = CATALOGUE.filter(({ id }) => SHARING.includes(id.slice(4)));

  it.each(sharing.map((one) => [one.id, one] as const))(
    '%s is valid against the schemas',
    (id, transaction) => {
      const { requests, responses } = samplesOf(id);
      const asked = openedBody(transaction.request.encode(requests[0]));
      const bodies = [
        ...requests.map((request) => transaction.request.encode(request)),
        ...responses.map((response) => transaction.response.encode(response, asked, FROZEN)),
        transaction.refusal([new Refusal('XDSRegistryError', 'no')], asked, FROZEN),
      ];
      for (const { xml } of bodies)
        expect(validateAgainst(DOCUMENT_SHARING_XSD, withoutXop(xml))).toEqual([]);
    },
  );
});

describe('A registry object kept as text', () => {
  it('is the object that was submitted', () => {
    for (const object of aSubmission({ folders: [{}] }).objects) {
      const again = objectOfText(textOfObject(object));
      const byScheme = (one: typeof object) =>
        [...one.externalIdentifiers].sort((a, b) => a.id.localeCompare(b.id));
      expect({ ...again, externalIdentifiers: byScheme(again) }).toEqual({
        ...object,
        externalIdentifiers: byScheme(object),
      });
    }
  });
});
