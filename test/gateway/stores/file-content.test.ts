import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHUNK_BYTES, DOCUMENT_CHUNKS } from '../../../gateway/stores/document-chunks.ts';
import { spoolTo } from '../../../gateway/stores/file-content.ts';
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

  it('are read into memory of earlier ones that was given back, and never into what was not', async () => {
    const of = (value: number) =>
      spoolTo(folder, [new Uint8Array(2 * CHUNK_BYTES).fill(value)] as never, limits);
    const [one, other] = [await of(1), await of(2)];
    const held: Uint8Array[] = [];
    for await (const chunk of one.open()) held.push(chunk);
    for await (const chunk of other.open()) {
      expect(held.some(({ buffer }) => buffer === chunk.buffer)).toBe(false);
    }
    expect(held.every((chunk) => chunk.every((octet) => octet === 1))).toBe(true);
    const [first, second] = held;
    if (!first || !second) throw new Error('there are two chunks');
    for (const given of [first, first, new Uint8Array(CHUNK_BYTES)])
      DOCUMENT_CHUNKS.giveBack(given);
    const again: Uint8Array[] = [];
    for await (const chunk of other.open()) again.push(chunk);
    expect(again.map(({ buffer }) => buffer === first.buffer)).toEqual([true, false]);
    expect(second.every((octet) => octet === 1)).toBe(true);
    expect(again.every((chunk) => chunk.every((octet) => octet === 2))).toBe(true);
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
