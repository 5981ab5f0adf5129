import type { NamePart, Normalised } from './normalised.ts';
import { plainSound } from './sound.ts';

/** A record has no more keys than this. */
const MOST_KEYS = 48;

/**
 * What a record is looked up by: two records without a key in common are not compared. Several keys, so that one error hides
 * no pair: insurance; phone; birth date with given name, with the beginning of the family name, with the postal code; the
 * whole name with the year of birth, and with month and day.
 *
 * The letter before the colon says which kind of key it is.
 */
export function blockingKeys(record: Normalised): readonly string[] {
  const keys = new Set<string>();
  for (const { key } of record.insurances) keys.add(`i:${key}`);
  for (const phone of record.phones) keys.add(`p:${phone}`);
  for (const day of record.birthDays) {
    for (const { postalCode } of record.addresses) {
      if (postalCode !== '') keys.add(`z:${day}${postalCode}`);
    }
  }
  for (const { family, given, isNewborn } of record.names) {
    const families = soundsOf(family);
    const givens = isNewborn ? [] : soundsOf(given);
    for (const day of record.birthDays) {
      for (const sound of givens) keys.add(`g:${day}${sound}`);
      for (const sound of families) keys.add(`f:${day}${sound.slice(0, 4)}`);
      for (const one of families) {
        for (const other of givens) {
          // In order, so that names in each other's place are found.
          const name = one < other ? `${one}|${other}` : `${other}|${one}`;
          keys.add(`y:${name}${day.slice(0, 4)}`);
          keys.add(`d:${name}${day.slice(4)}`);
        }
      }
    }
  }
  return [...keys].slice(0, MOST_KEYS);
}

/** Sounds without voicing; of a part that has none, its characters. */
function soundsOf({ sounds, kanji }: NamePart): readonly string[] {
  if (sounds.length > 0) return [...new Set(sounds.map(({ latin }) => plainSound(latin)))];
  return kanji === '' ? [] : [kanji];
}
