import { readFileSync } from 'node:fs';
import { settingsManual } from '../../gateway/config-text.ts';
import { settingsOf } from '../../gateway/config.ts';
import type { Command } from '../../scripts/command.ts';
import { NOUNS } from '../../scripts/nouns.ts';

const OPERATE = readFileSync('docs/operate.md', 'utf8');
const READMES = ['README.md', 'README.ja.md'] as const;

async function allCommands(): Promise<readonly Command[]> {
  const commands: Command[] = [];
  for (const noun of NOUNS) commands.push(...(await noun.load()));
  return commands;
}

describe('The manual', () => {
  it('has the chapter of settings that the table prints', () => {
    expect(OPERATE).toContain(settingsManual('en'));
  });

  it('names commands that there are', async () => {
    const names = (await allCommands()).map(({ name }) => name);
    const written = [...OPERATE.matchAll(/kakehashi ([a-z][a-z0-9-]*)(?: ([a-z][a-z0-9-]+))?/g)];

    for (const [, noun = '', verb = ''] of written) {
      const isKnown = names.includes(noun) || names.includes(`${noun} ${verb}`);
      expect([`${noun} ${verb}`, isKnown]).toEqual([`${noun} ${verb}`, true]);
    }
    expect(written.length).toBeGreaterThan(20);
  });
});

describe.each(READMES)('%s', (file) => {
  const readme = readFileSync(file, 'utf8');

  it('names every noun of the command line', () => {
    for (const { name } of NOUNS) expect(readme).toContain(`\`${name}`);
  });

  it('begins with the two lines that a newcomer types', () => {
    expect(readme).toContain('$ npm ci && npm run demo\n');
    expect(readme).toContain('$ npm ci && npm test\n');
  });

  it('says that there is no consent yet', () => {
    expect(readme).toMatch(/consent|患者同意/);
  });
});

describe('Every text for operators', () => {
  it('is there in both languages for each setting', () => {
    for (const { path, setting } of settingsOf()) {
      expect([path.join('.'), setting.why.en.length > 10, setting.why.ja.length > 5]).toEqual([
        path.join('.'),
        true,
        true,
      ]);
    }
  });

  it('is there in both languages for each command and option', async () => {
    for (const { name, summary, options, arguments: positional } of await allCommands()) {
      const texts = [
        summary,
        ...[...Object.values(options), ...Object.values(positional)].map((row) => row.help),
      ];
      for (const { en, ja } of texts) {
        expect([name, en !== '', /[\u3040-\u9fff]/.test(ja)]).toEqual([name, true, true]);
      }
    }
  });
});
