import { type AddressAgreement, compareAddresses } from './address.ts';
import { type BirthAgreement, compareBirthDays } from './birth-date.ts';
import { compareInsurances, type InsuranceAgreement } from './insurance.ts';
import { compareNames, type NameAgreement } from './name-comparison.ts';
import type { Normalised } from './normalised.ts';
import { comparePhones, type PhoneAgreement } from './phone.ts';
import { type Region, strangersAlike } from './region.ts';

/** What two records are compared in, and the ways in which they can agree. A rule set weighs exactly these. */
export const FIELDS = {
  insurance: ['person', 'household', 'other branch', 'different', 'missing'],
  birthDate: ['equal', 'pattern', 'generation', 'different', 'missing'],
  family: ['same', 'homophone', 'other reading', 'near', 'swapped', 'different', 'missing'],
  given: [
    'same',
    'homophone',
    'other reading',
    'near',
    'swapped',
    'newborn',
    'different',
    'missing',
  ],
  sex: ['equal', 'different', 'missing'],
  phone: ['equal', 'near', 'different', 'missing'],
  address: ['house', 'area', 'different', 'missing'],
  // `plausible`: a woman's given name, in characters and sound, and birth date; and chance makes few such strangers.
  nameChange: ['plausible', 'missing'],
} as const;

/** A field of a comparison. */
export type Field = keyof typeof FIELDS;

/** How two records agree in every field. */
export interface Comparison {
  readonly insurance: InsuranceAgreement;
  readonly birthDate: BirthAgreement;
  readonly family: NameAgreement;
  readonly given: NameAgreement;
  readonly sex: 'equal' | 'different' | 'missing';
  readonly phone: PhoneAgreement;
  readonly address: AddressAgreement;
  readonly nameChange: 'plausible' | 'missing';
}

/** Compares two records field by field. Symmetric. */
export function compare(one: Normalised, other: Normalised, region: Region): Comparison {
  const names = compareNames(one.names, other.names);
  const birthDate = bestBirth(one.birthDays, other.birthDays);
  const sex =
    one.sex === undefined || other.sex === undefined
      ? 'missing'
      : one.sex === other.sex
        ? 'equal'
        : 'different';
  const isWoman = sex === 'equal' && one.sex === 'F';
  const isOtherFamily = names.family === 'different' && names.isGivenSameInBoth;
  return {
    insurance: compareInsurances(one.insurances, other.insurances),
    birthDate,
    family: names.family,
    given: names.given,
    sex,
    phone: comparePhones(one.phones, other.phones),
    address: bestAddress(one, other),
    nameChange:
      isWoman && isOtherFamily && birthDate === 'equal' && strangersAlike(one, region) < FEW
        ? 'plausible'
        : 'missing',
  };
}

/** One name in five hundred is changed between two hospitals, with all else; chance must make fewer look so. */
const FEW = 1 / 500;

const BIRTHS: readonly BirthAgreement[] = ['equal', 'pattern', 'generation', 'different'];

function bestBirth(one: readonly string[], other: readonly string[]): BirthAgreement {
  if (one.length === 0 || other.length === 0) return 'missing';
  const found = one.flatMap((mine) => other.map((theirs) => compareBirthDays(mine, theirs)));
  return BIRTHS.find((agreement) => found.includes(agreement)) ?? 'different';
}

const ADDRESSES: readonly AddressAgreement[] = ['house', 'area', 'different'];

function bestAddress(one: Normalised, other: Normalised): AddressAgreement {
  const found = one.addresses.flatMap((mine) =>
    other.addresses.map((theirs) => compareAddresses(mine, theirs)),
  );
  return ADDRESSES.find((agreement) => found.includes(agreement)) ?? 'missing';
}
