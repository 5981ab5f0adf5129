import type { Demographics, PatientId } from '../../profiles/patient.ts';

/** What a region tells a wide-area id service of a patient: what it needs to know her again, and no more. */
export interface ToldPerson {
  readonly demographics: Demographics;
  /** Insurances that name one person, as `insurer:symbol:number:branch`; only where the service wants them. */
  readonly otherIds: readonly PatientId[];
}

/** One message of ITI-44 that a region owes a wide-area id service. */
export interface OwedFeed {
  /** The service, as the directory names it. */
  readonly service: string;
  readonly kind: 'add' | 'revise' | 'merge';
  /** The regional id; of a merge the surviving one, then the subsumed. */
  readonly ids: readonly PatientId[];
  /** As she was when it was written down, so that the message is the same however often it is sent; absent for a merge. */
  readonly person?: ToldPerson;
  /** A UUID: the message has it each time that it is sent. */
  readonly messageId: string;
}

export interface KeptOwedFeed extends OwedFeed {
  readonly number: number;
  /** How often it was sent in vain. */
  readonly attempts: number;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  /** ISO 8601. */
  readonly madeAt: string;
  /** Why the service refused it: its codes; absent while it waits. */
  readonly refusedFor?: string;
}

/** How much a wide-area id service is owed. */
export interface OwedSum {
  readonly waiting: number;
  /** Refused; each stands until it is tried again with success, or overtaken by a later one of its patient. */
  readonly refused: number;
  /** How often the first was sent in vain. */
  readonly attempts: number;
  /** When the first that waits was written down, ISO 8601; absent where nothing waits. */
  readonly since?: string;
}

/**
 * What a wide-area id service was told last of a regional id, as far as that was written down to be sent: `never`; `same` as
 * is asked about; `other`.
 */
export type LastTold = 'never' | 'same' | 'other';

/** Reading of what is owed to wide-area id services. */
export interface WideAreaOutboxReader {
  lastTold(regionalId: string, service: string, person?: ToldPerson): Promise<LastTold>;
  /** In the order in which it is to be sent. */
  owedFeeds(
    service: string,
    state: 'open' | 'refused',
    most: number,
  ): Promise<readonly KeptOwedFeed[]>;
  owedTo(service: string): Promise<OwedSum>;
  /** Regional ids after this one, those that were subsumed too, in an order that stays. */
  regionalIds(after: string, most: number): Promise<readonly string[]>;
}

/** Writing of what is owed to wide-area id services. */
export interface WideAreaOutboxWriter extends WideAreaOutboxReader {
  /** Written down in the change that it tells of. */
  oweFeed(feed: OwedFeed, at: Date): Promise<void>;
  /** Remembers what the service is told of a regional id; without a person: nothing any more. */
  rememberTold(regionalId: string, service: string, person?: ToldPerson): Promise<void>;
  /** Was taken: what was refused before of the same patient is overtaken by it. */
  settleFeed(feed: KeptOwedFeed): Promise<void>;
  refuseFeed(number: number, refusedFor: string): Promise<void>;
  /** What was refused is sent again, each in its old place. @returns how many */
  reopenFeeds(service: string): Promise<number>;
}
