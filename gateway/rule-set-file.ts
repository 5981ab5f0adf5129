import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { types } from 'node:util';
import type { Matcher } from '../actors/patient-identity/matcher.ts';
import { JAPAN_RULE_SET } from '../actors/patient-identity/matching/japan-rule-set.ts';
import { ruleMatcher } from '../actors/patient-identity/matching/rule-matcher.ts';
import {
  readRuleSet,
  type RuleSet,
  RuleSetError,
} from '../actors/patient-identity/matching/rule-set.ts';
import type { Config } from './config.ts';

/** A file that is no rule set: what is wrong, and where in it. */
export class RuleSetFileRefused extends Error {
  /** The file. */
  readonly path: string;
  /** Without the path. */
  readonly reason: string;

  constructor(path: string, reason: string, cause: unknown) {
    super(`${path}: ${reason}`, { cause });
    this.name = 'RuleSetFileRefused';
    this.path = path;
    this.reason = reason;
  }
}

/** A rule set is a small file. */
const MOST_BYTES = 1_000_000;

/** A rule set as its file says it. @throws RuleSetFileRefused */
export async function readRuleSetFile(path: string): Promise<RuleSet> {
  try {
    const { size } = await stat(path);
    if (size > MOST_BYTES) throw new RuleSetError('rule set', 'is too large');
    return readRuleSet(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new RuleSetFileRefused(path, reasonOf(cause), cause);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof RuleSetError || error instanceof SyntaxError) return error.message;
  const code = types.isNativeError(error) ? (error as { code?: unknown }).code : undefined;
  return code === 'ENOENT' ? 'is not there' : `cannot be read (${String(code ?? 'unknown')})`;
}

/** Hex digits that tell the contents of a file. */
const MARK_DIGITS = 8;

/**
 * The rule set that a region decides by: that of `identity.rules`, or the one that is built in. To the version of a file a mark
 * of its contents is added, so that a decision names the rules that made it, whoever has edited the file and left its version.
 *
 * @throws RuleSetFileRefused
 */
export async function activeRuleSetOf({
  identity: { rules },
}: Pick<Config, 'identity'>): Promise<RuleSet> {
  if (rules === undefined) return JAPAN_RULE_SET;
  const ruleSet = await readRuleSetFile(rules);
  const hash = createHash('sha256').update(JSON.stringify(ruleSet)).digest('hex');
  return { ...ruleSet, version: `${ruleSet.version}+${hash.slice(0, MARK_DIGITS)}` };
}

/** The version as its file says it. */
export function withoutMark(version: string): string {
  return version.replace(/\+[0-9a-f]{8}$/, '');
}

/** The rules at work; nothing where those that are built in are. @throws RuleSetFileRefused */
export async function matcherOf(config: Pick<Config, 'identity'>): Promise<{ matcher?: Matcher }> {
  if (config.identity.rules === undefined) return {};
  return { matcher: ruleMatcher(await activeRuleSetOf(config)) };
}
