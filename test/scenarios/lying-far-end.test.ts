import { randomUUID } from 'node:crypto';
import { bytesContent } from '../../profiles/formats/mtom.ts';
import { writeEnvelope, writeFault } from '../../profiles/formats/soap.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { Fault } from '../../profiles/refusal.ts';
import { ITI_38 } from '../../profiles/xca/iti-38.ts';
import { ITI_39 } from '../../profiles/xca/iti-39.ts';
import { ITI_55, type PatientDiscoveryResponse } from '../../profiles/xcpd/iti-55.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import {
  type DocumentResponse,
  ITI_43,
  type RetrieveDocumentSetRequest,
  type RetrieveDocumentSetResponse,
} from '../../profiles/xds/iti-43.ts';
import { documentEntryToEbxml } from '../../profiles/xds/metadata-ebxml.ts';
import { textOfObject } from '../../profiles/xds/registry-object-text.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import type { AdhocQueryResponse, RegistryObjectText } from '../../profiles/xds/stored-queries.ts';
import { STATUS_TYPE } from '../../profiles/xds/vocabulary.ts';
import { eventually, expectErrors, expectFailure } from '../support/expectations.ts';
import { type FarAnswer, FarEnd } from '../support/far-end.ts';
import { aDiscoveredPatient, aPatientDiscoveryResponse } from '../support/hl7v3-builders.ts';
import { freshOid, octets, provide } from '../support/region-documents.ts';
import { aPersonOf, regionOids, World } from '../support/world.ts';
import { aDocumentEntry } from '../support/xds-builders.ts';

const east = regionOids(1);
const west = regionOids(2);
const home = west.homeCommunityId;
const elsewhere = 'urn:oid:2.999.500.9';
const remote: PatientId = { id: 'W-1', assigningAuthority: west.affinityDomain };

/** A DocumentEntry as the far end tells of it. */
function theirEntry(over: Partial<RegistryObjectText> & { owner?: PatientId } = {}) {
  const { owner = remote, ...rest } = over;
  const id = `urn:uuid:${randomUUID()}`;
  const entry = aDocumentEntry({ entryUUID: id, patientId: owner, uniqueId: freshOid() });
  return {
    ...textOfObject(documentEntryToEbxml(entry)),
    status: STATUS_TYPE.Approved,
    home,
    ...rest,
  };
}

function theirAnswer(...objects: RegistryObjectText[]): AdhocQueryResponse {
  return { status: 'Success', errors: [], objects, objectRefs: [] };
}

function theirMatch(over: Partial<PatientDiscoveryResponse> = {}): PatientDiscoveryResponse {
  return aPatientDiscoveryResponse({
    matches: [aDiscoveredPatient({ id: remote, homeCommunityId: home })],
    correlationTimeToLive: undefined,
    ...over,
  });
}

const nobody = { queryResponseCode: 'NF', matches: [] } as const;

