import {
  appendFile,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { recordsOf, verifyTrail } from '../../../gateway/safeguards/audit-chain.ts';
import { AuditTrail } from '../../../gateway/safeguards/audit-trail.ts';

let directory = '';
let clock = 0;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kakehashi-trail-'));
  clock = Date.UTC(2030, 0, 1);
});

afterEach(() => rm(directory, { recursive: true }));

/** A clock that goes on by a second at each look. */
function now(): Date {
  clock += 1000;
  return new Date(clock);
}

function openTrail(node = 'okayama'): Promise<AuditTrail> {
  return AuditTrail.open({ directory, node, now, pid: 4711 });
}

async function aTrailWith(...messages: readonly string[]): Promise<string> {
  const trail = await openTrail();
  await trail.append(messages);
  await trail.close();
  return trail.path;
}

async function messagesOf(): Promise<string[]> {
  const messages: string[] = [];
  for await (const { message } of recordsOf(directory)) messages.push(message);
  return messages;
}

async function linesOf(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).split('\n').slice(0, -1);
}

describe('the audit trail', () => {
  it('begins with the record that says so, and keeps what is appended in order', async () => {
    await aTrailWith('<one/>', '<two/>');

    const [first, ...others] = await messagesOf();
    expect(first).toContain('csd-code="110134"');
    expect(others).toEqual(['<one/>', '<two/>']);
  });

  it('chains each record to the one before it, and each start to the chain before it', async () => {
    await aTrailWith('<one/>');
    await aTrailWith('<two/>');

    expect(await verifyTrail(directory)).toEqual({ sound: true, files: 2, records: 4, torn: [] });
  });

  it('is in the order of its writing also where the clock was put back between two starts', async () => {
    await aTrailWith('<one/>');
    clock -= 86_400_000;
    await aTrailWith('<two/>');
    await aTrailWith('<three/>');

    expect(await verifyTrail(directory)).toEqual({ sound: true, files: 3, records: 6, torn: [] });
    expect((await messagesOf()).filter((text) => /^<\w+\/>$/.test(text))).toEqual([
      '<one/>',
      '<two/>',
      '<three/>',
    ]);
  });

  it('can be read by its owner alone', async () => {
    const path = await aTrailWith('<one/>');

    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('puts all that wait while a sync runs into the next one', async () => {
    const trail = await openTrail();
    const handle = await open(trail.path, 'r');
    const sync = jest.spyOn(Object.getPrototypeOf(handle), 'datasync');
    await handle.close();
    const append = (at: number) => trail.append([`<m n="${at}"/>`]);
    const first = append(0);
    while (sync.mock.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([first, ...Array.from({ length: 99 }, (_, at) => append(at + 1))]);
    await trail.close();

    const syncs = sync.mock.calls.length;
    sync.mockRestore();
    expect(syncs).toBe(2);
    expect((await messagesOf()).slice(1)).toEqual(
      Array.from({ length: 100 }, (_, at) => `<m n="${at}"/>`),
    );
    expect(await verifyTrail(directory)).toMatchObject({ sound: true, records: 101 });
  });

  it('refuses everything once a write has failed, until it is opened again', async () => {
    const trail = await openTrail();
    const handle = await open(trail.path, 'r');
    const sync = jest
      .spyOn(Object.getPrototypeOf(handle), 'datasync')
      .mockRejectedValue(new Error('EIO') as never);
    await handle.close();
    await expect(trail.append(['<one/>'])).rejects.toThrow('cannot be written');
    sync.mockRestore();

    await expect(trail.append(['<two/>'])).rejects.toThrow('cannot be written');
    await expect(trail.check()).rejects.toThrow('cannot be written');
    await trail.close();
    const again = await openTrail();
    await expect(again.check()).resolves.toBeUndefined();
    await again.close();
  });

  it('refuses when it is closed', async () => {
    const trail = await openTrail();
    await trail.close();

    await expect(trail.append(['<one/>'])).rejects.toThrow('closed');
    await expect(trail.check()).rejects.toThrow('closed');
  });

  it('says so when its disk is nearly full', async () => {
    const trail = await AuditTrail.open({
      directory,
      node: 'okayama',
      now,
      pid: 1,
      leastFreeBytes: Number.MAX_SAFE_INTEGER,
    });

    await expect(trail.check()).rejects.toThrow('octets are free');
    await trail.close();
  });

  it('does not open under a name that a file cannot carry', async () => {
    await expect(openTrail('../okayama')).rejects.toThrow('node name');
  });

  it('cuts a torn last line at the next start, and records the cut', async () => {
    const path = await aTrailWith('<one/>');
    await appendFile(path, '{"n":3,"at":"2030');
    expect(await verifyTrail(directory)).toMatchObject({ sound: true, torn: [expect.any(String)] });

    await aTrailWith('<two/>');

    const openings = [];
    for await (const record of recordsOf(directory)) {
      if (record.opening) openings.push(record.opening);
    }
    expect(openings[1]?.cuts).toEqual([{ file: expect.stringContaining('okayama~'), bytes: 17 }]);
    expect(await verifyTrail(directory)).toEqual({ sound: true, files: 2, records: 4, torn: [] });
  });

  it('goes on from the chain before, when a crash left a file without a record', async () => {
    await aTrailWith('<one/>');
    await writeFile(join(directory, 'okayama~20300201T000000000Z~9.jsonl'), '{"n":1');
    clock = Date.UTC(2030, 2, 1);
    await aTrailWith('<two/>');

    expect(await verifyTrail(directory)).toMatchObject({ sound: true, files: 3, records: 4 });
  });

  it('is not chained to a line that is no record', async () => {
    const path = await aTrailWith('<one/>');
    await appendFile(path, 'not a record\n');

    await expect(openTrail()).rejects.toThrow('line 3');
  });

  it('goes on from the chain before, and is sound, though the clock was set back between two starts', async () => {
    await aTrailWith('<one/>');
    clock -= 9 * 3_600_000;
    const second = await aTrailWith('<two/>');
    clock += 60_000;
    await aTrailWith('<three/>');

    expect(await verifyTrail(directory)).toEqual({ sound: true, files: 3, records: 6, torn: [] });
    const order = (await messagesOf()).filter((message) => message.length < 10);
    expect(order).toEqual(['<one/>', '<two/>', '<three/>']);
    await rm(second);
    expect(await verifyTrail(directory)).toMatchObject({ sound: false, line: 1 });
  });

  it('keeps the chains of two nodes apart', async () => {
    const one = await openTrail('okayama');
    const other = await openTrail('okayama.worker');
    await one.append(['<one/>']);
    await other.append(['<other/>']);
    await one.close();
    await other.close();

    expect(await verifyTrail(directory)).toMatchObject({ sound: true, files: 2, records: 4 });
  });
});

describe('the check of the audit trail', () => {
  it('finds the line whose message was changed', async () => {
    const path = await aTrailWith('<one/>', '<two/>');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('<one/>', '<One/>'));

    expect(await verifyTrail(directory)).toMatchObject({ sound: false, line: 2, records: 1 });
  });

  it('finds the line that was changed together with its hash', async () => {
    const path = await aTrailWith('<one/>', '<two/>');
    const [first = '', , third = ''] = await linesOf(path);
    await writeFile(path, `${first}\n${third}\n`);

    expect(await verifyTrail(directory)).toMatchObject({
      sound: false,
      line: 2,
      reason: expect.stringContaining('record 3'),
    });
  });

  it('finds what was added to a record', async () => {
    const path = await aTrailWith('<one/>');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('{"n":2,', '{"n":2,"also":1,'));

    expect(await verifyTrail(directory)).toMatchObject({ sound: false, line: 2 });
  });

  it('finds that the end of an earlier chain is gone', async () => {
    const path = await aTrailWith('<one/>', '<two/>');
    await aTrailWith('<three/>');
    const lines = await linesOf(path);
    await writeFile(path, `${lines.slice(0, 2).join('\n')}\n`);

    const verdict = await verifyTrail(directory);
    const [, second] = (await readdir(directory)).sort();
    expect(verdict).toMatchObject({ sound: false, file: second, line: 1 });
  });

  it('finds that a whole chain is gone', async () => {
    const path = await aTrailWith('<one/>');
    await aTrailWith('<two/>');
    await rm(path);

    expect(await verifyTrail(directory)).toMatchObject({ sound: false, line: 1 });
  });

  it('finds records that were put in between by someone who can compute hashes', async () => {
    const path = await aTrailWith('<one/>');
    await aTrailWith('<two/>');
    const [first = ''] = await linesOf(path);
    const other = await mkdtemp(join(tmpdir(), 'kakehashi-trail-'));
    const forged = await AuditTrail.open({ directory: other, node: 'okayama', now, pid: 1 });
    await forged.append(['<forged/>']);
    await forged.close();
    const [, second = ''] = await linesOf(forged.path);
    await rm(other, { recursive: true });
    await writeFile(path, `${first}\n${second}\n`);

    expect(await verifyTrail(directory)).toMatchObject({ sound: false, line: 2 });
  });
});
