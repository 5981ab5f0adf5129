import { readFileSync } from 'node:fs';
import { kakehashiWords, lastWordsIn } from '../../scripts/region-process.ts';

const lineOf = (path: string, pattern: RegExp) =>
  pattern.exec(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'))?.[1];

describe('a region’s process', () => {
  it('that ends at its start says why in its last words, which are no line of its log', () => {
    const log = '{"level":"warn","event":"redis-away"}\n';
    const words = 'Redis cannot be reached at 127.0.0.1:1; see queue in kakehashi.yaml';

    expect(lastWordsIn(`${log}kakehashi: ${words}\n${log}`)).toBe(words);
    expect(lastWordsIn(`kakehashi: unexpected: x\n    at a.ts:1\n`)).toBe('unexpected: x');
    expect(lastWordsIn(log)).toBe(log);
  });

  it('is given as much young memory by the command itself, by npm and by what starts it for others', () => {
    const [, given] = kakehashiWords();
    expect(given).toMatch(/^--max-semi-space-size=\d+$/);
    expect(lineOf('scripts/kakehashi.ts', /^#!.* (--\S+)\n/)).toBe(given);
    expect(lineOf('package.json', /"start": "node (--\S+) /)).toBe(given);
  });
});
