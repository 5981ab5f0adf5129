/**
 * Numbers that are typed where there is none: one digit throughout, after the first or from the beginning, or in the last seven
 * places (090-0000-0000); digits in order.
 */
const NOBODYS = /^0?(\d)\1+$|(\d)\2{6}$|1234567/;

/** A phone number by its digits, +81 as 0; undefined where it is none, or one that stands for none. */
export function phoneDigits(value: string): string | undefined {
  const plain = value.normalize('NFKC').replace(/^tel:/i, '');
  const digits = plain
    .replace(/^\s*\+81[\s-]*\(?0?\)?/, '0')
    .replace(/^\s*0081/, '0')
    .replace(/\D/g, '');
  if (digits.length < 9 || digits.length > 11 || !digits.startsWith('0')) return undefined;
  return NOBODYS.test(digits) ? undefined : digits;
}

/** How the phones of two records agree. A house shares one, so that even `equal` names no person. */
export type PhoneAgreement = 'equal' | 'near' | 'different' | 'missing';

/** Compares all phones of one record with all of the other. `near`: one digit differs. */
export function comparePhones(one: readonly string[], other: readonly string[]): PhoneAgreement {
  if (one.length === 0 || other.length === 0) return 'missing';
  if (one.some((phone) => other.includes(phone))) return 'equal';
  return one.some((phone) => other.some((their) => isOneDigitOff(phone, their)))
    ? 'near'
    : 'different';
}

function isOneDigitOff(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  let differing = 0;
  for (let at = 0; at < one.length; at += 1) {
    if (one[at] === other[at]) continue;
    differing += 1;
    if (differing > 1) return false;
  }
  return true;
}
