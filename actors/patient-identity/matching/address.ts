import { foldedKanji, WILDCARD } from './kanji.ts';

/** An address as it is compared. */
export interface ComparableAddress {
  /** Seven digits, or empty. */
  readonly postalCode: string;
  /** City, ward, town and 字, folded, without the prefecture; up to the first number. */
  readonly place: string;
  /** 丁目, 番 and 号, or the lot and its branch, in order. */
  readonly numbers: readonly string[];
}

const PREFECTURE = /^(?:東京都|北海道|(?:京都|大阪)府|.{2,3}?県)/u;
const KANJI_DIGITS = '〇一二三四五六七八九';
/** Kanji digits count where a number stands: before a unit, beside a dash or a digit, or at the end. */
const KANJI_NUMBER =
  /[〇一二三四五六七八九十百]+(?=丁目|番|号|ノ\d|[-\d]|$)|(?<=[-\d]|番|番地|丁目)[〇一二三四五六七八九十百]+/gu;
const NUMBER = /^(?<number>\d+)(?:丁目|番地|番|号|-|ノ|の|之|$)*/u;
/** What is typed where no address is known: two who have it live nowhere together. */
const NOWHERE = /^(?:現?住所|住居|居所)?(?:不明|不詳|不定|未詳|未定|無シ|ナシ|同上)$/u;
const LONGEST = 500;

/** An address in one text, or its parts one after the other, as it is compared. */
export function comparableAddress(text: string, postalCode = ''): ComparableAddress {
  const digits = postalCode.normalize('NFKC').replace(/\D/g, '');
  const plain = foldedPlace(text.slice(0, LONGEST));
  const start = plain.search(/\d/);
  const head = start === -1 ? plain : plain.slice(0, start);
  return {
    postalCode: digits.length === 7 && !/^(\d)\1*$/.test(digits) ? digits : '',
    place: NOWHERE.test(head) ? '' : head.replace(/-+$/, ''),
    numbers: start === -1 ? [] : numbersFrom(plain.slice(start)),
  };
}

function foldedPlace(text: string): string {
  const plain = text
    .normalize('NFKC')
    .replace(/[\s,、]+/gu, '')
    .replace(/[\u2010-\u2015\u2212ー](?=[\d〇一二三四五六七八九])/gu, '-')
    .replace(PREFECTURE, '')
    .replace(/大字|小字|(?<=[町村市区])字|字(?=[^字]*\d)/gu, '')
    .replace(/[ヶヵがガケ](?=[丘谷原崎浜島台岡鼻野])/gu, 'ケ')
    .replace(/(?<=\d)[のノ之](?=\d)|(?<=番地?)[のノ之]/gu, '-')
    .replace(KANJI_NUMBER, (number) => String(numberOf(number)));
  return foldedKanji(plain).replaceAll(WILDCARD, '');
}

function numberOf(text: string): number {
  if (!/[十百]/.test(text))
    return Number([...text].map((digit) => KANJI_DIGITS.indexOf(digit)).join(''));
  let total = 0;
  let digit = 0;
  for (const character of text) {
    if (character === '十' || character === '百') {
      total += (digit || 1) * (character === '十' ? 10 : 100);
      digit = 0;
    } else digit = KANJI_DIGITS.indexOf(character);
  }
  return total + digit;
}

function numbersFrom(text: string): readonly string[] {
  const numbers: string[] = [];
  let rest = text;
  for (;;) {
    const found = NUMBER.exec(rest);
    const number = found?.groups?.['number'];
    if (!found || number === undefined || numbers.length === 3) return numbers;
    numbers.push(String(Number(number)));
    rest = rest.slice(found[0].length).replace(/^-+/, '');
    if (found[0] === number) return numbers;
  }
}

/** How two addresses agree. `house`: place and numbers; `area`: place or postal code alone. */
export type AddressAgreement = 'house' | 'area' | 'different' | 'missing';

/** A city, a town or a ward, and nothing inside it: half a million people may live there. */
const CITY_ALONE = /^.[^市区町村]*[市区町村]{1,2}$|^.[^市]*市.[^市区町村]*区$/u;

/**
 * Compares two addresses: the place by postal code or name, then up to three numbers; the building does not count. The city
 * alone is no address in common.
 */
export function compareAddresses(
  one: ComparableAddress,
  other: ComparableAddress,
): AddressAgreement {
  const known = [one, other].every(({ postalCode, place }) => postalCode !== '' || place !== '');
  if (!known) return 'missing';
  const samePostal = one.postalCode !== '' && one.postalCode === other.postalCode;
  const samePlace = samePostal || isPlaceOf(one.place, other.place);
  if (!samePlace) return 'different';
  if (!samePostal && [one, other].some(({ place }) => CITY_ALONE.test(place))) return 'missing';
  return sameNumbers(one.numbers, other.numbers) ? 'house' : 'area';
}

/** One is the other, or the other with a 字 more, or without the city. */
function isPlaceOf(one: string, other: string): boolean {
  const [short, long] = one.length <= other.length ? [one, other] : [other, one];
  if (short.length < 3) return false;
  return long.startsWith(short) || long.endsWith(short);
}

function sameNumbers(one: readonly string[], other: readonly string[]): boolean {
  const count = Math.min(one.length, other.length);
  if (count === 0) return false;
  // One number of two or three says little: then both must have no more.
  if (count === 1 && one.length !== other.length) return false;
  return one.slice(0, count).every((number, at) => number === other[at]);
}
