import { type PatientId, patientKey } from '../../profiles/patient.ts';
import { Refusal, refusalsOf } from '../../profiles/refusal.ts';
import { PeerFailure } from '../actor.ts';
import { answeredAtAll } from './fan-out.ts';
import { askElsewhere } from './health-data-locator.ts';
import { failed, type Part } from './merge.ts';
import {
  type Discovery,
  discoverByWideAreaId,
  discoverPatient,
  findDemographics,
  type House,
  type LocatedPatient,
  rememberedAt,
  type Sought,
} from './patient-discovery.ts';
import type { PartnerGateway } from './stores.ts';
import { askWideAreaIds, type WideAreaIds } from './wide-area.ts';

/** Where a patient of ours is known, gateway by gateway. */
export interface PatientCommunities {
  /** Remembered, or asked now. Whoever is unknown here is asked for nowhere. @throws PeerFailure, Refusal */
  at(gateway: PartnerGateway, leftMs: () => number): Promise<Discovery>;
  /**
   * Where Health Data Locators, of those that were asked so far, know her besides: in communities of the directory that said
   * nothing of her by themselves. Two of them who do not agree are not believed.
   */
  elsewhere(): Promise<Discovery>;
  /** What was told of elsewhere, as XCA can use it: a wide-area id is asked about there. @throws PeerFailure, Refusal */
  resolved(gateway: PartnerGateway, told: LocatedPatient, leftMs: () => number): Promise<Discovery>;
  /** What kept us from asking at all, and what was done without. */
  said(): Promise<{ readonly parts: readonly Part[]; readonly warnings: readonly Refusal[] }>;
}

/** The demographics, or why there are none. */
type Sourced = { readonly sought?: Sought } | { readonly failure: Part };

/** The wide-area ids, or why there are none. */
interface Numbered {
  readonly ids: WideAreaIds;
  readonly failure?: Part;
  readonly warning?: Refusal;
}

/** Who is looked for, and among whom. */
interface Search {
  readonly patientId: PatientId;
  readonly partners: readonly PartnerGateway[];
}

const NOWHERE: Discovery = { located: [], warnings: [] };
const NO_IDS: Numbered = { ids: new Map() };

/**
 * Looks a patient up in what is remembered, and prepares to ask where nothing is: by her wide-area ids where a service for these
 * is set, else by her demographics. Each of both is fetched once, and only if some gateway has to be asked by it.
 */
export async function communitiesOfPatient(
  search: Search,
  { stores, world }: House,
): Promise<PatientCommunities> {
  const { patientId, partners } = search;
  const house = { stores, world, askedAt: world.now() };
  const correlations =
    partners.length === 0 ? [] : await stores.correlations.find(patientId, world.now());
  const strangers = partners.filter((gateway) => !rememberedAt(gateway, correlations));
  const numbered = once(() => number({ ...search, partners: strangers }, house));
  const sourced = once(() => source(patientId, house));
  const locatedAt = new Set<string>();
  const told: Promise<readonly LocatedPatient[]>[] = [];
  const ask = async (gateway: PartnerGateway, leftMs: () => number): Promise<Discovery> => {
    const remembered = rememberedAt(gateway, correlations);
    if (remembered) return { located: remembered, warnings: [] };
    const { ids } = await numbered();
    const asked = questions(gateway, { ids, sourced, patientId, leftMs }, house);
    return joined(
      await answeredAtAll(
        asked,
        (question) => question.ask(),
        ({ homes }) => ({ ...NOWHERE, silent: homes }),
      ),
    );
  };
  return {
    async at(gateway, leftMs) {
      const discovery = await ask(gateway, leftMs);
      for (const located of discovery.located) {
        locatedAt.add(located.homeCommunityId);
        if (located.isHealthDataLocator) told.push(askElsewhere(located, leftMs(), world));
      }
      return discovery;
    },
    async elsewhere() {
      const others = (await Promise.all(told)).flat();
      return agreed(
        others.filter(({ homeCommunityId }) => !locatedAt.has(homeCommunityId)),
        partners,
      );
    },
    async resolved(gateway, located, leftMs) {
      const { homeCommunityId, patientId: id } = located;
      const domain = gateway.wideAreaDomains?.[homeCommunityId];
      if (id.assigningAuthority !== domain) return { located: [located], warnings: [] };
      const asked = { ...gateway, homeCommunityId };
      return await discoverByWideAreaId(asked, { patientId, ids: [id], leftMs }, house);
    },
    async said() {
      // What was never begun has nothing to say.
      const person = await sourced.begun();
      const { failure, warning } = (await numbered.begun()) ?? NO_IDS;
      const failures = [failure, person && 'failure' in person ? person.failure : undefined];
      return {
        parts: failures.filter((part) => part !== undefined),
        warnings: warning === undefined ? [] : [warning],
      };
    },
  };
}

