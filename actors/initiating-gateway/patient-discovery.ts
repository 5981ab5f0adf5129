import { transmissionOf } from '../../profiles/formats/hl7v3.ts';
import type { Demographics, PatientId } from '../../profiles/patient.ts';
import { ITI_47 } from '../../profiles/pdq/iti-47.ts';
import { Refusal } from '../../profiles/refusal.ts';
import { durationMs } from '../../profiles/xcpd/duration.ts';
import {
  type DiscoveredPatient,
  ITI_55,
  type PatientDiscoveryResponse,
} from '../../profiles/xcpd/iti-55.ts';
import { PeerFailure, type World } from '../actor.ts';
import type { Correlation } from './correlation-store.ts';
import type { InitiatingGatewayStores, PartnerGateway } from './stores.ts';

/** A patient of ours as another community knows her. */
export interface LocatedPatient {
  /** The community that holds her documents, `urn:oid:…`. */
  readonly homeCommunityId: string;
  readonly patientId: PatientId;
}

/** Where one gateway knows the patient, and what has to be said besides. Neither: it does not know her. */
export interface Discovery {
  readonly located: readonly LocatedPatient[];
  readonly warnings: readonly Refusal[];
}

/** However long a partner lets us remember, we ask again after this. */
const LONGEST_CORRELATION_MS = 30 * 86_400_000;

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
  return remembered.map(({ homeCommunityId, remotePatientId }) => ({
    homeCommunityId,
    patientId: remotePatientId,
  }));
}

/** Whom to look for. */
export interface Sought {
  readonly patientId: PatientId;
  readonly demographics: Demographics;
}

/**
 * Asks one gateway whether its communities know the patient: by her demographics, with her id here as livingSubjectId.
 * An answer is remembered only as long as its CorrelationTimeToLive says.
 *
 * @throws PeerFailure when there is no answer, or it is AE or AR
 * @see ITI TF-2: 3.55.4.1.3
 */
export async function discoverPatient(
  gateway: PartnerGateway,
  { sought, leftMs }: { readonly sought: Sought; readonly leftMs: number },
  { stores, world }: { readonly stores: InitiatingGatewayStores; readonly world: World },
): Promise<Discovery> {
  const { community, correlations } = stores;
  const { patientId, demographics } = sought;
  const partner = oidOf(gateway.homeCommunityId);
  const { names, birthTime, administrativeGender } = demographics;
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
      criteria: {
        livingSubjectName: names,
        livingSubjectId: [patientId],
        ...(birthTime === undefined ? {} : { livingSubjectBirthTime: { value: birthTime } }),
        ...(administrativeGender === undefined
          ? {}
          : { livingSubjectAdministrativeGender: administrativeGender }),
      },
      reverseAuthority: community.affinityDomain,
    },
    { deadlineMs: leftMs },
  );
  if (answer.acknowledgement !== 'AA') {
    throw new PeerFailure('permanent', 'ITI-55 was answered with an application error', {
      peer: gateway.homeCommunityId,
    });
  }
  const discovery = discoveryOf(answer, gateway);
  const livesMs = timeToLiveMs(answer.correlationTimeToLive);
  if (livesMs > 0) {
    const expiresAt = new Date(world.now().getTime() + livesMs);
    for (const { homeCommunityId, patientId: remotePatientId } of discovery.located) {
      await correlations.keep({ patientId, homeCommunityId, remotePatientId, expiresAt });
    }
  }
  return discovery;
}

/** One patient a community, or none of that community; never one that the gateway may not speak for. */
function discoveryOf(
  { matches, requestedDemographics }: PatientDiscoveryResponse,
  gateway: PartnerGateway,
): Discovery {
  const { homeCommunityId: asked, homeCommunityIds } = gateway;
  const located: LocatedPatient[] = [];
  const warnings: Refusal[] = [];
  for (const [homeCommunityId, found] of byCommunity(matches)) {
    const [match, ...others] = found;
    if (!homeCommunityIds.includes(homeCommunityId)) {
      warnings.push(
        warning(
          asked,
          `${asked} told of a patient of ${homeCommunityId}, for which it does not speak`,
        ),
      );
    } else if (match && others.length === 0) {
      located.push({ homeCommunityId, patientId: match.id });
    } else {
      warnings.push(
        warning(
          homeCommunityId,
          `${homeCommunityId} knows ${found.length} patients who may be meant; none of them was used`,
        ),
      );
    }
  }
  if (matches.length === 0 && requestedDemographics.length > 0) {
    warnings.push(
      warning(
        asked,
        `${asked} cannot tell whether it knows the patient without further demographics`,
      ),
    );
  }
  return { located, warnings };
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

/** Absent, or not a duration: not to be remembered at all. */
function timeToLiveMs(correlationTimeToLive: string | undefined): number {
  if (correlationTimeToLive === undefined) return 0;
  return Math.min(durationMs(correlationTimeToLive) ?? 0, LONGEST_CORRELATION_MS);
}

function oidOf(homeCommunityId: string): string {
  return homeCommunityId.replace(/^urn:oid:/, '');
}
