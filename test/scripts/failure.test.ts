import { PeerFailure } from '../../actors/actor.ts';
import { ConfigFaults } from '../../gateway/config-faults.ts';
import { KeyFileRefused } from '../../gateway/safeguards/key-files.ts';
import { Refusal, Refusals } from '../../profiles/refusal.ts';
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

  it('of wrong usage, with its own exit code', () => {
    expect(printed(new UsageError({ en: 'no', ja: '不可' })).exit).toBe(EXIT.usage);
  });

  it('for each fault of a config', () => {
    const error = new ConfigFaults('kakehashi.yaml', [
      { path: 'a.b', problem: { en: 'one', ja: '一' } },
      { path: 'c', problem: { en: 'two', ja: '二' } },
    ]);

    expect(printed(error).stderr).toBe('kakehashi.yaml: one\nkakehashi.yaml: two\n');
    expect(JSON.parse(printed(error, { isJson: true }).stderr).errors).toEqual([
      { what: 'one', where: 'kakehashi.yaml', code: 'a.b' },
      { what: 'two', where: 'kakehashi.yaml', code: 'c' },
    ]);
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

  it('of a defect, followed by where it came from', () => {
    const { exit, stderr } = printed(new TypeError('x is not a function'));

    expect(exit).toBe(EXIT.failed);
    expect(stderr).toContain('unexpected: x is not a function; this is a defect');
    expect(stderr).toContain('failure.test.ts');
  });
});
