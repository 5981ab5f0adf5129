import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '../../../gateway/stores/database.ts';
import {
  contentNow,
  countDocuments,
  pageOfShard,
} from '../../../gateway/stores/document-listing.ts';
import {
  type DocumentSource,
  verifyDocuments,
} from '../../../gateway/stores/document-verification.ts';
import { FileDocumentStore } from '../../../gateway/stores/file-document-store.ts';
import type { DocumentWrites } from '../../../gateway/stores/document-rows.ts';
import { describeOnBothDatabases } from '../../support/databases.ts';
import { inMemory } from '../../support/documents.ts';

describeOnBothDatabases('verification of stored documents', (open) => {
  let folder: string;
  let database: Database;
  let documents: FileDocumentStore;
  let source: DocumentSource;
  let clock: Date;

  const now = () => clock;
  const hold = (...uniqueIds: string[]) =>
    documents.hold(
      uniqueIds.map((uniqueId) => ({
        uniqueId,
        mimeType: 'text/plain',
        content: inMemory(uniqueId),
      })),
    );
  const found = async (from: DocumentSource = source) => {
    const count = { documents: 0, files: 0, bytes: 0 };
    const findings: string[] = [];
    const directory = join(folder, 'documents');
    for await (const one of verifyDocuments({ directory, source: from, now, count })) {
      findings.push([one.fault, one.uniqueId ?? one.file, one.since].filter(Boolean).join(' '));
    }
    return { findings, count };
  };
  const pathOf = async (uniqueId: string) => {
    const [document] = await documents.find([uniqueId]);
    return (document?.content as { path?: string } | undefined)?.path ?? '';
  };

  beforeEach(async () => {
    clock = new Date('2030-04-01T09:15:00Z');
    folder = mkdtempSync(join(tmpdir(), 'verification-'));
    database = await open();
    documents = new FileDocumentStore({
      directory: join(folder, 'documents'),
      spoolDirectory: join(folder, 'spool'),
      database,
      now,
    });
    source = {
      page: (shard, after) => pageOfShard(database, shard, after),
      now: (sha256) => contentNow(database, sha256),
    };
  });

  afterEach(async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  });

  it('reads what is there, and finds it sound', async () => {
    (await hold('a', 'bb', 'ccc')).keep();
    await documents.settleRegistered();
    expect(await found()).toEqual({
      findings: [],
      count: { documents: 3, files: 3, bytes: 6 },
    });
    expect(await countDocuments(database)).toBe(3);
  });

  it('says of whom nobody knows whether it was registered, and since when; not while it arrives', async () => {
    await hold('a');
    expect((await found()).findings).toEqual([]);
    clock = new Date('2030-04-01T09:20:00Z');
    expect((await found()).findings).toEqual(['unknown a 2030-04-01T09:15:00.000Z']);
    await documents.settle(['a']);
    expect((await found()).findings).toEqual([]);
  });

  it('says which documents the registry does not have', async () => {
    (await hold('a', 'b')).keep();
    await documents.settleRegistered();
    const registered = async (uniqueIds: readonly string[]) =>
      uniqueIds.filter((uniqueId) => uniqueId === 'a');
    expect((await found({ ...source, registered })).findings).toEqual(['unregistered b']);
  });

  it('looks again before it says that something is wrong', async () => {
    (await hold('a', 'b')).keep();
    await documents.settleRegistered();
    rmSync(await pathOf('a'));
    // By the time of the second look the document has been removed.
    const gone = async () => ({ documents: [], isGoing: false });
    expect((await found({ ...source, now: gone })).findings).toEqual([]);
    expect((await found()).findings).toEqual(['missing a']);
  });

  it('does not call a file orphaned that is about to go, or that is just arriving', async () => {
    (await hold('a')).keep();
    await documents.removals.pause('backup', new Date('2031-01-01T00:00:00Z'));
    const path = await pathOf('a');
    await documents.remove(['a']);
    expect((await found()).findings).toEqual([]);
    writeFileSync(`${path}.part`, '');
    utimesSync(`${path}.part`, clock, clock);
    expect((await found()).findings).toEqual([]);
    clock = new Date('2030-04-01T11:15:00Z');
    expect((await found()).findings).toEqual([`orphaned ${path.slice(-65)}.part`]);
  });

  it('takes a directory in the place of a document for a missing one', async () => {
    (await hold('a')).keep();
    await documents.settleRegistered();
    const path = await pathOf('a');
    rmSync(path);
    mkdirSync(path);
    expect((await found()).findings).toEqual(['missing a']);
  });

  it('goes through a shard page by page', async () => {
    (await hold('a')).keep();
    await documents.settleRegistered();
    const [shard, rest] = (await pathOf('a')).split('/').slice(-2);
    await database.write(async (queries: DocumentWrites) => {
      const known = await queries
        .selectFrom('repository_document')
        .selectAll()
        .where('sha256', '=', `${shard}${rest}`)
        .executeTakeFirstOrThrow();
      for (let start = 0; start < 2_100; start += 100) {
        const rows = Array.from({ length: 100 }, (_, index) => ({
          ...known,
          unique_id: `doc.${start + index}`,
        }));
        await queries.insertInto('repository_document').values(rows).execute();
      }
    });
    expect(await found()).toEqual({
      findings: [],
      count: { documents: 2_101, files: 1, bytes: 1 },
    });
  });
});
