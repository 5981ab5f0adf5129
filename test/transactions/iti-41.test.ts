import { createHash } from 'node:crypto';
import { encodeCX } from '../../profiles/formats/datatypes.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_41, type ProvideAndRegisterRequest } from '../../profiles/xds/iti-41.ts';
import { documentEntryOf } from '../../profiles/xds/metadata-xml.ts';
import { objectOfText } from '../../profiles/xds/registry-object-text.ts';
import { findDocuments, getAll } from '../../profiles/xds/stored-query-builders.ts';
import { ITI_43 } from '../../profiles/xds/iti-43.ts';
import { expectFailure, expectParticipants } from '../support/expectations.ts';
import { handMadeMtom, readMessage, wireMessageOf } from '../support/messages.ts';
import { aProvision, freshOid, octets, type SubmissionPlan } from '../support/region-documents.ts';
import { regionOids, World } from '../support/world.ts';

const bytes = octets('診療情報提供書');
const sha1 = createHash('sha1').update(bytes).digest('hex');

describe('ITI-41 Provide and Register Document Set-b over the wire', () => {
  let world: World;
  let url: string;
  let registry: string;
  let patientId: PatientId;

  beforeAll(async () => {
    world = await World.start();
    url = world.url('document-repository');
    registry = world.url('document-registry');
    patientId = await world.patient('P-1');
  });

  afterAll(() => world.stop());

  const provide = async (request: ProvideAndRegisterRequest, invalid = false) =>
    (await world.exchange(ITI_41, url, request, { invalid })).response;
  const provision = (plan: Partial<SubmissionPlan> = {}) =>
    aProvision({ patientId, documents: [{ bytes }], ...plan });
  const everything = async () => ({
    objects: (
      await world.exchange(
        ITI_18,
        registry,
        getAll({ patientId, status: ['Approved', 'Deprecated'] }),
      )
    ).response.objects.length,
    spool: (await world.filesIn('spool')).length,
    documents: (await world.filesIn('documents')).length,
  });

  it('takes a document in MTOM, and its entry gets hash, size and repositoryUniqueId', async () => {
    const uniqueId = freshOid();
    const { response, message, headers } = await world.exchange(
      ITI_41,
      url,
      provision({ documents: [{ bytes, uniqueId }] }),
    );
    expect(headers['content-type']).toMatch(/^multipart\/related/);
    expect(message.mtom).toBe(true);
    expect(response).toEqual({ status: 'Success', errors: [] });
    const found = await world.exchange(ITI_18, registry, findDocuments({ patientId }));
    const text = found.response.objects.find((object) => object.uniqueId === uniqueId);
    const entry = text && documentEntryOf(objectOfText(text) as never);
    expect(entry).toMatchObject({
      hash: sha1,
      size: bytes.length,
      repositoryUniqueId: regionOids(1).repositoryUniqueId,
    });
    expect(await world.filesIn('spool')).toEqual([]);
  });

  it('takes a right hash in upper case', async () => {
    const { status } = await provide(
      provision({
        documents: [{ bytes, entry: { hash: sha1.toUpperCase(), size: bytes.length } }],
      }),
    );
    expect(status).toBe('Success');
  });

  it('takes the same document again under the same uniqueId', async () => {
    const uniqueId = freshOid();
    const again = () => provide(provision({ documents: [{ bytes, uniqueId }] }));
    expect((await again()).status).toBe('Success');
    expect((await again()).status).toBe('Success');
  });

  it('takes a document of no octets at all, and one that stands in the message as base64', async () => {
    const [empty, inline] = [freshOid(), freshOid()];
    const request = provision({ documents: [{ bytes: new Uint8Array(0), uniqueId: empty }] });
    expect((await provide(request)).status).toBe('Success');
    const { envelope } = await wireMessageOf(
      ITI_41,
      provision({ documents: [{ bytes, uniqueId: inline }] }),
      url,
    );
    const base64 = Buffer.from(bytes).toString('base64');
    const raw = await world.send(
      url,
      handMadeMtom(envelope.replace(/<xop:Include[^>]*\/>/, base64), []),
    );
    expect((await readMessage(raw)).envelope).toContain('ResponseStatusType:Success');
    const { repositoryUniqueId } = regionOids(1);
    const { response } = await world.exchange(ITI_43, url, {
      documents: [empty, inline].map((documentUniqueId) => ({
        repositoryUniqueId,
        documentUniqueId,
      })),
    });
    expect(response.documents.map(({ content }) => content.sizeBytes)).toEqual([0, bytes.length]);
  });

  const wrong: readonly (readonly [
    string,
    string,
    (uniqueId: string) => Promise<ProvideAndRegisterRequest>,
    boolean,
  ])[] = [
    [
      'a wrong hash',
      'XDSRepositoryMetadataError',
      async (uniqueId) =>
        provision({ documents: [{ bytes, uniqueId, entry: { hash: '0'.repeat(40) } }] }),
      true,
    ],
    [
      'a wrong size',
      'XDSRepositoryMetadataError',
      async (uniqueId) => provision({ documents: [{ bytes, uniqueId, entry: { size: 1 } }] }),
      true,
    ],
    [
      'an entry without its document',
      'XDSMissingDocument',
      async () => ({ ...provision(), documents: [] }),
      false,
    ],
    [
      'a document without its entry',
      'XDSMissingDocumentMetadata',
      async () => {
        const { submission, documents } = provision();
        const [first] = documents;
        if (!first) throw new Error('no document');
        return { submission, documents: [first, { ...first, id: 'Document99' }] };
      },
      false,
    ],
    [
      'an unknown patient',
      'XDSUnknownPatientId',
      async () => provision({ patientId: { ...patientId, id: 'nobody' } }),
      false,
    ],
    [
      'a uniqueId that stands twice',
      'XDSRepositoryDuplicateUniqueIdInMessage',
      async (uniqueId) =>
        provision({
          documents: [
            { bytes, uniqueId },
            { bytes, uniqueId },
          ],
        }),
      false,
    ],
    [
      'a sourceId that is not the caller’s',
      'XDSRepositoryMetadataError',
      async () => provision({ submissionSet: { sourceId: '2.999.1' } }),
      false,
    ],
    [
      'other octets under a uniqueId that is taken',
      'XDSNonIdenticalHash',
      async (uniqueId) => {
        await provide(provision({ documents: [{ bytes, uniqueId }] }));
        const others = Uint8Array.from(bytes).reverse();
        return provision({ documents: [{ bytes: others, uniqueId }] });
      },
      false,
    ],
  ];

  it.each(wrong)(
    'refuses %s with %s, and stores neither entry nor octets',
    async (_what, errorCode, make, located) => {
      const uniqueId = freshOid();
      const request = await make(uniqueId);
      const before = await everything();
      const { result, records } = await world.recording('ITI-41', () => provide(request));
      expectFailure(result, { errorCode, location: located ? uniqueId : undefined });
      expect(await everything()).toEqual(before);
      expect(records.map(({ event, action, outcome }) => [event, action, outcome])).toEqual([
        ['110107', 'C', '8'],
      ]);
    },
  );

  it('records the import: 110107 C, the patient and the SubmissionSet, once', async () => {
    const uniqueId = freshOid();
    const inner = (await world.auditOf('ITI-42')).length;
    const { records } = await world.recording('ITI-41', () =>
      provide(provision({ submissionSet: { uniqueId } })),
    );
    expect(records).toHaveLength(1);
    const [record] = records;
    if (!record) throw new Error('no record');
    expect(record).toMatchObject({
      event: '110107',
      action: 'C',
      outcome: '0',
      name: 'Provide and Register Document Set-b',
    });
    expectParticipants(record, { source: 'asker', endpoint: url });
    expect(record.objects.map(({ id, type }) => [id, type])).toEqual([
      [encodeCX(patientId), '1/1'],
      [uniqueId, '2/20'],
    ]);
    // Registry and repository share a process: no message crossed its wall.
    expect(await world.auditOf('ITI-42')).toHaveLength(inner);
  });
});
