import { objectOfText } from '../../../profiles/xds/registry-object-text.ts';
import { slotValues } from '../../../profiles/xds/metadata-xml.ts';
import {
  findDocuments,
  findFolders,
  getAssociations,
  getDocuments,
  getFolderAndContents,
  getFolders,
  getRelatedDocuments,
} from '../../../profiles/xds/stored-query-builders.ts';
import { ASSOCIATION_TYPE } from '../../../profiles/xds/vocabulary.ts';
import { ARegistry, OTHER_PATIENT, refusedAs } from '../../support/a-registry.ts';
import {
  aDocumentEntry,
  anAssociation,
  aSubmission,
  SAMPLE_PATIENT,
} from '../../support/xds-builders.ts';
import {
  aFolderUpdate,
  anUpdate,
  anUpdateOf,
  aStatusUpdate,
  aSubmittedAssociation,
  aVersion,
} from '../../support/xds-update-builders.ts';

const patientId = SAMPLE_PATIENT;
const STATUS_TYPE_PREFIX = 'urn:oasis:names:tc:ebxml-regrep:StatusType:';

describe('ITI-57 Update Document Set, as the Document Registry answers it', () => {
  let registry: ARegistry;
  let sets = 0;

  /** With a SubmissionSet that nobody has used. */
  const fresh = <Request extends { objects: readonly unknown[] }>(request: Request): Request => {
    sets += 1;
    return JSON.parse(JSON.stringify(request).replaceAll('2.999.9.1.1"', `2.999.9.3.${sets}"`));
  };
  const update = (request: Parameters<ARegistry['update']>[0]) => registry.update(fresh(request));
  const register = (parts: Parameters<typeof aSubmission>[0] = {}) =>
    registry.register(fresh(aSubmission(parts)));
  const versions = async (uniqueId = '2.999.8.1.1') =>
    (await registry.ask(getDocuments({ uniqueId: [uniqueId], metadataLevel: 2 }))).objects;
  const idOf = async (uniqueId = '2.999.8.1.1') => {
    const found = await versions(uniqueId);
    return found.at(-1)?.id ?? 'nothing';
  };

  /** Registers a document in the place of another. @returns its entryUUID */
  const replace = async (targetObject: string, uniqueId: string) => {
    await register({
      documentEntries: [{ uniqueId }],
      associations: [
        anAssociation({
          associationType: ASSOCIATION_TYPE.RPLC,
          sourceObject: 'Document01',
          targetObject,
        }),
      ],
    });
    return await idOf(uniqueId);
  };
  const folderId = async () =>
    (await registry.ask(findFolders({ patientId }))).objects.at(-1)?.id ?? 'nothing';

  beforeEach(async () => {
    registry = await ARegistry.open();
  });

  afterEach(() => registry.close());

  it('makes a new version Approved under the same logicalID, and the one before Deprecated', async () => {
    await register();
    const first = await idOf();
    await update(anUpdate({ logicalID: first, title: '改訂' }));
    const [old, young] = await versions();
    expect([old?.lid, young?.lid]).toEqual([first, first]);
    expect(old?.status).toMatch(/:Deprecated$/);
    expect(young?.status).toMatch(/:Approved$/);
    expect(young?.id).not.toBe(first);
    expect([old, young].map((one) => one && objectOfText(one).versionName)).toEqual(['1', '2']);
  });

  it('shows the latest version alone at level 1, and every version by logicalID at level 2', async () => {
    await register();
    const first = await idOf();
    await update(anUpdate({ logicalID: first }));
    const second = await idOf();
    const ids = async (query: Parameters<ARegistry['ask']>[0]) =>
      (await registry.ask(query)).objects.map(({ id }) => id);
    const status = ['Approved', 'Deprecated'] as const;
    expect(await ids(findDocuments({ patientId, status: [...status] }))).toEqual([second]);
    expect(await ids(getDocuments({ uniqueId: ['2.999.8.1.1'] }))).toEqual([second]);
    expect(await ids(getDocuments({ entryUUID: [first] }))).toEqual([first]);
    expect(await ids(getDocuments({ logicalID: [first], metadataLevel: 2 }))).toEqual([
      first,
      second,
    ]);
  });

  it('carries Folders and relationships over to the new version', async () => {
    await register({ folders: [{}] });
    const first = await idOf();
    await register({
      documentEntries: [{ uniqueId: '2.999.8.2' }],
      associations: [
        anAssociation({
          associationType: ASSOCIATION_TYPE.APND,
          sourceObject: 'Document01',
          targetObject: first,
        }),
      ],
    });
    registry.world.now = new Date('2030-04-02T10:00:00Z');
    await update(anUpdate({ logicalID: first }));
    const second = await idOf();
    const { objects } = await registry.ask(getAssociations({ uuid: [second] }));
    const types = objects.map(({ associationType = '' }) => associationType.split(':').at(-1));
    expect(types.sort()).toEqual(['APND', 'HasMember', 'HasMember']);
    const [folder] = (await registry.ask(findFolders({ patientId }))).objects;
    expect(folder && slotValues(objectOfText(folder), 'lastUpdateTime')).toEqual([
      '20300402100000',
    ]);
    expect(await registry.found(getFolderAndContents({ uniqueId: '2.999.9.1.2' }))).toEqual([
      '2.999.9.1.2',
      '2.999.8.1.1',
      '2.999.9.1.2 HasMember 2.999.8.1.1',
    ]);
  });

  it('carries nothing over when propagation is switched off', async () => {
    await register({ folders: [{}] });
    await update(anUpdate({ logicalID: await idOf() }, { associationPropagation: 'no' }));
    const { objects } = await registry.ask(getAssociations({ uuid: [await idOf()] }));
    expect(objects).toHaveLength(1);
  });

  it('updates a Folder, whose documents come along', async () => {
    await register({ folders: [{}] });
    const first = await folderId();
    await update(aFolderUpdate({ logicalID: first, title: 'Episode 1, closed' }));
    const { objects } = await registry.ask(
      getFolders({ uniqueId: ['2.999.9.1.2'], metadataLevel: 2 }),
    );
    expect(objects.map(({ status }) => status?.split(':').at(-1))).toEqual([
      'Deprecated',
      'Approved',
    ]);
    expect(await registry.found(getFolderAndContents({ uniqueId: '2.999.9.1.2' }))).toEqual([
      '2.999.9.1.2',
      '2.999.8.1.1',
      '2.999.9.1.2 HasMember 2.999.8.1.1',
    ]);
  });

  it('refuses a logicalID that is not registered, and a version that is not the latest', async () => {
    await register();
    expect(await refusedAs(update(anUpdate()))).toEqual(['XDSMetadataVersionError Document01']);
    const first = await idOf();
    await update(anUpdate({ logicalID: first }));
    expect(await refusedAs(update(anUpdate({ logicalID: first })))).toEqual([
      'XDSMetadataVersionError Document01',
    ]);
    const third = anUpdate({ logicalID: first }, { previousVersion: 2 });
    expect(await refusedAs(update(third))).toEqual([]);
  });

  it('refuses another uniqueId or objectType than that of the version before', async () => {
    await register();
    const logicalID = await idOf();
    expect(await refusedAs(update(anUpdate({ logicalID, uniqueId: '2.999.8.9' })))).toEqual([
      'XDSMetadataUpdateError Document01',
    ]);
    const onDemand = {
      objectType: 'On-Demand',
      creationTime: undefined,
      hash: undefined,
      size: undefined,
    } as const;
    expect(await refusedAs(update(anUpdate({ logicalID, ...onDemand })))).toEqual([
      'XDSMetadataUpdateError Document01',
    ]);
  });

  it('refuses to update what is Deprecated', async () => {
    await register();
    const first = await idOf();
    await update(aStatusUpdate({ targetObject: first }));
    expect(await refusedAs(update(anUpdate({ logicalID: first })))).toEqual([
      'XDSMetadataUpdateError Document01',
    ]);
  });

  it('refuses an unknown patient, and a SubmissionSet whose uniqueId is taken', async () => {
    await registry.register(aSubmission());
    const logicalID = await idOf();
    expect(await refusedAs(registry.update(anUpdate({ logicalID })))).toEqual([
      'XDSDuplicateUniqueIdInRegistry SubmissionSet01',
    ]);
    const nobody = JSON.parse(
      JSON.stringify(fresh(anUpdate({ logicalID }))).replaceAll('P-0001', 'P-0009'),
    );
    expect(await refusedAs(registry.update(nobody))).toEqual([
      'XDSUnknownPatientId SubmissionSet01',
    ]);
  });

  it('moves a document to another patient only when nothing links it to the first', async () => {
    await register({ folders: [{}] });
    const first = await idOf();
    const moved = (propagation: 'yes' | 'no') =>
      JSON.parse(
        JSON.stringify(
          fresh(anUpdate({ logicalID: first }, { associationPropagation: propagation })),
        ).replaceAll('P-0001', OTHER_PATIENT.id),
      );
    expect(await refusedAs(registry.update(moved('yes')))).toEqual([
      'XDSPatientIDReconciliationError Document01',
    ]);
    expect(await refusedAs(registry.update(moved('no')))).toEqual([]);
    const [mine, theirs] = await Promise.all(
      [patientId, OTHER_PATIENT].map((patient) =>
        registry.found(findDocuments({ patientId: patient, status: ['Approved', 'Deprecated'] })),
      ),
    );
    expect([mine, theirs]).toEqual([[], ['2.999.8.1.1']]);
    expect(await refusedAs(versions())).toEqual(['XDSResultNotSinglePatient undefined']);
  });

  it('changes the status of a document, and refuses what does not fit', async () => {
    await register();
    const targetObject = await idOf();
    await update(aStatusUpdate({ targetObject }));
    expect((await versions())[0]?.status).toMatch(/:Deprecated$/);
    expect(await refusedAs(update(aStatusUpdate({ targetObject })))).toEqual([
      'XDSMetadataUpdateError operation',
    ]);
    expect(await refusedAs(update(aStatusUpdate()))).toEqual([
      'UnresolvedReferenceException operation',
    ]);
    const { objects } = await registry.ask(getAssociations({ uuid: [targetObject] }));
    expect(await refusedAs(update(aStatusUpdate({ targetObject: objects[0]?.id })))).toEqual([
      'XDSMetadataUpdateError operation',
    ]);
    expect(
      await refusedAs(update(aStatusUpdate({ targetObject: objects[0]?.sourceObject }))),
    ).toEqual(['XDSMetadataUpdateError operation']);
  });

  it('refuses to change the status of another patient’s document', async () => {
    await register({ submissionSet: { patientId: OTHER_PATIENT } });
    expect(await refusedAs(update(aStatusUpdate({ targetObject: await idOf() })))).toEqual([
      'XDSPatientIDReconciliationError operation',
    ]);
  });

  it('refuses to approve what was replaced beside its replacement, and an older version', async () => {
    await register();
    const old = await idOf();
    const replacement = await replace(old, '2.999.8.2');
    const approve = (targetObject: string) =>
      aStatusUpdate({ targetObject, originalStatus: 'Deprecated', newStatus: 'Approved' });
    expect(await refusedAs(update(approve(old)))).toEqual(['XDSMetadataUpdateError operation']);
    await update(aStatusUpdate({ targetObject: replacement }));
    expect(await refusedAs(update(approve(old)))).toEqual([]);
    await update(anUpdate({ logicalID: old }));
    expect(await refusedAs(update(approve(old)))).toEqual(['XDSMetadataUpdateError operation']);
  });

  it('refuses to approve a document beside any other of its line of replacements', async () => {
    const approve = (targetObject: string) =>
      update(aStatusUpdate({ targetObject, originalStatus: 'Deprecated', newStatus: 'Approved' }));
    const REFUSED = ['XDSMetadataUpdateError operation'];
    await register();
    const first = await idOf();
    const second = await replace(first, '2.999.8.2');
    const third = await replace(second, '2.999.8.3');
    expect(await refusedAs(approve(first))).toEqual(REFUSED);
    await update(aStatusUpdate({ targetObject: third }));
    expect(await refusedAs(approve(first))).toEqual([]);
    expect(await refusedAs(approve(second))).toEqual(REFUSED);
    expect(await refusedAs(approve(third))).toEqual(REFUSED);
    await replace(first, '2.999.8.4');
    expect(await refusedAs(approve(third))).toEqual(REFUSED);
  });

  it('refuses to approve what was replaced beside a later version of its replacement', async () => {
    await register();
    const old = await idOf();
    const replacement = await replace(old, '2.999.8.2');
    const entry = { logicalID: replacement, uniqueId: '2.999.8.2' };
    await update(anUpdate(entry, { associationPropagation: 'no' }));
    const approve = aStatusUpdate({
      targetObject: old,
      originalStatus: 'Deprecated',
      newStatus: 'Approved',
    });
    expect(await refusedAs(update(approve))).toEqual(['XDSMetadataUpdateError operation']);
    // It was another patient's all along: nothing replaces the document any longer.
    const moved = anUpdate(entry, { previousVersion: 2, associationPropagation: 'no' });
    await registry.update(
      JSON.parse(JSON.stringify(fresh(moved)).replaceAll('P-0001', OTHER_PATIENT.id)),
    );
    expect(await refusedAs(update(approve))).toEqual([]);
  });

  it('refuses to approve a replacement again whose target has been approved meanwhile', async () => {
    await register();
    await register({ documentEntries: [{ uniqueId: '2.999.8.2' }] });
    const [sourceObject, targetObject] = [await idOf('2.999.8.2'), await idOf()];
    const associationType = ASSOCIATION_TYPE.RPLC;
    await update(aSubmittedAssociation({ associationType, sourceObject, targetObject }));
    const { objects } = await registry.ask(getAssociations({ uuid: [targetObject] }));
    const link = objects.find((one) => one.associationType === associationType)?.id ?? '';
    const approve = (target: string) =>
      aStatusUpdate({ targetObject: target, originalStatus: 'Deprecated', newStatus: 'Approved' });
    await update(aStatusUpdate({ targetObject: link }));
    await update(approve(targetObject));
    expect(await refusedAs(update(approve(link)))).toEqual(['XDSMetadataUpdateError operation']);
    await update(aStatusUpdate({ targetObject }));
    expect(await refusedAs(update(approve(link)))).toEqual([]);
  });

  it('refuses to approve a filing again beside an equal one', async () => {
    await register({ folders: [{}] });
    const [sourceObject, targetObject] = [await folderId(), await idOf()];
    const { objects } = await registry.ask(getAssociations({ uuid: [targetObject] }));
    const filing = objects.find((one) => one.sourceObject === sourceObject)?.id ?? '';
    await update(aStatusUpdate({ targetObject: filing }));
    const associationType = ASSOCIATION_TYPE.HasMember;
    await update(aSubmittedAssociation({ associationType, sourceObject, targetObject }));
    const approve = aStatusUpdate({
      targetObject: filing,
      originalStatus: 'Deprecated',
      newStatus: 'Approved',
    });
    expect(await refusedAs(update(approve))).toEqual(['XDSMetadataUpdateError operation']);
  });

  it('relates registered documents, once, and hides the relation when it is Deprecated', async () => {
    await register();
    await register({ documentEntries: [{ uniqueId: '2.999.8.2' }] });
    const [sourceObject, targetObject] = [await idOf('2.999.8.2'), await idOf()];
    const query = getRelatedDocuments({
      entryUUID: targetObject,
      associationTypes: [ASSOCIATION_TYPE.APND],
      metadataLevel: 2,
    });
    const related = (status = 'Approved') =>
      registry.found({
        ...query,
        slots: [
          ...query.slots,
          { name: '$XDSAssociationStatus', values: [`('${STATUS_TYPE_PREFIX}${status}')`] },
        ],
      });
    await update(aSubmittedAssociation({ sourceObject, targetObject }));
    expect(await related()).toHaveLength(3);
    expect(await refusedAs(update(aSubmittedAssociation({ sourceObject, targetObject })))).toEqual([
      'XDSMetadataUpdateError submitted',
    ]);
    const { objects } = await registry.ask(getAssociations({ uuid: [targetObject] }));
    const link = objects.find(({ associationType }) => associationType === ASSOCIATION_TYPE.APND);
    await update(aStatusUpdate({ targetObject: link?.id }));
    expect(await related()).toEqual([]);
    expect(await related('Deprecated')).toHaveLength(3);
  });

  it('refuses to relate what is unknown, Deprecated, no document or another patient’s', async () => {
    await register({ folders: [{}], filed: false });
    await register({
      submissionSet: { patientId: OTHER_PATIENT },
      documentEntries: [{ uniqueId: '2.999.8.2' }],
    });
    const document = await idOf();
    const related = (sourceObject?: string) =>
      refusedAs(update(aSubmittedAssociation({ sourceObject, targetObject: document })));
    expect(await related('urn:uuid:5b1e0000-0000-4000-8000-000000000009')).toEqual([
      'UnresolvedReferenceException submitted',
    ]);
    expect(await related(await folderId())).toEqual(['XDSMetadataUpdateError submitted']);
    expect(await related(await idOf('2.999.8.2'))).toEqual([
      'XDSPatientIDReconciliationError submitted',
    ]);
    await register({ documentEntries: [{ uniqueId: '2.999.8.3' }] });
    const third = await idOf('2.999.8.3');
    await update(aStatusUpdate({ targetObject: third }));
    expect(await related(third)).toEqual(['XDSMetadataUpdateError submitted']);
  });

  it('files a registered document by an update, and refuses to file it twice', async () => {
    await register({ folders: [{}], filed: false });
    const filing = {
      associationType: ASSOCIATION_TYPE.HasMember,
      sourceObject: await folderId(),
      targetObject: await idOf(),
    };
    await update(aSubmittedAssociation(filing));
    expect(await registry.found(getFolderAndContents({ uniqueId: '2.999.9.1.2' }))).toHaveLength(3);
    expect(await refusedAs(update(aSubmittedAssociation(filing)))).toEqual([
      'XDSMetadataUpdateError submitted',
    ]);
  });

  it('does not put a replacement into a Folder where it is already', async () => {
    await register({ documentEntries: [{}, { uniqueId: '2.999.8.2' }], folders: [{}] });
    await update(
      aSubmittedAssociation({
        associationType: ASSOCIATION_TYPE.RPLC,
        sourceObject: await idOf('2.999.8.2'),
        targetObject: await idOf(),
      }),
    );
    const found = await registry.found(getFolderAndContents({ uniqueId: '2.999.9.1.2' }));
    expect(found.filter((one) => one.endsWith('HasMember 2.999.8.2'))).toHaveLength(1);
  });

  it('refuses to relate the documents of another patient than the SubmissionSet’s', async () => {
    await register({
      submissionSet: { patientId: OTHER_PATIENT },
      documentEntries: [{}, { uniqueId: '2.999.8.2' }],
      folders: [{}],
      filed: false,
    });
    const [sourceObject, targetObject] = [await idOf('2.999.8.2'), await idOf()];
    const folders = await registry.ask(findFolders({ patientId: OTHER_PATIENT }));
    const [folder] = folders.objects;
    for (const over of [
      { associationType: ASSOCIATION_TYPE.RPLC, sourceObject, targetObject },
      { associationType: ASSOCIATION_TYPE.HasMember, sourceObject: folder?.id, targetObject },
    ]) {
      expect(await refusedAs(update(aSubmittedAssociation(over)))).toEqual([
        'XDSPatientIDReconciliationError submitted',
      ]);
    }
    expect((await versions())[0]?.status).toMatch(/:Approved$/);
  });

  describe('a version in one request with what comes before it', () => {
    const status = (
      targetObject: string,
      [from, to]: ['Approved', 'Deprecated'] | ['Deprecated', 'Approved'],
    ) =>
      anAssociation({
        entryUUID: 'status',
        associationType: ASSOCIATION_TYPE.UpdateAvailabilityStatus,
        sourceObject: 'SubmissionSet01',
        targetObject,
        originalStatus: from,
        newStatus: to,
      });
    const version = (logicalID: string) =>
      [aDocumentEntry({ logicalID }), aVersion('Document01')] as const;

    it('is refused when the document has become Deprecated by it', async () => {
      await register();
      const first = await idOf();
      const request = anUpdateOf(status(first, ['Approved', 'Deprecated']), ...version(first));
      expect(await refusedAs(update(request))).toEqual(['XDSMetadataUpdateError Document01']);
      expect((await versions()).map((one) => one.status?.split(':').at(-1))).toEqual(['Approved']);
    });

    it('is refused when the document has been replaced by it', async () => {
      await register({ documentEntries: [{}, { uniqueId: '2.999.8.2' }] });
      const [first, other] = [await idOf(), await idOf('2.999.8.2')];
      const [set, ...replacement] = aSubmittedAssociation({
        associationType: ASSOCIATION_TYPE.RPLC,
        sourceObject: other,
        targetObject: first,
      }).objects;
      const { objects } = anUpdateOf(...version(first));
      const request = { objects: [...(set ? [set] : []), ...replacement, ...objects.slice(1)] };
      expect(await refusedAs(update(request))).toEqual(['XDSMetadataUpdateError Document01']);
      expect(await registry.found(findDocuments({ patientId }))).toEqual([
        '2.999.8.1.1',
        '2.999.8.2',
      ]);
    });

    it('is made of a Deprecated document that has been approved by it', async () => {
      await register();
      const first = await idOf();
      await update(aStatusUpdate({ targetObject: first }));
      await update(anUpdateOf(status(first, ['Deprecated', 'Approved']), ...version(first)));
      expect((await versions()).map((one) => one.status?.split(':').at(-1))).toEqual([
        'Deprecated',
        'Approved',
      ]);
    });
  });

  it('does all operations of a request or none', async () => {
    await register();
    const first = await idOf();
    const request = anUpdateOf(
      aDocumentEntry({ logicalID: first, title: 'never' }),
      aVersion('Document01'),
      anAssociation({
        entryUUID: 'operation',
        associationType: ASSOCIATION_TYPE.UpdateAvailabilityStatus,
        sourceObject: 'SubmissionSet01',
        targetObject: 'Document01',
        originalStatus: 'Deprecated',
        newStatus: 'Approved',
      }),
    );
    const before = await registry.everything();
    expect(await refusedAs(update(request))).toEqual(['XDSMetadataUpdateError operation']);
    expect(await registry.everything()).toEqual(before);
  });

  it('lets one of many win that update or replace the same version at once', async () => {
    await register();
    const first = await idOf();
    const updates = Array.from({ length: 8 }, () =>
      refusedAs(update(anUpdate({ logicalID: first }))),
    );
    const updated = await Promise.all(updates);
    expect(updated.filter((refused) => refused.length === 0)).toHaveLength(1);
    const latest = await idOf();
    const replacements = Array.from({ length: 8 }, (_, number) =>
      refusedAs(
        register({
          documentEntries: [{ uniqueId: `2.999.8.2.${number}` }],
          associations: [
            anAssociation({
              associationType: ASSOCIATION_TYPE.RPLC,
              sourceObject: 'Document01',
              targetObject: latest,
            }),
          ],
        }),
      ),
    );
    const replaced = await Promise.all(replacements);
    expect(replaced.filter((refused) => refused.length === 0)).toHaveLength(1);
    expect(await registry.found(findDocuments({ patientId }))).toHaveLength(1);
  });
});
