import { PeerFailure } from '../../actors/actor.ts';
import { ControlRefused } from '../../gateway/control.ts';
import { ConfigFaults } from '../../gateway/config-faults.ts';
import { DatabaseOfAnotherVersion } from '../../gateway/stores/migrations/unapplied.ts';
import { KeyFileRefused } from '../../gateway/safeguards/key-files.ts';
import { refused } from '../../certs/findings.ts';
import { CredentialsRefused } from '../../certs/credentials.ts';
import { readDirectory } from '../../gateway/safeguards/directory.ts';
import { Fault, Refusal, Refusals } from '../../profiles/refusal.ts';
import { CommandError, EXIT, UsageError } from '../../scripts/command.ts';
import { printFailure } from '../../scripts/failure.ts';

function printed(error: unknown, { language = 'en', isJson = false } = {}) {
  let stderr = '';
  const exit = printFailure(error, {
    stderr: {
      write: (text) => {
        stderr += text;
      },
    },
    language: language === 'ja' ? 'ja' : 'en',
    isJson,
  });
  return { exit, stderr };
}

function directoryFaults(value: unknown): unknown {
  try {
    return readDirectory(value);
  } catch (error) {
    return error;
  }
}

const NEXT = { en: 'do this', ja: 'こうする' };

describe('A failure is one line: where, what, the next step', () => {
  it('of a command', () => {
    const error = new CommandError(
      { en: 'is not there', ja: 'がない' },
      { where: 'a.pem', next: NEXT },
    );

    expect(printed(error)).toEqual({
      exit: EXIT.failed,
      stderr: 'a.pem: is not there; do this\n',
    });
    expect(printed(error, { language: 'ja' }).stderr).toBe('a.pem: がない; こうする\n');
  });

  it('of a database of a newer version, which is no defect', () => {
    const error = new DatabaseOfAnotherVersion('the database is at step 99; this version knows 15');
    expect(printed(error).stderr).toBe(
      'kakehashi: the database is at step 99; this version knows 15; use the version of kakehashi that has written it, or a newer one\n',
    );
  });

  it('of what the running process says against a command, which is no defect of the command', () => {
    expect(printed(new ControlRefused('Redis is away')).stderr).toBe(
      'kakehashi: the process of this region says: Redis is away; see its log, and: kakehashi check FOLDER\n',
    );
    const away = Object.assign(new Error('the database cannot be reached'), {
      code: 'DATABASE_AWAY',
    });
    expect(printed(away).stderr).toBe(
      'kakehashi: the database cannot be reached; see that PostgreSQL runs, then give the command again\n',
    );
    expect(printed(away, { language: 'ja' }).stderr).toContain('もう一度実行してください');
  });

  it('of wrong usage, with its own exit code', () => {
    expect(printed(new UsageError({ en: 'no', ja: '不可' })).exit).toBe(EXIT.usage);
  });

  it('for each fault of a config', () => {
    const error = new ConfigFaults('kakehashi.yaml', [
      { path: 'a.b', problem: { en: 'one', ja: '一' } },
      { path: 'c', problem: { en: 'two', ja: '二' } },
    ]);

    const next = 'mend it, then: kakehashi check FOLDER';
    expect(printed(error).stderr).toBe(
      `kakehashi.yaml: one; ${next}\nkakehashi.yaml: two; ${next}\n`,
    );
    expect(JSON.parse(printed(error, { isJson: true }).stderr).errors).toEqual([
      { what: 'one', where: 'kakehashi.yaml', next, code: 'a.b' },
      { what: 'two', where: 'kakehashi.yaml', next, code: 'c' },
    ]);
  });

  it('of a config that names its own next step, which then stands alone', () => {
    const problem = { en: 'cannot be read; kakehashi init makes one', ja: '' };

    expect(printed(new ConfigFaults('kakehashi.yaml', [{ path: '', problem }])).stderr).toBe(
      'kakehashi.yaml: cannot be read; kakehashi init makes one\n',
    );
  });

  it('for each refusal', () => {
    const error = new Refusals([
      new Refusal('XDSUnknownPatientId', 'aaa', { location: 'x' }),
      new Refusal('XDSRegistryMetadataError', 'bbb'),
    ]);

    expect(printed(error).stderr).toBe(
      'x: XDSUnknownPatientId: aaa\nkakehashi: XDSRegistryMetadataError: bbb\n',
    );
  });

  it.each([
    ['transient', 'the partner did nothing'],
    ['ambiguous', 'look before you send it again'],
    ['permanent', 'is of no use'],
  ] as const)('of a partner that fails: %s', (failureClass, hint) => {
    const { stderr } = printed(new PeerFailure(failureClass, 'it failed', { peer: 'kagawa' }));

    expect(stderr).toMatch(/^kagawa: it failed; /);
    expect(stderr).toContain(hint);
  });

  it.each([
    'no answer within 20000 ms',
    'answered with a SOAP fault Sender',
    'no endpoint is known for ITI-55',
    'the answer cannot be read: Sender',
    'the answer is larger than 16777216 bytes',
    'answered 502 text/html, not SOAP',
    'answered 502 without a media type, not SOAP',
    'answered with the action urn:a, expected urn:b',
    'answered another message than the one that was sent',
    'answered 202, and was not asked to',
    'connection failed',
  ])('of a partner that fails, in Japanese too: %s', (message) => {
    const error = new PeerFailure('permanent', message, { peer: 'kagawa' });
    const { stderr } = printed(error, { language: 'ja' });

    expect(stderr).toMatch(/^kagawa: .*[\u3040-\u30ff\u4e00-\u9fff].*; /);
    expect(stderr.split(';')[0]).not.toMatch(/[a-z]{2,} [a-z]{2,} [a-z]{2,}/);
  });

  it('of a partner that says in its fault what is wrong, and of one whose certificate is not right', () => {
    const cause = new Fault('Sender', 'this certificate is not entitled to ITI-44');
    const faulty = new PeerFailure('permanent', 'answered with a SOAP fault Sender', {
      peer: 'kagawa',
      cause,
    });
    expect(printed(faulty).stderr).toContain('fault Sender: this certificate is not entitled to');
    const server = Object.assign(new Error('certificate: expired: 2030-01-01'), {
      rejection: { findings: [refused('expired', '2030-01-01')] },
    });
    const untrusted = new PeerFailure('transient', server.message, { peer: 'a', cause: server });
    expect(printed(untrusted, { language: 'ja' }).stderr).toMatch(/期限/);
  });

  it('of a key file that others may read', () => {
    expect(printed(new KeyFileRefused('own.key', 'mode is 0644')).stderr).toBe(
      'kakehashi: own.key: mode is 0644; see: kakehashi check FOLDER\n',
    );
  });

  it('of a port that is taken', () => {
    const error = Object.assign(new Error('listen EADDRINUSE :::8443'), { code: 'EADDRINUSE' });

    expect(printed(error).stderr).toBe(
      'kakehashi: listen EADDRINUSE :::8443; another process listens there: end it, or change listen in kakehashi.yaml\n',
    );
  });

  const inUse = Object.assign(new Error('/r/kakehashi.db is in use by process 7'), {
    name: 'DatabaseInUse',
    holder: 7,
  });
  const OPERATORS: readonly Error[] = [
    inUse,
    Object.assign(new Error('/r/kakehashi.db is in use'), { name: 'DatabaseInUse' }),
    Object.assign(new Error('Redis cannot be reached at 127.0.0.1:6379'), { name: 'RedisUnfit' }),
    Object.assign(new Error('Redis has maxmemory-policy lru'), { name: 'RedisUnfit' }),
    Object.assign(new Error('Redis keeps nothing'), { name: 'RedisUnfit' }),
    Object.assign(new Error('another process'), { name: 'SpoolNotShared' }),
    Object.assign(new Error('/r is longer than 107'), { name: 'SocketPathTooLong', path: '/r' }),
    Object.assign(new Error('unknown control command dance'), { name: 'NotDoneHere' }),
    Object.assign(new Error('octets after the end'), { name: 'MalformedDer' }),
    new KeyFileRefused('own.key', 'mode is 0644, it must be 0600: chmod 600 own.key'),
    new KeyFileRefused('own.key', 'is there already'),
    new KeyFileRefused('own.key', 'too large for a key'),
    new CredentialsRefused([refused('expired', '2030-01-01')]),
    Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE', port: 8443 }),
    Object.assign(new Error('ENOTDIR: not a directory'), { code: 'ENOTDIR', path: '/r' }),
  ];

  it.each(OPERATORS.map((error) => [error.message, error] as const))(
    'of what an operator can mend, in Japanese through and through: %s',
    (_, error) => {
      const { stderr } = printed(error, { language: 'ja' });
      const [what = '', next = ''] = stderr.trim().split('; ');

      expect(what).toMatch(/[\u3040-\u30ff\u4e00-\u9fff]/);
      expect(stderr.replace(/kakehashi check|chmod 600 \S+/g, '')).not.toMatch(
        /[a-z]{3,} [a-z]{2,} [a-z]{2,}/,
      );
      expect(next).not.toBe('');
    },
  );

  it('of every fault of a directory, in Japanese too', () => {
    const faults = directoryFaults({
      entries: [
        { name: 'A B', kind: 'x', certificate: {}, quirks: [{}], sourceIds: 'y', extra: 1 },
        { name: 'b', kind: 'gateway', certificate: { issuer: 'CN=a', serialNumber: '1' } },
        { name: 'b', kind: 'gateway', homeCommunityIds: [1], endpoints: { 'ITI-1': 'http://a' } },
        {
          ...{ name: 'c', kind: 'gateway', wideAreaDomains: { x: 1 } },
          ...{ callbacks: ['http://a'], asynchronous: ['ITI-1'] },
        },
        { name: 'd', kind: 'system', mllp: { loopback: true } },
        { name: 'e', kind: 'system', mllp: { senders: [{}] } },
      ],
    });

    expect(printed(faults).stderr).toContain('entries[1].homeCommunityIds: at least one urn:oid:…');
    expect(printed(faults, { language: 'ja' }).stderr).not.toMatch(
      / (of|as|in|each|such|the|this|or|one|with|without) |one of|, without|as text/,
    );
    expect(printed(faults, { language: 'ja' }).stderr).toContain('一つ以上必要です');
  });

  it('of a database that another process holds', () => {
    expect(printed(inUse, { language: 'ja' }).stderr).toMatch(
      /^kakehashi: \/r\/kakehashi\.db はプロセス 7 が使用中です; /,
    );
  });

  it('of a defect, followed by where it came from', () => {
    const { exit, stderr } = printed(new TypeError('x is not a function'));

    expect(exit).toBe(EXIT.failed);
    expect(stderr).toContain('unexpected: x is not a function; this is a defect');
    expect(stderr).toContain('failure.test.ts');
  });
});
