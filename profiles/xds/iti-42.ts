import type { RegistryObject, Slot } from '../formats/ebxml.ts';

/** `lcm:SubmitObjectsRequest`: the objects in order, ebRIM kept whole. */
export interface SubmitObjectsRequest {
  readonly requestSlots?: readonly Slot[];
  readonly objects: readonly RegistryObject[];
}
