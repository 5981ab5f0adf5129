import { jest } from '@jest/globals';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContentFiles } from '../../../gateway/stores/content-files.ts';
import type { Database } from '../../../gateway/stores/database.ts';
import { DocumentRemovals } from '../../../gateway/stores/document-removals.ts';
import type { DocumentWrites } from '../../../gateway/stores/document-rows.ts';
import { type FileContent, spoolTo } from '../../../gateway/stores/file-content.ts';
import { FileDocumentStore } from '../../../gateway/stores/file-document-store.ts';
import { ArrivingContent } from '../../../gateway/stores/incoming-parts.ts';
import { refusalsIn } from '../../support/an-identity-actor.ts';
import { describeOnBothDatabases } from '../../support/databases.ts';
import { inMemory, sha1Of, textOf } from '../../support/documents.ts';

const mimeType = 'text/plain';

describeOnBothDatabases('documents in files', (open) => {
  let folder: string;
  let database: Database;
  let documents: FileDocumentStore;

  const files = () =>
    readdirSync(join(folder, 'documents'), { recursive: true, withFileTypes: true }).filter((one) =>
      one.isFile(),
    );
  /** A store over the same folder and database, as another process has it. */
  const aProcess = (facts: { isAlone?: boolean } = {}) =>
    new FileDocumentStore({
      ...facts,
      directory: join(folder, 'documents'),
      spoolDirectory: join(folder, 'spool'),
      database,
    });
  const reopen = () => {
    documents = aProcess();
  };
  const hold = (...held: [uniqueId: string, text: string][]) =>
    documents.hold(
      held.map(([uniqueId, text]) => ({ uniqueId, mimeType, content: inMemory(text) })),
    );
  const stored = async (uniqueId: string) => {
    const [document] = await documents.find([uniqueId]);
    return document?.content && (await textOf(document.content));
  };
  const spooled = (text: string): Promise<FileContent> =>
    spoolTo(join(folder, 'spool'), inMemory(text).open(), { bytes: 1000 });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'documents-'));
    database = await open();
    reopen();
  });

  afterEach(async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  });

  it('measures octets by what is known of them, or by reading them', async () => {
    expect(await documents.measure(inMemory('text'))).toMatchObject({
      sizeBytes: 4,
      sha1: sha1Of('text'),
    });
    const { sizeBytes, sha1 } = await documents.measure({
      sizeBytes: 1,
      sha1: 'known',
      open: () => {
        throw new Error('read');
      },
    });
    expect([sizeBytes, sha1]).toEqual([1, 'known']);
  });

  it('takes a synced spool file over without copying it', async () => {
    const file = await spooled('text');
    const arriving = new ArrivingContent();
    arriving.file = file;
    for (const [uniqueId, content] of [
      ['a', file],
      ['b', arriving],
    ] as const) {
      (await documents.hold([{ uniqueId, mimeType, content }])).keep();
      const [document] = await documents.find([uniqueId]);
      const path = (document?.content as FileContent | undefined)?.path ?? '';
      expect(statSync(path).ino).toBe(statSync(file.path).ino);
    }
    rmSync(file.path);
    expect(await stored('b')).toBe('text');
  });

  it('keeps equal octets once, under as many uniqueIds as there are', async () => {
    (await hold(['a', 'same'], ['b', 'same'])).keep();
    (await hold(['c', 'same'])).keep();
    expect(files()).toHaveLength(1);
    expect(await Promise.all(['a', 'b', 'c'].map(stored))).toEqual(['same', 'same', 'same']);
  });

  it('discards what one request alone has brought', async () => {
    (await hold(['a', 'same'])).keep();
    await (await hold(['a', 'same'], ['b', 'same'], ['c', 'new'])).discard();
    expect(await Promise.all(['a', 'b', 'c'].map(stored))).toEqual(['same', undefined, undefined]);
    expect(files()).toHaveLength(1);
  });

  it('takes all documents of a request or none', async () => {
    (await hold(['a', 'text'])).keep();
    expect(await refusalsIn(hold(['b', 'new'], ['a', 'other']))).toEqual([
      { code: 'XDSNonIdenticalHash', location: 'a' },
      { code: 'XDSNonIdenticalSize', location: 'a' },
    ]);
    expect(await stored('b')).toBeUndefined();
    expect(files()).toHaveLength(1);
    expect(await refusalsIn(hold(['c', 'one'], ['c', 'two']))).toEqual([
      { code: 'XDSNonIdenticalHash', location: 'c' },
    ]);
    expect(await stored('c')).toBeUndefined();
  });

  it('keeps a document that two requests bring at once if one of them keeps it, in either order', async () => {
    for (const [uniqueId, kept] of [
      ['a', 0],
      ['b', 1],
    ] as const) {
      const held = await Promise.all([hold([uniqueId, uniqueId]), hold([uniqueId, uniqueId])]);
      held[kept]?.keep();
      await held[1 - kept]?.discard();
      expect(await stored(uniqueId)).toBe(uniqueId);
    }
    const held = await Promise.all([hold(['c', 'c']), hold(['c', 'c'])]);
    await held[0]?.discard();
    expect(await stored('c')).toBe('c');
    await held[1]?.discard();
    expect(await stored('c')).toBeUndefined();
  });

  it('keeps the file when another uniqueId takes the same octets while it is discarded', async () => {
    const first = await hold(['a', 'same']);
    const [, second] = await Promise.all([first.discard(), hold(['b', 'same'])]);
    second.keep();
    expect(await stored('a')).toBeUndefined();
    expect(await stored('b')).toBe('same');
  });

  it.each([
    ['registered', true],
    ['refused', false],
  ])('can wait until it is known whether a document stays: %s', async (_, isKept) => {
    const held = await hold(['1', 'text']);
    const asked = documents.find(['1'], { settled: true });
    expect(await documents.find(['1'])).toHaveLength(1);
    if (isKept) held.keep();
    else await held.discard();
    expect(await asked).toHaveLength(isKept ? 1 : 0);
    expect(await documents.find(['1'], { settled: true })).toHaveLength(isKept ? 1 : 0);
  });

  it('waits no longer when one of two requests has kept the document', async () => {
    const [one, other] = await Promise.all([hold(['1', 'text']), hold(['1', 'text'])]);
    const asked = documents.find(['1'], { settled: true });
    one.keep();
    expect(await asked).toHaveLength(1);
    await other.discard();
    expect(await stored('1')).toBe('text');
  });

  it('has after a restart what was held when it stopped, and does not discard it later', async () => {
    await hold(['a', 'text']);
    reopen();
    expect(await stored('a')).toBe('text');
    await (await hold(['a', 'text'])).discard();
    expect(await stored('a')).toBe('text');
  });

  it('does not wait for what a process before it held, where it is alone', async () => {
    await hold(['1', 'text']);
    const read = jest.spyOn(database, 'read');
    const alone = aProcess({ isAlone: true });
    expect(await alone.find(['1'], { settled: true })).toHaveLength(1);
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('waits for its own requests where it is alone, too', async () => {
    documents = aProcess({ isAlone: true });
    const held = await hold(['1', 'text']);
    const asked = documents.find(['1'], { settled: true });
    await documents.find(['1']);
    await held.discard();
    expect(await asked).toEqual([]);
  });

  it('leaves out what it does not have, and says when octets are gone', async () => {
    (await hold(['a', 'text'])).keep();
    expect(await documents.find(['nothing'])).toEqual([]);
    for (const { name, parentPath } of files()) rmSync(join(parentPath, name));
    expect(await documents.find(['a'])).toEqual([{ uniqueId: 'a', mimeType, content: undefined }]);
  });

  it('leaves nothing in the spool, whatever comes of a document', async () => {
    (await hold(['a', 'text'])).keep();
    await refusalsIn(hold(['a', 'other']));
    const broken = {
      open: () => {
        throw new Error('cut off');
      },
    };
    await expect(documents.hold([{ uniqueId: 'b', mimeType, content: broken }])).rejects.toThrow(
      'cut off',
    );
    expect(existsSync(join(folder, 'spool')) ? readdirSync(join(folder, 'spool')) : []).toEqual([]);
    expect(files()).toHaveLength(1);
  });

  it('makes a document whole again whose file is damaged, or gone', async () => {
    (await hold(['a', 'text'])).keep();
    const [file] = files();
    const path = join(file?.parentPath ?? '', file?.name ?? '');
    for (const damage of [
      () => writeFileSync(path, 'txet'),
      () => truncateSync(path, 2),
      () => rmSync(path),
    ]) {
      damage();
      (await hold(['a', 'text'])).keep();
      expect(await stored('a')).toBe('text');
      expect(readFileSync(path, 'utf8')).toBe('text');
    }
    expect(files()).toHaveLength(1);
  });

  it('removes a document, and its octets when no other has them', async () => {
    (await hold(['a', 'same'], ['b', 'same'], ['c', 'other'])).keep();
    expect(Object.fromEntries(await documents.remove(['a', 'c', 'nothing']))).toEqual({
      a: 'removed',
      c: 'removed',
      nothing: 'absent',
    });
    expect(files()).toHaveLength(1);
    expect(await stored('b')).toBe('same');
    (await hold(['a', 'new'])).keep();
    expect(await stored('a')).toBe('new');
  });

  it('removes no document that a request holds', async () => {
    (await hold(['a', 'text'])).keep();
    const held = await hold(['a', 'text']);
    const removing = documents.remove(['a']);
    await held.discard();
    expect(Object.fromEntries(await removing)).toEqual({ a: 'removed' });
    const other = await hold(['b', 'text']);
    expect(Object.fromEntries(await documents.remove(['b']))).toEqual({ b: 'held' });
    other.keep();
  });

  it('says when the disk does not give the octets up, and tries again', async () => {
    (await hold(['a', 'text'])).keep();
    const [file] = files();
    const path = join(file?.parentPath ?? '', file?.name ?? '');
    rmSync(path);
    // A directory cannot be unlinked.
    mkdirSync(path);
    expect(Object.fromEntries(await documents.remove(['a']))).toEqual({ a: 'undeleted' });
    expect(await documents.find(['a'])).toEqual([]);
    rmdirSync(path);
    expect(await documents.removals.sweep()).toEqual([]);
    (await hold(['b', 'text'])).keep();
    expect(await stored('b')).toBe('text');
  });

  it('removes no file while somebody has asked that none goes', async () => {
    const until = new Date('2100-01-01T00:00:00Z');
    (await hold(['a', 'text'], ['b', 'other'])).keep();
    await documents.removals.pause('backup', until);
    await documents.remove(['a', 'b']);
    expect(files()).toHaveLength(2);
    expect(await documents.find(['a', 'b'])).toEqual([]);
    // What is named again in the meantime does not go at all.
    (await hold(['c', 'text'])).keep();
    expect(await documents.removals.resume('backup')).toBe(true);
    expect(await documents.removals.resume('backup')).toBe(false);
    await documents.removals.sweep();
    expect(files()).toHaveLength(1);
    expect(await stored('c')).toBe('text');
  });

  it('takes over a removal that a process left half done', async () => {
    const held = await hold(['a', 'text']);
    held.keep();
    const [file] = files();
    const sha256 = `${file?.parentPath.slice(-2)}${file?.name}`;
    await documents.removals.pause('backup', new Date('2100-01-01T00:00:00Z'));
    await documents.remove(['a']);
    await database.write((queries: DocumentWrites) =>
      queries
        .updateTable('repository_removal')
        .set({ state: 'removing', since: Date.now() })
        .where('sha256', '=', sha256)
        .execute(),
    );
    await documents.removals.resume('backup');
    await documents.removals.sweep();
    expect(files()).toHaveLength(1);
    await expect(hold(['b', 'text'])).rejects.toThrow('the file of this content is going');
    await documents.removals.sweep(0);
    expect(files()).toEqual([]);
    (await hold(['b', 'text'])).keep();
    expect(await stored('b')).toBe('text');
  });

  it('does not go on with a removal that has taken so long that another has taken it over', async () => {
    for (const [uniqueId, text] of [
      ['a', 'one'],
      ['b', 'two'],
    ] as const)
      (await hold([uniqueId, text])).keep();
    const start = Date.now();
    let clock = start;
    const now = () => new Date(clock);
    await documents.removals.pause('backup', new Date('2100-01-01T00:00:00Z'));
    await documents.remove(['a', 'b']);
    await documents.removals.resume('backup');
    const files = new ContentFiles(join(folder, 'documents'));
    const slow = {
      async remove(sha256: string) {
        await files.remove(sha256);
        if (clock > start) return;
        clock += 61_000;
        jest.spyOn(performance, 'now').mockReturnValue(clock);
        await new DocumentRemovals({ files, database, now }).sweep();
        (await hold(['c', 'one'], ['d', 'two'])).keep();
      },
    };
    jest.spyOn(performance, 'now').mockReturnValue(clock);
    const options = { files: slow as unknown as ContentFiles, database, now };
    await new DocumentRemovals(options).sweep();
    jest.restoreAllMocks();
    expect([await stored('c'), await stored('d')]).toEqual(['one', 'two']);
  });

  it('does not take a pause up again whose time is over, for files may have gone since', async () => {
    const { removals } = documents;
    const [past, later] = [new Date('2000-01-01T00:00:00Z'), new Date('2100-01-01T00:00:00Z')];
    await removals.pause('backup', later);
    await removals.prolong('backup', later);
    expect(await removals.resume('backup')).toBe(true);
    await removals.pause('backup', past);
    await removals.prolong('backup', later);
    expect(await removals.resume('backup')).toBe(false);
  });

  it('forgets a pause whose time is over', async () => {
    (await hold(['a', 'text'])).keep();
    await documents.removals.pause('backup', new Date('2000-01-01T00:00:00Z'));
    await documents.remove(['a']);
    expect(files()).toEqual([]);
    expect(await documents.removals.resume('backup')).toBe(false);
  });

  it('loses no octets and keeps none for nothing when several processes hold, discard and remove the same', async () => {
    const processes = Array.from({ length: 3 }, aProcess);
    const random = seeded(7);
    const pick = <Item>(items: readonly Item[]): Item =>
      items[Math.floor(random() * items.length)] as Item;
    const ids = ['a', 'b', 'c', 'd'];
    const one = async () => {
      const process = pick(processes);
      const uniqueId = pick(ids);
      if (random() < 0.3) {
        await process.remove([uniqueId]);
        return;
      }
      const content = inMemory(pick(['one', 'two']));
      const held = await process.hold([{ uniqueId, mimeType, content }]).catch(() => undefined);
      if (held === undefined) return;
      const [document] = await process.find([uniqueId]);
      // Whoever holds a document has its octets.
      if (document?.content === undefined) throw new Error('held without octets');
      if (random() < 0.5) held.keep();
      else await held.discard();
    };
    for (let round = 0; round < 12; round += 1) {
      await Promise.all(Array.from({ length: 8 }, one));
    }
    for (const process of processes) await process.settleRegistered();
    expect(await documents.unsettled(undefined, 100)).toEqual([]);
    await documents.removals.sweep();
    const found = await documents.find(ids);
    const texts = await Promise.all(
      found.map(({ content }) => (content ? textOf(content) : 'lost')),
    );
    expect(texts).not.toContain('lost');
    expect(files()).toHaveLength(new Set(texts).size);
  });
});

/** Numbers between 0 and 1 that are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
