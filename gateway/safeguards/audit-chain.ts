import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The hash before the first record of a node's first chain. */
export const NO_HEAD = '0'.repeat(64);

/** What the first record of a chain says besides its message. */
export interface TrailOpening {
  /** The file whose last record `previous` is the hash of; null where there is none. */
  readonly continues: string | null;
  /** Torn last lines that were cut off before this chain began. */
  readonly cuts: readonly { readonly file: string; readonly bytes: number }[];
}

/** A record before it has its hash. */
export interface TrailRecord {
  /** From 1 in each chain, without a gap. */
  readonly n: number;
  /** ISO 8601, UTC: when it was written. */
  readonly at: string;
  /** SHA-256 in lower-case hex: the hash of the record before. */
  readonly previous: string;
  readonly opening?: TrailOpening;
  /** DICOM audit XML. */
  readonly message: string;
}

/** Where a chain stands. */
export interface ChainHead {
  readonly hash: string;
  /** `n` of the next record. */
  readonly next: number;
}

/** A record with its place. */
export interface PlacedRecord extends TrailRecord {
  readonly hash: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** What a check of the whole folder found. `records` counts those that are sound. */
export type TrailVerdict =
  | {
      readonly sound: true;
      readonly files: number;
      readonly records: number;
      /** Files that end in half a line: a crash, or a process that is just writing. */
      readonly torn: readonly string[];
    }
  | {
      readonly sound: false;
      readonly file: string;
      /** From 1: the first line that does not fit. */
      readonly line: number;
      readonly reason: string;
      readonly records: number;
    };

/** A line longer than this is no record of ours: the reader stops instead of filling the memory. */
const LONGEST_LINE_BYTES = 64 * 1024 * 1024;

/** A record as its line in the file: JSON and a line feed. hash = SHA-256(previous, then the JSON without the hash). */
export function lineOf(record: TrailRecord): { readonly line: string; readonly hash: string } {
  const { n, at, previous, opening, message } = record;
  const canonical = JSON.stringify({ n, at, previous, opening, message });
  const hash = createHash('sha256').update(previous).update(canonical).digest('hex');
  return { line: `${canonical.slice(0, -1)},"hash":"${hash}"}\n`, hash };
}

/** The file of a chain: node, start to the millisecond and process id. */
export function chainFileName(chain: { node: string; at: Date; pid: number }): string {
  return `${chain.node}~${chain.at.toISOString().replaceAll(/[-:.]/g, '')}~${chain.pid}.jsonl`;
}

const CHAIN_FILE = /^(?<node>[A-Za-z0-9._-]+)~(?<start>\d{8}T\d{9}Z)~\d+\.jsonl$/;

/** The files of a node's chains, the oldest first by what their names say. */
function chainsOf(names: readonly string[], node: string): string[] {
  return names.filter((name) => CHAIN_FILE.exec(name)?.groups?.['node'] === node).sort();
}

/**
 * The files of a node's chains, each behind the one that it goes on from; else the oldest first. Their names alone do not tell:
 * between two starts the clock may have been set back.
 */
export async function linkedChains(
  directory: string,
  names: readonly string[],
  node: string,
): Promise<string[]> {
  const before = new Map<string, string | undefined>();
  for (const file of chainsOf(names, node)) {
    before.set(file, await chainBefore(join(directory, file)));
  }
  const ordered = new Set<string>();
  for (const file of before.keys()) {
    const upwards: string[] = [];
    let at: string | undefined = file;
    while (at !== undefined && before.has(at) && !ordered.has(at) && !upwards.includes(at)) {
      upwards.push(at);
      at = before.get(at);
    }
    for (const each of upwards.reverse()) ordered.add(each);
  }
  return [...ordered];
}

/** The first record alone is read of each chain at every start: it is about 2 kB. */
const FIRST_RECORD_BYTES = 8_192;

/** The chain that the first record of a file goes on from; undefined where it is the first, or has no record. */
async function chainBefore(path: string): Promise<string | undefined> {
  for await (const { text, isComplete } of linesOf(path, FIRST_RECORD_BYTES)) {
    return (isComplete && recordOfLine(text)?.opening?.continues) || undefined;
  }
  return undefined;
}

/** The nodes that have a chain among these files. */
function nodesOf(names: readonly string[]): readonly string[] {
  const nodes = names.flatMap((name) => CHAIN_FILE.exec(name)?.groups?.['node'] ?? []);
  return [...new Set(nodes)].sort();
}

interface Line {
  readonly text: string;
  readonly number: number;
  /** False for a last line without its line feed. */
  readonly isComplete: boolean;
  /** Octets up to the end of this line. */
  readonly endsAt: number;
}

async function* linesOf(path: string, chunkBytes = 1_048_576): AsyncGenerator<Line> {
  let rest: Buffer = Buffer.alloc(0);
  let number = 0;
  let endsAt = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes })) {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk as Buffer]) : (chunk as Buffer);
    let start = 0;
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10, start)) {
      number += 1;
      endsAt += end + 1 - start;
      yield { text: rest.toString('utf8', start, end), number, isComplete: true, endsAt };
      start = end + 1;
    }
    rest = rest.subarray(start);
    if (rest.length > LONGEST_LINE_BYTES) throw new Error('a line of the audit trail has no end');
  }
  if (rest.length > 0) {
    yield {
      text: rest.toString('utf8'),
      number: number + 1,
      isComplete: false,
      endsAt: endsAt + rest.length,
    };
  }
}

