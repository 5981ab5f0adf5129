import type { Conditions, RuleSet } from './rule-set.ts';

type Names = Pick<Conditions, 'family' | 'given'>;

/** The person bears both names. */
const FULL_NAME: Names = {
  family: ['same', 'homophone', 'other reading', 'near', 'swapped', 'missing'],
  given: ['same', 'homophone', 'swapped'],
};
/** The name, perhaps read or written in another way. */
const LIKE_NAME: Names = {
  family: ['same', 'homophone', 'other reading', 'near', 'swapped', 'missing'],
  given: ['same', 'homophone', 'other reading', 'near', 'swapped'],
};
/** The name as it is written, perhaps read in another way. Not nearly the name: twins are called so. */
const WRITTEN_NAME: Names = {
  family: ['same', 'homophone', 'other reading', 'near', 'swapped', 'missing'],
  given: ['same', 'homophone', 'other reading', 'swapped'],
};
/** Where a household is reached. */
const HOUSEHOLD: readonly Conditions[] = [
  { phone: ['equal'] },
  { address: ['house'] },
  { insurance: ['household', 'person'] },
];

/** Where a person is reached, perhaps with a slip: a digit of the phone, or the number of the house. */
const REACHED: readonly Conditions[] = [
  { phone: ['equal', 'near'] },
  { address: ['house', 'area'] },
  { insurance: ['household', 'person'] },
];

/**
 * The rule set that Kakehashi comes with.
 *
 * A household shares family name, address, phone, and insurance but for the branch: so a link needs the given name, and what
 * only one person has (insurance with branch), or birth date and name and what the household has. Name and birth date alone
 * are for review: two people can have both. So are a birthday of one month and day a generation apart: father and son.
 */
export const JAPAN_RULE_SET: RuleSet = {
  version: 'japan-1',
  source:
    'Weights set by hand on the scale of a logarithm of odds; checked on generated registrations.',
  weights: {
    insurance: { person: 12, household: 5, 'other branch': -10, different: -1 },
    birthDate: { equal: 6, pattern: 2, generation: 2, different: -6 },
    family: { same: 5, homophone: 4, 'other reading': 3, near: 2, swapped: 4, different: -3 },
    given: { same: 6, homophone: 4, 'other reading': 2, near: 2, swapped: 4, different: -5 },
    sex: { equal: 1, different: -3 },
    phone: { equal: 3, near: 2, different: -1 },
    address: { house: 3, area: 1, different: -1 },
    nameChange: { plausible: 2 },
  },
  thresholds: { auto: 14, review: 6 },
  automatic: [
    {
      name: 'insured person and name',
      all: { insurance: ['person'], birthDate: ['equal', 'pattern'], ...LIKE_NAME },
    },
    {
      name: 'insured person under another family name',
      all: {
        insurance: ['person'],
        birthDate: ['equal'],
        given: ['same', 'homophone'],
        sex: ['equal'],
      },
      any: [{ phone: ['equal', 'near'] }, { address: ['house'] }],
    },
    {
      name: 'name, birth date and household',
      all: { birthDate: ['equal'], ...FULL_NAME, sex: ['equal', 'missing'] },
      any: REACHED,
    },
    {
      // No household has two members of one birth date and one name in characters: registers refuse it.
      name: 'name read otherwise, birth date, and household twice over',
      all: { birthDate: ['equal'], ...WRITTEN_NAME, sex: ['equal'] },
      any: [
        { phone: ['equal'], address: ['house'] },
        { phone: ['equal'], insurance: ['household'] },
        { address: ['house'], insurance: ['household'] },
      ],
    },
    {
      name: 'name, birth date, phone and address, whatever the sex',
      all: { birthDate: ['equal'], ...FULL_NAME, phone: ['equal'], address: ['house'] },
    },
    {
      name: 'name, nearly the birth date, and the whole household',
      all: { birthDate: ['pattern'], ...FULL_NAME, insurance: ['household'], sex: ['equal'] },
      any: [{ phone: ['equal'] }, { address: ['house'] }],
    },
  ],
  review: [
    {
      name: 'insured person',
      all: { insurance: ['person'], birthDate: ['equal', 'pattern', 'generation'] },
    },
    {
      name: 'insured person and name, another birth date',
      all: { insurance: ['person'], birthDate: ['different', 'missing'], ...FULL_NAME },
    },
    {
      name: 'name and birth date',
      all: { birthDate: ['equal'], ...FULL_NAME, sex: ['equal', 'missing'] },
    },
    {
      name: 'given name, birth date and household',
      all: { birthDate: ['equal'], given: ['same', 'homophone'], sex: ['equal'] },
      any: HOUSEHOLD,
    },
    {
      name: 'name, nearly the birth date, and household',
      all: { birthDate: ['pattern', 'generation'], ...FULL_NAME },
      any: HOUSEHOLD,
    },
    {
      name: 'name read otherwise, birth date and household',
      all: { birthDate: ['equal'], ...WRITTEN_NAME },
      any: HOUSEHOLD,
    },
    {
      name: 'child without a name yet',
      all: { birthDate: ['equal'], given: ['newborn'], family: ['same', 'homophone', 'near'] },
      any: HOUSEHOLD,
    },
    {
      name: 'name and household, no birth date',
      all: { birthDate: ['missing'], ...FULL_NAME },
      any: HOUSEHOLD,
    },
    { name: 'perhaps a changed family name', all: { nameChange: ['plausible'] } },
  ],
  contradictions: [
    // Two of one household do not have both one name and one birth date: then it is the branch that was mistyped.
    {
      name: 'another member of the household',
      all: { insurance: ['other branch'] },
      any: [
        {
          given: [
            'homophone',
            'other reading',
            'near',
            'swapped',
            'newborn',
            'different',
            'missing',
          ],
        },
        { birthDate: ['pattern', 'generation', 'different', 'missing'] },
        { sex: ['different'] },
      ],
    },
    {
      name: 'twins',
      all: {
        birthDate: ['equal'],
        given: ['different'],
        insurance: ['household', 'different', 'missing'],
      },
    },
    {
      name: 'another sex and another name',
      all: {
        sex: ['different'],
        given: ['different', 'other reading'],
        insurance: ['household', 'different', 'missing'],
      },
    },
  ],
};
