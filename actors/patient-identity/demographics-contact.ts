import type { Address, Telecom } from '../../profiles/patient.ts';
import { comparableAddress } from './matching/address.ts';
import { phoneDigits } from './matching/phone.ts';
import { nameKey } from './names.ts';

/** A part of an address as it is searched. A `*` at the end asks how it begins. */
function asked(part: string): { readonly text: string; readonly isPrefix: boolean } {
  const text = folded(part);
  return text.endsWith('*')
    ? { text: text.slice(0, -1), isPrefix: true }
    : { text, isPrefix: false };
}

function folded(part: string): string {
  return nameKey(part).replace(/[\u2010-\u2015\u2212\uFF70]|(?<=\d)ー(?=\d)/gu, '-');
}

/**
 * Whether an address meets the one that is asked for: every part that is given is the same. Where a record has the whole
 * address in one line, as Japanese systems send it, the part is looked for in it.
 */
export function livesAt(wanted: Address, address: Address): boolean {
  const digits = (code = '') => code.normalize('NFKC').replace(/\D/g, '') || nameKey(code);
  if (wanted.postalCode !== undefined && digits(wanted.postalCode) !== digits(address.postalCode)) {
    return false;
  }
  if (wanted.country !== undefined && nameKey(wanted.country) !== nameKey(address.country ?? '')) {
    return false;
  }
  const street = (one: Address) => one.streetAddressLine?.join('');
  const whole = (one: Address) => [one.state, one.city, street(one)].join('');
  const parts = [
    [wanted.state, address.state],
    [wanted.city, address.city],
    [street(wanted), street(address)],
  ] as const;
  const line = folded(whole(address));
  if (parts.every(([want, has]) => want === undefined || meets(want, has, line))) return true;
  return isSamePlace(whole(wanted), whole(address));
}

function meets(want: string, has: string | undefined, line: string): boolean {
  const { text, isPrefix } = asked(want);
  if (has === undefined) return text !== '' && line.includes(text);
  const part = folded(has);
  return isPrefix ? part.startsWith(text) : part === text;
}

/** 丁目, 番 and dashes, kanji digits and the prefecture make no difference; both must name a house. */
function isSamePlace(wanted: string, address: string): boolean {
  if (wanted.endsWith('*')) return false;
  const [one, other] = [comparableAddress(wanted), comparableAddress(address)];
  return (
    one.place !== '' &&
    one.place === other.place &&
    one.numbers.length > 0 &&
    one.numbers.join('-') === other.numbers.join('-')
  );
}

/** Whether a telecom is the one that is asked for: a telephone by its digits, all else as written. */
export function isReachedBy(wanted: Telecom, telecom: Telecom): boolean {
  const number = phoneDigits(wanted.value);
  if (number !== undefined && number === phoneDigits(telecom.value)) return true;
  return nameKey(wanted.value) === nameKey(telecom.value);
}
