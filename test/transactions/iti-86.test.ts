import type { PatientId } from '../../profiles/patient.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { ITI_43 } from '../../profiles/xds/iti-43.ts';
import { ITI_86 } from '../../profiles/xds/iti-86.ts';
import { inMemory } from '../support/documents.ts';
import { regionOids, World } from '../support/world.ts';
import { aSubmission } from '../support/xds-builders.ts';

const EAST = regionOids(1);

describe('ITI-86 Remove Documents, over the wire', () => {
  let world: World;
  let patient: PatientId;

  const url = () => world.url('document-repository');
  const request = (...uniqueIds: string[]) => ({
    documents: uniqueIds.map((documentUniqueId) => ({
      repositoryUniqueId: EAST.repositoryUniqueId,
      documentUniqueId,
    })),
  });

  beforeAll(async () => {
    world = await World.start({
      systems: [
        {
          name: 'archivist',
          institution: '9990000007',
          regions: ['east'],
          assigningAuthorities: [],
          transactions: ['ITI-86'],
        },
      ],
    });
    patient = await world.patient('RM-00001');
    const submission = aSubmission({
      submissionSet: { patientId: patient, sourceId: EAST.sourceId },
      documentEntries: [
        {
          uniqueId: '2.999.8.1',
          hash: undefined,
          size: undefined,
          repositoryUniqueId: undefined,
        },
      ],
    });
    await world.exchange(ITI_41, url(), {
      submission,
      documents: [{ id: 'Document01', content: inMemory('one') }],
    });
  });

  afterAll(() => world.stop());

  it('is refused to a system that is not entitled to it', async () => {
    const { fault } = await world.faulted(ITI_86, url(), request('2.999.8.1'));
    expect(JSON.stringify(fault)).toContain('NotAuthorized');
    expect(await world.filesIn('documents')).toHaveLength(1);
  });

  it('removes the octets, says so, and records it with the document and its repository', async () => {
    const { result, records } = await world.recording('ITI-86', () =>
      world.exchange(ITI_86, url(), request('2.999.8.1', '2.999.8.9'), { as: 'archivist' }),
    );
    expect(result.response).toMatchObject({
      status: 'PartialSuccess',
      errors: [{ errorCode: 'XDSDocumentUniqueIdError', location: '2.999.8.9' }],
    });
    expect(records).toHaveLength(1);
    expect(JSON.stringify(records[0])).toContain('2.999.8.1');
    expect(await world.filesIn('documents')).toEqual([]);
  });

  it('answers a retrieval of what was removed with XDSDocumentUniqueIdError', async () => {
    const { response } = await world.exchange(ITI_43, url(), request('2.999.8.1'));
    expect(response).toMatchObject({
      status: 'Failure',
      documents: [],
      errors: [{ errorCode: 'XDSDocumentUniqueIdError', location: '2.999.8.1' }],
    });
  });

  it('refuses a second removal, and one from another repository', async () => {
    const again = await world.exchange(ITI_86, url(), request('2.999.8.1'), { as: 'archivist' });
    expect(again.response.status).toBe('Failure');
    const elsewhere = { repositoryUniqueId: '2.999.7', documentUniqueId: '2.999.8.1' };
    const other = await world.exchange(
      ITI_86,
      url(),
      { documents: [elsewhere] },
      { as: 'archivist' },
    );
    expect(other.response).toMatchObject({
      status: 'Failure',
      errors: [{ errorCode: 'XDSUnknownRepositoryId', location: '2.999.8.1' }],
    });
  });
});
