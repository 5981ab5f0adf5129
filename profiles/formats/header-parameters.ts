import { Fault } from '../refusal.ts';

/** A header field with parameters, taken apart. */
export interface ParameterisedHeader {
  /** What stands before the first semicolon, trimmed. */
  readonly value: string;
  /** By lower-case name, without quotes, comments and encodings. */
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * Takes a header field with parameters apart: values quoted or not, in any order, lines folded, comments in parentheses,
 * long values in numbered pieces, percent-encoded values with their charset.
 *
 * @param what names the field in a refusal: `Content-Type`
 * @throws Fault Sender when it is malformed, or a parameter occurs twice
 * @see RFC 2045, section 5.1; RFC 2231, sections 3 and 4
 */
export function parseParameters(field: string, what: string): ParameterisedHeader {
  const header = withoutComments(field.replace(/\r\n[ \t]+/g, ' '), what).trim();
  const end = header.indexOf(';');
  const value = (end < 0 ? header : header.slice(0, end)).trim();
  const written = new Map<string, string>();
  let at = end < 0 ? header.length : end;
  while (at < header.length) {
    PARAMETER.lastIndex = at;
    const [whole, name, text] = PARAMETER.exec(header) ?? [];
    if (whole === undefined) throw new Fault('Sender', `a malformed ${what}`);
    at += whole.length;
    if (name === undefined || text === undefined) continue;
    const key = name.toLowerCase();
    if (written.has(key)) throw new Fault('Sender', `a ${what} with a parameter twice`);
    const isQuoted = text.startsWith('"');
    written.set(key, isQuoted ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text);
  }
  return { value, parameters: joined(written, what) };
}

/** A semicolon and, mostly, a parameter. Unquoted values may hold what a boundary or Content-ID holds. */
const PARAMETER = /;\s*(?:([^\s;="]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;"]*)\s*)?/y;

/** A comment stands where a value ends or has not begun; a parenthesis inside an unquoted value is the value's. */
function withoutComments(field: string, what: string): string {
  if (!field.includes('(')) return field;
  let kept = '';
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < field.length; at += 1) {
    const character = field.charAt(at);
    const escaped = (depth > 0 || isQuoted) && character === '\\';
    if (depth > 0) {
      if (character === '(') depth += 1;
      else if (character === ')') depth -= 1;
      if (depth === 0) kept += ' ';
    } else if (!isQuoted && character === '(' && /(?:^|[\s;="])$|^[^;]*$/.test(kept)) {
      depth = 1;
    } else {
      if (character === '"') isQuoted = !isQuoted;
      kept += escaped ? character + field.charAt(at + 1) : character;
    }
    if (escaped) at += 1;
  }
  if (depth > 0) throw new Fault('Sender', `a malformed ${what}`);
  return kept;
}

/** Puts `start*0`, `start*1` together and takes `start*` out of its encoding; what has neither stays as it is. */
function joined(written: ReadonlyMap<string, string>, what: string): ReadonlyMap<string, string> {
  if (![...written.keys()].some((name) => name.includes('*'))) return written;
  const malformed = () => new Fault('Sender', `a malformed ${what}`);
  const parameters = new Map<string, string>();
  const pieces = new Map<string, (string | undefined)[]>();
  let left = 0;
  for (const [key, text] of written) {
    const [, name = key, section, encoded] = /^([^*]+)(?:\*(0|[1-9]\d?))?(\*)?$/.exec(key) ?? [];
    if (name.includes('*')) throw malformed();
    const isFirst = section === undefined || section === '0';
    const value = encoded === undefined ? text : decoded(text, isFirst);
    if (value === undefined) throw malformed();
    if (section === undefined) {
      if (parameters.has(name)) throw new Fault('Sender', `a ${what} with a parameter twice`);
      parameters.set(name, value);
      continue;
    }
    const list = pieces.get(name) ?? [];
    list[Number(section)] = value;
    pieces.set(name, list);
    left += 1;
  }
  for (const [name, list] of pieces) {
    left -= list.length;
    if (parameters.has(name)) throw new Fault('Sender', `a ${what} with a parameter twice`);
    parameters.set(name, list.join(''));
  }
  // A piece is missing where the numbers go further than there are pieces.
  if (left !== 0) throw malformed();
  return parameters;
}

/** `UTF-8'en'%3Croot%3E`; only the first piece tells the charset. Undefined for what is not so. */
function decoded(text: string, isFirst: boolean): string | undefined {
  const [, value] = isFirst ? (/^(?:utf-8|us-ascii)'[^']*'(.*)$/i.exec(text) ?? []) : [text, text];
  try {
    return value === undefined ? undefined : decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
