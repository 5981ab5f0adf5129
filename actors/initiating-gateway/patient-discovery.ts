import { transmissionOf } from '../../profiles/formats/hl7v3.ts';
import type { Demographics, PatientId } from '../../profiles/patient.ts';
import { type DemographicsCriteria, ITI_47 } from '../../profiles/pdq/iti-47.ts';
import { Refusal } from '../../profiles/refusal.ts';
import { expiryOf } from '../../profiles/xcpd/correlation-time-to-live.ts';
import {
  type DiscoveredPatient,
  ITI_55,
  type PatientDiscovery,
  type PatientDiscoveryResponse,
} from '../../profiles/xcpd/iti-55.ts';
import { PeerFailure, type World } from '../actor.ts';
import type { Correlation } from './correlation-store.ts';
import type { InitiatingGatewayStores, PartnerGateway, Tellable } from './stores.ts';

/** A patient of ours as another community knows her. */
export interface LocatedPatient {
  /** The community that holds her documents, `urn:oid:…`. */
  readonly homeCommunityId: string;
  readonly patientId: PatientId;
  /** That community says where else she is known, by ITI-56. */
  readonly isHealthDataLocator?: true;
  /** It was told before, and not now. */
  readonly isRemembered?: true;
}

/** Where one gateway knows the patient, and what has to be said besides. Neither: it does not know her. */
export interface Discovery {
  readonly located: readonly LocatedPatient[];
  readonly warnings: readonly Refusal[];
  /** Communities of the gateway of which it gave no answer, where it gave one of others. */
  readonly silent?: readonly string[];
}

/** What every step needs. */
export interface House {
  readonly stores: InitiatingGatewayStores;
  readonly world: World;
  /** When the patient began to be looked for. */
  readonly askedAt?: Date;
}

/** What is known of the patient here. The Patient Demographics Supplier alone says so.
 * @returns undefined when it does not know the id
 * @throws PeerFailure, Refusal */
export async function findDemographics(
  patientId: PatientId,
  { community, fanOutDeadlineMs }: InitiatingGatewayStores,
  world: World,
): Promise<Demographics | undefined> {
  const { device } = community;
  const { acknowledgement, matches } = await world.ask(
    ITI_47,
    'patient-identity',
    {
      transmission: transmissionOf(world, { sender: { device }, receiver: { device } }),
      queryId: { root: world.uuid() },
      criteria: { livingSubjectId: [patientId] },
      scopingOrganizations: [],
    },
    { deadlineMs: fanOutDeadlineMs },
  );
  const [match, ...others] = matches;
  if (acknowledgement !== 'AA' || others.length > 0) {
    throw new PeerFailure('permanent', 'ITI-47 was not answered', { peer: 'patient-identity' });
  }
  return match?.demographics;
}

/** What is remembered of the patient at one gateway: all of its communities, or the gateway has to be asked. */
export function rememberedAt(
  { homeCommunityIds }: PartnerGateway,
  correlations: readonly Correlation[],
): readonly LocatedPatient[] | undefined {
  const remembered = correlations.filter(({ homeCommunityId }) =>
    homeCommunityIds.includes(homeCommunityId),
  );
  if (remembered.length < homeCommunityIds.length) return undefined;
  return remembered.map(({ homeCommunityId, remotePatientId, isHealthDataLocator }) => ({
    homeCommunityId,
    patientId: remotePatientId,
    isRemembered: true,
    ...(isHealthDataLocator ? { isHealthDataLocator } : {}),
  }));
}

/** Whom to look for. */
export interface Sought {
  readonly patientId: PatientId;
  readonly demographics: Demographics;
}

/** What a question may take. */
export interface Left {
  readonly leftMs: () => number;
}

/**
 * Asks one gateway whether its communities know the patient: by her demographics, with her id here as livingSubjectId. Where it
 * wants more of them before it can tell, it is asked once more with what is known and may be told.
 *
 * @throws PeerFailure when there is no answer, or it is AE or AR
 * @see ITI TF-2: 3.55.4.1.3
 */
export async function discoverPatient(
  gateway: PartnerGateway,
  { sought, leftMs }: Left & { readonly sought: Sought },
  house: House,
): Promise<Discovery> {
  const { community, correlationTimeToLive, discovery } = house.stores;
  const { patientId, demographics } = sought;
  const tells = discovery?.tells ?? ['gender'];
  const { names, birthTime, administrativeGender } = demographics;
  const criteria: DemographicsCriteria = {
    livingSubjectName: names,
    livingSubjectId: [patientId],
    ...(birthTime === undefined ? {} : { livingSubjectBirthTime: { value: birthTime } }),
    ...(administrativeGender === undefined || !tells.includes('gender')
      ? {}
      : { livingSubjectAdministrativeGender: administrativeGender }),
  };
  const question = {
    reverseAuthority: community.affinityDomain,
    ...(correlationTimeToLive === undefined ? {} : { correlationTimeToLive }),
  };
  const first = await askGateway(gateway, { ...question, criteria, leftMs }, house);
  const more = furtherCriteria(first, demographics, tells);
  const answer =
    more === undefined
      ? first
      : await askGateway(
          gateway,
          { ...question, criteria: { ...criteria, ...more }, leftMs },
          house,
        );
  return await remembering(answer, { gateway, patientId }, house);
}

/**
 * Asks one community whether it knows the patient by these ids of its own domain at the wide-area id service, and tells nothing
 * else of her: the shared-id mode.
 *
 * @throws PeerFailure when there is no answer, or it is AE or AR
 * @see ITI TF-2: 3.55.4.1
 */
