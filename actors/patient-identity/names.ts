import type { Demographics, PersonName } from '../../profiles/patient.ts';

/** A name as it is compared: normalised, without spaces. Parts that are not there are empty. */
export interface NameKeys {
  readonly full?: string;
  readonly family: string;
  readonly given: string;
}

/** A part of a name as it is searched: NFKC, spaces removed. Letter case is kept. */
export function nameKey(part: string): string {
  return part.normalize('NFKC').replace(/\s+/gu, '');
}

/** How a name is found and compared. A full name has both parts; the bar keeps where one ends and the other begins. */
export function nameKeysOf({ family, given }: Pick<PersonName, 'family' | 'given'>): NameKeys {
  const keys = { family: nameKey(family), given: nameKey(given.join('')) };
  return keys.family && keys.given ? { ...keys, full: `${keys.family}|${keys.given}` } : keys;
}

/** Digits of a date down to the day. */
const DAY = 8;

/** Birth date, sex and full name, one key for each way in which the name is written; none where one of them is missing. */
export function exactKeysOf(demographics: Demographics): readonly string[] {
  const { names, administrativeGender, birthTime } = demographics;
  const full = names.flatMap((name) => nameKeysOf(name).full ?? []);
  const birthDate = birthTime?.slice(0, DAY) ?? '';
  if (!administrativeGender || birthDate.length < DAY) return [];
  return [...new Set(full)].map((name) => `${birthDate}|${administrativeGender}|${name}`);
}
