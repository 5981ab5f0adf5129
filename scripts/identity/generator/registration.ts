import type { ForeignName } from './foreigners.ts';
import type { Insurance } from './insurance.ts';
import { givenOfSameSound, type Name, surnameOfSameSound } from './names.ts';
import { type Day, monthLength, type Person } from './people.ts';
import type { Random } from './random.ts';
import type { ErrorName, ErrorRates } from './rates.ts';
import { type RomajiHabit, romajiOf } from './romaji.ts';
import type { State } from './states.ts';
import {
  addressAs,
  type Hospital,
  isoDate,
  kanaAs,
  kanjiAs,
  phoneAs,
  postalCodeAs,
  rawBirth,
} from './systems.ts';
import {
  variantOf,
  withDigitTypo,
  withKanaTypo,
  withOtherSpelling,
  withOtherVoicing,
} from './writing.ts';

/** The columns of a registration, in order; `person_id` is the truth and `variant_tags` says what was done. */
export const COLUMNS = [
  'record_id',
  'person_id',
  'institution_code',
  'local_patient_id',
  'family_kanji',
  'given_kanji',
  'family_kana',
  'given_kana',
  'family_romaji',
  'given_romaji',
  'birth_date',
  'birth_raw',
  'sex',
  'postal_code',
  'address',
  'phone',
  'insurer_no',
  'insured_symbol',
  'insured_number',
  'insured_branch',
  'registered_on',
  'link_expectation',
  'variant_tags',
  'note',
] as const;

export type Column = (typeof COLUMNS)[number];

/** One row. */
export type Registration = Readonly<Record<Column, string>>;

/** What a registration is made of. */
export interface Visit {
  readonly person: Person;
  readonly state: State;
  readonly hospital: Hospital;
  readonly rates: ErrorRates;
}

interface WrittenName {
  readonly family: { readonly kanji: string; readonly kana: string };
  readonly given: { readonly kanji: string; readonly kana: string };
  readonly romaji: readonly [string, string];
}

/** What the reception types, errors and all, without the ids and the truth. */
export function typed(random: Random, visit: Visit): Partial<Record<Column, string>> {
  const { person, state, hospital, rates } = visit;
  const { system } = hospital;
  const tags: string[] = [...state.changes];
  const happens = (name: ErrorName): boolean => {
    const does = random.chance(rates[name]);
    if (does) tags.push(name);
    return does;
  };
  if (happens('unknownPerson')) return unknown(tags, random.of(['O', 'U', person.sex]));
  const written = nameAsTyped(random, visit, happens);
  const kanaAlone = happens('kanaOnly');
  const noKana = happens('noKana');
  const birth = birthAsTyped(random, person.birth, happens);
  const part = (text: { readonly kanji: string; readonly kana: string }) =>
    kanaAlone ? text.kana : kanjiAs(system, text.kanji);
  return {
    family_kanji: part(written.family),
    given_kanji: part(written.given),
    family_kana: noKana ? '' : kanaAs(system, written.family.kana),
    given_kana: noKana ? '' : kanaAs(system, written.given.kana),
    ...(system === 'C'
      ? { family_romaji: written.romaji[0], given_romaji: written.romaji[1] }
      : {}),
    birth_date: isoDate(birth),
    birth_raw: rawBirth(system, birth),
    sex: happens('sexError') ? (person.sex === 'M' ? 'F' : 'M') : person.sex,
    ...addressAsTyped(random, visit, happens),
    phone: phoneAsTyped(random, visit, happens),
    ...insuranceAsTyped(random, visit, happens),
    variant_tags: tags.join(';'),
  };
}

type Happens = (name: ErrorName) => boolean;

function unknown(tags: readonly string[], sex: string): Partial<Record<Column, string>> {
  return {
    family_kanji: '不明',
    given_kanji: '不明',
    family_kana: 'フメイ',
    given_kana: 'フメイ',
    birth_date: '1900-01-01',
    birth_raw: '19000101',
    sex,
    variant_tags: tags.join(';'),
  };
}

const NEWBORNS = ['ベビー', '母', '児'] as const;

function nameAsTyped(
  random: Random,
  { person, state, rates }: Visit,
  happens: Happens,
): WrittenName {
  if (person.foreign) return foreignAsTyped(random, person.foreign, happens);
  const isSmall = person.birth.year >= 2020 && person.mother !== undefined;
  if (isSmall && random.chance(rates.newbornName) && happens('newbornName')) {
    return newborn(random, state.family, person.mother);
  }
  const family = japanesePart(random, state.family, { happens, isFamily: true });
  const given = japanesePart(random, person.given, { happens, isFamily: false });
  const habit = habitOf(random);
  const romaji = [romajiOf(family.kana, habit), romajiOf(given.kana, habit)] as const;
  if (happens('namesSwapped')) {
    return { family: given, given: family, romaji: [romaji[1], romaji[0]] };
  }
  return { family, given, romaji };
}

function newborn(random: Random, family: Name, mother: Name | undefined): WrittenName {
  const kind = random.of(NEWBORNS);
  const given =
    kind === 'ベビー' || mother === undefined
      ? { kanji: 'ベビー', kana: 'ベビー' }
      : kind === '母'
        ? { kanji: `${mother.kanji}ベビー`, kana: `${mother.kana}ベビー` }
        : { kanji: `${mother.kanji}児`, kana: `${mother.kana}ジ` };
  const habit = habitOf(random);
  return { family, given, romaji: [romajiOf(family.kana, habit), romajiOf(given.kana, habit)] };
}

