import { type Transmission, transmissionOf } from '../../profiles/formats/hl7v3.ts';
import { type PatientId, patientKey } from '../../profiles/patient.ts';
import {
  type DemographicsCriteria,
  type DemographicsMatch,
  ITI_47,
} from '../../profiles/pdq/iti-47.ts';
import { ITI_45, type PixQueryResponse } from '../../profiles/pix/iti-45.ts';
import { Fault, Refusal, refusalsOf } from '../../profiles/refusal.ts';
import {
  type DiscoveredPatient,
  ITI_55,
  type PatientDiscovery,
  type PatientDiscoveryResponse,
} from '../../profiles/xcpd/iti-55.ts';
import { type Caller, type Community, PeerFailure, query, type World } from '../actor.ts';
import type { RespondingGatewayStores } from './stores.ts';

/** The one patient whom the question fits, if there is exactly one. */
interface Found {
  readonly patient?: DiscoveredPatient;
  /** Our own Patient Identity did not answer. */
  readonly unavailable?: true;
  readonly correlationTimeToLive?: string;
}

const PARAMETERS = '/PRPA_IN201305UV02/controlActProcess/queryByParameter/parameterList';

/** HL7 v2 table 0357: unknown key identifier. */
const UNKNOWN_KEY = '204';

/**
 * ITI-55 Cross Gateway Patient Discovery, as the Responding Gateway answers it.
 *
 * An id that is known here decides: if it exists, the demographics are not looked at, whether they fit or not. Otherwise
 * name and birth time are both needed. Several candidates answer as none does: NF. The patient is named by her id in the
 * affinity domain and by no other, so that no chart number leaves.
 *
 * Refuses: a sender that the certificate does not speak for (Fault), another receiver, criteria that lack the name or
 * the birth time (SYN101).
 */
export const crossGatewayPatientDiscovery = query<
  PatientDiscovery,
  PatientDiscoveryResponse,
  Found,
  RespondingGatewayStores
>(ITI_55, {
  async find({ transmission, criteria }, { community, correlationTimeToLive }, world) {
    requireSender(transmission, world.caller);
    requireReceiver(transmission, community);
    try {
      const match = await findPatient(criteria, community, world);
      const patient = match && discovered(match, community);
      return { patient, correlationTimeToLive };
    } catch (error) {
      if (error instanceof PeerFailure) return { unavailable: true };
      throw error;
    }
  },

  subjects: ({ patient }) => (patient ? [patient.id] : []),

  reveal({ patient, unavailable, correlationTimeToLive }, permission) {
    const nobody = { matches: [], requestedDemographics: [], details: [] };
    if (unavailable) {
      return {
        ...nobody,
        acknowledgement: 'AE',
        queryResponseCode: 'AE',
        issue: 'AnswerNotAvailable',
      };
    }
    if (!patient || !permission.shows({ patientId: patient.id })) {
      return { ...nobody, acknowledgement: 'AA', queryResponseCode: 'NF' };
    }
    return {
      ...nobody,
      acknowledgement: 'AA',
      queryResponseCode: 'OK',
      matches: [patient],
      ...(correlationTimeToLive === undefined ? {} : { correlationTimeToLive }),
    };
  },
});

/** The message may only claim what the certificate says. */
function requireSender({ sender }: Transmission, { homeCommunityIds }: Caller): void {
  if (sender.organization && homeCommunityIds.includes(`urn:oid:${sender.organization}`)) return;
  throw new Fault(
    'Sender',
    `the certificate does not speak for the community ${sender.organization ?? 'that is not named'}`,
    {
      subcodes: [{ namespace: 'urn:kakehashi:fault', prefix: 'kkh', name: 'NotAuthorized' }],
    },
  );
}

function requireReceiver({ receiver }: Transmission, { homeCommunityId }: Community): void {
  if (receiver.organization && `urn:oid:${receiver.organization}` === homeCommunityId) return;
  throw new Refusal(
    'SYN103',
    `the receiving community must be ${homeCommunityId}, received ${receiver.organization ?? 'none'}`,
    {
      location: '/PRPA_IN201305UV02/receiver/device/asAgent/representedOrganization/id/@root',
    },
  );
}

