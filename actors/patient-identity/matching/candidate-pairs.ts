import { blockingKeys } from './blocking.ts';
import type { Normalised } from './normalised.ts';

/** Records of one batch; an index and a hash together fit a number. */
export const MOST_RECORDS = 2 ** 21;

/** A key that more records have says nothing of anyone. */
export const MOST_IN_BLOCK = 300;

/** What was not compared. */
export interface BlockingReport {
  readonly pairs: number;
  /** Keys that too many records have. */
  readonly passedOver: number;
}

/**
 * Calls `visit` once for each two records of a batch that have a blocking key in common, by their places in `records`, the
 * lower first.
 *
 * Keys are kept as 32-bit hashes: two that fall together cost a comparison, nothing else.
 * @throws RangeError for more than `MOST_RECORDS`
 */
export function visitCandidatePairs(
  records: readonly Normalised[],
  visit: (one: number, other: number) => void,
): BlockingReport {
  if (records.length > MOST_RECORDS) throw new RangeError(`more than ${MOST_RECORDS} records`);
  const { hashes, starts } = hashesOf(records);
  const entries = new Float64Array(hashes.length);
  for (let record = 0; record < records.length; record += 1) {
    for (let at = starts[record] ?? 0; at < (starts[record + 1] ?? 0); at += 1) {
      entries[at] = (hashes[at] ?? 0) * MOST_RECORDS + record;
    }
  }
  entries.sort();
  const passedOver = crowded(entries);
  let pairs = 0;
  const isFirstIn = (one: number, other: number, hash: number) =>
    firstCommon({ hashes, starts, passedOver }, one, other) === hash;
  eachBlock(entries, (hash, members) => {
    if (passedOver.has(hash)) return;
    for (const [at, other] of members.entries()) {
      for (let before = 0; before < at; before += 1) {
        const one = members[before] ?? 0;
        // A pair with several keys in common is visited in the block of the first.
        if (!isFirstIn(one, other, hash)) continue;
        pairs += 1;
        visit(one, other);
      }
    }
  });
  return { pairs, passedOver: passedOver.size };
}

interface Hashes {
  /** Of each record in turn, in ascending order. */
  readonly hashes: Uint32Array;
  /** Where a record's begin; one more at the end. */
  readonly starts: Uint32Array;
}

function hashesOf(records: readonly Normalised[]): Hashes {
  const starts = new Uint32Array(records.length + 1);
  let hashes = new Uint32Array(records.length * 10 + 64);
  let count = 0;
  for (const [at, record] of records.entries()) {
    starts[at] = count;
    const own = [...new Set(blockingKeys(record).map(hashOf))].sort((one, other) => one - other);
    if (count + own.length > hashes.length) {
      const larger = new Uint32Array(hashes.length * 2);
      larger.set(hashes);
      hashes = larger;
    }
    hashes.set(own, count);
    count += own.length;
  }
  starts[records.length] = count;
  return { hashes: hashes.subarray(0, count), starts };
}

/** FNV-1a over the UTF-16 units. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 0;
}

function eachBlock(
  entries: Float64Array,
  visit: (hash: number, members: readonly number[]) => void,
): void {
  let start = 0;
  while (start < entries.length) {
    const hash = Math.floor((entries[start] ?? 0) / MOST_RECORDS);
    const members: number[] = [];
    let end = start;
    for (; end < entries.length; end += 1) {
      const entry = entries[end] ?? 0;
      if (Math.floor(entry / MOST_RECORDS) !== hash) break;
      if (members.length <= MOST_IN_BLOCK) members.push(entry - hash * MOST_RECORDS);
    }
    if (members.length > 1) visit(hash, members);
    start = end;
  }
}

function crowded(entries: Float64Array): ReadonlySet<number> {
  const found = new Set<number>();
  eachBlock(entries, (hash, members) => {
    if (members.length > MOST_IN_BLOCK) found.add(hash);
  });
  return found;
}

function firstCommon(
  { hashes, starts, passedOver }: Hashes & { readonly passedOver: ReadonlySet<number> },
  one: number,
  other: number,
): number {
  let a = starts[one] ?? 0;
  let b = starts[other] ?? 0;
  const endA = starts[one + 1] ?? 0;
  const endB = starts[other + 1] ?? 0;
  while (a < endA && b < endB) {
    const mine = hashes[a] ?? 0;
    const theirs = hashes[b] ?? 0;
    if (mine === theirs && !passedOver.has(mine)) return mine;
    if (mine <= theirs) a += 1;
    if (theirs <= mine) b += 1;
  }
  return -1;
}
