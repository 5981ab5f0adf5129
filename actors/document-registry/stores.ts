import type { AffinityDomain } from '../../profiles/xds/affinity-domain.ts';
import type { Community } from '../actor.ts';
import type { RegistryStore } from './registry-store.ts';

/** How many objects one answer holds at most; more is refused as XDSTooManyResults. */
export interface ResultLimits {
  readonly leafClass: number;
  readonly objectRef: number;
}

/** What the Document Registry works with. */
export interface DocumentRegistryStores {
  readonly registry: RegistryStore;
  readonly community: Community;
  /** The codes and media types of the affinity domain; absent: any. */
  readonly affinityDomain?: AffinityDomain;
  /** Default: `RESULT_LIMITS`. */
  readonly limits?: ResultLimits;
}

/** An object is about 6 kB of XML, a reference about 100 bytes. */
export const RESULT_LIMITS: ResultLimits = { leafClass: 5_000, objectRef: 50_000 };
