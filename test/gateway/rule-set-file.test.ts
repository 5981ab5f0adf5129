import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JAPAN_RULE_SET } from '../../actors/patient-identity/matching/japan-rule-set.ts';
import type { Config } from '../../gateway/config.ts';
import { activeRuleSetOf, matcherOf, RuleSetFileRefused } from '../../gateway/rule-set-file.ts';
import { checkIdentity } from '../../scripts/check-identity.ts';
import { operatorTextOf } from '../../scripts/operator-texts.ts';

const folder = mkdtempSync(join(tmpdir(), 'kakehashi-rules-'));
const file = join(folder, 'rules.json');
const key = join(folder, 'insurance.key');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const configOf = (identity: Partial<Config['identity']>) =>
  ({ identity: { level: 'region', networks: [], ...identity } }) as unknown as Config;
const written = (over: Readonly<Record<string, unknown>> = {}) => {
  writeFileSync(file, JSON.stringify({ ...JAPAN_RULE_SET, version: 'ours-1', ...over }));
  return configOf({ rules: file });
};

describe('The rule set of identity.rules', () => {
  it('is the one that is built in where none is named', async () => {
    expect(await activeRuleSetOf(configOf({}))).toBe(JAPAN_RULE_SET);
    expect(await matcherOf(configOf({}))).toEqual({});
  });

  it('decides under its own version, with a mark of its contents', async () => {
    const { version } = await activeRuleSetOf(written());
    expect(version).toMatch(/^ours-1\+[0-9a-f]{8}$/);
    expect((await matcherOf(written())).matcher?.version).toBe(version);
    // Edited under the same version it is another rule set, so that everything is compared anew.
    const edited = await activeRuleSetOf(written({ thresholds: { auto: 99, review: 9 } }));
    expect(edited.version).not.toBe(version);
    expect((await activeRuleSetOf(written())).version).toBe(version);
  });

  it.each<[string, () => void, RegExp]>([
    ['is not there', () => rmSync(file), /is not there/],
    ['is no JSON', () => writeFileSync(file, '{'), /JSON/],
    ['names an unknown field', () => written({ weights: { shoe: {} } }), /weights: must be of/],
    ['has no version', () => written({ version: '' }), /version: must be a text/],
    ['is too large', () => writeFileSync(file, ' '.repeat(1_000_001)), /too large/],
    [
      'asks a person later than it links',
      () => written({ thresholds: { auto: 1, review: 2 } }),
      /must not be above/,
    ],
  ])('is refused where it %s, with the place and the next step', async (_what, make, reason) => {
    written();
    make();
    const refused = await matcherOf(configOf({ rules: file })).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RuleSetFileRefused);
    const text = operatorTextOf(refused);
    expect(text?.what.en).toMatch(reason);
    expect(text?.what.en).toContain(file);
    expect(text?.next?.en).toContain('identity.rules');
    expect(text?.next?.ja).toContain('identity.rules');
    const checks = await checkIdentity(configOf({ rules: file }));
    expect(checks).toMatchObject([{ name: 'identity', outcome: 'failed' }]);
    expect(checks[0]?.detail.en).toMatch(reason);
  });
});

describe('kakehashi check, of Patient Identity', () => {
  it('says nothing where the config names no file', async () => {
    expect(await checkIdentity(configOf({}))).toEqual([]);
  });

  it('names the rule set with its version, and the size of the insurance key', async () => {
    writeFileSync(key, 'x'.repeat(32), { mode: 0o600 });
    const { identity } = written();
    const checks = await checkIdentity(configOf({ ...identity, insuranceKey: key }));
    expect(checks.map(({ outcome }) => outcome)).toEqual(['ok', 'ok']);
    expect(checks[0]?.detail.en).toMatch(/rule set ours-1\+[0-9a-f]{8}, links from \d+/);
    expect(checks[1]?.detail.en).toContain('32 bytes');
  });

  it('fails for a key that others may read, that is too short, or that is not there', async () => {
    const failing = async () => {
      const [check] = await checkIdentity(configOf({ insuranceKey: key }));
      expect(check?.outcome).toBe('failed');
      expect(check?.detail.ja).toMatch(/[\u3040-\u9fff]/);
      return check?.detail.en;
    };
    writeFileSync(key, 'x'.repeat(32), { mode: 0o600 });
    chmodSync(key, 0o644);
    expect(await failing()).toContain('0600');
    writeFileSync(key, 'x'.repeat(31));
    chmodSync(key, 0o600);
    expect(await failing()).toContain('32 bytes or more');
    rmSync(key);
    expect(await failing()).toContain('ENOENT');
  });
});
