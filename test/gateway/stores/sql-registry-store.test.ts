import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CompiledQuery,
  openDatabase,
  type Reads,
  type Writes,
} from '../../../gateway/stores/database.ts';
import { MIGRATIONS } from '../../../gateway/stores/migrations/migrations.ts';
import {
  type RegistryTables,
  storedObjectOf,
  textOfRow,
} from '../../../gateway/stores/registry-rows.ts';
import { SqlRegistryStore } from '../../../gateway/stores/sql-registry-store.ts';
import type { SubmitObjectsRequest } from '../../../profiles/xds/iti-42.ts';
import { metadataToEbxml } from '../../../profiles/xds/metadata-ebxml.ts';
import { objectOfText } from '../../../profiles/xds/registry-object-text.ts';
import { findDocuments, findFolders } from '../../../profiles/xds/stored-query-builders.ts';
import { ASSOCIATION_TYPE } from '../../../profiles/xds/vocabulary.ts';
import { ARegistry } from '../../support/a-registry.ts';
import { describeOnBothDatabases } from '../../support/databases.ts';
import { seededRandom } from '../../support/random.ts';
import { registryStoreSuite } from '../../support/registry-store-suite.ts';
import {
  aDocumentEntry,
  aFolder,
  anAssociation,
  aSubmission,
  aSubmissionSet,
  SAMPLE_PATIENT,
} from '../../support/xds-builders.ts';

describeOnBothDatabases('the Document Registry’s store', (open) => {
  registryStoreSuite(async () => {
    const database = await open();
    return { store: new SqlRegistryStore(database), close: () => database.close() };
  });
});

describe('the rows of the Document Registry', () => {
  it('says in its columns what the text says, after any life of its objects', async () => {
    const registry = await ARegistry.open();
    const random = seededRandom(20300401);
    const pick = <Value>(values: readonly Value[]) => values[Math.floor(random() * values.length)];
    for (let step = 0; step < STEPS; step += 1) {
      registry.world.now = new Date(Date.UTC(2030, 3, 1) + step * 1000);
      const updates = pick([false, false, false, true]);
      const update = updates && (await aRandomUpdate(registry, pick, step));
      if (update) await registry.update(update);
      else await registry.register(await aRandomStep(registry, pick, step));
    }
    await compareEveryRow(registry);
    await registry.close();
  });
});

describe('a Document Registry from before there were versions', () => {
  it('has first versions alone, each under its own entryUUID', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'registry-'));
    const place = { file: join(folder, 'old.db'), now: () => new Date('2030-04-01T09:15:00Z') };
    const old = await openDatabase({ ...place, migrations: MIGRATIONS.slice(0, 4) });
    await old.write(async (queries: Writes<RegistryTables>) => {
      for (const [id, kind] of [
        ['urn:uuid:1', 'DocumentEntry'],
        ['urn:uuid:2', 'Association'],
      ]) {
        await queries.executeQuery(
          CompiledQuery.raw(
            "INSERT INTO registry_object (entry_uuid, kind, availability_status, head, content) VALUES (?, ?, 'Approved', '{}', '')",
            [id, kind],
          ),
        );
      }
    });
    await old.close();
    const database = await openDatabase(place);
    const ids = ['urn:uuid:1', 'urn:uuid:2'];
    const found = await new SqlRegistryStore(database).look((reader) => reader.versionsOf(ids));
    expect(found.map(({ logicalID, version, latest }) => [logicalID, version, latest])).toEqual([
      ['urn:uuid:1', 1, true],
      ['urn:uuid:2', 1, true],
    ]);
    await database.close();
    rmSync(folder, { recursive: true });
  });
});

/** `KAKEHASHI_LAW_STEPS` makes it longer. */
const STEPS = Number(process.env['KAKEHASHI_LAW_STEPS'] ?? 150);