export async function discoverByWideAreaId(
  gateway: PartnerGateway,
  { patientId, ids, leftMs }: Left & { patientId: PatientId; ids: readonly PatientId[] },
  house: House,
): Promise<Discovery> {
  const answer = await askGateway(gateway, { criteria: { livingSubjectId: ids }, leftMs }, house);
  return await remembering(answer, { gateway, patientId }, house);
}

/** ITI-55 to the community by which the gateway is asked. */
async function askGateway(
  gateway: PartnerGateway,
  {
    leftMs,
    ...question
  }: Left & Pick<PatientDiscovery, 'criteria' | 'reverseAuthority' | 'correlationTimeToLive'>,
  { stores: { community }, world }: House,
): Promise<PatientDiscoveryResponse> {
  const partner = oidOf(gateway.homeCommunityId);
  const answer = await world.ask(
    ITI_55,
    { homeCommunityId: gateway.homeCommunityId },
    {
      transmission: transmissionOf(world, {
        sender: { device: community.device, organization: oidOf(community.homeCommunityId) },
        // The device there is not known to us; its community stands for it.
        receiver: { device: partner, organization: partner },
      }),
      queryId: { root: world.uuid() },
      ...question,
    },
    { deadlineMs: leftMs() },
  );
  if (answer.acknowledgement !== 'AA') {
    throw new PeerFailure('permanent', 'ITI-55 was answered with an application error', {
      peer: gateway.homeCommunityId,
    });
  }
  return answer;
}

/** Not of the profile's list: whatever else is known will help. */
const ANY_REQUESTED = 'AdditionalDemographicsRequested';

/** What is wanted, known and may be told, and was not told yet; undefined where that is nothing. */
function furtherCriteria(
  { matches, requestedDemographics }: PatientDiscoveryResponse,
  { addresses = [], telecoms = [] }: Demographics,
  tells: readonly Tellable[],
): DemographicsCriteria | undefined {
  if (matches.length > 0) return undefined;
  const isWanted = (datum: Tellable, code: string) =>
    tells.includes(datum) &&
    [code, ANY_REQUESTED].some((one) => requestedDemographics.includes(one));
  const more: DemographicsCriteria = {
    ...(addresses.length > 0 && isWanted('address', 'PatientAddressRequested')
      ? { patientAddress: addresses }
      : {}),
    ...(telecoms.length > 0 && isWanted('telecom', 'PatientTelecomRequested')
      ? { patientTelecom: telecoms }
      : {}),
  };
  return Object.keys(more).length === 0 ? undefined : more;
}

/** What the answer comes to; it is remembered only as long as its CorrelationTimeToLive says. */
async function remembering(
  answer: PatientDiscoveryResponse,
  { gateway, patientId }: { readonly gateway: PartnerGateway; readonly patientId: PatientId },
  { stores, world, askedAt }: House,
): Promise<Discovery> {
  const discovery = discoveryOf(answer, gateway, stores.discovery?.leastDegree);
  const expiresAt = expiryOf(answer.correlationTimeToLive, world.now());
  if (expiresAt === undefined) return discovery;
  for (const {
    homeCommunityId,
    patientId: remotePatientId,
    isHealthDataLocator,
  } of discovery.located) {
    await stores.correlations.keep({
      patientId,
      homeCommunityId,
      remotePatientId,
      expiresAt,
      isHealthDataLocator: isHealthDataLocator ?? false,
      ...(askedAt === undefined ? {} : { askedAt }),
    });
  }
  return discovery;
}

/** One patient a community, or none of that community; never one that the gateway may not speak for. */
function discoveryOf(
  { matches, requestedDemographics }: PatientDiscoveryResponse,
  { homeCommunityId: asked, homeCommunityIds }: PartnerGateway,
  leastDegree: number | undefined,
): Discovery {
  const located: LocatedPatient[] = [];
  const warnings: Refusal[] = [];
  for (const [homeCommunityId, found] of byCommunity(matches)) {
    const match = meantOf(found, leastDegree);
    if (!homeCommunityIds.includes(homeCommunityId)) {
      const what = `${asked} told of a patient of ${homeCommunityId}, for which it does not speak`;
      warnings.push(warning(asked, what));
    } else if (match) {
      located.push({
        homeCommunityId,
        patientId: match.id,
        ...(match.supportsHealthDataLocator ? { isHealthDataLocator: true } : {}),
      });
    } else {
      const what = `${homeCommunityId} knows ${found.length} patients who may be meant; none of them was used`;
      warnings.push(warning(homeCommunityId, what));
    }
  }
  if (matches.length === 0 && requestedDemographics.length > 0) {
    const what = `${asked} cannot tell whether it knows the patient without further demographics`;
    warnings.push(warning(asked, what));
  }
  return { located, warnings };
}

/** The only match, or the only one of that degree. */
function meantOf(
  found: readonly DiscoveredPatient[],
  leastDegree: number | undefined,
): DiscoveredPatient | undefined {
  const close =
    found.length === 1 || leastDegree === undefined
      ? found
      : found.filter(({ degree }) => degree >= leastDegree);
  return close.length === 1 ? close[0] : undefined;
}

function byCommunity(
  matches: readonly DiscoveredPatient[],
): ReadonlyMap<string, readonly DiscoveredPatient[]> {
  const communities = new Map<string, DiscoveredPatient[]>();
  for (const match of matches) {
    communities.set(match.homeCommunityId, [
      ...(communities.get(match.homeCommunityId) ?? []),
      match,
    ]);
  }
  return communities;
}

function warning(location: string, context: string): Refusal {
  return new Refusal('XDSRegistryError', context, { location, severity: 'Warning' });
}

function oidOf(homeCommunityId: string): string {
  return homeCommunityId.replace(/^urn:oid:/, '');
}
