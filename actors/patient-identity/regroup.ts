import { type PatientId, patientKey } from '../../profiles/patient.ts';
import type { Issue } from '../../profiles/transaction.ts';
import { clustersOf, type Link, type Member, type Unfollowed } from './clusters.ts';
import {
  type IdentityWriter,
  type PairVerdict,
  pairOf,
  type RecordPair,
  type Review,
  type SourceRecord,
} from './identity-store.ts';
import type { Matcher } from './matcher.ts';
import { type NamedGroup, nameGroups, type Standing } from './regional-ids.ts';
import type { IdList, Subscription } from './subscriptions.ts';
import { handedOut, tellConsumers } from './telling.ts';
import type { WideArea } from './wide-area.ts';
import { oweRegionalIds, type WideAreaAbove } from './wide-area-owing.ts';

/** One change of the records, and what it is made with. */
export interface Change {
  readonly records: IdentityWriter;
  readonly matcher: Matcher;
  readonly issue: Issue;
  readonly affinityDomain: string;
  readonly subscriptions: readonly Subscription[];
  /** Present at a wide-area id service. */
  readonly wideArea?: WideArea;
  /** Present where a wide-area id service is fed. */
  readonly above?: WideAreaAbove;
}

/** A record as it was before this change touched it. */
export interface Before {
  readonly record: number;
  readonly regionalId: string;
  readonly ids: IdList;
}

/** More records than these are not joined: nobody has so many, and a fault of a rule must not join a region. */
const MOST_RECORDS = 300;

interface Neighbourhood {
  readonly members: readonly SourceRecord[];
  /** Of a record that was merged, the active one. */
  readonly heirs: ReadonlyMap<number, number>;
  readonly pairs: readonly PairVerdict[];
}

/**
 * Forms anew the groups around some records, and writes down all that follows: regional ids, what the Document Registry is to
 * do, who is to be told, and what a person must look at.
 *
 * @param befores the records that this change has altered already, as they were
 * @returns whether the Document Registry has something to do
 */
export async function regroup(
  seeds: readonly number[],
  change: Change,
  befores: readonly Before[] = [],
): Promise<boolean> {
  const { records, matcher, issue } = change;
  const around = await neighbourhoodOf(seeds, befores, records);
  const standings = standingsOf(around, befores);
  const { groups, unfollowed } = clustersOf(
    around.members.map(memberOf),
    linksOf(around),
    objectionsOf(around, matcher),
  );
  const named = await nameGroups(groups, { standings, records, issue });
  await assignAll(named, change);
  const asked = change.wideArea ? false : await askRegistry(named, standings, change);
  const concerned = named.flatMap(({ regionalId, absorbed }) => [regionalId, ...absorbed]);
  await oweRegionalIds(concerned, change);
  await putUp(unfollowed, around, change);
  await closeReviews(around, named, change);
  await tell(around, { named, standings, befores }, change);
  return asked;
}

async function neighbourhoodOf(
  seeds: readonly number[],
  befores: readonly Before[],
  records: IdentityWriter,
): Promise<Neighbourhood> {
  const members = new Map<number, SourceRecord>();
  const heirs = new Map<number, number>();
  let own: Neighbourhood | undefined;
  let reached: readonly number[] = [...seeds, ...befores.map(({ record }) => record)];
  let regionalIds = befores.map(({ regionalId }) => regionalId);
  while (reached.length > 0 || regionalIds.length > 0) {
    const active = await activeOf(reached, records);
    const groups = [...new Set([...regionalIds, ...active.map(({ regionalId }) => regionalId)])];
    const all = await records.recordsOf(groups.filter((id) => id !== ''));
    for (const one of [...active, ...all]) members.set(one.number, one);
    const numbers = [...members.keys()];
    for (const number of numbers) heirs.set(number, number);
    for (const merged of await records.mergedInto(numbers)) {
      heirs.set(merged.number, await heirOf(merged, records));
    }
    const pairs = await records.pairsOf([...heirs.keys()]);
    reached = pairs
      .filter(({ verdict }) => verdict === 'linked')
      .flatMap(({ low, high }) => [low, high])
      .filter((number) => !heirs.has(number));
    regionalIds = [];
    // Groups are only ever formed anew as a whole: of what would be too much, those around the change alone.
    if (own && members.size > MOST_RECORDS) return own;
    const around = { members: [...members.values()], heirs: new Map(heirs), pairs };
    own ??= around;
    if (reached.length === 0) return around;
  }
  return own ?? { members: [], heirs, pairs: [] };
}

