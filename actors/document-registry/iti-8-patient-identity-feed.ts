import { ITI_8 } from '../../profiles/pix/iti-8.ts';
import { feed, type World } from '../actor.ts';
import { patientIdentityFeed as overV3 } from './iti-44-patient-identity-feed-hl7v3.ts';
import type { DocumentRegistryStores } from './stores.ts';

/**
 * ITI-8 Patient Identity Feed: what ITI-44 does, over HL7 v2. A08 is never refused: what it says of a person is none of the
 * registry's business, and ids that are not of the affinity domain, or not the caller's to feed, are passed over.
 *
 * Source: ITI TF-2: 3.8.4.1.3.2.
 */
export const patientIdentityFeedV2 = feed(ITI_8, {
  async check(request, stores: DocumentRegistryStores, world) {
    if (request.kind !== 'revise') await overV3.check(request, stores, world);
  },

  async commit(request, stores: DocumentRegistryStores, world) {
    if (request.kind === 'revise' && !mayFeed(stores, world)) return { code: 'CA', details: [] };
    return await overV3.commit(request, stores, world);
  },
});

function mayFeed(
  { community: { affinityDomain } }: DocumentRegistryStores,
  { caller: { kinds, assigningAuthorities } }: World,
): boolean {
  return kinds.includes('own') || assigningAuthorities.includes(affinityDomain);
}
