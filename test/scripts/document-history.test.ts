import { findDocuments, findFolders } from '../../profiles/xds/stored-query-builders.ts';
import { ASSOCIATION_TYPE } from '../../profiles/xds/vocabulary.ts';
import { historyOf } from '../../scripts/document-history.ts';
import { refusalsOf } from '../../profiles/refusal.ts';
import { errorOf } from '../../profiles/xds/registry-response.ts';
import type { AdhocQueryRequest, AdhocQueryResponse } from '../../profiles/xds/stored-queries.ts';
import { ARegistry, OTHER_PATIENT } from '../support/a-registry.ts';
import { aSubmission, anAssociation, SAMPLE_PATIENT } from '../support/xds-builders.ts';
import { aFolderUpdate, anUpdate } from '../support/xds-update-builders.ts';

describe('The history of a document', () => {
  let registry: ARegistry;
  let first: string;

  /** A registry behind the wire says no in its answer. */
  const ask = async (query: AdhocQueryRequest): Promise<AdhocQueryResponse> => {
    try {
      return await registry.ask(query);
    } catch (error) {
      const errors = (refusalsOf(error) ?? []).map(errorOf);
      return { status: 'Failure', errors, objects: [], objectRefs: [] };
    }
  };
  const history = (id: string) => historyOf(id, ask);

  beforeEach(async () => {
    registry = await ARegistry.open();
    await registry.register(aSubmission({ folders: [{}] }));
    first = (await registry.ask(findDocuments({ patientId: SAMPLE_PATIENT }))).objects[0]?.id ?? '';
    const update = anUpdate({ logicalID: first, title: '改訂' });
    await registry.update(
      JSON.parse(JSON.stringify(update).replaceAll('2.999.9.1.1"', '2.999.9.3"')),
    );
  });

  afterEach(() => registry.close());

  it('has every version with the submission that brought it, the oldest first', async () => {
    const { versions } = await history('2.999.8.1.1');
    expect(versions).toMatchObject([
      {
        version: 1,
        entryUUID: first,
        availabilityStatus: 'Deprecated',
        submissionTime: '20250102030500',
        submissionSetUniqueId: '2.999.9.1.1',
        sourceId: '2.999.9.1',
      },
      {
        version: 2,
        logicalID: first,
        availabilityStatus: 'Approved',
        submissionSetUniqueId: '2.999.9.3',
      },
    ]);
  });

  it('is found by the entryUUID of any version', async () => {
    const { versions } = await history('2.999.8.1.1');
    for (const { entryUUID } of versions) {
      expect((await history(entryUUID)).versions).toEqual(versions);
    }
  });

  it('tells what replaced it, and which Folders hold which version', async () => {
    const [, second] = (await history('2.999.8.1.1')).versions;
    const targetObject = second?.entryUUID ?? '';
    await registry.register(
      aSubmission({
        submissionSet: { uniqueId: '2.999.9.4' },
        documentEntries: [{ uniqueId: '2.999.8.2' }],
        associations: [
          anAssociation({
            sourceObject: 'Document01',
            targetObject,
            associationType: ASSOCIATION_TYPE.RPLC,
          }),
        ],
      }),
    );
    const { versions, links } = await history('2.999.8.1.1');
    expect(versions.map(({ availabilityStatus }) => availabilityStatus)).toEqual([
      'Deprecated',
      'Deprecated',
    ]);
    const told = links.map(({ entryUUID, type, direction, otherUniqueId }) => [
      versions.find((one) => one.entryUUID === entryUUID)?.version,
      `${type} ${direction} ${otherUniqueId}`,
    ]);
    expect(told).toEqual([
      [1, 'HasMember from 2.999.9.1.2'],
      [2, 'HasMember from 2.999.9.1.2'],
      [2, 'RPLC from 2.999.8.2'],
    ]);
  });

  it('goes on when the document was moved to another patient, or is referred to by one', async () => {
    const update = anUpdate(
      { logicalID: first },
      { previousVersion: 2, associationPropagation: 'no' },
    );
    const moved = JSON.stringify(update)
      .replaceAll('2.999.9.1.1"', '2.999.9.4"')
      .replaceAll('P-0001', OTHER_PATIENT.id);
    await registry.update(JSON.parse(moved));
    await registry.register(
      aSubmission({
        submissionSet: { uniqueId: '2.999.9.6', patientId: OTHER_PATIENT },
        documentEntries: [],
        associations: [
          anAssociation({
            sourceObject: 'SubmissionSet01',
            targetObject: first,
            submissionSetStatus: 'Reference',
          }),
        ],
      }),
    );
    const { versions, links } = await history('2.999.8.1.1');
    expect(
      versions.map(({ version, submissionSetUniqueId }) => [version, submissionSetUniqueId]),
    ).toEqual([
      [1, '2.999.9.1.1'],
      [2, '2.999.9.3'],
      [3, '2.999.9.4'],
    ]);
    expect(links.map(({ otherUniqueId }) => otherUniqueId)).toEqual(['2.999.9.1.2', '2.999.9.1.2']);
  });

  it('of a Folder has its versions and what each holds', async () => {
    const [folder] = (await registry.ask(findFolders({ patientId: SAMPLE_PATIENT }))).objects;
    const update = aFolderUpdate({ logicalID: folder?.id ?? '', title: '改訂' });
    await registry.update(
      JSON.parse(JSON.stringify(update).replaceAll('2.999.9.1.1"', '2.999.9.5"')),
    );
    const { versions, links } = await history('2.999.9.1.2');
    expect(versions).toMatchObject([
      { version: 1, objectType: 'Folder', availabilityStatus: 'Deprecated' },
      { version: 2, availabilityStatus: 'Approved', submissionSetUniqueId: '2.999.9.5' },
    ]);
    expect((await history(folder?.id ?? '')).versions).toEqual(versions);
    expect(
      new Set(links.map(({ direction, otherUniqueId }) => `${direction} ${otherUniqueId}`)),
    ).toEqual(new Set(['to 2.999.8.1.1']));
  });

  it('of a document that is not shown is empty', async () => {
    expect(await history('2.999.8.9')).toEqual({ versions: [], links: [] });
    expect(await history('urn:uuid:5b1e0000-0000-4000-8000-000000000003')).toEqual({
      versions: [],
      links: [],
    });
  });
});