/** The active records that these are, or were merged into. */
async function activeOf(
  numbers: readonly number[],
  records: IdentityWriter,
): Promise<readonly SourceRecord[]> {
  const found = await records.recordsWith(numbers);
  const heirs: number[] = [];
  for (const record of found) heirs.push(await heirOf(record, records));
  return await records.recordsWith([...new Set(heirs)]);
}

async function heirOf(record: SourceRecord, records: IdentityWriter): Promise<number> {
  let at = record;
  while (at.mergedInto !== undefined) {
    const [next] = await records.recordsWith([at.mergedInto]);
    if (!next) break;
    at = next;
  }
  return at.number;
}

function standingsOf(
  { members, heirs }: Neighbourhood,
  befores: readonly Before[],
): readonly Standing[] {
  const altered = new Map(befores.map((before) => [before.record, before]));
  const standing = (record: number, regionalId: string) => ({
    record,
    heir: heirs.get(record) ?? record,
    regionalId,
  });
  return [
    ...befores.map(({ record, regionalId }) => standing(record, regionalId)),
    ...members
      .filter(({ number }) => !altered.has(number))
      .map(({ number, regionalId }) => standing(number, regionalId)),
  ].filter(({ regionalId }) => regionalId !== '');
}

function memberOf({ number, regionalId, toldRegionalId, ids }: SourceRecord): Member {
  return {
    number,
    ...(regionalId === '' ? {} : { regionalId }),
    ...(toldRegionalId === undefined ? {} : { told: toldRegionalId }),
    authorities: [...new Set(ids.map(({ assigningAuthority }) => assigningAuthority))],
    rank: ids.map(patientKey).sort()[0] ?? '',
  };
}

/** A pair speaks for the active records of today, and the affinity domain's word for all to whom it gave one id. */
function linksOf({ members, heirs, pairs }: Neighbourhood): readonly Link[] {
  const ofPairs = pairs
    .filter(({ verdict }) => verdict === 'linked')
    .flatMap(({ low, high, byHand, score }): Link[] => {
      const [one, other] = [heirs.get(low), heirs.get(high)];
      if (one === undefined || other === undefined || one === other) return [];
      return [{ one, other, by: byHand ? 'hand' : 'rule', score }];
    });
  const first = new Map<string, number>();
  const told = members.flatMap(({ number, toldRegionalId }): Link[] => {
    if (toldRegionalId === undefined) return [];
    const one = first.get(toldRegionalId);
    if (one === undefined) {
      first.set(toldRegionalId, number);
      return [];
    }
    return [{ one, other: number, by: 'told', score: 0 }];
  });
  return [...ofPairs, ...told];
}

function objectionsOf({ members, heirs, pairs }: Neighbourhood, matcher: Matcher) {
  const name = (one: number, other: number) => nameOf(pairOf(one, other));
  const parted = new Set(
    pairs
      .filter(({ verdict, byHand }) => verdict === 'apart' && byHand)
      .map(({ low, high }) => name(heirs.get(low) ?? low, heirs.get(high) ?? high)),
  );
  const byNumber = new Map(members.map((record) => [record.number, record]));
  return {
    apart: (one: number, other: number) => parted.has(name(one, other)),
    contradicts: (one: number, other: number) => {
      const [a, b] = [byNumber.get(one), byNumber.get(other)];
      return a !== undefined && b !== undefined && matcher.decide(a, b).contradiction === true;
    },
  };
}

