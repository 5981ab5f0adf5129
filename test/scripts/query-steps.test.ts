import type { AdhocQueryRequest } from '../../profiles/xds/stored-queries.ts';
import type { StoredQueryName } from '../../profiles/xds/stored-queries.ts';
import { findDocuments, getAll, getDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { ASSOCIATION_TYPE } from '../../profiles/xds/vocabulary.ts';
import { stepsOf } from '../../scripts/query-steps.ts';
import { ARegistry, OTHER_PATIENT } from '../support/a-registry.ts';
import { aSubmission, anAssociation, SAMPLE_PATIENT } from '../support/xds-builders.ts';

const CLASS = { code: '57133-1', codingScheme: '2.16.840.1.113883.6.1' };

describe('Why a query finds what it finds', () => {
  let registry: ARegistry;

  const told = async (request: AdhocQueryRequest, name: StoredQueryName) => {
    const { steps, missing, answer } = await stepsOf(request, name, (query) => registry.ask(query));
    const lines = steps.map(({ names, asks, found }) => `${found} ${names.join(' ')} ${asks}`);
    return { lines, missing: missing.map(({ value }) => value), found: answer.found };
  };

  beforeAll(async () => {
    registry = await ARegistry.open();
    await registry.register(
      aSubmission({
        documentEntries: [{}, { classCode: { ...CLASS, code: 'X', displayName: 'X' } }],
      }),
    );
    const [replaced] = (await registry.ask(findDocuments({ patientId: SAMPLE_PATIENT }))).objects;
    await registry.register(
      aSubmission({
        submissionSet: { uniqueId: '2.999.9.4' },
        documentEntries: [{ uniqueId: '2.999.8.2' }],
        associations: [
          anAssociation({
            sourceObject: 'Document01',
            targetObject: replaced?.id ?? '',
            associationType: ASSOCIATION_TYPE.RPLC,
          }),
        ],
      }),
    );
  });

  afterAll(() => registry.close());

  it('is told parameter by parameter, from every status and type of the patient', async () => {
    const query = findDocuments({
      patientId: SAMPLE_PATIENT,
      classCode: [CLASS],
      creationTimeFrom: '2030',
    });
    expect(await told(query, 'FindDocuments')).toEqual({
      lines: [
        '3 $XDSDocumentEntryPatientId every status',
        '2 $XDSDocumentEntryStatus given',
        '2 $XDSDocumentEntryType default',
        '1 $XDSDocumentEntryClassCode given',
        '0 $XDSDocumentEntryCreationTimeFrom given',
      ],
      missing: [],
      found: 0,
    });
  });

  it('begins with nothing where the registry shows nothing of the patient', async () => {
    const query = findDocuments({ patientId: OTHER_PATIENT });
    expect((await told(query, 'FindDocuments')).lines[0]).toMatch(/^0 .*PatientId/);
  });

  it('counts all objects of GetAll, and widens each of its three statuses', async () => {
    const { lines, found } = await told(getAll({ patientId: SAMPLE_PATIENT }), 'GetAll');
    expect(lines.map((line) => line.split(' ')[1])).toEqual([
      '$patientId',
      '$XDSDocumentEntryStatus',
      '$XDSSubmissionSetStatus',
      '$XDSFolderStatus',
      '$XDSDocumentEntryType',
    ]);
    expect(lines.at(-1)).toBe(`${found} $XDSDocumentEntryType default`);
  });

  it('names the ids of which nothing is shown', async () => {
    const query = getDocuments({ uniqueId: ['2.999.8.2', '2.999.8.77'] });
    expect(await told(query, 'GetDocuments')).toEqual({
      lines: ['1 $XDSDocumentEntryUniqueId about'],
      missing: ['2.999.8.77'],
      found: 1,
    });
  });
});
