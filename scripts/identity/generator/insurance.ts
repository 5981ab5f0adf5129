import type { Random } from './random.ts';

/** One person's insurance as the card has it. */
export interface Insurance {
  readonly insurer: string;
  readonly symbol: string;
  readonly number: string;
  /** Empty for late-elderly insurance. */
  readonly branch: string;
}

/** What a household shares; the branch comes by the member. */
export interface HouseholdInsurance {
  readonly insurer: string;
  readonly symbol: string;
  readonly number: string;
  /** The branch of the first member: `00` for an employee, `01` in national health insurance. */
  readonly firstBranch: number;
}

/** The first seven digits and the check digit: modulus 10, weights 2 and 1 from the right. */
export function insurerNumber(first: string): string {
  let sum = 0;
  [...first].reverse().forEach((digit, at) => {
    const product = Number(digit) * (at % 2 === 0 ? 2 : 1);
    sum += product > 9 ? product - 9 : product;
  });
  return `${first}${(10 - (sum % 10)) % 10}`;
}

const PREFECTURES = ['33', '37', '32', '34', '31'];

/** Insurance of a household whose head works (`employed`) or not. */
export function householdInsurance(random: Random, employed: boolean): HouseholdInsurance {
  const prefecture = random.of(PREFECTURES);
  if (!employed) {
    // National health insurance: six digits, padded; no symbol, or the municipality's.
    const insurer = `00${insurerNumber(`${prefecture}${String(random.whole(1, 30)).padStart(3, '0')}`)}`;
    return {
      insurer,
      symbol: random.chance(0.7) ? '' : random.of(['緑国', '浜', '雲見', '12']),
      number: String(random.whole(1, 999_999)).padStart(6, '0'),
      firstBranch: 1,
    };
  }
  if (random.chance(0.6)) {
    return {
      insurer: insurerNumber(`01${prefecture}001`),
      symbol: String(random.whole(1_000_000, 99_999_999)),
      number: String(random.whole(1, 999)),
      firstBranch: 0,
    };
  }
  const law = random.of(['06', '06', '06', '31', '32', '34']);
  return {
    insurer: insurerNumber(`${law}${prefecture}${String(random.whole(1, 60)).padStart(3, '0')}`),
    symbol: random.chance(0.8) ? String(random.whole(1, 9999)) : random.of(['公学', '健', '東組']),
    number: String(random.whole(1, 9_999_999)),
    firstBranch: 0,
  };
}

/** Late-elderly insurance: each person has a number of eight digits, no symbol and no branch. */
export function lateElderlyInsurance(random: Random): Insurance {
  return {
    insurer: insurerNumber(
      `39${random.of(PREFECTURES)}${String(random.whole(1, 40)).padStart(3, '0')}`,
    ),
    symbol: '',
    number: String(random.whole(1, 99_999_999)).padStart(8, '0'),
    branch: '',
  };
}

/** The insurance of the member at `place` (0 is the insured person). */
export function memberInsurance(household: HouseholdInsurance, place: number): Insurance {
  return {
    insurer: household.insurer,
    symbol: household.symbol,
    number: household.number,
    branch: String(household.firstBranch + place).padStart(2, '0'),
  };
}
