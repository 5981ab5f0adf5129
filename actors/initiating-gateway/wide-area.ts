import { transmissionOf } from '../../profiles/formats/hl7v3.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_45, type PixQueryResponse } from '../../profiles/pix/iti-45.ts';
import { PeerFailure, type World } from '../actor.ts';
import type { InitiatingGatewayStores, PartnerGateway, WideAreaService } from './stores.ts';

/** The patient's wide-area ids, by the community in whose domain they are. */
export type WideAreaIds = ReadonlyMap<string, readonly PatientId[]>;

/** The asking of one patient. */
export interface WideAreaQuestion {
  readonly patientId: PatientId;
  readonly partners: readonly PartnerGateway[];
  readonly wideArea: WideAreaService;
  readonly deadlineMs: number;
}

/** HL7 v2 table 0357: unknown key identifier. */
const UNKNOWN_KEY = '204';

/** Where a PIX Manager says which of the wanted domains it does not know, counted from 1. Source: ITI TF-2: 3.45.4.2.3. */
const DATA_SOURCE = /\/dataSource(?:\[(\d{1,4})\])?(?:\/|$)/;

/**
 * Asks the wide-area id service by which ids the partners' communities know the patient, each in a domain of its own. A domain
 * that the service does not know is left out: it costs that community, and no other.
 *
 * @returns nothing of communities that do not know her; an empty map where the service does not know her at all
 * @throws PeerFailure, Refusal when there is no answer, or it is another error
 * @see ITI TF-2: 3.45
 */
export async function askWideAreaIds(
  question: WideAreaQuestion,
  house: { readonly stores: InitiatingGatewayStores; readonly world: World },
): Promise<WideAreaIds> {
  const { partners } = question;
  const communities = partners.flatMap(({ wideAreaDomains = {}, homeCommunityIds }) =>
    Object.entries(wideAreaDomains).filter(([home]) => homeCommunityIds.includes(home)),
  );
  const domains = [...new Set(communities.map(([, domain]) => domain))];
  let answer = await ask(domains, question, house);
  const unknown = unknownDomains(answer, domains);
  if (unknown.length > 0) {
    answer = await ask(
      domains.filter((domain) => !unknown.includes(domain)),
      question,
      house,
    );
  }
  const ids = idsIn(answer);
  const entries = communities.map(([home, domain]) => {
    const own = ids.filter(({ assigningAuthority }) => assigningAuthority === domain);
    return [home, own] as const;
  });
  return new Map(entries.filter(([, own]) => own.length > 0));
}

/** Nobody is asked about no domain: that would ask for all. */
async function ask(
  dataSources: readonly string[],
  { patientId, wideArea, deadlineMs }: WideAreaQuestion,
  { stores, world }: { readonly stores: InitiatingGatewayStores; readonly world: World },
): Promise<PixQueryResponse> {
  if (dataSources.length === 0) {
    return { acknowledgement: 'AA', queryResponseCode: 'NF', ids: [], details: [] };
  }
  const { device } = stores.community;
  return await world.ask(
    ITI_45,
    wideArea.service,
    {
      transmission: transmissionOf(world, {
        sender: { device },
        receiver: { device: wideArea.device ?? device },
      }),
      queryId: { root: world.uuid() },
      patientIdentifier: patientId,
      dataSources,
    },
    { deadlineMs },
  );
}

function unknownDomains(
  { acknowledgement, details }: PixQueryResponse,
  domains: readonly string[],
): readonly string[] {
  if (acknowledgement === 'AA') return [];
  return details.flatMap(({ code, location = '' }) => {
    const place = code === UNKNOWN_KEY ? DATA_SOURCE.exec(location) : undefined;
    if (!place) return [];
    return domains[Number(place[1] ?? 1) - 1] ?? [];
  });
}

function idsIn({ acknowledgement, ids, details }: PixQueryResponse): readonly PatientId[] {
  if (acknowledgement === 'AA') return ids;
  const isUnknown = details.some(
    ({ code, location = '' }) => code === UNKNOWN_KEY && !DATA_SOURCE.test(location),
  );
  if (isUnknown) return [];
  throw new PeerFailure('permanent', 'ITI-45 was not answered', { peer: 'wide-area id service' });
}
