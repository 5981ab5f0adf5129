import { KANJI_CLASSES, LOOK_ALIKES, LOST } from './character-classes.ts';

/** Stands for a lost character in a folded name. */
export const WILDCARD = '■';

function table(classes: typeof KANJI_CLASSES): ReadonlyMap<string, string> {
  return new Map(
    classes.flatMap(({ characters }) => {
      const [first = '', ...others] = characters;
      return others.map((other) => [other, first] as const);
    }),
  );
}

const FOLDED = table(KANJI_CLASSES);
const RESOLVED = table(LOOK_ALIKES);
const LOST_MARKS = new Set(LOST);

const NOISE = /[\s\u3000\u00B7\u30FB\uFF65\u200B-\u200F]|[\uFE00-\uFE0F]|[\u{E0100}-\u{E01EF}]/gu;
/** ゛ and ゜ behind a kana; NFKC puts a blank before them. */
const LOOSE_MARK = /[\u3099\u309A]/u;
const HIRAGANA = /[\u3041-\u3096]/g;
const KANA_ALONE = /^[\u30A1-\u30FA\u30FC\u30FD\u30FE]+$/;
/** 関が原 is 関ヶ原, too: the small ke is read ga, and written so. */
const GA_BETWEEN_KANJI = /(?<=\p{Script=Han})ガ(?=\p{Script=Han}|$)/gu;
const LATIN = /^[A-Za-z][A-Za-z'.-]*$/;

/** What is written in: characters, kana alone, or Latin letters. */
export type Script = 'kanji' | 'kana' | 'latin';

/** The script of a part of a name after `cleaned`. */
export function scriptOf(text: string): Script {
  if (KANA_ALONE.test(text)) return 'kana';
  return LATIN.test(text) ? 'latin' : 'kanji';
}

/** NFKC, without blanks, middle dots, titles and variation selectors, hiragana as katakana. Never for what is sent back. */
export function cleaned(text: string): string {
  const plain = joined(text.normalize('NFKC'))
    .replace(NOISE, '')
    .replace(/[\u2010-\u2015\u2212\uFF70]/g, '-')
    .replace(/(?<=.)様$/u, '');
  return katakana(plain).replace(/(?<=[\u30A1-\u30FA])-/g, 'ー');
}

/** Kana with the mark of voicing that stands behind them as a character of its own: カ゛ is ガ, as ｶﾞ is. */
function joined(text: string): string {
  if (!LOOSE_MARK.test(text)) return text;
  return text.replace(/\s+(?=[\u3099\u309A])/gu, '').normalize('NFC');
}

/** Hiragana as katakana. */
export function katakana(text: string): string {
  return text.replace(HIRAGANA, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0x60));
}

/**
 * A part of a name as its characters are compared: variants by their class, 々 as the character before it, が between
 * kanji as the small ke, look-alikes as kanji, what was lost as `WILDCARD`.
 */
export function foldedKanji(text: string): string {
  let folded = '';
  let previous = '';
  for (const character of cleaned(text).replace(GA_BETWEEN_KANJI, 'ケ')) {
    let next = character === '々' ? previous : character;
    next = FOLDED.get(next) ?? RESOLVED.get(next) ?? next;
    if (LOST_MARKS.has(next)) next = WILDCARD;
    folded += next;
    previous = next;
  }
  return folded;
}

/** How two folded parts agree. `wildcard`: all that was kept is equal. `near`: one character of several differs. */
export type KanjiAgreement = 'equal' | 'wildcard' | 'near' | 'different' | 'missing';

/** Compares two folded parts of names. A part of wildcards alone is missing. */
export function compareKanji(one: string, other: string): KanjiAgreement {
  if (one === '' || other === '') return 'missing';
  if (one === other && !one.includes(WILDCARD)) return 'equal';
  const a = [...one];
  const b = [...other];
  if (a.length !== b.length) return 'different';
  let kept = 0;
  let wild = 0;
  for (const [at, character] of a.entries()) {
    if (character === WILDCARD || b[at] === WILDCARD) wild += 1;
    else if (character === b[at]) kept += 1;
  }
  const differing = a.length - kept - wild;
  if (differing === 0) return kept > 0 ? 'wildcard' : 'missing';
  return differing === 1 && kept > 0 ? 'near' : 'different';
}
