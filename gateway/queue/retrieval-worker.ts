import { type Ask, type FailureClass, PeerFailure } from '../../actors/actor.ts';
import type { RetrievalIdentity } from '../../actors/initiating-gateway/retrieval.ts';
import { Refusal } from '../../profiles/refusal.ts';
import { ITI_39 } from '../../profiles/xca/iti-39.ts';
import type { DocumentResponse, RetrieveDocumentSetResponse } from '../../profiles/xds/iti-43.ts';
import type { Spool } from './spool.ts';

/** What a worker works with. */
export interface RetrievalWorkerOptions {
  /** The ask that speaks for an organisation of our community. What it adds to `releases` is called in the end. */
  readonly askFor: (organization: string, releases: (() => Promise<void>)[]) => Ask;
  readonly spool: Spool;
  /** How long a community may take to begin its answer. */
  readonly attemptMs: number;
}

/** How often and when a retrieval is tried again. */
export interface RetryRule {
  /** The first one counts. */
  readonly attempts: number;
  /** The pause after the first attempt; each further one is twice as long, up to an hour. */
  readonly backoffMs: number;
}

/** How one attempt ended that the community answered. */
export type RetrievalEnding =
  | { readonly kind: 'retrieved' }
  /** `record` names the errors in the spool. */
  | { readonly kind: 'refused'; readonly record: string };

const LONGEST_BACKOFF_MS = 3_600_000;

/**
 * Fetches one document into the spool. It knows nothing of queues; both forms of the queue call `attempt`, once for each
 * try, and let `retryAfterMs` decide about the next.
 */
export class RetrievalWorker {
  readonly #options: RetrievalWorkerOptions;

  constructor(options: RetrievalWorkerOptions) {
    this.#options = options;
  }

  /**
   * Asks the community for the document, unless the spool has it by now: a request may have come when the last
   * retrieval of the same document had just ended.
   *
   * @throws PeerFailure; its class alone decides whether there is another attempt
   */
  async attempt(identity: RetrievalIdentity, progressed: () => void): Promise<RetrievalEnding> {
    const { spool, askFor, attemptMs } = this.#options;
    if (await spool.find(identity)) return { kind: 'retrieved' };
    const { homeCommunityId, repositoryUniqueId, documentUniqueId, organization } = identity;
    const releases: (() => Promise<void>)[] = [];
    try {
      const response = await askFor(organization, releases)(
        ITI_39,
        { homeCommunityId },
        { documents: [{ homeCommunityId, repositoryUniqueId, documentUniqueId }] },
        { deadlineMs: attemptMs, progressed },
      );
      progressed();
      const document = theDocument(response, identity);
      if (!document) return { kind: 'refused', record: await spool.keepRefusal(response.errors) };
      await spool.take(identity, { document, warnings: response.errors }, progressed);
      return { kind: 'retrieved' };
    } catch (error) {
      // A fault of the far end, and a document that is larger than we take: neither gets better by asking again.
      if (error instanceof Refusal) {
        throw new PeerFailure('permanent', error.code, { peer: homeCommunityId, cause: error });
      }
      throw error;
    } finally {
      for (const release of releases) await release();
    }
  }
}

/** The one document that was asked for, or undefined when the community refused it.
 * @throws PeerFailure permanent when the answer is neither */
function theDocument(
  { documents, errors }: RetrieveDocumentSetResponse,
  wanted: RetrievalIdentity,
): DocumentResponse | undefined {
  const [document, ...others] = documents;
  const isWanted =
    document?.documentUniqueId === wanted.documentUniqueId &&
    document.repositoryUniqueId === wanted.repositoryUniqueId &&
    document.homeCommunityId === wanted.homeCommunityId;
  if (document && isWanted && others.length === 0) return document;
  if (!document && errors.length > 0) return undefined;
  throw new PeerFailure(
    'permanent',
    `one document was asked for; the answer has ${documents.length}, or another one, and ${errors.length} errors`,
    { peer: wanted.homeCommunityId },
  );
}

/**
 * The retry rule. It reads the failure's class and nothing else: ITI-39 changes nothing at the far end, so it is safe to
 * repeat also when the far end may have acted.
 *
 * @param attempts how often the community has been asked
 * @returns the pause before the next attempt, or undefined when there is none
 */
export function retryAfterMs(
  failureClass: FailureClass,
  attempts: number,
  rule: RetryRule,
): number | undefined {
  if (failureClass === 'permanent' || attempts >= rule.attempts) return undefined;
  return Math.min(rule.backoffMs * 2 ** (attempts - 1), LONGEST_BACKOFF_MS);
}

/** How a failure counts. What is not a peer's failure is a defect: it is not tried again. */
export function failureClassOf(error: unknown): FailureClass {
  return error instanceof PeerFailure ? error.failureClass : 'permanent';
}
