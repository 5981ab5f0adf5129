import { type PatientId, samePatientId } from '../../profiles/patient.ts';
import { ITI_44, type PatientMergeFeed, PLACES_OF_MERGE } from '../../profiles/pix/iti-44.ts';
import { Refusal } from '../../profiles/refusal.ts';
import { PeerFailure, type World } from '../actor.ts';
import { earlierAnswer, rememberAnswer } from './answer-once.ts';
import { pairOf } from './identity-store.ts';
import { type Change, regroup } from './regroup.ts';
import { settleRegistry } from './registry-feed.ts';
import { changeRecords, type PatientIdentityStores } from './stores.ts';

/**
 * Merges two ids of the affinity domain: the Document Registry judges and merges first, then every record of the subsumed
 * patient becomes one of the surviving, by the word of the affinity domain. The same message again goes on where the first was
 * broken off.
 *
 * @throws Refusal 204 as the registry refuses, when it was subsumed before, or when a person has parted records of the two;
 * INTERR when it cannot be asked
 */
export async function mergeRegionalIds(
  request: PatientMergeFeed,
  stores: PatientIdentityStores,
  world: World,
): Promise<void> {
  const { surviving, subsumed } = request;
  const message = messageOf(world);
  if (stores.wideArea) throw new Refusal('204', 'an id of the service itself cannot be merged');
  const isDone = await stores.identities.look(async (records) => {
    if (await earlierAnswer(records, world)) return true;
    const state = await records.regionalIdState(subsumed.id);
    if (state?.mergedInto === undefined) return false;
    const done = await records.mergeOf(subsumed);
    const isSame = message !== undefined && done?.message === message;
    if (isSame && samePatientId(done.surviving, surviving)) return true;
    throw new Refusal('204', 'the subsumed id was subsumed before', {
      location: PLACES_OF_MERGE.subsumed,
    });
  });
  if (!isDone) {
    const joining = { surviving, subsumed, message, by: world.caller.name };
    await refuseHalf(joining, stores, world);
    await mergeInRegistry(request, world);
    await changeRecords(stores, world, async (change) => {
      await joinRecords(joining, change);
      await rememberAnswer(change.records, world, {});
    });
  }
  await settleRegistry(stores, world);
}

interface Joining {
  readonly surviving: PatientId;
  readonly subsumed: PatientId;
  readonly message: string | undefined;
  readonly by: string;
}

/** What was tried and taken back. */
class Tried extends Error {
  readonly isWhole: boolean;

  constructor(isWhole: boolean) {
    super('tried');
    this.isWhole = isWhole;
  }
}

/**
 * To a person's word not even the affinity domain's is an objection: what could be merged only in part, since records have been
 * parted, is not merged at all.
 *
 * @throws Refusal 204
 */
async function refuseHalf(
  joining: Joining,
  stores: PatientIdentityStores,
  world: World,
): Promise<void> {
  try {
    await changeRecords(stores, world, async (change) => {
      const numbers = await joinRecords(joining, change);
      const found = await change.records.recordsWith(numbers);
      throw new Tried(found.every(({ regionalId }) => regionalId === joining.surviving.id));
    });
  } catch (error) {
    if (!(error instanceof Tried)) throw error;
    if (error.isWhole) return;
    throw new Refusal('204', 'a person has said of records of the two that they are not one', {
      location: PLACES_OF_MERGE.subsumed,
    });
  }
}

/** What tells a message from every other; undefined where none was sent. */
export function messageOf({ message, caller }: World): string | undefined {
  return message === undefined ? undefined : `${caller.name} ${message.id} ${message.bodyHash}`;
}

/** @returns the records that are the surviving id's from now on */
async function joinRecords(
  { surviving, subsumed, message, by }: Joining,
  change: Change,
): Promise<readonly number[]> {
  const { records, issue } = change;
  const [into, from] = [
    await records.recordsOf([surviving.id]),
    await records.recordsOf([subsumed.id]),
  ];
  const befores = from.map(({ number, regionalId, ids }) => ({ record: number, regionalId, ids }));
  await records.mergeCharts(
    {
      subsumed,
      surviving,
      subsumedRecord: 0,
      survivingRecord: 0,
      movedIds: [],
      ...(message === undefined ? {} : { message }),
    },
    issue.now(),
  );
  await records.putRegionalId(surviving.id);
  await records.putRegionalId(subsumed.id, surviving.id);
  for (const { number } of [...into, ...from]) await records.tellRegionalId(number, surviving.id);
  const [one, other] = [into[0], from[0]];
  if (one && other) {
    const pair = pairOf(one.number, other.number);
    await records.decide({ ...pair, verdict: 'merged', why: [], by }, issue.now());
  }
  const all = [...into, ...from].map(({ number }) => number);
  if (all.length > 0) await regroup(all, change, befores);
  return all;
}

async function mergeInRegistry(request: PatientMergeFeed, world: World): Promise<void> {
  const { ask, message } = world;
  try {
    const { code, details } = await ask(ITI_44, 'document-registry', request, { message });
    if (code === 'CA') return;
    const [detail] = details;
    const { location } = detail ?? {};
    throw new Refusal(
      detail?.code ?? '204',
      detail?.text ?? 'the Document Registry refused',
      location === undefined ? {} : { location },
    );
  } catch (error) {
    if (!(error instanceof PeerFailure)) throw error;
    throw new Refusal('INTERR', 'the Document Registry did not answer; send the merge again');
  }
}
