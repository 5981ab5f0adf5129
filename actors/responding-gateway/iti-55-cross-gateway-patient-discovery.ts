import type { Transmission } from '../../profiles/formats/hl7v3.ts';
import type { PatientId } from '../../profiles/patient.ts';
import type { DemographicsCriteria, DemographicsMatch } from '../../profiles/pdq/iti-47.ts';
import { Fault, Refusal } from '../../profiles/refusal.ts';
import { expiryOf } from '../../profiles/xcpd/correlation-time-to-live.ts';
import {
  type DiscoveredPatient,
  ITI_55,
  type PatientDiscovery,
  type PatientDiscoveryResponse,
} from '../../profiles/xcpd/iti-55.ts';
import { type Caller, type Community, PeerFailure, type Permission, query } from '../actor.ts';
import { askDemographics, findKnown, type Identity } from './identity.ts';
import { narrowed, tellingApart } from './narrowing.ts';
import type { RespondingGatewayStores } from './stores.ts';

/** Whom the question fits. */
interface Found {
  /** Everybody; undefined stands for a person without an id that may leave. */
  readonly candidates: readonly (DiscoveredPatient | undefined)[];
  /** actOrderRequired codes of what would tell the candidates apart. */
  readonly wanted: readonly string[];
  /** Several candidates are all told. */
  readonly tellsEach: boolean;
  /** There is no answer. */
  readonly issue?: 'AnswerNotAvailable' | 'ResponderBusy';
  readonly correlationTimeToLive?: string;
  /** How the asker knows the patient, and until when that may be remembered. */
  readonly reverse?: Reverse;
}

interface Reverse {
  readonly homeCommunityId: string;
  readonly remotePatientId: PatientId;
  readonly expiresAt: Date;
  /** When we began to look for her. */
  readonly askedAt: Date;
}

const PARAMETERS = '/PRPA_IN201305UV02/controlActProcess/queryByParameter/parameterList';

/** More candidates than this are never told, whatever the policy. */
const MOST_TOLD = 10;

const NOBODY: Found = { candidates: [], wanted: [], tellsEach: false };

/**
 * ITI-55 Cross Gateway Patient Discovery, as the Responding Gateway answers it.
 *
 * An id that is known here decides: if it exists, the demographics are not looked at, whether they fit or not. Otherwise
 * name and birth time are both needed, and gender, address, telecom and mother's maiden name count where they are given.
 *
 *   one candidate                OK, by her id in the affinity domain and no other, so that no chart number leaves
 *   several, policy `each`       OK, each of them
 *   several, and something more would tell them apart      OK, nobody, and what is wanted besides
 *   several otherwise, or nobody, or one who may not be seen      NF
 *   no answer                    AE: ResponderBusy, AnswerNotAvailable; InternalError for a defect
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
  check({ transmission }, { community }, { caller }) {
    requireSender(transmission, caller);
    requireReceiver(transmission, community);
  },

  async find(question, stores, world) {
    const look = () => findCandidates(question, { stores, world });
    try {
      if (stores.discoveries === undefined) return await look();
      return (await stores.discoveries.run(look)) ?? { ...NOBODY, issue: 'ResponderBusy' };
    } catch (error) {
      if (error instanceof PeerFailure) return { ...NOBODY, issue: 'AnswerNotAvailable' };
      throw error;
    }
  },

  subjects: ({ candidates }) => candidates.flatMap((patient) => patient?.id ?? []),

  /** Only who is told is remembered: the asker's id of her, for queries in the other direction. */
  async prepare(found, permission, { correlations }) {
    const [patient, ...others] = toldOf(found, permission) ?? [];
    if (correlations && found.reverse && patient && others.length === 0) {
      await correlations.keep({
        ...found.reverse,
        patientId: patient.id,
        isHealthDataLocator: false,
      });
    }
    return found;
  },

  reveal(found, permission) {
    const { issue, wanted, correlationTimeToLive } = found;
    if (issue) return { ...answer('AE'), acknowledgement: 'AE', issue };
    const told = toldOf(found, permission);
    if (told === undefined) return answer('NF');
    if (told.length === 0) return { ...answer('OK'), requestedDemographics: wanted };
    // An answer that leaves open who is meant correlates nobody.
    const mayBeKept = told.length === 1 && correlationTimeToLive !== undefined;
    return { ...answer('OK'), matches: told, ...(mayBeKept ? { correlationTimeToLive } : {}) };
  },
});

function answer(
  queryResponseCode: PatientDiscoveryResponse['queryResponseCode'],
): PatientDiscoveryResponse {
  return {
    acknowledgement: 'AA',
    queryResponseCode,
    matches: [],
    requestedDemographics: [],
    details: [],
  };
}

/**
 * Who is told; undefined: NF; nobody: more demographics are wanted. Whoever may not be seen counts among those who may be
 * meant all the same, or another would be taken for her; then the answer is as if nobody were there.
 */
