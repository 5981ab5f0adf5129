import { type JisPlane, jisX0208, jisX0212 } from './jis.ts';

/** A set that an escape sequence designates. */
type Designated = 'ascii' | 'kana' | 'x0208' | 'x0212';

/** Escape sequences after ESC, longest first. Source: ISO-2022-JP, RFC 1468; HL7 v2.5 section 2.7.2. */
const ESCAPES: readonly (readonly [string, Designated])[] = [
  ['$(D', 'x0212'],
  ['$(B', 'x0208'],
  ['$(@', 'x0208'],
  ['$B', 'x0208'],
  ['$@', 'x0208'],
  ['(B', 'ascii'],
  // JIS X 0201 roman: its yen and overline stand where backslash and tilde delimit.
  ['(J', 'ascii'],
  ['(I', 'kana'],
  [')I', 'ascii'],
  // Announces that the set which is designated next is that of 1990: nothing more than that of 1983 but for two characters.
  ['&@', 'ascii'],
];

/** The same sequences as escapes of HL7 text, in hexadecimal. Source: HL7 v2.5 section 2.7.3. */
const TEXT_ESCAPES: readonly (readonly [string, Designated])[] = [
  ['\\M242844\\', 'x0212'],
  ['\\M2442\\', 'x0208'],
  ['\\C2842\\', 'ascii'],
  ['\\C284A\\', 'ascii'],
  ['\\C2949\\', 'kana'],
];

const ESC = 0x1b;
/** Stands for a character that cannot be written or read, in Japan and to our own comparison of names. */
export const GETA = '〓';

/** Text in ISO-2022-JP. */
export interface Iso2022Reading {
  readonly text: string;
  /** Whether any escape sequence or kana of eight bits was there. */
  readonly used: boolean;
  /** `jis-extension`: NEC's or IBM's rows; `jis-unassigned`: octets for which there is no character. */
  readonly oddities: readonly string[];
}

/**
 * Reads ISO-2022-JP with JIS X 0201, 0208 and 0212; the state is kept across the whole message, line ends reset it.
 * Octets to which no character is assigned become the geta mark, so that a name shows that something was there.
 */
export function decodeIso2022(octets: Uint8Array): Iso2022Reading {
  const raw = Buffer.from(octets).toString('latin1');
  const oddities = new Set<string>();
  let text = '';
  let used = false;
  let set: Designated = 'ascii';
  let at = 0;
  while (at < raw.length) {
    const switched = switchAt(raw, at);
    if (switched) {
      [set, at] = [switched.set, switched.next];
      used = true;
      continue;
    }
    const octet = raw.charCodeAt(at);
    if (octet === 0x0d || octet === 0x0a) set = 'ascii';
    if (set === 'x0208' || set === 'x0212') {
      const plane = set === 'x0208' ? jisX0208() : jisX0212();
      const found = pairAt(plane, octet, raw.charCodeAt(at + 1));
      if (found.oddity !== undefined) oddities.add(found.oddity);
      text += found.text;
      at += found.length;
      continue;
    }
    const isKana = octet >= 0xa1 && octet <= 0xdf;
    used ||= isKana;
    text += set === 'kana' || isKana ? kanaOf(octet) : String.fromCharCode(octet);
    at += 1;
  }
  return { text, used, oddities: [...oddities] };
}

function switchAt(raw: string, at: number): { set: Designated; next: number } | undefined {
  const octet = raw.charCodeAt(at);
  if (octet === ESC) {
    const found = ESCAPES.find(([sequence]) => raw.startsWith(sequence, at + 1));
    if (found) return { set: found[1], next: at + 1 + found[0].length };
  }
  if (octet !== 0x5c) return undefined;
  const found = TEXT_ESCAPES.find(([sequence]) => raw.startsWith(sequence, at));
  return found && { set: found[1], next: at + found[0].length };
}

