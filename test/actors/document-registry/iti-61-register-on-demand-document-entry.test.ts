import { findDocuments, getDocuments } from '../../../profiles/xds/stored-query-builders.ts';
import type { DocumentEntry } from '../../../profiles/xds/metadata.ts';
import { ASSOCIATION_TYPE } from '../../../profiles/xds/vocabulary.ts';
import { ARegistry, refusedAs } from '../../support/a-registry.ts';
import { anAssociation, aSubmission, SAMPLE_PATIENT } from '../../support/xds-builders.ts';
import { ON_DEMAND } from '../../support/xds-update-builders.ts';

const patientId = SAMPLE_PATIENT;

describe('ITI-61 Register On-Demand Document Entry, as the Document Registry answers it', () => {
  let registry: ARegistry;
  let sets = 0;

  const submission = (
    entry: Partial<DocumentEntry>,
    associations?: Parameters<typeof anAssociation>[0][],
  ) => {
    sets += 1;
    return aSubmission({
      submissionSet: { uniqueId: `2.999.9.6.${sets}` },
      documentEntries: [entry],
      associations: associations?.map(anAssociation),
    });
  };
  const onDemand = (uniqueId = 'od.1') => submission({ ...ON_DEMAND, uniqueId });

  beforeEach(async () => {
    registry = await ARegistry.open();
  });

  afterEach(() => registry.close());

  it('registers an entry without creationTime, hash and size, which a query must ask for', async () => {
    expect(await registry.registerOnDemand(onDemand())).toEqual({ status: 'Success', errors: [] });
    expect(await registry.found(findDocuments({ patientId }))).toEqual([]);
    expect(await registry.found(findDocuments({ patientId, objectType: ['On-Demand'] }))).toEqual([
      'od.1',
    ]);
    expect(
      await registry.found(
        findDocuments({ patientId, objectType: ['On-Demand'], creationTimeFrom: '2020' }),
      ),
    ).toEqual(['od.1']);
  });

  it('takes a further entry of the same uniqueId, and none of a Stable document’s', async () => {
    await registry.registerOnDemand(onDemand());
    expect(await refusedAs(registry.registerOnDemand(onDemand()))).toEqual([]);
    await registry.register(submission({ uniqueId: 'stable.1' }));
    expect(await refusedAs(registry.registerOnDemand(onDemand('stable.1')))).toEqual([
      'XDSRegistryMetadataError Document01',
    ]);
    expect(await refusedAs(registry.register(submission({ uniqueId: 'od.1' })))).toEqual([
      'XDSRegistryMetadataError Document01',
    ]);
  });

  it('refuses a Stable entry here, and an On-Demand one in ITI-42', async () => {
    const codes = async (work: Promise<unknown>) =>
      new Set((await refusedAs(work)).map((one) => one.split(' ')[0]));
    expect(await codes(registry.registerOnDemand(submission({ uniqueId: 's' })))).toEqual(
      new Set(['XDSRegistryMetadataError']),
    );
    expect(await codes(registry.register(onDemand()))).toEqual(
      new Set(['XDSRegistryMetadataError']),
    );
  });

  it('refuses an entry with a hash or a size', async () => {
    const entry = { ...ON_DEMAND, uniqueId: 'od.2', hash: '0'.repeat(40), size: 1 };
    const refused = await refusedAs(registry.registerOnDemand(submission(entry)));
    expect(refused.length).toBeGreaterThanOrEqual(2);
    expect(new Set(refused)).toEqual(new Set(['XDSRegistryMetadataError Document01']));
  });

  it('lets a Stable document be the snapshot of an On-Demand one, and of nothing else', async () => {
    await registry.registerOnDemand(onDemand());
    await registry.register(submission({ uniqueId: 'stable.1' }));
    const idOf = async (uniqueId: string) =>
      (await registry.ask(getDocuments({ uniqueId: [uniqueId] }))).objects[0]?.id ?? '';
    const snapshotOf = async (target: string, uniqueId: string) =>
      submission({ uniqueId }, [
        {
          entryUUID: 'snapshot',
          associationType: ASSOCIATION_TYPE.IsSnapshotOf,
          sourceObject: 'Document01',
          targetObject: await idOf(target),
        },
      ]);
    expect(await registry.refusalCodes(await snapshotOf('od.1', 'snapshot.1'))).toEqual([]);
    expect(await refusedAs(registry.register(await snapshotOf('stable.1', 'snapshot.2')))).toEqual([
      'XDSRegistryMetadataError snapshot',
    ]);
  });
});