async function findPatient(
  criteria: DemographicsCriteria,
  community: Community,
  world: World,
): Promise<DemographicsMatch | undefined> {
  const ids = criteria.livingSubjectId ?? [];
  const known = await findKnown(ids, community, world);
  if (known.exists) {
    return known.id && (await onlyMatch({ livingSubjectId: [known.id] }, community, world));
  }
  const { livingSubjectName, livingSubjectBirthTime } = criteria;
  const hasName = livingSubjectName !== undefined && livingSubjectName.length > 0;
  const hasBirthTime = livingSubjectBirthTime !== undefined;
  if (!hasName && !hasBirthTime && ids.length > 0) return undefined;
  if (!hasName) throw missing('livingSubjectName');
  if (!hasBirthTime) throw missing('livingSubjectBirthTime');
  // A Patient Demographics Supplier does not compare what is not given; across communities only a whole name and a day
  // may say who somebody is.
  const names = livingSubjectName.filter(({ family, given }) => family && given.length > 0);
  const isDay = /^\d{8}/.test(livingSubjectBirthTime.value ?? '');
  if (names.length === 0 || !isDay) return undefined;
  const { livingSubjectAdministrativeGender } = criteria;
  return await onlyMatch(
    { livingSubjectName: names, livingSubjectBirthTime, livingSubjectAdministrativeGender },
    community,
    world,
  );
}

function missing(parameter: string): Refusal {
  return new Refusal('SYN101', `${parameter} is required where no id is known here`, {
    location: `${PARAMETERS}/${parameter}`,
  });
}

/** Whether one of the ids is known here, and the one id of the affinity domain that all known ones lead to. */
async function findKnown(
  ids: readonly PatientId[],
  community: Community,
  world: World,
): Promise<{ readonly exists: boolean; readonly id?: PatientId }> {
  const { affinityDomain, assigningAuthorities } = community;
  const ours = ids.filter(({ assigningAuthority }) =>
    assigningAuthorities.includes(assigningAuthority),
  );
  const answers = await Promise.all(ours.map((id) => askIds(id, community, world)));
  const existing = answers.filter((answer) => answer !== undefined);
  const found = new Map(
    existing
      .flat()
      .filter(({ assigningAuthority }) => assigningAuthority === affinityDomain)
      .map((id) => [patientKey(id), id]),
  );
  const [id] = found.values();
  return { exists: existing.length > 0, ...(found.size === 1 ? { id } : {}) };
}

/** All ids of the person whom this id names, itself among them; undefined when it is not known. */
async function askIds(
  id: PatientId,
  community: Community,
  world: World,
): Promise<readonly PatientId[] | undefined> {
  const { acknowledgement, ids, codes } = await askPix(id, community, world);
  if (acknowledgement === 'AA') return [id, ...ids];
  if (codes.includes(UNKNOWN_KEY)) return undefined;
  throw new PeerFailure('permanent', 'ITI-45 was not answered', { peer: 'patient-identity' });
}

/** An actor in this process refuses by throwing, one across the wire in its answer: the same to us. */
async function askPix(
  patientIdentifier: PatientId,
  community: Community,
  world: World,
): Promise<Pick<PixQueryResponse, 'acknowledgement' | 'ids'> & { codes: readonly unknown[] }> {
  try {
    const answer = await world.ask(ITI_45, 'patient-identity', {
      transmission: inside(community, world),
      queryId: { root: world.uuid() },
      patientIdentifier,
      dataSources: [],
    });
    return { ...answer, codes: answer.details.map(({ code }) => code) };
  } catch (error) {
    const refusals = refusalsOf(error);
    if (!refusals) throw error;
    return { acknowledgement: 'AE', ids: [], codes: refusals.map(({ code }) => code) };
  }
}

/** The one person whom the criteria fit; of several, none. */
async function onlyMatch(
  criteria: DemographicsCriteria,
  community: Community,
  world: World,
): Promise<DemographicsMatch | undefined> {
  const { acknowledgement, matches } = await world.ask(ITI_47, 'patient-identity', {
    transmission: inside(community, world),
    queryId: { root: world.uuid() },
    criteria,
    scopingOrganizations: [community.affinityDomain],
  });
  const [match, ...others] = matches;
  // More than are told at once come with AE; here any two are too many.
  if (others.length > 0) return undefined;
  if (acknowledgement !== 'AA') {
    throw new PeerFailure('permanent', 'ITI-47 was not answered', { peer: 'patient-identity' });
  }
  return match;
}

function inside({ device }: Community, world: World): Transmission {
  return transmissionOf(world, { sender: { device }, receiver: { device } });
}

/** What leaves: the affinity domain's id and what is known of the person. Without such an id, nothing. */
function discovered(
  { ids, demographics, degree }: DemographicsMatch,
  { affinityDomain, homeCommunityId }: Community,
): DiscoveredPatient | undefined {
  const id = ids.find(({ assigningAuthority }) => assigningAuthority === affinityDomain);
  return (
    id && {
      id,
      otherIds: [],
      // Enough to tell who is meant; address and telephone are not the asker's business.
      demographics: {
        names: demographics.names,
        administrativeGender: demographics.administrativeGender,
        birthTime: demographics.birthTime,
      },
      homeCommunityId,
      supportsHealthDataLocator: false,
      degree,
    }
  );
}
