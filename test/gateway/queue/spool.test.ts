import { mkdtemp, readdir, readFile, rm, stat, truncate, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identityHash, Spool } from '../../../gateway/queue/spool.ts';
import { ArrivingContent } from '../../../gateway/stores/incoming-parts.ts';
import { spoolTo } from '../../../gateway/stores/file-content.ts';
import { aRetrieval, noDocument } from './far-end.ts';

const IDENTITY = { ...aRetrieval(), organization: '3210000001' };

function content(text: string) {
  return {
    async *open() {
      yield new TextEncoder().encode(text);
    },
  };
}

const HELLO = {
  document: { mimeType: 'text/plain', content: content('Hello XCA\n') },
  warnings: [],
};

describe('The spool, where retrieved bytes wait for their asker', () => {
  let directory: string;
  let clock: Date;
  let spool: Spool;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kakehashi-spool-'));
    clock = new Date();
    spool = await open();
  });

  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  function open(leastFreeBytes = 0): Promise<Spool> {
    return Spool.open({
      directory,
      keepMs: 60_000,
      documentBytes: 100,
      leastFreeBytes,
      now: () => clock,
    });
  }

  async function documents(): Promise<string[]> {
    return (await readdir(directory)).filter((name) => name.endsWith('.document'));
  }

  it('is for this user alone', async () => {
    await spool.take(IDENTITY, HELLO, () => {});

    for (const name of await readdir(directory, { recursive: true })) {
      expect((await stat(join(directory, name))).mode & 0o077).toBe(0);
    }
  });

  it('gives back what a community said beside the document', async () => {
    const warnings = noDocument(IDENTITY).errors;
    const document = { ...HELLO.document, newDocumentUniqueId: '2.999.8.9' };
    await spool.take(IDENTITY, { document, warnings }, () => {});

    expect(await spool.find(IDENTITY)).toMatchObject({
      warnings,
      document: { mimeType: 'text/plain', newDocumentUniqueId: '2.999.8.9' },
    });
  });

  it('moves a document that already lies on this disk, instead of writing it again', async () => {
    const arrived = new ArrivingContent();
    arrived.file = await spoolTo(join(directory, 'incoming'), HELLO.document.content.open(), {
      bytes: 100,
    });
    const { ino } = await stat(arrived.file.path);

    await spool.take(
      IDENTITY,
      { document: { mimeType: 'text/plain', content: arrived }, warnings: [] },
      () => {},
    );

    const [file = ''] = await documents();
    expect((await stat(join(directory, file))).ino).toBe(ino);
    expect((await spool.find(IDENTITY))?.document.content.sizeBytes).toBe(10);
  });

  it('refuses a larger document than allowed also when it lies here already', async () => {
    const arrived = new ArrivingContent();
    const large = content('x'.repeat(101));
    arrived.file = await spoolTo(join(directory, 'incoming'), large.open(), { bytes: 1_000 });
    const document = { mimeType: 'text/plain', content: arrived };

    await expect(spool.take(IDENTITY, { document, warnings: [] }, () => {})).rejects.toThrow(
      'more than 100 bytes',
    );
  });

  it('takes nothing when the disk is nearly full, and says that it may be tried again', async () => {
    const full = await open(Number.MAX_SAFE_INTEGER);

    await expect(full.take(IDENTITY, HELLO, () => {})).rejects.toMatchObject({
      failureClass: 'transient',
    });
  });

  it('never gives a document that lost octets', async () => {
    await spool.take(IDENTITY, HELLO, () => {});
    const [file = ''] = await documents();
    await truncate(join(directory, file), 3);

    expect(await spool.find(IDENTITY)).toBeUndefined();
  });

  it('takes a record that was torn by a power cut for none', async () => {
    await spool.take(IDENTITY, HELLO, () => {});
    await truncate(join(directory, `${identityHash(IDENTITY)}.json`), 20);

    expect(await spool.find(IDENTITY)).toBeUndefined();
  });

  it('leaves nothing of a document whose sender fails', async () => {
    const cut = {
      async *open() {
        yield new Uint8Array(10);
        throw new Error('cut');
      },
    };
    const document = { mimeType: 'text/plain', content: cut };

    await expect(spool.take(IDENTITY, { document, warnings: [] }, () => {})).rejects.toThrow('cut');
    expect(await readdir(join(directory, 'arriving'))).toEqual([]);
    expect(await spool.find(IDENTITY)).toBeUndefined();
  });

  it('forgets a document after its time, and gives an answer that is being sent an hour more', async () => {
    await spool.take(IDENTITY, HELLO, () => {});
    const [file = ''] = await documents();
    clock = new Date(clock.getTime() + 60_001);
    expect(await spool.find(IDENTITY)).toBeUndefined();

    expect(await spool.sweep()).toBe(1);
    expect(await documents()).toEqual([file]);
    await utimes(join(directory, file), 0, 0);

    expect(await spool.sweep()).toBe(1);
    expect(await documents()).toEqual([]);
  });

  it('keeps what may still be asked for', async () => {
    await spool.take(IDENTITY, HELLO, () => {});

    expect(await spool.sweep()).toBe(0);
    expect(await spool.find(IDENTITY)).toBeDefined();
  });

  it('names no document, community or organisation in its file names', async () => {
    await spool.take(IDENTITY, HELLO, () => {});

    for (const name of await readdir(directory)) expect(name).not.toContain('2.999');
    const record = await readFile(join(directory, `${identityHash(IDENTITY)}.json`), 'utf8');
    expect(record).not.toContain(IDENTITY.organization);
  });
});
