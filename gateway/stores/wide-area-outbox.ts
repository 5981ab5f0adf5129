import { createHash } from 'node:crypto';
import type {
  KeptOwedFeed,
  LastTold,
  OwedFeed,
  OwedSum,
  ToldPerson,
} from '../../actors/patient-identity/wide-area-outbox.ts';
import { patientKey } from '../../profiles/patient.ts';
import { type Reads, type Selectable, sql, type Writes } from './database.ts';
import type { IdentityTables } from './identity-tables.ts';

type Reading = Reads<IdentityTables>;
type Writing = Writes<IdentityTables>;

/** Written into the text of a query: an index of a part of a table is used for what stands there, not for a parameter. */
const NONE = sql.lit('');

/** What a service was told last of a regional id, held against what it would be told now. */
export async function lastTold(
  queries: Reading,
  { regionalId, service, person }: { regionalId: string; service: string; person?: ToldPerson },
): Promise<LastTold> {
  const row = await queries
    .selectFrom('identity_regional_id')
    .select(['told_to', 'told_hash'])
    .where('id', '=', regionalId)
    .executeTakeFirst();
  if (row?.told_to !== service) return 'never';
  return person !== undefined && row.told_hash === hashOf(person) ? 'same' : 'other';
}

export async function rememberTold(
  queries: Writing,
  { regionalId, service, person }: { regionalId: string; service: string; person?: ToldPerson },
): Promise<void> {
  await queries
    .updateTable('identity_regional_id')
    .set(
      person === undefined
        ? { told_to: null, told_hash: null }
        : { told_to: service, told_hash: hashOf(person) },
    )
    .where('id', '=', regionalId)
    .execute();
}

function hashOf(person: ToldPerson): string {
  return createHash('sha256').update(JSON.stringify(person)).digest('hex');
}

export async function owedFeeds(
  queries: Reading,
  { service, state, most }: { service: string; state: 'open' | 'refused'; most: number },
): Promise<readonly KeptOwedFeed[]> {
  const rows = await queries
    .selectFrom('identity_notification')
    .selectAll()
    .where('kind', '>', NONE)
    .where('consumer', '=', service)
    .where('state', '=', state)
    .orderBy('number')
    .limit(most)
    .execute();
  return rows.map(owedFeedIn);
}

function owedFeedIn(row: Selectable<IdentityTables['identity_notification']>): KeptOwedFeed {
  return {
    number: row.number,
    service: row.consumer,
    kind: row.kind as OwedFeed['kind'],
    ids: JSON.parse(row.ids),
    ...(row.person === null ? {} : { person: JSON.parse(row.person) }),
    messageId: row.message_id,
    attempts: row.attempts,
    notBefore: row.not_before,
    madeAt: row.made_at,
    ...(row.reason === null ? {} : { refusedFor: row.reason }),
  };
}

export async function owedTo(queries: Reading, service: string): Promise<OwedSum> {
  const rows = await queries
    .selectFrom('identity_notification')
    .select(({ fn }) => [
      'state',
      fn.countAll<number>().as('count'),
      fn.max('attempts').as('attempts'),
      fn.min('made_at').as('since'),
    ])
    .where('kind', '>', NONE)
    .where('consumer', '=', service)
    .groupBy('state')
    .execute();
  const open = rows.find(({ state }) => state === 'open');
  const refused = rows.find(({ state }) => state === 'refused');
  return {
    waiting: Number(open?.count ?? 0),
    refused: Number(refused?.count ?? 0),
    attempts: Number(open?.attempts ?? 0),
    ...(open === undefined ? {} : { since: open.since }),
  };
}

/** Regional ids in the order of their digits. */
export async function regionalIds(
  queries: Reading,
  after: string,
  most: number,
): Promise<readonly string[]> {
  const rows = await queries
    .selectFrom('identity_regional_id')
    .select('id')
    .where('id', '>', after)
    .orderBy('id')
    .limit(most)
    .execute();
  return rows.map(({ id }) => id);
}

export async function oweFeed(
  queries: Writing,
  { service, kind, ids, person, messageId }: OwedFeed,
  at: Date,
): Promise<void> {
  await queries
    .insertInto('identity_notification')
    .values({
      consumer: service,
      ids: JSON.stringify(ids),
      message_id: messageId,
      attempts: 0,
      not_before: 0,
      made_at: at.toISOString(),
      kind,
      person: person === undefined ? null : JSON.stringify(person),
      state: 'open',
    })
    .execute();
}

/**
 * Done, and with it what was refused of the same patient before: of an id that was given up all that was told of her, for an
 * add would undo the merge; and of an id that is in use again the merge.
 */
export async function settleFeed(
  queries: Writing,
  { number, service, kind, ids }: KeptOwedFeed,
): Promise<void> {
  await queries.deleteFrom('identity_notification').where('number', '=', number).execute();
  const overtaken = kind === 'merge' ? ids.slice(1) : ids;
  if (kind === 'add') await forgetMergesOf(ids, { queries, number, service });
  await queries
    .deleteFrom('identity_notification')
    .where('kind', 'in', ['add', 'revise'])
    .where('kind', '>', NONE)
    .where('consumer', '=', service)
    .where('state', '=', 'refused')
    .where('number', '<', number)
    .where('ids', '=', JSON.stringify(overtaken))
    .execute();
}

/** Merges that were refused before and would give up one of these ids: tried again, they would undo what was told since. */
async function forgetMergesOf(
  ids: KeptOwedFeed['ids'],
  { queries, number, service }: { queries: Writing; number: number; service: string },
): Promise<void> {
  const rows = await queries
    .selectFrom('identity_notification')
    .select(['number', 'ids'])
    .where('kind', '=', 'merge')
    .where('kind', '>', NONE)
    .where('consumer', '=', service)
    .where('state', '=', 'refused')
    .where('number', '<', number)
    .execute();
  const back = new Set(ids.map(patientKey));
  for (const merge of rows) {
    const [, subsumed] = JSON.parse(merge.ids) as KeptOwedFeed['ids'];
    if (subsumed === undefined || !back.has(patientKey(subsumed))) continue;
    await queries.deleteFrom('identity_notification').where('number', '=', merge.number).execute();
  }
}

export async function refuseFeed(
  queries: Writing,
  number: number,
  refusedFor: string,
): Promise<void> {
  await queries
    .updateTable('identity_notification')
    .set({ state: 'refused', reason: refusedFor })
    .where('number', '=', number)
    .execute();
}

/** The same messages as before, and none has been sent in vain. */
export async function reopenFeeds(queries: Writing, service: string): Promise<number> {
  const done = await queries
    .updateTable('identity_notification')
    .set({ state: 'open', reason: null, attempts: 0, not_before: 0 })
    .where('kind', '>', NONE)
    .where('consumer', '=', service)
    .where('state', '=', 'refused')
    .executeTakeFirst();
  return Number(done.numUpdatedRows);
}
