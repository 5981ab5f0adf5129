import { type Language, MESSAGES, type Text } from './messages.ts';

/** What a command's exit code means. */
export const EXIT = { done: 0, failed: 1, usage: 2, nothingToDo: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * A failure that an operator can act on: what was wrong, where, and the next step. It becomes one line on standard
 * error (`kakehashi: WHERE: WHAT; NEXT`), or one JSON object with `--json`.
 */
export class CommandError extends Error {
  readonly what: Text;
  readonly where: string | undefined;
  readonly next: Text | undefined;
  readonly exit: ExitCode;

  constructor(
    what: Text,
    options: { where?: string; next?: Text; exit?: ExitCode; cause?: unknown } = {},
  ) {
    super(what.en, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CommandError';
    this.what = what;
    this.where = options.where;
    this.next = options.next;
    this.exit = options.exit ?? EXIT.failed;
  }
}

/** The command was called wrongly: exit code 2. */
export class UsageError extends CommandError {
  constructor(what: Text, options: { where?: string; next?: Text } = {}) {
    super(what, { ...options, exit: EXIT.usage });
    this.name = 'UsageError';
  }
}

/** What a command gets beside its values: the streams, the language, the clock. */
export interface Desk {
  readonly language: Language;
  /** True with `--json`. */
  readonly json: boolean;
  /** With `passThrough`: every word that is no option of this command, in order. */
  readonly rest: readonly string[];
  /** The text in the language that is spoken. */
  say(text: Text | string): string;
  /** Prints `text` for people; with `--json` prints `data` instead, and nothing when there is none. */
  print(text: Text | string, data?: unknown): void;
  /** Runs `work`; says `text` on standard error once it takes longer than a second. `tell` replaces the text. */
  progress<T>(text: Text, work: (tell: (text: Text) => void) => Promise<T>): Promise<T>;
  now(): Date;
  /** Ends when the operator asks the process to end (Ctrl-C, SIGTERM). For commands that stay up. */
  readonly stop: AbortSignal;
}

/** What the command line gave for an option: a word, several, `true` for a flag, or nothing. */
export type RawValue = string | readonly string[] | boolean | undefined;

/** One option, or one argument: how it is written, what it is for, how its words become a value. */
export interface Option<T> {
  readonly help: Text;
  /** The value's name in the help, such as `DIR`; undefined for a flag. */
  readonly placeholder: string | undefined;
  readonly isRequired: boolean;
  readonly isMany: boolean;
  /** As the help shows it. */
  readonly default: string | undefined;
  /** @throws UsageError; `name` is how the operator wrote it, for example `--days` */
  read(raw: RawValue, name: string): T;
}

export type OptionTable = Readonly<Record<string, Option<unknown>>>;
type ValuesOf<Table> = {
  readonly [Key in keyof Table]: Table[Key] extends Option<infer T> ? T : never;
};
// biome-ignore lint/complexity/noBannedTypes: the type of a table without rows.
type NoOptions = {};

interface CommandDefinition<Options, Arguments> {
  /** A noun, or a noun and a verb: `serve`, `cert issue`. */
  readonly name: string;
  readonly summary: Text;
  /**
   * Values by position, in the order written here; only the last may be `many`. Without any, `options.folder` may be given
   * by position too.
   */
  readonly arguments?: Arguments;
  /** `validityDays` is written `--validity-days`. */
  readonly options?: Options;
  /** What to say of options that people expect and that there are none of, each as it is written: `--name`. */
  readonly insteadOf?: Readonly<Record<string, Text>>;
  /** Words that are no option of this command are kept in `desk.rest` instead of being refused. */
  readonly passThrough?: boolean;
  run(values: ValuesOf<Options> & ValuesOf<Arguments>, desk: Desk): Promise<ExitCode>;
}

/** A command as the table of commands keeps it: its values are checked when it runs. */
export interface Command {
  readonly name: string;
  readonly summary: Text;
  readonly arguments: OptionTable;
  readonly options: OptionTable;
  readonly insteadOf: Readonly<Record<string, Text>>;
  readonly passThrough: boolean;
  /** @throws CommandError */
  run(raw: RawValues, desk: Desk): Promise<ExitCode>;
}

/** Words by option or argument, each under its key in the definition. */
export type RawValues = Readonly<Record<string, RawValue>>;

/**
 * Declares a command; its `run` gets values of the types that its options say.
 *
 *     export const certRevoke = command({
 *       name: 'cert revoke',
 *       summary: { en: 'Revoke a certificate.', ja: '証明書を失効させる。' },
 *       arguments: { file: required(option.file({ en: 'The certificate.', ja: '証明書。' })) },
 *       options: { ca: option.directory({ en: "The CA's folder.", ja: 'CA のフォルダー。' }, 'ca'), yes: option.yes() },
 *       async run({ file, ca, yes }, { print }) {
 *         requireYes(yes, { en: `would revoke ${file}`, ja: `${file} を失効させます` });
 *         const serial = await revoke(ca, file);
 *         print({ en: `revoked ${serial}`, ja: `${serial} を失効させました` }, { serial });
 *         return EXIT.done;
 *       },
 *     });
 */
export function command<
  Options extends OptionTable = NoOptions,
  Arguments extends OptionTable = NoOptions,
>(definition: CommandDefinition<Options, Arguments>): Command {
  const options: OptionTable = definition.options ?? {};
  const positional: OptionTable = definition.arguments ?? folderOf(options);
  return {
    name: definition.name,
    summary: definition.summary,
    options,
    arguments: positional,
    insteadOf: definition.insteadOf ?? {},
    passThrough: definition.passThrough ?? false,
    async run(raw, desk) {
      const values: Record<string, unknown> = {};
      for (const [key, argument] of Object.entries(positional)) {
        values[key] = argument.read(raw[key], argumentName(key));
      }
      for (const [key, row] of Object.entries(options)) {
        values[key] = row.read(raw[key], flagOf(key));
      }
      return definition.run(values as ValuesOf<Options> & ValuesOf<Arguments>, desk);
    },
  };
}

/** A command that takes nothing by position takes its region's folder so: `kakehashi serve DIR`. */
function folderOf({ folder }: OptionTable): OptionTable {
  return folder === undefined ? {} : { folder };
}

/** `validityDays` -> `--validity-days`. */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `certificateFile` -> `CERTIFICATE-FILE`. */
export function argumentName(key: string): string {
  return flagOf(key).slice(2).toUpperCase();
}

/** Refuses what cannot be undone unless `--yes` was given; `would` says what it would do. */
export function requireYes(yes: boolean, would: Text): void {
  if (yes) return;
  throw new UsageError(would, {
    next: {
      en: 'this cannot be undone: give --yes to do it',
      ja: '元に戻せません。実行するには --yes を付けてください',
    },
  });
}

function single<T>(
  help: Text,
  row: { placeholder: string; right: Text; default?: T; parse(text: string): T | undefined },
): Option<T | undefined> {
  return {
    help,
    placeholder: row.placeholder,
    isRequired: false,
    isMany: false,
    default: row.default === undefined ? undefined : String(row.default),
    read(raw, name) {
      if (raw === undefined) return row.default;
      if (typeof raw !== 'string') throw new UsageError(MESSAGES.valueNeeded(name));
      const value = row.parse(raw);
      if (value === undefined) throw new UsageError(MESSAGES.wrongValue(name, row.right));
      return value;
    },
  };
}

const anyText = {
  right: { en: 'a text', ja: '文字列' },
  parse: (text: string) => (text === '' ? undefined : text),
};

function text(help: Text): Option<string | undefined>;
function text(help: Text, byDefault: string): Option<string>;
function text(help: Text, byDefault?: string): Option<string | undefined> {
  return single(help, { placeholder: 'TEXT', ...anyText, default: byDefault });
}

function file(help: Text): Option<string | undefined>;
function file(help: Text, byDefault: string): Option<string>;
function file(help: Text, byDefault?: string): Option<string | undefined> {
  return single(help, { placeholder: 'FILE', ...anyText, default: byDefault });
}

function directory(help: Text): Option<string | undefined>;
function directory(help: Text, byDefault: string): Option<string>;
function directory(help: Text, byDefault?: string): Option<string | undefined> {
  return single(help, { placeholder: 'DIR', ...anyText, default: byDefault });
}

interface IntegerBounds {
  readonly least: number;
  readonly most: number;
}
function integer(help: Text, bounds: IntegerBounds): Option<number | undefined>;
function integer(help: Text, bounds: IntegerBounds, byDefault: number): Option<number>;
function integer(help: Text, { least, most }: IntegerBounds, byDefault?: number) {
  return single(help, {
    placeholder: 'N',
    right: {
      en: `a whole number from ${least} to ${most}`,
      ja: ` ${least} から ${most} までの整数`,
    },
    default: byDefault,
    parse: (words) => {
      const value = /^-?\d{1,15}$/.test(words) ? Number(words) : Number.NaN;
      return value >= least && value <= most ? value : undefined;
    },
  });
}

function oneOf<const T extends string>(values: readonly T[], help: Text): Option<T | undefined>;
function oneOf<const T extends string>(values: readonly T[], help: Text, byDefault: T): Option<T>;
function oneOf<const T extends string>(values: readonly T[], help: Text, byDefault?: T) {
  return single<T>(help, {
    placeholder: values.join('|'),
    right: { en: `one of ${values.join(', ')}`, ja: ` ${values.join('、')} のいずれか` },
    default: byDefault,
    parse: (words) => values.find((value) => value === words),
  });
}

function matching(help: Text, row: { placeholder: string; right: Text; pattern: RegExp }) {
  return single<string>(help, {
    ...row,
    parse: (words) => (row.pattern.test(words) ? words : undefined),
  });
}

function flag(help: Text): Option<boolean> {
  return {
    help,
    placeholder: undefined,
    isRequired: false,
    isMany: false,
    default: undefined,
    read: (raw) => raw === true,
  };
}

/** The kinds of option. Without a default or `required`, a value may be undefined; `many` makes a list of it. */
export const option = {
  text,
  file,
  directory,
  integer,
  oneOf,
  flag,
  /** An OID in dots, without `urn:oid:`. */
  oid: (help: Text) =>
    matching(help, {
      placeholder: 'OID',
      right: { en: 'an OID such as 2.999.1', ja: ' 2.999.1 のような OID ' },
      pattern: /^[0-2](\.(0|[1-9]\d*))+$/,
    }),
  /** `urn:oid:…` */
  homeCommunityId: (help: Text) =>
    matching(help, {
      placeholder: 'URN',
      right: { en: 'a URN such as urn:oid:2.999.1', ja: ' urn:oid:2.999.1 のような URN ' },
      pattern: /^urn:oid:[0-2](\.(0|[1-9]\d*))+$/,
    }),
  /** Where a CRL is to be had: plain HTTP is right, for a CRL is signed. */
  crlUrl: (help: Text) =>
    matching(help, {
      placeholder: 'URL',
      right: { en: 'an http:// or https:// address', ja: ' http:// か https:// の URL ' },
      pattern: /^https?:\/\/[\x21-\x7e]+$/,
    }),
  url: (help: Text) =>
    matching(help, {
      placeholder: 'URL',
      right: { en: 'a URL that begins with https://', ja: ' https:// で始まる URL ' },
      pattern: /^https:\/\/[^\s/]+/,
    }),
  /** The region's folder; the present one by default. */
  folder: () => directory(MESSAGES.folder, '.'),
  /** For what cannot be undone; hand it to `requireYes`. */
  yes: () => flag({ en: 'Do it: it cannot be undone.', ja: '実行する（元に戻せません）。' }),
} as const;

/**
 * Makes an option, or an argument, that must be given; of a `many`, at least one. `example` is a value that whoever forgot it
 * is shown.
 */
export function required<T>(row: Option<T | undefined>, example?: string): Option<T> {
  return {
    ...row,
    isRequired: true,
    read(raw, name) {
      const value = row.read(raw, name);
      const isEmpty = value === undefined || (Array.isArray(value) && value.length === 0);
      if (isEmpty) {
        const words = name.startsWith('-') ? `${name} ${example}` : `${example}`;
        const next = example === undefined ? MESSAGES.seeHelp : MESSAGES.forExample(words);
        throw new UsageError(MESSAGES.needed(name), { next });
      }
      return value;
    },
  };
}

/** Makes an option that may be given several times, or a last argument that takes all that is left. */
export function many<T>(row: Option<T | undefined>): Option<readonly T[]> {
  return {
    ...row,
    isMany: true,
    default: undefined,
    read(raw, name) {
      const words = raw === undefined ? [] : Array.isArray(raw) ? raw : [raw];
      return words.map((word) => row.read(word, name)).filter((value) => value !== undefined);
    },
  };
}