function pairAt(
  plane: JisPlane,
  first: number,
  second: number,
): { text: string; length: number; oddity?: string } {
  // A control or a blank inside two-octet text stands for itself.
  if (first <= 0x20 || first > 0x7e) return { text: String.fromCharCode(first), length: 1 };
  if (!(second > 0x20 && second <= 0x7e))
    return { text: GETA, length: 1, oddity: 'jis-unassigned' };
  const found = plane.at(first, second);
  if (!found) return { text: GETA, length: 2, oddity: 'jis-unassigned' };
  if (!found.isStandard) return { text: found.text, length: 2, oddity: 'jis-extension' };
  return { text: found.text, length: 2 };
}

function kanaOf(octet: number): string {
  const seven = octet & 0x7f;
  if (seven < 0x21 || seven > 0x5f) return String.fromCharCode(seven);
  return String.fromCharCode(0xff61 + seven - 0x21);
}

/** What may be used beside ASCII and JIS X 0208. */
export interface JisRepertoire {
  readonly x0212: boolean;
  readonly kana: boolean;
}

interface Written {
  readonly set: Designated;
  readonly octets: readonly number[];
}

const SEQUENCES: Readonly<Record<Designated, readonly number[]>> = {
  ascii: [ESC, 0x28, 0x42],
  kana: [ESC, 0x28, 0x49],
  x0208: [ESC, 0x24, 0x42],
  x0212: [ESC, 0x24, 0x28, 0x44],
};

/**
 * Writes ISO-2022-JP: back in ASCII before every delimiter, since a delimiter is ASCII, and at the end.
 * @returns also what is not in the repertoire, with what stands for it
 */
export function writeIso2022(
  text: string,
  repertoire: JisRepertoire,
): {
  readonly octets: Uint8Array;
  readonly lost: readonly { readonly index: number; readonly instead: string }[];
} {
  const octets: number[] = [];
  const lost: { index: number; instead: string }[] = [];
  let set: Designated = 'ascii';
  const put = (written: Written) => {
    if (written.set !== set) octets.push(...SEQUENCES[written.set]);
    set = written.set;
    octets.push(...written.octets);
  };
  let index = 0;
  while (index < text.length) {
    const character = String.fromCodePoint(text.codePointAt(index) ?? 0);
    const written = writtenOf(character, repertoire);
    if (written) {
      put(written);
      index += character.length;
      continue;
    }
    const { instead, length } = substituteAt(text, index, character);
    const substitute = writtenOf(instead, repertoire);
    lost.push({ index, instead: substitute ? instead : GETA });
    put(substitute ?? { set: 'x0208', octets: [0x22, 0x2e] });
    index += length;
  }
  if (set !== 'ascii') octets.push(...SEQUENCES.ascii);
  return { octets: Uint8Array.from(octets), lost };
}

function writtenOf(character: string, { x0212, kana }: JisRepertoire): Written | undefined {
  const code = character.codePointAt(0) ?? 0;
  // ESC itself would begin a sequence of its own.
  if (code <= 0x7f && code !== ESC) return { set: 'ascii', octets: [code] };
  if (kana && code >= 0xff61 && code <= 0xff9f) {
    return { set: 'kana', octets: [code - 0xff61 + 0x21] };
  }
  const own = jisX0208().octetsOf(character);
  if (own !== undefined) return { set: 'x0208', octets: [own >> 8, own & 0xff] };
  const supplementary = x0212 ? jisX0212().octetsOf(character) : undefined;
  if (supplementary === undefined) return undefined;
  return { set: 'x0212', octets: [supplementary >> 8, supplementary & 0xff] };
}

/** A half-width kana, with its voicing mark, as a full-width one; anything else as the geta mark. */
function substituteAt(
  text: string,
  index: number,
  character: string,
): { instead: string; length: number } {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0xff61 || code > 0xff9f) return { instead: GETA, length: character.length };
  const voiced = text.slice(index, index + 2).normalize('NFKC');
  if (/^.[ﾞﾟ]$/u.test(text.slice(index, index + 2)) && voiced.length === 1) {
    return { instead: voiced, length: 2 };
  }
  const [instead = GETA] = character.normalize('NFKC');
  return { instead, length: 1 };
}
