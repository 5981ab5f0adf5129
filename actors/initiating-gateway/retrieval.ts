import type { DocumentContent } from '../../profiles/formats/mtom.ts';
import type { RegistryError } from '../../profiles/xds/registry-response.ts';
import type { Caller, FailureClass } from '../actor.ts';

/** One document of another community that somebody here wants. All three ids are needed: they repeat across communities. */
export interface Retrieval {
  /** `urn:oid:…` */
  readonly homeCommunityId: string;
  readonly repositoryUniqueId: string;
  readonly documentUniqueId: string;
}

/**
 * What a queued retrieval is told apart by. One organisation never gets what was fetched for another: the answering
 * community decided for that one alone.
 */
export interface RetrievalIdentity extends Retrieval {
  /** `Caller.institution` of whoever the document is fetched for. */
  readonly organization: string;
}

/** `waiting` includes those that wait to be tried again. */
export type RetrievalState = 'waiting' | 'running' | 'failed';

/** A document that has arrived: its octets are at rest in the spool. */
export interface RetrievedDocument {
  readonly mimeType: string;
  readonly newRepositoryUniqueId?: string;
  readonly newDocumentUniqueId?: string;
  readonly content: DocumentContent;
}

/** How a retrieval stands when its asker has to answer. */
export type RetrievalOutcome =
  /** `warnings`: what the community said besides. */
  | {
      readonly kind: 'retrieved';
      readonly document: RetrievedDocument;
      readonly warnings: readonly RegistryError[];
    }
  /** The community answered, and said no; its errors as it wrote them. */
  | { readonly kind: 'refused'; readonly errors: readonly RegistryError[] }
  /** The community did not do its part, however often it was tried. */
  | { readonly kind: 'failed'; readonly failureClass: FailureClass }
  /** The deadline has passed; the retrieval goes on, and a later request finds the document. */
  | { readonly kind: 'pending' }
  /** Nothing was queued: the queue is full, or cannot be reached. */
  | { readonly kind: 'busy' };

/** One retrieval with its outcome. */
export interface RetrievalResult {
  readonly retrieval: Retrieval;
  readonly outcome: RetrievalOutcome;
}

/** How long an asker waits. */
export interface RetrievalDeadline {
  /** Counted from the retrieval's last progress: a document that is arriving is waited for. */
  readonly deadlineMs: number;
  /** The end of the wait, progress or not. */
  readonly longestMs: number;
}

/** One line of the queue as an operator sees it: no document, no organisation, no person. */
export interface QueuedRetrieval {
  /** `urn:oid:…` */
  readonly community: string;
  readonly state: RetrievalState;
  /** How often the community has been asked. */
  readonly attempts: number;
  /** When it was asked for. */
  readonly since: Date;
  /** How it failed, the last time it did. */
  readonly failureClass?: FailureClass;
}

/**
 * Fetches documents of other communities, now or later. Asked twice, fetched once; what is late is found by the next
 * request of the same organisation, for as long as the spool keeps it. Every form passes
 * `test/gateway/queue/retrieval-queue-suite.ts`.
 */
export interface RetrievalQueue {
  /**
   * Asks for the documents and waits for them until the deadline. One result for each retrieval, in order; a retrieval
   * that is named twice has one outcome, twice.
   */
  submit(
    retrievals: readonly Retrieval[],
    caller: Caller,
    deadline: RetrievalDeadline,
  ): Promise<readonly RetrievalResult[]>;
  /** What waits, runs or has failed, the oldest first; at most 1,000. */
  list(): Promise<readonly QueuedRetrieval[]>;
}

/** A key for maps: two retrievals want the same document exactly when their keys are equal. */
export function retrievalKey({
  homeCommunityId,
  repositoryUniqueId,
  documentUniqueId,
}: Retrieval): string {
  return JSON.stringify([homeCommunityId, repositoryUniqueId, documentUniqueId]);
}
