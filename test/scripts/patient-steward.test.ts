import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordsOf } from '../../gateway/safeguards/audit-chain.ts';
import { summaryOf } from '../../profiles/atna/audit-summary.ts';
import { EXIT } from '../../scripts/command.ts';
import { freePorts } from '../../scripts/federation.ts';
import { runCommandLine } from '../../scripts/kakehashi.ts';

const root = mkdtempSync(join(tmpdir(), 'kakehashi-steward-'));
const region = join(root, 'region');
const stop = new AbortController();
let running: Promise<unknown> = Promise.resolve();

async function ran(...words: readonly string[]) {
  let stdout = '';
  let stderr = '';
  const exit = await runCommandLine(words, {
    stdout: {
      write: (text) => {
        stdout += text;
      },
    },
    stderr: {
      write: (text) => {
        stderr += text;
      },
    },
    locale: 'C',
    stop: () => stop.signal,
  });
  return { exit, stdout, stderr };
}

const steward = (...words: readonly string[]) =>
  ran('patient', ...words, '--folder', region, '--by', '担当 一郎');
const json = async (...words: readonly string[]) => {
  const { exit, stdout, stderr } = await steward(...words, '--json');
  if (exit !== EXIT.done) throw new Error(stderr);
  return JSON.parse(stdout);
};
const chart = (id: string) => `${id}^^^&2.999.392.32.10.1&ISO`;

async function feed(id: string, kanji: string) {
  return ran(
    ...['patient', 'feed', '--folder', region, '--id', chart(id), '--kanji', kanji],
    ...['--birth', '19700101', '--sex', 'F'],
  );
}

beforeAll(async () => {
  const [port = 0, operations = 0] = await freePorts(2);
  await ran(
    ...['init', region, '--name', 'Trial', '--oid', '2.999.392.32', '--network-id', 'NET-32'],
    ...['--port', String(port), '--operations-port', String(operations)],
  );
  const file = join(region, 'kakehashi.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('#level: info', 'level: error'));
  running = ran('serve', region);
  for (let round = 0; round < 200; round += 1) {
    if ((await ran('check', region, '--live')).exit === EXIT.done) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await feed('1', '試験 花子');
  await feed('2', '見本 花子');
});

afterAll(async () => {
  stop.abort();
  await running;
  rmSync(root, { recursive: true, force: true });
});

async function deeds() {
  const found: string[] = [];
  for await (const { message } of recordsOf(join(region, 'var/audit'))) {
    const { type, requestor, outcome } = summaryOf(message);
    if (type.startsWith('patient ')) {
      expect(message).toContain('UserID="担当 一郎"');
      expect(requestor).toBeTruthy();
      found.push(`${type} ${outcome}`);
    }
  }
  return found;
}

describe('A steward at the command line', () => {
  it('links, explains, looks back, unlinks and is told what was disclosed meanwhile', async () => {
    const { patients } = await json('link', chart('1'), chart('2'), '--reason', 'same card');
    expect(
      new Set(patients.map((one: { regionalId: { id: string } }) => one.regionalId.id)).size,
    ).toBe(1);
    await ran('patient', 'find', '--folder', region, '--id', chart('2'));

    const explained = await json('explain', chart('1'));
    expect(explained.records).toHaveLength(2);
    expect(explained.inForce).toMatchObject([
      { verdict: 'linked', byHand: true, by: '担当 一郎', reason: 'same card' },
    ]);
    const text = (await steward('explain', chart('1'))).stdout;
    expect(text).toContain('linked');
    expect(text).not.toMatch(/花子/);

    const unlinked = await json('unlink', chart('1'), '--from', chart('2'));
    expect(unlinked.disclosures.map(({ type }: { type: string }) => type)).toContain('ITI-45');
    expect(unlinked.patients[0].regionalId).not.toEqual(unlinked.patients[1].regionalId);

    const history = await json('history', chart('2'));
    expect(history.events.map(({ kind }: { kind: string }) => kind)).toEqual(
      expect.arrayContaining(['fed', 'placed', 'decision']),
    );
    expect((await steward('history', chart('2'))).stdout).toContain('apart');
  });

  it('merges and unmerges, and hears why it cannot be done', async () => {
    await json('merge', chart('2'), chart('1'));
    const again = await steward('merge', chart('2'), chart('1'));
    expect(again.exit).toBe(EXIT.failed);
    expect(again.stderr).toContain('the subsumed id was subsumed before');
    expect((await steward('explain', chart('2'))).stdout).toContain('subsumed by');
    expect((await json('unmerge', chart('2'))).patients).toHaveLength(2);
    expect((await steward('explain', chart('9'))).exit).toBe(EXIT.nothingToDo);
  });

  it('lists what waits, and answers it', async () => {
    expect((await steward('review', 'list')).exit).toBe(EXIT.nothingToDo);
    expect((await steward('review', 'accept')).exit).toBe(EXIT.usage);
    expect((await steward('review', 'reject', '77')).stderr).toContain('review 77 is not open');
    expect((await steward('review', 'retry')).exit).toBe(EXIT.done);
  });

  it('tidies the list, and is told what came of it in either language', async () => {
    const tidied = await steward('review', 'tidy');
    expect(tidied).toMatchObject({ exit: EXIT.nothingToDo });
    expect(tidied.stdout).toBe('0 questions looked at, 0 taken from the list, 0 put on it\n');
    const { stdout } = await steward('review', 'tidy', '--lang', 'ja');
    expect(stdout).toContain('確認待ち 0 件を確認');
    const { stdout: json } = await steward('review', 'tidy', '--after', '7', '--json');
    expect(JSON.parse(json)).toEqual({ looked: 0, closed: 0, opened: 0, isWhole: true });
    expect((await deeds()).filter((deed) => deed === 'patient review tidy 0')).toHaveLength(3);
  });

  it('must give a name, and every deed stands in the audit trail with it', async () => {
    const { exit } = await ran('patient', 'unmerge', chart('1'), '--folder', region);
    expect(exit).toBe(EXIT.usage);
    expect(await deeds()).toEqual(
      expect.arrayContaining([
        'patient link 0',
        'patient explain 0',
        'patient unlink 0',
        'patient merge 0',
        'patient merge 8',
        'patient unmerge 0',
        'patient reject 8',
        'patient review retry 0',
        'patient explain 8',
      ]),
    );
  });
});
