import { GIVEN_FEMALE, GIVEN_MALE, SINGLE_FEMALE, SINGLE_MALE } from './given-names.ts';
import { pick, type Random, type Weighted, weighted } from './random.ts';
import { FRONT_PARTS, REAR_PARTS, SURNAMES } from './surnames.ts';

/** A family or given name: how it is written, and read in katakana. */
export interface Name {
  readonly kanji: string;
  readonly kana: string;
  /** Other readings that the characters allow. */
  readonly otherReadings: readonly string[];
}

export type Sex = 'M' | 'F';

/**
 * Family names: some two hundred known ones hold 55 of 100 people, about as in the whole country; the rest are made of two
 * parts. Nobody is meant.
 */
export const FAMILY_NAMES: Weighted<Name> = weighted([...knownSurnames(), ...composedSurnames()]);

function knownSurnames(): readonly (readonly [Name, number])[] {
  const rows = SURNAMES.map((line, rank) => {
    const [kanji = '', readings = ''] = line.split(':');
    const [kana = '', ...otherReadings] = readings.split('/');
    // Zipf's law with a shift; fitted by eye to 1.5 % for the first name and half the people for the first 150.
    return [{ kanji, kana, otherReadings }, 1 / (rank + 12)] as const;
  });
  return scaled(rows, 0.55);
}

function composedSurnames(): readonly (readonly [Name, number])[] {
  const rows = FRONT_PARTS.flatMap((front, at) =>
    REAR_PARTS.map((rear, beside) => {
      const [frontKanji = '', frontKana = ''] = front.split(':');
      const [rearKanji = '', readings = ''] = rear.split(':');
      const [kana = '', ...others] = readings.split('/').map((reading) => frontKana + reading);
      const name = { kanji: frontKanji + rearKanji, kana, otherReadings: others };
      return [name, 1 / ((at + 8) * (beside + 8))] as const;
    }),
  );
  return scaled(rows, 0.45);
}

function scaled<T>(
  rows: readonly (readonly [T, number])[],
  share: number,
): readonly (readonly [T, number])[] {
  const sum = rows.reduce((total, [, weight]) => total + weight, 0);
  return rows.map(([value, weight]) => [value, (weight * share) / sum]);
}

/** Characters of the same sound that are typed for one another, by the sound. */
const BY_READING = new Map<string, string[]>();
for (const [, characters] of [...GIVEN_MALE.rows, ...GIVEN_FEMALE.rows]) {
  for (const entry of characters) {
    const [kanji = '', readings = ''] = entry.split(':');
    for (const kana of readings.split('/')) {
      const known = BY_READING.get(kana) ?? [];
      if (!known.includes(kanji)) BY_READING.set(kana, [...known, kanji]);
    }
  }
}

/** Surnames by their reading. */
const SURNAMES_BY_KANA = new Map<string, string[]>();
for (const { kanji, kana } of FAMILY_NAMES.values) {
  SURNAMES_BY_KANA.set(kana, [...(SURNAMES_BY_KANA.get(kana) ?? []), kanji]);
}

/** Another writing of a family name with the same reading; undefined where there is none. */
export function surnameOfSameSound(random: Random, { kanji, kana }: Name): string | undefined {
  const others = (SURNAMES_BY_KANA.get(kana) ?? []).filter((other) => other !== kanji);
  return others.length === 0 ? undefined : random.of(others);
}

/** The given name with one character replaced by another that is read alike; undefined where there is none. */
export function givenOfSameSound(random: Random, given: string): string | undefined {
  const characters = [...given];
  const choices = characters.flatMap((character, at) =>
    [...BY_READING.values()]
      .filter((alike) => alike.length > 1 && alike.includes(character))
      .flatMap((alike) => alike.filter((other) => other !== character))
      .map((other) => characters.map((old, place) => (place === at ? other : old)).join('')),
  );
  return choices.length === 0 ? undefined : random.of(choices);
}

/** A given name such as people born in `year` bear. */
export function givenName(random: Random, sex: Sex, year: number): Name {
  const generation = year < 1950 ? 0 : year < 1980 ? 1 : year < 2003 ? 2 : 3;
  const singles = (sex === 'M' ? SINGLE_MALE : SINGLE_FEMALE)[generation] ?? [];
  if (random.chance(sex === 'M' ? 0.3 : 0.25)) {
    return readName(random.of(singles));
  }
  const { front, rear } = GIVEN_CHOICES[sex][generation] ?? GIVEN_CHOICES[sex][0];
  const first = readName(pick(random, front));
  const second = readName(pick(random, rear));
  return {
    kanji: first.kanji + second.kanji,
    kana: first.kana + second.kana,
    otherReadings: [
      ...first.otherReadings.map((reading) => reading + second.kana),
      ...second.otherReadings.map((reading) => first.kana + reading),
    ],
  };
}

function readName(entry: string): Name {
  const [kanji = '', readings = ''] = entry.split(':');
  const [kana = '', ...otherReadings] = readings.split('/');
  return { kanji, kana, otherReadings };
}

interface GivenChoice {
  readonly front: Weighted<string>;
  readonly rear: Weighted<string>;
}

type Generations = readonly [GivenChoice, GivenChoice, GivenChoice, GivenChoice];

const GIVEN_CHOICES: Readonly<Record<Sex, Generations>> = {
  M: generations(GIVEN_MALE),
  F: generations(GIVEN_FEMALE),
};

/** Each generation likes other parts best: the tables are ordered from old to new, the weight falls with the distance. */
function generations({ rows }: typeof GIVEN_MALE): Generations {
  const [[, front], [, rear]] = rows;
  const choice = (age: number): GivenChoice => ({
    front: byDistance(front, age),
    rear: byDistance(rear, age),
  });
  return [choice(0.1), choice(0.35), choice(0.65), choice(0.9)];
}

function byDistance(entries: readonly string[], age: number): Weighted<string> {
  return weighted(
    entries.map((entry, at) => {
      const distance = Math.abs(at / (entries.length - 1) - age);
      return [entry, 1 / (0.06 + distance * distance * 4)] as const;
    }),
  );
}
