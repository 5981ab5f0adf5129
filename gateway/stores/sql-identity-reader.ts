import type {
  FedMessage,
  HeldFeed,
  IdentityCriteria,
  IdentityReader,
  IdState,
  KeptChartMerge,
  KeptDecision,
  KeptNotification,
  KeptRegistryTask,
  KeptReview,
  Membership,
  PairVerdict,
  QueueOfConsumer,
  RecordVersion,
  RegionalIdState,
  Searched,
  SourceRecord,
} from '../../actors/patient-identity/identity-store.ts';
import type {
  KeptOwedFeed,
  LastTold,
  OwedSum,
  ToldPerson,
} from '../../actors/patient-identity/wide-area-outbox.ts';
import type { WideAreaId } from '../../actors/patient-identity/wide-area.ts';
import type { PatientId } from '../../profiles/patient.ts';
import type { Reads } from './database.ts';
import {
  decisionNumbered,
  decisionsOf,
  openReviews,
  openReviewsOf,
  pairsOf,
  reviewNumbered,
} from './identity-decisions.ts';
import { answerTo, comparedOtherwise, heldFeedOf } from './identity-feeds.ts';
import { mergeOf } from './identity-merges.ts';
import { nextNotifications, queuesOfConsumers, registryTasks } from './identity-outbox.ts';
import { membershipsOf, numbersWithKeys } from './identity-records.ts';
import { searchRecords } from './identity-search.ts';
import type { IdentityTables } from './identity-tables.ts';
import { inSlices } from './in-slices.ts';
import { marks, rowsOf } from './ready-text.ts';
import { RECORD_COLUMNS, type RecordRow, RecordsAtHand } from './records-at-hand.ts';
import { wideAreaId, wideAreaIdsOf } from './wide-area-ids.ts';
import { lastTold, owedFeeds, owedTo, regionalIds } from './wide-area-outbox.ts';

// In the path of every feed and every query: texts without the query builder.
const SELECT_RECORD_OF = `SELECT ${RECORD_COLUMNS.join(', ')} FROM identity_id JOIN identity_record ON identity_record.number = identity_id.record_number WHERE assigning_authority = ? AND id = ? AND identity_id.merged_into IS NULL`;
const SELECT_ID_STATE =
  'SELECT record_number, merged_into FROM identity_id WHERE assigning_authority = ? AND id = ?';
const SELECT_REGIONAL_ID_STATE =
  'SELECT confirmed, merged_into FROM identity_regional_id WHERE id = ?';

/** What Patient Identity reads, of one state of the database. */
export class SqlIdentityReader implements IdentityReader {
  readonly #queries: Reads<IdentityTables>;
  /** Of that state; a change says here what it alters. */
  protected readonly atHand: RecordsAtHand;

  constructor(queries: Reads<IdentityTables>) {
    this.#queries = queries;
    this.atHand = new RecordsAtHand(queries);
  }

