import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCertificates } from '../../certs/certificate.ts';
import { CERTIFICATE_RULES } from '../../certs/findings.ts';
import { EXIT } from '../../scripts/command.ts';
import { runCommandLine } from '../../scripts/kakehashi.ts';
import { throwawayPki } from '../support/pki.ts';

let folder: string;
let ca: string;
let own: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kakehashi-cert-'));
  ca = join(folder, 'ca');
  own = join(folder, 'own');
  await ran('init-ca', '--ca', ca, '--crl-url', 'http://pki.example.invalid/org.crl');
  await issue(own);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('kakehashi cert init-ca', () => {
  it("makes a CA whose keys are its owner's alone", async () => {
    expect((await readdir(ca)).sort()).toEqual([
      'anchors.pem',
      'crls.pem',
      'issued',
      'issuing.key',
      'issuing.pem',
      'ledger.json',
      'root.key',
      'root.pem',
    ]);
    for (const key of ['root.key', 'issuing.key']) {
      expect((await stat(join(ca, key))).mode & 0o777).toBe(0o600);
    }
  });

  it('never touches a CA that is there', async () => {
    const before = await readFile(join(ca, 'root.pem'), 'utf8');
    const { exit, stderr } = await ran('init-ca', '--ca', ca);
    expect(exit).toBe(EXIT.failed);
    expect(stderr).toContain('is there already; nothing was written: name another place');
    expect(await readFile(join(ca, 'root.pem'), 'utf8')).toBe(before);
  });

  it('names where its lists will be had even if it is not told, and what to do daily', async () => {
    const other = join(folder, 'default');
    const { stdout } = await ran('init-ca', '--ca', other);
    await issueBy(other, join(folder, 'by-default'));

    expect(stdout).toContain(`kakehashi cert crl --ca ${other}`);
    const certificates = readCertificates(await readFile(join(folder, 'by-default.pem')));
    expect(certificates.map(({ crlDistributionPoints }) => crlDistributionPoints)).toEqual([
      ['http://crl.example/trial-organization.crl'],
      ['http://crl.example/trial-root.crl'],
    ]);
    const lint = await ran('lint', join(folder, 'by-default.pem'), '--json');
    expect(JSON.parse(lint.stdout).findings).toEqual([]);
  });

  it('refuses an address that is none', async () => {
    const { exit } = await ran('init-ca', '--ca', join(folder, 'x'), '--crl-url', '場所');
    expect(exit).toBe(EXIT.usage);
  });
});

describe('kakehashi cert issue', () => {
  it('writes a certificate with its issuing CA, and a key of mode 0600', async () => {
    expect((await stat(`${own}.key`)).mode & 0o777).toBe(0o600);
    expect(readCertificates(await readFile(`${own}.pem`))).toHaveLength(2);
  });

  it('never writes over a key', async () => {
    const { exit, stderr } = await issue(own);
    expect(exit).toBe(EXIT.failed);
    expect(stderr).toContain('is there already');
  });

  it('refuses a host that is none, and a CA that is not there', async () => {
    const bad = await issue(join(folder, 'bad'), '--host', 'bad host');
    expect(bad).toMatchObject({ exit: EXIT.failed });
    expect(bad.stderr).toContain('neither a host name nor an IP address');
    const gone = await ran(
      'issue',
      '--ca',
      join(folder, 'gone'),
      '--institution',
      '1',
      '--organisation',
      'X',
    );
    expect(gone.stderr).toContain('there is no such file');
  });
});

