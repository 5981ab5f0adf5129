import { type ForeignName, foreignName } from './foreigners.ts';
import {
  type HouseholdInsurance,
  householdInsurance,
  type Insurance,
  lateElderlyInsurance,
  memberInsurance,
} from './insurance.ts';
import { FAMILY_NAMES, givenName, type Name, type Sex } from './names.ts';
import { housePhone, mobilePhone, type Place, placeToLive } from './places.ts';
import { pick, type Random } from './random.ts';
import { POPULATION } from './rates.ts';
import { variantOf } from './writing.ts';

/** A date as its parts. */
export interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** A person as the registers have her. */
export interface Person {
  readonly sex: Sex;
  readonly birth: Day;
  readonly family: Name;
  readonly given: Name;
  /** The family name before marriage, of married women. */
  readonly maiden: Name | undefined;
  readonly foreign: ForeignName | undefined;
  readonly place: Place;
  readonly phone: readonly string[];
  /** The phone of the house, whoever has one of her own. */
  readonly housePhone: readonly string[];
  readonly insurance: Insurance;
  /** What the household shares; undefined for the late elderly. */
  readonly household: HouseholdInsurance | undefined;
  /** The given name of the mother, for children. */
  readonly mother: Name | undefined;
}

/** The year that the registrations end with. */
export const THIS_YEAR = 2024;

const LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The days of a month. */
export function monthLength(year: number, month: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && isLeap ? 29 : (LENGTHS[month - 1] ?? 31);
}

/** Any day of a year. */
export function someDay(random: Random, year: number): Day {
  const month = random.whole(1, 12);
  return { year, month, day: random.whole(1, monthLength(year, month)) };
}

interface Role {
  readonly sex: Sex;
  readonly birth: Day;
  readonly isChild: boolean;
  readonly isTwinOfPrevious: boolean;
}

/** A household: who lives together, at one place, under one family name. */
export function household(random: Random): readonly Person[] {
  const roles = rolesOf(random);
  const isForeign = random.chance(POPULATION.foreigners.rate);
  const origin = random.whole(0, 999);
  const family = withVariants(random, pick(random, FAMILY_NAMES));
  const place = placeToLive(random);
  const house = housePhone(random, place);
  const shared = householdInsurance(random, random.chance(0.6));
  const people: Person[] = [];
  for (const [at, role] of roles.entries()) {
    const { sex, birth, isChild } = role;
    const foreign = isForeign ? foreignName(random, sex, origin) : undefined;
    const given = foreign?.given ?? childName(random, role, people);
    const isElderly = THIS_YEAR - birth.year >= 75;
    const isAdult = THIS_YEAR - birth.year >= 18;
    const mother = people.find((person) => person.sex === 'F');
    people.push({
      sex,
      birth,
      family: foreign?.family ?? family,
      given,
      maiden:
        sex === 'F' && at > 0 && !isChild && !isForeign ? pick(random, FAMILY_NAMES) : undefined,
      foreign,
      place,
      phone:
        isAdult && random.chance(isElderly ? 0.3 : POPULATION.mobilePhone.rate)
          ? mobilePhone(random)
          : isAdult
            ? house
            : (people[0]?.phone ?? house),
      housePhone: house,
      insurance: isElderly ? lateElderlyInsurance(random) : memberInsurance(shared, at),
      household: isElderly ? undefined : shared,
      mother: isChild ? mother?.given : undefined,
    });
  }
  return people;
}

/** The ages follow who goes to a hospital: half the households have a head over 60. */
function rolesOf(random: Random): readonly Role[] {
  const kind = random.next();
  const adult = (sex: Sex, year: number): Role => ({
    sex,
    birth: someDay(random, year),
    isChild: false,
    isTwinOfPrevious: false,
  });
  const sex = random.of(['M', 'F'] as const);
  if (kind < 0.36) {
    const age = random.chance(0.55) ? random.whole(60, 96) : random.whole(20, 59);
    return [adult(sex, THIS_YEAR - age)];
  }
  const headYear = THIS_YEAR - (kind < 0.62 ? random.whole(55, 92) : random.whole(27, 54));
  const head = adult(kind < 0.9 ? 'M' : 'F', headYear);
  const roles = [head];
  if (kind < 0.9) roles.push(adult('F', headYear + random.whole(-4, 6)));
  if (kind >= 0.62) roles.push(...childrenOf(random, headYear));
  return roles;
}

function childrenOf(random: Random, headYear: number): readonly Role[] {
  const children: Role[] = [];
  let year = headYear + random.whole(22, 36);
  const count = random.of([1, 1, 2, 2, 2, 3]);
  while (children.length < count && year <= THIS_YEAR) {
    const sex = random.of(['M', 'F'] as const);
    const birth = someDay(random, year);
    children.push({ sex, birth, isChild: true, isTwinOfPrevious: false });
    if (random.chance(POPULATION.twins.rate)) {
      const other = random.chance(0.65) ? sex : random.of(['M', 'F'] as const);
      children.push({ sex: other, birth, isChild: true, isTwinOfPrevious: true });
    }
    year += random.whole(1, 5);
  }
  return children;
}

function childName(random: Random, role: Role, people: readonly Person[]): Name {
  const { sex, birth, isChild } = role;
  const fresh = () => withVariants(random, givenName(random, sex, birth.year));
  if (!isChild) return unlikeOthers(fresh, people);
  const parent = people.find((person) => person.sex === sex && person.mother === undefined);
  if (parent && random.chance(POPULATION.parentAndChildShareName.rate)) return parent.given;
  const previous = people[people.length - 1];
  const model = role.isTwinOfPrevious ? previous : parent;
  const shares = random.chance(role.isTwinOfPrevious ? 0.5 : POPULATION.childSharesCharacter.rate);
  if (model === undefined || !shares) return unlikeOthers(fresh, people);
  // The first character is kept, so that the names look alike: 結菜 and 結衣.
  return unlikeOthers(() => {
    const first = [...model.given.kanji][0] ?? '';
    for (let attempt = 0; attempt < 40; attempt += 1) {
      const name = givenName(random, sex, birth.year);
      if ([...name.kanji][0] === first) return name;
    }
    return fresh();
  }, people);
}

/** No two of a household are given the same name, unless one is named after the other. */
function unlikeOthers(fresh: () => Name, people: readonly Person[]): Name {
  for (;;) {
    const name = fresh();
    if (people.every(({ given }) => given.kana !== name.kana)) return name;
  }
}

/** The name as the family's own register writes it. */
function withVariants(random: Random, name: Name): Name {
  const kanji = [...name.kanji]
    .map((character) =>
      random.chance(POPULATION.familyWritesVariant.rate) ? variantOf(random, character) : character,
    )
    .join('');
  return { ...name, kanji };
}

/** A stranger who bears the name, sex and birth date of somebody. */
export function namesakeOf(random: Random, person: Person): Person {
  const place = placeToLive(random);
  const phone = mobilePhone(random);
  const isElderly = THIS_YEAR - person.birth.year >= 75;
  const shared = householdInsurance(random, random.chance(0.6));
  return {
    ...person,
    place,
    phone,
    housePhone: phone,
    insurance: isElderly ? lateElderlyInsurance(random) : memberInsurance(shared, 0),
    household: isElderly ? undefined : shared,
  };
}
