import { createHash } from 'node:crypto';
import type { ActorName } from '../../actors/actor.ts';
import { type Database, type Reads, type SqlBool, sql, type Writes } from '../stores/database.ts';
import type { WaitingRequest } from './waiting-request.ts';

interface Tables {
  waiting_request: {
    /** The hash of node, partner and MessageID. */
    id: string;
    node: string;
    /** The directory's name of it. */
    partner: string;
    transaction_id: string;
    message_id: string;
    actor: string;
    endpoint: string;
    /** JSON: name, address, certificate. */
    caller: string;
    reply_to: string;
    fault_to: string;
    /** 1 or 0. */
    is_mtom: number;
    /** Empty once the request is given up. */
    envelope: Uint8Array;
    state: string;
    /** JSON: the answer in the spool. */
    answer: string | null;
    attempts: number;
    since: number;
    not_before: number;
    reason: string | null;
  };
}

/** An answer in the spool, ready to be sent as often as it takes. */
export interface KeptAnswer {
  /** Its name in the spool. */
  readonly file: string;
  readonly sizeBytes: number;
  readonly contentType: string;
  /** It is a fault, and goes where faults go. */
  readonly isFault: boolean;
}

/** A request that a former run of the process left. */
export interface LeftRequest {
  readonly id: string;
  readonly partner: string;
  readonly transaction: string;
  readonly messageId: string;
  readonly attempts: number;
  readonly since: number;
  readonly notBefore: number;
}

/** One line for the operator. */
export interface ListedRequest {
  readonly partner: string;
  readonly transaction: string;
  readonly state: 'waiting' | 'answered' | 'given-up';
  readonly attempts: number;
  readonly since: Date;
  readonly reason?: string;
}

const MOST_LISTED = 1_000;
/** How long an operator can see that a request was given up. */
const KEEP_GIVEN_UP_MS = 7 * 86_400_000;

/** Requests that wait for their answer, at rest: what is added here is synced before the partner hears that it was taken. */
export class WaitingRequests {
  readonly #database: Database;
  readonly #node: string;

  /** `node` names the process where several share the database: each answers what it has taken. */
  constructor(database: Database, node = '') {
    this.#database = database;
    this.#node = node;
  }

  /** What names a request here. */
  idOf({ callback, messageId }: Pick<WaitingRequest, 'callback' | 'messageId'>): string {
    return this.#idOf(callback.entry, messageId);
  }

  #idOf(partner: string, messageId: string): string {
    const parts = JSON.stringify([this.#node, partner, messageId]);
    return createHash('sha256').update(parts).digest('hex');
  }

  /**
   * Makes this process's own what none of those who share the database has taken: with PostgreSQL what a region brought from its
   * SQLite file, in an SQLite file all that comes from a copy of PostgreSQL. Of a request that waits here already, one stays.
   */
  async adopt(): Promise<void> {
    await this.#database.write(async (queries: Writes<Tables>) => {
      const rows = await queries
        .selectFrom('waiting_request')
        .select(['id', 'partner', 'message_id'])
        .where('node', this.#node === '' ? '!=' : '=', '')
        .execute();
      for (const { id: before, partner, message_id: messageId } of rows) {
        const id = this.#idOf(partner, messageId);
        const here = await queries
          .selectFrom('waiting_request')
          .select('id')
          .where('id', '=', id)
          .execute();
        await (here.length > 0
          ? queries.deleteFrom('waiting_request').where('id', '=', before).execute()
          : queries
              .updateTable('waiting_request')
              .set({ id, node: this.#node })
              .where('id', '=', before)
              .execute());
      }
    });
  }

  /** What is not answered yet, in the order in which it came. */
  async left(): Promise<readonly LeftRequest[]> {
    const rows = await this.#database.read((queries: Reads<Tables>) =>
      queries
        .selectFrom('waiting_request')
        .select([
          'id',
          'partner',
          'transaction_id',
          'message_id',
          'attempts',
          'since',
          'not_before',
        ])
        .where('node', '=', this.#node)
        .where('state', '!=', 'given-up')
        .orderBy('since')
        .execute(),
    );
    return rows.map((row) => ({
      id: row.id,
      partner: row.partner,
      transaction: row.transaction_id,
      messageId: row.message_id,
      attempts: row.attempts,
      since: row.since,
      notBefore: row.not_before,
    }));
  }

  /** Adds a request, in place of one of the same id that was given up; what was given up long ago goes. */
  async add(id: string, request: WaitingRequest, now: Date): Promise<void> {
    const { callback } = request;
    const row: Tables['waiting_request'] = {
      id,
      node: this.#node,
      partner: callback.entry,
      transaction_id: request.transaction,
      message_id: request.messageId,
      actor: request.actor,
      endpoint: request.endpoint,
      caller: JSON.stringify(request.caller),
      reply_to: callback.replyTo,
      fault_to: callback.faultTo,
      is_mtom: request.isMtom ? 1 : 0,
      envelope: request.envelope,
      state: 'waiting',
      answer: null,
      attempts: 0,
      since: now.getTime(),
      not_before: 0,
      reason: null,
    };
    await this.#database.write(async (queries: Writes<Tables>) => {
      const isOld = sql<SqlBool>`state = 'given-up' AND (id = ${id} OR since < ${now.getTime() - KEEP_GIVEN_UP_MS})`;
      await queries.deleteFrom('waiting_request').where(isOld).execute();
      await queries.insertInto('waiting_request').values(row).execute();
    });
  }

