import type { Demographics, PatientId } from '../../profiles/patient.ts';
import type { Evidence, Thresholds } from './matcher.ts';
import type { NameKeys } from './names.ts';
import type { NamePattern } from './search-names.ts';
import type { WideAreaId, WideAreaIdChange } from './wide-area.ts';
import type { WideAreaOutboxReader, WideAreaOutboxWriter } from './wide-area-outbox.ts';

/** What Patient Identity asks of a store. */
export interface IdentityStore {
  /** Looks at one state of the records throughout. Inside, nothing but the reader's own methods is awaited. */
  look<Result>(work: (records: IdentityReader) => Promise<Result>): Promise<Result>;
  /**
   * All that the work changes or, if it throws, none of it. Resolves when the change is durable. Inside, nothing but the
   * writer's own methods is awaited.
   */
  change<Result>(work: (records: IdentityWriter) => Promise<Result>): Promise<Result>;
}

/** A patient as one source feeds her. */
export interface SourceRecord {
  /** The store's own number of the record. */
  readonly number: number;
  /** Those that are in use; of a record that was merged, those that it had left. */
  readonly ids: readonly PatientId[];
  readonly demographics: Demographics;
  /** The id, in the affinity domain, of the patient whose record this is. */
  readonly regionalId: string;
  /** The regional id that it came under first. */
  readonly homeRegionalId: string;
  /** The regional id that the affinity domain has told for it. */
  readonly toldRegionalId?: string;
  /** The record that it was merged into; absent for an active one. */
  readonly mergedInto?: number;
  /** Counts its feeds. */
  readonly version: number;
}

/** A record before, or while, it is stored, with what it is found by. */
export interface WrittenRecord {
  /** Absent for a new record. */
  readonly number?: number;
  readonly ids: readonly PatientId[];
  readonly demographics: Demographics;
  /** Empty for a new record that has no place yet. */
  readonly regionalId: string;
  readonly toldRegionalId?: string;
  /** What each of its names is looked up by. */
  readonly names: readonly NameKeys[];
  /** And what her mother's maiden name is looked up by. */
  readonly mothersNames?: readonly NameKeys[];
  /** What it is compared by, and the rule set that made them; whoever puts a record compares it, too. */
  readonly keys?: { readonly by: string; readonly keys: readonly string[] };
  /** Who fed it. */
  readonly fedBy?: string;
}

/** One version of a record as it was fed. */
export interface RecordVersion {
  readonly version: number;
  readonly ids: readonly PatientId[];
  readonly demographics: Demographics;
  readonly fedBy: string;
  /** ISO 8601. */
  readonly at: string;
}

/** A regional id as it stands. */
export interface RegionalIdState {
  /** The Document Registry has acknowledged it. */
  readonly isConfirmed: boolean;
  /** The regional id by which it was subsumed. */
  readonly mergedInto?: string;
}

/** An identifier that was used, and whether it still is. */
export interface IdState {
  readonly record: number;
  /** The id by which it was subsumed. */
  readonly mergedInto?: string;
}

/** The two records of a pair, the lower number first. */
export interface RecordPair {
  readonly low: number;
  readonly high: number;
}

/** What was decided of two records; kept for ever. */
export interface Decision extends RecordPair {
  readonly verdict: 'linked' | 'review' | 'apart' | 'merged' | 'unmerged';
  readonly score?: number;
  /** The version of the rule set, where a rule decided or its word was before the person who did. */
  readonly ruleSet?: string;
  /** Of that rule set, as it was then. */
  readonly thresholds?: Thresholds;
  readonly why: readonly Evidence[];
  /** `auto`, an operator, or a source as the directory names it. */
  readonly by: string;
  /** In an operator's words. */
  readonly reason?: string;
}

/** A decision as it was written down. */
export interface KeptDecision extends Decision {
  readonly number: number;
  /** ISO 8601. */
  readonly at: string;
}

/** What holds of two records now. What was decided by hand stays whatever a rule says later. */
export interface PairVerdict extends RecordPair {
  readonly verdict: 'linked' | 'review' | 'apart';
  readonly byHand: boolean;
  readonly score: number;
  readonly ruleSet: string;
  readonly decision: number;
}

/**
 * `link`: are they one person? `merge`: two ids of one authority that seem to be one person's. `feed`: a feed tells of another
 * person than the record under its id; both ends of the pair are that record.
 */
export type ReviewKind = 'link' | 'merge' | 'feed';

/** A message as it is told from every other. */
export interface FedMessage {
  readonly caller: string;
  readonly id: string;
  /** SHA-256, hex. */
  readonly bodyHash: string;
}

/** A feed that was kept from the record of its id until a person has spoken. */
export interface HeldFeed {
  readonly record: number;
  /** Where it waits, or waited. */
  readonly review: number;
  readonly ids: readonly PatientId[];
  readonly demographics: Demographics;
  readonly toldRegionalId?: string;
  readonly fedBy: string;
}

/** What waits for a consumer. */
export interface QueueOfConsumer {
  readonly consumer: string;
  readonly waiting: number;
  /** How often the first was sent in vain. */
  readonly attempts: number;
  /** When the first was made. ISO 8601. */
  readonly since: string;
}

