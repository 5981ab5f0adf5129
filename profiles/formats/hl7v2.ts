import { Refusal } from '../refusal.ts';
import { shape } from './datatypes.ts';
import { ASCII, type CharacterSets, characterSetsOf, decodeText, UTF_8 } from './hl7v2-charsets.ts';

/** The characters that divide a message, as MSH-1 and MSH-2 name them. */
export interface Delimiters {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escape: string;
  readonly subcomponent: string;
}

/** What every message is written with here. */
export const STANDARD: Delimiters = {
  field: '|',
  component: '^',
  repetition: '~',
  escape: '\\',
  subcomponent: '&',
};

/** One segment; it is divided when it is looked at, so that a message of delimiters costs nothing. */
export interface V2Segment {
  readonly name: string;
  /** Which one of its name in the message, from 1. */
  readonly sequence: number;
  /** As it came, without its end. */
  readonly text: string;
  readonly delimiters: Delimiters;
}

/** A message, and how its octets were read. */
export interface V2Message {
  readonly segments: readonly V2Segment[];
  /** The character sets to answer in. */
  readonly sets: CharacterSets;
  /** What the octets were, against MSH-18. */
  readonly oddities: readonly string[];
}

/** One repetition of a field, and where it stands. */
export interface V2Repetition {
  /** With its components, as it came. */
  readonly text: string;
  readonly segment: V2Segment;
  readonly field: number;
  /** From 1. */
  readonly repetition: number;
}

/** More of either is refused, or not looked at. */
export const V2_LIMITS = {
  segments: 2_000,
  fields: 300,
  repetitions: 500,
  components: 100,
} as const;

/** The value that deletes: two quote characters. Source: HL7 v2.5 section 2.5.3. */
export const NULL = '""';

/**
 * Reads octets: MSH-18 says in which character set, before anything is divided.
 *
 * @throws Refusal 100 when there is no MSH segment or there are too many; 102 when they are no text; 103 for a character set
 */
export function readV2(octets: Uint8Array): V2Message {
  const header = headerOf(octets);
  const sets = characterSetsOf(
    fieldText(header, 18).replaceAll(header.delimiters.repetition, '~'),
    fieldText(header, 20),
  );
  const { text, sets: found, oddities } = decodeText(octets, sets);
  return { ...parseV2(text), sets: found, oddities };
}

/** Divides a text into its segments. @throws Refusal 100 */
export function parseV2(text: string): V2Message {
  const lines = text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\r|\n/, V2_LIMITS.segments + 1)
    .filter((line) => line.trim() !== '');
  if (lines.length > V2_LIMITS.segments)
    throw notAMessage(`more than ${V2_LIMITS.segments} segments`);
  const delimiters = delimitersOf(lines[0] ?? '');
  const counted = new Map<string, number>();
  const segments = lines.map((line): V2Segment => {
    const name = line.split(delimiters.field, 1)[0] ?? '';
    if (!/^[A-Z][A-Z0-9]{2}$/.test(name)) throw notAMessage(`a segment is called ${shape(name)}`);
    const sequence = (counted.get(name) ?? 0) + 1;
    counted.set(name, sequence);
    return { name, sequence, text: line, delimiters };
  });
  return { segments, sets: isAscii(text) ? ASCII : UTF_8, oddities: [] };
}

function isAscii(text: string): boolean {
  return !/[^\0-\u007f]/.test(text);
}

function notAMessage(why: string): Refusal {
  return new Refusal('100', `expected an HL7 v2 message: ${why}`, { location: 'MSH^1' });
}

/**
 * What can be known of a message that cannot be read: its MSH segment, as single octets. For an answer to it.
 *
 * @returns a message with an empty MSH where there is nothing to know
 */
export function headerAlone(octets: Uint8Array): V2Message {
  try {
    const header = headerOf(octets);
    const text = isAscii(header.text) ? header.text : header.text.replaceAll(/[^\0-\u007f]/g, '?');
    return { segments: [{ ...header, text }], sets: ASCII, oddities: [] };
  } catch {
    return parseV2('MSH|^~\\&');
  }
}

