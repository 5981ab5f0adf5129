import type { PatientId } from '../../profiles/patient.ts';
import { Refusal, refusalsOf } from '../../profiles/refusal.ts';
import { PeerFailure, type World } from '../actor.ts';
import { failed, type Part } from './merge.ts';
import {
  type Discovery,
  discoverPatient,
  findDemographics,
  rememberedAt,
  type Sought,
} from './patient-discovery.ts';
import type { InitiatingGatewayStores, PartnerGateway } from './stores.ts';

/** Where a patient of ours is known, gateway by gateway. */
export interface PatientCommunities {
  /** Remembered, or asked now. Whoever is unknown here is asked for nowhere. @throws PeerFailure, Refusal */
  at(gateway: PartnerGateway, leftMs: () => number): Promise<Discovery>;
  /** What kept us from asking at all. */
  failures(): Promise<readonly Part[]>;
}

/** The demographics, or why there are none. */
type Sourced = { readonly sought?: Sought } | { readonly failure: Part };

const NOWHERE: Discovery = { located: [], warnings: [] };

/**
 * Looks a patient up in what is remembered, and prepares to ask where nothing is. Her demographics are fetched once, and
 * only if some gateway has to be asked.
 */
export async function communitiesOfPatient(
  {
    patientId,
    partners,
  }: { readonly patientId: PatientId; readonly partners: readonly PartnerGateway[] },
  house: { readonly stores: InitiatingGatewayStores; readonly world: World },
): Promise<PatientCommunities> {
  const { stores, world } = house;
  const correlations =
    partners.length === 0 ? [] : await stores.correlations.find(patientId, world.now());
  const isAsked = partners.some((gateway) => !rememberedAt(gateway, correlations));
  const sourced: Promise<Sourced> = isAsked
    ? source(patientId, stores, world)
    : Promise.resolve({});
  return {
    async at(gateway, leftMs) {
      const remembered = rememberedAt(gateway, correlations);
      if (remembered) return { located: remembered, warnings: [] };
      const person = await sourced;
      if ('failure' in person || !person.sought) return NOWHERE;
      return await discoverPatient(gateway, { sought: person.sought, leftMs: leftMs() }, house);
    },
    async failures() {
      const person = await sourced;
      return 'failure' in person ? [person.failure] : [];
    },
  };
}

async function source(
  patientId: PatientId,
  stores: InitiatingGatewayStores,
  world: World,
): Promise<Sourced> {
  try {
    const demographics = await findDemographics(patientId, stores, world);
    return demographics ? { sought: { patientId, demographics } } : {};
  } catch (error) {
    if (!(error instanceof PeerFailure) && !refusalsOf(error)) throw error;
    const what = 'our Patient Demographics Supplier did not answer, so communities were not asked';
    const location = stores.community.homeCommunityId;
    return { failure: failed(new Refusal('XDSRegistryError', what, { location, cause: error })) };
  }
}