/** The record of a line, or undefined when the line is not, octet for octet, what `lineOf` writes. */
function recordOfLine(text: string): (TrailRecord & { readonly hash: string }) | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const record = value as TrailRecord & { readonly hash: string };
  const { line, hash } = lineOf(record);
  return line === `${text}\n` && Number.isSafeInteger(record.n) ? { ...record, hash } : undefined;
}

/**
 * The head of a chain's file, and how much of the file is torn: what follows the last line feed, as a crash leaves it.
 * `head` is undefined for a file without a record.
 *
 * @throws Error when the last complete line is no record: that is no crash, and nothing may be chained to it
 */
export async function headOfChain(path: string): Promise<{
  readonly head: ChainHead | undefined;
  readonly completeBytes: number;
  readonly tornBytes: number;
}> {
  let last: Line | undefined;
  let tornBytes = 0;
  for await (const line of linesOf(path)) {
    if (line.isComplete) last = line;
    else tornBytes = line.endsAt - (last?.endsAt ?? 0);
  }
  if (!last) return { head: undefined, completeBytes: 0, tornBytes };
  const record = recordOfLine(last.text);
  if (!record) throw new Error(`line ${last.number} of the audit trail ${path} is no record`);
  const head = { hash: record.hash, next: record.n + 1 };
  return { head, completeBytes: last.endsAt, tornBytes };
}

/** All records of a folder, node by node, each node's in the order of writing. Lines that are no record are left out. */
export async function* recordsOf(directory: string): AsyncGenerator<PlacedRecord> {
  const names = await readdir(directory);
  for (const node of nodesOf(names)) {
    for (const file of await linkedChains(directory, names, node)) {
      for await (const { text, number } of linesOf(join(directory, file))) {
        const record = recordOfLine(text);
        if (record) yield { ...record, file, line: number };
      }
    }
  }
}

/** One place that does not fit. */
class Break extends Error {
  readonly file: string;
  readonly line: number;

  constructor(file: string, line: number, reason: string) {
    super(reason);
    this.file = file;
    this.line = line;
  }
}

/**
 * Checks every chain of a folder: each record's hash and number, and that each chain goes on from the head of the node's one
 * before. Tells the first place that does not fit.
 *
 * What it cannot see: records that were cut off the end of a node's newest chain, or a node whose files are all gone. Against
 * that the trail is shipped to another machine.
 */
export async function verifyTrail(directory: string): Promise<TrailVerdict> {
  const names = await readdir(directory);
  const torn: string[] = [];
  let files = 0;
  let records = 0;
  try {
    for (const node of nodesOf(names)) {
      const heads = new Map<string, string>();
      for (const file of await linkedChains(directory, names, node)) {
        const chain = await verifyChain(join(directory, file), { file, heads });
        files += 1;
        records += chain.records;
        if (chain.isTorn) torn.push(file);
        if (chain.records > 0) heads.set(file, chain.head);
      }
    }
  } catch (error) {
    if (!(error instanceof Break)) throw error;
    const { file, line, message: reason } = error;
    return { sound: false, file, line, reason, records: records + line - 1 };
  }
  return { sound: true, files, records, torn };
}

/** The hash that a chain's first record has to carry: the head of the chain that it says it goes on from. */
function headBefore(
  { opening }: TrailRecord,
  file: string,
  heads: ReadonlyMap<string, string>,
): string {
  if (!opening) throw new Break(file, 1, 'the first record is gone');
  if (opening.continues === null && heads.size === 0) return NO_HEAD;
  const head = opening.continues === null ? undefined : heads.get(opening.continues);
  if (head !== undefined) return head;
  const chain = opening.continues ?? 'nothing';
  throw new Break(file, 1, `it goes on from ${chain}, which is not what stands before it`);
}

async function verifyChain(
  path: string,
  { file, heads }: { file: string; heads: ReadonlyMap<string, string> },
): Promise<{ readonly head: string; readonly records: number; readonly isTorn: boolean }> {
  let head = NO_HEAD;
  let records = 0;
  for await (const { text, number, isComplete } of linesOf(path)) {
    if (!isComplete) return { head, records, isTorn: true };
    const record = recordOfLine(text);
    if (!record)
      throw new Break(file, number, 'the line is not what was written: its hash differs');
    if (record.n !== number)
      throw new Break(file, number, `record ${record.n} stands in its place`);
    if (number === 1) head = headBefore(record, file, heads);
    if (record.previous !== head) {
      throw new Break(file, number, 'it does not carry the hash of the record before it');
    }
    head = record.hash;
    records += 1;
  }
  return { head, records, isTorn: false };
}