describe('kakehashi cert verify, lint and inspect', () => {
  it('accept what the CA issued', async () => {
    expect((await ran('lint', `${own}.pem`)).exit).toBe(EXIT.done);
    const verified = await verify(`${own}.pem`);
    expect(verified).toMatchObject({ exit: EXIT.done, json: { accepted: true, findings: [] } });
  });

  it('say in both languages by which rule a certificate is refused', async () => {
    const file = join(folder, 'policy.pem');
    await writeFile(file, (await throwawayPki()).holders.wrongPolicy.chainPem);
    const english = await ran('lint', file);
    const japanese = await ran('lint', file, '--lang', 'ja');
    expect(english.exit).toBe(EXIT.failed);
    expect(english.stdout).toContain(`policy: ${CERTIFICATE_RULES.policy.en}`);
    expect(japanese.stdout).toContain(`policy: ${CERTIFICATE_RULES.policy.ja}`);
  });

  it('refuse a certificate that no anchor leads to', async () => {
    const file = join(folder, 'foreign.pem');
    await writeFile(file, (await throwawayPki()).holders.hospital.chainPem);
    const { exit, json } = await verify(file);
    expect(exit).toBe(EXIT.failed);
    expect(json['findings']).toEqual([expect.objectContaining({ rule: 'untrusted-issuer' })]);
  });

  it('accept the policies that the operator names', async () => {
    const file = join(folder, 'policy2.pem');
    await writeFile(file, (await throwawayPki()).holders.hospital.chainPem);
    expect((await ran('lint', file, '--policy', '1.2.392.100495.1.5.1.3.1.1')).exit).toBe(
      EXIT.failed,
    );
    expect((await ran('lint', file, '--policy', '1.2.392.100495.1.5.1.3.0.1')).exit).toBe(
      EXIT.done,
    );
  });

  it('show certificates and lists', async () => {
    const shown = await ran('inspect', `${own}.pem`);
    expect(shown.stdout).toContain('institution           3310000001');
    expect(shown.stdout).toContain('TEST Hospital / 試験用の病院');
    const lists = await ran('inspect', join(ca, 'crls.pem'), '--json');
    expect(JSON.parse(lists.stdout)).toHaveLength(2);
  });

  it('say what, where and the next step of a file that is not there', async () => {
    const file = join(folder, 'nofile.pem');

    expect((await ran('inspect', file)).stderr).toBe(
      `${file}: there is no such file; check the path, and the folder that you are in\n`,
    );
  });

  it('verify by the config of a region where there is one, else ask for what is missing', async () => {
    const region = join(folder, 'region');
    await run('init', region, '--name', 'R', '--oid', '2.999.392.32');
    const file = join(region, 'certificates/own.pem');

    expect(await ran('verify', file, '--folder', region)).toMatchObject({
      exit: EXIT.done,
      stdout: `${file}: accepted\n`,
    });
    const nowhere = await ran('verify', file, '--folder', folder);
    expect(nowhere.exit).toBe(EXIT.usage);
    expect(nowhere.stderr).toContain('give --folder of a region, or --anchors and --crls');
  });

  it('say of a file that is neither what was expected', async () => {
    const { exit, stderr } = await ran('inspect', `${own}.key`);
    expect(exit).toBe(EXIT.failed);
    expect(stderr).toContain('not a readable certificate or CRL');
  });
});

describe('kakehashi cert needs-renewal', () => {
  it('ends with 3 while nothing is due, and with 0 when a certificate is', async () => {
    expect((await ran('needs-renewal', `${own}.pem`)).exit).toBe(EXIT.nothingToDo);
    const due = await ran('needs-renewal', `${own}.pem`, '--days', '400', '--json');
    expect(due.exit).toBe(EXIT.done);
    expect(JSON.parse(due.stdout)).toMatchObject({ due: 1, certificates: [{ isDue: true }] });
  });

  it('ends with 1 when a certificate cannot be read', async () => {
    expect((await ran('needs-renewal', join(folder, 'none.pem'))).exit).toBe(EXIT.failed);
  });
});

describe('kakehashi cert renew and revoke', () => {
  it('put a successor in place, keep the old pair, and revoke it only with --yes', async () => {
    const site = join(folder, 'site');
    await issue(site);
    const [before] = readCertificates(await readFile(`${site}.pem`));

    expect((await ran('renew', `${site}.pem`, '--ca', ca)).exit).toBe(EXIT.done);

    const [after] = readCertificates(await readFile(`${site}.pem`));
    expect(after?.subject.text).toBe(before?.subject.text);
    expect(after?.fingerprint).not.toBe(before?.fingerprint);
    const previous = `${site}.previous.pem`;
    expect((await verify(previous)).exit).toBe(EXIT.done);

    const asked = await ran('revoke', previous, '--ca', ca);
    expect(asked).toMatchObject({ exit: EXIT.usage });
    expect(asked.stderr).toContain('--yes');
    expect((await verify(previous)).exit).toBe(EXIT.done);

    const revoked = await ran('revoke', previous, '--ca', ca, '--reason', 'superseded', '--yes');
    expect(revoked.exit).toBe(EXIT.done);
    expect((await verify(previous)).json['findings']).toMatchObject([{ rule: 'revoked' }]);
    expect((await verify(`${site}.pem`)).exit).toBe(EXIT.done);
    expect((await ran('revoke', previous, '--ca', ca, '--yes')).exit).toBe(EXIT.nothingToDo);
    const renewed = await ran('renew', previous, '--ca', ca);
    expect(renewed.stderr).toContain('it is revoked');
  });

  it('refuse the certificate of another CA', async () => {
    const file = join(folder, 'other.pem');
    await writeFile(file, (await throwawayPki()).holders.hospital.chainPem);
    for (const verb of ['renew', 'revoke']) {
      const { exit, stderr } = await ran(verb, file, '--ca', ca);
      expect(exit).toBe(EXIT.failed);
      expect(stderr).toContain('it was not issued by the CA');
    }
  });

  it('refuse a CA whose key others may read', async () => {
    await chmod(join(ca, 'issuing.key'), 0o644);
    const { exit, stderr } = await ran('crl', '--ca', ca);
    await chmod(join(ca, 'issuing.key'), 0o600);
    expect(exit).toBe(EXIT.failed);
    expect(stderr).toContain('chmod 600');
  });
});

