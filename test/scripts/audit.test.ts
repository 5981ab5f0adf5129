import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeYaml } from '../../gateway/config.ts';
import { AuditTrail } from '../../gateway/safeguards/audit-trail.ts';
import { encodeAuditMessage, type TransactionEvent } from '../../profiles/atna/audit-message.ts';
import { runCommandLine } from '../../scripts/kakehashi.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kakehashi-audit-'));
  const config = {
    name: '島根',
    homeCommunityId: 'urn:oid:2.999.392.32',
    affinityDomain: '2.999.392.32.1',
    repositoryUniqueId: '2.999.392.32.2',
    device: '2.999.392.32.3',
    assigningAuthorities: [{ oid: '2.999.392.32.1', name: '島根' }],
    tls: { acceptedPolicies: ['2.999.1'] },
  };
  await writeFile(join(folder, 'kakehashi.yaml'), writeYaml(config));
});

afterEach(() => rm(folder, { recursive: true }));

async function kakehashi(...words: readonly string[]) {
  let stdout = '';
  let stderr = '';
  const exit = await runCommandLine([...words, '--folder', folder], {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text), isTTY: false },
    locale: 'C',
    stop: () => new AbortController().signal,
  });
  return { exit, stdout, stderr };
}

function aMessage(changes: Partial<TransactionEvent> = {}): string {
  return encodeAuditMessage({
    kind: 'transaction',
    at: new Date('2030-04-01T00:00:00Z'),
    outcome: 0,
    auditSourceId: '2.999.392.32',
    id: 'ITI-18',
    name: 'Registry Stored Query',
    event: 'Query',
    action: 'E',
    source: { userId: 'anonymous', userName: 'hospital-a', isRequestor: true },
    destination: { userId: 'https://gw.example.jp/document-registry', isRequestor: false },
    objects: [{ kind: 'patient', patientId: { id: 'R-1', assigningAuthority: '2.999.392.32.1' } }],
    ...changes,
  });
}

async function aTrailWith(...messages: readonly string[]): Promise<string> {
  const trail = await AuditTrail.open({
    directory: join(folder, 'var/audit'),
    node: 'kakehashi',
    now: () => new Date('2030-01-01T00:00:00Z'),
    pid: 1,
  });
  await trail.append(messages);
  await trail.close();
  return trail.path;
}

describe('kakehashi audit list', () => {
  it('shows what was asked, by whom, and how it ended', async () => {
    await aTrailWith(aMessage(), aMessage({ outcome: 8, outcomeDescription: 'XDSRegistryError' }));
    const { exit, stdout } = await kakehashi('audit', 'list', '--transaction', 'ITI-18');

    expect(exit).toBe(0);
    expect(stdout.trimEnd().split('\n')).toEqual([
      '2030-04-01T00:00:00.000Z   0  ITI-18 Registry Stored Query  hospital-a',
      '2030-04-01T00:00:00.000Z   8  ITI-18 Registry Stored Query  hospital-a  XDSRegistryError',
    ]);
  });

  it('finds the records of one patient', async () => {
    await aTrailWith(aMessage(), aMessage({ objects: [] }));
    const { stdout } = await kakehashi(
      ...['audit', 'list', '--json', '--patient', 'R-1^^^&2.999.392.32.1&ISO'],
    );

    expect(JSON.parse(stdout)).toMatchObject([{ type: 'ITI-18', line: 2 }]);
  });

  it('keeps the newest when there are more than asked for', async () => {
    const hours = ['01', '02', '03', '04', '05'];
    await aTrailWith(
      ...hours.map((hour) => aMessage({ at: new Date(`2030-04-01T${hour}:00:00Z`) })),
    );
    const { stdout } = await kakehashi(
      ...['audit', 'list', '--json', '--last', '2', '--transaction', 'ITI-18'],
    );

    const listed = JSON.parse(stdout) as { at: string }[];
    expect(listed.map(({ at }) => at)).toEqual([
      '2030-04-01T04:00:00.000Z',
      '2030-04-01T05:00:00.000Z',
    ]);
  });

  it('is recorded itself, each time, without breaking a chain', async () => {
    await aTrailWith(aMessage());
    await kakehashi('audit', 'list');
    await kakehashi('audit', 'list');
    const { stdout } = await kakehashi('audit', 'list', '--json');

    const events = (JSON.parse(stdout) as { event: string }[]).map(({ event }) => event);
    expect(events.filter((event) => event === 'Audit Log Used')).toHaveLength(3);
    expect((await kakehashi('audit', 'verify')).exit).toBe(0);
  });

  it('is recorded under the longest name that a process may have, too', async () => {
    const file = join(folder, 'kakehashi.yaml');
    await appendFile(file, `audit: { node: ${'n'.repeat(64)} }\n`);
    expect((await kakehashi('audit', 'list')).exit).toBe(0);
  });

  it('says that there is nothing with exit code 3', async () => {
    const { exit, stdout } = await kakehashi('audit', 'list', '--since', '2099-01-01');

    expect(exit).toBe(3);
    expect(stdout).toBe('no record\n');
  });

  it('refuses a time that is none, as wrong usage', async () => {
    const { exit, stderr } = await kakehashi('audit', 'list', '--since', 'yesterday');

    expect(exit).toBe(2);
    expect(stderr).toContain('--since');
  });
});

describe('kakehashi audit verify', () => {
  it('counts what is sound', async () => {
    await aTrailWith(aMessage());
    const { exit, stdout } = await kakehashi('audit', 'verify');

    expect(exit).toBe(0);
    expect(stdout).toBe('2 records in 1 files are sound\n');
  });

  it('names file and line of the first break, with exit code 1', async () => {
    const path = await aTrailWith(aMessage());
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('hospital-a', 'hospital-b'));
    const { exit, stderr } = await kakehashi('audit', 'verify');

    const [name] = await readdir(join(folder, 'var/audit'));
    expect(exit).toBe(1);
    expect(stderr).toContain(`${name}:2`);
    const inJapanese = await kakehashi('audit', 'verify', '--lang', 'ja');
    expect(inJapanese.stderr).toContain('書き込まれた行と異なります');
    expect(inJapanese.stderr).not.toContain('the line');
  });

  it('says that a trail cannot be read', async () => {
    const { exit, stderr } = await kakehashi('audit', 'verify');

    expect(exit).toBe(1);
    expect(stderr).toContain('cannot be read');
  });
});
