import { transmissionOf } from '../../profiles/formats/hl7v3.ts';
import { type PatientId, samePatientId } from '../../profiles/patient.ts';
import { Refusal } from '../../profiles/refusal.ts';
import { mergeCharts, unmergeCharts } from './chart-merge.ts';
import { answerHeldFeed } from './held-feed.ts';
import type { IdentityReader, SourceRecord } from './identity-store.ts';
import { mergeRegionalIds } from './merge.ts';
import { type Change, regroup } from './regroup.ts';
import { settleRegistry } from './registry-feed.ts';
import { underSurviving } from './shared-meanwhile.ts';
import {
  activeOf,
  decideByHand,
  MOST_TASKS,
  type Outcome,
  outcomeOf,
  pairFor,
  putVerdict,
  recordFor,
  refusing,
  type Steward,
  StewardRefusal,
  type Stewarding,
} from './stewarding.ts';

/**
 * Says that two records are one person's: they are linked whatever a rule says, and stay so.
 *
 * @throws StewardRefusal for an id that names nobody, and where a person has said otherwise
 */
export async function linkPatients(
  [one, other]: readonly [PatientId, PatientId],
  steward: Steward,
  stewarding: Stewarding,
): Promise<Outcome> {
  return await decideByHand([one, other], stewarding, async (change) => {
    const [a, b] = await pairFor(one, other, change.records, stewarding);
    await putVerdict('linked', [a, b], { steward, change });
    await regroup([a.number, b.number], change);
    const [x, y] = await change.records.recordsWith([a.number, b.number]);
    if (x?.regionalId === y?.regionalId) return;
    throw new StewardRefusal(
      'someone has said of two of their records that they are not one person',
    );
  });
}

/**
 * Says that two records are not one person's: they are parted, each with those that belong to it more, and no rule joins them
 * again. Without a second record, the first is parted from all others.
 *
 * @throws StewardRefusal for an id that names nobody, and where the documents cannot be parted
 */
export async function unlinkPatients(
  [one, other]: readonly [PatientId, PatientId?],
  steward: Steward,
  stewarding: Stewarding,
): Promise<Outcome> {
  return await decideByHand(other ? [one, other] : [one], stewarding, async (change) => {
    const { records } = change;
    const a = await recordFor(one, records, stewarding);
    const all = await records.recordsOf([a.regionalId]);
    const others = other
      ? [await recordFor(other, records, stewarding)]
      : all.filter(({ number }) => number !== a.number);
    if (others.some(({ number }) => number === a.number)) {
      throw new StewardRefusal('both are ids of one and the same record');
    }
    if (others.length === 0) throw new StewardRefusal('the record is linked to no other');
    for (const b of others) await putVerdict('apart', [a, b], { steward, change });
    await regroup([a.number, ...others.map(({ number }) => number)], change);
  });
}

/**
 * Gives up an id for another of the same authority.
 *
 * @throws StewardRefusal as a merge from a source is refused
 */
export async function mergePatients(
  { surviving, subsumed }: { surviving: PatientId; subsumed: PatientId },
  steward: Steward,
  stewarding: Stewarding,
): Promise<Outcome> {
  const { stores, world } = stewarding;
  const { affinityDomain, device } = stores.community;
  if (subsumed.assigningAuthority !== affinityDomain) {
    return await decideByHand([surviving], stewarding, async (change) => {
      await mergeCharts({ surviving, subsumed, ...steward }, change);
    });
  }
  return await refusing(async () => {
    const parties = { sender: { device }, receiver: { device } };
    if (samePatientId(surviving, subsumed)) throw new Refusal('204', 'the two ids are the same');
    await mergeRegionalIds(
      {
        kind: 'merge',
        surviving,
        subsumed,
        names: [],
        transmission: transmissionOf(world, parties),
        custodian: device,
      },
      stores,
      { ...world, caller: { ...world.caller, name: steward.by } },
    );
    return await outcomeOf([surviving], stewarding, 0);
  });
}

/**
 * Undoes a merge: the id is in use again, its record and its documents are where they were.
 *
 * @throws StewardRefusal for an id that was not subsumed, and where the documents cannot be parted
 */
export async function unmergePatients(
  subsumed: PatientId,
  steward: Steward,
  stewarding: Stewarding,
): Promise<Outcome> {
  const { affinityDomain } = stewarding.stores.community;
  const isRegional = subsumed.assigningAuthority === affinityDomain;
  const merge = await stewarding.stores.identities.look((records) => records.mergeOf(subsumed));
  const ids = merge && !isRegional ? [subsumed, merge.surviving] : [subsumed];
  return await decideByHand(ids, stewarding, async (change) => {
    if (isRegional) await partRegional(subsumed, steward, change);
    else await unmergeCharts(subsumed, steward, change);
  });
}