  async recordOf({ id, assigningAuthority }: PatientId): Promise<SourceRecord | undefined> {
    const rows = await rowsOf<RecordRow>(this.#queries, SELECT_RECORD_OF, [assigningAuthority, id]);
    return (await this.atHand.from(rows))[0];
  }

  recordsWith(numbers: readonly number[]): Promise<readonly SourceRecord[]> {
    return this.atHand.numbered(numbers);
  }

  recordsOf(regionalIds: readonly string[]): Promise<readonly SourceRecord[]> {
    return this.atHand.ofRegionalIds(regionalIds);
  }

  async mergedInto(numbers: readonly number[]): Promise<readonly SourceRecord[]> {
    const found: SourceRecord[] = [];
    let into = numbers;
    while (into.length > 0) {
      const rows = await inSlices(into, (slice) =>
        rowsOf<Pick<RecordRow, 'number'>>(
          this.#queries,
          `SELECT number FROM identity_record WHERE merged_into IN ${marks(slice.length)}`,
          slice,
        ),
      );
      into = rows.map(({ number }) => number);
      if (into.length > 0) found.push(...(await this.atHand.numbered(into)));
    }
    return found;
  }

  async everyIdOf(numbers: readonly number[]): Promise<readonly (PatientId & IdState)[]> {
    const rows = await inSlices(numbers, (slice) =>
      this.#queries
        .selectFrom('identity_id')
        .selectAll()
        .where('record_number', 'in', slice)
        .orderBy('assigning_authority')
        .orderBy('id')
        .execute(),
    );
    return rows.map((row) => ({
      id: row.id,
      assigningAuthority: row.assigning_authority,
      record: row.record_number,
      ...(row.merged_into === null ? {} : { mergedInto: row.merged_into }),
    }));
  }

  async idState({ id, assigningAuthority }: PatientId): Promise<IdState | undefined> {
    const [row] = await rowsOf<
      Pick<IdentityTables['identity_id'], 'record_number' | 'merged_into'>
    >(this.#queries, SELECT_ID_STATE, [assigningAuthority, id]);
    if (!row) return undefined;
    const { record_number: record, merged_into } = row;
    return { record, ...(merged_into === null ? {} : { mergedInto: merged_into }) };
  }

  async versionsOf(number: number): Promise<readonly RecordVersion[]> {
    const rows = await this.#queries
      .selectFrom('identity_record_version')
      .selectAll()
      .where('record_number', '=', number)
      .orderBy('version')
      .execute();
    return rows.map(({ version, ids, demographics, fed_by, revised_at }) => ({
      version,
      ids: JSON.parse(ids),
      demographics: JSON.parse(demographics),
      fedBy: fed_by,
      at: revised_at,
    }));
  }

  async membershipsOf(numbers: readonly number[]): Promise<readonly Membership[]> {
    return await membershipsOf(this.#queries, numbers);
  }

  async knowsRegionalId(regionalId: string): Promise<boolean> {
    return (await this.regionalIdState(regionalId)) !== undefined;
  }

  async isConfirmed(regionalId: string): Promise<boolean> {
    return (await this.regionalIdState(regionalId))?.isConfirmed === true;
  }

  async regionalIdState(regionalId: string): Promise<RegionalIdState | undefined> {
    const [row] = await rowsOf<
      Pick<IdentityTables['identity_regional_id'], 'confirmed' | 'merged_into'>
    >(this.#queries, SELECT_REGIONAL_ID_STATE, [regionalId]);
    if (!row) return undefined;
    return {
      isConfirmed: row.confirmed === 1,
      ...(row.merged_into === null ? {} : { mergedInto: row.merged_into }),
    };
  }

  async withKeys(keys: readonly string[], most: number): Promise<readonly SourceRecord[]> {
    return await this.atHand.activeOf(await numbersWithKeys(this.#queries, keys, most));
  }

  async keyedOtherwise(by: string, most: number): Promise<readonly SourceRecord[]> {
    const rows = await this.#queries
      .selectFrom('identity_record')
      .select(RECORD_COLUMNS)
      .where('merged_into', 'is', null)
      .where((the) => the.or([the('keyed_by', '<', by), the('keyed_by', '>', by)]))
      .limit(most)
      .execute();
    return await this.atHand.from(rows);
  }

  search(criteria: IdentityCriteria, most: number): Promise<Searched> {
    return searchRecords(this.#queries, criteria, most);
  }

  async unconfirmed(most: number): Promise<readonly string[]> {
    const rows = await this.#queries
      .selectFrom('identity_regional_id')
      .select('id')
      .where('confirmed', '=', 0)
      .orderBy('id')
      .limit(most)
      .execute();
    return rows.map(({ id }) => id);
  }

  pairsOf(numbers: readonly number[]): Promise<readonly PairVerdict[]> {
    return pairsOf(this.#queries, numbers);
  }

  decisionsOf(numbers: readonly number[]): Promise<readonly KeptDecision[]> {
    return decisionsOf(this.#queries, numbers);
  }

  decision(number: number): Promise<KeptDecision | undefined> {
    return decisionNumbered(this.#queries, number);
  }

  openReviews(after: number, most: number): Promise<readonly KeptReview[]> {
    return openReviews(this.#queries, after, most);
  }

  review(number: number): Promise<KeptReview | undefined> {
    return reviewNumbered(this.#queries, number);
  }

  openReviewsOf(numbers: readonly number[]): Promise<readonly KeptReview[]> {
    return openReviewsOf(this.#queries, numbers);
  }

  mergeOf(subsumed: PatientId): Promise<KeptChartMerge | undefined> {
    return mergeOf(this.#queries, subsumed);
  }

  registryTasks(
    state: KeptRegistryTask['state'],
    most: number,
  ): Promise<readonly KeptRegistryTask[]> {
    return registryTasks(this.#queries, state, most);
  }

  nextNotifications(): Promise<readonly KeptNotification[]> {
    return nextNotifications(this.#queries);
  }

  wideAreaId(id: PatientId): Promise<WideAreaId | undefined> {
    return wideAreaId(this.#queries, id);
  }

  wideAreaIdsOf(regionalIds: readonly PatientId[]): Promise<readonly WideAreaId[]> {
    return wideAreaIdsOf(this.#queries, regionalIds);
  }

  lastTold(regionalId: string, service: string, person?: ToldPerson): Promise<LastTold> {
    return lastTold(this.#queries, {
      regionalId,
      service,
      ...(person === undefined ? {} : { person }),
    });
  }

  owedFeeds(
    service: string,
    state: 'open' | 'refused',
    most: number,
  ): Promise<readonly KeptOwedFeed[]> {
    return owedFeeds(this.#queries, { service, state, most });
  }

  owedTo(service: string): Promise<OwedSum> {
    return owedTo(this.#queries, service);
  }

  regionalIds(after: string, most: number): Promise<readonly string[]> {
    return regionalIds(this.#queries, after, most);
  }

  queuesOfConsumers(): Promise<readonly QueueOfConsumer[]> {
    return queuesOfConsumers(this.#queries);
  }

  answerTo(message: FedMessage, at: Date): Promise<string | undefined> {
    return answerTo(this.#queries, message, at);
  }

  heldFeedOf(record: number): Promise<HeldFeed | undefined> {
    return heldFeedOf(this.#queries, record);
  }

  comparedOtherwise(by: string, most: number): Promise<readonly number[]> {
    return comparedOtherwise(this.#queries, by, most);
  }
}
