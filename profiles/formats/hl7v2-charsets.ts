import { Refusal } from '../refusal.ts';
import { shape } from './datatypes.ts';
import { jisX0208 } from './jis.ts';
import { decodeIso2022, GETA, writeIso2022 } from './iso-2022.ts';

/** What MSH-18 names, one repetition each. Source: HL7 v2.5 table 0211. */
export type CharacterSetName =
  | 'ASCII'
  | '8859/1'
  | '8859/15'
  | 'UNICODE UTF-8'
  | 'ISO IR87'
  | 'ISO IR159'
  | 'ISO IR14'
  | 'ISO IR13'
  | 'EUC-JP'
  | 'CP932';

/** The character sets of a message. */
export interface CharacterSets {
  /** MSH-18 as it is written, `~ISO IR87` with its tilde; empty for ASCII. */
  readonly declared: string;
  /** MSH-20, where the message switches between sets. */
  readonly handling?: string;
  /** The sets named, in order; an empty repetition is ASCII. Never empty. */
  readonly names: readonly CharacterSetName[];
}

/** Octets as text, and what was odd about them. */
export interface DecodedText {
  readonly text: string;
  /** The sets to answer in: those declared, or the one found where none was. */
  readonly sets: CharacterSets;
  /** How the octets departed from what MSH-18 says; no octet of the message. */
  readonly oddities: readonly string[];
}

/** A character that a set does not have. */
export interface LostCharacter {
  /** Its place in the text, in UTF-16 units. */
  readonly index: number;
  /** What is sent for it. */
  readonly instead: string;
}

const NAMES: Readonly<Record<string, CharacterSetName>> = {
  '': 'ASCII',
  ASCII: 'ASCII',
  'ISO IR6': 'ASCII',
  '8859/1': '8859/1',
  '8859/15': '8859/15',
  'UNICODE UTF-8': 'UNICODE UTF-8',
  UNICODE: 'UNICODE UTF-8',
  'UTF-8': 'UNICODE UTF-8',
  UTF8: 'UNICODE UTF-8',
  'ISO IR87': 'ISO IR87',
  'ISO IR159': 'ISO IR159',
  'ISO IR14': 'ISO IR14',
  'ISO IR13': 'ISO IR13',
  'EUC-JP': 'EUC-JP',
  EUCJP: 'EUC-JP',
  CP932: 'CP932',
  MS932: 'CP932',
  'WINDOWS-31J': 'CP932',
  SHIFT_JIS: 'CP932',
  SJIS: 'CP932',
};

/** UTF-8, declared: what to write where nobody asks for anything else. */
export const UTF_8: CharacterSets = { declared: 'UNICODE UTF-8', names: ['UNICODE UTF-8'] };

/** No declaration at all. */
export const ASCII: CharacterSets = { declared: '', names: ['ASCII'] };

/** What SS-MIX2 and JAHIS write. */
export const ISO_IR87: CharacterSets = {
  declared: '~ISO IR87',
  handling: 'ISO 2022-1994',
  names: ['ASCII', 'ISO IR87'],
};

const MSH_18 = 'MSH^1^18';

/**
 * Reads MSH-18 and MSH-20 as they are written.
 *
 * @throws Refusal 103 for a set that is not read here
 */
export function characterSetsOf(declared: string, handling = ''): CharacterSets {
  const names = declared.split('~').map((name) => {
    const known = NAMES[name.trim().toUpperCase()];
    if (known !== undefined) return known;
    const context = `expected a character set that is read here, received ${shape(name)}`;
    throw new Refusal('103', context, { location: MSH_18 });
  });
  return { declared, names, ...(handling === '' ? {} : { handling }) };
}

const isJis = (name: CharacterSetName) => name.startsWith('ISO IR');

