import { household, namesakeOf, type Person } from './people.ts';
import { Random } from './random.ts';
import { type ErrorRates, errorRates, POPULATION } from './rates.ts';
import { COLUMNS, type Registration, typed } from './registration.ts';
import { firstState, nextState } from './states.ts';
import { chartNumber, HOSPITALS, type Hospital } from './systems.ts';

/** What to generate. */
export interface Generation {
  /** The same seed gives the same registrations, and another one others. */
  readonly seed: number;
  /** How many registrations. */
  readonly registrations: number;
  /** 1 for the rates as they are, 2 for each error twice as often. */
  readonly errorFactor?: number;
}

/**
 * Registrations of a made-up region with the truth in `person_id`, household by household, one at a time: a million of them
 * need no more memory than one household.
 *
 * The order is not that of arrival: those of one person, and of one household, stand together.
 */
export function* generate({
  seed,
  registrations,
  errorFactor = 1,
}: Generation): Generator<Registration> {
  const rates = errorRates(errorFactor);
  const serials = new Map<string, number>();
  let made = 0;
  let people = 0;
  for (let at = 0; made < registrations; at += 1) {
    const random = new Random(seed, at);
    for (const person of neighbours(random)) {
      people += 1;
      const personId = `P${String(people).padStart(7, '0')}`;
      for (const row of visitsOf(random, { person, personId, rates, serials })) {
        yield row;
        made += 1;
        if (made === registrations) return;
      }
    }
  }
}

function neighbours(random: Random): readonly Person[] {
  const people = household(random);
  const [head] = people;
  if (head && !head.foreign && random.chance(POPULATION.namesakes.rate)) {
    return [...people, namesakeOf(random, head)];
  }
  return people;
}

interface Visitor {
  readonly person: Person;
  readonly personId: string;
  readonly rates: ErrorRates;
  readonly serials: Map<string, number>;
}

/** Where a person has been seen: nearly half of them in one hospital only. Assumption. */
const HOSPITALS_A_PERSON = [0.45, 0.3, 0.17, 0.08];

function* visitsOf(
  random: Random,
  { person, personId, rates, serials }: Visitor,
): Generator<Registration> {
  let state = firstState(person);
  let year = Math.max(2005, person.birth.year) + random.whole(0, 5);
  for (const [at, hospital] of hospitalsOf(random, rates).entries()) {
    if (at > 0) state = nextState(random, { before: state, person, rates });
    year = Math.min(2024, year + random.whole(0, 4));
    const serial = (serials.get(hospital.letter) ?? 0) + 1;
    serials.set(hospital.letter, serial);
    const row = typed(random, { person, state, hospital, rates });
    yield {
      ...EMPTY,
      ...row,
      record_id: `G${hospital.letter}${String(serial).padStart(7, '0')}`,
      person_id: personId,
      institution_code: hospital.code,
      local_patient_id: chartNumber(hospital.system, serial),
      registered_on: `${year}-${String(random.whole(1, 12)).padStart(2, '0')}-${String(random.whole(1, 28)).padStart(2, '0')}`,
    };
  }
}

const EMPTY = Object.fromEntries(COLUMNS.map((column) => [column, ''])) as unknown as Registration;

function hospitalsOf(random: Random, rates: ErrorRates): readonly Hospital[] {
  let left = random.next();
  let count = 1;
  for (const share of HOSPITALS_A_PERSON) {
    if (left < share) break;
    left -= share;
    count += 1;
  }
  const rest = [...HOSPITALS];
  const seen: Hospital[] = [];
  for (let at = 0; at < Math.min(count, 4); at += 1) {
    const [hospital] = rest.splice(random.whole(0, rest.length - 1), 1);
    if (hospital) seen.push(hospital);
  }
  return seen.flatMap((hospital) =>
    random.chance(rates.secondChart) ? [hospital, hospital] : [hospital],
  );
}
