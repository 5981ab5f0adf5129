import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JAPAN_RULE_SET } from '../../../actors/patient-identity/matching/japan-rule-set.ts';
import { addToYaml, readConfig } from '../../../gateway/config.ts';
import { withIdentityOffline } from '../../../gateway/identity-offline.ts';
import { generate } from '../../../scripts/identity/generator/generate.ts';
import { COLUMNS } from '../../../scripts/identity/generator/registration.ts';
import { runCommandLine } from '../../../scripts/kakehashi.ts';

async function ran(...words: readonly string[]) {
  let stdout = '';
  let stderr = '';
  const exit = await runCommandLine(words, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text), isTTY: false },
    locale: 'en_US.UTF-8',
    stop: () => new AbortController().signal,
  });
  return { exit, stdout, stderr };
}

interface Printed {
  readonly ruleSet: string;
  readonly links: readonly {
    readonly a: string;
    readonly b: string;
    readonly decision: string;
    readonly score: number;
    readonly why: readonly { readonly field: string; readonly weight: number }[];
  }[];
}

describe('kakehashi patient match and patient rules', () => {
  let folder: string;
  let input: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kakehashi-match-'));
    input = join(folder, 'patients.csv');
    const rows = [...generate({ seed: 12, registrations: 400 })].map((row) =>
      COLUMNS.map((column) => `"${row[column].replaceAll('"', '""')}"`).join(','),
    );
    writeFileSync(input, `\uFEFF${COLUMNS.join(',')}\r\n${rows.join('\r\n')}\r\n`);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('prints the links of a file, each with its decision, score and reasons', async () => {
    const { exit, stdout } = await ran('patient', 'match', '--input', input, '--json');
    const { links, ruleSet } = JSON.parse(stdout) as Printed;
    expect(exit).toBe(0);
    expect(ruleSet).toBe('japan-1');
    expect(links.length).toBeGreaterThan(100);
    for (const { a, b, decision, score, why } of links) {
      expect([a, b]).toEqual([expect.stringMatching(/^G/), expect.stringMatching(/^G/)]);
      expect(['AUTO', 'REVIEW']).toContain(decision);
      expect(why.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(score);
    }
  });

  it('never looks at the truth', async () => {
    const without = join(folder, 'untold.csv');
    const told = readFileSync(input, 'utf8').split('\r\n');
    writeFileSync(without, told.map((line) => line.replace(/"P\d{7}"/, '""')).join('\r\n'));
    const [one, other] = [
      await ran('patient', 'match', '--input', input, '--json'),
      await ran('patient', 'match', '--input', without, '--json'),
    ];
    expect(other.stdout).toBe(one.stdout);
  });

  it('prints a table for people, without a name in it', async () => {
    const { stdout } = await ran('patient', 'match', '--input', input);
    expect(stdout).toMatch(/^a +b +decision +score +why\n/);
    expect(stdout).not.toMatch(/[\u3040-\u30FF\u4E00-\u9FFF]/);
  });

  it('shows a person a thousand lines, and says how many more there are', async () => {
    const large = join(folder, 'large.csv');
    const rows = [...generate({ seed: 13, registrations: 2_500 })].map((row) =>
      COLUMNS.map((column) => `"${row[column]}"`).join(','),
    );
    writeFileSync(large, `${COLUMNS.join(',')}\n${rows.join('\n')}\n`);
    const { stdout } = await ran('patient', 'match', '--input', large);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(1 + 1_000 + 1);
    expect(lines.at(-1)).toMatch(/^\d+ more: --json prints them all$/);
  });

  it('estimates a rule set, writes it as a proposal and overwrites none', async () => {
    const out = join(folder, 'proposed.json');
    const words = ['patient', 'rules', 'estimate', '--input', input, '--out', out] as const;
    expect(await ran(...words)).toMatchObject({ exit: 0 });
    expect(await ran(...words)).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('EEXIST'),
    });
    const compared = await ran(
      ...['patient', 'rules', 'compare', '--input', input, '--shadow', out, '--json'],
    );
    const told = JSON.parse(compared.stdout) as { before: string; after: string; pairs: number };
    expect(told).toMatchObject({ before: 'japan-1', after: 'estimated-1' });
    expect(told.pairs).toBeGreaterThan(100);
  });

  it('prints the pairs that two rule sets decide differently', async () => {
    const shadow = join(folder, 'strict.json');
    const strict = { ...JAPAN_RULE_SET, version: 'strict-1', thresholds: { auto: 30, review: 6 } };
    writeFileSync(shadow, JSON.stringify(strict));
    const { stdout } = await ran(
      ...['patient', 'rules', 'compare', '--input', input, '--shadow', shadow, '--json'],
    );
    const told = JSON.parse(stdout) as {
      changes: Record<string, number>;
      differences: readonly { before: { decision: string }; after: { decision: string } }[];
    };
    expect(told.changes['AUTO -> REVIEW']).toBe(told.differences.length);
    expect(told.differences[0]).toMatchObject({
      before: { decision: 'AUTO' },
      after: { decision: 'REVIEW' },
    });
  });

  it('finds no difference between a rule set and itself: nothing to do', async () => {
    const shadow = join(folder, 'same.json');
    const { stdout } = await ran('patient', 'rules', 'print', '--json');
    writeFileSync(shadow, stdout);
    const same = await ran('patient', 'rules', 'compare', '--input', input, '--shadow', shadow);
    expect(same.exit).toBe(3);
  });

  it.each<[string, string, RegExp]>([
    [
      'a line that is too short',
      'record_id,institution_code,local_patient_id\nS1\n',
      /line 2: has 1 cells/,
    ],
    ['a column that is missing', 'record_id\n', /line 1, column institution_code: is missing/],
    [
      'an open quote',
      'record_id,institution_code,local_patient_id\n"S1,',
      /line 2: a quote is never closed/,
    ],
  ])('refuses a file with %s, and says where', async (_, text, message) => {
    const file = join(folder, 'broken.csv');
    writeFileSync(file, text);
    const { exit, stderr } = await ran('patient', 'match', '--input', file);
    expect(exit).toBe(1);
    expect(stderr).toMatch(message);
  });

  it('refuses a file that is not UTF-8, and one that is not there', async () => {
    const file = join(folder, 'cp932.csv');
    writeFileSync(file, Buffer.from([0x8e, 0x8e, 0x8c, 0xb1, 0x0a]));
    expect((await ran('patient', 'match', '--input', file)).stderr).toContain('not UTF-8');
    expect((await ran('patient', 'match', '--input', join(folder, 'no'))).stderr).toContain(
      'ENOENT',
    );
  });

  it('refuses a rule set that is none, and says where in it', async () => {
    const file = join(folder, 'rules.json');
    writeFileSync(file, JSON.stringify({ ...JAPAN_RULE_SET, automatic: [{ name: 'x', all: {} }] }));
    const { exit, stderr } = await ran('patient', 'match', '--input', input, '--rules', file);
    expect(exit).toBe(1);
    expect(stderr).toContain('automatic[0].all');
  });

  it('compares another rule set with the one that the region decides by, whose version each decision keeps', async () => {
    const region = join(folder, 'region');
    await ran(
      ...['init', region, '--name', 'Trial', '--oid', '2.999.392.32', '--network-id', 'NET-32'],
    );
    const clinic = { oid: '2.999.392.32.10.2', name: 'clinic' };
    const config = join(region, 'kakehashi.yaml');
    const yaml = addToYaml(readFileSync(config, 'utf8'), 'assigningAuthorities', clinic);
    writeFileSync(config, yaml.replace(/^identity:$/m, 'identity:\n  rules: ours.json'));
    const ours = { ...JAPAN_RULE_SET, version: 'ours-1', thresholds: { auto: 17, review: 7 } };
    writeFileSync(join(region, 'ours.json'), JSON.stringify(ours));

    const shadow = join(folder, 'built-in.json');
    writeFileSync(shadow, JSON.stringify(JAPAN_RULE_SET));
    const compared = await ran(
      ...['patient', 'rules', 'compare', '--input', input, '--shadow', shadow, '--json'],
      ...['--folder', region],
    );
    const { before, after } = JSON.parse(compared.stdout) as { before: string; after: string };
    expect([before, after]).toEqual([expect.stringMatching(/^ours-1\+[0-9a-f]{8}$/), 'japan-1']);
    const matched = await ran('patient', 'match', '--input', input, '--folder', region, '--json');
    expect(JSON.parse(matched.stdout)).toMatchObject({ ruleSet: before });
    // What is printed can be edited, and named again.
    const printed = await ran('patient', 'rules', 'print', '--folder', region, '--json');
    expect(JSON.parse(printed.stdout)).toEqual(ours);

    const HEAD = 'record_id,institution_code,local_patient_id,family_kanji,given_kanji';
    const csv = join(folder, 'two.csv');
    const person = '試験,花子,シケン,ハナコ,1970-01-01,F,0852000000';
    writeFileSync(
      csv,
      `${HEAD},family_kana,given_kana,birth_date,sex,phone\nA,3299900000,1,${person}\nB,3299900018,2,${person}\n`,
    );
    const mapped = ['3299900000=2.999.392.32.10.1', `3299900018=${clinic.oid}`];
    const imported = await ran(
      ...['patient', 'import', csv, '--folder', region, '--by', '担当 一郎', '--json'],
      ...mapped.flatMap((one) => ['--authority', one]),
    );
    expect(JSON.parse(imported.stdout)).toMatchObject({ counts: { added: 2 } });
    const decisions = await withIdentityOffline(
      readConfig(region),
      async ({ stores: { identities } }) =>
        identities.look(async (records) => {
          const id = { id: '1', assigningAuthority: '2.999.392.32.10.1' };
          const record = await records.recordOf(id);
          return records.decisionsOf(record ? [record.number] : []);
        }),
    );
    expect(decisions).toMatchObject([
      { verdict: 'linked', ruleSet: before, thresholds: ours.thresholds, by: 'auto' },
    ]);

    const check = await ran('check', region, '--json');
    expect(check.stdout).toContain(`rule set ${before}, links from 17`);
    writeFileSync(join(region, 'ours.json'), '{}');
    const refused = await ran('serve', region);
    expect(refused.exit).toBe(1);
    expect(refused.stderr).toMatch(/ours\.json: not a rule set: .*\n?.*identity\.rules/);
  });

  it('asks for what it needs', async () => {
    expect(await ran('patient', 'rules', 'compare', '--input', input)).toMatchObject({ exit: 2 });
    expect(await ran('patient', 'rules', 'estimate')).toMatchObject({ exit: 2 });
    expect(await ran('patient', 'match')).toMatchObject({ exit: 2 });
  });
});
