import type { InsuranceMembership } from '../../../profiles/patient.ts';
import { foldedKanji } from './kanji.ts';

/** A membership as it is compared. */
export interface ComparableInsurance {
  /** Insurer, symbol and number: a household's, or a late-elderly person's own. */
  readonly key: string;
  /** Two digits, or empty where it is not known. */
  readonly branch: string;
  /** The key alone names one person. */
  readonly isPersonal: boolean;
}

const DASHES = /[-\u2010-\u2015\u2212ー./]/gu;
/** Law number of late-elderly insurance (後期高齢者医療): the number is one person's, without a branch. */
const LATE_ELDERLY = '39';

/**
 * A membership by its digits: insurer padded to eight, symbol folded, number without leading zeros. Undefined where insurer or
 * number is missing or stands for none.
 */
export function comparableInsurance(
  membership: InsuranceMembership,
): ComparableInsurance | undefined {
  const insurer = membership.insurer.normalize('NFKC').replace(/\D/g, '');
  const number = membership.number
    .normalize('NFKC')
    .replace(/[^0-9A-Za-z]/g, '')
    .replace(/^0+/, '');
  if (insurer.length < 6 || insurer.length > 8 || number === '' || /^9{6,}$/.test(number))
    return undefined;
  if (/^0+$/.test(insurer)) return undefined;
  // The dashes first: behind a kana, or typed as ー, one would be taken for a long vowel, and that for 一.
  const symbol = foldedKanji(
    (membership.symbol ?? '').normalize('NFKC').replace(DASHES, ''),
  ).replace(/^0+(?=\d)/, '');
  const branch = (membership.branch ?? '').normalize('NFKC').replace(/\D/g, '');
  const padded = insurer.padStart(8, '0');
  return {
    key: `${padded}|${symbol}|${number}`,
    branch: branch === '' ? '' : branch.padStart(2, '0').slice(-2),
    isPersonal: padded.startsWith(LATE_ELDERLY),
  };
}

/**
 * How two records' insurances agree. `person`: the same key and branch; `household`: the same key, a branch is missing;
 * `other branch`: the same key, another member of the household.
 */
export type InsuranceAgreement = 'person' | 'household' | 'other branch' | 'different' | 'missing';

const BEST: readonly InsuranceAgreement[] = ['person', 'household', 'other branch', 'different'];

/** Compares all memberships of one record with all of the other. */
export function compareInsurances(
  one: readonly ComparableInsurance[],
  other: readonly ComparableInsurance[],
): InsuranceAgreement {
  if (one.length === 0 || other.length === 0) return 'missing';
  let best = BEST.length - 1;
  for (const mine of one) {
    for (const theirs of other) best = Math.min(best, BEST.indexOf(agreement(mine, theirs)));
  }
  return BEST[best] ?? 'different';
}

function agreement(one: ComparableInsurance, other: ComparableInsurance): InsuranceAgreement {
  if (one.key !== other.key) return 'different';
  if (one.isPersonal) return 'person';
  if (one.branch === '' || other.branch === '') return 'household';
  return one.branch === other.branch ? 'person' : 'other branch';
}
