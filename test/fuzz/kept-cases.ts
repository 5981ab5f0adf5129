import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FuzzCase, TARGETS } from './generate.ts';

/** Where failing messages are kept; its README says how they are laid out. */
export const MESSAGES = fileURLToPath(new URL('../messages/', import.meta.url));

/** Keeps a failing message, to be replayed by every test run from then on. @returns its file's name */
export function keepCase({ target, contentType, body }: FuzzCase): string {
  const header = JSON.stringify({ target: target.name, contentType });
  const octets = Buffer.concat([Buffer.from(`${header}\n`), body]);
  const hash = createHash('sha256').update(octets).digest('hex').slice(0, 16);
  const name = `fuzz-${hash}.bin`;
  writeFileSync(join(MESSAGES, name), octets);
  return name;
}

/** Names of the messages that were kept. */
export function keptCases(): readonly string[] {
  if (!existsSync(MESSAGES)) return [];
  return readdirSync(MESSAGES).filter((name) => /^fuzz-.*\.bin$/.test(name));
}

/** @throws Error when the file is not laid out so, or names a reader that there is not */
export function readCase(name: string): FuzzCase {
  const octets = readFileSync(join(MESSAGES, name));
  const end = octets.indexOf('\n');
  const { target: wanted, contentType } = JSON.parse(octets.toString('utf8', 0, end)) as {
    target: string;
    contentType: string;
  };
  const target = TARGETS.find((each) => each.name === wanted);
  if (target === undefined) throw new Error(`${name}: no reader ${wanted}`);
  return { target, contentType, body: octets.subarray(end + 1) };
}
