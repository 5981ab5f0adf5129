import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHUNK_BYTES, spoolTo } from '../../../gateway/stores/file-content.ts';
import { Fault } from '../../../profiles/refusal.ts';

describe('octets in the spool', () => {
  let folder: string;
  const limits = { bytes: 10 * CHUNK_BYTES };

  async function* chunks(...sizes: number[]): AsyncIterable<Uint8Array> {
    for (const size of sizes) yield new Uint8Array(size).fill(size % 251);
  }

  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'spool-')), 'deeper');
  });

  afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

  it('are hashed and sized as they are written, and come back as they were', async () => {
    const sizes = [1, CHUNK_BYTES - 1, CHUNK_BYTES + 7, 0, 5];
    const content = await spoolTo(folder, chunks(...sizes), limits);
    const hash = createHash('sha1');
    for await (const chunk of chunks(...sizes)) hash.update(chunk);
    expect(content.sizeBytes).toBe(2 * CHUNK_BYTES + 12);
    expect(content.sha1).toBe(hash.digest('hex'));
    const again = createHash('sha1');
    const lengths: number[] = [];
    for await (const chunk of content.open()) {
      again.update(chunk);
      lengths.push(chunk.byteLength);
    }
    expect(again.digest('hex')).toBe(content.sha1);
    expect(lengths).toEqual([CHUNK_BYTES, CHUNK_BYTES, 12]);
    expect(statSync(content.path).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('are none for an empty document', async () => {
    const content = await spoolTo(folder, chunks(), limits);
    expect(content).toMatchObject({
      sizeBytes: 0,
      sha1: 'da39a3ee5e6b4b0d3255bfef95601890afd80709',
    });
    for await (const chunk of content.open()) expect(chunk).toBeUndefined();
  });

  it('are refused beyond the limit, and leave no file', async () => {
    const tooMany = spoolTo(folder, chunks(6, 5), { bytes: 10 });
    await expect(tooMany).rejects.toBeInstanceOf(Fault);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leave no file when the sender breaks off', async () => {
    async function* broken() {
      yield new Uint8Array(5);
      throw new Error('cut off');
    }
    await expect(spoolTo(folder, broken(), limits)).rejects.toThrow('cut off');
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['shorter', (path: string) => truncateSync(path, 3)],
    ['longer', (path: string) => appendFileSync(path, 'x')],
  ])('break off when the file has become %s than was recorded', async (_what, harm) => {
    const content = await spoolTo(folder, chunks(5), limits);
    harm(content.path);
    const read = async () => {
      for await (const _chunk of content.open());
    };
    await expect(read()).rejects.toThrow('than recorded');
  });
});