describe('the Initiating Gateway, when the far end is not to be believed', () => {
  let world: World;
  let gateway: string;
  let farEnd: FarEnd;
  let patientId: PatientId;
  let own: string;

  beforeAll(async () => {
    world = await World.start({
      regions: 2,
      running: 1,
      settings: {
        fanOut: { deadlineMs: 2_500 },
        retrieval: { deadlineMs: 2_000, attempts: 1 },
      },
      systems: [
        {
          name: 'clinic',
          institution: '9900000003',
          regions: ['east'],
          assigningAuthorities: [],
          transactions: ['ITI-18', 'ITI-43'],
        },
      ],
    });
    gateway = world.url('initiating-gateway');
    farEnd = await FarEnd.start(world.tls('west'), Number(new URL(world.url('', 'west')).port));
    patientId = await world.patient('F-1');
    [own = ''] = await provide(world, { patientId, documents: [{ bytes: octets('own') }] });
  });

  beforeEach(() => {
    farEnd.forget();
    farEnd.answers(ITI_55, () => theirMatch());
    farEnd.answers(ITI_38, () => theirAnswer(theirEntry()));
  });

  afterAll(async () => {
    await world.stop();
    await farEnd.stop();
  });

  const find = async (who = patientId) =>
    (await world.exchange(ITI_18, gateway, findDocuments({ patientId: who }))).response;
  /** What is left when the far end's part is not used. */
  const expectOwnAlone = ({ objects }: AdhocQueryResponse) => {
    expect(objects.map((object) => [object.home, object.uniqueId])).toEqual([
      [east.homeCommunityId, own],
    ]);
  };

  it('asks in valid messages: by her demographics and her regional id, then by the id she has there', async () => {
    const { status, objects, errors } = await find();
    expect([status, errors]).toEqual(['Success', []]);
    expect(objects.map((object) => object.home)).toEqual([east.homeCommunityId, home]);
    expect(farEnd.requests.map(({ transaction, path }) => [transaction, path])).toEqual([
      ['ITI-55', '/responding-gateway'],
      ['ITI-38', '/responding-gateway'],
    ]);
    expect(farEnd.requests.flatMap(({ schemaErrors }) => schemaErrors)).toEqual([]);
    const [discovery, query] = farEnd.requests.map(({ opened }) => opened);
    if (!discovery || !query) throw new Error('not asked');
    const noParts = { named: () => bytesContent(octets('')) };
    const asked = ITI_55.request.decode(discovery, noParts);
    expect(asked.criteria).toMatchObject({
      livingSubjectId: [patientId],
      livingSubjectBirthTime: { value: aPersonOf('F-1').birthTime },
    });
    expect(asked.transmission.sender.organization).toBe('2.999.500.1');
    expect(asked.transmission.receiver.organization).toBe('2.999.500.2');
    expect(asked.reverseAuthority).toBe(east.affinityDomain);
    expect(ITI_38.request.decode(query, noParts)).toMatchObject({
      home,
      slots: expect.arrayContaining([
        {
          name: '$XDSDocumentEntryPatientId',
          values: [`'${remote.id}^^^&${remote.assigningAuthority}&ISO'`],
        },
      ]),
    });
  });

  it('does not ask it where home names our own community, or where she is not known here', async () => {
    const asked = await world.exchange(
      ITI_18,
      gateway,
      findDocuments({ patientId, home: east.homeCommunityId }),
    );
    expectOwnAlone(asked.response);
    const { status, errors, objects } = await find({ ...patientId, id: 'nobody' });
    expect([status, errors, objects]).toEqual(['Success', [], []]);
    expect(farEnd.requests).toEqual([]);
  });

  it('drops objects of another home, with an error that names both', async () => {
    farEnd.answers(ITI_38, () => theirAnswer(theirEntry(), theirEntry({ home: elsewhere })));
    const { status, errors, objects } = await find();
    expect(status).toBe('PartialSuccess');
    expect(errors).toHaveLength(1);
    expect(errors[0]?.codeContext).toContain(home);
    expect(errors[0]?.codeContext).toContain(elsewhere);
    expect(objects.map((object) => object.home)).toEqual([east.homeCommunityId, home]);
  });

  it('drops objects without home', async () => {
    farEnd.answers(ITI_38, () => theirAnswer(theirEntry({ home: undefined })));
    const response = await find();
    expect(response.status).toBe('PartialSuccess');
    expect(response.errors).toHaveLength(1);
    expect(response.errors[0]?.codeContext).toContain(home);
    expectOwnAlone(response);
  });

  it('does not use an answer that holds another patient’s object', async () => {
    const other = { ...remote, id: 'W-2' };
    farEnd.answers(ITI_38, () => theirAnswer(theirEntry(), theirEntry({ owner: other })));
    const response = await find();
    expect(response.status).toBe('PartialSuccess');
    expect(response.errors).toHaveLength(1);
    expect(response.errors[0]?.location).toBe(home);
    expect(JSON.stringify(response.errors)).not.toContain('W-2');
    expectOwnAlone(response);
  });

  const fault = (relatesTo?: string): FarAnswer => ({
    status: 500,
    contentType: 'application/soap+xml; charset=UTF-8',
    body: writeFault(new Fault('Receiver', 'out of order'), relatesTo),
  });
  const soap = (body: string): FarAnswer => ({
    contentType: 'application/soap+xml; charset=UTF-8',
    body,
  });
  const useless: readonly (readonly [string, () => FarAnswer])[] = [
    ['a SOAP fault', () => fault()],
    ['a page', () => ({ contentType: 'text/html', body: '<h1>It works!</h1>' })],
    ['nothing', () => ({ contentType: 'application/soap+xml', body: '' })],
    ['garbage', () => soap('<soap:Envelope><<<')],
    ['a DOCTYPE', () => soap('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')],
    [
      'another action',
      () => soap(writeEnvelope({ action: 'urn:ihe:iti:2007:Other', body: '<a xmlns="urn:x"/>' })),
    ],
    [
      'a payload of another kind',
      () =>
        soap(
          writeEnvelope({
            action: 'urn:ihe:iti:2007:CrossGatewayQueryResponse',
            body: '<a xmlns="urn:x"/>',
          }),
        ),
    ],
  ];

  it.each(useless)('counts %s as a community that is not available', async (_what, answer) => {
    for (const transaction of [ITI_55, ITI_38]) {
      farEnd.forget();
      farEnd.answers(ITI_55, () => theirMatch());
      farEnd.says<unknown, unknown>(transaction as never, async () => answer());
      const { result, records } = await world.recording(transaction.id, () => find());
      expect(result.status).toBe('PartialSuccess');
      expectErrors(result.errors, { errorCode: 'XDSUnavailableCommunity', location: home });
      expect(result.errors[0]?.codeContext).toContain(home);
      expectOwnAlone(result);
      expect(records.map(({ outcome }) => outcome)).toEqual(['8']);
    }
  });

  it('counts an answer to another message as none', async () => {
    farEnd.says(ITI_38, async (opened) => {
      const body = ITI_38.response.encode(theirAnswer(theirEntry()), opened, {
        now: () => new Date(),
        uuid: () => randomUUID(),
      });
      return soap(
        writeEnvelope({
          action: 'urn:ihe:iti:2007:CrossGatewayQueryResponse',
          relatesTo: 'urn:uuid:00000000-0000-4000-8000-000000000000',
          body: body.xml,
        }),
      );
    });
    const response = await find();
    expect(response.status).toBe('PartialSuccess');
    expectErrors(response.errors, { errorCode: 'XDSUnavailableCommunity', location: home });
    expectOwnAlone(response);
  });

  it('counts an answer that is very late as none, and answers in its own time', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    farEnd.answers(ITI_38, async () => {
      await held;
      return theirAnswer(theirEntry());
    });
    const response = await find();
    release();
    expect(response.status).toBe('PartialSuccess');
    expectErrors(response.errors, { errorCode: 'XDSUnavailableCommunity', location: home });
    expectOwnAlone(response);
  });

  it('uses neither of two matches of one community, and warns', async () => {
    const [match] = theirMatch().matches;
    if (!match) throw new Error('no match');
    const second = { ...match, id: { ...remote, id: 'W-9' } };
    farEnd.answers(ITI_55, () => theirMatch({ matches: [match, second] }));
    const response = await find();
    expect(response.status).toBe('Success');
    expect(response.errors.map(({ severity, location }) => [severity, location])).toEqual([
      ['Warning', home],
    ]);
    expect(response.errors[0]?.codeContext).toContain(home);
    expectOwnAlone(response);
    expect(farEnd.of('ITI-38')).toEqual([]);
  });

  it('does not ask a community that answers NF, and says nothing of it', async () => {
    farEnd.answers(ITI_55, () => theirMatch(nobody));
    const response = await find();
    expect([response.status, response.errors]).toEqual(['Success', []]);
    expectOwnAlone(response);
    expect(farEnd.of('ITI-38')).toEqual([]);
  });

  it('counts AE as a community that is not available', async () => {
    farEnd.answers(ITI_55, () =>
      theirMatch({
        acknowledgement: 'AE',
        queryResponseCode: 'AE',
        matches: [],
        issue: 'AnswerNotAvailable',
      }),
    );
    const { result: response, records } = await world.recording('ITI-55', () => find());
    expect(records.map(({ outcome }) => outcome)).toEqual(['8']);
    expect(response.status).toBe('PartialSuccess');
    expectErrors(response.errors, { errorCode: 'XDSUnavailableCommunity', location: home });
    expectOwnAlone(response);
  });

  it('does not use a match of a community for which the far end does not speak', async () => {
    const [match] = theirMatch().matches;
    if (!match) throw new Error('no match');
    farEnd.answers(ITI_55, () =>
      theirMatch({ matches: [{ ...match, homeCommunityId: elsewhere }] }),
    );
    const response = await find();
    expectOwnAlone(response);
    expect(response.errors).toHaveLength(1);
    expect(response.errors[0]?.codeContext).toContain(elsewhere);
    expect(farEnd.of('ITI-38')).toEqual([]);
  });

  it('passes on the errors of the far end beside what it found', async () => {
    const error = {
      errorCode: 'XDSRegistryBusy',
      codeContext: 'later',
      severity: 'Error',
    } as const;
    farEnd.answers(ITI_38, () => ({
      ...theirAnswer(theirEntry()),
      status: 'PartialSuccess' as const,
      errors: [error],
    }));
    const { result, records } = await world.recording('ITI-38', () => find());
    const { status, errors, objects } = result;
    expect(records.map(({ outcome }) => outcome)).toEqual(['4']);
    expect(status).toBe('PartialSuccess');
    expectErrors(errors, { errorCode: 'XDSRegistryBusy', location: home });
    expect(objects).toHaveLength(2);
  });

  describe('the correlation', () => {
    it('is asked for each time where no CorrelationTimeToLive says otherwise', async () => {
      const who = await world.patient('F-2');
      await find(who);
      await find(who);
      expect(farEnd.of('ITI-55')).toHaveLength(2);
    });

    it('is remembered as long as CorrelationTimeToLive says, and not longer', async () => {
      const who = await world.patient('F-3');
      farEnd.answers(ITI_55, () => theirMatch({ correlationTimeToLive: 'PT1H' }));
      await find(who);
      await find(who);
      expect(farEnd.of('ITI-55')).toHaveLength(1);
      expect(farEnd.of('ITI-38')).toHaveLength(2);
      world.skewMs = 3_601_000;
      try {
        await find(who);
      } finally {
        world.skewMs = 0;
      }
      expect(farEnd.of('ITI-55')).toHaveLength(2);
    });

    it('is not remembered where nobody was found', async () => {
      const who = await world.patient('F-4');
      farEnd.answers(ITI_55, () => theirMatch({ ...nobody, correlationTimeToLive: 'PT1H' }));
      await find(who);
      await find(who);
      expect(farEnd.of('ITI-55')).toHaveLength(2);
    });
  });

  describe('a retrieval', () => {
    const wanted = (documentUniqueId = freshOid()) => ({
      homeCommunityId: home,
      repositoryUniqueId: west.repositoryUniqueId,
      documentUniqueId,
    });
    const retrieve = async (documents: RetrieveDocumentSetRequest['documents'], as?: string) =>
      (await world.exchange(ITI_43, gateway, { documents }, { as })).response;
    const given = (
      request: RetrieveDocumentSetRequest,
      over: Partial<DocumentResponse> = {},
    ): RetrieveDocumentSetResponse => ({
      status: 'Success',
      errors: [],
      documents: request.documents.map((one) => ({
        ...one,
        mimeType: 'text/plain',
        content: bytesContent(octets(`of ${one.documentUniqueId}`)),
        ...over,
      })),
    });

    it('asks in valid messages, and is recorded as an import', async () => {
      farEnd.answers(ITI_39, (request) => given(request));
      const one = wanted();
      const { result, records } = await world.recording('ITI-39', () => retrieve([one]));
      expect(result).toMatchObject({ status: 'Success', errors: [] });
      expect(farEnd.requests.flatMap(({ schemaErrors }) => schemaErrors)).toEqual([]);
      expect(records).toHaveLength(1);
      expect(records[0]).toMatchObject({ event: '110107', action: 'C', outcome: '0' });
      expect(records[0]?.objects[0]).toMatchObject({
        id: one.documentUniqueId,
        type: '2/3',
        details: { 'Repository Unique Id': west.repositoryUniqueId, 'ihe:homeCommunityID': home },
      });
    });

    it('that is not ready by the deadline says that it goes on, and the next request finds it', async () => {
      let release = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      farEnd.answers(ITI_39, async (request) => {
        await held;
        return given(request);
      });
      const one = wanted();
      const first = await retrieve([one]);
      expectFailure(first, {
        errorCode: 'XDSUnavailableCommunity',
        location: one.documentUniqueId,
      });
      expect(first.errors[0]?.codeContext).toMatch(/goes on/);
      expect(first.errors[0]?.codeContext).toContain(home);
      release();
      await eventually(async () => (await world.filesIn('spool')).length > 0);
      const second = await retrieve([one]);
      expect(second).toMatchObject({ status: 'Success', errors: [] });
      expect(second.documents[0]?.content.sizeBytes).toBe(`of ${one.documentUniqueId}`.length);
      expect(farEnd.of('ITI-39')).toHaveLength(1);
    });

    it('is kept for the organisation that asked, and for no other', async () => {
      farEnd.answers(ITI_39, (request) => given(request));
      const one = wanted();
      await retrieve([one]);
      await retrieve([one]);
      expect(farEnd.of('ITI-39')).toHaveLength(1);
      await retrieve([one], 'clinic');
      expect(farEnd.of('ITI-39')).toHaveLength(2);
    });

    it('passes on what the far end refuses', async () => {
      const one = wanted();
      farEnd.answers(ITI_39, () => ({
        status: 'Failure' as const,
        errors: [
          {
            errorCode: 'XDSDocumentUniqueIdError',
            codeContext: 'not here',
            location: one.documentUniqueId,
            severity: 'Error' as const,
          },
        ],
        documents: [],
      }));
      expectFailure(await retrieve([one]), {
        errorCode: 'XDSDocumentUniqueIdError',
        location: one.documentUniqueId,
      });
    });

    it.each([
      ['another document', { documentUniqueId: '2.999.1.1' }],
      ['a document of another community', { homeCommunityId: elsewhere }],
      ['a document of another repository', { repositoryUniqueId: '2.999.1.2' }],
    ])('never hands on %s than was asked for', async (_what, over) => {
      farEnd.answers(ITI_39, (request) => given(request, over));
      const one = wanted();
      const response = await retrieve([one]);
      expectFailure(response, {
        errorCode: 'XDSUnavailableCommunity',
        location: one.documentUniqueId,
      });
      expect(response.documents).toEqual([]);
    });

    it.each([
      ['a SOAP fault', () => fault()],
      ['a page', () => ({ contentType: 'text/html', body: 'no' })],
      [
        'a message that is cut',
        () => ({
          contentType: 'multipart/related; boundary="b"; type="application/xop+xml"',
          body: '--b\r\nContent-Type: application/xop+xml; type="application/soap+xml"\r\n\r\n<soap:Env',
        }),
      ],
    ] as const)('answered with %s is an unavailable community', async (_what, answer) => {
      farEnd.says(ITI_39, async () => answer());
      const one = wanted();
      const response = await retrieve([
        one,
        {
          homeCommunityId: east.homeCommunityId,
          repositoryUniqueId: east.repositoryUniqueId,
          documentUniqueId: own,
        },
      ]);
      expect(response.status).toBe('PartialSuccess');
      expectErrors(response.errors, {
        errorCode: 'XDSUnavailableCommunity',
        location: one.documentUniqueId,
      });
      expect(response.documents.map(({ documentUniqueId }) => documentUniqueId)).toEqual([own]);
    });
  });

  it('left no stack trace and no person’s data in the log', () => {
    const all = world.logged.join('');
    expect(all).not.toMatch(/\\n\s*at /);
    expect(all).not.toMatch(/試験|シケン|F-1|W-1\b|W-2\b/);
  });
});
