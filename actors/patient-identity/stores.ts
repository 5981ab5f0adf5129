import type { Community } from '../actor.ts';
import type { IdentityStore } from './identity-store.ts';

/** What Patient Identity works with. */
export interface PatientIdentityStores {
  readonly identities: IdentityStore;
  readonly community: Community;
}
