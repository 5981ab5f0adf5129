import type { PatientId } from '../../profiles/patient.ts';
import type { Community, Destination } from '../actor.ts';
import type { Discoveries } from './discoveries.ts';

/** Demographics that a discovery may be narrowed by when several persons fit. */
export type Askable = 'gender' | 'address' | 'telecom';

/** What the region lets its Responding Gateway say to a discovery that fits several persons. */
export interface DiscoveryPolicy {
  /** `each`: all of them are told, ten at most. `none`: nobody is. */
  readonly severalMatches: 'none' | 'each';
  /** What the asker may be asked for besides, so that one of them remains. */
  readonly asksFor: readonly Askable[];
}

/** The wide-area id service (広域連携ID), a PIX Manager one level above the regions. */
export interface WideAreaService {
  /** Where it is asked, by ITI-45. */
  readonly service: Destination;
  /** OID of it as the receiver of HL7 V3 messages; without it, of ourselves. */
  readonly device?: string;
  /** OID of the domain in which this region has its ids there; without it, nobody can ask us by such an id. */
  readonly domain?: string;
  /** The domains of other communities, as the directory lists them at this moment. */
  readonly communities: () => readonly WideAreaCommunity[];
}

/** Another community, and the domain in which it has its wide-area ids. */
export interface WideAreaCommunity {
  /** `urn:oid:…` */
  readonly homeCommunityId: string;
  /** OID. */
  readonly domain: string;
}

/** Where the ids are kept by which askers know patients of ours, for queries in the other direction. */
export interface ReverseCorrelations {
  /** Keeps it, in place of what was known of the same patient in the same community. Atomic. */
  keep(correlation: {
    readonly patientId: PatientId;
    readonly homeCommunityId: string;
    readonly remotePatientId: PatientId;
    readonly expiresAt: Date;
    readonly isHealthDataLocator: boolean;
    /** When she began to be looked for here: if she was forgotten since, it is not kept. */
    readonly askedAt?: Date;
  }): Promise<void>;
}

/** What the Responding Gateway works on. */
export interface RespondingGatewayStores {
  readonly community: Community;
  /** xs:duration: how long a partner may remember a patient id that we told it. Absent: not at all. */
  readonly correlationTimeToLive?: string;
  /** Absent: of several persons who fit nobody is told, and nothing is asked for. */
  readonly discovery?: DiscoveryPolicy;
  /** How many discoveries run at one time; absent: any number. */
  readonly discoveries?: Discoveries;
  /** Absent: askers' correlations are not remembered. */
  readonly correlations?: ReverseCorrelations;
  /** Absent: there is no such service. */
  readonly wideArea?: WideAreaService;
}
