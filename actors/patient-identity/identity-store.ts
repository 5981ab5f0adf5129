import type { Demographics, PatientId } from '../../profiles/patient.ts';

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
  /** At least one. */
  readonly ids: readonly PatientId[];
  readonly demographics: Demographics;
  /** The id, in the affinity domain, of the patient whose record this is. */
  readonly regionalId: string;
}

/** A record before, or while, it is stored, with what it is found by. */
export interface WrittenRecord extends Omit<SourceRecord, 'number'> {
  /** Absent for a new record. */
  readonly number?: number;
  /** Of every name; a name without family and given name has no `full`. */
  readonly names: readonly NameKeys[];
}

/** A name as it is compared: normalised, without spaces. Parts that are not there are empty. */
export interface NameKeys {
  readonly full?: string;
  readonly family: string;
  readonly given: string;
}

export interface IdentityReader {
  recordOf(id: PatientId): Promise<SourceRecord | undefined>;
  /** All records of these regional ids, the one revised last first. */
  recordsOf(regionalIds: readonly string[]): Promise<readonly SourceRecord[]>;
  /** Whether the regional id is in use or ever was. */
  knowsRegionalId(regionalId: string): Promise<boolean>;
  /** Records with this birth date, this sex and one of these full names, at most `most`. */
  matching(keys: MatchingKeys, most: number): Promise<readonly SourceRecord[]>;
  /** Records that meet all criteria, at most `most`, the one revised last first. */
  search(criteria: IdentityCriteria, most: number): Promise<readonly SourceRecord[]>;
  /** Regional ids that the Document Registry has not acknowledged yet, at most `most`. */
  unconfirmed(most: number): Promise<readonly string[]>;
  isConfirmed(regionalId: string): Promise<boolean>;
}

export interface IdentityWriter extends IdentityReader {
  /** Takes a new record, or puts this one in the place of that with its number. */
  put(record: WrittenRecord, at: Date): Promise<void>;
  /** The Document Registry has acknowledged the regional id. */
  confirm(regionalId: string): Promise<void>;
}

/** What must be the same for two records to be linked. */
export interface MatchingKeys {
  /** `YYYYMMDD`. */
  readonly birthDate: string;
  readonly administrativeGender: string;
  /** Full names: one in common is enough. Not empty. */
  readonly names: readonly string[];
}

/** What a record must meet, all of it; a list means: one of these. */
export interface IdentityCriteria {
  readonly regionalIds?: readonly string[];
  /** A part that is empty is not compared. */
  readonly names?: readonly NameKeys[];
  readonly administrativeGender?: string;
  /** Dates at any precision down to the day; both ends included. */
  readonly birthDate?: { readonly low?: string; readonly high?: string };
}
