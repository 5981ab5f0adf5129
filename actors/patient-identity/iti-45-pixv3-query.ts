import { samePatientId } from '../../profiles/patient.ts';
import { Refusals } from '../../profiles/refusal.ts';
import {
  ITI_45,
  type PixQueryResponse,
  unknownDataSource,
  unknownPatientIdentifier,
} from '../../profiles/pix/iti-45.ts';
import { query } from '../actor.ts';
import { findPatient, idsOf } from './patients.ts';
import type { PatientIdentityStores } from './stores.ts';
import { type FoundIds, findInWideArea } from './wide-area-query.ts';

/**
 * ITI-45 PIXV3 Query, as the PIX Manager answers it: the patient's other ids, the regional one first. A wide-area id service
 * tells what the caller's network may see.
 *
 * Refuses: 204 for a domain that is unknown, for a patient id that is unknown, and alike for one that may not be shown.
 * Source: ITI TF-2: 3.45.4.2.3.
 */
export const pixV3Query = query(ITI_45, {
  async find(request, stores: PatientIdentityStores, { caller }): Promise<FoundIds> {
    const { identities, community, wideArea } = stores;
    if (wideArea) return await findInWideArea(request, wideArea, { identities, caller });
    const unknown = request.dataSources.flatMap((domain, index) =>
      community.assigningAuthorities.includes(domain) ? [] : [unknownDataSource(request, index)],
    );
    if (unknown.length > 0) throw new Refusals(unknown);
    const patient = await identities.look((records) =>
      findPatient(request.patientIdentifier, records, community),
    );
    if (!patient) throw unknownPatientIdentifier();
    return { subject: patient.regionalId, ids: idsOf(patient) };
  },

  subjects: ({ subject }) => [subject],

  reveal: (found, permission, { patientIdentifier, dataSources }): PixQueryResponse => {
    if (!permission.shows({ patientId: found.subject })) throw unknownPatientIdentifier();
    const ids = found.ids.filter(
      (id) =>
        !samePatientId(id, patientIdentifier) &&
        (dataSources.length === 0 || dataSources.includes(id.assigningAuthority)),
    );
    const [first] = ids;
    return {
      acknowledgement: 'AA',
      queryResponseCode: first ? 'OK' : 'NF',
      ids,
      // The provider organisation of an answer is the authority of one of its ids.
      ...(first ? { custodian: first.assigningAuthority } : {}),
      details: [],
    };
  },
});