  /** The request with its octets, and the answer that was kept for it. */
  async find(
    id: string,
  ): Promise<{ readonly request: WaitingRequest; readonly answer?: KeptAnswer } | undefined> {
    const [row] = await this.#database.read((queries: Reads<Tables>) =>
      queries.selectFrom('waiting_request').selectAll().where('id', '=', id).execute(),
    );
    if (!row) return undefined;
    const request: WaitingRequest = {
      actor: row.actor as ActorName,
      endpoint: row.endpoint,
      transaction: row.transaction_id,
      messageId: row.message_id,
      caller: JSON.parse(row.caller),
      callback: { entry: row.partner, replyTo: row.reply_to, faultTo: row.fault_to },
      envelope: row.envelope,
      isMtom: row.is_mtom === 1,
    };
    return { request, ...(row.answer === null ? {} : { answer: JSON.parse(row.answer) }) };
  }

  /** Names of the spooled answers of this process. */
  async answers(): Promise<readonly string[]> {
    const rows = await this.#database.read((queries: Reads<Tables>) =>
      queries
        .selectFrom('waiting_request')
        .select('answer')
        .where('node', '=', this.#node)
        .where('answer', 'is not', null)
        .execute(),
    );
    return rows.map(({ answer }) => (JSON.parse(answer ?? '{}') as KeptAnswer).file);
  }

  /** The answer lies in the spool, or is to be made again. */
  async answered(id: string, answer: KeptAnswer | undefined): Promise<void> {
    const state = answer ? 'answered' : 'waiting';
    await this.#change(id, { state, answer: answer ? JSON.stringify(answer) : null });
  }

  async postpone(id: string, attempts: number, notBefore: number): Promise<void> {
    await this.#change(id, { attempts, not_before: notBefore });
  }

  /** Nobody will hear the answer. What was asked, and what was answered, is kept no longer. */
  async giveUp(id: string, reason: string, attempts: number): Promise<void> {
    const forgotten = { envelope: new Uint8Array(), answer: null };
    await this.#change(id, { state: 'given-up', reason, attempts, ...forgotten });
  }

  /** The partner has the answer. */
  async remove(id: string): Promise<void> {
    await this.#database.write((queries: Writes<Tables>) =>
      queries.deleteFrom('waiting_request').where('id', '=', id).execute(),
    );
  }

  async list(): Promise<readonly ListedRequest[]> {
    const rows = await this.#database.read((queries: Reads<Tables>) =>
      queries
        .selectFrom('waiting_request')
        .select(['partner', 'transaction_id', 'state', 'attempts', 'since', 'reason'])
        .orderBy('since')
        .limit(MOST_LISTED)
        .execute(),
    );
    return rows.map((row) => ({
      partner: row.partner,
      transaction: row.transaction_id,
      state: row.state as ListedRequest['state'],
      attempts: row.attempts,
      since: new Date(row.since),
      ...(row.reason === null ? {} : { reason: row.reason }),
    }));
  }

  async #change(
    id: string,
    change: Partial<
      Pick<
        Tables['waiting_request'],
        'state' | 'answer' | 'attempts' | 'not_before' | 'reason' | 'envelope'
      >
    >,
  ): Promise<void> {
    await this.#database.write((queries: Writes<Tables>) =>
      queries.updateTable('waiting_request').set(change).where('id', '=', id).execute(),
    );
  }
}
