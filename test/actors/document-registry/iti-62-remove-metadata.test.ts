import { getAssociations, getDocuments } from '../../../profiles/xds/stored-query-builders.ts';
import { ASSOCIATION_TYPE } from '../../../profiles/xds/vocabulary.ts';
import { ARegistry, refusedAs } from '../../support/a-registry.ts';
import { anAssociation, aSubmission } from '../../support/xds-builders.ts';
import { anUpdate } from '../../support/xds-update-builders.ts';

const UUID = (number: number) =>
  `urn:uuid:5b1e0000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const [SET, DOCUMENT, FOLDER] = [UUID(1), UUID(2), UUID(3)];

describe('ITI-62 Remove Metadata, as the Document Registry answers it', () => {
  let registry: ARegistry;

  const linksOf = async (...uuid: string[]) =>
    (await registry.ask(getAssociations({ uuid }))).objects;
  const ids = (objects: readonly { id: string }[]) => objects.map(({ id }) => id);

  beforeEach(async () => {
    registry = await ARegistry.open();
    await registry.register(
      aSubmission({
        submissionSet: { entryUUID: SET },
        documentEntries: [{ entryUUID: DOCUMENT }],
        folders: [{ entryUUID: FOLDER }],
      }),
    );
  });

  afterEach(() => registry.close());

  it('removes a submission with all that it brought, and leaves nothing behind', async () => {
    const links = ids(await linksOf(SET, DOCUMENT, FOLDER));
    await registry.remove(SET, DOCUMENT, FOLDER, ...links);
    expect(await registry.everything()).toEqual([]);
    expect(await registry.refusalCodes(aSubmission({ folders: [{}] }))).toEqual([]);
  });

  it('refuses what is not registered, and removes nothing then', async () => {
    expect(await refusedAs(registry.remove(SET, UUID(9)))).toEqual([
      `UnresolvedReferenceException ${UUID(9)}`,
    ]);
    expect(await registry.everything()).toHaveLength(7);
  });

  it('refuses to remove what an Association that stays still points at', async () => {
    expect(await refusedAs(registry.remove(DOCUMENT))).toEqual([
      `ReferencesExistException ${DOCUMENT}`,
    ]);
    const filing = (await linksOf(FOLDER)).find((one) => one.targetObject === DOCUMENT);
    expect(await refusedAs(registry.remove(filing?.id ?? ''))).toEqual([
      `ReferencesExistException ${filing?.id}`,
    ]);
  });

  it('refuses to leave a document without its SubmissionSet, or a SubmissionSet without members', async () => {
    const membership = (await linksOf(SET)).find((one) => one.targetObject === DOCUMENT);
    expect(await refusedAs(registry.remove(membership?.id ?? ''))).toEqual([
      `XDSUnreferencedObjectException ${DOCUMENT}`,
    ]);
    const links = ids(await linksOf(DOCUMENT, FOLDER));
    const above = (await linksOf(...links)).map(({ id }) => id);
    expect(
      await refusedAs(registry.remove(DOCUMENT, FOLDER, ...new Set([...links, ...above]))),
    ).toEqual([`XDSUnreferencedObjectException ${SET}`]);
  });

  it('takes a document out of a Folder, which needs the membership of the filing, too', async () => {
    const filing = (await linksOf(FOLDER)).find((one) => one.targetObject === DOCUMENT);
    const above = await linksOf(filing?.id ?? '');
    await registry.remove(filing?.id ?? '', ...ids(above));
    expect((await linksOf(FOLDER)).map((one) => one.sourceObject)).toEqual([SET]);
  });

  it('removes a relationship by itself, since both documents stay held', async () => {
    await registry.register(
      aSubmission({
        submissionSet: { uniqueId: '2.999.9.2.1' },
        documentEntries: [{ uniqueId: '2.999.8.2' }],
        associations: [
          anAssociation({
            associationType: ASSOCIATION_TYPE.APND,
            sourceObject: 'Document01',
            targetObject: DOCUMENT,
          }),
        ],
      }),
    );
    const link = (await linksOf(DOCUMENT)).find(
      ({ associationType }) => associationType === ASSOCIATION_TYPE.APND,
    );
    await registry.remove(link?.id ?? '');
    expect(ids(await linksOf(DOCUMENT))).not.toContain(link?.id);
  });

  it('makes the version before the latest again when the latest is removed', async () => {
    await registry.update(
      JSON.parse(
        JSON.stringify(
          anUpdate({ logicalID: DOCUMENT }, { associationPropagation: 'no' }),
        ).replaceAll('2.999.9.1.1"', '2.999.9.5.1"'),
      ),
    );
    const [young] = (await registry.ask(getDocuments({ uniqueId: ['2.999.8.1.1'] }))).objects;
    const [membership] = await linksOf(young?.id ?? '');
    await registry.remove(young?.id ?? '', membership?.id ?? '', membership?.sourceObject ?? '');
    const { objects } = await registry.ask(getDocuments({ uniqueId: ['2.999.8.1.1'] }));
    expect(ids(objects)).toEqual([DOCUMENT]);
  });
});