/** A pair that waits for a person. */
export interface Review extends RecordPair {
  readonly kind: ReviewKind;
  readonly score: number;
  readonly ruleSet: string;
  readonly why: readonly Evidence[];
}

export interface KeptReview extends Review {
  readonly number: number;
  readonly state: 'open' | 'accepted' | 'rejected' | 'obsolete';
  /** ISO 8601. */
  readonly openedAt: string;
  readonly closedAt?: string;
  readonly closedBy?: string;
}

/** A chart number that was given up for another of its authority. */
export interface ChartMerge {
  readonly subsumed: PatientId;
  readonly surviving: PatientId;
  readonly subsumedRecord: number;
  readonly survivingRecord: number;
  /** Ids that went over to the surviving record, and are in use. */
  readonly movedIds: readonly PatientId[];
  /** What tells the message that asked for it. */
  readonly message?: string;
}

export interface KeptChartMerge extends ChartMerge {
  readonly number: number;
  /** ISO 8601. */
  readonly at: string;
}

/**
 * What the Document Registry is to do. `merge`: `to` takes over all of `from`. `divide`: `to` takes over from `from` the
 * documents of these source ids.
 */
export interface RegistryTask {
  readonly kind: 'merge' | 'divide';
  /** Tells the change from every other, however often it is asked. */
  readonly change: string;
  readonly from: string;
  readonly to: string;
  /** Every id of a source, in use or subsumed, of the records that move and of those that stay. */
  readonly moving: readonly PatientId[];
  readonly staying: readonly PatientId[];
}

export interface KeptRegistryTask extends RegistryTask {
  readonly number: number;
  readonly state: 'open' | 'refused';
  /** Why the registry refused. */
  readonly reason?: string;
}

/** What a subscribed consumer is to be told: the ids of a patient that it may see, all of them. */
export interface Notification {
  readonly consumer: string;
  readonly ids: readonly PatientId[];
  /** The same however often it is sent. */
  readonly messageId: string;
}

export interface KeptNotification extends Notification {
  readonly number: number;
  readonly attempts: number;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
}

/** From when a record was under a regional id. */
export interface Membership {
  readonly record: number;
  readonly regionalId: string;
  /** ISO 8601. */
  readonly since: string;
}

export interface IdentityReader extends WideAreaOutboxReader {
  /** The active record that has this id in use. */
  recordOf(id: PatientId): Promise<SourceRecord | undefined>;
  /** Records by number, those that were merged too. */
  recordsWith(numbers: readonly number[]): Promise<readonly SourceRecord[]>;
  /** All active records of these regional ids, the one revised last first. */
  recordsOf(regionalIds: readonly string[]): Promise<readonly SourceRecord[]>;
  /** Every record that was merged into one of these, by whatever number of steps. */
  mergedInto(numbers: readonly number[]): Promise<readonly SourceRecord[]>;
  /** Every id that these records brought, in use or subsumed, each with its record. */
  everyIdOf(numbers: readonly number[]): Promise<readonly (PatientId & IdState)[]>;
  idState(id: PatientId): Promise<IdState | undefined>;
  versionsOf(number: number): Promise<readonly RecordVersion[]>;
  membershipsOf(numbers: readonly number[]): Promise<readonly Membership[]>;
  /** Whether the regional id is in use or ever was. */
  knowsRegionalId(regionalId: string): Promise<boolean>;
  regionalIdState(regionalId: string): Promise<RegionalIdState | undefined>;
  /** Active records that have one of the keys; a key that more than `most` have says nothing and is passed over. */
  withKeys(keys: readonly string[], most: number): Promise<readonly SourceRecord[]>;
  /** Active records whose keys are not of this rule set. */
  keyedOtherwise(by: string, most: number): Promise<readonly SourceRecord[]>;
  /** Active records that meet all criteria, at most `most`, the one revised last first. */
  search(criteria: IdentityCriteria, most: number): Promise<Searched>;
  /** Regional ids that the Document Registry has not acknowledged yet, at most `most`. */
  unconfirmed(most: number): Promise<readonly string[]>;
  isConfirmed(regionalId: string): Promise<boolean>;
  /** Pairs with one of these records at an end. */
  pairsOf(numbers: readonly number[]): Promise<readonly PairVerdict[]>;
  decisionsOf(numbers: readonly number[]): Promise<readonly KeptDecision[]>;
  decision(number: number): Promise<KeptDecision | undefined>;
  /** Open reviews in the order in which they were put up, from after this number on. */
  openReviews(after: number, most: number): Promise<readonly KeptReview[]>;
  review(number: number): Promise<KeptReview | undefined>;
  /** Open reviews with one of these records. */
  openReviewsOf(numbers: readonly number[]): Promise<readonly KeptReview[]>;
  /** The merge by which this id was given up, unless it was undone. */
  mergeOf(subsumed: PatientId): Promise<KeptChartMerge | undefined>;
  /** In the order in which they are to be done. */
  registryTasks(
    state: KeptRegistryTask['state'],
    most: number,
  ): Promise<readonly KeptRegistryTask[]>;
  /** The next notification of each consumer that has one. */
  nextNotifications(): Promise<readonly KeptNotification[]>;
  /** A wide-area id, whatever its state. */
  wideAreaId(id: PatientId): Promise<WideAreaId | undefined>;
  /** Every wide-area id that was issued for one of these regional ids, in the order in which they were. */
  wideAreaIdsOf(regionalIds: readonly PatientId[]): Promise<readonly WideAreaId[]>;
  /** Of each consumer for whom something waits. */
  queuesOfConsumers(): Promise<readonly QueueOfConsumer[]>;
  /** What this very message was answered before, unless it has expired. */
  answerTo(message: FedMessage, at: Date): Promise<string | undefined>;
  /** The last feed that was kept from a record, whatever became of it, unless it was let in. */
  heldFeedOf(record: number): Promise<HeldFeed | undefined>;
  /** Numbers of active records that were not compared with the others by this rule set. */
  comparedOtherwise(by: string, most: number): Promise<readonly number[]>;
}

