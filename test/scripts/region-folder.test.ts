import {
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseYaml, readConfig } from '../../gateway/config.ts';
import { ControlSocket } from '../../gateway/control.ts';
import { CaFolder } from '../../scripts/ca-folder.ts';
import { EXIT } from '../../scripts/command.ts';
import { readRevocationLists } from '../../certs/revocation.ts';
import { checkRegion } from '../../scripts/checks.ts';
import { USUAL } from '../../scripts/partners.ts';
import { readDirectory } from '../../gateway/safeguards/directory.ts';
import { runCommandLine } from '../../scripts/kakehashi.ts';

async function ran(...words: string[]) {
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
    stop: () => new AbortController().signal,
  });
  return { exit, stdout, stderr };
}

const root = mkdtempSync(join(tmpdir(), 'kakehashi-init-'));
const shimane = join(root, 'shimane');
const kagawa = join(root, 'kagawa');

async function init(folder: string, arc: string, ...words: string[]) {
  return ran('init', folder, '--name', 'Trial', '--oid', arc, ...words);
}

beforeAll(async () => {
  await init(shimane, '2.999.392.32', '--network-id', 'NET-32');
  await init(kagawa, '2.999.392.37', '--network-id', 'NET-37', '--lang', 'ja');
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('kakehashi init', () => {
  it('makes a folder whose config is sound', () => {
    const config = readConfig(shimane, {});

    expect(config.homeCommunityId).toBe('urn:oid:2.999.392.32');
    expect(config.tls.anchors).toEqual([join(shimane, 'ca/anchors.pem')]);
    expect(config.listen.soap.publicUrl).toBe('https://localhost:8443');
  });

  it('lets its hospital register on-demand documents, beside what every hospital may', () => {
    const { entries } = parseYaml(readFileSync(join(shimane, 'directory.yaml'), 'utf8')) as {
      readonly entries: readonly { readonly transactions: readonly string[] }[];
    };

    expect(entries[0]?.transactions).toEqual([...USUAL.system, 'ITI-61']);
  });

  it('writes keys that only their owner may read', () => {
    for (const file of ['ca/root.key', 'certificates/own.key', 'systems/hospital/own.key']) {
      expect(statSync(join(shimane, file)).mode & 0o777).toBe(0o600);
    }
  });

  it('explains each setting above it, in the language that is spoken', () => {
    const english = readFileSync(join(shimane, 'kakehashi.yaml'), 'utf8');
    const japanese = readFileSync(join(kagawa, 'kakehashi.yaml'), 'utf8');

    expect(english).toContain(
      '# The least serious line that is written. No level writes a person.\n',
    );
    expect(japanese).toContain('# 出力するログの最低水準。どの水準でも個人は記録しない。\n');
  });

  it('writes defaults that are the defaults when their mark is taken away', () => {
    const text = readFileSync(join(shimane, 'kakehashi.yaml'), 'utf8');
    const unmarked = text.replace(/^( *)#([A-Za-z-]+:)(?= \S)/gm, '$1$2');
    const other = mkdtempSync(join(root, 'unmarked-'));
    writeFileSync(join(other, 'kakehashi.yaml'), unmarked);

    const { folder: _, file: __, ...defaults } = readConfig(other, {});

    expect(parseYaml(unmarked)).toMatchObject({ retrieval: { deadlineMs: 20_000 } });
    expect(defaults.limits).toEqual(readConfig(shimane, {}).limits);
    expect(defaults.destinations).toEqual(readConfig(shimane, {}).destinations);
  });

  it('does not write over a region', async () => {
    const before = readFileSync(join(shimane, 'kakehashi.yaml'), 'utf8');

    const { exit, stderr } = await init(shimane, '2.999.1');

    expect(exit).toBe(EXIT.failed);
    expect(stderr).toContain('is there already; nothing was written; choose another folder');
    expect(readFileSync(join(shimane, 'kakehashi.yaml'), 'utf8')).toBe(before);
  });

  it('issues by a trial CA that is there', async () => {
    const third = join(root, 'third');

    const { exit } = await init(third, '2.999.392.31', '--ca', join(shimane, 'ca'));

    expect(exit).toBe(EXIT.done);
    expect(existsSync(join(third, 'ca'))).toBe(false);
    expect(readConfig(third, {}).tls.crls).toEqual([join(shimane, 'ca/crls.pem')]);
  });

  it('names the daily lists among the next steps', async () => {
    const { stdout } = await init(join(root, 'next'), '2.999.392.35');

    expect(stdout).toContain(`kakehashi cert crl --ca ${join(root, 'next', 'ca')}`);
  });

  it('says in every certificate where its CRL is to be had', async () => {
    const fourth = join(root, 'fourth');
    await init(fourth, '2.999.392.34', '--crl-url', 'http://crl.shimane.example/a.crl');
    const { stdout } = await ran('cert', 'inspect', join(fourth, 'certificates/own.pem'), '--json');
    const [own, issuing] = JSON.parse(stdout);

    expect(own.crlDistributionPoints).toEqual(['http://crl.shimane.example/a.crl']);
    expect(issuing.crlDistributionPoints).toEqual(['http://crl.shimane.example/a.crl']);
  });

  it('takes no CRL address where no CA is made', async () => {
    const words = ['--ca', join(shimane, 'ca'), '--crl-url', 'http://crl.example/a.crl'];
    const { exit, stderr } = await init(join(root, 'vain'), '2.999.1', ...words);

    expect(exit).toBe(EXIT.usage);
    expect(stderr).toContain('goes with the trial CA that is made here alone');
  });

  it('takes certificates that the region has, and then makes none', async () => {
    const own = join(root, 'own');
    const at = (file: string) => join(shimane, file);
    const { exit } = await init(
      own,
      '2.999.392.30',
      ...['--certificate', at('certificates/own.pem'), '--key', at('certificates/own.key')],
      ...['--anchors', at('ca/anchors.pem'), '--crls', at('ca/crls.pem')],
      ...['--policy', '1.2.392.100495.1.5.1.3.0.1'],
    );

    expect(exit).toBe(EXIT.done);
    expect(existsSync(join(own, 'certificates'))).toBe(false);
    expect((await ran('check', own)).exit).toBe(EXIT.done);
  });

  it('wants all of its own certificates or none', async () => {
    const { exit, stderr } = await init(join(root, 'half'), '2.999.1', '--policy', '2.999.1');

    expect(exit).toBe(EXIT.usage);
    expect(stderr).toContain('own certificates need all of');
    expect(existsSync(join(root, 'half'))).toBe(false);
  });
});

describe('kakehashi check', () => {
  it('finds nothing wrong with a region that was made', async () => {
    const { exit, stdout } = await ran('check', shimane, '--json');
    const { ok, checks } = JSON.parse(stdout);

    expect(exit).toBe(EXIT.done);
    expect(ok).toBe(true);
    expect(new Set(checks.map(({ name }: { name: string }) => name))).toEqual(
      new Set(['config', 'certificate', 'revocation', 'directory', 'codes', 'clock', 'disk']),
    );
  });

  it('fails for what keeps a region from starting', async () => {
    const folder = join(root, 'unfit');
    await init(folder, '2.999.392.40');
    const own = join(folder, 'certificates/own');
    const rewrite = (name: string, change: (text: string) => string) => {
      const file = join(folder, name);
      const before = readFileSync(file, 'utf8');
      writeFileSync(file, change(before));
      return () => writeFileSync(file, before);
    };
    const failing = async () => {
      const checks = await checkRegion(readConfig(folder, {}), new Date());
      return checks
        .filter(({ outcome }) => outcome === 'failed')
        .map(({ name, detail }) => [name, detail.en]);
    };

    const deep = { ...readConfig(folder, {}), folder: join(folder, 'd'.repeat(120)) };
    expect((await checkRegion(deep, new Date()))[0]).toMatchObject({
      outcome: 'failed',
      detail: { en: expect.stringContaining('control.sock is longer than') },
    });

    const directory = rewrite('directory.yaml', (text) =>
      text
        .replace('kind: system', 'kind: gateway\n    homeCommunityIds: [urn:oid:2.999.392.40]')
        .replace(/ {4}institution[\s\S]*/, ''),
    );
    expect(await failing()).toEqual([
      ['directory', expect.stringContaining('urn:oid:2.999.392.40 is our own community')],
    ]);
    directory();

    const codes = rewrite('codes.yaml', () => 'nonsense: 1\n');
    expect(await failing()).toEqual([['codes', expect.stringContaining('codes.yaml: ')]]);
    codes();

    const words = ['--institution', 'NET-1', '--organisation', 'Trial', '--out', `${own}.client`];
    expect((await ran('cert', 'issue', '--ca', join(folder, 'ca'), ...words)).exit).toBe(EXIT.done);
    for (const ending of ['pem', 'key']) renameSync(`${own}.client.${ending}`, `${own}.${ending}`);
    expect(await failing()).toEqual([['certificate', expect.stringContaining('subject-alt-name')]]);
  });

  it('fails when our own certificate is revoked: nobody admits us any more', async () => {
    const folder = join(root, 'revoked');
    await init(folder, '2.999.392.42');
    const own = join(folder, 'certificates/own.pem');
    const words = ['--ca', join(folder, 'ca'), '--reason', 'keyCompromise', '--yes'];
    expect((await ran('cert', 'revoke', own, ...words)).exit).toBe(EXIT.done);

    const { exit, stdout } = await ran('check', folder);

    expect(exit).toBe(EXIT.failed);
    expect(stdout).toMatch(/^FAIL certificate: revoked: .*keyCompromise/m);
  });

  it('looks at the newest list of a CA, as the listener does', async () => {
    const config = readConfig(shimane, {});
    const file = join(shimane, 'ca/crls.pem');
    const before = readFileSync(file, 'utf8');
    const inDays = (days: number) => new Date(Date.now() + days * 86_400_000);
    await (await CaFolder.open(join(shimane, 'ca'))).writeLists(inDays(3));
    writeFileSync(file, before + readFileSync(file, 'utf8'));
    const at = async (days: number) =>
      (await checkRegion(config, inDays(days))).find(({ name }) => name === 'revocation')?.outcome;

    expect([await at(10), await at(15), await at(18)]).toEqual(['ok', 'warning', 'failed']);
    writeFileSync(file, before);
  });

  it('warns some days before a revocation list ends, and fails when it has', async () => {
    const config = readConfig(shimane, {});
    const [list] = readRevocationLists(readFileSync(join(shimane, 'ca/crls.pem')));
    const end = list?.nextUpdate?.getTime() ?? 0;
    const at = async (daysLeft: number) => {
      const checks = await checkRegion(config, new Date(end - daysLeft * 86_400_000));
      return checks.find(({ name }) => name === 'revocation');
    };

    expect((await at(6))?.outcome).toBe('ok');
    expect((await at(4))?.outcome).toBe('warning');
    expect((await at(4))?.detail.en).toContain('kakehashi cert crl');
    expect((await at(0))?.outcome).toBe('failed');
  });

  it('warns where a wide-area id service is to be fed and cannot be reached', async () => {
    const config = readConfig(shimane, {});
    const wideArea = { ...config.wideArea, service: 'above', feed: true };
    const checks = await checkRegion({ ...config, wideArea }, new Date());
    const directory = checks.find(({ name }) => name === 'directory');
    expect(directory?.outcome).toBe('warning');
    expect(directory?.detail.en).toContain('above has no endpoint for ITI-44');
  });

  it('fails when the certificate belongs to another CA', async () => {
    const mixed = join(root, 'mixed');
    await init(mixed, '2.999.392.39');
    const file = join(mixed, 'kakehashi.yaml');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replaceAll('[ca/', `[${kagawa}/ca/`));

    const { exit, stdout } = await ran('check', mixed);

    expect(exit).toBe(EXIT.failed);
    expect(stdout).toMatch(/^FAIL certificate: /m);
  });

  it('takes the folder by position or by name', async () => {
    const byName = await ran('check', '--folder', shimane, '--config');

    expect(byName).toEqual(await ran('check', shimane, '--config'));
  });

  it('shows every setting with the place that it came from', async () => {
    const { stdout } = await ran('check', shimane, '--config');

    expect(stdout).toContain('listen.soap.port: 8443  (kakehashi.yaml)\n');
    expect(stdout).toContain('retrieval.attempts: 5  (default)\n');
  });

  it('says that nothing lives when nothing runs', async () => {
    const { exit, stderr } = await ran('check', kagawa, '--live');

    expect(exit).toBe(EXIT.failed);
    expect(stderr).toContain('/health/live: nothing answers; look at the log of kakehashi serve');
  });
});

describe('kakehashi partner', () => {
  it('adds a gateway by its certificate, and keeps what was in the file', async () => {
    const { exit, stdout } = await ran(
      ...['partner', 'add', 'kagawa', '--folder', shimane],
      ...['--certificate', join(kagawa, 'certificates/own.pem')],
      ...[
        '--community',
        'urn:oid:2.999.392.37',
        '--url',
        'https://localhost:8444/responding-gateway',
      ],
    );
    const text = readFileSync(join(shimane, 'directory.yaml'), 'utf8');

    expect(exit).toBe(EXIT.done);
    expect(stdout).toContain('the other half: the partner adds us');
    expect(stdout).toContain('serialNumber NET-32');
    expect(stdout).toContain(join(shimane, 'ca/anchors.pem'));
    expect(stdout).toContain('--url https://localhost:8443/responding-gateway\n');
    expect(text).toMatch(/^# The partners: who may call/);
    expect(parseYaml(text)).toMatchObject({
      entries: [
        { name: 'hospital', kind: 'system' },
        {
          name: 'kagawa',
          kind: 'gateway',
          certificate: { serialNumber: 'NET-37' },
          homeCommunityIds: ['urn:oid:2.999.392.37'],
          transactions: ['ITI-38', 'ITI-39', 'ITI-55', 'ITI-56'],
          endpoints: { 'ITI-55': 'https://localhost:8444/responding-gateway' },
        },
      ],
    });
  });

  describe('asynchronously', () => {
    const directory = join(kagawa, 'directory.yaml');
    const add = (...words: string[]) =>
      ran(
        ...['partner', 'add', 'shimane', '--folder', kagawa, '--community', 'urn:oid:2.999.392.32'],
        ...['--certificate', join(shimane, 'certificates/own.pem'), ...words],
      );
    const url = ['--url', 'https://localhost:8443/responding-gateway'];

    it.each([
      ['without an address of its own', ['--asynchronous', 'ITI-55'], 'ITI-55 is never asked'],
      ['what no gateway is asked', [...url, '--asynchronous', 'ITI-43'], 'ITI-43 is never asked'],
      ['what is never asynchronous', [...url, '--asynchronous', 'ITI-41'], 'must be one of ITI-18'],
      ['as a system', [...url, '--kind', 'system', '--asynchronous', 'ITI-55'], 'is never asked'],
      ['an answer to a user', ['--callback', 'https://me@a.example/replies'], 'callbacks[0]'],
      ['an answer without TLS', ['--callback', 'http://a.example/replies'], 'begins with https://'],
    ])('adds nobody who is to be asked, or answered, %s', async (_, words, said) => {
      const before = readFileSync(directory, 'utf8');

      const { exit, stderr } = await add(...words);

      expect([exit, stderr]).toEqual([EXIT.usage, expect.stringContaining(said)]);
      expect(readFileSync(directory, 'utf8')).toBe(before);
    });

    it('adds where answers go and what is asked, and tells the other side where ours go', async () => {
      const { exit, stdout } = await add(
        ...[...url, '--asynchronous', 'ITI-39', '--asynchronous', 'ITI-55'],
        ...[
          '--callback',
          'https://localhost:8443/replies',
          '--callback',
          'https://b.example/r?a=1',
        ],
      );
      const { entries } = readDirectory(parseYaml(readFileSync(directory, 'utf8')));

      expect(exit).toBe(EXIT.done);
      expect(entries.find(({ name }) => name === 'shimane')).toMatchObject({
        callbacks: ['https://localhost:8443/replies', 'https://b.example/r?a=1'],
        asynchronous: ['ITI-39', 'ITI-55'],
      });
      expect(stdout).toMatch(/\/responding-gateway --callback https:\/\/localhost:8443\/replies\n/);
    });
  });

  it('adds nobody who would speak for our own community', async () => {
    const before = readFileSync(join(shimane, 'directory.yaml'), 'utf8');

    const { exit, stderr } = await ran(
      ...['partner', 'add', 'mirror', '--folder', shimane],
      ...['--certificate', join(kagawa, 'certificates/own.pem')],
      ...['--community', 'urn:oid:2.999.392.32'],
    );

    expect(exit).toBe(EXIT.usage);
    expect(stderr).toContain('urn:oid:2.999.392.32 is our own community; nothing was written');
    expect(readFileSync(join(shimane, 'directory.yaml'), 'utf8')).toBe(before);
  });

  it('lists who is in the directory', async () => {
    const { exit, stdout } = await ran('partner', 'list', shimane);

    expect(exit).toBe(EXIT.done);
    expect(stdout).toContain('kagawa    gateway  urn:oid:2.999.392.37  ITI-38 ITI-39 ITI-55');
  });

  it('writes nothing when the directory would not be sound', async () => {
    const before = readFileSync(join(shimane, 'directory.yaml'), 'utf8');

    const { exit, stderr } = await ran(
      ...['partner', 'add', 'kagawa', '--folder', shimane],
      ...['--certificate', join(kagawa, 'certificates/own.pem')],
      ...['--community', 'urn:oid:2.999.392.37'],
    );

    expect(exit).toBe(EXIT.usage);
    expect(stderr).toContain('nothing was written');
    expect(readFileSync(join(shimane, 'directory.yaml'), 'utf8')).toBe(before);
  });

  it('tests a partner that does not answer, and says what to look at', async () => {
    const { exit, stderr } = await ran('partner', 'test', 'kagawa', '--folder', shimane);

    expect(exit).toBe(EXIT.failed);
    expect(stderr).toContain('kagawa: cannot be reached: ECONNREFUSED; check the URL');
  });

  it('says what was written where the running process cannot read every file again', async () => {
    const folder = join(root, 'half-read');
    await init(folder, '2.999.392.41');
    const reload = async () => {
      throw new Error('ENOENT: crls.pem');
    };
    const socket = new ControlSocket(folder, { reload });
    await socket.start();

    const { exit, stderr } = await ran(
      ...['partner', 'add', 'kagawa', '--folder', folder, '--community', 'urn:oid:2.999.392.37'],
      ...['--certificate', join(kagawa, 'certificates/own.pem')],
    );
    await socket.stop();

    expect(exit).toBe(EXIT.failed);
    expect(stderr).toContain('the row is written, but the running process cannot read every file');
    expect(stderr).toContain('ENOENT: crls.pem; see: kakehashi check FOLDER');
    expect(readFileSync(join(folder, 'directory.yaml'), 'utf8')).toContain('name: kagawa');
  });

  it('tests no one who is not there', async () => {
    const { exit, stderr } = await ran('partner', 'test', 'tottori', '--folder', shimane);

    expect(exit).toBe(EXIT.usage);
    expect(stderr).toContain('tottori: is not in the directory');
  });

  it('tests no one who only calls us', async () => {
    const { exit, stderr } = await ran('partner', 'test', 'hospital', '--folder', shimane);

    expect(exit).toBe(EXIT.usage);
    expect(stderr).toContain('hospital: has no endpoint');
  });
});

describe.each(['ls', 'callbacks'])('kakehashi queue %s', (verb) => {
  it('says how to start the process when none runs', async () => {
    const { exit, stderr } = await ran('queue', verb, shimane);

    expect(exit).toBe(EXIT.failed);
    expect(stderr).toContain(
      `no process runs for this region; start it: kakehashi serve ${shimane}`,
    );
  });
});

describe('A command that asks a region', () => {
  it('says which certificate is not there', async () => {
    const { exit, stderr } = await ran(
      ...['documents', 'query', '--patient', '1^^^&2.999.1&ISO', '--folder', shimane],
      ...['--as', join(shimane, 'systems/none')],
    );

    expect(exit).toBe(EXIT.failed);
    expect(stderr).toContain("is not there; give the system's folder with --as");
  });

  it('refuses a patient id that is none, before anything is sent', async () => {
    const { exit, stderr } = await ran(
      ...['patient', 'feed', '--folder', shimane, '--id', '4711', '--kanji', '試験 花子'],
    );

    expect(exit).toBe(EXIT.usage);
    expect(stderr).toContain("--id must look like 'ID^^^&OID&ISO'");
  });

  it('tells of a region that does not answer, by class of failure', async () => {
    const { exit, stderr } = await ran(
      ...['patient', 'find', '--folder', kagawa, '--id', '1^^^&2.999.392.37.10.1&ISO', '--json'],
      ...['--url', 'https://localhost:1'],
    );

    expect(exit).toBe(EXIT.failed);
    expect(JSON.parse(stderr).errors[0]).toMatchObject({ where: 'localhost:1', code: 'transient' });
  });
});