/**
 * Octets of a message as text.
 *
 * Where a Japanese set is declared, octets are read as ISO-2022-JP; where there are octets with the eighth bit, which that
 * has not, they are what such systems really send: half-width kana beside kanji that an escape sequence begins, else UTF-8
 * where they are well-formed, else CP932. What is not declared is found out alike, but CP932 is not guessed: nothing in the
 * message says that it is Japanese.
 *
 * @throws Refusal 102 when they are not text of any of these sets
 */
export function decodeText(octets: Uint8Array, sets: CharacterSets): DecodedText {
  const only = sets.names.length === 1 ? sets.names[0] : undefined;
  const isHigh = octets.some((octet) => octet > 0x7f);
  switch (only) {
    case 'UNICODE UTF-8':
      return { text: strictly('utf-8', octets), sets, oddities: [] };
    case '8859/1':
      return { text: Buffer.from(octets).toString('latin1'), sets, oddities: [] };
    case '8859/15':
      return { text: strictly('iso-8859-15', octets), sets, oddities: [] };
    case 'EUC-JP':
      return { text: corrected(strictly('euc-jp', octets)), sets, oddities: [] };
    case 'CP932':
      return { text: corrected(strictly('shift_jis', octets)), sets, oddities: [] };
    default:
  }
  if (!isHigh) return decodedJis(octets, sets);
  if (isKanaAlone(octets)) {
    if (sets.names.includes('ISO IR13')) return decodedJis(octets, sets);
    if (switchesToKanji(octets)) return withOddity('kana-undeclared', decodedJis(octets, sets));
  }
  return decodedHigh(octets, sets);
}

/** Of the octets with the eighth bit each is a kana of JIS X 0201; UTF-8 and CP932 have others in Japanese text. */
function isKanaAlone(octets: Uint8Array): boolean {
  return octets.every((octet) => octet <= 0x7f || (octet >= 0xa1 && octet <= 0xdf));
}

/** ESC and `$`: what follows is of two octets a character. */
function switchesToKanji(octets: Uint8Array): boolean {
  return octets.some((octet, at) => octet === 0x1b && octets[at + 1] === 0x24);
}

function withOddity(oddity: string, decoded: DecodedText): DecodedText {
  return { ...decoded, oddities: [oddity, ...decoded.oddities] };
}

function decodedJis(octets: Uint8Array, sets: CharacterSets): DecodedText {
  const { text, used, oddities } = decodeIso2022(octets);
  const isUndeclared = used && !sets.names.some(isJis);
  return {
    text,
    sets: isUndeclared ? ISO_IR87 : sets,
    oddities: isUndeclared ? ['iso-2022-undeclared', ...oddities] : oddities,
  };
}

function decodedHigh(octets: Uint8Array, sets: CharacterSets): DecodedText {
  const declaresJis = sets.names.some(isJis);
  const utf8 = attempt('utf-8', octets);
  if (utf8 !== undefined) {
    const isDeclared = declaresJis || sets.names.includes('UNICODE UTF-8');
    return { text: utf8, sets: isDeclared ? sets : UTF_8, oddities: ['utf-8-undeclared'] };
  }
  const cp932 = declaresJis ? attempt('shift_jis', octets) : undefined;
  if (cp932 !== undefined) {
    return { text: corrected(cp932), sets, oddities: ['cp932-undeclared'] };
  }
  throw unreadable(sets.names.join(', '));
}

function strictly(encoding: string, octets: Uint8Array): string {
  const text = attempt(encoding, octets);
  if (text === undefined) throw unreadable(encoding);
  return text;
}

function attempt(encoding: string, octets: Uint8Array): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    return undefined;
  }
}

function unreadable(expected: string): Refusal {
  return new Refusal('102', `the message is not text in ${expected}`, { location: MSH_18 });
}

/** Full-width twins, as Windows reads these octets, back to the characters of JIS X 0208. */
const TWINS: Readonly<Record<string, string>> = {
  '～': '〜',
  '∥': '‖',
  '－': '−',
  '￠': '¢',
  '￡': '£',
  '￢': '¬',
};

