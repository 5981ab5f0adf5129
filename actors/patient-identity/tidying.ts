import type { World } from '../actor.ts';
import { type Change, regroup } from './regroup.ts';
import { settleRegistry } from './registry-feed.ts';
import { changeRecords, type PatientIdentityStores } from './stores.ts';

/** Questions that are looked at in one change. Few: a feed waits meanwhile. */
const LOOKED_AT_ONCE = 10;

/** How far the list has been looked through, and what that step came to. */
export interface Tidied {
  /** The number of the last question that was looked at; absent when all were. */
  readonly after?: number;
  /** Questions that were looked at. */
  readonly looked: number;
  /** Taken from the list: moot, or asked by another. */
  readonly closed: number;
  /** Put on the list, in place of others. */
  readonly opened: number;
}

/**
 * Looks through some of what waits for a person, in the order of its numbers: each question's two patients are formed anew, as
 * when they are fed again, so that what is moot leaves the list, and of those that ask one thing the first stays. For a list
 * that an earlier version has filled. Call again with `after` until it is absent. What is kept is kept however often it is
 * looked at. A feed that was held stays: only a person can say whose it is.
 */
export async function tidyReviews(
  after: number,
  stores: PatientIdentityStores,
  world: World,
): Promise<Tidied> {
  const done = await changeRecords(stores, world, (change) => tidySome(after, change));
  if (done.isRegistryAsked) await settleRegistry(stores, world);
  return done.tidied;
}

async function tidySome(
  after: number,
  change: Change,
): Promise<{ readonly tidied: Tidied; readonly isRegistryAsked: boolean }> {
  const { records } = change;
  const count = { closed: 0, opened: 0 };
  const counting: Change = {
    ...change,
    listed: (what) => {
      count[what] += 1;
    },
  };
  const some = await records.openReviews(after, LOOKED_AT_ONCE);
  let isRegistryAsked = false;
  for (const { number, kind, low, high } of some) {
    if (kind === 'feed') continue;
    // One before it may have stood for it.
    if ((await records.review(number))?.state !== 'open') continue;
    if (await regroup([low, high], counting)) isRegistryAsked = true;
  }
  const last = some.at(-1);
  return {
    tidied: {
      ...(last === undefined || some.length < LOOKED_AT_ONCE ? {} : { after: last.number }),
      looked: some.length,
      ...count,
    },
    isRegistryAsked,
  };
}
