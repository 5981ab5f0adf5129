import { type PatientId, patientKey } from '../../profiles/patient.ts';
import type { IdentityReader, Membership, SourceRecord } from './identity-store.ts';
import { activeOf } from './neighbourhood.ts';

/** What two sides had in common while they were taken for one patient. */
export interface SharedMeanwhile {
  /** Whatever was disclosed under one of these may have been the other side's. */
  readonly ids: readonly PatientId[];
  /** ISO 8601. */
  readonly since: string;
}

/** Records that are to be parted. */
interface Sides {
  readonly one: readonly number[];
  readonly others: readonly number[];
  /** When the first gave up its number for one of the others: until then it stood for itself. */
  readonly mergedAt?: string;
}

/**
 * Under which ids the records of these ids were one patient, and since when, through all regional ids that they have had: of one
 * id, its record and all others of the patient; of an id that was given up, its record and the one that took its place.
 *
 * @returns undefined where they are not one patient
 */
export async function sharedMeanwhile(
  ids: readonly PatientId[],
  records: IdentityReader,
  affinityDomain: string,
): Promise<SharedMeanwhile | undefined> {
  const [first, other] = ids;
  if (first === undefined) return undefined;
  const sides =
    first.assigningAuthority === affinityDomain
      ? await sidesOfRegional(first, records)
      : await sidesOf(first, other, records);
  if (sides === undefined) return undefined;
  const { since, regionalIds } = await togetherness(sides, records);
  if (since === undefined) return undefined;
  const group = await activeOf([...sides.one, ...sides.others], records);
  const all = await records.recordsOf([...new Set(group.map(({ regionalId }) => regionalId))]);
  const numbers = all.map(({ number }) => number);
  const merged = await records.mergedInto(numbers);
  const every = await records.everyIdOf([...numbers, ...merged.map(({ number }) => number)]);
  const named = [
    ...[...regionalIds].map((id) => ({ id, assigningAuthority: affinityDomain })),
    ...every.map(({ id, assigningAuthority }) => ({ id, assigningAuthority })),
  ];
  return { ids: [...new Map(named.map((id) => [patientKey(id), id])).values()], since };
}

async function sidesOf(
  first: PatientId,
  other: PatientId | undefined,
  records: IdentityReader,
): Promise<Sides | undefined> {
  const found = [first, ...(other ? [other] : [])];
  const numbers: number[] = [];
  for (const id of found) {
    const state = await records.idState(id);
    if (state) numbers.push(state.record);
  }
  const [one, ...rest] = numbers;
  if (one === undefined || numbers.length < found.length) return undefined;
  const active = await activeOf(numbers, records);
  const [regionalId, another] = new Set(active.map((record) => record.regionalId));
  if (regionalId === undefined || another !== undefined) return undefined;
  const mergedAt = (await records.mergeOf(first))?.at;
  const inGroup = (await records.recordsOf([regionalId])).map(({ number }) => number);
  const others = other === undefined ? inGroup : [...rest, ...active.map(({ number }) => number)];
  return {
    one: [one],
    others: [...new Set(others)].filter((number) => number !== one),
    ...(mergedAt === undefined ? {} : { mergedAt }),
  };
}

/** Of a regional id that was subsumed: the records that came with it, and those that were there. */
async function sidesOfRegional(
  subsumed: PatientId,
  records: IdentityReader,
): Promise<Sides | undefined> {
  const mergedAt = (await records.mergeOf(subsumed))?.at;
  if (mergedAt === undefined) return undefined;
  const { came, others } = await underSurviving(subsumed.id, records);
  const numbersOf = (some: readonly SourceRecord[]) => some.map(({ number }) => number);
  return { one: numbersOf(came), others: numbersOf(others), mergedAt };
}

/**
 * Where the records of a regional id that was subsumed are now: under the id that has taken its place in the end, with those
 * that came with it parted from the others.
 */
export async function underSurviving(
  subsumed: string,
  records: IdentityReader,
): Promise<{
  readonly surviving: string;
  readonly came: readonly SourceRecord[];
  readonly others: readonly SourceRecord[];
}> {
  let surviving = subsumed;
  for (let next: string | undefined = surviving; next !== undefined; ) {
    surviving = next;
    next = (await records.regionalIdState(next))?.mergedInto;
  }
  const all = await records.recordsOf([surviving]);
  const memberships = await records.membershipsOf(all.map(({ number }) => number));
  const came = new Set(
    memberships.flatMap(({ record, regionalId }) => (regionalId === subsumed ? [record] : [])),
  );
  return {
    surviving,
    came: all.filter(({ number }) => came.has(number)),
    others: all.filter(({ number }) => !came.has(number)),
  };
}

interface Stay {
  readonly regionalId: string;
  readonly from: string;
  /** Absent: it goes on. */
  readonly until?: string;
}

async function togetherness(
  { one, others, mergedAt }: Sides,
  records: IdentityReader,
): Promise<{ readonly since: string | undefined; readonly regionalIds: ReadonlySet<string> }> {
  const mine = await staysOf(one, records);
  const theirs = await staysOf(others, records);
  const regionalIds = new Set<string>();
  const starts = mergedAt === undefined ? [] : [mergedAt];
  const isGone = await wasMergedAway(one, records);
  for (const a of mine) {
    const own = isGone && mergedAt !== undefined ? endingAt(a, mergedAt) : a;
    for (const b of theirs) {
      if (own.regionalId !== b.regionalId || !overlap(own, b)) continue;
      regionalIds.add(b.regionalId);
      starts.push(own.from > b.from ? own.from : b.from);
    }
  }
  if (mergedAt !== undefined) {
    for (const stay of [...theirs, ...(isGone ? [] : mine)]) {
      if (stay.until === undefined || stay.until > mergedAt) regionalIds.add(stay.regionalId);
    }
  }
  return { since: starts.sort()[0], regionalIds };
}

async function wasMergedAway(
  numbers: readonly number[],
  records: IdentityReader,
): Promise<boolean> {
  const found = await records.recordsWith(numbers);
  return found.some(({ mergedInto }) => mergedInto !== undefined);
}

async function staysOf(
  numbers: readonly number[],
  records: IdentityReader,
): Promise<readonly Stay[]> {
  const byRecord = new Map<number, Membership[]>();
  for (const one of await records.membershipsOf(numbers)) {
    byRecord.set(one.record, [...(byRecord.get(one.record) ?? []), one]);
  }
  for (const { number, regionalId, mergedInto } of await records.recordsWith(numbers)) {
    const all = byRecord.get(number);
    const last = all?.at(-1);
    // A record that came back by an unmerge, and stayed, has no stay of its own there.
    if (mergedInto !== undefined || !all || !last || last.regionalId === regionalId) continue;
    all.push({ record: number, regionalId, since: last.since });
  }
  return [...byRecord.values()].flatMap((all) =>
    all.map(({ regionalId, since: from }, at) => {
      const until = all[at + 1]?.since;
      return { regionalId, from, ...(until === undefined ? {} : { until }) };
    }),
  );
}

function endingAt(stay: Stay, end: string): Stay {
  return stay.until !== undefined && stay.until < end ? stay : { ...stay, until: end };
}

function overlap(a: Stay, b: Stay): boolean {
  return (a.until === undefined || b.from < a.until) && (b.until === undefined || a.from < b.until);
}