function corrected(text: string): string {
  return text.replaceAll(/[～∥－￠￡￢]/gu, (twin) => TWINS[twin] ?? twin);
}

/** Octets of a text, and the characters for which something else stands. */
export interface EncodedText {
  readonly octets: Uint8Array;
  readonly lost: readonly LostCharacter[];
}

/**
 * A text in these character sets.
 *
 * What they do not have is never left out: half-width kana become full-width ones, all else becomes the geta mark (a
 * question mark in a set without it), and every one is named in `lost`.
 */
export function encodeText(text: string, { names }: CharacterSets): EncodedText {
  if (names.includes('UNICODE UTF-8')) return { octets: Buffer.from(text, 'utf8'), lost: [] };
  if (names.some(isJis)) return writeIso2022(text, repertoireOf(names));
  if (names.includes('EUC-JP')) return writeOctets(text, octetsInEuc, GETA);
  if (names.includes('CP932')) return writeOctets(text, octetsInCp932(), GETA);
  const most = names.includes('8859/1') ? 0xff : 0x7f;
  if (names.includes('8859/15')) return writeOctets(text, octetsInLatin9(), '?');
  return writeOctets(
    text,
    (character) => {
      const code = character.codePointAt(0) ?? 0;
      return code <= most ? [code] : undefined;
    },
    '?',
  );
}

function repertoireOf(names: readonly CharacterSetName[]) {
  return { x0212: names.includes('ISO IR159'), kana: names.includes('ISO IR13') };
}

function writeOctets(
  text: string,
  octetsOf: (character: string) => readonly number[] | undefined,
  substitute: string,
): EncodedText {
  const octets: number[] = [];
  const lost: LostCharacter[] = [];
  let index = 0;
  for (const character of text) {
    const own = octetsOf(character);
    if (own === undefined) lost.push({ index, instead: substitute });
    octets.push(...(own ?? octetsOf(substitute) ?? []));
    index += character.length;
  }
  return { octets: Uint8Array.from(octets), lost };
}

function octetsInEuc(character: string): readonly number[] | undefined {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0x7f) return [code];
  if (code >= 0xff61 && code <= 0xff9f) return [0x8e, code - 0xff61 + 0xa1];
  const octets = jisX0208().octetsOf(character);
  return octets === undefined ? undefined : [(octets >> 8) | 0x80, (octets & 0xff) | 0x80];
}

type Inverse = (character: string) => readonly number[] | undefined;
let cp932: Inverse | undefined;
let latin9: Inverse | undefined;

/** Of several octets for one character the first is taken, but NEC's selection of IBM's characters is passed over. */
function octetsInCp932(): Inverse {
  if (cp932) return cp932;
  const inverse = new Map<string, readonly number[]>();
  const take = (...octets: number[]) => {
    const text = attempt('shift_jis', Uint8Array.from(octets));
    if (text === undefined || [...text].length !== 1) return;
    for (const character of new Set([text, corrected(text)])) {
      if (!inverse.has(character)) inverse.set(character, octets);
    }
  };
  for (let octet = 0; octet <= 0xff; octet += 1) take(octet);
  for (let first = 0x81; first <= 0xfc; first += 1) {
    if ((first > 0x9f && first < 0xe0) || first === 0xed || first === 0xee) continue;
    for (let second = 0x40; second <= 0xfc; second += 1) take(first, second);
  }
  cp932 = (character) => inverse.get(character);
  return cp932;
}

function octetsInLatin9(): Inverse {
  if (latin9) return latin9;
  const inverse = new Map<string, readonly number[]>();
  for (let octet = 0; octet <= 0xff; octet += 1) {
    inverse.set(strictly('iso-8859-15', Uint8Array.of(octet)), [octet]);
  }
  latin9 = (character) => inverse.get(character);
  return latin9;
}
