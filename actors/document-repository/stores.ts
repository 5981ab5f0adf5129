import type { Community } from '../actor.ts';
import type { DocumentStore } from './document-store.ts';

/** What the Document Repository works with. */
export interface DocumentRepositoryStores {
  readonly documents: DocumentStore;
  readonly community: Community;
}
