import { encodeCX } from '../../profiles/formats/datatypes.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_42, type SubmitObjectsRequest } from '../../profiles/xds/iti-42.ts';
import { findDocuments, getAll, getDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { ASSOCIATION_TYPE } from '../../profiles/xds/vocabulary.ts';
import { expectFailure, expectParticipants } from '../support/expectations.ts';
import { aRegistration, freshOid, octets } from '../support/region-documents.ts';
import { regionOids, World } from '../support/world.ts';
import { anAssociation, aSubmission } from '../support/xds-builders.ts';

const bytes = octets('entry');

describe('ITI-42 Register Document Set-b over the wire', () => {
  let world: World;
  let url: string;
  let patientId: PatientId;
  let stranger: PatientId;

  beforeAll(async () => {
    world = await World.start();
    url = world.url('document-registry');
    patientId = await world.patient('R-1');
    stranger = await world.patient('R-2');
  });

  afterAll(() => world.stop());

  const register = async (request: SubmitObjectsRequest) =>
    (await world.exchange(ITI_42, url, request)).response;
  const everything = async () =>
    (await world.exchange(ITI_18, url, getAll({ patientId, status: ['Approved', 'Deprecated'] })))
      .response.objects.length;
  const oids = regionOids(1);
  const entry = (over: Record<string, unknown> = {}) => ({
    uniqueId: freshOid(),
    repositoryUniqueId: oids.repositoryUniqueId,
    ...over,
  });
  const set = (over: Record<string, unknown> = {}) => ({
    patientId,
    uniqueId: freshOid(),
    sourceId: oids.sourceId,
    ...over,
  });

  it('registers a document in Simple SOAP, and a query finds it', async () => {
    const uniqueId = freshOid();
    const { response, message } = await world.exchange(
      ITI_42,
      url,
      aRegistration({ patientId, documents: [{ bytes, uniqueId }] }),
    );
    expect(message.mtom).toBe(false);
    expect(response).toEqual({ status: 'Success', errors: [] });
    const found = await world.exchange(ITI_18, url, findDocuments({ patientId }));
    expect(found.response.objects.map((object) => object.uniqueId)).toContain(uniqueId);
  });

  it('deprecates what is replaced', async () => {
    const [old, young] = [freshOid(), freshOid()];
    await register(aRegistration({ patientId, documents: [{ bytes, uniqueId: old }] }));
    const found = await world.exchange(ITI_18, url, getDocuments({ uniqueId: [old] }));
    const replaced = found.response.objects[0]?.id ?? '';
    const replacing = aSubmission({
      submissionSet: set(),
      documentEntries: [entry({ uniqueId: young })],
      associations: [
        anAssociation({
          entryUUID: 'replacement',
          associationType: ASSOCIATION_TYPE.RPLC,
          sourceObject: 'Document01',
          targetObject: replaced,
        }),
      ],
    });
    expect((await register(replacing)).status).toBe('Success');
    const after = await world.exchange(ITI_18, url, getDocuments({ uniqueId: [old] }));
    expect(after.response.objects[0]?.status).toMatch(/:Deprecated$/);

    const again = aSubmission({
      submissionSet: set(),
      documentEntries: [entry()],
      associations: [
        anAssociation({
          entryUUID: 'replacement',
          associationType: ASSOCIATION_TYPE.RPLC,
          sourceObject: 'Document01',
          targetObject: replaced,
        }),
      ],
    });
    expectFailure(await register(again), { errorCode: 'XDSRegistryDeprecatedDocumentError' });
  });

  const wrong: readonly (readonly [string, string, () => Promise<SubmitObjectsRequest>])[] = [
    [
      'an unknown patient',
      'XDSUnknownPatientId',
      async () =>
        aSubmission({ submissionSet: set({ patientId: { ...patientId, id: 'nobody' } }) }),
    ],
    [
      'a document of another patient than its SubmissionSet',
      'XDSPatientIdDoesNotMatch',
      async () =>
        aSubmission({ submissionSet: set(), documentEntries: [entry({ patientId: stranger })] }),
    ],
    [
      'a uniqueId that stands twice',
      'XDSRegistryDuplicateUniqueIdInMessage',
      async () => {
        const one = entry();
        return aSubmission({ submissionSet: set(), documentEntries: [one, { ...one }] });
      },
    ],
    [
      'a SubmissionSet whose uniqueId is taken',
      'XDSDuplicateUniqueIdInRegistry',
      async () => {
        const taken = set();
        await register(aSubmission({ submissionSet: taken, documentEntries: [entry()] }));
        return aSubmission({ submissionSet: taken, documentEntries: [entry()] });
      },
    ],
    [
      'a known uniqueId with another hash',
      'XDSNonIdenticalHash',
      async () => {
        const one = entry();
        await register(aSubmission({ submissionSet: set(), documentEntries: [one] }));
        return aSubmission({
          submissionSet: set(),
          documentEntries: [{ ...one, hash: 'da39a3ee5e6b4b0d3255bfef95601890afd80709' }],
        });
      },
    ],
    [
      'a replacement of something that is not there',
      'UnresolvedReferenceException',
      async () =>
        aSubmission({
          submissionSet: set(),
          documentEntries: [entry()],
          associations: [
            anAssociation({
              entryUUID: 'replacement',
              associationType: ASSOCIATION_TYPE.RPLC,
              sourceObject: 'Document01',
              targetObject: 'urn:uuid:00000000-0000-4000-8000-000000000001',
            }),
          ],
        }),
    ],
    [
      'an entry without its required classCode',
      'XDSRegistryMetadataError',
      async () =>
        aSubmission({ submissionSet: set(), documentEntries: [entry({ classCode: undefined })] }),
    ],
    [
      'a sourceId that is not the caller’s',
      'XDSRegistryMetadataError',
      async () => aSubmission({ submissionSet: set({ sourceId: '2.999.1' }) }),
    ],
  ];

  it.each(wrong)('refuses %s with %s, and registers nothing', async (_what, errorCode, make) => {
    const request = await make();
    const before = await everything();
    const { result, records } = await world.recording('ITI-42', () => register(request));
    expectFailure(result, { errorCode });
    expect(await everything()).toBe(before);
    // One record for each patient whom the submission names.
    expect(records.length).toBe(errorCode === 'XDSPatientIdDoesNotMatch' ? 2 : 1);
    for (const record of records) {
      expect(record).toMatchObject({ event: '110107', action: 'C', outcome: '8' });
    }
  });

  it('tells all that is wrong with a submission at once', async () => {
    const { status, errors } = await register(
      aSubmission({
        submissionSet: set({ contentTypeCode: undefined }),
        documentEntries: [entry({ classCode: undefined, formatCode: undefined })],
      }),
    );
    expect(status).toBe('Failure');
    expect(errors.length).toBeGreaterThanOrEqual(3);
    for (const { codeContext } of errors) expect(codeContext).not.toBe('');
  });

  it('records the import: 110107 C, the patient and the SubmissionSet', async () => {
    const uniqueId = freshOid();
    const { records } = await world.recording('ITI-42', () =>
      register(aSubmission({ submissionSet: set({ uniqueId }), documentEntries: [entry()] })),
    );
    expect(records).toHaveLength(1);
    const [record] = records;
    if (!record) throw new Error('no record');
    expect(record).toMatchObject({
      event: '110107',
      action: 'C',
      outcome: '0',
      name: 'Register Document Set-b',
    });
    expectParticipants(record, { source: 'asker', endpoint: url });
    expect(record.objects.map(({ id, type, idType }) => [id, type, idType])).toEqual([
      [encodeCX(patientId), '1/1', '2'],
      [uniqueId, '2/20', 'urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd'],
    ]);
  });
});
