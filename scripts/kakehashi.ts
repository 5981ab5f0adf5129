#!/usr/bin/env -S node --max-semi-space-size=32
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Argument, Command as Branch, CommanderError, Option as Flag } from 'commander';
import { nearest } from '../gateway/nearest.ts';
import {
  argumentName,
  type Command,
  type Desk,
  EXIT,
  type ExitCode,
  flagOf,
  type Option,
  type RawValue,
  UsageError,
} from './command.ts';
import { printFailure } from './failure.ts';
import { HELP_TITLES, type Language, languageOf, MESSAGES, say, type Text } from './messages.ts';
import { NOUNS, type Noun } from './nouns.ts';
import { ProcessEdges } from './process-edges.ts';
import { type ProgressStream, withProgress } from './progress.ts';

/** What the command line needs of the process; a test hands in its own. */
export interface Streams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: ProgressStream;
  readonly locale: string | undefined;
  /** Asked for by commands that stay up; from then on Ctrl-C no longer ends the process at once. */
  stop(): AbortSignal;
}

/**
 * Runs one command line (without `node` and the script's name) and gives its exit code.
 *
 * Nothing is thrown: what goes wrong is one line on standard error, or one JSON object with `--json`.
 */
export async function runCommandLine(
  given: readonly string[],
  streams: Streams,
): Promise<ExitCode> {
  const { words, lang, isJson } = withoutManner(given);
  const language = languageOf(lang, streams.locale);
  try {
    if (lang !== undefined && lang !== language) {
      throw new UsageError(MESSAGES.wrongValue('--lang', { en: 'en or ja', ja: ' en か ja ' }));
    }
    return await new CommandLine(words, streams, { language, isJson }).run();
  } catch (error) {
    return printFailure(error, { stderr: streams.stderr, language, isJson });
  }
}

/** Takes `--json` and `--lang`, which may stand anywhere before `--`, out of the words. */
function withoutManner(given: readonly string[]) {
  const words: string[] = [];
  let lang: string | undefined;
  let isJson = false;
  for (let at = 0; at < given.length; at += 1) {
    const word = given[at] ?? '';
    if (word === '--') {
      words.push(...given.slice(at));
      break;
    }
    if (word === '--json') isJson = true;
    else if (word.startsWith('--lang=')) lang = word.slice('--lang='.length);
    else if (word === '--lang') {
      at += 1;
      lang = given[at] ?? '';
    } else words.push(word);
  }
  return { words, lang, isJson };
}

/** The commander tree of one call: built for the noun that was asked for, in the language that is spoken. */
class CommandLine {
  readonly #words: readonly string[];
  readonly #streams: Streams;
  readonly #language: Language;
  readonly #isJson: boolean;
  #exit: ExitCode = EXIT.done;

  constructor(
    words: readonly string[],
    streams: Streams,
    manner: { readonly language: Language; readonly isJson: boolean },
  ) {
    this.#words = words;
    this.#streams = streams;
    this.#language = manner.language;
    this.#isJson = manner.isJson;
  }

