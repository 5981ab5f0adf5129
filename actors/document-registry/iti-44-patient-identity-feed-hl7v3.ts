import { type PatientId, samePatientId } from '../../profiles/patient.ts';
import {
  type AcceptAcknowledgement,
  ITI_44,
  type PatientMergeFeed,
  PLACES_OF_MERGE,
} from '../../profiles/pix/iti-44.ts';
import { Refusal } from '../../profiles/refusal.ts';
import { feed } from '../actor.ts';
import { answerOnce, wasAnswered } from './answer-once.ts';
import type { RegistryReader } from './registry-store.ts';
import type { DocumentRegistryStores } from './stores.ts';

/**
 * ITI-44 Patient Identity Feed HL7 V3, as the Document Registry answers it: a patient of the affinity domain becomes known,
 * or is merged into another, who takes over all that is registered of both. Ids of other domains, and demographics, are none
 * of the registry's business and are not kept.
 *
 * Refuses: 204 when there is no id of the affinity domain, the caller may not feed it, or one of the two that are merged is
 * not known or was subsumed before. Source: ITI TF-2: 3.44.4.1.3, 3.44.4.2.3.
 */
export const patientIdentityFeed = feed(ITI_44, {
  async check(request, { community, registry }: DocumentRegistryStores, world) {
    const { affinityDomain } = community;
    const { caller } = world;
    const ids = request.kind === 'merge' ? [request.surviving, request.subsumed] : request.ids;
    const ofDomain = ids.filter(({ assigningAuthority }) => assigningAuthority === affinityDomain);
    const needed = request.kind === 'merge' ? ids.length : 1;
    if (ofDomain.length < needed) throw new Refusal('204', 'no id of the affinity domain');
    if (!caller.kinds.includes('own') && !caller.assigningAuthorities.includes(affinityDomain)) {
      throw new Refusal('204', 'the caller does not feed the affinity domain');
    }
    if (request.kind !== 'merge') return;
    await registry.look(async (reader) => {
      if (!(await wasAnswered('ITI-44', reader, world))) await refuseMerge(request, reader);
    });
  },

  async commit(request, { registry, community }: DocumentRegistryStores, world) {
    const accepted: AcceptAcknowledgement = { code: 'CA', details: [] };
    if (request.kind === 'merge') {
      return await answerOnce('ITI-44', { registry, world }, async (writer) => {
        await refuseMerge(request, writer);
        await writer.merge(request);
        return accepted;
      });
    }
    await registry.change(async (writer) => {
      for (const id of request.ids) {
        if (id.assigningAuthority === community.affinityDomain) await writer.addPatient(id);
      }
    });
    return accepted;
  },
});

/** A merge joins two active patients who are not one already; none is merged twice. Source: ITI TF-2: 3.44.4.3.3. */
async function refuseMerge(
  { surviving, subsumed }: PatientMergeFeed,
  reader: RegistryReader,
): Promise<void> {
  if (samePatientId(surviving, subsumed)) {
    throw new Refusal('204', 'a patient is not merged into himself', {
      location: PLACES_OF_MERGE.subsumed,
    });
  }
  const active = async (role: 'surviving' | 'subsumed', patient: PatientId) => {
    if (await reader.knows(patient)) return;
    const why = (await reader.isSubsumed(patient)) ? 'was subsumed before' : 'is not known';
    throw new Refusal('204', `the ${role} patient ${why}`, { location: PLACES_OF_MERGE[role] });
  };
  await active('surviving', surviving);
  await active('subsumed', subsumed);
}
