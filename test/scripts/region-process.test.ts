import { readFileSync } from 'node:fs';
import { kakehashiWords } from '../../scripts/region-process.ts';

const lineOf = (path: string, pattern: RegExp) =>
  pattern.exec(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'))?.[1];

describe('a region’s process', () => {
  it('is given as much young memory by the command itself, by npm and by what starts it for others', () => {
    const [, given] = kakehashiWords();
    expect(given).toMatch(/^--max-semi-space-size=\d+$/);
    expect(lineOf('scripts/kakehashi.ts', /^#!.* (--\S+)\n/)).toBe(given);
    expect(lineOf('package.json', /"start": "node (--\S+) /)).toBe(given);
  });
});