/** The MSH segment, read as single octets: its text in two octets a character may look like delimiters, and is cut out. */
function headerOf(octets: Uint8Array): V2Segment {
  const ends = octets.findIndex((octet) => octet === 0x0d || octet === 0x0a);
  const line = Buffer.from(octets.subarray(0, ends === -1 ? octets.length : ends))
    .toString('latin1')
    .replace(/^ï»¿/, '')
    .replaceAll(/\u001b\$[@B(][^\u001b]*\u001b\([BIJ]/g, '');
  return { name: 'MSH', sequence: 1, text: line, delimiters: delimitersOf(line) };
}

function delimitersOf(line: string): Delimiters {
  const text = line.replace(/^\ufeff/, '');
  if (!text.startsWith('MSH')) throw notAMessage('it does not begin with MSH');
  const [field = '', component = '', repetition = '', backslash = '', subcomponent = ''] =
    text.slice(3);
  const all = [field, component, repetition, backslash, subcomponent];
  const isEachItsOwn = new Set(all).size === 5 && all.every((one) => /^[!-/:-@[-`{-~]$/.test(one));
  const isDivided = text[8] === field || text.length === 8;
  if (!isEachItsOwn || !isDivided) throw notAMessage('MSH-1 and MSH-2 do not name five delimiters');
  return { field, component, repetition, escape: backslash, subcomponent };
}

/** Where something stands in a message, as ERR-2 writes it: trailing parts may be left out. */
export function locationOf(segment: string, ...numbers: readonly (number | undefined)[]): string {
  return [segment, ...numbers.filter((number) => number !== undefined)].join('^');
}

/** The only segment of this name. @throws Refusal 100 when there is none or another */
export function requireSegment(message: V2Message, name: string): V2Segment {
  const [only, another] = segmentsOf(message, name);
  if (only === undefined)
    throw new Refusal('100', `${name} is required`, { location: `${name}^1` });
  if (another !== undefined) {
    throw new Refusal('100', `one ${name} in a message`, { location: `${name}^2` });
  }
  return only;
}

export function segmentsOf({ segments }: V2Message, name: string): readonly V2Segment[] {
  return segments.filter((segment) => segment.name === name);
}

/** The text of a field with all its delimiters; empty where it is not there. MSH counts its first delimiter as a field. */
export function fieldText({ name, text, delimiters }: V2Segment, field: number): string {
  const parts = text.split(delimiters.field, V2_LIMITS.fields);
  if (name !== 'MSH') return parts[field] ?? '';
  return field === 1 ? delimiters.field : (parts[field - 1] ?? '');
}

/** The repetitions of a field that say something, each with its number; null ones are among them. */
export function repetitionsOf(segment: V2Segment, field: number): readonly V2Repetition[] {
  const text = fieldText(segment, field);
  if (text === '') return [];
  return text
    .split(segment.delimiters.repetition, V2_LIMITS.repetitions)
    .map((one, index) => ({ text: one, segment, field, repetition: index + 1 }))
    .filter((one) => one.text !== '');
}

/** A component or, of those, a subcomponent, unescaped; undefined where it is empty or null. Both count from 1. */
export function componentOf(
  { text, segment: { delimiters } }: V2Repetition,
  component: number,
  subcomponent = 1,
): string | undefined {
  const parts = text.split(delimiters.component, V2_LIMITS.components);
  const subs = (parts[component - 1] ?? '').split(delimiters.subcomponent, V2_LIMITS.components);
  const value = subs[subcomponent - 1] ?? '';
  return value === '' || value === NULL ? undefined : unescapeText(value, delimiters);
}

/** The first component of the first repetition: what a field of one value says. */
export function textOf(segment: V2Segment, field: number): string | undefined {
  const [first] = repetitionsOf(segment, field);
  return first && componentOf(first, 1);
}

/** True where a field is to be deleted. */
export function isNullField(segment: V2Segment, field: number): boolean {
  return fieldText(segment, field).trim() === NULL;
}

/** True where a field says something, be it that it is to be deleted. */
export function isSaid(segment: V2Segment, field: number): boolean {
  const text = fieldText(segment, field);
  return text !== '' && [...text].some((one) => !Object.values(segment.delimiters).includes(one));
}

/** The location of a repetition or a part of it. */
export function placeOf(
  { segment, field, repetition }: V2Repetition,
  component?: number,
  subcomponent?: number,
): string {
  const { name, sequence } = segment;
  return locationOf(name, sequence, field, repetition, component, subcomponent);
}

const ESCAPED = {
  F: 'field',
  S: 'component',
  T: 'subcomponent',
  R: 'repetition',
  E: 'escape',
} as const;

/** Text without its escape sequences; one that is not known stays as it is. Source: HL7 v2.5 section 2.7. */
export function unescapeText(text: string, delimiters: Delimiters = STANDARD): string {
  const { escape: backslash } = delimiters;
  if (!text.includes(backslash)) return text;
  const parts = text.split(backslash);
  let plain = parts[0] ?? '';
  let index = 1;
  while (index < parts.length) {
    const sequence = parts[index] ?? '';
    const isClosed = index + 1 < parts.length;
    const meant = isClosed ? meaningOf(sequence, delimiters) : undefined;
    if (meant === undefined) {
      plain += backslash + sequence;
      index += 1;
    } else {
      plain += meant + (parts[index + 1] ?? '');
      index += 2;
    }
  }
  return plain;
}

function meaningOf(sequence: string, delimiters: Delimiters): string | undefined {
  if (sequence === '.br') return '\n';
  if (/^X(?:[0-9A-Fa-f]{2})+$/.test(sequence)) {
    const octets = Buffer.from(sequence.slice(1), 'hex');
    const utf8 = octets.toString('utf8');
    return utf8.includes('\ufffd') ? octets.toString('latin1') : utf8;
  }
  if (!Object.hasOwn(ESCAPED, sequence)) return undefined;
  return delimiters[ESCAPED[sequence as keyof typeof ESCAPED]];
}

/** Text with delimiters, line ends and controls as escape sequences. */
export function escapeText(text: string): string {
  return text.replaceAll(/\r\n|[|^~\\&\u0000-\u001f]/g, (one) => {
    switch (one) {
      case '|':
        return '\\F\\';
      case '^':
        return '\\S\\';
      case '&':
        return '\\T\\';
      case '~':
        return '\\R\\';
      case '\\':
        return '\\E\\';
      case '\r\n':
      case '\r':
      case '\n':
        return '\\.br\\';
      default:
        return `\\X${Buffer.from(one).toString('hex').toUpperCase()}\\`;
    }
  });
}

/** A component: one text, or its subcomponents. */
export type V2Component = string | undefined | readonly (string | undefined)[];
/** A field to write: one text, or repetitions of components. */
export type V2Field =
  | string
  | undefined
  | readonly (readonly V2Component[])[]
  /** A field as it came, with its delimiters. */
  | { readonly echo: string };

/** Writes a segment by the numbers of its fields, without trailing delimiters and without its end. */
export function writeSegment(name: string, fields: Readonly<Record<number, V2Field>>): string {
  const last = Math.max(0, ...Object.keys(fields).map(Number));
  const from = name === 'MSH' ? 3 : 1;
  const texts: string[] = [];
  for (let number = from; number <= last; number += 1) texts.push(writeField(fields[number]));
  const start = name === 'MSH' ? ['MSH', '^~\\&'] : [name];
  return trimmed([...start, ...texts], '|');
}

function writeField(field: V2Field): string {
  if (field === undefined) return '';
  if (typeof field === 'string') return field === NULL ? NULL : escapeText(field);
  if ('echo' in field) return field.echo;
  return trimmed(field.map(writeRepetition), '~');
}

function writeRepetition(components: readonly V2Component[]): string {
  return trimmed(
    components.map((component) =>
      typeof component === 'string' || component === undefined
        ? escapeText(component ?? '')
        : trimmed(
            component.map((one) => escapeText(one ?? '')),
            '&',
          ),
    ),
    '^',
  );
}

function trimmed(parts: readonly string[], delimiter: string): string {
  let last = parts.length;
  while (last > 0 && parts[last - 1] === '') last -= 1;
  return parts.slice(0, last).join(delimiter);
}

/** A whole message: each segment, the last one too, ends with CR. */
export function writeV2(segments: readonly string[]): string {
  return segments.map((segment) => `${segment}\r`).join('');
}

/** A segment as it came, but with the delimiters that messages are written with here. */
export function echoOf({ text, delimiters }: Pick<V2Segment, 'text' | 'delimiters'>): string {
  const pairs = (Object.keys(STANDARD) as (keyof Delimiters)[]).map(
    (name) => [delimiters[name], STANDARD[name]] as const,
  );
  if (pairs.every(([from, to]) => from === to)) return text;
  const table = new Map(pairs);
  return [...text].map((one) => table.get(one) ?? literalOf(one)).join('');
}

/** A character that delimits only in what we write has to be escaped there. */
function literalOf(character: string): string {
  return Object.values(STANDARD).includes(character) ? escapeText(character) : character;
}

/** The field in which a character of a text stands: `PID^1^5`. */
export function placeAt(text: string, index: number): string {
  const lines = text.slice(0, index).split('\r');
  const name =
    (lines.at(-1) ?? '').length < 3
      ? text.slice(index, index + 3)
      : (lines.at(-1) ?? '').slice(0, 3);
  const sequence = lines.filter((line) => line.startsWith(name)).length;
  const before = (lines.at(-1) ?? '').split(STANDARD.field).length - 1;
  return locationOf(name, sequence, name === 'MSH' ? before + 1 : before);
}