/** A new document: alone, in a new Folder, in an old Folder, or in the place of an old document. */
async function aRandomStep(
  registry: ARegistry,
  pick: <Value>(values: readonly Value[]) => Value | undefined,
  step: number,
) {
  const patientId = SAMPLE_PATIENT;
  const ids = async (query: Parameters<ARegistry['ask']>[0]) =>
    (await registry.ask(query)).objects.map(({ id }) => id);
  const own = {
    submissionSet: { uniqueId: `2.999.9.9.${step}`, title: pick(['a & b', '<試験>', undefined]) },
    documentEntries: [
      {
        uniqueId: `doc.${step}`,
        title: pick(['"quoted"', '紹介状', undefined]),
        creationTime: pick(['2025', '20250102', '20250102030405']),
        serviceStartTime: pick([undefined, '202501']),
        extraMetadata: pick([undefined, [{ name: 'urn:example:x', values: ['<&>', ''] }]]),
      },
    ],
  };
  switch (pick(['alone', 'new folder', 'old folder', 'replace'])) {
    case 'new folder':
      return aSubmission({ ...own, folders: [{ uniqueId: `2.999.7.9.${step}` }] });
    case 'old folder': {
      const folder = pick(await ids(findFolders({ patientId })));
      if (folder === undefined) return aSubmission(own);
      const filing = { entryUUID: 'filing', sourceObject: folder, targetObject: 'Document01' };
      const associations = [
        anAssociation(filing),
        anAssociation({ sourceObject: 'SubmissionSet01', targetObject: 'filing' }),
      ];
      return aSubmission({ ...own, associations });
    }
    case 'replace': {
      const document = pick(await ids(findDocuments({ patientId })));
      if (document === undefined) return aSubmission(own);
      const replaces = {
        entryUUID: 'replaces',
        sourceObject: 'Document01',
        targetObject: document,
        associationType: ASSOCIATION_TYPE.RPLC,
      };
      return aSubmission({ ...own, associations: [anAssociation(replaces)] });
    }
    default:
      return aSubmission(own);
  }
}

/** A new version of a document or a Folder, or nothing where there is none yet. */
async function aRandomUpdate(
  registry: ARegistry,
  pick: <Value>(values: readonly Value[]) => Value | undefined,
  step: number,
): Promise<SubmitObjectsRequest | undefined> {
  const patientId = SAMPLE_PATIENT;
  const folders = pick([true, false]);
  const query = folders ? findFolders({ patientId }) : findDocuments({ patientId });
  const text = pick((await registry.ask(query)).objects);
  if (text === undefined) return undefined;
  const previousVersion = Number(objectOfText(text).versionName);
  const object = folders
    ? aFolder({ logicalID: text.lid, uniqueId: text.uniqueId, title: pick(['<試験>', 'a & b']) })
    : aDocumentEntry({
        logicalID: text.lid,
        uniqueId: text.uniqueId,
        title: pick(['"x"', '改訂']),
      });
  const set = aSubmissionSet({ uniqueId: `2.999.9.9.${step}` });
  const membership = anAssociation({
    sourceObject: 'SubmissionSet01',
    targetObject: object.entryUUID,
    submissionSetStatus: folders ? undefined : 'Original',
    previousVersion,
  });
  return { objects: [set, object, membership].map(metadataToEbxml) };
}

async function compareEveryRow({ database }: ARegistry): Promise<void> {
  const [rows, values] = await database.read(async (queries: Reads<RegistryTables>) => [
    await queries.selectFrom('registry_object').selectAll().orderBy('number').execute(),
    await queries.selectFrom('registry_value').selectAll().execute(),
  ]);
  expect(rows.length).toBeGreaterThan(STEPS * 3);
  for (const row of rows) {
    const { number, latest: _, ...columns } = row;
    const again = storedObjectOf(objectOfText(textOfRow(row)));
    expect(again.row).toEqual(columns);
    const stored = values.filter((value) => value.object_number === number);
    expect(new Set(stored.map(({ name, value }) => `${name} ${value}`))).toEqual(
      new Set(again.values.map(([name, value]) => `${name} ${value}`)),
    );
  }
}
