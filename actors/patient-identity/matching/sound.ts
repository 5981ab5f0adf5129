import { cleaned } from './kanji.ts';

const LARGE: Readonly<Record<string, string>> = {
  ァ: 'ア',
  ィ: 'イ',
  ゥ: 'ウ',
  ェ: 'エ',
  ォ: 'オ',
  ャ: 'ヤ',
  ュ: 'ユ',
  ョ: 'ヨ',
  ッ: 'ツ',
  ヮ: 'ワ',
  ヂ: 'ジ',
  ヅ: 'ズ',
  ヲ: 'オ',
  ヱ: 'エ',
  ヰ: 'イ',
  ヵ: 'カ',
  ヶ: 'ケ',
};

/**
 * Kana as they are compared letter by letter: full width, katakana, small letters large, ヂ as ジ, ヅ as ズ, ヲ as オ, ヴァ as
 * バ. Long vowels and voicing are kept.
 */
export function foldedKana(text: string): string {
  let joined = spelledKana(text);
  for (const [pair, letter] of JOINED) joined = joined.replaceAll(pair, letter);
  return joined;
}

/** As folded, but letter by letter: ヴァ as ブア. Only so is the beginning of a name what the name begins with. */
export function spelledKana(text: string): string {
  return cleaned(text)
    .replace(/[ァ-ヶヰヱ]/g, (letter) => LARGE[letter] ?? letter)
    .replaceAll('ヴ', 'ブ');
}

/** Two letters that are folded to one. */
const JOINED = [
  ['ブア', 'バ'],
  ['ブイ', 'ビ'],
  ['ブエ', 'ベ'],
  ['ブオ', 'ボ'],
] as const;

/** How folded kana can begin whose spelling begins so: the last letter may be the first of two that are folded to one. */
export function beginningsOfKana(text: string): readonly string[] {
  const folded = foldedKana(text);
  const cut = JOINED.filter(([[first = '']]) => folded.endsWith(first));
  return [folded, ...cut.map(([, letter]) => folded.slice(0, -1) + letter)];
}

const CONSONANTS: readonly (readonly [string, string])[] = [
  ['', 'アイウエオ'],
  ['K', 'カキクケコ'],
  ['S', 'サシスセソ'],
  ['T', 'タチツテト'],
  ['N', 'ナニヌネノ'],
  ['H', 'ハヒフヘホ'],
  ['M', 'マミムメモ'],
  ['R', 'ラリルレロ'],
  ['G', 'ガギグゲゴ'],
  ['Z', 'ザジズゼゾ'],
  ['D', 'ダ  デド'],
  ['B', 'バビブベボ'],
  ['P', 'パピプペポ'],
];
const LETTERS = new Map<string, string>([
  ...CONSONANTS.flatMap(([consonant, row]) =>
    [...row].map((kana, at) => [kana, consonant + ('AIUEO'[at] ?? '')] as const),
  ),
  ['ヤ', 'YA'],
  ['ユ', 'YU'],
  ['ヨ', 'YO'],
  ['ワ', 'WA'],
  ['ン', 'N'],
  ['ー', '-'],
]);

/** Long vowels short, contracted syllables as one: for both, kana and Latin letters. */
function folded(latin: string): string {
  return latin
    .replace(/([KSTNHMRGZBP])I(?=Y[AUO])/g, '$1')
    .replace(/([AIUEO])-+/g, '$1')
    .replace(/O[UO]+|OH(?![AIUEO])/g, 'O')
    .replace(/UU+/g, 'U')
    .replace(/E[IE]+/g, 'E')
    .replace(/AA+/g, 'A')
    .replace(/II+/g, 'I')
    .replace(/-/g, '');
}

/** The sound of folded kana in Latin letters, long vowels short: オオノ, オウノ, オーノ and OHNO are one. */
export function soundOfKana(kana: string): string {
  let latin = '';
  for (const letter of kana) latin += LETTERS.get(letter) ?? letter;
  // トホル is the old spelling of トオル: ho after an o, inside a word, is a long vowel.
  return folded(latin.replace(/(?<=[KSTNMRGZDBPYH]O)HO/g, 'O'));
}

/** The sound of Latin letters, Hepburn or Kunrei, by which it can be compared with that of kana. */
export function soundOfRomaji(text: string): string {
  const plain = text
    .normalize('NFKD')
    .replace(/[\u0302\u0304]/g, '-')
    .toUpperCase()
    .replace(/[^A-Z-]/g, '')
    .replace(/L/g, 'R')
    .replace(/M(?=[BMP])/g, 'N')
    .replace(/SH/g, 'SY')
    .replace(/[TC]CH/g, 'TTY')
    .replace(/CH/g, 'TY')
    .replace(/TS/g, 'T')
    .replace(/J/g, 'ZY')
    // JYU and SHYU are typed for JU and SHU.
    .replace(/YY/g, 'Y')
    .replace(/DZ/g, 'Z')
    .replace(/F/g, 'H')
    .replace(/V/g, 'B')
    .replace(/DU/g, 'ZU')
    .replace(/DI/g, 'ZI')
    .replace(/([SZT])YI/g, '$1I')
    .replace(/([SZT])Y(?=E)/g, '$1');
  // A doubled consonant is a small tsu.
  return folded(plain.replace(/([KSTHRGZDBP])(?=\1)/g, 'TU'));
}

const UNVOICED: Readonly<Record<string, string>> = { G: 'K', Z: 'S', D: 'T', B: 'H', P: 'H' };

/** The sound without voicing: ヤマザキ and ヤマサキ are one. */
export function plainSound(sound: string): string {
  return sound.replace(/[GZDBP]/g, (letter) => UNVOICED[letter] ?? letter).replace(/SIY/g, 'SY');
}

/** How two names sound alike, the closest first. `near`: one kana differs. */
export type SoundAgreement = 'equal' | 'same sound' | 'voicing' | 'near' | 'different' | 'missing';

/** A part of a name as it sounds. */
export interface Sound {
  /** Folded kana; empty where only Latin letters are known. */
  readonly kana: string;
  readonly latin: string;
}

/** Compares two sounds. */
export function compareSounds(one: Sound, other: Sound): SoundAgreement {
  if (one.latin === '' || other.latin === '') return 'missing';
  if (one.kana !== '' && one.kana === other.kana) return 'equal';
  if (one.latin === other.latin) return 'same sound';
  if (plainSound(one.latin) === plainSound(other.latin)) return 'voicing';
  const [a, b] =
    one.kana !== '' && other.kana !== '' ? [one.kana, other.kana] : [one.latin, other.latin];
  return Math.min(a.length, b.length) >= 3 && isOneEditApart(a, b) ? 'near' : 'different';
}

/** True when one letter was replaced, dropped, added, or two neighbours changed places. */
export function isOneEditApart(one: string, other: string): boolean {
  const [short, long] = one.length <= other.length ? [one, other] : [other, one];
  if (long.length - short.length > 1) return false;
  let at = 0;
  while (at < short.length && short[at] === long[at]) at += 1;
  if (short.length < long.length) return short.slice(at) === long.slice(at + 1);
  if (short.slice(at + 1) === long.slice(at + 1)) return true;
  const swapped = short[at] === long[at + 1] && short[at + 1] === long[at];
  return swapped && short.slice(at + 2) === long.slice(at + 2);
}
