import type { InitiatingGatewayStores } from '../actors/initiating-gateway/stores.ts';
import { Discoveries } from '../actors/responding-gateway/discoveries.ts';
import type {
  RespondingGatewayStores,
  ReverseCorrelations,
} from '../actors/responding-gateway/stores.ts';
import type { Config } from './config.ts';
import type { Partners } from './partners.ts';
import type { Database } from './stores/database.ts';
import { SqlCorrelationStore } from './stores/sql-correlation-store.ts';

/** What both gateways need of discovery beside their community: one store of correlations, and the settings. */
export function discoveryOf({
  config,
  partners,
  database,
  now,
}: {
  readonly config: Config;
  readonly partners: Partners;
  readonly database: Database;
  readonly now: () => Date;
}) {
  const correlations = new SqlCorrelationStore(database, now);
  return {
    asking: { correlations, communities: () => partners.gateways(), ...askingPolicyOf(config) },
    answering: answeringPolicyOf(config, { partners, correlations }),
  };
}

/** What the settings say of asking other communities for our patients. */
export function askingPolicyOf({
  discovery: { tells, leastDegree },
  wideArea: { service, mode, device },
  correlationTimeToLive,
}: Config): Pick<InitiatingGatewayStores, 'discovery' | 'correlationTimeToLive' | 'wideArea'> {
  return {
    discovery: { tells, ...(leastDegree === undefined ? {} : { leastDegree }) },
    correlationTimeToLive,
    ...(service === undefined || mode === 'off'
      ? {}
      : { wideArea: { service: { system: service }, mode, ...(device ? { device } : {}) } }),
  };
}

/** What the settings say of answering other communities, with what that needs of the house. */
export function answeringPolicyOf(
  config: Config,
  house: {
    readonly partners: Pick<Partners, 'gateways'>;
    readonly correlations: ReverseCorrelations;
  },
): Pick<
  RespondingGatewayStores,
  'discovery' | 'discoveries' | 'correlations' | 'correlationTimeToLive' | 'wideArea'
> {
  const { severalMatches, asksFor, rememberAskers, atOnce } = config.discovery;
  const { service, device, domain } = config.wideArea;
  const communities = () =>
    house.partners.gateways().flatMap(({ homeCommunityIds, wideAreaDomains = {} }) =>
      homeCommunityIds.flatMap((homeCommunityId) => {
        const theirs = wideAreaDomains[homeCommunityId];
        return theirs === undefined ? [] : [{ homeCommunityId, domain: theirs }];
      }),
    );
  return {
    discovery: { severalMatches, asksFor },
    discoveries: new Discoveries(atOnce),
    ...(rememberAskers ? { correlations: house.correlations } : {}),
    correlationTimeToLive: config.correlationTimeToLive,
    ...(service === undefined
      ? {}
      : {
          wideArea: {
            service: { system: service },
            communities,
            ...(device ? { device } : {}),
            ...(domain ? { domain } : {}),
          },
        }),
  };
}