describe('kakehashi cert crl', () => {
  it('writes lists for a fortnight unless it is told otherwise', async () => {
    const { stdout } = await ran('crl', '--ca', ca, '--json');
    const days = (new Date(JSON.parse(stdout).nextUpdate).getTime() - Date.now()) / 86_400_000;

    expect(Math.round(days)).toBe(14);
  });

  it('writes lists with a new number and day', async () => {
    const { exit, stdout } = await ran('crl', '--ca', ca, '--validity-days', '30', '--json');
    expect(exit).toBe(EXIT.done);
    const until = new Date(JSON.parse(stdout).nextUpdate).getTime();
    expect(until).toBeGreaterThan(Date.now() + 29 * 86_400_000);
  });
});

describe('kakehashi cert p12', () => {
  it('bundles certificate and key, and unpacks them again', async () => {
    const password = join(folder, 'password');
    const bundle = join(folder, 'own.p12');
    const back = join(folder, 'back');
    await writeFile(password, '合言葉の練習です\n', { mode: 0o600 });
    const made = await ran('p12', `${own}.pem`, '--password-file', password, '--out', bundle);
    expect(made.exit).toBe(EXIT.done);
    expect((await stat(bundle)).mode & 0o777).toBe(0o600);
    expect(
      (await ran('p12', bundle, '--open', '--password-file', password, '--out', back)).exit,
    ).toBe(EXIT.done);
    expect(await readFile(`${back}.pem`, 'utf8')).toBe(await readFile(`${own}.pem`, 'utf8'));
    expect((await stat(`${back}.key`)).mode & 0o777).toBe(0o600);
    const again = await ran('p12', `${own}.pem`, '--password-file', password, '--out', bundle);
    expect(again.exit).toBe(EXIT.failed);
  });

  it('refuses a password that is short, or that others may read', async () => {
    const short = join(folder, 'short');
    const open = join(folder, 'open');
    await writeFile(short, 'abc', { mode: 0o600 });
    await writeFile(open, 'long enough', { mode: 0o644 });
    const ask = (file: string) =>
      ran('p12', `${own}.pem`, '--password-file', file, '--out', join(folder, 'x.p12'));
    expect((await ask(short)).exit).toBe(EXIT.usage);
    expect((await ask(open)).exit).toBe(EXIT.failed);
  });

  it('refuses the key of another certificate', async () => {
    const password = join(folder, 'password3');
    await writeFile(password, 'long enough', { mode: 0o600 });
    const words = ['--key', join(ca, 'root.key'), '--password-file', password];
    const { exit, stderr } = await ran(
      'p12',
      `${own}.pem`,
      ...words,
      '--out',
      join(folder, 'y.p12'),
    );
    expect(exit).toBe(EXIT.failed);
    expect(stderr).toContain('does not belong');
  });
});

interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function ran(...words: string[]): Promise<Ran> {
  return await run('cert', ...words);
}

async function run(...words: string[]): Promise<Ran> {
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
    locale: 'en_GB.UTF-8',
    stop: () => new AbortController().signal,
  });
  return { exit, stdout, stderr };
}

function issue(out: string, ...more: string[]): Promise<Ran> {
  return issueBy(ca, out, ...more);
}

function issueBy(authority: string, out: string, ...more: string[]): Promise<Ran> {
  const who = [
    '--institution',
    '3310000001',
    '--organisation',
    'OKAYAMA',
    '--host',
    'gw.example.invalid',
  ];
  return ran('issue', '--ca', authority, ...who, '--out', out, ...more);
}

async function verify(file: string): Promise<Ran & { json: Record<string, unknown> }> {
  const files = ['--anchors', join(ca, 'anchors.pem'), '--crls', join(ca, 'crls.pem')];
  const answer = await ran('verify', file, ...files, '--json');
  return { ...answer, json: JSON.parse(answer.stdout) };
}
