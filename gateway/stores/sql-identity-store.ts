import type {
  ChartMerge,
  Decision,
  FedMessage,
  HeldFeed,
  IdentityReader,
  IdentityStore,
  IdentityWriter,
  KeptChartMerge,
  Notification,
  PairVerdict,
  RecordPair,
  RegistryTask,
  Review,
  WrittenRecord,
} from '../../actors/patient-identity/identity-store.ts';
import type { NameKeys } from '../../actors/patient-identity/names.ts';
import type { WideAreaId, WideAreaIdChange } from '../../actors/patient-identity/wide-area.ts';
import type {
  KeptOwedFeed,
  OwedFeed,
  ToldPerson,
} from '../../actors/patient-identity/wide-area-outbox.ts';
import type { PatientId } from '../../profiles/patient.ts';
import type { Database, Reads, Writes } from './database.ts';
import { addDecision, addReview, closeReview, putPair, removePair } from './identity-decisions.ts';
import {
  forgetAnswers,
  holdFeed,
  markCompared,
  releaseFeed,
  rememberAnswer,
} from './identity-feeds.ts';
import { mergeCharts, setMergedInto, unmergeCharts } from './identity-merges.ts';
import {
  addNotification,
  addRegistryTask,
  postponeNotification,
  removeNotification,
  settleRegistryTask,
} from './identity-outbox.ts';
import { putKeys, putRecord } from './identity-records.ts';
import type { IdentityTables } from './identity-tables.ts';
import { rowsOf } from './ready-text.ts';
import { SqlIdentityReader } from './sql-identity-reader.ts';
import { putWideAreaId } from './wide-area-ids.ts';
import { oweFeed, refuseFeed, rememberTold, reopenFeeds, settleFeed } from './wide-area-outbox.ts';

// In the path of every feed: texts without the query builder.
const ASSIGN =
  'UPDATE identity_record SET regional_id = ?, home_regional_id = coalesce(?, home_regional_id) WHERE number = ?';
const INSERT_MEMBERSHIP =
  'INSERT INTO identity_membership (record_number, regional_id, since) VALUES (?, ?, ?)';
const PUT_REGIONAL_ID =
  'INSERT INTO identity_regional_id (id, confirmed, merged_into) VALUES (?, 0, ?) ON CONFLICT (id) DO UPDATE SET merged_into = excluded.merged_into';

/** Patient Identity's store in the process's database. */
export class SqlIdentityStore implements IdentityStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  look<Result>(work: (records: IdentityReader) => Promise<Result>): Promise<Result> {
    return this.#database.read((queries: Reads<IdentityTables>) =>
      work(new SqlIdentityReader(queries)),
    );
  }

  change<Result>(work: (records: IdentityWriter) => Promise<Result>): Promise<Result> {
    return this.#database.write((queries: Writes<IdentityTables>) => work(new SqlWriter(queries)));
  }
}

class SqlWriter extends SqlIdentityReader implements IdentityWriter {
  readonly #queries: Writes<IdentityTables>;

  constructor(queries: Writes<IdentityTables>) {
    super(queries);
    this.#queries = queries;
  }

