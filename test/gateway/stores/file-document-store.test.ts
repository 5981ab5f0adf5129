import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, openDatabase } from '../../../gateway/stores/database.ts';
import { type FileContent, spoolTo } from '../../../gateway/stores/file-content.ts';
import { FileDocumentStore } from '../../../gateway/stores/file-document-store.ts';
import { ArrivingContent } from '../../../gateway/stores/incoming-parts.ts';
import { refusalsIn } from '../../support/an-identity-actor.ts';
import { inMemory, sha1Of, textOf } from '../../support/documents.ts';

const mimeType = 'text/plain';

describe('documents in files', () => {
  let folder: string;
  let database: Database;
  let documents: FileDocumentStore;

  const files = () =>
    readdirSync(join(folder, 'documents'), { recursive: true, withFileTypes: true }).filter((one) =>
      one.isFile(),
    );
  const reopen = () => {
    documents = new FileDocumentStore({
      directory: join(folder, 'documents'),
      spoolDirectory: join(folder, 'spool'),
      database,
    });
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
    database = await openDatabase({
      file: join(folder, 'kakehashi.db'),
      now: () => new Date('2030-04-01T09:15:00Z'),
    });
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
});
