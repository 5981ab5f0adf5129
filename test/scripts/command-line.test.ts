import { EXIT } from '../../scripts/command.ts';
import { runCommandLine } from '../../scripts/kakehashi.ts';

interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function ran(...words: string[]): Promise<Ran> {
  return spoken('en_GB.UTF-8', ...words);
}

async function spoken(locale: string | undefined, ...words: string[]): Promise<Ran> {
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
    locale,
    stop: () => new AbortController().signal,
  });
  return { exit, stdout, stderr };
}

const NOUNS = [
  'init',
  'serve',
  'check',
  'cert',
  'partner',
  'patient',
  'documents',
  'queue',
  'audit',
  'demo',
  'conformance',
  'bench',
];

describe('kakehashi --help', () => {
  it('names every noun, and what the exit codes mean', async () => {
    const { exit, stdout } = await ran('--help');

    expect(exit).toBe(EXIT.done);
    for (const noun of NOUNS) expect(stdout).toContain(`\n  ${noun} `);
    expect(stdout).toContain('Exit codes: 0 done, 1 failed, 2 wrong usage, 3 nothing to do.');
  });

  it('speaks Japanese where the locale does', async () => {
    const { stdout } = await spoken('ja_JP.UTF-8', '--help');

    expect(stdout).toContain('使い方: kakehashi');
    expect(stdout).toContain('終了コード');
  });

  it('speaks the language that is asked for, whatever the locale', async () => {
    expect((await spoken('ja_JP.UTF-8', '--help', '--lang', 'en')).stdout).toContain('Usage:');
    expect((await spoken('C', '--lang=ja', '--help')).stdout).toContain('使い方:');
  });

  it('takes the language before the command as well', async () => {
    const { exit, stdout } = await ran('--lang', 'ja', 'documents', '--help');

    expect(exit).toBe(EXIT.done);
    expect(stdout).toContain('使い方: kakehashi documents');
    expect(stdout).toContain('retrieve');
  });

  it('speaks no third language', async () => {
    const { exit, stderr } = await ran('--help', '--lang', 'fr');

    expect(exit).toBe(EXIT.usage);
    expect(stderr).toBe('kakehashi: --lang must be en or ja\n');
  });

  it('shows the options of one command with their defaults', async () => {
    const { exit, stdout } = await ran('documents', 'submit', '--help');

    expect(exit).toBe(EXIT.done);
    expect(stdout).toContain('kakehashi documents submit [options] <FILE...>');
    expect(stdout).toContain('--mime-type <TEXT>');
    expect(stdout).toContain('[progress]');
  });
});

describe('kakehashi, called wrongly', () => {
  it('without a command shows the help on standard error', async () => {
    const { exit, stdout, stderr } = await ran();

    expect(exit).toBe(EXIT.usage);
    expect(stdout).toBe('');
    expect(stderr).toContain('Usage: kakehashi');
  });

  it('names the nearest command', async () => {
    const { exit, stderr } = await ran('docments', 'query');

    expect(exit).toBe(EXIT.usage);
    expect(stderr).toBe('kakehashi: there is no command docments; did you mean documents?\n');
  });

  it('names the nearest verb of a noun', async () => {
    const { exit, stderr } = await ran('queue', 'lst');

    expect(exit).toBe(EXIT.usage);
    expect(stderr).toBe('kakehashi: there is no command queue lst; did you mean ls?\n');
  });

  it('shows the verbs of a noun that stands alone', async () => {
    const { exit, stderr } = await ran('documents');

    expect(exit).toBe(EXIT.usage);
    expect(stderr).toContain('retrieve');
  });

  it('names the nearest option', async () => {
    const { exit, stderr } = await ran('queue', 'ls', '--stat', 'failed');

    expect(exit).toBe(EXIT.usage);
    expect(stderr).toBe('kakehashi: there is no option --stat; did you mean --state?\n');
  });

  it('says which values an option takes', async () => {
    const { exit, stderr } = await ran('queue', 'ls', '--state', 'lost');

    expect(exit).toBe(EXIT.usage);
    expect(stderr).toBe('kakehashi: --state must be one of waiting, running, failed\n');
  });

  it('says which option is needed', async () => {
    const { exit, stderr } = await ran('documents', 'query');

    expect(exit).toBe(EXIT.usage);
    expect(stderr).toBe(
      "kakehashi: --patient is needed; for example: --patient '4711^^^&2.999.392.32.10.1&ISO'\n",
    );
  });

  it('says which argument is needed', async () => {
    const { exit, stderr } = await ran('partner', 'test');

    expect(exit).toBe(EXIT.usage);
    expect(stderr).toBe('kakehashi: NAME is needed; see --help\n');
  });

  it('says what to give instead of an option that people expect', async () => {
    const { exit, stderr } = await ran('patient', 'feed', '--name=x');

    expect(exit).toBe(EXIT.usage);
    expect(stderr).toContain('there is no option --name; give --kanji, --kana or --romaji');
  });

  it('says why the demo cannot go without shimane', async () => {
    const { exit, stderr } = await ran('demo', '--without', 'shimane');

    expect(exit).toBe(EXIT.usage);
    expect(stderr).toContain('it is the one that asks; for example: --without kagawa');
    expect((await ran('demo', '--help')).stdout).toMatch(/shimane stays: it is the one/);
  });

  it('refuses an argument too many', async () => {
    const { exit, stderr } = await ran('partner', 'test', 'kagawa', 'okayama');

    expect(exit).toBe(EXIT.usage);
    expect(stderr).toContain('one argument too many: okayama');
  });

  it('refuses an option without its value', async () => {
    const { exit, stderr } = await ran('queue', 'ls', '--state');

    expect(exit).toBe(EXIT.usage);
    expect(stderr).toContain('see: kakehashi queue --help');
  });

  it('tells programs of errors as JSON', async () => {
    const { exit, stdout, stderr } = await ran('queue', 'ls', '--state', 'lost', '--json');

    expect(exit).toBe(EXIT.usage);
    expect(stdout).toBe('');
    expect(JSON.parse(stderr)).toEqual({
      errors: [{ what: '--state must be one of waiting, running, failed' }],
    });
  });

  it('tells people of errors in their language', async () => {
    const { stderr } = await spoken('ja_JP', 'documents', 'query');

    expect(stderr).toMatch(/^kakehashi: --patient が必要です; 例: --patient /);
  });
});

describe('kakehashi --version', () => {
  it('prints the version alone', async () => {
    const { exit, stdout } = await ran('--version');

    expect(exit).toBe(EXIT.done);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('A region that is not there', () => {
  it('is told with the next step', async () => {
    const { exit, stderr } = await ran('check', '/nowhere');

    expect(exit).toBe(EXIT.failed);
    expect(stderr).toBe(
      '/nowhere/kakehashi.yaml: cannot be read; kakehashi init makes a region with its config\n',
    );
  });
});
