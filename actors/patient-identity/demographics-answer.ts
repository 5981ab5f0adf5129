import type { PatientId } from '../../profiles/patient.ts';
import {
  type DemographicsMatch,
  type DemographicsQuery,
  type DemographicsQueryResponse,
  unknownScopingOrganization,
} from '../../profiles/pdq/iti-47.ts';
import { Refusals } from '../../profiles/refusal.ts';
import type { Community, Permission } from '../actor.ts';
import { type FoundPatient, type FoundPatients, searchPatients } from './demographics-search.ts';
import { idsOf } from './patients.ts';
import { matcherIn, type PatientIdentityStores } from './stores.ts';

/** All that was found for a demographics query, before anybody may see it. */
export interface FoundDemographics extends FoundPatients {
  readonly community: Community;
}

/** At most so many patients are answered at once; who finds more must ask more narrowly, or in parts. */
export const MOST_AT_ONCE = 100;
/** At most so many are kept for one who asks in parts. */
export const MOST_IN_PARTS = 500;

/**
 * Finds the patients of a demographics query, whichever format it came in.
 *
 * @throws Refusal 204 for each scoping organisation that is unknown
 */
export async function findDemographics(
  request: Pick<
    DemographicsQuery,
    'criteria' | 'scopingOrganizations' | 'minimumDegreeMatch' | 'initialQuantity'
  >,
  stores: PatientIdentityStores,
): Promise<FoundDemographics> {
  const { identities, community } = stores;
  const unknown = request.scopingOrganizations.flatMap((domain, index) =>
    community.assigningAuthorities.includes(domain)
      ? []
      : [unknownScopingOrganization(request, index)],
  );
  if (unknown.length > 0) throw new Refusals(unknown);
  const { criteria, minimumDegreeMatch: minimumDegree, initialQuantity } = request;
  const found = await identities.look((records) =>
    searchPatients(criteria, {
      records,
      community,
      matcher: matcherIn(stores),
      most: initialQuantity === undefined ? MOST_AT_ONCE : MOST_IN_PARTS,
      ...(minimumDegree === undefined ? {} : { minimumDegree }),
    }),
  );
  return { ...found, community };
}

/** Which of the patients an answer has. */
export interface Part {
  /** Counted from 0. */
  readonly from: number;
  readonly quantity: number;
}

/** Those of the patients found that may be shown, as matches. */
export function shownMatches(
  { patients, community }: FoundDemographics,
  permission: Permission,
  request: Pick<DemographicsQuery, 'scopingOrganizations'>,
): readonly DemographicsMatch[] {
  return patients
    .filter(({ patient }) => permission.shows({ patientId: patient.regionalId }))
    .map((one) => matchOf(one, request, community));
}

/**
 * The answer with these matches, or with a part of them. More than are answered gives AE with the first of them.
 *
 * @see ITI TF-2: 3.47.4.2.3
 */
export function answerOf(
  matches: readonly DemographicsMatch[],
  { isMore }: FoundPatients,
  part?: Part,
): DemographicsQueryResponse {
  const { from, quantity } = part ?? { from: 0, quantity: MOST_AT_ONCE };
  const sent = matches.slice(from, from + quantity);
  if (isMore) {
    const text = `more than ${matches.length} were found, or the question is too wide; ask more narrowly`;
    return {
      acknowledgement: 'AE',
      queryResponseCode: 'AE',
      matches: sent,
      details: [{ severity: 'E', text }],
    };
  }
  const remaining = Math.max(0, matches.length - from - quantity);
  return {
    acknowledgement: 'AA',
    queryResponseCode: matches.length > 0 ? 'OK' : 'NF',
    matches: sent,
    details: [],
    ...(sent.length < matches.length && {
      quantities: { total: matches.length, remaining },
    }),
  };
}

/**
 * The ids of the wanted domains; of the affinity domain alone where none is wanted, since who is known at which hospital is
 * nobody's to learn who did not ask for it. Those of the first domain that has one are the patient's; all others are other
 * ids, and a wanted domain may have none.
 */
function matchOf(
  { patient, demographics, degree }: FoundPatient,
  { scopingOrganizations }: Pick<DemographicsQuery, 'scopingOrganizations'>,
  { affinityDomain, device }: Community,
): DemographicsMatch {
  const wanted = scopingOrganizations.length === 0 ? [affinityDomain] : scopingOrganizations;
  const all = idsOf(patient).filter(({ assigningAuthority }) =>
    wanted.includes(assigningAuthority),
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
    degree,
    custodian: device,
    ...(domain === undefined || domain === device ? {} : { providerOrganization: domain }),
  };
}
