import { types } from 'node:util';
import { type DestinationStream, destination, pino } from 'pino';
import { shape } from '../profiles/formats/datatypes.ts';

/** How serious a line is. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

const IDENTIFIER = /^[\x21-\x7e]{1,300}$/;
const WORDS = /^[\x20-\x7e]{1,300}$/;
const MESSAGE_ID = /^(urn:|https?:)[\x21-\x7e]{1,200}$/;
const NAME = /^[\w .:/@-]{1,200}$/;

/**
 * The keys that a line may have, and how a text under each may look. None of them is about a person; a text that looks
 * otherwise is printed as its shape. A key is added here before it is used.
 */
const KEYS = {
  /** What happened, as a fixed word: `started`, `reloaded`. */
  event: NAME,
  /** `ITI-39` */
  transaction: NAME,
  /** `success`, `partial`, `failure`, or another fixed word. */
  outcome: NAME,
  /** The first error code of a refusal. */
  code: NAME,
  /** `urn:oid:…` of a community. */
  community: IDENTIFIER,
  /** A directory entry's name, or whom we asked. */
  peer: NAME,
  actor: NAME,
  /** WS-Addressing MessageID. */
  message: MESSAGE_ID,
  /** Why a peer failed, in our own words. */
  reason: WORDS,
  failureClass: NAME,
  /** The dedup id of a retrieval. */
  job: IDENTIFIER,
  node: NAME,
  url: IDENTIFIER,
  host: IDENTIFIER,
  file: WORDS,
  setting: NAME,
  version: NAME,
  signal: NAME,
  /** SHA-256 of a certificate, or its serial number. */
  certificate: IDENTIFIER,
  /** ISO 8601. */
  expires: IDENTIFIER,
  port: undefined,
  status: undefined,
  documents: undefined,
  missing: undefined,
  objects: undefined,
  communities: undefined,
  entries: undefined,
  attempt: undefined,
  attempts: undefined,
  count: undefined,
  waiting: undefined,
  running: undefined,
  failed: undefined,
  generation: undefined,
  bytesSent: undefined,
  sizeBytes: undefined,
  tookMs: undefined,
  inMs: undefined,
} as const satisfies Record<string, RegExp | undefined>;

type Key = keyof typeof KEYS;

/** What a line says: fields, not sentences. An undefined field is left out. */
export type LogFields = {
  readonly [K in Key]?: (typeof KEYS)[K] extends RegExp ? string | undefined : number | undefined;
};

/** Writes lines for the operator. No line names a person. */
export interface Log {
  debug(fields: LogFields): void;
  info(fields: LogFields): void;
  warn(fields: LogFields, cause?: unknown): void;
  /** `cause` is printed with where it came from; quoted words, long numbers and other scripts in it as shapes. */
  error(fields: LogFields, cause?: unknown): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** Standard output, if not given. */
  readonly stream?: DestinationStream;
  /** Throws on a key that is not in the table, instead of dropping and counting it: for tests. */
  readonly strict?: boolean;
  now?(): Date;
}

/**
 * Opens the log: one JSON object a line, `{"level","at",…}`.
 *
 * What is not an allowed key with a number or a text of the right look is dropped, and `dropped` says how many.
 */
export function openLog({
  level,
  stream,
  strict = false,
  now = () => new Date(),
}: LogOptions): Log {
  const logger = pino(
    {
      level,
      base: undefined,
      timestamp: () => `,"at":"${now().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream ?? destination({ fd: 1, sync: true }),
  );
  const line = (fields: LogFields) => allowed(fields, strict);
  return {
    debug: (fields) => {
      if (logger.isLevelEnabled('debug')) logger.debug(line(fields));
    },
    info: (fields) => {
      if (logger.isLevelEnabled('info')) logger.info(line(fields));
    },
    warn: (fields, cause) => logger.warn({ ...line(fields), ...causeOf(cause) }),
    error: (fields, cause) => logger.error({ ...line(fields), ...causeOf(cause) }),
  };
}

/** A log that writes nothing. */
export const SILENT_LOG: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

function allowed(fields: LogFields, strict: boolean): Record<string, string | number> {
  const line: Record<string, string | number> = {};
  let dropped = 0;
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const look = Object.hasOwn(KEYS, key) ? KEYS[key as Key] : null;
    if (look === undefined && typeof value === 'number') {
      line[key] = value;
    } else if (look instanceof RegExp && typeof value === 'string') {
      line[key] = look.test(value) ? value : shape(value);
    } else if (strict) {
      throw new Error(`${key} is no key of a log line`);
    } else {
      dropped += 1;
    }
  }
  return dropped === 0 ? line : { ...line, dropped };
}

const REFUSALS = new Set(['Refusal', 'Refusals', 'Fault']);

const MAX_CAUSES = 4;
const MAX_FRAMES = 12;

function causeOf(cause: unknown): { causes?: readonly object[] } {
  if (cause === undefined) return {};
  const causes: object[] = [];
  let current: unknown = cause;
  while (current !== undefined && current !== null && causes.length < MAX_CAUSES) {
    // An error of another realm is an error too.
    if (!types.isNativeError(current)) {
      causes.push(strangerOf(current));
      break;
    }
    const { code } = current as { code?: unknown };
    // A refusal may come from another's message: its words are for the caller, its code is for us.
    const isRefusal = REFUSALS.has(current.name);
    causes.push({
      name: current.name,
      ...(typeof code === 'string' && NAME.test(code) ? { code } : {}),
      ...(isRefusal ? {} : { text: withoutPersons(current.message), at: framesOf(current) }),
    });
    current = current.cause;
  }
  return { causes };
}

/** What a driver throws that is no error of the language: libsql's SqliteError is one. */
function strangerOf(thrown: unknown): object {
  const { name, code, message } = Object(thrown) as Record<string, unknown>;
  return {
    name: typeof name === 'string' && NAME.test(name) ? name : typeof thrown,
    ...(typeof code === 'string' && NAME.test(code) ? { code } : {}),
    ...(typeof message === 'string' ? { text: withoutPersons(message) } : {}),
  };
}

/** Our own words stay; what is quoted, what is a long number and what is not ASCII may be someone's. */
function withoutPersons(text: string): string {
  return text
    .slice(0, 500)
    .replace(/"[^"]*"|'[^']*'|`[^`]*`/g, (quoted) => shape(quoted))
    .replace(/\d{4,}/g, (digits) => shape(digits))
    .replace(/[^\x20-\x7e]+/g, (other) => shape(other));
}

function framesOf({ stack }: Error): readonly string[] {
  return (stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, MAX_FRAMES)
    .map((line) => line.trim().slice(3));
}