/** Does the work when it is wanted for the first time. */
function once<Value>(work: () => Promise<Value>) {
  let begun: Promise<Value> | undefined;
  const wanted = () => {
    begun ??= work();
    return begun;
  };
  return Object.assign(wanted, { begun: () => begun });
}

/** One question to a gateway, and the communities that it is about. */
interface Question {
  readonly homes: readonly string[];
  readonly ask: () => Promise<Discovery>;
}

/** What one gateway is asked: each community that has an id by that, the others together by the demographics. */
function questions(
  gateway: PartnerGateway,
  {
    ids,
    sourced,
    ...asking
  }: {
    readonly ids: WideAreaIds;
    readonly sourced: () => Promise<Sourced>;
    readonly patientId: PatientId;
    readonly leftMs: () => number;
  },
  house: House,
): readonly Question[] {
  const { homeCommunityIds } = gateway;
  const known = homeCommunityIds.flatMap((homeCommunityId) => {
    const own = ids.get(homeCommunityId);
    return own ? [{ asked: { ...gateway, homeCommunityId }, own }] : [];
  });
  const byId = known.map(({ asked, own }) => ({
    homes: [asked.homeCommunityId],
    ask: () => discoverByWideAreaId(asked, { ...asking, ids: own }, house),
  }));
  const isEachKnown = known.length === homeCommunityIds.length;
  if (isEachKnown || house.stores.wideArea?.mode === 'instead') return byId;
  const byDemographics = async (): Promise<Discovery> => {
    const person = await sourced();
    if ('failure' in person || !person.sought) return NOWHERE;
    const { leftMs } = asking;
    const { located, warnings } = await discoverPatient(
      gateway,
      { sought: person.sought, leftMs },
      house,
    );
    return {
      located: located.filter(({ homeCommunityId }) => !ids.has(homeCommunityId)),
      warnings,
    };
  };
  const homes = homeCommunityIds.filter((homeCommunityId) => !ids.has(homeCommunityId));
  return [...byId, { homes, ask: byDemographics }];
}

function joined(discoveries: readonly Discovery[]): Discovery {
  return {
    located: discoveries.flatMap(({ located }) => located),
    warnings: discoveries.flatMap(({ warnings }) => warnings),
    silent: discoveries.flatMap(({ silent = [] }) => silent),
  };
}

/** One patient a community of the directory, where all who tell of her there tell the same. */
function agreed(told: readonly LocatedPatient[], partners: readonly PartnerGateway[]): Discovery {
  const homes = partners.flatMap(({ homeCommunityIds }) => homeCommunityIds);
  const discoveries = homes.map((home): Discovery => {
    const here = told.filter(({ homeCommunityId }) => homeCommunityId === home);
    const ids = new Map(here.map((one) => [patientKey(one.patientId), one]));
    if (ids.size < 2) return { located: [...ids.values()], warnings: [] };
    const what = `others know the patient in ${home} by ${ids.size} ids; none of them was used`;
    const options = { location: home, severity: 'Warning' } as const;
    return { located: [], warnings: [new Refusal('XDSRegistryError', what, options)] };
  });
  return joined(discoveries);
}

/** Half of the deadline is left for those who are asked by demographics when the service does not answer. */
async function number({ patientId, partners }: Search, house: House): Promise<Numbered> {
  const { wideArea, fanOutDeadlineMs, community } = house.stores;
  const hasDomains = partners.some(({ wideAreaDomains }) => wideAreaDomains !== undefined);
  if (!wideArea || !hasDomains) return NO_IDS;
  const isOnly = wideArea.mode === 'instead';
  const deadlineMs = isOnly ? fanOutDeadlineMs : Math.ceil(fanOutDeadlineMs / 2);
  try {
    return { ids: await askWideAreaIds({ patientId, partners, wideArea, deadlineMs }, house) };
  } catch (error) {
    if (!(error instanceof PeerFailure) && !refusalsOf(error)) throw error;
    const what = `the wide-area id service did not answer, so communities were ${
      isOnly ? 'not asked' : 'asked by demographics'
    }`;
    const options = { location: community.homeCommunityId, cause: error };
    if (isOnly)
      return { ...NO_IDS, failure: failed(new Refusal('XDSRegistryError', what, options)) };
    const warning = new Refusal('XDSRegistryError', what, { ...options, severity: 'Warning' });
    return { ...NO_IDS, warning };
  }
}

async function source(patientId: PatientId, { stores, world }: House): Promise<Sourced> {
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
