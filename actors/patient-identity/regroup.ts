import { type PatientId, patientKey } from '../../profiles/patient.ts';
import type { Issue } from '../../profiles/transaction.ts';
import { clustersOf, type Link, type Member, type Objections } from './clusters.ts';
import { type IdentityWriter, pairNameOf, pairOf, type SourceRecord } from './identity-store.ts';
import type { Matcher } from './matcher.ts';
import { activeOf, type Before, type Neighbourhood, neighbourhoodOf } from './neighbourhood.ts';
import { askPeople } from './questions.ts';
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
  /** Told of each question that comes on the list of what a person must look at, or leaves it. */
  readonly listed?: (what: 'opened' | 'closed') => void;
  /** Present at a wide-area id service. */
  readonly wideArea?: WideArea;
  /** Present where a wide-area id service is fed. */
  readonly above?: WideAreaAbove;
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
  const isForbidden = await forbiddenIn(around, records);
  const named = await nameGroups(groups, { standings, isForbidden, records, issue });
  await assignAll(named, change);
  await forgetTold(named, isForbidden, change);
  const asked = change.wideArea ? false : await askRegistry(named, standings, change);
  const concerned = named.flatMap(({ regionalId, absorbed }) => [regionalId, ...absorbed]);
  await oweRegionalIds(concerned, change);
  await askPeople(unfollowed, { around, named }, change);
  await tell(around, { named, standings, befores }, change);
  return asked;
}

function standingsOf(
  { members, heirs }: Neighbourhood,
  befores: readonly Before[],
): readonly Standing[] {
  const altered = new Map(befores.map((before) => [before.record, before]));
  const homes = new Map(members.map(({ number, homeRegionalId }) => [number, homeRegionalId]));
  const standing = (record: number, regionalId: string) => ({
    record,
    heir: heirs.get(record) ?? record,
    regionalId,
    isHome: homes.get(record) === regionalId,
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

/** Regional ids of those outside from whom a person has parted a record: the affinity domain's word does not bring it there. */
async function forbiddenIn(
  { heirs, pairs }: Neighbourhood,
  records: IdentityWriter,
): Promise<(record: number, regionalId: string) => boolean> {
  const forbidden = new Set<string>();
  for (const { low, high, verdict, byHand } of pairs) {
    if (verdict !== 'apart' || !byHand) continue;
    for (const [one, other] of [
      [low, high],
      [high, low],
    ] as const) {
      const inside = heirs.get(one);
      if (inside === undefined || heirs.has(other)) continue;
      const [outside] = await activeOf([other], records);
      if (outside) forbidden.add(`${inside} ${outside.regionalId}`);
    }
  }
  return (record, regionalId) => forbidden.has(`${record} ${regionalId}`);
}

function objectionsOf({ members, heirs, pairs }: Neighbourhood, matcher: Matcher): Objections {
  const name = (one: number, other: number) => pairNameOf(pairOf(one, other));
  const parted = new Set(
    pairs
      .filter(({ verdict, byHand }) => verdict === 'apart' && byHand)
      .map(({ low, high }) => name(heirs.get(low) ?? low, heirs.get(high) ?? high)),
  );
  const byNumber = new Map(members.map((record) => [record.number, record]));
  const decide = (one: number, other: number) => {
    const [a, b] = [byNumber.get(one), byNumber.get(other)];
    return a && b && matcher.decide(a, b);
  };
  return {
    apart: (one, other) => parted.has(name(one, other)),
    contradicts: (one, other) => decide(one, other)?.contradiction === true,
    isSameButForAuthority: (one, other) => {
      const decision = decide(one, other);
      if (!decision || decision.outcome === 'APART' || decision.contradiction) return false;
      // A rule without scores cannot tell one person's two charts from two people alike.
      return decision.score >= (matcher.thresholds?.auto ?? Number.POSITIVE_INFINITY);
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

/** What the affinity domain has told for a record whom a person has parted from those who have that id holds no longer. */
async function forgetTold(
  named: readonly NamedGroup[],
  isForbidden: (record: number, regionalId: string) => boolean,
  { records }: Change,
): Promise<void> {
  const inUse = new Set(named.map(({ regionalId }) => regionalId));
  for (const { members, regionalId } of named) {
    for (const { number, told } of members) {
      if (told === undefined || told === regionalId) continue;
      const isOthers = inUse.has(told) || members.some((one) => isForbidden(one.number, told));
      if (isOthers) await records.tellRegionalId(number);
    }
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
    for (const to of new Set(own.map(goesTo))) {
      if (to === keeper || to === from || to === '') continue;
      const moving = await idsOf(own.filter((one) => goesTo(one) === to));
      // Whoever does not go there, those who leave for another and those who come among them: else what had come with one who
      // parts would go along with it.
      const staying = await idsOf(standings.filter((one) => goesTo(one) !== to));
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
