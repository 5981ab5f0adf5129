import type { PatientId } from '../../profiles/patient.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { inMemory } from '../support/documents.ts';
import { regionOids, World } from '../support/world.ts';
import { aSubmission } from '../support/xds-builders.ts';

const EAST = regionOids(1);

describe('ITI-41 Provide and Register Document Set-b, sent again', () => {
  let world: World;
  let patient: PatientId;

  const provide = async (messageId: string, text = 'one') => {
    const submission = aSubmission({
      submissionSet: { patientId: patient, sourceId: EAST.sourceId },
      documentEntries: [{ hash: undefined, size: undefined, repositoryUniqueId: undefined }],
    });
    const { response } = await world.exchange(
      ITI_41,
      world.url('document-repository'),
      { submission, documents: [{ id: 'Document01', content: inMemory(text) }] },
      { messageId },
    );
    return [response.status, ...response.errors.map(({ errorCode }) => errorCode)];
  };
  const registered = async () => {
    const url = world.url('document-registry');
    const query = findDocuments({ patientId: patient });
    return (await world.exchange(ITI_18, url, query)).response.objects.length;
  };

  beforeAll(async () => {
    world = await World.start();
    patient = await world.patient('AG-00001');
  });

  afterAll(() => world.stop());

  it('is told what it was told, and registers nothing twice', async () => {
    expect(await provide('urn:uuid:00000000-0000-4000-8000-000000000001')).toEqual(['Success']);
    expect(await provide('urn:uuid:00000000-0000-4000-8000-000000000001')).toEqual(['Success']);
    expect(await registered()).toBe(1);
    expect(await world.filesIn('documents')).toHaveLength(1);
  });

  it('is a new submission under a new MessageID: XDSDuplicateUniqueIdInRegistry, and the document stays', async () => {
    expect(await provide('urn:uuid:00000000-0000-4000-8000-000000000002')).toEqual([
      'Failure',
      'XDSDuplicateUniqueIdInRegistry',
    ]);
    expect(await world.filesIn('documents')).toHaveLength(1);
  });

  it('is refused with other octets, whatever its MessageID: XDSNonIdenticalHash and XDSNonIdenticalSize', async () => {
    for (const last of [1, 3]) {
      const messageId = `urn:uuid:00000000-0000-4000-8000-00000000000${last}`;
      expect(await provide(messageId, 'other octets')).toEqual([
        'Failure',
        'XDSNonIdenticalHash',
        'XDSNonIdenticalSize',
      ]);
    }
    expect(await world.filesIn('documents')).toHaveLength(1);
  });
});
