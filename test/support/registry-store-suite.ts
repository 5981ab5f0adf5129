import { randomBytes } from 'node:crypto';
import type {
  AssociationEnds,
  RegistryStore,
} from '../../actors/document-registry/registry-store.ts';
import type { RegistryObject } from '../../profiles/formats/ebxml.ts';
import type { DocumentEntry } from '../../profiles/xds/metadata.ts';
import { DOCUMENT_AVAILABILITY } from '../../profiles/xds/vocabulary.ts';
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
function entry(
  number: number,
  uniqueId = `doc.${number}`,
  over: Partial<DocumentEntry> = {},
): RegistryObject {
  const entryUUID = uuid(number);
  const stored = { entryUUID, logicalID: entryUUID, availabilityStatus: 'Approved' } as const;
  return documentEntryToEbxml(aDocumentEntry({ ...stored, uniqueId, ...over }));
}

/** One version of a DocumentEntry. */
function version(number: number, logical: number, at: number): RegistryObject {
  return entry(number, 'doc', { logicalID: uuid(logical), version: at });
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

  it.each([1, 49, 50, 51, 60])(
    'finds %i objects, each with its own header and content',
    async (most) => {
      const titles = Array.from({ length: 55 }, (_, n) =>
        n % 2 === 0 ? '紹'.repeat(n) : `,"${n}"]`,
      );
      await add(...titles.map((title, n) => entry(n, `doc.${n}`, { title: title || undefined })));
      await store.change((writer) => writer.setAvailabilityStatus([uuid(7)], 'Deprecated'));
      const criteria = { kind: 'DocumentEntry', patientId: SAMPLE_PATIENT } as const;
      const { found, named } = await store.look(async (reader) => ({
        found: await reader.find(criteria, most),
        named: await reader.objectsOf(titles.slice(0, most).map((_, n) => uuid(n))),
      }));
      expect(found.map(objectOfText)).toEqual(named.map(objectOfText));
      expect(found).toHaveLength(Math.min(most, 55));
    },
  );

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
      await writer.setAvailabilityStatus([uuid(1)], 'Deprecated');
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

  it('knows which version is the latest, and finds that alone or all', async () => {
    await add(version(1, 1, 1), version(2, 1, 2));
    await store.change((writer) => writer.supersede([uuid(1)]));
    const ids = (objects: readonly { id: string }[]) => objects.map(({ id }) => id);
    await store.look(async (reader) => {
      const of = { kind: 'DocumentEntry', patientId: SAMPLE_PATIENT } as const;
      expect(ids(await reader.find({ ...of, versions: 'latest' }, 10))).toEqual([uuid(2)]);
      expect(ids(await reader.find(of, 10))).toEqual([uuid(1), uuid(2)]);
      expect(ids(await reader.objectsOf([uuid(1), uuid(2)], 'latest'))).toEqual([uuid(2)]);
      const named = await reader.objectsWithUniqueId('DocumentEntry', ['doc'], 'latest');
      expect(ids(named)).toEqual([uuid(2)]);
      const logical = await reader.objectsWithLogicalId('DocumentEntry', [uuid(1)]);
      expect(ids(logical)).toEqual([uuid(1), uuid(2)]);
      expect(await reader.versionsOf([uuid(2), uuid(9)])).toEqual([
        {
          entryUUID: uuid(2),
          kind: 'DocumentEntry',
          logicalID: uuid(1),
          version: 2,
          latest: true,
          availabilityStatus: 'Approved',
        },
      ]);
      const uses = await reader.usesOf(['doc']);
      expect(uses.map(({ entryUUID, latest }) => [entryUUID, latest])).toEqual([
        [uuid(1), false],
        [uuid(2), true],
      ]);
    });
  });

  it('takes objects out with what they are found by, and makes the version before the latest', async () => {
    await add(version(1, 1, 1), version(2, 1, 2), link(3, 4, 2));
    await store.change((writer) => writer.supersede([uuid(1)]));
    await store.change((writer) => writer.remove([uuid(2), uuid(3), uuid(9)]));
    await store.look(async (reader) => {
      const places = await reader.versionsOfLogical([uuid(1)]);
      expect(places.map(({ entryUUID, latest }) => [entryUUID, latest])).toEqual([[uuid(1), true]]);
      expect(await reader.associationsOf({ either: [uuid(2)] }, 10)).toEqual([]);
      const authorPerson = ['%'];
      expect(await reader.find({ kind: 'DocumentEntry', authorPerson }, 10)).toHaveLength(1);
    });
    // What is new does not inherit the values of what had its place.
    await add(entry(5));
    const found = await store.look((reader) => reader.objectsOf([uuid(5)]));
    expect(found).toHaveLength(1);
  });

  it('finds Associations by their status', async () => {
    await add(link(3, 1, 2));
    await store.change((writer) => writer.setAvailabilityStatus([uuid(3)], 'Deprecated'));
    const found = (availabilityStatus: readonly ('Approved' | 'Deprecated')[]) =>
      store.look((reader) => reader.associationsOf({ source: [uuid(1)], availabilityStatus }, 10));
    expect(await found(['Approved'])).toEqual([]);
    expect(await found(['Deprecated'])).toHaveLength(1);
  });

  it('finds by availability, where an entry that does not say is Online', async () => {
    const { Online, Offline } = DOCUMENT_AVAILABILITY;
    await add(entry(1), entry(2, 'off', { documentAvailability: Offline }));
    const found = (...documentAvailability: string[]) =>
      store.look((reader) => reader.find({ kind: 'DocumentEntry', documentAvailability }, 10));
    expect((await found(Online)).map(({ id }) => id)).toEqual([uuid(1)]);
    expect((await found(Offline)).map(({ id }) => id)).toEqual([uuid(2)]);
    expect(await found(Online, Offline)).toHaveLength(2);
    expect(await found()).toEqual([]);
  });

  it('finds the objects of one of several patients', async () => {
    const other = { id: 'P-0002', assigningAuthority: '2.999.3.7' };
    await add(entry(1), entry(2, 'theirs', { patientId: other }));
    const found = (...patientIds: (typeof other)[]) =>
      store.look((reader) => reader.find({ kind: 'DocumentEntry', patientIds }, 10));
    expect(await found(SAMPLE_PATIENT, other)).toHaveLength(2);
    expect((await found(other)).map(({ id }) => id)).toEqual([uuid(2)]);
    expect(await found()).toEqual([]);
    expect(await found({ ...other, assigningAuthority: '2.999.3.8' })).toEqual([]);
  });

  it('gives the objects of a subsumed patient, and of whom he has subsumed, to the survivor', async () => {
    const [one, two, three] = ['1', '2', '3'].map((id) => ({
      id,
      assigningAuthority: '2.999.3.7',
    }));
    if (!one || !two || !three) throw new Error('three patients');
    await store.change(async (writer) => {
      for (const patient of [one, two, three]) await writer.addPatient(patient);
      await writer.add([entry(1, 'a', { patientId: one }), entry(2, 'b', { patientId: two })]);
      await writer.merge({ subsumed: one, surviving: two });
      await writer.merge({ subsumed: two, surviving: three });
      await writer.addPatient(one);
    });
    await store.look(async (reader) => {
      expect([await reader.knows(one), await reader.knows(three)]).toEqual([false, true]);
      expect([await reader.isSubsumed(two), await reader.isSubsumed(three)]).toEqual([true, false]);
      const found = await reader.find({ kind: 'DocumentEntry', patientId: three }, 10);
      expect(found.map(({ patientId }) => patientId)).toEqual([three, three]);
      expect(await reader.find({ kind: 'DocumentEntry', patientId: one }, 10)).toEqual([]);
    });
  });

  it('remembers an answer until it expires, by caller, message and body', async () => {
    const message = { caller: 'hospital', id: 'urn:uuid:1', bodyHash: 'a1' };
    const at = (hour: number) => new Date(Date.UTC(2030, 3, 1, hour));
    await store.change((writer) => writer.remember(message, 'first', at(2)));
    const answer = (over: object, hour = 1) =>
      store.look((reader) => reader.answerTo({ ...message, ...over }, at(hour)));
    expect(await answer({})).toBe('first');
    expect(await answer({ caller: 'clinic' })).toBeUndefined();
    expect(await answer({ id: 'urn:uuid:2' })).toBeUndefined();
    expect(await answer({ bodyHash: 'a2' })).toBeUndefined();
    expect(await answer({}, 2)).toBeUndefined();
    await store.change((writer) => writer.remember(message, 'second', at(3)));
    expect(await answer({}, 2)).toBe('second');
    await store.change((writer) => writer.forgetAnswers(at(3)));
    expect(await answer({}, 1)).toBeUndefined();
  });

  it('remembers it also of a MessageID that is longer than any index takes', async () => {
    const digits = randomBytes(4_000).toString('hex');
    const message = { caller: 'hospital', id: `urn:x:${digits}`, bodyHash: 'a1' };
    await store.change((writer) => writer.remember(message, 'first', new Date(1)));
    const answer = (id: string) =>
      store.look((reader) => reader.answerTo({ ...message, id }, new Date(0)));
    expect(await answer(message.id)).toBe('first');
    expect(await answer(`${message.id}0`)).toBeUndefined();
  });
}
