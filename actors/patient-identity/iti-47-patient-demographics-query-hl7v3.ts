import type { Demographics, PatientId } from '../../profiles/patient.ts';
import {
  type DemographicsMatch,
  type DemographicsQuery,
  type DemographicsQueryResponse,
  ITI_47,
  unknownScopingOrganization,
} from '../../profiles/pdq/iti-47.ts';
import { Refusals } from '../../profiles/refusal.ts';
import { type Community, query } from '../actor.ts';
import { searchPatients } from './demographics-search.ts';
import { idsOf, type RegionalPatient } from './patients.ts';
import type { PatientIdentityStores } from './stores.ts';

/** A patient found, with what her best record says of her. */
interface FoundPatient {
  readonly patient: RegionalPatient;
  readonly demographics: Demographics;
}

interface Found {
  readonly patients: readonly FoundPatient[];
  /** More were found than are looked at. */
  readonly more: boolean;
  readonly community: Community;
}

/** At most so many patients are looked at and answered; who finds more must ask more narrowly. */
const MOST_PATIENTS = 100;

/**
 * ITI-47 Patient Demographics Query HL7 V3, as the Patient Demographics Supplier answers it, without the Continuation
 * Option: more patients than wanted, or than are answered at once, give AE with the first of them.
 *
 * Refuses: 204 for a scoping organisation that is unknown. Source: ITI TF-2: 3.47.4.2.3.
 */
export const patientDemographicsQuery = query(ITI_47, {
  async find(request, { identities, community }: PatientIdentityStores): Promise<Found> {
    const unknown = request.scopingOrganizations.flatMap((domain, index) =>
      community.assigningAuthorities.includes(domain)
        ? []
        : [unknownScopingOrganization(request, index)],
    );
    if (unknown.length > 0) throw new Refusals(unknown);
    const found = await identities.look((records) =>
      searchPatients(request.criteria, { records, community, most: MOST_PATIENTS + 1 }),
    );
    return {
      patients: found.slice(0, MOST_PATIENTS),
      more: found.length > MOST_PATIENTS,
      community,
    };
  },

  subjects: ({ patients }) => patients.map(({ patient }) => patient.regionalId),

  reveal: ({ patients, more, community }, permission, request): DemographicsQueryResponse => {
    const shown = patients.filter(({ patient }) =>
      permission.shows({ patientId: patient.regionalId }),
    );
    const wanted = request.initialQuantity ?? MOST_PATIENTS;
    const matches = shown.slice(0, wanted).map((one) => matchOf(one, request, community));
    if (more || shown.length > wanted) {
      const most = matches.length === 1 ? '1 patient was' : `${matches.length} patients were`;
      const text = `more than ${most} found; ask more narrowly`;
      return {
        acknowledgement: 'AE',
        queryResponseCode: 'AE',
        matches,
        details: [{ severity: 'E', text }],
      };
    }
    const queryResponseCode = matches.length > 0 ? 'OK' : 'NF';
    return { acknowledgement: 'AA', queryResponseCode, matches, details: [] };
  },
});

/** Ids of the first domain that has one are the patient's; all others are other ids, and a wanted domain may have none. */
function matchOf(
  { patient, demographics }: FoundPatient,
  { scopingOrganizations: wanted }: DemographicsQuery,
  { device }: Community,
): DemographicsMatch {
  const all = idsOf(patient).filter(
    ({ assigningAuthority }) => wanted.length === 0 || wanted.includes(assigningAuthority),
  );
  const domain = all[0]?.assigningAuthority;
  const inDomain = ({ assigningAuthority }: PatientId) => assigningAuthority === domain;
  const without = [...new Set(wanted)].filter(
    (authority) => !all.some(({ assigningAuthority }) => assigningAuthority === authority),
  );
  return {
    ids: all.filter(inDomain),
    otherIds: [
      ...all.filter((id) => !inDomain(id)),
      ...without.map((assigningAuthority) => ({ assigningAuthority })),
    ],
    demographics,
    degree: 100,
    custodian: device,
    ...(domain === undefined || domain === device ? {} : { providerOrganization: domain }),
  };
}