export interface IdentityWriter extends IdentityReader, WideAreaOutboxWriter {
  /** Takes a new record, or puts this one in the place of that with its number. @returns its number */
  put(record: WrittenRecord, at: Date): Promise<number>;
  /** Puts an active record under another regional id. */
  assign(number: number, regionalId: string, at: Date): Promise<void>;
  /** What the affinity domain has told for a record; absent: it holds no longer. */
  tellRegionalId(number: number, regionalId?: string): Promise<void>;
  /** What a record is found by when it is matched; none for one that was merged. */
  putKeys(
    number: number,
    keys: {
      readonly by: string;
      readonly keys: readonly string[];
      /** What its names are looked up by; absent: they stay as they are. */
      readonly names?: readonly NameKeys[];
    },
  ): Promise<void>;
  /** The Document Registry has acknowledged the regional id. */
  confirm(regionalId: string): Promise<void>;
  /** Makes a regional id known, and says by which it is subsumed, if it is. */
  putRegionalId(regionalId: string, mergedInto?: string): Promise<void>;
  /** Writes a decision down. @returns its number */
  decide(decision: Decision, at: Date): Promise<number>;
  putPair(pair: PairVerdict): Promise<void>;
  removePair(pair: RecordPair): Promise<void>;
  openReview(review: Review, at: Date): Promise<number>;
  closeReview(
    number: number,
    closing: {
      readonly state: 'accepted' | 'rejected' | 'obsolete';
      readonly by: string;
      readonly at: Date;
    },
  ): Promise<void>;
  /** Takes a chart number, and its record where it is another than the survivor's, out of use. */
  mergeCharts(merge: ChartMerge, at: Date): Promise<void>;
  /** Its record comes back into use under the regional id of the one that it leaves. */
  unmergeCharts(
    merge: KeptChartMerge,
    from: { readonly regionalId: string; readonly at: Date },
  ): Promise<void>;
  /** Puts an id of the affinity domain back into use that a record brought and a merge had taken. */
  restoreId(id: PatientId): Promise<void>;
  addRegistryTask(task: RegistryTask, at: Date): Promise<void>;
  /** Done, or refused with a reason; one that was refused may be opened again. */
  settleRegistryTask(
    number: number,
    state: 'done' | 'refused' | 'open',
    reason?: string,
  ): Promise<void>;
  addNotification(notification: Notification, at: Date): Promise<void>;
  removeNotification(number: number): Promise<void>;
  postponeNotification(number: number, notBefore: number): Promise<void>;
  /** Takes a new wide-area id, or the new state of one. */
  putWideAreaId(wideAreaId: WideAreaId, change: WideAreaIdChange): Promise<void>;
  remember(message: FedMessage, answer: string, until: Date): Promise<void>;
  /** Forgets what has expired, and of the rest all but the last `most`. */
  forgetAnswers(at: Date, most: number): Promise<void>;
  holdFeed(feed: HeldFeed, at: Date): Promise<void>;
  releaseFeed(record: number): Promise<void>;
  markCompared(number: number, by: string): Promise<void>;
}

/** What was found. `isCut`: there is more, or there was too much to look at. */
export interface Searched {
  readonly records: readonly SourceRecord[];
  readonly isCut: boolean;
}

/** What a record must meet, all of it; a list means: one of these. */
export interface IdentityCriteria {
  readonly numbers?: readonly number[];
  readonly regionalIds?: readonly string[];
  /** Not looked at where numbers or regional ids narrow it more: the one who asks compares names again. */
  readonly names?: readonly NamePattern[];
  /** The mother's maiden name; looked up where nothing else but the sex is asked for. */
  readonly mothersNames?: readonly NamePattern[];
  readonly administrativeGender?: string;
  /** Dates at any precision down to the day; both ends included. */
  readonly birthDate?: { readonly low?: string; readonly high?: string };
}

/** A pair of two records, whichever is given first. */
export function pairOf(one: number, other: number): RecordPair {
  return one < other ? { low: one, high: other } : { low: other, high: one };
}

/** Tells a pair from every other. */
export function pairNameOf({ low, high }: RecordPair): string {
  return `${low} ${high}`;
}
