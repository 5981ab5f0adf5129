import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addToYaml, readConfig } from '../../gateway/config.ts';
import { withIdentityOffline } from '../../gateway/identity-offline.ts';
import { recordsOf, verifyTrail } from '../../gateway/safeguards/audit-chain.ts';
import { AuditTrail } from '../../gateway/safeguards/audit-trail.ts';
import { summaryOf } from '../../profiles/atna/audit-summary.ts';
import { EXIT } from '../../scripts/command.ts';
import { freePorts } from '../../scripts/federation.ts';
import { runCommandLine } from '../../scripts/kakehashi.ts';

const root = mkdtempSync(join(tmpdir(), 'kakehashi-import-'));
const region = join(root, 'region');
const HOSPITAL = '2.999.392.32.10.1';
const CODE = '3299900000';
const INSURANCE = '2.999.392.32.99';
const HEAD =
  'record_id,institution_code,local_patient_id,family_kanji,given_kanji,family_kana,given_kana,birth_date,sex,phone';

async function ran(words: readonly string[], stop = new AbortController()) {
  const out = { stdout: '', stderr: '' };
  const to = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      out[name] += text;
    },
  });
  const exit = await runCommandLine(words, {
    stdout: to('stdout'),
    stderr: to('stderr'),
    locale: 'C',
    stop: () => stop.signal,
  });
  return { exit, ...out };
}

let files = 0;

/** A file with so many registrations, each of another person. */
function csvOf(rows: number, { from = 1, wrong = [] as readonly number[] } = {}): string {
  files += 1;
  const file = join(root, `${files}.csv`);
  const lines = Array.from({ length: rows }, (_, at) => {
    const number = from + at;
    const sex = wrong.includes(number) ? 'X' : 'F';
    const given = [...String(number)]
      .map((digit) => 'アイウエオカキクケコ'[Number(digit)])
      .join('');
    return `R${number},${CODE},${number},試験,花子,シケン,${given},19${String(10 + (number % 80))}-01-01,${sex},`;
  });
  writeFileSync(file, `${HEAD}\n${lines.join('\n')}\n`);
  return file;
}

const imported = async (file: string, ...words: readonly string[]) => {
  const { exit, stdout, stderr } = await ran([
    ...['patient', 'import', file, '--folder', region, '--by', '担当 一郎', '--json'],
    ...['--authority', `${CODE}=${HOSPITAL}`, ...words],
  ]);
  return { exit, stderr, report: stdout === '' ? undefined : JSON.parse(stdout) };
};

/** How many records and regional ids the database has. */
async function stored(...ids: readonly number[]) {
  const config = await readConfig(region);
  return withIdentityOffline(config, ({ stores: { identities } }) =>
    identities.look(async (records) => {
      const found = [];
      for (const id of ids) {
        const record = await records.recordOf({ id: String(id), assigningAuthority: HOSPITAL });
        found.push(record && { version: record.version, regionalId: record.regionalId });
      }
      return { found, unconfirmed: await records.unconfirmed(1_000) };
    }),
  );
}

async function demographicsOf(id: string) {
  const config = await readConfig(region);
  return withIdentityOffline(config, ({ stores: { identities } }) =>
    identities.look(
      async (records) =>
        (await records.recordOf({ id, assigningAuthority: HOSPITAL }))?.demographics,
    ),
  );
}

