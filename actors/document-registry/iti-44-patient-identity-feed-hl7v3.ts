import { Refusal } from '../../profiles/refusal.ts';
import { type AcceptAcknowledgement, ITI_44 } from '../../profiles/pix/iti-44.ts';
import { feed } from '../actor.ts';
import type { DocumentRegistryStores } from './stores.ts';

/**
 * ITI-44 Patient Identity Feed HL7 V3, as the Document Registry answers it: a patient of the affinity domain becomes known.
 * Ids of other domains, and demographics, are none of the registry's business and are not kept.
 *
 * Refuses: 204 when there is no id of the affinity domain, or the caller may not feed it. Source: ITI TF-2: 3.44.4.1.3.
 */
export const patientIdentityFeed = feed(ITI_44, {
  async check({ ids }, { community }: DocumentRegistryStores, { caller }) {
    const { affinityDomain } = community;
    if (!ids.some(({ assigningAuthority }) => assigningAuthority === affinityDomain)) {
      throw new Refusal('204', 'no id of the affinity domain');
    }
    if (!caller.kinds.includes('own') && !caller.assigningAuthorities.includes(affinityDomain)) {
      throw new Refusal('204', 'the caller does not feed the affinity domain');
    }
  },

  async commit(
    { ids },
    { registry, community }: DocumentRegistryStores,
  ): Promise<AcceptAcknowledgement> {
    await registry.change(async (writer) => {
      for (const id of ids) {
        if (id.assigningAuthority === community.affinityDomain) await writer.addPatient(id);
      }
    });
    return { code: 'CA', details: [] };
  },
});