/** The records that came under the subsumed id go back under it, and are kept from the others by hand. */
async function partRegional(subsumed: PatientId, steward: Steward, change: Change): Promise<void> {
  const { records, issue } = change;
  const state = await records.regionalIdState(subsumed.id);
  if (state?.mergedInto === undefined) throw new StewardRefusal('the id is not subsumed');
  const { surviving, came: going, others: staying } = await underSurviving(subsumed.id, records);
  if (going.length === 0) throw new StewardRefusal('no record came with the id');
  if (staying.length === 0) throw new StewardRefusal('nobody else is left under the other id');
  const merge = await records.mergeOf(subsumed);
  if (merge) await records.unmergeCharts(merge, { regionalId: surviving, at: issue.now() });
  for (const b of staying) {
    if (b.toldRegionalId === undefined) await records.tellRegionalId(b.number, surviving);
  }
  for (const a of going) {
    await records.tellRegionalId(a.number, subsumed.id);
    for (const b of staying) await putVerdict('apart', [a, b], { steward, change });
  }
  await regroup(
    [...staying, ...going].map(({ number }) => number),
    change,
  );
}

/** What a steward makes of a review. */
export interface ReviewAnswer {
  readonly number: number;
  readonly isAccepted: boolean;
  /** Of a proposed merge: the id that survives; default: the one that was known first. */
  readonly surviving?: PatientId;
}

/**
 * Answers a review: what is accepted is linked, merged or, a feed, let in; what is rejected stays apart for good.
 *
 * @throws StewardRefusal for one that is not open, and as the deed itself is refused
 */
export async function answerReview(
  { number, isAccepted, surviving }: ReviewAnswer,
  steward: Steward,
  stewarding: Stewarding,
): Promise<Outcome> {
  const { stores } = stewarding;
  const asked = await stores.identities.look((records) => openReview(number, records));
  const isOfOne = asked.low.number === asked.high.number;
  const concerned = isOfOne ? [asked.low] : [asked.low, asked.high];
  const ids = concerned.flatMap((record) => record.ids[0] ?? []);
  return await decideByHand(ids, stewarding, async (change) => {
    const { records, issue } = change;
    // Asked again: meanwhile another may have answered it, or a feed have made it moot.
    const found = await openReview(number, records);
    const state = isAccepted ? 'accepted' : 'rejected';
    await records.closeReview(number, { state, by: steward.by, at: issue.now() });
    if (found.kind === 'feed') {
      await answerHeldFeed(found.of, isAccepted, { steward, change });
    } else if (!isAccepted) {
      await putVerdict('apart', [found.low, found.high], { steward, change });
      await regroup([found.low.number, found.high.number], change);
    } else if (found.kind === 'merge') {
      await mergeCharts({ ...chartsOf(found, surviving), ...steward }, change);
    } else {
      await putVerdict('linked', [found.low, found.high], { steward, change });
      await regroup([found.low.number, found.high.number], change);
    }
  });
}

/** A question that is still to be answered, with the records in use. @throws StewardRefusal where it is answered, or moot */
async function openReview(number: number, records: IdentityReader) {
  const review = await records.review(number);
  if (review?.state !== 'open') throw new StewardRefusal(`review ${number} is not open`);
  const low = await activeOf(review.low, records);
  const high = await activeOf(review.high, records);
  if (review.kind !== 'feed' && low.number === high.number) {
    throw new StewardRefusal('the two records were merged meanwhile');
  }
  return { kind: review.kind, low, high, of: review };
}

/** The ids of the authority that the two have in common. */
function chartsOf(
  { low, high }: { low: SourceRecord; high: SourceRecord },
  wanted: PatientId | undefined,
): { surviving: PatientId; subsumed: PatientId } {
  for (const one of low.ids) {
    const other = high.ids.find((id) => id.assigningAuthority === one.assigningAuthority);
    if (!other) continue;
    if (wanted === undefined || samePatientId(wanted, one)) {
      return { surviving: one, subsumed: other };
    }
    if (samePatientId(wanted, other)) return { surviving: other, subsumed: one };
  }
  throw new StewardRefusal('the two have no such ids of one authority');
}

/** Has the registry try again what it refused before; @returns how many it refused again. */
export async function retryMoves({ stores, world }: Stewarding): Promise<number> {
  await stores.identities.change(async (records) => {
    for (const { number } of await records.registryTasks('refused', MOST_TASKS)) {
      await records.settleRegistryTask(number, 'open');
    }
  });
  return await settleRegistry(stores, world);
}