  async run(): Promise<ExitCode> {
    const program = this.#dress(new Branch('kakehashi'), MESSAGES.what);
    program.version(versionOf(), '-V, --version', this.#say(MESSAGES.version));
    program.addHelpText('after', `\n${this.#say(MESSAGES.exitCodes)}`);
    const asked = nounIn(this.#words);
    for (const noun of NOUNS) {
      if (noun.name === asked) this.#grow(program, noun, await noun.load());
      else program.addCommand(this.#dress(new Branch(noun.name), noun.summary));
    }
    if (asked === undefined || !NOUNS.some((noun) => noun.name === asked)) {
      return this.#withoutNoun(program, asked);
    }
    try {
      await program.parseAsync([...this.#words], { from: 'user' });
    } catch (error) {
      this.#judge(error, asked);
    }
    return this.#exit;
  }

  /** `--help`, `--version`, nothing at all, or a noun that there is none of. */
  #withoutNoun(program: Branch, asked: string | undefined): ExitCode {
    if (asked !== undefined) {
      throw new UsageError(MESSAGES.unknownCommand(asked), {
        next: this.#orHelp(
          nearest(
            asked,
            NOUNS.map((noun) => noun.name),
          ),
          'kakehashi',
        ),
      });
    }
    if (this.#words.includes('--version') || this.#words.includes('-V')) {
      this.#streams.stdout.write(`${versionOf()}\n`);
      return EXIT.done;
    }
    const isAsked = this.#words.includes('--help') || this.#words.includes('-h');
    program.outputHelp({ error: !isAsked });
    return isAsked ? EXIT.done : EXIT.usage;
  }

  #grow(program: Branch, noun: Noun, commands: readonly Command[]): void {
    const [only] = commands;
    if (only !== undefined && commands.length === 1 && only.name === noun.name) {
      program.addCommand(this.#leaf(only, noun.name));
      return;
    }
    const branch = this.#dress(new Branch(noun.name), noun.summary);
    for (const each of commands) {
      branch.addCommand(this.#leaf(each, each.name.slice(noun.name.length + 1)));
    }
    branch.allowUnknownOption().allowExcessArguments();
    branch.action(() => {
      const [verb] = branch.args.filter((word) => !word.startsWith('-'));
      const verbs = commands.map((each) => each.name.slice(noun.name.length + 1));
      const next = this.#orHelp(nearest(verb ?? '', verbs), `kakehashi ${noun.name}`);
      if (verb !== undefined) {
        throw new UsageError(MESSAGES.unknownCommand(`${noun.name} ${verb}`), { next });
      }
      this.#streams.stderr.write(branch.helpInformation());
      this.#exit = EXIT.usage;
    });
    program.addCommand(branch);
  }

  #leaf(definition: Command, word: string): Branch {
    const leaf = this.#dress(new Branch(word), definition.summary);
    const usage = ['[options]'];
    for (const [key, row] of Object.entries(definition.arguments)) {
      const name = argumentName(key) + (row.isMany ? '...' : '');
      leaf.addArgument(new Argument(`[${name}]`, this.#say(row.help)));
      usage.push(row.isRequired ? `<${name}>` : `[${name}]`);
    }
    leaf.usage([...usage, ...(definition.passThrough ? ['...'] : [])].join(' '));
    for (const [key, row] of Object.entries(definition.options))
      leaf.addOption(this.#flag(key, row));
    leaf.addOption(new Flag('--json', this.#say(MESSAGES.json)));
    leaf.addOption(new Flag('--lang <LANG>', this.#say(MESSAGES.lang)).choices(['en', 'ja']));
    leaf.allowUnknownOption().allowExcessArguments();
    leaf.action(async () => {
      this.#exit = await definition.run(
        rawValuesOf(definition, leaf),
        this.#desk(definition, leaf),
      );
    });
    return leaf;
  }

  #flag(key: string, row: Option<unknown>): Flag {
    const name = flagOf(key);
    const written = row.placeholder === undefined ? name : `${name} <${row.placeholder}>`;
    const suffix = row.default === undefined ? '' : ` [${row.default}]`;
    const flag = new Flag(written, this.#say(row.help) + suffix);
    if (row.isMany) flag.argParser((word: string, before: string[] = []) => [...before, word]);
    return flag;
  }

  #dress(branch: Branch, summary: Text): Branch {
    return branch
      .description(this.#say(summary))
      .helpOption('-h, --help', this.#say(MESSAGES.help))
      .helpCommand(false)
      .exitOverride()
      .configureHelp({ styleTitle: (title) => this.#say(HELP_TITLES[title] ?? title) })
      .configureOutput({
        writeOut: (text) => this.#streams.stdout.write(text),
        writeErr: (text) => this.#streams.stderr.write(text),
        outputError: () => undefined,
      });
  }

  #desk(definition: Command, leaf: Branch): Desk {
    const { stdout, stderr } = this.#streams;
    const stop = () => this.#streams.stop();
    const world = { stream: stderr, language: this.#language };
    const rest = leaf.args.slice(Object.keys(definition.arguments).length);
    const unknown = leaf.args.find((word) => word.startsWith('-') && word !== '-');
    if (!definition.passThrough && unknown !== undefined) {
      const known = [...Object.keys(definition.options).map(flagOf), '--json', '--lang', '--help'];
      const [word = ''] = unknown.split('=');
      throw new UsageError(MESSAGES.unknownOption(word), {
        next: Object.hasOwn(definition.insteadOf, word)
          ? definition.insteadOf[word]
          : this.#orHelp(nearest(word, known), `kakehashi ${definition.name}`),
      });
    }
    const takesAll = Object.values(definition.arguments).some((row) => row.isMany);
    if (!definition.passThrough && !takesAll && rest[0] !== undefined) {
      throw new UsageError(MESSAGES.excessArgument(rest[0]), {
        next: MESSAGES.tryHelp(`kakehashi ${definition.name}`),
      });
    }
    return {
      language: this.#language,
      json: this.#isJson,
      rest: definition.passThrough ? rest : [],
      say: (text) => this.#say(text),
      print: (text, data) => {
        if (!this.#isJson) stdout.write(`${this.#say(text)}\n`);
        else if (data !== undefined) stdout.write(`${JSON.stringify(data)}\n`);
      },
      progress: (text, work) => withProgress(text, world, work),
      now: () => new Date(),
      get stop() {
        return stop();
      },
    };
  }

  /** Commander ends by throwing: help and version are no failures, the rest is wrong usage. */
  #judge(error: unknown, noun: string): void {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return;
    throw new UsageError(
      { en: error.message.replace(/^error: /, ''), ja: error.message.replace(/^error: /, '') },
      { next: MESSAGES.tryHelp(`kakehashi ${noun}`) },
    );
  }

  #orHelp(known: string | undefined, name: string): Text {
    return known === undefined ? MESSAGES.tryHelp(name) : MESSAGES.didYouMean(known);
  }

  #say(text: Text | string): string {
    return say(text, this.#language);
  }
}

function rawValuesOf(definition: Command, leaf: Branch): Record<string, RawValue> {
  const raw: Record<string, RawValue> = {};
  Object.entries(definition.arguments).forEach(([key, row], position) => {
    const words = leaf.args;
    raw[key] = row.isMany ? words.slice(position) : words[position];
  });
  const given = leaf.opts<Record<string, RawValue>>();
  for (const key of Object.keys(definition.options)) raw[key] = given[key] ?? raw[key];
  return raw;
}

/** The first word that is no option. */
function nounIn(words: readonly string[]): string | undefined {
  return words.find((word) => !word.startsWith('-'));
}

/** The version in package.json, which lies above this file in the checkout and in the package alike. */
function versionOf(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
      if (name === 'kakehashi') return String(version);
    } catch {
      // Not there: the next one is.
    }
  }
  return '0';
}

function isStartedAsProgram(): boolean {
  const [, script] = process.argv;
  return script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url);
}

if (isStartedAsProgram()) {
  const { LC_ALL, LC_MESSAGES, LANG } = process.env;
  const edges = new ProcessEdges();
  edges.endQuietlyWithoutReader();
  await edges.end(
    await runCommandLine(process.argv.slice(2), {
      stdout: process.stdout,
      stderr: process.stderr,
      locale: LC_ALL || LC_MESSAGES || LANG,
      stop: () => edges.stop(),
    }),
  );
}
