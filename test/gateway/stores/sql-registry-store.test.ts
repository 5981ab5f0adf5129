import { openDatabase, type Reads } from '../../../gateway/stores/database.ts';
import {
  type RegistryTables,
  storedObjectOf,
  textOfRow,
} from '../../../gateway/stores/registry-rows.ts';
import { SqlRegistryStore } from '../../../gateway/stores/sql-registry-store.ts';
import { objectOfText } from '../../../profiles/xds/registry-object-text.ts';
import { findDocuments, findFolders } from '../../../profiles/xds/stored-query-builders.ts';
import { ASSOCIATION_TYPE } from '../../../profiles/xds/vocabulary.ts';
import { ARegistry } from '../../support/a-registry.ts';
import { seededRandom } from '../../support/random.ts';
import { registryStoreSuite } from '../../support/registry-store-suite.ts';
import { anAssociation, aSubmission, SAMPLE_PATIENT } from '../../support/xds-builders.ts';

describe('the Document Registry’s store over SQLite', () => {
  registryStoreSuite(async () => {
    const now = () => new Date('2030-04-01T09:15:00Z');
    const database = await openDatabase({ file: ':memory:', now });
    return { store: new SqlRegistryStore(database), close: () => database.close() };
  });

  it('says in its columns what the text says, after any life of its objects', async () => {
    const registry = await ARegistry.open();
    const random = seededRandom(20300401);
    const pick = <Value>(values: readonly Value[]) => values[Math.floor(random() * values.length)];
    for (let step = 0; step < STEPS; step += 1) {
      registry.world.now = new Date(Date.UTC(2030, 3, 1) + step * 1000);
      await registry.register(await aRandomStep(registry, pick, step));
    }
    await compareEveryRow(registry);
    await registry.close();
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

async function compareEveryRow({ database }: ARegistry): Promise<void> {
  const [rows, values] = await database.read(async (queries: Reads<RegistryTables>) => [
    await queries.selectFrom('registry_object').selectAll().orderBy('number').execute(),
    await queries.selectFrom('registry_value').selectAll().execute(),
  ]);
  expect(rows.length).toBeGreaterThan(STEPS * 3);
  for (const row of rows) {
    const { number, ...columns } = row;
    const again = storedObjectOf(objectOfText(textOfRow(row)));
    expect(again.row).toEqual(columns);
    const stored = values.filter((value) => value.object_number === number);
    expect(new Set(stored.map(({ name, value }) => `${name} ${value}`))).toEqual(
      new Set(again.values.map(([name, value]) => `${name} ${value}`)),
    );
  }
}
