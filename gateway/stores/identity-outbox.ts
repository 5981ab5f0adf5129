import type {
  KeptNotification,
  KeptRegistryTask,
  Notification,
  QueueOfConsumer,
  RegistryTask,
} from '../../actors/patient-identity/identity-store.ts';
import { type Reads, sql, type Writes } from './database.ts';
import type { IdentityTables } from './identity-tables.ts';

type Reading = Reads<IdentityTables>;
type Writing = Writes<IdentityTables>;

/** A notification, and nothing that a wide-area id service is fed; a literal, for the sake of the index. */
const NO_FEED = sql.lit('');

/** In the order in which they are to be done. */
export async function registryTasks(
  queries: Reading,
  state: KeptRegistryTask['state'],
  most: number,
): Promise<readonly KeptRegistryTask[]> {
  const rows = await queries
    .selectFrom('identity_registry_task')
    .selectAll()
    .where('state', '=', state)
    .orderBy('number')
    .limit(most)
    .execute();
  return rows.map((row) => ({
    number: row.number,
    kind: row.kind as RegistryTask['kind'],
    change: row.change_id,
    from: row.from_id,
    to: row.to_id,
    moving: JSON.parse(row.moving),
    staying: JSON.parse(row.staying),
    state,
    ...(row.reason === null ? {} : { reason: row.reason }),
  }));
}

export async function addRegistryTask(
  queries: Writing,
  { kind, change, from, to, moving, staying }: RegistryTask,
  at: Date,
): Promise<void> {
  await queries
    .insertInto('identity_registry_task')
    .values({
      change_id: change,
      kind,
      from_id: from,
      to_id: to,
      moving: JSON.stringify(moving),
      staying: JSON.stringify(staying),
      state: 'open',
      reason: null,
      asked_at: at.toISOString(),
    })
    .execute();
}

/** One that is done is forgotten: the decisions say what became of the records. */
export async function settleRegistryTask(
  queries: Writing,
  number: number,
  { state, reason }: { readonly state: 'done' | 'refused' | 'open'; readonly reason?: string },
): Promise<void> {
  if (state === 'done') {
    await queries.deleteFrom('identity_registry_task').where('number', '=', number).execute();
    return;
  }
  await queries
    .updateTable('identity_registry_task')
    .set({ state, reason: reason ?? null })
    .where('number', '=', number)
    .execute();
}

/** Of each consumer the oldest, since they are told in order. */
export async function nextNotifications(queries: Reading): Promise<readonly KeptNotification[]> {
  const rows = await queries
    .selectFrom('identity_notification')
    .selectAll()
    .where('number', 'in', (the) =>
      the
        .selectFrom('identity_notification')
        .select(({ fn }) => fn.min('number').as('number'))
        .where('kind', '=', NO_FEED)
        .groupBy('consumer'),
    )
    .orderBy('number')
    .execute();
  return rows.map((row) => ({
    number: row.number,
    consumer: row.consumer,
    ids: JSON.parse(row.ids),
    messageId: row.message_id,
    attempts: row.attempts,
    notBefore: row.not_before,
  }));
}

/** What waits for each consumer, and how often the first of it was sent in vain. */
export async function queuesOfConsumers(queries: Reading): Promise<readonly QueueOfConsumer[]> {
  const rows = await queries
    .selectFrom('identity_notification')
    .select(({ fn }) => [
      'consumer',
      fn.countAll<number>().as('waiting'),
      fn.max('attempts').as('attempts'),
      fn.min('made_at').as('since'),
    ])
    .where('kind', '=', NO_FEED)
    .groupBy('consumer')
    .orderBy('consumer')
    .execute();
  return rows.map(({ consumer, waiting, attempts, since }) => ({
    consumer,
    waiting: Number(waiting),
    attempts: Number(attempts),
    since,
  }));
}

export async function addNotification(
  queries: Writing,
  { consumer, ids, messageId }: Notification,
  at: Date,
): Promise<void> {
  await queries
    .insertInto('identity_notification')
    .values({
      consumer,
      ids: JSON.stringify(ids),
      message_id: messageId,
      attempts: 0,
      not_before: 0,
      made_at: at.toISOString(),
    })
    .execute();
}

export async function removeNotification(queries: Writing, number: number): Promise<void> {
  await queries.deleteFrom('identity_notification').where('number', '=', number).execute();
}

export async function postponeNotification(
  queries: Writing,
  number: number,
  notBefore: number,
): Promise<void> {
  await queries
    .updateTable('identity_notification')
    .set(({ eb }) => ({ not_before: notBefore, attempts: eb('attempts', '+', 1) }))
    .where('number', '=', number)
    .execute();
}
