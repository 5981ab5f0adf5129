import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ListedDocument, SHARDS, type ShardPage } from './document-listing.ts';

/**
 * What is wrong with the stored documents. `missing`: the octets are not there. `damaged`: they are not those that were
 * stored. `orphaned`: a file that no document names. `unknown`: nobody knows whether it was registered. `unregistered`: no
 * DocumentEntry of the registry names it; only where the registry is asked.
 */
export type DocumentFault = 'missing' | 'damaged' | 'orphaned' | 'unknown' | 'unregistered';

/** One finding: a document, or a file that belongs to none. */
export interface Finding {
  readonly fault: DocumentFault;
  /** Absent for an orphaned file. */
  readonly uniqueId?: string;
  /** Path below the documents' folder. */
  readonly file: string;
  /** `unknown` only: ISO 8601. */
  readonly since?: string;
}

/** What has been looked at so far. */
export interface VerificationCount {
  documents: number;
  files: number;
  bytes: number;
}

/** Whoever knows what is stored: the running process, or the database itself. */
export interface DocumentSource {
  page(
    shard: string,
    after?: { readonly sha256: string; readonly uniqueId: string },
  ): Promise<ShardPage>;
  now(
    sha256: string,
  ): Promise<{ readonly documents: readonly ListedDocument[]; readonly isGoing: boolean }>;
  /** Those of the documents that the registry has. Absent: the registry is not asked. */
  registered?(uniqueIds: readonly string[]): Promise<readonly string[]>;
}

export interface VerificationOptions {
  /** Where the documents lie. */
  readonly directory: string;
  readonly source: DocumentSource;
  readonly now: () => Date;
  readonly count: VerificationCount;
}

/** A request may hold a document for so long before it is said that nobody knows. */
const QUIET_MS = 60_000;
/** A file under a passing name is in use for so long at most. */
const PASSING_MS = 3_600_000;
/** Documents that the registry is asked about at once. */
const AT_ONCE = 100;

/**
 * Reads every stored document again and compares it with what was recorded, shard by shard, so that any number of
 * documents takes little memory. The service may run: what looks wrong is looked up again before it is reported.
 */
export async function* verifyDocuments(options: VerificationOptions): AsyncGenerator<Finding> {
  for (const shard of SHARDS) yield* verifyShard(shard, options);
}

async function* verifyShard(
  shard: string,
  { directory, source, now, count }: VerificationOptions,
): AsyncGenerator<Finding> {
  const files = await readdir(join(directory, shard)).catch(() => []);
  const contents = await contentsOf(shard, source);
  count.documents += [...contents.values()].flat().length;
  for (const [sha256, documents] of contents) {
    const file = fileOf(sha256);
    const fault = await faultOf(join(directory, file), documents, count);
    const still = fault && (await source.now(sha256)).documents;
    for (const { uniqueId } of still ?? []) if (fault) yield { fault, uniqueId, file };
    for (const { uniqueId, unsettledSince } of documents) {
      if (unsettledSince === undefined || unsettledSince > now().getTime() - QUIET_MS) continue;
      yield { fault: 'unknown', uniqueId, file, since: new Date(unsettledSince).toISOString() };
    }
  }
  for (const name of files) {
    if (await isOrphaned(shard, name, { directory, source, now, contents })) {
      yield { fault: 'orphaned', file: `${shard}/${name}` };
    }
  }
  yield* unregistered([...contents.values()].flat(), source);
}

/** The documents of a shard by content. */
async function contentsOf(
  shard: string,
  source: DocumentSource,
): Promise<ReadonlyMap<string, readonly ListedDocument[]>> {
  const contents = new Map<string, ListedDocument[]>();
  let after: ListedDocument | undefined;
  for (;;) {
    const page = await source.page(shard, after);
    for (const document of page.documents) {
      const known = contents.get(document.sha256);
      if (known) known.push(document);
      else contents.set(document.sha256, [document]);
    }
    after = page.documents.at(-1);
    if (!page.more || after === undefined) return contents;
  }
}

async function faultOf(
  path: string,
  documents: readonly ListedDocument[],
  count: VerificationCount,
): Promise<'missing' | 'damaged' | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return 'missing';
  count.files += 1;
  count.bytes += found.size;
  const measured = await measuredFile(path).catch(() => undefined);
  const isSound = documents.every(
    ({ sha256, sha1, sizeBytes }) =>
      sizeBytes === found.size && sha256 === measured?.sha256 && sha1 === measured.sha1,
  );
  return isSound ? undefined : 'damaged';
}

/** Both hashes of a file; undefined in the caller's eyes when it cannot be read to its end. */
async function measuredFile(path: string): Promise<{ sha256: string; sha1: string }> {
  const [sha256, sha1] = [createHash('sha256'), createHash('sha1')];
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    sha256.update(chunk as Buffer);
    sha1.update(chunk as Buffer);
  }
  return { sha256: sha256.digest('hex'), sha1: sha1.digest('hex') };
}

async function isOrphaned(
  shard: string,
  name: string,
  {
    directory,
    source,
    now,
    contents,
  }: Pick<VerificationOptions, 'directory' | 'source' | 'now'> & {
    contents: ReadonlyMap<string, unknown>;
  },
): Promise<boolean> {
  const sha256 = shard + name;
  if (/^[0-9a-f]{64}$/.test(sha256)) {
    if (contents.has(sha256)) return false;
    const { documents, isGoing } = await source.now(sha256);
    return documents.length === 0 && !isGoing;
  }
  const found = await stat(join(directory, shard, name)).catch(() => undefined);
  return found !== undefined && found.mtimeMs < now().getTime() - PASSING_MS;
}

async function* unregistered(
  documents: readonly ListedDocument[],
  source: DocumentSource,
): AsyncGenerator<Finding> {
  if (source.registered === undefined) return;
  const settled = documents.filter(({ unsettledSince }) => unsettledSince === undefined);
  for (let start = 0; start < settled.length; start += AT_ONCE) {
    const slice = settled.slice(start, start + AT_ONCE);
    const known = new Set(await source.registered(slice.map(({ uniqueId }) => uniqueId)));
    for (const { uniqueId, sha256 } of slice) {
      if (!known.has(uniqueId)) yield { fault: 'unregistered', uniqueId, file: fileOf(sha256) };
    }
  }
}

function fileOf(sha256: string): string {
  return `${sha256.slice(0, 2)}/${sha256.slice(2)}`;
}