beforeAll(async () => {
  const [port = 0, operations = 0] = await freePorts(2);
  await ran([
    ...['init', region, '--name', 'Trial', '--oid', '2.999.392.32', '--network-id', 'NET-32'],
    ...['--port', String(port), '--operations-port', String(operations)],
  ]);
  const file = join(region, 'kakehashi.yaml');
  const row = { oid: INSURANCE, name: 'insurance', kind: 'insurance-key' };
  const text = addToYaml(readFileSync(file, 'utf8'), 'assigningAuthorities', row);
  writeFileSync(file, text.replace('#level: info', 'level: error'));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('patient import, where no process runs', () => {
  it('leaves the trail sound when a process is started before it has ended, as PostgreSQL lets it', async () => {
    const { audit, ...config } = await readConfig(region);
    const directory = join(root, 'audit');
    const options = { directory, node: audit.node, now: () => new Date(), pid: process.pid };
    await (await AuditTrail.open(options)).close();
    await withIdentityOffline({ ...config, audit: { ...audit, directory } }, async ({ trail }) => {
      const started = await AuditTrail.open(options);
      await trail.append(['<imported/>']);
      await started.close();
    });
    expect(await verifyTrail(directory)).toMatchObject({ sound: true, files: 3 });
  });

  it('stores each registration as a feed would, and the registry knows its regional id', async () => {
    const { exit, report } = await imported(csvOf(120));
    expect(exit).toBe(EXIT.done);
    expect(report).toMatchObject({
      counts: { added: 120, revised: 0, merged: 0, unchanged: 0, faults: 0 },
      records: 120,
      end: 'whole',
    });
    const { found, unconfirmed } = await stored(1, 120);
    expect(found).toEqual([
      { version: 1, regionalId: expect.stringMatching(/^\d{12}$/) },
      { version: 1, regionalId: expect.stringMatching(/^\d{12}$/) },
    ]);
    expect(unconfirmed).toEqual([]);
  });

  it('doubles nothing when it is given again: no change is no work', async () => {
    const { exit, report } = await imported(csvOf(120));
    expect(exit).toBe(EXIT.nothingToDo);
    expect(report.counts).toEqual({
      ...{ added: 0, revised: 0, merged: 0 },
      ...{ unchanged: 120, faults: 0 },
    });
    expect((await stored(1)).found).toMatchObject([{ version: 1 }]);
  });

  it('revises what has changed, and it alone', async () => {
    const file = csvOf(120);
    writeFileSync(
      file,
      readFileSync(file, 'utf8')
        .replace('R7,', 'R7x,')
        .replace(/^(R8,.*),$/m, '$1,0852000000'),
    );
    const { report } = await imported(file);
    expect(report.counts).toMatchObject({ added: 0, revised: 1, unchanged: 119, faults: 0 });
    expect((await stored(7, 8)).found).toMatchObject([{ version: 1 }, { version: 2 }]);
  });

  it('tells what it cannot take by line and column without the person’s data, and takes the rest', async () => {
    const { exit, report } = await imported(csvOf(5, { from: 201, wrong: [202, 204] }));
    expect(exit).toBe(EXIT.failed);
    expect(report).toMatchObject({
      counts: { added: 3, faults: 2 },
      faults: [
        { line: 3, column: 'sex' },
        { line: 5, column: 'sex' },
      ],
    });
    expect(JSON.stringify(report)).not.toMatch(/試験|花子/);
  });

  it('refuses an authority that is not the region’s, row by row, or in the option', async () => {
    const file = csvOf(2, { from: 301 });
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(CODE, '3299911111'));
    const { report } = await imported(file);
    expect(report.counts).toMatchObject({ added: 0, faults: 2 });
    expect(report.faults[0]).toMatchObject({ line: 2, reason: expect.stringMatching(/^204: /) });
    expect((await imported(file, '--authority', '2.999.404')).exit).toBe(EXIT.usage);
    expect((await imported(file, '--authority', 'x=2.999.1')).exit).toBe(EXIT.usage);
  });

  it('ends where more are refused than it was told to bear, and goes on from there', async () => {
    const file = csvOf(9, { from: 401, wrong: [402, 403, 404] });
    const first = await imported(file, '--faults', '1');
    expect(first.exit).toBe(EXIT.failed);
    expect(first.report).toMatchObject({
      records: 3,
      end: 'too many faults',
      counts: { added: 1 },
    });
    const second = await imported(file, '--faults', '1');
    expect(second.report).toMatchObject({
      resumedAt: 3,
      records: 9,
      end: 'whole',
      counts: { added: 6, unchanged: 0, faults: 3 },
    });
    expect(readdirSync(join(region, 'var', 'import'))).toEqual([]);
    const anew = await imported(file, '--restart');
    expect(anew.report).toMatchObject({ resumedAt: 0, counts: { unchanged: 6, faults: 3 } });
  });

  it('ends behind the batch when it is told to stop, and resumes with what is left', async () => {
    const file = csvOf(30, { from: 501 });
    const stop = new AbortController();
    stop.abort();
    const words = ['--folder', region, '--by', '担当 一郎', '--authority', `${CODE}=${HOSPITAL}`];
    const stopped = await ran(['patient', 'import', file, ...words, '--json'], stop);
    expect(stopped.exit).toBe(EXIT.failed);
    expect(JSON.parse(stopped.stdout)).toMatchObject({ end: 'stopped', records: 1 });
    const rest = await imported(file);
    expect(rest.report).toMatchObject({ resumedAt: 1, records: 30, counts: { added: 30 } });
  });

  /** One message; `rest` stands in the place of PV1. */
  const message = (trigger: string, ids: string, { name = 'ジロウ', rest = 'PV1||O' } = {}) =>
    `MSH|^~\\&|A|B|C|D|20300101||ADT^${trigger}|1|P|2.5|||||||UNICODE UTF-8\rEVN||20300101\rPID|||${ids}||シケン^${name}^^^^^L^P||19600101|M\r${rest}\r`;
  const own = (id: string) => `${id}^^^&${HOSPITAL}&ISO`;
  const batchOf = (...messages: readonly string[]) => {
    files += 1;
    const file = join(root, `${files}.hl7`);
    const batch = `${messages.join('')}BTS|${messages.length}\rFTS|1\r`;
    writeFileSync(file, `FHS|^~\\&\rBHS|^~\\&\r${batch}`);
    return file;
  };

  it('imports HL7 v2 messages, and tells what it does not take', async () => {
    const file = batchOf(message('A04', own('601')), message('A24', own('602')));
    const { report } = await imported(file);
    expect(report).toMatchObject({
      counts: { added: 1, faults: 1 },
      faults: [{ line: 7, column: 'MSH^1^9' }],
    });
    expect((await stored(601)).found[0]).toBeDefined();
  });

  it('does the merge that an A40 says, once, where it stands in the batch', async () => {
    const merge = message('A40', own('612'), { rest: `MRG|${own('611')}` });
    const file = batchOf(
      message('A04', own('611'), { name: 'サブロウ' }),
      message('A04', own('612'), { name: 'サブロー' }),
      merge,
    );
    const first = await imported(file);
    expect(first).toMatchObject({
      exit: EXIT.done,
      report: { counts: { added: 2, merged: 1, faults: 0 } },
    });
    // The subsumed number is out of use.
    expect((await stored(611, 612)).found).toEqual([undefined, expect.anything()]);

    // The same file again: nothing is done, the registration of the subsumed number included.
    expect(await imported(file)).toMatchObject({
      exit: EXIT.nothingToDo,
      report: { counts: { added: 0, revised: 0, merged: 0, unchanged: 3, faults: 0 } },
    });
    // Whoever says something new of a number that is out of use is told so.
    const later = batchOf(message('A08', own('611'), { name: 'シロウ' }));
    expect((await imported(later)).report).toMatchObject({
      counts: { revised: 0, faults: 1 },
      faults: [{ reason: expect.stringMatching(/^204: .*subsumed/) }],
    });
  });

  it('refuses a merge as a feed would: unknown, in a circle, of the affinity domain', async () => {
    const regional = (id: string) => `${id}^^^&2.999.392.32.1&ISO`;
    const config = await readConfig(region);
    const affinity = regional('1').replace('2.999.392.32.1', config.affinityDomain);
    const { report } = await imported(
      batchOf(
        message('A40', own('612'), { rest: `MRG|${own('699')}` }),
        message('A40', own('611'), { rest: `MRG|${own('612')}` }),
        message('A40', affinity, { rest: `MRG|${affinity.replace('1^', '2^')}` }),
      ),
    );
    expect(report.counts).toMatchObject({ merged: 0, faults: 3 });
    expect(report.faults.map(({ reason }: { reason: string }) => reason)).toEqual([
      expect.stringMatching(/^204: the subsumed id is not known/),
      expect.stringMatching(/^204: the surviving id was subsumed/),
      expect.stringMatching(/^204: ids of the affinity domain/),
    ]);
  });

  it('takes other ids as a feed does: an insurance as one, a regional id only where told to', async () => {
    const { affinityDomain } = await readConfig(region);
    const HEADS = 'record_id,institution_code,local_patient_id,family_kanji,given_kanji,birth_date';
    const otherIds = `R-777^^^&${affinityDomain}&ISO~06130012:12:345:01^^^&${INSURANCE}&ISO`;
    const csv = (rest: string, id = '621') => {
      files += 1;
      const file = join(root, `${files}.csv`);
      const row = `R1,${CODE},${id},別名,五郎,1961-01-01,${rest}`;
      writeFileSync(file, `${HEADS},other_ids\n${row}\n`);
      return file;
    };
    const file = csv(otherIds);
    expect((await imported(file)).report.counts).toMatchObject({ added: 1 });
    expect(await demographicsOf('621')).toMatchObject({
      insurance: [{ insurer: '06130012', symbol: '12', number: '345', branch: '01' }],
    });
    const [before] = (await stored(621)).found;
    expect(before?.regionalId).toMatch(/^\d{12}$/);
    expect((await imported(file)).exit).toBe(EXIT.nothingToDo);

    expect((await imported(file, '--regional-ids')).report.counts).toMatchObject({ revised: 1 });
    expect((await stored(621)).found).toMatchObject([{ regionalId: 'R-777' }]);
    expect((await imported(file, '--regional-ids')).exit).toBe(EXIT.nothingToDo);

    const wrong = await imported(csv('R-777', '622'));
    expect(wrong.report.faults).toMatchObject([{ line: 2, column: 'other_ids' }]);
    // PID-3 of a message says the same by its repetitions.
    const v2 = batchOf(
      message('A04', `${own('623')}~06130012::346:^^^&${INSURANCE}&ISO`, { name: 'ゴロウ' }),
    );
    await imported(v2, '--authority', HOSPITAL);
    expect(await demographicsOf('623')).toMatchObject({
      insurance: [{ insurer: '06130012', number: '346' }],
    });
  });

  it('takes no CSV in Shift_JIS, and nothing of one whose last line alone is', async () => {
    const file = csvOf(1, { from: 9_100 });
    const sjis = Buffer.from([0x8e, 0x8e, 0x8c, 0xb1]);
    const row = Buffer.from(`R9101,${CODE},9101,`);
    const rest = Buffer.from(',a,b,c,1970-01-01,F,\n');
    writeFileSync(file, Buffer.concat([readFileSync(file), row, sjis, rest]));
    const { exit, stderr } = await imported(file);
    expect(exit).toBe(EXIT.failed);
    expect(JSON.parse(stderr).errors).toMatchObject([{ what: 'line 3 is not UTF-8', where: file }]);
    expect((await stored(9_100, 9_101)).found).toEqual([undefined, undefined]);
  });

  it('says where a CSV cannot be read on', async () => {
    const file = join(root, 'broken.csv');
    writeFileSync(file, 'record_id,sex\n1,M\n');
    const { exit, stderr } = await imported(file);
    expect(exit).toBe(EXIT.failed);
    expect(stderr).toMatch(/line 1, institution_code/);
    const words = ['patient', 'import', file, '--folder', region, '--by', '担当 一郎'];
    expect((await ran([...words, '--lang', 'ja'])).stderr).toMatch(/1 行目、institution_code/);
  });

  it('records every chart number that was added, revised or refused, with the operator’s name', async () => {
    const found: string[] = [];
    for await (const { message } of recordsOf(join(region, 'var/audit'))) {
      const { type, outcome } = summaryOf(message);
      if (type !== 'patient import') continue;
      expect(message).toContain('UserID="担当 一郎"');
      found.push(`${outcome} ${(message.match(/ParticipantObjectTypeCode="1"/g) ?? []).length}`);
    }
    const [first] = found;
    expect(first).toBe('0 120');
    expect(found).toContain('8 2');
  });
});

describe('patient import, through the running process', () => {
  const stop = new AbortController();
  let running: Promise<unknown>;

  beforeAll(async () => {
    running = ran(['serve', region], stop);
    for (let round = 0; round < 200; round += 1) {
      if ((await ran(['check', region, '--live'])).exit === EXIT.done) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  afterAll(async () => {
    stop.abort();
    await running;
  });

  it('stores in batches beside what else goes on, and finds what was stored without it', async () => {
    const { exit, report } = await imported(csvOf(250, { from: 701 }));
    expect(exit).toBe(EXIT.done);
    expect(report.counts).toMatchObject({ added: 250, revised: 0, unchanged: 0, faults: 0 });
    expect((await imported(csvOf(120))).report.counts).toMatchObject({ added: 0, revised: 1 });
    const found = await ran([
      ...['patient', 'find', '--folder', region, '--kana', 'シケン クアイ', '--json'],
    ]);
    expect(found.exit).toBe(EXIT.done);
  });
});
