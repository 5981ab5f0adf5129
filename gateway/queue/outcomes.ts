import type { Caller } from '../../actors/actor.ts';
import {
  type Retrieval,
  type RetrievalIdentity,
  type RetrievalOutcome,
  type RetrievalResult,
  retrievalKey,
} from '../../actors/initiating-gateway/retrieval.ts';
import type { RetrievalEnding, RetryRule } from './retrieval-worker.ts';
import type { Spool } from './spool.ts';

/** How much a queue takes and how it tries; the same for both forms. */
export interface RetrievalQueueSettings extends RetryRule {
  /** Retrievals under way at once, in one process. */
  readonly concurrency: number;
  /** Retrievals that may wait; more are answered as busy. */
  readonly mostWaiting: number;
}

/** How many retrievals of one community run at once, so that a silent one leaves room for the others. */
export function mostOfOne(concurrency: number): number {
  return Math.max(1, Math.floor(concurrency / 2));
}

/** Asks once for each different document, and says of each retrieval how it ended, in order. */
export async function resultsOf(
  retrievals: readonly Retrieval[],
  { institution }: Caller,
  outcomeOf: (identity: RetrievalIdentity) => Promise<RetrievalOutcome>,
): Promise<readonly RetrievalResult[]> {
  const outcomes = new Map<string, Promise<RetrievalOutcome>>();
  return await Promise.all(
    retrievals.map(async (retrieval) => {
      const key = retrievalKey(retrieval);
      const { homeCommunityId, repositoryUniqueId, documentUniqueId } = retrieval;
      const outcome =
        outcomes.get(key) ??
        outcomeOf({
          homeCommunityId,
          repositoryUniqueId,
          documentUniqueId,
          organization: institution,
        });
      outcomes.set(key, outcome);
      return { retrieval, outcome: await outcome };
    }),
  );
}

/** What an ending means to those who wait: the document is in the spool, or the errors are. */
export async function outcomeOfEnding(
  ending: RetrievalEnding,
  identity: RetrievalIdentity,
  spool: Spool,
): Promise<RetrievalOutcome> {
  if (ending.kind === 'refused') {
    return { kind: 'refused', errors: (await spool.refusalNamed(ending.record)) ?? [] };
  }
  const spooled = await spool.find(identity);
  // It expired between its arrival and now: as if it had failed, so that it is asked for again.
  return spooled
    ? { kind: 'retrieved', ...spooled }
    : { kind: 'failed', failureClass: 'transient' };
}
