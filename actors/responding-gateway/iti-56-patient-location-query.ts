import type { PatientId } from '../../profiles/patient.ts';
import { Fault } from '../../profiles/refusal.ts';
import {
  ITI_56,
  type PatientLocation,
  type PatientLocationQuery,
  type PatientLocationResponse,
} from '../../profiles/xcpd/iti-56.ts';
import { PeerFailure, query } from '../actor.ts';
import { askIds, findKnown, type Identity } from './identity.ts';
import type { RespondingGatewayStores } from './stores.ts';

/** Whom the query names, and where else she is known. */
interface Found {
  readonly patientId?: PatientId;
  readonly locations: readonly PatientLocation[];
}

/**
 * ITI-56 Patient Location Query, as the Responding Gateway answers it: the other communities in which the wide-area id service
 * knows the patient, each by her id in that community's domain there. The asker's own communities are left out. Without such a
 * service, or where it does not know her, no community is told.
 *
 * Refuses: Fault, Receiver, when the service does not answer.
 *
 * @see ITI TF-2: 3.56
 */
export const patientLocationQuery = query<
  PatientLocationQuery,
  PatientLocationResponse,
  Found,
  RespondingGatewayStores
>(ITI_56, {
  async find({ requestedPatientId }, stores, world) {
    try {
      return await findLocations(requestedPatientId, { stores, world });
    } catch (error) {
      if (!(error instanceof PeerFailure)) throw error;
      throw new Fault('Receiver', `the ${error.peer} did not answer`, { cause: error });
    }
  },

  subjects: ({ patientId }) => (patientId ? [patientId] : []),

  reveal: ({ patientId, locations }, permission) => ({
    locations: permission.shows({ patientId }) ? locations : [],
  }),
});

async function findLocations(requestedPatientId: PatientId, identity: Identity): Promise<Found> {
  const { community, wideArea } = identity.stores;
  const { assigningAuthority } = requestedPatientId;
  // Others know our patients by these two domains; a chart number is never asked by from outside.
  const isAskable = [community.affinityDomain, wideArea?.domain].includes(assigningAuthority);
  if (!wideArea || !isAskable) return { locations: [] };
  const { id: patientId } = await findKnown([requestedPatientId], identity);
  if (!patientId) return { locations: [] };
  const asking = identity.world.caller.homeCommunityIds;
  const others = wideArea
    .communities()
    .filter(({ homeCommunityId }) => !asking.includes(homeCommunityId));
  if (others.length === 0) return { patientId, locations: [] };
  const ids = await askIds({
    ...identity,
    patientIdentifier: patientId,
    dataSources: [...new Set(others.map(({ domain }) => domain))],
    destination: wideArea.service,
    device: wideArea.device,
  });
  const locations = others.flatMap(({ homeCommunityId, domain }) =>
    (ids ?? [])
      .filter((id) => id.assigningAuthority === domain)
      .map((correspondingPatientId) => ({
        homeCommunityId,
        correspondingPatientId,
        requestedPatientId,
      })),
  );
  return { patientId, locations };
}
