import { getDocuments } from '../../../profiles/xds/stored-query-builders.ts';
import { objectOfText } from '../../../profiles/xds/registry-object-text.ts';
import { ARegistry, OTHER_PATIENT, refusedAs } from '../../support/a-registry.ts';
import { aSubmission } from '../../support/xds-builders.ts';
import { aFolderUpdate, anUpdate, aStatusUpdate } from '../../support/xds-update-builders.ts';

describe('ITI-92 Restricted Update Document Set, as the Document Registry answers it', () => {
  let registry: ARegistry;
  let sets = 0;
  let logicalID: string;

  const fresh = <Request extends { objects: readonly unknown[] }>(request: Request): Request => {
    sets += 1;
    return JSON.parse(JSON.stringify(request).replaceAll('2.999.9.1.1"', `2.999.9.4.${sets}"`));
  };
  const update = (request: Parameters<ARegistry['update']>[0]) =>
    registry.restrictedUpdate(fresh(request));
  const versions = async () =>
    (await registry.ask(getDocuments({ uniqueId: ['2.999.8.1.1'], metadataLevel: 2 }))).objects;

  beforeEach(async () => {
    registry = await ARegistry.open();
    await registry.register(aSubmission());
    logicalID = (await versions())[0]?.id ?? '';
  });

  afterEach(() => registry.close());

  it('makes a new version, also of a Deprecated document, which stays Deprecated', async () => {
    await registry.update(fresh(aStatusUpdate({ targetObject: logicalID })));
    const code = { code: 'V', codingScheme: '2.16.840.1.113883.5.25', displayName: 'very' };
    await update(anUpdate({ logicalID, confidentialityCode: [code] }));
    const [, young] = await versions();
    expect(young?.status).toMatch(/:Deprecated$/);
    expect(young?.confidentialityCode).toEqual([code]);
    expect(young && objectOfText(young).versionName).toBe('2');
  });

  it('knows the document by its uniqueId where the logicalID is left out', async () => {
    await update(anUpdate({ logicalID: undefined }));
    expect((await versions()).map(({ lid }) => lid)).toEqual([logicalID, logicalID]);
  });

  it('refuses an update that leaves out which of two documents of one uniqueId is meant', async () => {
    await registry.register(fresh(aSubmission()));
    expect(await refusedAs(update(anUpdate({ logicalID: undefined })))).toEqual([
      'XDSMetadataVersionError Document01',
    ]);
  });

  it('refuses what it may not change, each with its code', async () => {
    const refused = (over: Parameters<typeof anUpdate>[0]) =>
      refusedAs(update(anUpdate({ logicalID, ...over })));
    expect(await refused({ uniqueId: '2.999.8.9' })).toEqual([
      'XDSMetadataIdentifierError Document01',
    ]);
    expect(await refused({ repositoryUniqueId: '2.999.7.9' })).toEqual([
      'UnmodifiableMetadataError Document01',
    ]);
    expect(await refused({ sourcePatientId: 'MRN-8^^^&2.999.3.8&ISO' })).toEqual([
      'UnmodifiableMetadataError Document01',
    ]);
    const documentAvailability = 'urn:ihe:iti:2010:DocumentAvailability:Offline';
    expect(await refused({ documentAvailability })).toEqual([
      'UnmodifiableMetadataError Document01',
    ]);
    const online = 'urn:ihe:iti:2010:DocumentAvailability:Online';
    expect(await refused({ documentAvailability: online })).toEqual([]);
  });

  it('refuses another patient, and another type of document', async () => {
    const moved = JSON.parse(
      JSON.stringify(fresh(anUpdate({ logicalID }))).replaceAll('P-0001', OTHER_PATIENT.id),
    );
    expect(await refusedAs(registry.restrictedUpdate(moved))).toEqual([
      'XDSPatientIDReconciliationError Document01',
    ]);
    const onDemand = { creationTime: undefined, hash: undefined, size: undefined } as const;
    expect(
      await refusedAs(update(anUpdate({ logicalID, objectType: 'On-Demand', ...onDemand }))),
    ).toEqual(['XDSObjectTypeError Document01']);
  });

  it('refuses an initial version, a Folder, a status and a propagation that is switched off', async () => {
    const codes = async (request: Parameters<ARegistry['update']>[0]) =>
      (await refusedAs(update(request))).map((one) => one.split(' ')[0]);
    expect(await codes(aSubmission())).toContain('XDSInvalidRequestException');
    expect(await codes(aFolderUpdate({ logicalID }))).toContain('XDSObjectTypeError');
    expect(await codes(aStatusUpdate({ targetObject: logicalID }))).toContain(
      'XDSMetadataUpdateError',
    );
    expect(await codes(anUpdate({ logicalID }, { associationPropagation: 'no' }))).toEqual([
      'XDSMetadataAnnotationError',
    ]);
  });

  it('refuses a logicalID that is not registered, and a version that is not the latest', async () => {
    expect(await refusedAs(update(anUpdate()))).toEqual(['XDSMetadataVersionError Document01']);
    expect(await refusedAs(update(anUpdate({ logicalID }, { previousVersion: 2 })))).toEqual([
      'XDSMetadataVersionError Document01',
    ]);
  });
});
