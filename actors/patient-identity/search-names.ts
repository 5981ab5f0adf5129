import type { PersonName } from '../../profiles/patient.ts';
import { cleaned, foldedKanji, scriptOf, WILDCARD } from './matching/kanji.ts';
import {
  beginningsOfKana,
  foldedKana,
  soundOfKana,
  soundOfRomaji,
  spelledKana,
} from './matching/sound.ts';
import { type NameKeys, nameKey } from './names.ts';

/** A part of a name as it is looked up: the whole of a key, or how it begins. */
export interface PartPattern {
  readonly text: string;
  readonly isPrefix: boolean;
}

/** A name as it is looked up: of each part one of the patterns; a part without any is not compared. */
export interface NamePattern {
  readonly family: readonly PartPattern[];
  readonly given: readonly PartPattern[];
}

/** Letters of a part that are looked at. */
const LONGEST = 100;
/** A part is looked up with a lost character in each of so many places. */
const MOST_LOST = 6;

/** A part in what it is written in, folded, and as it sounds; either may be empty. */
interface Keyed {
  readonly written: string;
  readonly sound: string;
}

function keyed(part: string): Keyed {
  const text = cleaned(part.slice(0, LONGEST));
  if (text === '') return { written: '', sound: '' };
  switch (scriptOf(text)) {
    case 'kana': {
      const letters = foldedKana(text);
      return { written: letters, sound: soundOfKana(letters) };
    }
    case 'latin':
      // Latin letters are looked up by their sound alone: OHNO, ONO and OONO are typed for one another.
      return { written: '', sound: soundOfRomaji(text) };
    default:
      return { written: foldedKanji(text), sound: '' };
  }
}

/**
 * What names are looked up by: each as it is written, with variants of characters, kana and widths folded, and each that has
 * one by its sound. What is sent back is never folded.
 */
export function searchKeysOf(names: readonly PersonName[]): readonly NameKeys[] {
  const found = new Map<string, NameKeys>();
  for (const { family, given } of names) {
    const parts = [keyed(family), keyed(given.join(''))] as const;
    for (const kind of ['written', 'sound'] as const) {
      const keys = { family: parts[0][kind], given: parts[1][kind] };
      if (keys.family !== '' || keys.given !== '') found.set(`${keys.family}|${keys.given}`, keys);
    }
  }
  return [...found.values()];
}

/**
 * How a name that is asked for is looked up. A `*` at the end of a part asks how it begins, and alone asks nothing.
 *
 * @returns undefined for a name that asks nothing; a pattern without a part for an empty one, which is nobody's
 */
export function namePatternOf({
  family,
  given,
}: Pick<PersonName, 'family' | 'given'>): NamePattern | undefined {
  const parts = [askedPart(family), askedPart(given.join(''))] as const;
  if (parts.some((part) => part?.isAny) && parts.every((part) => part?.isAny ?? true)) {
    return undefined;
  }
  const [ofFamily, ofGiven] = parts.map((part) => (part && !part.isAny ? patternsOf(part) : []));
  return { family: ofFamily ?? [], given: ofGiven ?? [] };
}

interface AskedPart {
  readonly text: string;
  readonly isPrefix: boolean;
  readonly isAny: boolean;
}

function askedPart(text: string): AskedPart | undefined {
  const plain = nameKey(text.slice(0, LONGEST));
  if (plain === '') return undefined;
  const isPrefix = plain.endsWith('*');
  const begun = isPrefix ? plain.slice(0, -1) : plain;
  return { text: begun, isPrefix, isAny: begun === '' };
}

function patternsOf({ text, isPrefix }: AskedPart): readonly PartPattern[] {
  const { written, sound } = keyed(text);
  // The beginning of a sound is not the sound of a beginning: コウ would find コンドウ. Latin letters have nothing else.
  const texts =
    isPrefix && written !== ''
      ? [...withLost(written), ...beginningsOf(text)]
      : [...withLost(written), sound];
  return [...new Set(texts)].filter((one) => one !== '').map((one) => ({ text: one, isPrefix }));
}

/**
 * Of kana, how a key begins whose name begins so: a cut pair is folded otherwise than its first letter, and a name that goes on
 * in kanji is folded as kanji.
 */
function beginningsOf(text: string): readonly string[] {
  const begun = cleaned(text);
  return scriptOf(begun) === 'kana' ? [...beginningsOfKana(begun), foldedKanji(begun)] : [];
}

/** Whether a name begins so, kana letter by letter. */
function beginsSo(text: string, part: string): boolean {
  const [begun, whole] = [cleaned(text), cleaned(part)];
  if (begun === '' || scriptOf(begun) !== 'kana') return false;
  if (scriptOf(whole) === 'kanji') return foldedKanji(whole).startsWith(foldedKanji(begun));
  return scriptOf(whole) === 'kana' && spelledKana(whole).startsWith(spelledKana(begun));
}

/** The characters, and the same with one of them lost. A single one that is lost says nothing, but how a name begins. */
function withLost(written: string): readonly string[] {
  if (written === '' || scriptOf(written) !== 'kanji') return [written];
  const characters = [...written];
  const lost = characters
    .slice(0, MOST_LOST)
    .map((_, at) => characters.toSpliced(at, 1, WILDCARD).join(''));
  return [written, ...lost];
}

/** Degrees of 100. Source: ITI TF-2: 3.47.4.2.2, queryMatchObservation; the scale is ours. */
const DEGREE = {
  /** As asked, whatever the width of its letters. */
  same: 100,
  /** By variants of its characters or kana. */
  variant: 95,
  /** It begins as was asked. */
  beginning: 90,
  /** It sounds as was asked. */
  sound: 85,
  /** A character was lost. */
  lost: 80,
} as const;

/** How well one of the names meets what is asked, 80 to 100; undefined where it does not. */
export function nameDegree(
  asked: Pick<PersonName, 'family' | 'given'>,
  names: readonly PersonName[],
): number | undefined {
  const wanted = [askedPart(asked.family), askedPart(asked.given.join(''))];
  if (wanted.every((part) => part === undefined)) return undefined;
  const degrees = names.flatMap(({ family, given }) => {
    const parts = [family, given.join('')].map((text, at) => {
      const part = wanted[at];
      return part === undefined || part.isAny ? DEGREE.same : partDegree(part, text);
    });
    return parts.includes(0) ? [] : [Math.min(...parts)];
  });
  return degrees.length === 0 ? undefined : Math.max(...degrees);
}

/** 0 where it does not agree. */
function partDegree({ text, isPrefix }: AskedPart, part: string): number {
  const raw = nameKey(part);
  if (raw === '') return 0;
  if (isPrefix ? raw.startsWith(text) : raw === text) {
    return isPrefix ? DEGREE.beginning : DEGREE.same;
  }
  const [one, other] = [keyed(text), keyed(part)];
  const agrees = (a: string, b: string) => a !== '' && (isPrefix ? b.startsWith(a) : a === b);
  const withoutLoss = !other.written.includes(WILDCARD);
  if (agrees(one.written, other.written)) {
    if (!withoutLoss) return DEGREE.lost;
    return isPrefix ? DEGREE.beginning : DEGREE.variant;
  }
  if (isPrefix && beginsSo(text, part)) return DEGREE.beginning;
  if (withLost(one.written).some((lost) => agrees(lost, other.written))) return DEGREE.lost;
  return agrees(one.sound, other.sound) && !(isPrefix && one.written !== '') ? DEGREE.sound : 0;
}
