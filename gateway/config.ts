import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { isSeq, parseDocument, stringify } from 'yaml';
import { z } from 'zod';
import { type BothLanguages, type ConfigFault, ConfigFaults } from './config-faults.ts';
import { type Environment, finish, type Values } from './config-finish.ts';
import { nearest } from './nearest.ts';
import { isSetting, rightOf, type Setting, type SettingTable, type Shape } from './settings.ts';
import { SETTINGS } from './settings-table.ts';

/** The name of the config file in a region's folder. */
export const CONFIG_FILE = 'kakehashi.yaml';

/** A config that can be used: defaults applied, secrets read, every path absolute. */
export type Config = Omit<Values, 'queue' | 'database'> & {
  readonly database: DatabaseConfig;
  readonly queue:
    | { readonly kind: 'embedded' }
    | { readonly kind: 'redis'; readonly url: string; readonly prefix: string };
  /** The region's folder, absolute. */
  readonly folder: string;
  /** The config file, absolute. */
  readonly file: string;
};

/** `file` is where SQLite's lies, or would lie: `kakehashi migrate` reads it when the other form has been chosen. */
export type DatabaseConfig =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string; readonly file: string };

const MAX_YAML_BYTES = 1_048_576;

/**
 * Reads a region's config.
 *
 * @param folderOrFile the folder that `kakehashi.yaml` lies in, or the file itself
 * @throws ConfigFaults with all that is wrong at once; nothing is guessed
 */
export function readConfig(folderOrFile: string, environment: Environment = process.env): Config {
  const file = configFileOf(folderOrFile);
  const folder = dirname(file);
  const { values, faults } = judge(readRaw(file));
  const finished =
    values === undefined ? undefined : finish(values, { folder, environment, faults });
  if (finished === undefined || faults.length > 0) throw new ConfigFaults(basename(file), faults);
  const [queue, database] = [queueOf(finished), databaseOf(finished)];
  return { ...finished, queue, database, folder, file };
}

/** One setting as it stands: for people, so secrets are `***`. */
export interface DescribedSetting {
  readonly path: string;
  readonly value: string;
  /** `default`, `kakehashi.yaml`, `env:NAME` or `file:PATH`. */
  readonly from: string;
}

/**
 * Every setting with its value and where it came from.
 *
 * @throws ConfigFaults as readConfig does
 */
export function describeConfig(
  folderOrFile: string,
  environment: Environment = process.env,
): readonly DescribedSetting[] {
  const config = readConfig(folderOrFile, environment);
  const raw = readRaw(config.file);
  return settingsOf(SETTINGS).map(({ path, setting }) => {
    const given = valueAt(raw, path);
    const isSecret = setting.kind.shape.type === 'secret';
    const value = given ?? setting.default;
    const reference = typeof given === 'string' && /^(env|file):/.test(given) ? given : undefined;
    return {
      path: path.join('.'),
      value: value === undefined ? '-' : isSecret ? '***' : inline(value),
      from: given === undefined ? 'default' : isSecret && reference ? reference : CONFIG_FILE,
    };
  });
}

/** A setting and its path. */
export interface PlacedSetting {
  readonly path: readonly string[];
  readonly setting: Setting<unknown>;
}

/** Every setting of a table in its order. */
export function settingsOf(
  table: SettingTable = SETTINGS,
  above: readonly string[] = [],
): readonly PlacedSetting[] {
  return Object.entries(table).flatMap(([name, entry]) =>
    isSetting(entry)
      ? [{ path: [...above, name], setting: entry }]
      : settingsOf(entry, [...above, name]),
  );
}

/**
 * Reads one YAML document: YAML 1.2, keys once, no aliases, at most 1 MiB.
 *
 * @param name of the file, for the faults
 * @throws ConfigFaults with the line of each fault
 */
export function parseYaml(text: string, name = 'yaml'): unknown {
  if (Buffer.byteLength(text) > MAX_YAML_BYTES) {
    throw new ConfigFaults(name, [
      fault('', { en: 'larger than 1 MiB', ja: '1 MiB を超えています' }),
    ]);
  }
  const document = parseDocument(text, { uniqueKeys: true, logLevel: 'silent', strict: true });
  const [first] = document.errors;
  if (first !== undefined) {
    const line = first.linePos?.[0].line ?? 0;
    const reason = first.message.split('\n')[0]?.replace(/ at line .*$/, '') ?? '';
    throw new ConfigFaults(name, [
      fault('', {
        en: `line ${line} is not YAML: ${reason}`,
        ja: `${line} 行目が YAML として読めません: ${reason}`,
      }),
    ]);
  }
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch {
    throw new ConfigFaults(name, [
      fault('', {
        en: 'aliases (&, *) are not taken; write the value out',
        ja: 'エイリアス（& と *）は使えません。値をそのまま書いてください',
      }),
    ]);
  }
}

/** Writes a value as YAML, so that parseYaml reads it back. Texts that look like numbers are quoted. */
export function writeYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0 });
}

/**
 * Adds a row to the list under a key, and leaves the rest of the text, its comments too, as it was.
 *
 * @throws ConfigFaults when the text is not YAML
 */
