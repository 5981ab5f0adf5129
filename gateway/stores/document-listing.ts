import type { Database } from './database.ts';
import type { DocumentReads } from './document-rows.ts';
import { inSlices } from './in-slices.ts';

/** A document as an operator sees it: what is said to lie on the disk. */
export interface ListedDocument {
  readonly uniqueId: string;
  readonly sha256: string;
  readonly sha1: string;
  readonly sizeBytes: number;
  /** Nobody knows whether it was registered: since when, in milliseconds since 1970. */
  readonly unsettledSince?: number;
}

/** One page of a shard: the contents whose SHA-256 begins with the same two digits. */
export interface ShardPage {
  /** In the order of their contents, then of their uniqueIds. */
  readonly documents: readonly ListedDocument[];
  /** Contents whose files are about to go. Only on the first page. */
  readonly going: readonly string[];
  /** True when there are more; they come after the last of these. */
  readonly more: boolean;
}

/** The 256 shards, each the first two digits of a SHA-256. */
export const SHARDS: readonly string[] = Array.from({ length: 256 }, (_, number) =>
  number.toString(16).padStart(2, '0'),
);

const PAGE = 1_000;

/** The documents of one shard, page by page. */
export async function pageOfShard(
  database: Database,
  shard: string,
  after?: { readonly sha256: string; readonly uniqueId: string },
): Promise<ShardPage> {
  // No hexadecimal digit comes after this letter.
  const end = `${shard}g`;
  return await database.read(async (queries: DocumentReads) => {
    let wanted = queries
      .selectFrom('repository_document')
      .selectAll()
      .where('sha256', '>=', shard)
      .where('sha256', '<', end)
      .orderBy('sha256')
      .orderBy('unique_id')
      .limit(PAGE);
    if (after !== undefined) {
      wanted = wanted.where((where) =>
        where.or([
          where('sha256', '>', after.sha256),
          where.and([where('sha256', '=', after.sha256), where('unique_id', '>', after.uniqueId)]),
        ]),
      );
    }
    const rows = await wanted.execute();
    const removals =
      after !== undefined
        ? []
        : await queries
            .selectFrom('repository_removal')
            .select('sha256')
            .where('sha256', '>=', shard)
            .where('sha256', '<', end)
            .execute();
    return {
      documents: await listed(rows, queries),
      going: removals.map(({ sha256 }) => sha256),
      more: rows.length === PAGE,
    };
  });
}

/** What is known of one content now: the documents that name it, and whether its file is about to go. */
export async function contentNow(
  database: Database,
  sha256: string,
): Promise<{ readonly documents: readonly ListedDocument[]; readonly isGoing: boolean }> {
  return await database.read(async (queries: DocumentReads) => {
    const rows = await queries
      .selectFrom('repository_document')
      .selectAll()
      .where('sha256', '=', sha256)
      .orderBy('unique_id')
      .execute();
    const removal = await queries
      .selectFrom('repository_removal')
      .select('sha256')
      .where('sha256', '=', sha256)
      .executeTakeFirst();
    return { documents: await listed(rows, queries), isGoing: removal !== undefined };
  });
}

/** How many documents are stored. */
export async function countDocuments(database: Database): Promise<number> {
  return await database.read(async (queries: DocumentReads) => {
    const counted = await queries
      .selectFrom('repository_document')
      .select((row) => row.fn.countAll<number>().as('count'))
      .executeTakeFirst();
    return Number(counted?.count ?? 0);
  });
}

async function listed(
  rows: readonly {
    unique_id: string;
    sha256: string;
    sha1: string;
    size_bytes: number;
    settled: number;
  }[],
  queries: DocumentReads,
): Promise<readonly ListedDocument[]> {
  const unsettled = rows.filter(({ settled }) => settled === 0).map(({ unique_id }) => unique_id);
  const claims = await inSlices(unsettled, (slice) =>
    queries
      .selectFrom('repository_claim')
      .select(['unique_id', 'claimed_at'])
      .where('unique_id', 'in', slice)
      .execute(),
  );
  const since = new Map<string, number>();
  for (const { unique_id, claimed_at } of claims) {
    since.set(unique_id, Math.max(since.get(unique_id) ?? 0, Number(claimed_at)));
  }
  return rows.map(({ unique_id, sha256, sha1, size_bytes, settled }) => ({
    uniqueId: unique_id,
    sha256,
    sha1,
    sizeBytes: Number(size_bytes),
    ...(settled === 0 ? { unsettledSince: since.get(unique_id) ?? 0 } : {}),
  }));
}
