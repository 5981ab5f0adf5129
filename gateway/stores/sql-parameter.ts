/** What a column may hold: text, an integer in the safe range, octets, or nothing. */
export type SqlValue = string | number | Uint8Array | null;

/** A lone half of a surrogate pair: UTF-8 has no form for it, and SQLite would store something else. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Holds a statement's parameters to what both engines take in the same way, before the driver sees them: libsql ends
 * the whole process on a boolean, binds NaN as NULL and cuts a text at NUL.
 *
 * @throws TypeError which names the position and the kind of the value, never the value
 */
export function requireSqlParameters(parameters: readonly unknown[]): readonly SqlValue[] {
  parameters.forEach((value, index) => {
    const fault = faultOf(value);
    if (fault !== undefined) throw new TypeError(`SQL parameter ${index + 1} is ${fault}`);
  });
  return parameters as readonly SqlValue[];
}

function faultOf(value: unknown): string | undefined {
  if (value === null || value instanceof Uint8Array) return undefined;
  if (typeof value === 'string') {
    if (value.includes('\0')) return 'a text with NUL';
    return LONE_SURROGATE.test(value) ? 'a text with a lone surrogate' : undefined;
  }
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? undefined : 'not a safe integer';
  }
  return `of type ${typeof value}`;
}