function toldOf(
  { candidates, wanted, tellsEach }: Found,
  permission: Permission,
): readonly DiscoveredPatient[] | undefined {
  const shown = candidates
    .filter((patient) => patient !== undefined)
    .filter(({ id }) => permission.shows({ patientId: id }));
  if (shown.length === 0 || shown.length < candidates.length) return undefined;
  if (shown.length === 1) return shown;
  if (tellsEach && shown.length <= MOST_TOLD) return shown;
  return wanted.length > 0 ? [] : undefined;
}

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

async function findCandidates(question: PatientDiscovery, identity: Identity): Promise<Found> {
  const { criteria } = question;
  const { community, correlationTimeToLive, discovery, wideArea } = identity.stores;
  const reverse = reverseOf(question, identity);
  const matches = await findMatches(question, identity);
  return {
    candidates: matches.map((match) =>
      discovered(match, community, { supportsHealthDataLocator: wideArea !== undefined }),
    ),
    wanted: tellingApart(matches, criteria, discovery?.asksFor ?? []),
    tellsEach: discovery?.severalMatches === 'each',
    ...(correlationTimeToLive === undefined ? {} : { correlationTimeToLive }),
    ...(reverse === undefined ? {} : { reverse }),
  };
}

/** Everybody whom the question fits. */
async function findMatches(
  { criteria, minimumDegreeMatch: least = 0 }: PatientDiscovery,
  identity: Identity,
): Promise<readonly DemographicsMatch[]> {
  const ids = criteria.livingSubjectId ?? [];
  const known = await findKnown(ids, identity);
  if (known.exists) {
    if (!known.id) return [];
    return (await askDemographics({ livingSubjectId: [known.id] }, identity)).matches;
  }
  const described = requireDescription(criteria);
  if (!described) return [];
  // Gender and the rest are compared here, so that a person of whom one of them is not on file is not overlooked.
  const { matches, isCut } = await askDemographics(described, identity);
  // Whoever is not told here may be the one who is meant.
  if (isCut) return [];
  const close = matches.filter(({ degree }) => degree >= least);
  return await narrowed(close, criteria, async (more) => {
    const meeting = await askDemographics({ ...described, ...more }, identity);
    return meeting.matches;
  });
}

/**
 * Name and birth time, as far as they may say who somebody is: a Patient Demographics Supplier does not compare what is not
 * given; across communities only a whole name and a day will do.
 *
 * @returns undefined where they fit nobody well enough, or where only ids were asked by
 */
function requireDescription({
  livingSubjectId = [],
  livingSubjectName = [],
  livingSubjectBirthTime,
}: DemographicsCriteria): DemographicsCriteria | undefined {
  const hasName = livingSubjectName.length > 0;
  if (!hasName && !livingSubjectBirthTime && livingSubjectId.length > 0) return undefined;
  if (!hasName) throw missing('livingSubjectName');
  if (!livingSubjectBirthTime) throw missing('livingSubjectBirthTime');
  const names = livingSubjectName.filter(({ family, given }) => family && given.length > 0);
  const isDay = /^\d{8}/.test(livingSubjectBirthTime.value ?? '');
  if (names.length === 0 || !isDay) return undefined;
  return { livingSubjectName: names, livingSubjectBirthTime };
}

function missing(parameter: string): Refusal {
  return new Refusal('SYN101', `${parameter} is required where no id is known here`, {
    location: `${PARAMETERS}/${parameter}`,
  });
}

/** The one id of the authority that the asker names for queries back to it, if it lets us remember that. */
function reverseOf(
  { transmission, criteria, reverseAuthority, correlationTimeToLive }: PatientDiscovery,
  { stores: { community }, world }: Identity,
): Reverse | undefined {
  const ids = (criteria.livingSubjectId ?? []).filter(
    ({ assigningAuthority }) => assigningAuthority === reverseAuthority,
  );
  const [remotePatientId, ...others] = ids;
  const expiresAt = expiryOf(correlationTimeToLive, world.now());
  const { organization } = transmission.sender;
  if (!remotePatientId || others.length > 0 || !expiresAt || !organization) return undefined;
  // An id of ours is no id of hers there.
  if (community.assigningAuthorities.includes(remotePatientId.assigningAuthority)) return undefined;
  const homeCommunityId = `urn:oid:${organization}`;
  return { homeCommunityId, remotePatientId, expiresAt, askedAt: world.now() };
}

/** What leaves: the affinity domain's id and what is known of the person. Without such an id, nothing. */
function discovered(
  { ids, demographics, degree }: DemographicsMatch,
  { affinityDomain, homeCommunityId }: Community,
  { supportsHealthDataLocator }: { readonly supportsHealthDataLocator: boolean },
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
      supportsHealthDataLocator,
      degree,
    }
  );
}
