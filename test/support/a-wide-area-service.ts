import { createHmac, randomInt } from 'node:crypto';
import type { Caller } from '../../actors/actor.ts';
import { DomainTable } from '../../actors/patient-identity/domains.ts';
import { wideAreaIdService } from '../../actors/patient-identity/index.ts';
import type { Stewarding } from '../../actors/patient-identity/stewarding.ts';
import type { PatientIdentityStores } from '../../actors/patient-identity/stores.ts';
import type { Subscription } from '../../actors/patient-identity/subscriptions.ts';
import type { Network } from '../../actors/patient-identity/wide-area.ts';
import type { Database } from '../../gateway/stores/database.ts';
import { SqlIdentityStore } from '../../gateway/stores/sql-identity-store.ts';
import type { PatientId } from '../../profiles/patient.ts';
import {
  ITI_44,
  type PatientMergeFeed,
  type PatientRegistrationFeed,
} from '../../profiles/pix/iti-44.ts';
import { ITI_45, type PixQuery } from '../../profiles/pix/iti-45.ts';
import { aPatientIdentityFeed, aPatientMerge, aPixQuery } from './hl7v3-builders.ts';
import { aCaller, WorldOfActors } from './world-of-actors.ts';

/** Three networks: each its regional ids, and its domain at the service. */
const REGIONAL = { east: '2.999.700.1', west: '2.999.700.2', south: '2.999.700.3' } as const;
export const WIDE_AREA = {
  east: '2.999.600.1',
  west: '2.999.600.2',
  south: '2.999.600.3',
} as const;
export const INSURANCE = '2.999.600.9';
/** In which the service names persons to itself. */
export const INTERNAL = '2.999.600.0';

export type NetworkName = keyof typeof REGIONAL;

const NETWORKS: readonly Network[] = (['east', 'west', 'south'] as const).map((name, index) => ({
  homeCommunityId: `urn:oid:2.999.70${index + 1}`,
  affinityDomain: REGIONAL[name],
  wideAreaDomain: WIDE_AREA[name],
}));

/** A regional id of a network. */
export function regional(name: NetworkName, id: string): PatientId {
  return { id, assigningAuthority: REGIONAL[name] };
}

/** The directory's word for a network's system. */
export function ofNetwork(name: NetworkName): Caller {
  return aCaller({ name, assigningAuthorities: [REGIONAL[name]] });
}

/** A wide-area id service with three networks. */
export class AWideAreaService {
  readonly world = new WorldOfActors();
  readonly identities: SqlIdentityStore;
  readonly stores: PatientIdentityStores;

  constructor(
    database: Database,
    {
      networks = {},
      subscriptions = [],
      isKeyed = true,
    }: {
      readonly networks?: Readonly<Partial<Record<NetworkName, Partial<Network>>>>;
      readonly subscriptions?: readonly Subscription[];
      readonly isKeyed?: boolean;
    } = {},
  ) {
    this.identities = new SqlIdentityStore(database);
    const names = ['east', 'west', 'south'] as const;
    const domains = [
      { oid: INTERNAL, kind: 'regional-id' },
      { oid: INSURANCE, kind: 'insurance-key' },
      ...names.map((name) => ({ oid: REGIONAL[name], kind: 'regional-id' }) as const),
      ...names.map((name) => ({ oid: WIDE_AREA[name], kind: 'wide-area-id' }) as const),
    ] as const;
    this.stores = {
      identities: this.identities,
      community: {
        homeCommunityId: 'urn:oid:2.999.600',
        affinityDomain: INTERNAL,
        repositoryUniqueId: '2.999.600.8',
        device: '2.999.600.7',
        assigningAuthorities: domains.map(({ oid }) => oid),
      },
      domains: new DomainTable(domains),
      subscriptions,
      wideArea: {
        networks: NETWORKS.map((network, index) => ({
          ...network,
          ...networks[names[index] ?? 'east'],
        })),
        drawDigits: (count) => Array.from({ length: count }, () => randomInt(10)).join(''),
        insuranceDomains: [INSURANCE],
        ...(isKeyed
          ? {
              hashInsurance: (person: string) =>
                createHmac('sha256', 'a key of the tests').update(person).digest('hex'),
            }
          : {}),
      },
    };
    this.world.add(wideAreaIdService, this.stores);
  }

  /** As its operator works with it. */
  get stewarding(): Stewarding {
    const world = this.world.seenBy(aCaller({ name: 'service', kinds: ['own'] }));
    return { stores: this.stores, world };
  }

  /** A network feeds a patient of its own, unless told otherwise; all are the same person unless told otherwise. */
  feed(
    name: NetworkName,
    id: string,
    over: Partial<PatientRegistrationFeed> = {},
    caller: Caller = ofNetwork(name),
  ) {
    const request = aPatientIdentityFeed({
      ids: [regional(name, id)],
      providerOrganization: { id: REGIONAL[name] },
      ...over,
    });
    return this.world.as(caller)(ITI_44, 'patient-identity', request);
  }

  merge(name: NetworkName, over: Pick<PatientMergeFeed, 'surviving' | 'subsumed'>) {
    const request = aPatientMerge({ ...over, providerOrganization: { id: REGIONAL[name] } });
    return this.world.as(ofNetwork(name))(ITI_44, 'patient-identity', request);
  }

  /** What a network is told of an id; no domain is asked for unless named. */
  async ask(
    name: NetworkName,
    patientIdentifier: PatientId,
    dataSources: readonly string[] = [],
    over: Partial<PixQuery> = {},
  ): Promise<readonly PatientId[]> {
    const query = aPixQuery({ patientIdentifier, dataSources, ...over });
    const asked = this.world.as(ofNetwork(name))(ITI_45, 'patient-identity', query);
    return (await asked).ids;
  }

  /** The wide-area id of a network's patient, as the network itself is told it. */
  async wideAreaIdOf(name: NetworkName, id: string): Promise<PatientId> {
    const [found] = await this.ask(name, regional(name, id), [WIDE_AREA[name]]);
    if (!found) throw new Error(`no wide-area id of ${id}`);
    return found;
  }
}