  async put(record: WrittenRecord, at: Date): Promise<number> {
    const { ids, demographics, toldRegionalId } = record;
    const { number, version } = await putRecord(this.#queries, record, at);
    this.atHand.forget(number);
    // Several ids would have to be in the order of the engine.
    if (record.number === undefined && ids.length === 1) {
      const told = toldRegionalId === undefined ? {} : { toldRegionalId };
      const placed = { regionalId: '', homeRegionalId: '' };
      const fresh = { number, ids, demographics, version, ...placed, ...told };
      this.atHand.keep(fresh, at.toISOString());
    }
    if (record.regionalId !== '') {
      await this.putRegionalId(record.regionalId);
      await this.assign(number, record.regionalId, at);
    }
    return number;
  }

  async assign(number: number, regionalId: string, at: Date): Promise<void> {
    const [record] = await this.recordsWith([number]);
    if (record === undefined || record.regionalId === regionalId) return;
    const { homeRegionalId: home } = record;
    const homeRegionalId = home === '' ? regionalId : home;
    await rowsOf(this.#queries, ASSIGN, [regionalId, home === '' ? regionalId : null, number]);
    await rowsOf(this.#queries, INSERT_MEMBERSHIP, [number, regionalId, at.toISOString()]);
    this.atHand.keep({ ...record, regionalId, homeRegionalId });
  }

  async tellRegionalId(number: number, regionalId?: string): Promise<void> {
    await this.#queries
      .updateTable('identity_record')
      .set({ told_regional_id: regionalId ?? null })
      .where('number', '=', number)
      .execute();
    this.atHand.forget(number);
  }

  putKeys(
    number: number,
    keys: {
      readonly by: string;
      readonly keys: readonly string[];
      readonly names?: readonly NameKeys[];
    },
  ): Promise<void> {
    return putKeys(this.#queries, number, keys);
  }

  async confirm(regionalId: string): Promise<void> {
    await this.#queries
      .updateTable('identity_regional_id')
      .set({ confirmed: 1 })
      .where('id', '=', regionalId)
      .execute();
  }

  async putRegionalId(regionalId: string, mergedInto?: string): Promise<void> {
    await rowsOf(this.#queries, PUT_REGIONAL_ID, [regionalId, mergedInto ?? null]);
  }

  decide(decision: Decision, at: Date): Promise<number> {
    return addDecision(this.#queries, decision, at);
  }

  putPair(pair: PairVerdict): Promise<void> {
    return putPair(this.#queries, pair);
  }

  removePair(pair: RecordPair): Promise<void> {
    return removePair(this.#queries, pair);
  }

  openReview(review: Review, at: Date): Promise<number> {
    return addReview(this.#queries, review, at);
  }

  closeReview(
    number: number,
    closing: {
      readonly state: 'accepted' | 'rejected' | 'obsolete';
      readonly by: string;
      readonly at: Date;
    },
  ): Promise<void> {
    return closeReview(this.#queries, number, closing);
  }

  async mergeCharts(merge: ChartMerge, at: Date): Promise<void> {
    await mergeCharts(this.#queries, merge, at);
    this.atHand.forget();
  }

  async unmergeCharts(
    merge: KeptChartMerge,
    from: { readonly regionalId: string; readonly at: Date },
  ): Promise<void> {
    await unmergeCharts(this.#queries, merge, from);
    this.atHand.forget();
  }

  async restoreId(id: PatientId): Promise<void> {
    await setMergedInto(this.#queries, id, null);
    this.atHand.forget();
  }

  addRegistryTask(task: RegistryTask, at: Date): Promise<void> {
    return addRegistryTask(this.#queries, task, at);
  }

  settleRegistryTask(
    number: number,
    state: 'done' | 'refused' | 'open',
    reason?: string,
  ): Promise<void> {
    return settleRegistryTask(this.#queries, number, { state, reason });
  }

  addNotification(notification: Notification, at: Date): Promise<void> {
    return addNotification(this.#queries, notification, at);
  }

  removeNotification(number: number): Promise<void> {
    return removeNotification(this.#queries, number);
  }

  postponeNotification(number: number, notBefore: number): Promise<void> {
    return postponeNotification(this.#queries, number, notBefore);
  }

  oweFeed(feed: OwedFeed, at: Date): Promise<void> {
    return oweFeed(this.#queries, feed, at);
  }

  rememberTold(regionalId: string, service: string, person?: ToldPerson): Promise<void> {
    return rememberTold(this.#queries, {
      regionalId,
      service,
      ...(person === undefined ? {} : { person }),
    });
  }

  settleFeed(feed: KeptOwedFeed): Promise<void> {
    return settleFeed(this.#queries, feed);
  }

  refuseFeed(number: number, refusedFor: string): Promise<void> {
    return refuseFeed(this.#queries, number, refusedFor);
  }

  reopenFeeds(service: string): Promise<number> {
    return reopenFeeds(this.#queries, service);
  }

  putWideAreaId(wideAreaId: WideAreaId, change: WideAreaIdChange): Promise<void> {
    return putWideAreaId(this.#queries, wideAreaId, change);
  }

  remember(message: FedMessage, answer: string, until: Date): Promise<void> {
    return rememberAnswer(this.#queries, message, { answer, until });
  }

  forgetAnswers(at: Date, most: number): Promise<void> {
    return forgetAnswers(this.#queries, at, most);
  }

  holdFeed(feed: HeldFeed, at: Date): Promise<void> {
    return holdFeed(this.#queries, feed, at);
  }

  releaseFeed(record: number): Promise<void> {
    return releaseFeed(this.#queries, record);
  }

  markCompared(number: number, by: string): Promise<void> {
    return markCompared(this.#queries, number, by);
  }
}
