import type { AdhocQueryRequest } from '../../../profiles/xds/stored-queries.ts';
import { ITI_51 } from '../../../profiles/xds/iti-51.ts';
import {
  findDocumentsForMultiplePatients,
  findFoldersForMultiplePatients,
} from '../../../profiles/xds/multi-patient-query-builders.ts';
import { findDocuments } from '../../../profiles/xds/stored-query-builders.ts';
import type { Permission } from '../../../actors/actor.ts';
import { ARegistry, OTHER_PATIENT, refusedAs } from '../../support/a-registry.ts';
import { aCaller } from '../../support/world-of-actors.ts';
import { aSubmission, SAMPLE_PATIENT } from '../../support/xds-builders.ts';

describe('ITI-51 Multi-Patient Stored Query, as the Document Registry answers it', () => {
  let registry: ARegistry;

  const ask = (query: AdhocQueryRequest, permission?: Permission) =>
    registry.world.as(aCaller(), permission)(ITI_51, 'document-registry', query);
  const found = async (query: AdhocQueryRequest, permission?: Permission) =>
    (await ask(query, permission)).objects.map(({ uniqueId }) => uniqueId);
  const classCode = [{ code: '57133-1', codingScheme: '2.16.840.1.113883.6.1' }];

  beforeEach(async () => {
    registry = await ARegistry.open();
    await registry.register(aSubmission({ folders: [{}] }));
    await registry.register(
      aSubmission({
        submissionSet: { uniqueId: '2.999.9.1.9', patientId: OTHER_PATIENT },
        documentEntries: [{ uniqueId: 'theirs' }],
        folders: [{ uniqueId: '2.999.9.1.8' }],
      }),
    );
  });

  afterEach(() => registry.close());

  it('finds the documents of the patients named, of one, or by code of any', async () => {
    const patientIds = [SAMPLE_PATIENT, OTHER_PATIENT];
    expect(await found(findDocumentsForMultiplePatients({ patientIds }))).toEqual([
      '2.999.8.1.1',
      'theirs',
    ]);
    const one = [OTHER_PATIENT];
    expect(await found(findDocumentsForMultiplePatients({ patientIds: one }))).toEqual(['theirs']);
    expect(await found(findDocumentsForMultiplePatients({ classCode }))).toHaveLength(2);
    expect(await found(findFoldersForMultiplePatients({ patientIds }))).toHaveLength(2);
  });

  it('shows each patient’s documents as that patient’s consent allows', async () => {
    const permission = {
      shows: ({ patientId }: { patientId?: { id: string } }) => patientId?.id === 'P-0002',
    };
    expect(await found(findDocumentsForMultiplePatients({ classCode }), permission)).toEqual([
      'theirs',
    ]);
  });

  it('refuses a query of ITI-18, and one that names neither patient nor code', async () => {
    expect(await refusedAs(ask(findDocuments({ patientId: SAMPLE_PATIENT })))).toEqual([
      'XDSUnknownStoredQuery undefined',
    ]);
    const [refused] = await refusedAs(ask(findDocumentsForMultiplePatients({})));
    expect(refused).toMatch(/^XDSStoredQueryMissingParam/);
  });
});