export function addToYaml(text: string, key: string, row: unknown, name = 'yaml'): string {
  parseYaml(text, name);
  const document = parseDocument(text);
  if (!isSeq(document.get(key))) document.set(key, document.createNode([]));
  const list = document.get(key);
  // An empty list is written [ ]; with rows in it, each has lines of its own.
  if (isSeq(list)) list.flow = false;
  document.addIn([key], document.createNode(row));
  return document.toString({ lineWidth: 0 });
}

function configFileOf(folderOrFile: string): string {
  const path = resolve(folderOrFile);
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  return isFile ? path : resolve(path, CONFIG_FILE);
}

function readRaw(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new ConfigFaults(file, [
      fault('', {
        en: 'cannot be read; kakehashi init makes a region with its config',
        ja: '読めません。kakehashi init で地域フォルダーと設定を作れます',
      }),
    ]);
  }
  return parseYaml(text, basename(file)) ?? {};
}

function judge(raw: unknown): { values: Values | undefined; faults: ConfigFault[] } {
  const { data, error } = schemaOf(SETTINGS).safeParse(raw);
  const faults = (error?.issues ?? []).flatMap((issue) => faultsOf(issue, raw));
  return { values: data as Values | undefined, faults };
}

/** The table as a zod schema; the texts of its faults come from the table too. */
function schemaOf(table: SettingTable): z.ZodType {
  const fields = Object.entries(table).map(([name, entry]): [string, z.ZodType] => {
    if (!isSetting(entry)) return [name, schemaOf(entry)];
    const schema = shapeSchema(entry.kind.shape);
    if (entry.isRequired) return [name, schema];
    return [name, entry.default === undefined ? schema.optional() : schema.default(entry.default)];
  });
  // A heading whose lines are all commented out is null in YAML: a table without settings.
  return z.preprocess((value) => value ?? {}, z.strictObject(Object.fromEntries(fields)));
}

const REFERENCE = /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/;

function shapeSchema(shape: Shape): z.ZodType {
  switch (shape.type) {
    case 'text':
      return z.string().regex(shape.pattern);
    case 'integer':
      return z.int().min(shape.least).max(shape.most);
    case 'flag':
      return z.boolean();
    case 'oneOf':
      return z.enum([...shape.values]);
    case 'path':
      return z.string().min(1).max(4_096);
    case 'secret':
      return z.string().refine((text) => REFERENCE.test(text) || shape.plain?.test(text) === true);
    case 'list':
      return z.array(shapeSchema(shape.of)).min(shape.least).max(shape.most);
    case 'row':
      return z.strictObject(
        Object.fromEntries(
          Object.entries(shape.fields).map(([name, of]) => {
            const schema = shapeSchema(of);
            return [name, shape.optional.includes(name) ? schema.optional() : schema];
          }),
        ),
      );
  }
}

function faultsOf(issue: z.core.$ZodIssue, raw: unknown): ConfigFault[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownSetting([...path, key]));
  }
  const right = rightAt(path);
  const given = valueAt(raw, path);
  const name = path.join('.');
  if (given === undefined) {
    return [
      fault(name, {
        en: `${name} is missing; it must be ${right.en}`,
        ja: `${name} がありません。${right.ja}が必要です`,
      }),
    ];
  }
  const shown = isSecretAt(path) ? '***' : inline(given);
  return [
    fault(name, {
      en: `${name} is ${shown}; it must be ${right.en}`,
      ja: `${name} が ${shown} です。${right.ja}でなければなりません`,
    }),
  ];
}

function unknownSetting(path: readonly string[]): ConfigFault {
  const name = path.join('.');
  const known = nearest(name, [
    ...settingsOf().map((placed) => placed.path.join('.')),
    ...Object.keys(SETTINGS),
  ]);
  return fault(name, {
    en: `unknown setting ${name}${known === undefined ? '' : `; did you mean ${known}?`}`,
    ja: `${name} という設定はありません${known === undefined ? '' : `。${known} のことですか`}`,
  });
}

const A_TABLE: BothLanguages = { en: 'a table of settings', ja: '設定の表' };

function rightAt(path: readonly string[]): BothLanguages {
  const shape = shapeAt(path);
  return shape === undefined ? A_TABLE : rightOf(shape);
}

function isSecretAt(path: readonly string[]): boolean {
  return shapeAt(path)?.type === 'secret';
}

/** The shape at a path, which may lead into a list or a row of one. */
function shapeAt(path: readonly string[]): Shape | undefined {
  let entry: Setting<unknown> | SettingTable | undefined = SETTINGS;
  let shape: Shape | undefined;
  for (const step of path) {
    if (shape?.type === 'list') shape = shape.of;
    else if (shape?.type === 'row') shape = shape.fields[step];
    else if (entry !== undefined && !isSetting(entry)) {
      entry = entry[step];
      if (entry !== undefined && isSetting(entry)) shape = entry.kind.shape;
    }
  }
  return shape;
}

function valueAt(raw: unknown, path: readonly string[]): unknown {
  let value = raw;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

function queueOf({ queue }: Values): Config['queue'] {
  return queue.kind === 'redis' && queue.url !== undefined
    ? { kind: 'redis', url: queue.url, prefix: queue.prefix }
    : { kind: 'embedded' };
}

function databaseOf({ database: { kind, file, url } }: Values): DatabaseConfig {
  return kind === 'postgres' && url !== undefined ? { kind, file, url } : { kind: 'sqlite', file };
}

function fault(path: string, problem: BothLanguages): ConfigFault {
  return { path, problem };
}

function inline(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
