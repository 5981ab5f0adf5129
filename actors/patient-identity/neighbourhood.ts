import type { IdentityReader, PairVerdict, SourceRecord } from './identity-store.ts';
import type { IdList } from './subscriptions.ts';

/** A record as it was before this change touched it. */
export interface Before {
  readonly record: number;
  readonly regionalId: string;
  readonly ids: IdList;
}

/** More records than these are not joined: nobody has so many, and a fault of a rule must not join a region. */
const MOST_RECORDS = 300;

/** Records that a change can concern: whole groups, and all that is linked with them. */
export interface Neighbourhood {
  readonly members: readonly SourceRecord[];
  /** Of a record that was merged, the active one. */
  readonly heirs: ReadonlyMap<number, number>;
  readonly pairs: readonly PairVerdict[];
  /** False where more is linked with it than is looked at. */
  readonly isWhole: boolean;
}

/** What is around some records, and around those that a change has altered already. */
export async function neighbourhoodOf(
  seeds: readonly number[],
  befores: readonly Before[],
  records: IdentityReader,
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
    if (own && members.size > MOST_RECORDS) return { ...own, isWhole: false };
    const around = { members: [...members.values()], heirs: new Map(heirs), pairs, isWhole: true };
    own ??= around;
    if (reached.length === 0) return around;
  }
  return own ?? { members: [], heirs, pairs: [], isWhole: true };
}

/** The active records that these are, or were merged into. */
export async function activeOf(
  numbers: readonly number[],
  records: IdentityReader,
): Promise<readonly SourceRecord[]> {
  const found = await records.recordsWith(numbers);
  const heirs: number[] = [];
  for (const record of found) heirs.push(await heirOf(record, records));
  return await records.recordsWith([...new Set(heirs)]);
}

/** The active record that this one is, or was merged into. */
export async function heirOf(record: SourceRecord, records: IdentityReader): Promise<number> {
  let at = record;
  while (at.mergedInto !== undefined) {
    const [next] = await records.recordsWith([at.mergedInto]);
    if (!next) break;
    at = next;
  }
  return at.number;
}

/** Whether both have an id of one authority. */
export function haveCommonAuthority(one: SourceRecord, other: SourceRecord): boolean {
  return one.ids.some(({ assigningAuthority }) =>
    other.ids.some((id) => id.assigningAuthority === assigningAuthority),
  );
}
