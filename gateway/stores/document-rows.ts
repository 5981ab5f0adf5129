import type {
  Removal,
  UnsettledDocument,
} from '../../actors/document-repository/document-store.ts';
import { Refusal, Refusals } from '../../profiles/refusal.ts';
import { CompiledQuery, type Reads, sql, type Writes } from './database.ts';
import { inSlices } from './in-slices.ts';
import type { SqlValue } from './sql-parameter.ts';

/** The tables of the Document Repository. No other actor reads them. Times are milliseconds since 1970. */
export interface DocumentTables {
  repository_document: {
    unique_id: string;
    mime_type: string;
    sha256: string;
    sha1: string;
    size_bytes: number;
    /** 1: it is known to be registered. */
    settled: number;
  };
  /** Requests that hold a document. */
  repository_claim: { unique_id: string; holder: string; claimed_at: number };
  /** Contents that nothing named when they were marked. `removing`: the file may go at any moment. */
  repository_removal: { sha256: string; state: string; since: number };
  /** Who asks, until when, that no file is removed. */
  repository_pause: { holder: string; expires_at: number };
}

/** Which content a uniqueId names. */
export type DocumentRow = DocumentTables['repository_document'];

/** That a request holds a document. */
export type DocumentClaim = DocumentTables['repository_claim'];

export type DocumentReads = Reads<DocumentTables>;
export type DocumentWrites = Writes<DocumentTables>;

/** The file of a content is going at this very moment: whoever wants to use it asks again a little later. */
export class ContentGoing extends Error {}

/** One request that holds documents. */
export interface Holder {
  readonly id: string;
  readonly at: Date;
}

/**
 * Names the contents by the uniqueIds, and lets the holder have a claim on each.
 *
 * @throws Refusal or Refusals XDSNonIdenticalHash, XDSNonIdenticalSize
 * @throws ContentGoing
 */
export async function claimDocuments(
  rows: readonly Omit<DocumentRow, 'settled'>[],
  { id: holder, at }: Holder,
  queries: DocumentWrites,
): Promise<void> {
  const refusals: Refusal[] = [];
  const claimed = new Set<string>();
  for (const row of rows) {
    const { unique_id, mime_type, sha256, sha1, size_bytes } = row;
    const [known] = await asked<DocumentRow>(queries, SELECT_DOCUMENT, [unique_id]);
    if (known) refusals.push(...refusalsOfDifference(known, row));
    else await asked(queries, INSERT_DOCUMENT, [unique_id, mime_type, sha256, sha1, size_bytes]);
    await keepContent(sha256, queries);
    if (claimed.has(unique_id)) continue;
    claimed.add(unique_id);
    await asked(queries, INSERT_CLAIM, [unique_id, holder, at.getTime()]);
  }
  const [first] = refusals;
  if (first) throw refusals.length === 1 ? first : new Refusals(refusals);
}

/** Equal octets are no difference, whatever else was said of them. */
function refusalsOfDifference(
  known: DocumentRow,
  row: Omit<DocumentRow, 'settled'>,
): readonly Refusal[] {
  if (known.sha256 === row.sha256) return [];
  const differs = (code: string) => new Refusal(code, row.unique_id, { location: row.unique_id });
  return [
    differs('XDSNonIdenticalHash'),
    ...(known.size_bytes === row.size_bytes ? [] : [differs('XDSNonIdenticalSize')]),
  ];
}

/** A content that is named again does not go. */
async function keepContent(sha256: string, queries: DocumentWrites): Promise<void> {
  const [removal] = await asked<{ state: string }>(queries, SELECT_REMOVAL, [sha256]);
  if (removal === undefined) return;
  if (removal.state === 'removing') throw new ContentGoing('the file of this content is going');
  await queries.deleteFrom('repository_removal').where('sha256', '=', sha256).execute();
}

/** Ends the claims of holders whose documents were registered, and settles these. */
export async function settleHeld(
  holders: readonly string[],
  queries: DocumentWrites,
): Promise<void> {
  await inSlices(holders, async (slice) => {
    const list = `(${slice.map(() => '?').join(', ')})`;
    await asked(queries, `${SETTLE_HELD} ${list})`, slice);
    await asked(queries, `${END_HELD} ${list}`, slice);
    return [];
  });
}

// In the path of every document that is provided: texts without the query builder.
const SELECT_DOCUMENT = 'SELECT * FROM repository_document WHERE unique_id = ?';
const INSERT_DOCUMENT =
  'INSERT INTO repository_document (unique_id, mime_type, sha256, sha1, size_bytes, settled) VALUES (?, ?, ?, ?, ?, 0)';
const INSERT_CLAIM =
  'INSERT INTO repository_claim (unique_id, holder, claimed_at) VALUES (?, ?, ?)';
const SELECT_REMOVAL = 'SELECT state FROM repository_removal WHERE sha256 = ?';
const SETTLE_HELD =
  'UPDATE repository_document SET settled = 1 WHERE settled = 0 AND unique_id IN (SELECT unique_id FROM repository_claim WHERE holder IN';
const END_HELD = 'DELETE FROM repository_claim WHERE holder IN';

async function asked<Row>(
  queries: DocumentReads,
  text: string,
  values: readonly SqlValue[],
): Promise<readonly Row[]> {
  return (await queries.executeQuery<Row>(CompiledQuery.raw(text, [...values]))).rows;
}