async function assignAll(
  named: readonly NamedGroup[],
  { records, issue, affinityDomain }: Change,
): Promise<void> {
  for (const { members, regionalId, absorbed, isRestored } of named) {
    const moved = members.filter((one) => one.regionalId !== regionalId);
    if (moved.length > 0) await records.putRegionalId(regionalId);
    for (const { number } of moved) await records.assign(number, regionalId, issue.now());
    if (isRestored) {
      await records.restoreId({ id: regionalId, assigningAuthority: affinityDomain });
    }
    for (const id of absorbed) await records.putRegionalId(id, regionalId);
  }
}

/** First what parts, then what joins. */
async function askRegistry(
  named: readonly NamedGroup[],
  standings: readonly Standing[],
  { records, issue }: Change,
): Promise<boolean> {
  const nowOf = new Map(
    named.flatMap(({ members, regionalId }) => members.map(({ number }) => [number, regionalId])),
  );
  const goesTo = ({ heir }: Standing) => nowOf.get(heir) ?? '';
  let asked = false;
  for (const from of new Set(standings.map(({ regionalId }) => regionalId))) {
    const own = standings.filter(({ regionalId }) => regionalId === from);
    const keeper = named.find(
      ({ regionalId, absorbed }) => regionalId === from || absorbed.includes(from),
    )?.regionalId;
    const idsOf = (some: readonly Standing[]) => everyIdOf(some, records);
    const staying = await idsOf(own.filter((one) => goesTo(one) === keeper));
    for (const to of new Set(own.map(goesTo))) {
      if (to === keeper || to === from || to === '') continue;
      const moving = await idsOf(own.filter((one) => goesTo(one) === to));
      const task = { kind: 'divide', change: issue.uuid(), from, to, moving, staying } as const;
      await records.addRegistryTask(task, issue.now());
      asked = true;
    }
  }
  for (const { regionalId: to, absorbed } of named) {
    for (const from of absorbed) {
      const task = {
        kind: 'merge',
        change: issue.uuid(),
        from,
        to,
        moving: [],
        staying: [],
      } as const;
      await records.addRegistryTask(task, issue.now());
      asked = true;
    }
  }
  return asked;
}

/** The ids of records, and of all that were merged into them, in use or not. */
async function everyIdOf(
  standings: readonly Standing[],
  records: IdentityWriter,
): Promise<readonly PatientId[]> {
  const numbers = standings.map(({ record }) => record);
  const merged = await records.mergedInto(numbers);
  const all = await records.everyIdOf([...numbers, ...merged.map(({ number }) => number)]);
  const ids = all.map(({ id, assigningAuthority }) => ({ id, assigningAuthority }));
  return [...new Map(ids.map((id) => [patientKey(id), id])).values()];
}

/** What is doubtful, and what a rule would have linked and was kept from, goes to a person, unless a person has spoken. */
async function putUp(
  unfollowed: readonly Unfollowed[],
  around: Neighbourhood,
  change: Change,
): Promise<void> {
  const { records, matcher, issue } = change;
  const reviews = new Map<string, Review>();
  for (const review of await doubtsIn(around, records)) reviews.set(nameOf(review), review);
  for (const { one, other, why, by, conflict, score } of unfollowed) {
    if (why === 'apart' || by !== 'rule') continue;
    const pair = conflict ? pairOf(...conflict) : pairOf(one, other);
    const kind = conflict ? 'merge' : 'link';
    const evidence = { field: 'group', weight: 0, agreement: why };
    const review: Review = { ...pair, kind, score, ruleSet: matcher.version, why: [evidence] };
    if (!reviews.has(nameOf(pair))) reviews.set(nameOf(pair), review);
  }
  const answered = around.pairs.filter(({ byHand }) => byHand).map(nameOf);
  for (const name of answered) reviews.delete(name);
  const open = await records.openReviewsOf([...reviews.values()].map(({ low }) => low));
  for (const review of open) reviews.delete(nameOf(review));
  for (const review of reviews.values()) await records.openReview(review, issue.now());
}