function habitOf(random: Random): RomajiHabit {
  return {
    system: random.chance(0.93) ? 'hepburn' : 'kunrei',
    long: random.of(['dropped', 'dropped', 'dropped', 'h', 'as kana'] as const),
    m: random.chance(0.3),
  };
}

function japanesePart(
  random: Random,
  name: Name,
  { happens, isFamily }: { happens: Happens; isFamily: boolean },
): { readonly kanji: string; readonly kana: string } {
  let { kanji, kana } = name;
  kanji = [...kanji]
    .map((character) => {
      const other = variantOf(random, character);
      return other !== character && happens('variantTyped') ? other : character;
    })
    .join('');
  if (happens('otherCharacter')) {
    kanji =
      (isFamily ? surnameOfSameSound(random, name) : givenOfSameSound(random, name.kanji)) ?? kanji;
  }
  if (name.otherReadings.length > 0 && happens('otherReading')) {
    kana = random.of(name.otherReadings);
  }
  if (happens('kanaTypo')) kana = withKanaTypo(random, kana);
  if (happens('kanaVoicing')) kana = withOtherVoicing(random, kana);
  if (happens('kanaSpelling')) kana = withOtherSpelling(random, kana);
  // A repeated character is written out, or the other way round.
  if (random.chance(0.1)) kanji = kanji.replace(/(.)々/u, '$1$1');
  return { kanji, kana };
}

function foreignAsTyped(random: Random, name: ForeignName, happens: Happens): WrittenName {
  if (name.alias && happens('foreignAlias')) {
    const { family, given } = name.alias;
    const habit = habitOf(random);
    return { family, given, romaji: [romajiOf(family.kana, habit), romajiOf(given.kana, habit)] };
  }
  const part = (one: Name) => ({
    // Latin names are kept in Latin letters by some, in kana by others.
    kanji: /^[A-Z]/.test(one.kanji) && random.chance(0.4) ? one.kana : one.kanji,
    kana:
      one.otherReadings.length > 0 && happens('foreignSpelling')
        ? random.of(one.otherReadings)
        : one.kana,
  });
  const family = part(name.family);
  const given = part(name.given);
  if (happens('foreignNamesSwapped')) {
    return { family: given, given: family, romaji: [name.givenRomaji, name.familyRomaji] };
  }
  return { family, given, romaji: [name.familyRomaji, name.givenRomaji] };
}

function birthAsTyped(random: Random, birth: Day, happens: Happens): Day {
  if (happens('birthUnknown')) return { year: 1900, month: 1, day: 1 };
  let { year, month, day } = birth;
  if (month === 2 && day === 29 && happens('leapDay')) day = 28;
  if (happens('eraYear')) year += random.of([-1, 1]);
  if (happens('eraConfused')) year = year < 1941 && year > 1926 ? year - 14 : year + 1;
  if (day <= 12 && day !== month && happens('dayMonthSwapped')) [month, day] = [day, month];
  if (happens('birthTypo')) {
    const kind = random.next();
    if (kind < 0.4) year += random.of([-10, -2, 2, 10]);
    else if (kind < 0.6) month = random.whole(1, 12);
    else day = random.whole(1, 28);
  }
  if (year > 2024) year = 2024;
  return { year, month, day: Math.min(day, monthLength(year, month)) };
}

function addressAsTyped(
  random: Random,
  { state, hospital: { system } }: Visit,
  happens: Happens,
): Partial<Record<Column, string>> {
  if (happens('noAddress')) return {};
  let { place } = state;
  if (happens('addressTypo')) {
    place = random.chance(0.5)
      ? { ...place, block: random.whole(1, 40) }
      : { ...place, house: undefined };
  }
  return {
    postal_code: postalCodeAs(place.postalCode),
    address: addressAs(random, { system, place, isShort: happens('addressShort') }),
  };
}

function phoneAsTyped(
  random: Random,
  { person, state, hospital: { system } }: Visit,
  happens: Happens,
): string {
  if (happens('noPhone')) return '';
  const phone = happens('relativesPhone') ? person.housePhone : state.phone;
  const text = phoneAs(system, phone);
  return happens('phoneTypo') ? withDigitTypo(random, text) : text;
}

function insuranceAsTyped(
  random: Random,
  { state, hospital: { system } }: Visit,
  happens: Happens,
): Partial<Record<Column, string>> {
  if (happens('noInsurance')) return {};
  let { insurer, symbol, number, branch }: Insurance = state.insurance;
  if (happens('insuranceTypo')) number = withDigitTypo(random, number);
  if (branch !== '' && happens('noBranch')) branch = '';
  else if (branch !== '' && happens('wrongBranch')) {
    branch = String((Number(branch) + 1) % 100).padStart(2, '0');
  }
  if (system === 'B' && random.chance(0.2))
    symbol = symbol.replace(/\d/g, (digit) => '０１２３４５６７８９'[Number(digit)] ?? digit);
  return {
    insurer_no: insurer,
    insured_symbol: symbol,
    insured_number: number,
    insured_branch: branch,
  };
}
