import type { Community } from '../actor.ts';
import type { CorrelationStore } from './correlation-store.ts';
import type { RetrievalQueue } from './retrieval.ts';

/** A Responding Gateway of the directory. */
export interface PartnerGateway {
  /** By which it is asked: one of those that it fronts, `urn:oid:…`. */
  readonly homeCommunityId: string;
  /** All communities that it fronts and may speak for, that one among them. */
  readonly homeCommunityIds: readonly string[];
}

/** What the Initiating Gateway works on. */
export interface InitiatingGatewayStores {
  readonly community: Community;
  /** The partners as the directory lists them at this moment; a reload is seen by the next request. */
  readonly communities: () => readonly PartnerGateway[];
  readonly correlations: CorrelationStore;
  readonly retrievals: RetrievalQueue;
  /** How long all communities together may take to answer a query. */
  readonly fanOutDeadlineMs: number;
  /** How long a Document Consumer waits for a document since its last progress. */
  readonly retrievalDeadlineMs: number;
  /** The end of that wait, progress or not. */
  readonly retrievalLongestMs: number;
}