/** Pairs that a rule could not decide, of which nobody was asked yet, and whose records are not one patient's. */
async function doubtsIn(
  { pairs, heirs, members }: Neighbourhood,
  records: IdentityWriter,
): Promise<readonly Review[]> {
  const asked = new Set((await records.openReviewsOf([...heirs.keys()])).map(nameOf));
  const doubts = pairs.filter((pair) => pair.verdict === 'review' && !asked.has(nameOf(pair)));
  if (doubts.length === 0) return [];
  const active = new Map<number, SourceRecord>();
  for (const end of new Set(doubts.flatMap(({ low, high }) => [low, high]))) {
    const [record] = await activeOf([end], records);
    if (record) active.set(end, record);
  }
  const known = new Set(members.map(({ number }) => number));
  const reviews: Review[] = [];
  for (const { low, high, score, ruleSet, decision } of doubts) {
    const [one, other] = [active.get(low), active.get(high)];
    // One and the same by now.
    if (!one || !other || one.number === other.number) continue;
    const kind = haveCommonAuthority(one, other) ? 'merge' : 'link';
    const areHere = known.has(one.number) && known.has(other.number);
    if (areHere && kind === 'link' && one.regionalId === other.regionalId) continue;
    const why = (await records.decision(decision))?.why ?? [];
    reviews.push({ low, high, kind, score, ruleSet, why });
  }
  return reviews;
}

/** Whether both have an id of one authority. */
export function haveCommonAuthority(one: SourceRecord, other: SourceRecord): boolean {
  return one.ids.some(({ assigningAuthority }) =>
    other.ids.some((id) => id.assigningAuthority === assigningAuthority),
  );
}

function nameOf({ low, high }: RecordPair): string {
  return `${low} ${high}`;
}

/** A question whose answer is there is taken from the list. */
async function closeReviews(
  { heirs }: Neighbourhood,
  named: readonly NamedGroup[],
  { records, issue }: Change,
): Promise<void> {
  const groupOf = new Map(
    named.flatMap(({ members, regionalId }) => members.map(({ number }) => [number, regionalId])),
  );
  const placeOf = (number: number) => groupOf.get(heirs.get(number) ?? number);
  for (const { number, low, high, kind } of await records.openReviewsOf([...heirs.keys()])) {
    if (kind === 'feed') continue;
    const areOneRecord = heirs.get(low) !== undefined && heirs.get(low) === heirs.get(high);
    const areLinked = placeOf(low) !== undefined && placeOf(low) === placeOf(high);
    if (!(areOneRecord || (kind === 'link' && areLinked))) continue;
    await records.closeReview(number, { state: 'obsolete', by: 'auto', at: issue.now() });
  }
}

async function tell(
  { members }: Neighbourhood,
  {
    named,
    standings,
    befores,
  }: {
    named: readonly NamedGroup[];
    standings: readonly Standing[];
    befores: readonly Before[];
  },
  change: Change,
): Promise<void> {
  const { affinityDomain, subscriptions } = change;
  if (subscriptions.length === 0) return;
  const inRegion = (id: string): PatientId => ({ id, assigningAuthority: affinityDomain });
  const idsNow = new Map(members.map(({ number, ids }) => [number, ids]));
  const idsBefore = new Map(befores.map(({ record, ids }) => [record, ids]));
  const before = [...new Set(standings.map(({ regionalId }) => regionalId))].map((regionalId) => [
    inRegion(regionalId),
    ...standings
      .filter((standing) => standing.regionalId === regionalId)
      .flatMap(({ record }) => idsBefore.get(record) ?? idsNow.get(record) ?? []),
  ]);
  const after = named.map(({ regionalId, members: group }) => [
    inRegion(regionalId),
    ...group.flatMap(({ number }) => idsNow.get(number) ?? []),
  ]);
  const unique = (list: IdList) => [...new Map(list.map((id) => [patientKey(id), id])).values()];
  const each = async (lists: readonly IdList[]) => {
    const out: IdList[] = [];
    for (const list of lists) out.push(await handedOut(unique(list), change));
    return out;
  };
  await tellConsumers({ before: await each(before), after: await each(after) }, change);
}
