import { type Transmission, transmissionOf } from '../../profiles/formats/hl7v3.ts';
import { type PatientId, patientKey } from '../../profiles/patient.ts';
import {
  type DemographicsCriteria,
  type DemographicsMatch,
  ITI_47,
} from '../../profiles/pdq/iti-47.ts';
import { ITI_45, type PixQuery, type PixQueryResponse } from '../../profiles/pix/iti-45.ts';
import { refusalsOf } from '../../profiles/refusal.ts';
import { type Destination, PeerFailure, type World } from '../actor.ts';
import type { RespondingGatewayStores } from './stores.ts';

/** What knows who somebody is: our own Patient Identity, and above it the wide-area id service. */
export interface Identity {
  readonly stores: RespondingGatewayStores;
  readonly world: World;
}

/** HL7 v2 table 0357: unknown key identifier. */
const UNKNOWN_KEY = '204';

/**
 * Whether one of the ids is known here, and the one id of the affinity domain that all known ones lead to. An id of our own
 * domain at the wide-area id service is known to the service alone.
 *
 * @throws PeerFailure
 */
export async function findKnown(
  ids: readonly PatientId[],
  { stores, world }: Identity,
): Promise<{ readonly exists: boolean; readonly id?: PatientId }> {
  const { affinityDomain, assigningAuthorities } = stores.community;
  const { wideArea } = stores;
  const answers = await Promise.all(
    ids.map((patientIdentifier) => {
      const { assigningAuthority } = patientIdentifier;
      const question = { patientIdentifier, stores, world };
      if (assigningAuthorities.includes(assigningAuthority)) {
        return askIds({ ...question, destination: 'patient-identity', dataSources: [] });
      }
      if (wideArea === undefined || assigningAuthority !== wideArea.domain) return undefined;
      const { service: destination, device } = wideArea;
      return askIds({ ...question, destination, device, dataSources: [affinityDomain] });
    }),
  );
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

/** Whom to ask about an id, and which domains' ids are wanted. */
export interface IdQuestion extends Identity {
  readonly patientIdentifier: PatientId;
  /** OIDs; empty: all. */
  readonly dataSources: readonly string[];
  readonly destination: Destination;
  /** OID of the receiver; without it, of ourselves. */
  readonly device?: string;
}

/**
 * All ids of the person whom this id names, itself among them; undefined when it is not known.
 *
 * @throws PeerFailure also where a domain that is asked for is not known
 */
export async function askIds(question: IdQuestion): Promise<readonly PatientId[] | undefined> {
  const { acknowledgement, ids, details } = await askPix(question);
  if (acknowledgement === 'AA') return [question.patientIdentifier, ...ids];
  const isUnknown = details.some(
    ({ code, location }) => code === UNKNOWN_KEY && !location?.includes('dataSource'),
  );
  if (isUnknown) return undefined;
  const { destination } = question;
  const peer = typeof destination === 'string' ? destination : 'wide-area id service';
  throw new PeerFailure('permanent', 'ITI-45 was not answered', { peer });
}

interface PixAnswer extends Pick<PixQueryResponse, 'acknowledgement' | 'ids'> {
  readonly details: readonly { readonly code?: string; readonly location?: string }[];
}

/** An actor in this process refuses by throwing, one across the wire in its answer: the same to us. */
async function askPix(question: IdQuestion): Promise<PixAnswer> {
  const { stores, world, destination, device, patientIdentifier, dataSources } = question;
  const query: PixQuery = {
    transmission: transmissionTo(device, stores, world),
    queryId: { root: world.uuid() },
    patientIdentifier,
    dataSources,
  };
  try {
    return await world.ask(ITI_45, destination, query);
  } catch (error) {
    const refusals = refusalsOf(error);
    if (!refusals) throw error;
    return { acknowledgement: 'AE', ids: [], details: refusals };
  }
}

/** Who meets the criteria, and whether those are all. */
export interface Matches {
  readonly matches: readonly DemographicsMatch[];
  /** There are more than are told at once. */
  readonly isCut: boolean;
}

/** @throws PeerFailure */
export async function askDemographics(
  criteria: DemographicsCriteria,
  { stores, world }: Identity,
): Promise<Matches> {
  const { acknowledgement, matches } = await world.ask(ITI_47, 'patient-identity', {
    transmission: transmissionTo(undefined, stores, world),
    queryId: { root: world.uuid() },
    criteria,
    scopingOrganizations: [stores.community.affinityDomain],
  });
  if (acknowledgement === 'AA') return { matches, isCut: false };
  // More than are told at once come with AE.
  if (matches.length > 1) return { matches, isCut: true };
  throw new PeerFailure('permanent', 'ITI-47 was not answered', { peer: 'patient-identity' });
}

function transmissionTo(
  device: string | undefined,
  { community }: RespondingGatewayStores,
  world: World,
): Transmission {
  return transmissionOf(world, {
    sender: { device: community.device },
    receiver: { device: device ?? community.device },
  });
}
