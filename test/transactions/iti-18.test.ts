import { encodeCX } from '../../profiles/formats/datatypes.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_42 } from '../../profiles/xds/iti-42.ts';
import {
  findDocuments,
  findFolders,
  findSubmissionSets,
  getAll,
  getAssociations,
  getDocuments,
  getDocumentsAndAssociations,
  getFolderAndContents,
  getFolders,
  getFoldersForDocument,
  getRelatedDocuments,
  getSubmissionSetAndContents,
  getSubmissionSets,
} from '../../profiles/xds/stored-query-builders.ts';
import { type AdhocQueryRequest, STORED_QUERIES } from '../../profiles/xds/stored-queries.ts';
import { ASSOCIATION_TYPE } from '../../profiles/xds/vocabulary.ts';
import { expectFailure, expectParticipants } from '../support/expectations.ts';
import { aRegistration, freshOid, octets } from '../support/region-documents.ts';
import { World } from '../support/world.ts';

const bytes = octets('entry');

describe('ITI-18 Registry Stored Query over the wire', () => {
  let world: World;
  let url: string;
  let patientId: PatientId;
  const [document, other, folder, set] = [freshOid(), freshOid(), freshOid(), freshOid()];

  beforeAll(async () => {
    world = await World.start();
    url = world.url('document-registry');
    patientId = await world.patient('Q-1');
    const stranger = await world.patient('Q-2');
    for (const [owner, uniqueId, folders, setId] of [
      [patientId, document, [{ uniqueId: folder }], set],
      [stranger, other, [], freshOid()],
    ] as const) {
      const { response } = await world.exchange(
        ITI_42,
        url,
        aRegistration({
          patientId: owner,
          documents: [{ bytes, uniqueId }],
          folders,
          submissionSet: { uniqueId: setId },
        }),
      );
      expect(response).toEqual({ status: 'Success', errors: [] });
    }
  });

  afterAll(() => world.stop());

  const ask = async (request: AdhocQueryRequest) =>
    (await world.exchange(ITI_18, url, request)).response;
  const uniqueIds = async (request: AdhocQueryRequest) =>
    (await ask(request)).objects
      .filter(({ element }) => element !== 'Association')
      .map(({ uniqueId }) => uniqueId)
      .sort();

  it('answers FindDocuments with the full entry of the patient that is named, and of no other', async () => {
    const { response, status, headers, message } = await world.exchange(
      ITI_18,
      url,
      findDocuments({ patientId }),
    );
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^application\/soap\+xml/);
    expect(message.mtom).toBe(false);
    expect(response.status).toBe('Success');
    expect(response.errors).toEqual([]);
    expect(response.objects).toHaveLength(1);
    expect(response.objects[0]).toMatchObject({
      element: 'ExtrinsicObject',
      uniqueId: document,
      patientId,
    });
  });

  it('answers every stored query of the catalogue', async () => {
    const [entry] = (await ask(findDocuments({ patientId }))).objects;
    const id = entry?.id ?? '';
    const approved = { status: ['Approved'] as const };
    expect(await uniqueIds(findSubmissionSets({ patientId, ...approved }))).toEqual([set]);
    expect(await uniqueIds(findFolders({ patientId, ...approved }))).toEqual([folder]);
    expect(await uniqueIds(getAll({ patientId, ...approved }))).toEqual(
      [document, folder, set].sort(),
    );
    expect(await uniqueIds(getDocuments({ uniqueId: [document] }))).toEqual([document]);
    expect(await uniqueIds(getDocuments({ entryUUID: [id] }))).toEqual([document]);
    expect(await uniqueIds(getFolders({ uniqueId: [folder] }))).toEqual([folder]);
    expect((await ask(getAssociations({ uuid: [id] }))).objects.length).toBeGreaterThan(0);
    expect(await uniqueIds(getDocumentsAndAssociations({ uniqueId: [document] }))).toEqual([
      document,
    ]);
    expect(await uniqueIds(getSubmissionSets({ uuid: [id] }))).toEqual([set]);
    expect(await uniqueIds(getSubmissionSetAndContents({ uniqueId: set }))).toEqual(
      [document, folder, set].sort(),
    );
    expect(await uniqueIds(getFolderAndContents({ uniqueId: folder }))).toEqual(
      [document, folder].sort(),
    );
    expect(await uniqueIds(getFoldersForDocument({ uniqueId: document }))).toEqual([folder]);
    expect(
      (
        await ask(
          getRelatedDocuments({ uniqueId: document, associationTypes: [ASSOCIATION_TYPE.RPLC] }),
        )
      ).status,
    ).toBe('Success');
  });

  it('answers ObjectRef with references alone', async () => {
    const response = await ask(findDocuments({ patientId, returnType: 'ObjectRef' }));
    expect(response.objects).toEqual([]);
    expect(response.objectRefs).toHaveLength(1);
  });

  it('answers an unknown patient like one without documents: an empty Success', async () => {
    const unknown = { ...patientId, id: 'nobody' };
    expect(await ask(findDocuments({ patientId: unknown }))).toEqual({
      status: 'Success',
      errors: [],
      objects: [],
      objectRefs: [],
    });
  });

  it.each([
    [
      'an unknown stored query',
      'XDSUnknownStoredQuery',
      (asked: AdhocQueryRequest) => ({
        ...asked,
        queryId: 'urn:uuid:00000000-0000-4000-8000-000000000000',
      }),
    ],
    [
      'a query without its status',
      'XDSStoredQueryMissingParam',
      (asked: AdhocQueryRequest) => ({
        ...asked,
        slots: asked.slots.filter(({ name }) => name !== '$XDSDocumentEntryStatus'),
      }),
    ],
    [
      'a single parameter with two values',
      'XDSStoredQueryParamNumber',
      (asked: AdhocQueryRequest) => ({
        ...asked,
        slots: asked.slots.map((slot) =>
          slot.name === '$XDSDocumentEntryPatientId'
            ? { ...slot, values: [...slot.values, ...slot.values] }
            : slot,
        ),
      }),
    ],
    [
      'a patient id that is not quoted',
      'XDSRegistryError',
      (asked: AdhocQueryRequest) => ({
        ...asked,
        slots: asked.slots.map((slot) =>
          slot.name === '$XDSDocumentEntryPatientId'
            ? { ...slot, values: slot.values.map((value) => value.replaceAll("'", '')) }
            : slot,
        ),
      }),
    ],
  ])('refuses %s with %s', async (_what, errorCode, bend) => {
    const { result, records } = await world.recording('ITI-18', () =>
      ask(bend(findDocuments({ patientId }))),
    );
    expectFailure(result, { errorCode });
    expect(result.objects).toEqual([]);
    expect(records.map(({ outcome }) => outcome)).toEqual(['8']);
  });

  it('refuses a query by id that gives uniqueId and entryUUID, or neither', async () => {
    const byId = getDocuments({ uniqueId: [document] });
    const both = getDocuments({ entryUUID: ['urn:uuid:00000000-0000-4000-8000-000000000001'] });
    expectFailure(await ask({ ...byId, slots: [...byId.slots, ...both.slots] }), {
      errorCode: 'XDSStoredQueryParamNumber',
    });
    expectFailure(await ask({ ...byId, slots: [] }), { errorCode: 'XDSStoredQueryMissingParam' });
  });

  it('refuses full objects of several patients, and gives their references', async () => {
    const asked = getDocuments({ uniqueId: [document, other] });
    const refused = await ask(asked);
    expectFailure(refused, { errorCode: 'XDSResultNotSinglePatient' });
    expect(refused.objects).toEqual([]);
    const { status, objectRefs } = await ask({ ...asked, returnType: 'ObjectRef' });
    expect(status).toBe('Success');
    expect(objectRefs).toHaveLength(2);
  });

  it('refuses another returnType', async () => {
    const sent = { ...findDocuments({ patientId }), returnType: 'LeafClassWithRepositoryItem' };
    const { response } = await world.exchange(ITI_18, url, sent as unknown as AdhocQueryRequest, {
      invalid: true,
    });
    expectFailure(response, { errorCode: 'XDSRegistryError' });
  });

  it('records the query: 110112 E, the patient, the stored query with its text', async () => {
    const request = findDocuments({ patientId });
    const { result, records } = await world.recording('ITI-18', () =>
      world.exchange(ITI_18, url, request),
    );
    expect(records).toHaveLength(1);
    const [record] = records;
    if (!record) throw new Error('no record');
    expect(record).toMatchObject({
      event: '110112',
      action: 'E',
      outcome: '0',
      type: 'ITI-18',
      name: 'Registry Stored Query',
    });
    expectParticipants(record, { source: 'asker', endpoint: url });
    const [patient, query] = record.objects;
    expect(record.objects).toHaveLength(2);
    expect(patient).toMatchObject({ id: encodeCX(patientId), type: '1/1', idType: '2' });
    expect(query).toMatchObject({
      id: STORED_QUERIES.FindDocuments.id,
      type: '2/24',
      idType: 'ITI-18',
      details: { QueryEncoding: 'UTF-8', MessageID: result.messageId },
    });
    expect(query?.query).toContain('AdhocQueryRequest');
    expect(query?.query).toContain(encodeCX(patientId).replaceAll('&', '&amp;'));
  });
});
