import { request as httpsRequest } from 'node:https';
import { encodeCX } from '../../profiles/formats/datatypes.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_43, type RetrieveDocumentSetRequest } from '../../profiles/xds/iti-43.ts';
import {
  eventually,
  expectErrors,
  expectFailure,
  expectParticipants,
} from '../support/expectations.ts';
import { wireMessageOf } from '../support/messages.ts';
import { octets, provide } from '../support/region-documents.ts';
import { regionOids, World } from '../support/world.ts';

const bytes = Uint8Array.from({ length: 100_003 }, (_, index) => (index * 7) % 251);
const { repositoryUniqueId, homeCommunityId } = regionOids(1);

describe('ITI-43 Retrieve Document Set over the wire', () => {
  let world: World;
  let url: string;
  let patientId: PatientId;
  let first: string;
  let second: string;

  beforeAll(async () => {
    world = await World.start();
    url = world.url('document-repository');
    patientId = await world.patient('D-1');
    const [one, two] = await provide(world, {
      patientId,
      documents: [{ bytes }, { bytes: octets('two'), entry: { mimeType: 'application/pdf' } }],
    });
    first = one ?? '';
    second = two ?? '';
  });

  afterAll(() => world.stop());

  const retrieve = (...documents: RetrieveDocumentSetRequest['documents']) =>
    world.exchange(ITI_43, url, { documents });

  it('returns documents byte for byte, each a part of an MTOM message, under its mimeType', async () => {
    const { response, message } = await retrieve(
      { repositoryUniqueId, documentUniqueId: first },
      { repositoryUniqueId, documentUniqueId: second },
    );
    expect(message.mtom).toBe(true);
    expect(message.parts.size).toBe(2);
    expect(response).toMatchObject({ status: 'Success', errors: [] });
    expect(response.documents.map(({ mimeType }) => mimeType)).toEqual([
      'text/plain',
      'application/pdf',
    ]);
    const [got] = [...message.parts.values()];
    expect(got?.equals(bytes)).toBe(true);
  });

  it('refuses an unknown document with XDSDocumentUniqueIdError, at its uniqueId', async () => {
    const { result, records } = await world.recording('ITI-43', () =>
      retrieve({ repositoryUniqueId, documentUniqueId: '2.999.404' }),
    );
    expectFailure(result.response, {
      errorCode: 'XDSDocumentUniqueIdError',
      location: '2.999.404',
    });
    expect(result.response.documents).toEqual([]);
    expect(records.map(({ event, action, outcome }) => [event, action, outcome])).toEqual([
      ['110106', 'R', '8'],
    ]);
  });

  it('refuses an unknown repository with XDSUnknownRepositoryId, at the uniqueId', async () => {
    const { response } = await retrieve({
      repositoryUniqueId: '2.999.404',
      documentUniqueId: first,
    });
    expectFailure(response, { errorCode: 'XDSUnknownRepositoryId', location: first });
  });

  it('returns what there is beside an error for what there is not: PartialSuccess', async () => {
    const { result, records } = await world.recording('ITI-43', () =>
      retrieve(
        { repositoryUniqueId, documentUniqueId: first },
        { repositoryUniqueId, documentUniqueId: '2.999.404' },
      ),
    );
    const { status, documents, errors } = result.response;
    expect(status).toBe('PartialSuccess');
    expect(documents.map(({ documentUniqueId }) => documentUniqueId)).toEqual([first]);
    expectErrors(errors, { errorCode: 'XDSDocumentUniqueIdError', location: '2.999.404' });
    expect(records.map(({ outcome, objects }) => [outcome, objects.map(({ id }) => id)])).toEqual([
      ['0', [encodeCX(patientId), first]],
      ['8', ['2.999.404']],
    ]);
  });

  it('records a second time, with the same message id, when its sending is broken off', async () => {
    const large = new Uint8Array(24 * 1_048_576).fill(65);
    const [documentUniqueId = ''] = await provide(world, {
      patientId,
      documents: [{ bytes: large }],
    });
    const message = await wireMessageOf(
      ITI_43,
      { documents: [{ repositoryUniqueId, documentUniqueId }] },
      url,
    );
    const before = (await world.auditOf('ITI-43')).length;
    const { records } = await world.recording('ITI-43', async () => {
      await new Promise<void>((resolve, reject) => {
        const outgoing = httpsRequest(
          url,
          {
            ...world.tls(),
            method: 'POST',
            agent: false,
            headers: {
              'Content-Type': message.contentType,
              'Content-Length': message.body.length,
            },
          },
          (answer) => {
            answer.once('data', () => {
              answer.destroy();
              resolve();
            });
            answer.on('error', () => undefined);
          },
        );
        outgoing.on('error', reject);
        outgoing.end(message.body);
      });
      await eventually(async () => (await world.auditOf('ITI-43')).length === before + 2);
    });
    expect(records.map(({ outcome }) => outcome)).toEqual(['0', '8']);
    for (const { objects } of records) {
      expect(objects.at(-1)?.details.MessageID).toBe(message.messageId);
    }
  });

  it('records the export: 110106 R, the repository as source, each document with its repository', async () => {
    const { records } = await world.recording('ITI-43', () =>
      retrieve({ repositoryUniqueId, documentUniqueId: first, homeCommunityId }),
    );
    expect(records).toHaveLength(1);
    const [record] = records;
    if (!record) throw new Error('no record');
    expect(record).toMatchObject({
      event: '110106',
      action: 'R',
      outcome: '0',
      name: 'Retrieve Document Set',
    });
    expectParticipants(record, { source: 'answerer', endpoint: url });
    const [patient, document, ...others] = record.objects;
    expect(others).toEqual([]);
    expect(patient).toMatchObject({ id: encodeCX(patientId), type: '1/1', idType: '2' });
    expect(document).toMatchObject({
      id: first,
      type: '2/3',
      idType: '9',
      details: {
        'Repository Unique Id': repositoryUniqueId,
        'ihe:homeCommunityID': homeCommunityId,
      },
    });
  });
});
