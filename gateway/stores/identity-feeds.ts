import type { FedMessage, HeldFeed } from '../../actors/patient-identity/identity-store.ts';
import type { Reads, Writes } from './database.ts';
import type { IdentityTables } from './identity-tables.ts';
import { messageKey } from './message-key.ts';

type Reading = Reads<IdentityTables>;
type Writing = Writes<IdentityTables>;

/** What a message was answered that came before and is remembered still. */
export async function answerTo(
  queries: Reading,
  { caller, id, bodyHash }: FedMessage,
  at: Date,
): Promise<string | undefined> {
  const row = await queries
    .selectFrom('identity_answer')
    .select('answer')
    .where('caller', '=', caller)
    .where('message_id', '=', messageKey(id))
    .where('body_hash', '=', bodyHash)
    .where('expires_at', '>', at.getTime())
    .executeTakeFirst();
  return row?.answer;
}

/** Keeps an answer; one that has expired is overwritten. */
export async function rememberAnswer(
  queries: Writing,
  { caller, id, bodyHash }: FedMessage,
  { answer, until }: { readonly answer: string; readonly until: Date },
): Promise<void> {
  const kept = { answer, expires_at: until.getTime() };
  await queries
    .insertInto('identity_answer')
    .values({ caller, message_id: messageKey(id), body_hash: bodyHash, ...kept })
    .onConflict((conflict) =>
      conflict.columns(['caller', 'message_id', 'body_hash']).doUpdateSet(kept),
    )
    .execute();
}

/** Forgets what has expired, and of the rest all but the last `most`. */
export async function forgetAnswers(queries: Writing, at: Date, most: number): Promise<void> {
  await queries.deleteFrom('identity_answer').where('expires_at', '<=', at.getTime()).execute();
  const newest = await queries
    .selectFrom('identity_answer')
    .select('number')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (newest === undefined) return;
  await queries
    .deleteFrom('identity_answer')
    .where('number', '<=', newest.number - most)
    .execute();
}

/** The feed that is, or was, kept from a record. */
export async function heldFeedOf(queries: Reading, record: number): Promise<HeldFeed | undefined> {
  const row = await queries
    .selectFrom('identity_held_feed')
    .selectAll()
    .where('record_number', '=', record)
    .executeTakeFirst();
  if (!row) return undefined;
  return {
    record,
    review: row.review_number,
    ids: JSON.parse(row.ids),
    demographics: JSON.parse(row.demographics),
    ...(row.told_regional_id === null ? {} : { toldRegionalId: row.told_regional_id }),
    fedBy: row.fed_by,
  };
}

/** One for each record: the last. */
export async function holdFeed(queries: Writing, feed: HeldFeed, at: Date): Promise<void> {
  const kept = {
    review_number: feed.review,
    ids: JSON.stringify(feed.ids),
    demographics: JSON.stringify(feed.demographics),
    told_regional_id: feed.toldRegionalId ?? null,
    fed_by: feed.fedBy,
    held_at: at.toISOString(),
  };
  await queries
    .insertInto('identity_held_feed')
    .values({ record_number: feed.record, ...kept })
    .onConflict((conflict) => conflict.column('record_number').doUpdateSet(kept))
    .execute();
}

export async function releaseFeed(queries: Writing, record: number): Promise<void> {
  await queries.deleteFrom('identity_held_feed').where('record_number', '=', record).execute();
}

/** Numbers of active records that were not compared by this rule set. */
export async function comparedOtherwise(
  queries: Reading,
  by: string,
  most: number,
): Promise<readonly number[]> {
  const rows = await queries
    .selectFrom('identity_record')
    .select('number')
    .where('merged_into', 'is', null)
    .where((the) => the.or([the('compared_by', '<', by), the('compared_by', '>', by)]))
    .limit(most)
    .execute();
  return rows.map(({ number }) => number);
}

export async function markCompared(queries: Writing, number: number, by: string): Promise<void> {
  await queries
    .updateTable('identity_record')
    .set({ compared_by: by })
    .where('number', '=', number)
    .execute();
}
