import type { World } from '../actor.ts';
import { compare } from './linking.ts';
import { regroup } from './regroup.ts';
import { searchKeysOf } from './search-names.ts';
import { changeRecords, matcherIn, type PatientIdentityStores } from './stores.ts';

/** So many records get new keys in one change. */
const KEYED_AT_ONCE = 500;

/**
 * Gives keys of the present rule set to records that have none, or those of another, such as after an update.
 *
 * @returns how many got new keys; call again until it is none
 */
export async function rekey(stores: PatientIdentityStores): Promise<number> {
  const matcher = matcherIn(stores);
  return await stores.identities.change(async (records) => {
    const waiting = await records.keyedOtherwise(matcher.version, KEYED_AT_ONCE);
    for (const record of waiting) {
      await records.putKeys(record.number, {
        by: matcher.version,
        keys: matcher.keysOf(record),
        names: searchKeysOf(record.demographics.names),
      });
    }
    return waiting.length;
  });
}

/** So many records are matched anew in one change. Few: a feed waits meanwhile. */
const MATCHED_AT_ONCE = 20;

/**
 * Compares records with the others that the present rule set has not compared yet: after a change of the rules, and those that
 * came before there were keys. As when they are fed again: a rule's link may come or go, a person's stays. What the Document
 * Registry has to do is left for `settleRegistry`. All records have keys of the present rule set before: see `rekey`.
 *
 * Each change stands for itself, and a record that was matched is not matched again: so it goes on where it was stopped.
 *
 * @returns how many were matched; call again until it is none
 */
export async function matchAnew(stores: PatientIdentityStores, world: World): Promise<number> {
  const { version } = matcherIn(stores);
  return await changeRecords(stores, world, async (change) => {
    const numbers = await change.records.comparedOtherwise(version, MATCHED_AT_ONCE);
    for (const number of numbers) {
      await compare(number, change);
      await change.records.markCompared(number, version);
    }
    if (numbers.length > 0) await regroup(numbers, change);
    return numbers.length;
  });
}
