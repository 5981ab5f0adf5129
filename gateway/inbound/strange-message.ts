import type { Refusal } from '../../profiles/refusal.ts';

/**
 * The reason of the security alert for a message of no transaction, on either wire: no transaction's event tells of it, and
 * who sends what nobody here reads is to be found all the same. Holds codes, nothing that the message said.
 */
export function strangeMessage(refusals: readonly Refusal[]): string {
  return `not a message of a transaction: ${refusals.map(({ code }) => code).join(' ')}`;
}
