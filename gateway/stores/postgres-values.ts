/** A value in a form that no column of ours has. */
export class ValueRefused extends TypeError {}

/** Types of columns and of what is computed from them, by PostgreSQL's number for the type. */
const TYPE = {
  bool: 16,
  bytea: 17,
  name: 19,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  unknown: 705,
  varchar: 1043,
  numeric: 1700,
  void: 2278,
} as const;

const asText = (value: string) => value;

const PARSERS: ReadonlyMap<number, (value: string) => unknown> = new Map<
  number,
  (value: string) => unknown
>([
  // SQLite has no truth values: a comparison is 1 or 0 there.
  [TYPE.bool, (value) => (value === 't' ? 1 : 0)],
  [TYPE.bytea, octetsOf],
  [TYPE.int2, integerOf],
  [TYPE.int4, integerOf],
  [TYPE.int8, integerOf],
  // The sum of integers.
  [TYPE.numeric, integerOf],
  [TYPE.name, asText],
  [TYPE.text, asText],
  [TYPE.unknown, asText],
  [TYPE.varchar, asText],
  [TYPE.void, () => null],
]);

/**
 * How a value that PostgreSQL writes as text is read, so that both engines give the same: text, a number in the safe range,
 * octets. A column of another type is refused when its first value comes.
 */
export function fromPostgres(type: number): (value: string) => unknown {
  return PARSERS.get(type) ?? refused(type);
}

function refused(type: number): () => never {
  return () => {
    throw new ValueRefused(
      `a column of PostgreSQL's type ${type} is none of text, integer, octets`,
    );
  };
}

function integerOf(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new ValueRefused('an integer beyond the safe range');
  return value;
}

/** `\x00ff`, as `bytea_output=hex` writes it; the other form is refused. */
function octetsOf(text: string): Uint8Array {
  if (!text.startsWith('\\x')) throw new ValueRefused('octets that are not written in hexadecimal');
  const octets = Buffer.from(text.slice(2), 'hex');
  return new Uint8Array(octets.buffer, octets.byteOffset, octets.byteLength);
}

/** A statement with `$1`, `$2` … for its question marks, in their order. */
export function numberedMarks(text: string): string {
  let number = 0;
  return text.replaceAll('?', () => {
    number += 1;
    return `$${number}`;
  });
}
