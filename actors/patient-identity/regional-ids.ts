import type { Issue } from '../../profiles/transaction.ts';
import type { Member } from './clusters.ts';
import type { IdentityReader } from './identity-store.ts';

/** Where a record stood before a change: a record that was merged meanwhile speaks for the one that it was merged into. */
export interface Standing {
  readonly record: number;
  /** The active record of today. */
  readonly heir: number;
  readonly regionalId: string;
  /** The record is in use, and this is the regional id under which it came first. */
  readonly isHome: boolean;
}

/** A group of records and the regional id that it has from now on. */
export interface NamedGroup {
  readonly members: readonly Member[];
  readonly regionalId: string;
  /** Regional ids that are subsumed by it now. */
  readonly absorbed: readonly string[];
  /** The regional id was subsumed before, and is in use again. */
  readonly isRestored: boolean;
}

/**
 * Gives each group its regional id: the one that the affinity domain has told; else, of those that it comes from, the one of
 * its oldest record; else the one under which that record came first, if that is free; else a new one. A regional id whose
 * records part goes with the oldest of those that came first under it, else with the oldest of them: what others know by it
 * stays under it.
 */
export async function nameGroups(
  groups: readonly (readonly Member[])[],
  {
    standings,
    isForbidden,
    records,
    issue,
  }: {
    standings: readonly Standing[];
    /** A person has parted the record from others who have this regional id. */
    isForbidden: (record: number, regionalId: string) => boolean;
    records: IdentityReader;
    issue: Issue;
  },
): Promise<readonly NamedGroup[]> {
  const groupOf = new Map(groups.flatMap((group) => group.map(({ number }) => [number, group])));
  const mayHave = (group: readonly Member[], told: string) =>
    !group.some(({ number }) => isForbidden(number, told));
  const holders = holdersOf(groups, standings, { groupOf, mayHave });
  const named: NamedGroup[] = [];
  const taken = new Set(holders.keys());
  for (const group of groups) {
    const held = [...holders].flatMap(([id, holder]) => (holder === group ? [id] : []));
    const told = group.find(
      (one) => one.told !== undefined && holders.get(one.told) === group,
    )?.told;
    const regionalId = (await subsumerOf(told, held, records)) ?? told ?? held[0];
    if (regionalId !== undefined) {
      const absorbed = held.filter((id) => id !== regionalId && isInUse(id, standings));
      named.push({ members: group, regionalId, absorbed, isRestored: false });
      continue;
    }
    const home = await freeHomeOf(group, { standings, records, taken });
    const chosen = home ?? (await newRegionalId(records, issue));
    taken.add(chosen);
    named.push({
      members: group,
      regionalId: chosen,
      absorbed: [],
      isRestored: home !== undefined,
    });
  }
  return named;
}

/** Which group keeps a regional id: that with a record for which it was told, that came first under it, or that is the oldest of its. */
function holdersOf(
  groups: readonly (readonly Member[])[],
  standings: readonly Standing[],
  {
    groupOf,
    mayHave,
  }: {
    groupOf: ReadonlyMap<number, readonly Member[]>;
    mayHave: (group: readonly Member[], told: string) => boolean;
  },
): ReadonlyMap<string, readonly Member[]> {
  const holders = new Map<string, readonly Member[]>();
  const byAge = [...groups.flat()].sort((one, other) => one.number - other.number);
  for (const { told, number } of byAge) {
    const group = groupOf.get(number);
    if (told === undefined || !group || holders.has(told) || !mayHave(group, told)) continue;
    holders.set(told, group);
  }
  // A record that was merged away does not take its regional id from those that are left under it.
  const isGone = ({ record, heir }: Standing) => (record === heir ? 0 : 1);
  const standingsByAge = [...standings].sort(
    (one, other) => isGone(one) - isGone(other) || one.record - other.record,
  );
  for (const { regionalId, heir } of standingsByAge) {
    const home = standingsByAge.find((one) => one.isHome && one.regionalId === regionalId);
    const group = groupOf.get(home?.heir ?? heir);
    if (group && !holders.has(regionalId)) holders.set(regionalId, group);
  }
  return holders;
}

function isInUse(regionalId: string, standings: readonly Standing[]): boolean {
  return standings.some((standing) => standing.regionalId === regionalId);
}

/** The first regional id of the oldest record, where it was subsumed by the one that the record leaves and nobody has it. */
async function freeHomeOf(
  group: readonly Member[],
  {
    standings,
    records,
    taken,
  }: { standings: readonly Standing[]; records: IdentityReader; taken: ReadonlySet<string> },
): Promise<string | undefined> {
  const byAge = [...group].sort((one, other) => one.number - other.number);
  for (const { number } of byAge) {
    const left = standings.find(({ record }) => record === number)?.regionalId;
    const [record] = await records.recordsWith([number]);
    const home = record?.homeRegionalId;
    if (!home || !left || taken.has(home)) continue;
    if ((await records.recordsOf([home])).length > 0) continue;
    if (await isSubsumedBy(home, left, records)) return home;
  }
  return undefined;
}

/** One of these ids by which another was subsumed before: there the Document Registry has what was registered under both. */
async function subsumerOf(
  regionalId: string | undefined,
  held: readonly string[],
  records: IdentityReader,
): Promise<string | undefined> {
  for (const id of held) {
    if (regionalId === undefined || id === regionalId) continue;
    if (await isSubsumedBy(regionalId, id, records)) return id;
  }
  return undefined;
}

async function isSubsumedBy(
  regionalId: string,
  surviving: string,
  records: IdentityReader,
): Promise<boolean> {
  let at = (await records.regionalIdState(regionalId))?.mergedInto;
  while (at !== undefined && at !== surviving) {
    at = (await records.regionalIdState(at))?.mergedInto;
  }
  return at === surviving;
}

/** Digits of a regional id. */
const REGIONAL_ID_DIGITS = 12;

/** An id that nobody has, and that says nothing of the patient. */
async function newRegionalId(records: IdentityReader, issue: Issue): Promise<string> {
  for (;;) {
    const number =
      BigInt(`0x${issue.uuid().replaceAll('-', '')}`) % 10n ** BigInt(REGIONAL_ID_DIGITS);
    const regionalId = number.toString().padStart(REGIONAL_ID_DIGITS, '0');
    if (!(await records.knowsRegionalId(regionalId))) return regionalId;
  }
}
