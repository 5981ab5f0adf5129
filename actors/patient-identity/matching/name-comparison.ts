import { compareKanji, type KanjiAgreement } from './kanji.ts';
import type { ComparableName, NamePart } from './normalised.ts';
import { compareSounds, type SoundAgreement } from './sound.ts';

/**
 * How two family or given names agree.
 *
 * - `same`: in characters and sound, or in one of them while the other is not known or nearly so
 * - `homophone`: same sound, other characters: 芳江 and 芳枝
 * - `other reading`: same characters, clearly another sound: 幸子 Sachiko and Yukiko
 * - `near`: one character and one kana differ, but not so in given names; or what is left of the characters agrees, and the
 *   sound does not
 * - `swapped`: family and given name in each other's place
 * - `newborn`: one is the word for a child without a name yet
 */
export type NameAgreement =
  | 'same'
  | 'homophone'
  | 'other reading'
  | 'near'
  | 'swapped'
  | 'newborn'
  | 'different'
  | 'missing';

/** The agreement of two names. */
export interface NamesAgreement {
  readonly family: NameAgreement;
  readonly given: NameAgreement;
  /** The given names agree in characters and in sound, nothing missing. */
  readonly isGivenSameInBoth: boolean;
}

const NONE: NamesAgreement = { family: 'missing', given: 'missing', isGivenSameInBoth: false };

const WORTH: Readonly<Record<NameAgreement, number>> = {
  same: 6,
  homophone: 4,
  swapped: 4,
  'other reading': 3,
  near: 3,
  newborn: 1,
  missing: 0,
  different: -4,
};

/** Compares every name of one record with every name of the other; the pair that agrees best counts. */
export function compareNames(
  one: readonly ComparableName[],
  other: readonly ComparableName[],
): NamesAgreement {
  let best = NONE;
  let most = Number.NEGATIVE_INFINITY;
  for (const mine of one) {
    for (const theirs of other) {
      const agreement = compareName(mine, theirs);
      const worth = WORTH[agreement.family] + WORTH[agreement.given];
      if (worth <= most) continue;
      most = worth;
      best = agreement;
    }
  }
  return best;
}

function compareName(one: ComparableName, other: ComparableName): NamesAgreement {
  const given = comparePart(one.given, other.given);
  const family = comparePart(one.family, other.family);
  if (one.isNewborn || other.isNewborn) {
    return { family: family.agreement, given: 'newborn', isGivenSameInBoth: false };
  }
  if (family.agreement === 'different' && given.agreement === 'different') {
    const swapped = [comparePart(one.family, other.given), comparePart(one.given, other.family)];
    if (swapped.every(({ agreement }) => agreement === 'same')) {
      return { family: 'swapped', given: 'swapped', isGivenSameInBoth: false };
    }
  }
  const whole = wholeNames(one, other);
  if (whole) return whole;
  return {
    family: family.agreement,
    // 悠太 and 悠真: one slip of the pen does not change both, but twins are called so.
    given: given.isNearInBoth ? 'different' : given.agreement,
    isGivenSameInBoth: given.isSameInBoth,
  };
}

/** A name that stands as a whole in one field is compared as a whole. */
function wholeNames(one: ComparableName, other: ComparableName): NamesAgreement | undefined {
  const isWhole = ({ given }: ComparableName) => given.kanji === '' && given.sounds.length === 0;
  if (isWhole(one) === isWhole(other)) return undefined;
  const { agreement } = comparePart(whole(one), whole(other));
  if (agreement !== 'same') return undefined;
  return { family: 'same', given: 'same', isGivenSameInBoth: false };
}

function whole({ family, given }: ComparableName): NamePart {
  const [first] = family.sounds;
  const [second = { kana: '', latin: '' }] = given.sounds;
  return {
    kanji: family.kanji + given.kanji,
    sounds: first ? [{ kana: first.kana + second.kana, latin: first.latin + second.latin }] : [],
  };
}

interface PartAgreement {
  readonly agreement: NameAgreement;
  readonly isSameInBoth: boolean;
  /** One character and one kana differ. */
  readonly isNearInBoth: boolean;
}

function comparePart(one: NamePart, other: NamePart): PartAgreement {
  const kanji = compareKanji(one.kanji, other.kanji);
  const sound = bestSound(one, other);
  return {
    agreement: partAgreement(kanji, sound),
    isSameInBoth: kanji === 'equal' && (sound === 'equal' || sound === 'same sound'),
    isNearInBoth: kanji === 'near' && sound === 'near',
  };
}

const CLOSEST: readonly SoundAgreement[] = ['equal', 'same sound', 'voicing', 'near', 'different'];

function bestSound(one: NamePart, other: NamePart): SoundAgreement {
  let best: SoundAgreement = 'missing';
  for (const mine of one.sounds) {
    for (const theirs of other.sounds) {
      const sound = compareSounds(mine, theirs);
      if (sound === 'equal') return sound;
      if (best === 'missing' || CLOSEST.indexOf(sound) < CLOSEST.indexOf(best)) best = sound;
    }
  }
  return best;
}

function partAgreement(kanji: KanjiAgreement, sound: SoundAgreement): NameAgreement {
  const isAlike = sound === 'equal' || sound === 'same sound';
  const isClose = sound === 'voicing' || sound === 'near';
  if (kanji === 'equal') return sound === 'different' ? 'other reading' : 'same';
  // Twins may share all but the character that is lost: then another sound is no other reading, but another name.
  if (kanji === 'wildcard') return sound === 'different' || sound === 'near' ? 'near' : 'same';
  if (kanji === 'missing') {
    if (isAlike) return 'same';
    if (isClose) return 'near';
    return sound === 'missing' ? 'missing' : 'different';
  }
  if (isAlike) return 'homophone';
  if (kanji === 'near' && (isClose || sound === 'missing')) return 'near';
  return 'different';
}