/** Marks documents as registered. */
export async function settleDocuments(
  uniqueIds: readonly string[],
  queries: DocumentWrites,
): Promise<void> {
  await inSlices(uniqueIds, async (slice) => {
    await queries
      .updateTable('repository_document')
      .set({ settled: 1 })
      .where('unique_id', 'in', slice)
      .where('settled', '=', 0)
      .execute();
    return [];
  });
}

/** Ends the claims on documents, whoever has them. */
export async function endClaims(
  uniqueIds: readonly string[],
  before: Date,
  queries: DocumentWrites,
): Promise<void> {
  await inSlices(uniqueIds, async (slice) => {
    await queries
      .deleteFrom('repository_claim')
      .where('unique_id', 'in', slice)
      .where('claimed_at', '<', before.getTime())
      .execute();
    return [];
  });
}

/** Ends a holder's claims. What was never settled, and nobody else holds, goes. */
export async function discardHeld({ id, at }: Holder, queries: DocumentWrites): Promise<void> {
  const held = await queries
    .selectFrom('repository_claim')
    .select('unique_id')
    .where('holder', '=', id)
    .execute();
  await queries.deleteFrom('repository_claim').where('holder', '=', id).execute();
  for (const { unique_id } of held) await deleteUnclaimed(unique_id, at, queries);
}

/** Takes an unsettled document away that nobody has taken hold of since `before`. */
export async function abandonDocument(
  uniqueId: string,
  { before, at }: { before: Date; at: Date },
  queries: DocumentWrites,
): Promise<boolean> {
  await endClaims([uniqueId], before, queries);
  return await deleteUnclaimed(uniqueId, at, queries);
}

async function deleteUnclaimed(
  uniqueId: string,
  at: Date,
  queries: DocumentWrites,
): Promise<boolean> {
  const row = await unclaimed(uniqueId, queries);
  if (row === undefined || row.settled === 1) return false;
  await deleteDocument(row, at, queries);
  return true;
}

async function unclaimed(
  uniqueId: string,
  queries: DocumentWrites,
): Promise<DocumentRow | undefined> {
  const claim = await queries
    .selectFrom('repository_claim')
    .select('holder')
    .where('unique_id', '=', uniqueId)
    .executeTakeFirst();
  if (claim !== undefined) return undefined;
  return await queries
    .selectFrom('repository_document')
    .selectAll()
    .where('unique_id', '=', uniqueId)
    .executeTakeFirst();
}

/** Takes a document away that nobody holds. @returns the content that nothing names any longer */
export async function removeDocument(
  uniqueId: string,
  at: Date,
  queries: DocumentWrites,
): Promise<{ removal: Exclude<Removal, 'undeleted'>; sha256?: string }> {
  const known = await queries
    .selectFrom('repository_document')
    .select('unique_id')
    .where('unique_id', '=', uniqueId)
    .executeTakeFirst();
  if (known === undefined) return { removal: 'absent' };
  const row = await unclaimed(uniqueId, queries);
  if (row === undefined) return { removal: 'held' };
  await deleteDocument(row, at, queries);
  return { removal: 'removed', sha256: row.sha256 };
}

/** The row goes; a content that no other row names is marked. */
async function deleteDocument(row: DocumentRow, at: Date, queries: DocumentWrites): Promise<void> {
  await queries.deleteFrom('repository_document').where('unique_id', '=', row.unique_id).execute();
  if (await isNamed(row.sha256, queries)) return;
  const marked = await queries
    .selectFrom('repository_removal')
    .select('sha256')
    .where('sha256', '=', row.sha256)
    .executeTakeFirst();
  if (marked !== undefined) return;
  await queries
    .insertInto('repository_removal')
    .values({ sha256: row.sha256, state: 'marked', since: at.getTime() })
    .execute();
}

/** Whether a document names this content. */
export async function isNamed(sha256: string, queries: DocumentReads): Promise<boolean> {
  const row = await queries
    .selectFrom('repository_document')
    .select('unique_id')
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  return row !== undefined;
}

/** The documents of these uniqueIds; unknown ones are left out. */
export async function documentsOf(
  uniqueIds: readonly string[],
  queries: DocumentReads,
): Promise<readonly DocumentRow[]> {
  return await inSlices(uniqueIds, (slice) =>
    queries.selectFrom('repository_document').selectAll().where('unique_id', 'in', slice).execute(),
  );
}

/** Who holds those of these documents that are not known to be registered. */
export async function claimsOnUnsettled(
  uniqueIds: readonly string[],
  queries: DocumentReads,
): Promise<readonly DocumentClaim[]> {
  return await inSlices(uniqueIds, (slice) =>
    queries
      .selectFrom('repository_claim')
      .innerJoin(
        'repository_document',
        'repository_document.unique_id',
        'repository_claim.unique_id',
      )
      .select(['repository_claim.unique_id', 'holder', 'claimed_at'])
      .where('repository_claim.unique_id', 'in', slice)
      .where('settled', '=', 0)
      .execute(),
  );
}

/** Documents that are not settled, in the order of their uniqueIds. */
export async function unsettledDocuments(
  after: string | undefined,
  most: number,
  queries: DocumentReads,
): Promise<readonly UnsettledDocument[]> {
  const rows = await queries
    .selectFrom('repository_claim')
    .select(['unique_id', sql<number>`max(claimed_at)`.as('since')])
    .where('unique_id', '>', after ?? '')
    .groupBy('unique_id')
    .orderBy('unique_id')
    .limit(most)
    .execute();
  return rows.map(({ unique_id, since }) => ({
    uniqueId: unique_id,
    since: new Date(Number(since)),
  }));
}
