import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ArrivingPart,
  IncomingParts,
  requireRoom,
} from '../../../gateway/stores/incoming-parts.ts';
import { Fault } from '../../../profiles/refusal.ts';

async function* partsOf(
  ...parts: readonly (readonly [string, string])[]
): AsyncGenerator<ArrivingPart> {
  for (const [contentId, text] of parts) {
    yield {
      contentId,
      body: (async function* () {
        yield Buffer.from(text);
      })(),
    };
  }
}

describe('the parts of an incoming MTOM message', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kakehashi-parts-'));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  const limits = { documentBytes: 10, documentsPerMessage: 2 };

  it('are hashed and sized in the spool once they are received', async () => {
    const parts = new IncomingParts(directory, limits);
    const content = parts.named('a@x');
    expect(content.sha1).toBeUndefined();
    parts.follow(partsOf(['a@x', 'abc']));
    await parts.receive();
    expect(content.sizeBytes).toBe(3);
    expect(content.sha1).toBe('a9993e364706816aba3e25717850c26c9cd0d89d');
    expect(parts.atEnd).toBe(true);
  });

  it('leave nothing in the spool when they are released', async () => {
    const parts = new IncomingParts(directory, limits);
    parts.named('a@x');
    parts.follow(partsOf(['a@x', 'abc']));
    await parts.receive();
    expect(await readdir(directory)).toHaveLength(1);
    await parts.release();
    expect(await readdir(directory)).toHaveLength(0);
  });

  it.each([
    ['a part that nothing names', [], [['a@x', 'abc']]],
    ['a name that has no part', ['a@x'], []],
    [
      'two parts of one Content-ID',
      ['a@x'],
      [
        ['a@x', 'abc'],
        ['a@x', 'abc'],
      ],
    ],
    ['a document that is too large', ['a@x'], [['a@x', 'abcdefghijk']]],
  ] as const)('are refused for %s', async (_what, names, arriving) => {
    const parts = new IncomingParts(directory, limits);
    for (const name of names) parts.named(name);
    parts.follow(partsOf(...arriving));
    await expect(parts.receive()).rejects.toThrow(Fault);
    await parts.release();
    expect(await readdir(directory)).toHaveLength(0);
  });

  it('are refused by the transaction’s own code for a part that nothing names, at the part', async () => {
    const parts = new IncomingParts(directory, limits);
    parts.follow(partsOf(['a@x', 'abc']));
    await expect(parts.receive({ strayPart: 'XDSMissingDocumentMetadata' })).rejects.toMatchObject({
      code: 'XDSMissingDocumentMetadata',
      location: 'cid:a@x',
    });
  });

  it('are not taken where the disk is nearly full: what was acknowledged needs the rest', async () => {
    await expect(requireRoom(directory, Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({
      code: 'ENOSPC',
    });
  });

  it('are refused when two elements name one part, or when there are too many', () => {
    const parts = new IncomingParts(directory, limits);
    parts.named('a@x');
    expect(() => parts.named('a@x')).toThrow('two elements name the same part');
    parts.named('b@x');
    expect(() => parts.named('c@x')).toThrow('at most 2 documents');
  });
});
