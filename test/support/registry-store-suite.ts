import type {
  AssociationEnds,
  RegistryStore,
} from '../../actors/document-registry/registry-store.ts';
import type { RegistryObject } from '../../profiles/formats/ebxml.ts';
import { objectOfText } from '../../profiles/xds/registry-object-text.ts';
import { slotValues } from '../../profiles/xds/metadata-xml.ts';
import {
  documentEntryToEbxml,
  folderToEbxml,
  associationToEbxml,
} from '../../profiles/xds/metadata-ebxml.ts';
import { aDocumentEntry, aFolder, anAssociation, SAMPLE_PATIENT } from './xds-builders.ts';

const uuid = (number: number) =>
  `urn:uuid:00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

/** A DocumentEntry as the registry stores it. */
function entry(number: number, uniqueId = `doc.${number}`): RegistryObject {
  const entryUUID = uuid(number);
  return documentEntryToEbxml(
    aDocumentEntry({ entryUUID, logicalID: entryUUID, uniqueId, availabilityStatus: 'Approved' }),
  );
}

function folder(number: number): RegistryObject {
  const entryUUID = uuid(number);
  return folderToEbxml(
    aFolder({
      entryUUID,
      logicalID: entryUUID,
      lastUpdateTime: '20300101000000',
      availabilityStatus: 'Approved',
    }),
  );
}

function link(number: number, source: number, target: number): RegistryObject {
  return associationToEbxml(
    anAssociation({
      entryUUID: uuid(number),
      sourceObject: uuid(source),
      targetObject: uuid(target),
      availabilityStatus: 'Approved',
    }),
  );
}

/** What every form of the Document Registry's store must do. `open` gives an empty one, `close` is called after each. */
export function registryStoreSuite(
  open: () => Promise<{ store: RegistryStore; close(): Promise<void> }>,
): void {
  let store: RegistryStore;
  let close: () => Promise<void>;

  beforeEach(async () => {
    const opened = await open();
    store = opened.store;
    close = () => opened.close();
  });

  afterEach(() => close());

  const add = (...objects: RegistryObject[]) => store.change((writer) => writer.add(objects));

  it('gives objects in the order asked, each once, and leaves out unknown ones', async () => {
    await add(entry(1), entry(2), link(3, 1, 2));
    const asked = [uuid(3), uuid(9), uuid(1), uuid(3)];
    const found = await store.look((reader) => reader.objectsOf(asked));
    expect(found.map(({ id }) => id)).toEqual([uuid(3), uuid(1)]);
    expect(found.map(({ element }) => element)).toEqual(['Association', 'ExtrinsicObject']);
  });

  it('asks for more ids than one statement takes', async () => {
    await add(...Array.from({ length: 1001 }, (_, index) => entry(index)));
    const asked = Array.from({ length: 1001 }, (_, index) => uuid(1000 - index));
    const found = await store.look((reader) => reader.objectsOf(asked));
    expect(found.map(({ id }) => id)).toEqual(asked);
    const uses = await store.look((reader) =>
      reader.usesOf(Array.from({ length: 1001 }, (_, index) => `doc.${index}`)),
    );
    expect(uses).toHaveLength(1001);
  });

  it('finds no more than the most that is asked for, those submitted first', async () => {
    await add(entry(3), entry(1), entry(2));
    const found = await store.look((reader) =>
      reader.find({ kind: 'DocumentEntry', patientId: SAMPLE_PATIENT }, 2),
    );
    expect(found.map(({ id }) => id)).toEqual([uuid(3), uuid(1)]);
  });

  it('finds nothing when a list of choices is empty', async () => {
    await add(entry(1));
    const of = { kind: 'DocumentEntry', patientId: SAMPLE_PATIENT } as const;
    for (const criteria of [
      { ...of, availabilityStatus: [] },
      { ...of, among: [] },
      { ...of, eventCodeList: [[]] },
      { ...of, authorPerson: [] },
    ]) {
      expect(await store.look((reader) => reader.find(criteria, 10))).toEqual([]);
    }
  });

  it('finds Associations by either end, by one of them, and by type, each once', async () => {
    await add(entry(1), entry(2), link(3, 1, 2), link(4, 2, 1));
    const ids = (ends: AssociationEnds) =>
      store.look(async (reader) => (await reader.associationsOf(ends, 10)).map(({ id }) => id));
    expect(await ids({ either: [uuid(1), uuid(2)] })).toEqual([uuid(3), uuid(4)]);
    expect(await ids({ source: [uuid(1)] })).toEqual([uuid(3)]);
    expect(await ids({ target: [uuid(1)] })).toEqual([uuid(4)]);
    expect(await ids({ either: [uuid(1)], associationTypes: ['urn:other'] })).toEqual([]);
  });

  it('takes all of a change or, when the work throws, none of it', async () => {
    const failing = store.change(async (writer) => {
      await writer.addPatient(SAMPLE_PATIENT);
      await writer.add([entry(1)]);
      throw new Error('refused');
    });
    await expect(failing).rejects.toThrow('refused');
    expect(await store.look((reader) => reader.knows(SAMPLE_PATIENT))).toBe(false);
    expect(await store.look((reader) => reader.objectsOf([uuid(1)]))).toEqual([]);
  });

  it('changes status and time in the columns and in the text alike', async () => {
    await add(entry(1), folder(2));
    await store.change(async (writer) => {
      await writer.deprecate([uuid(1)]);
      await writer.updateFolders([uuid(2), uuid(1)], '20300202020202');
    });
    const [document, file] = await store.look((reader) => reader.objectsOf([uuid(1), uuid(2)]));
    if (!document || !file) throw new Error('lost');
    expect(objectOfText(document).status).toMatch(/:Deprecated$/);
    expect(slotValues(objectOfText(file), 'lastUpdateTime')).toEqual(['20300202020202']);
    const since = { kind: 'Folder', lastUpdateTime: { from: '20300202020202' } } as const;
    expect(await store.look((reader) => reader.find(since, 10))).toHaveLength(1);
  });

  it('knows a patient by id and authority as they are written', async () => {
    await store.change((writer) => writer.addPatient(SAMPLE_PATIENT));
    await store.change((writer) => writer.addPatient(SAMPLE_PATIENT));
    const knows = (over: object) =>
      store.look((reader) => reader.knows({ ...SAMPLE_PATIENT, ...over }));
    expect(await knows({})).toBe(true);
    expect(await knows({ id: SAMPLE_PATIENT.id.toLowerCase() })).toBe(false);
    expect(await knows({ assigningAuthority: '2.999.3' })).toBe(false);
  });
}
