import type { Community } from '../actor.ts';

/** What the Responding Gateway works on: it keeps nothing of its own. */
export interface RespondingGatewayStores {
  readonly community: Community;
  /** xs:duration: how long a partner may remember a patient id that we told it. Absent: not at all. */
  readonly correlationTimeToLive?: string;
}
