import {
  householdInsurance,
  type Insurance,
  lateElderlyInsurance,
  memberInsurance,
} from './insurance.ts';
import { FAMILY_NAMES, type Name } from './names.ts';
import { type Person, THIS_YEAR } from './people.ts';
import { mobilePhone, type Place, placeToLive } from './places.ts';
import { pick, type Random } from './random.ts';
import type { ErrorRates } from './rates.ts';

/** What may change between two registrations of a person. */
export interface State {
  readonly family: Name;
  readonly place: Place;
  readonly phone: readonly string[];
  readonly insurance: Insurance;
  /** What happened since the registration before. */
  readonly changes: readonly string[];
}

/** How a person stands at her first registration. */
export function firstState({ family, place, phone, insurance }: Person): State {
  return { family, place, phone, insurance, changes: [] };
}

/** How she stands at the next one: mostly as before. */
export function nextState(
  random: Random,
  { before, person, rates }: { before: State; person: Person; rates: ErrorRates },
): State {
  const age = THIS_YEAR - person.birth.year;
  const state = { ...before, changes: [] as string[] };
  if (random.chance(rates.moved)) {
    state.place = placeToLive(random);
    state.changes.push('moved');
  }
  if (random.chance(rates.changedPhone)) {
    state.phone = mobilePhone(random);
    state.changes.push('phone');
  }
  if (random.chance(rates.changedInsurance)) {
    state.insurance = otherInsurance(random, age);
    state.changes.push('insurance');
  }
  if (random.chance(rates.movedForWork)) {
    state.place = placeToLive(random);
    state.insurance = otherInsurance(random, age);
    if (random.chance(0.25)) state.phone = mobilePhone(random);
    state.changes.push('moved-for-work');
  }
  if (person.sex !== 'F' || person.foreign) return state;
  if (age >= 20 && age <= 44 && random.chance(rates.married)) {
    state.family = pick(random, FAMILY_NAMES);
    if (random.chance(0.8)) state.place = placeToLive(random);
    if (random.chance(0.5)) state.insurance = otherInsurance(random, age);
    state.changes.push('married');
  }
  if (age >= 30 && age <= 59 && person.maiden && random.chance(rates.divorcedName)) {
    state.family = person.maiden;
    state.place = placeToLive(random);
    state.insurance = otherInsurance(random, age);
    state.changes.push('divorced');
  }
  return state;
}

function otherInsurance(random: Random, age: number): Insurance {
  if (age >= 75) return lateElderlyInsurance(random);
  return memberInsurance(householdInsurance(random, random.chance(0.6)), age < 18 ? 2 : 0);
}
