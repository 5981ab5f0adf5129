import type { Community, Destination } from '../actor.ts';
import type { CorrelationStore } from './correlation-store.ts';
import type { RetrievalQueue } from './retrieval.ts';

/** A Responding Gateway of the directory. */
export interface PartnerGateway {
  /** By which it is asked: one of those that it fronts, `urn:oid:…`. */
  readonly homeCommunityId: string;
  /** All communities that it fronts and may speak for, that one among them. */
  readonly homeCommunityIds: readonly string[];
  /** OID of the domain in which each has its wide-area ids, by homeCommunityId; one that is not named has none. */
  readonly wideAreaDomains?: Readonly<Record<string, string>>;
}

/** Demographics that other communities may be told of a patient beside name and birth time. */
export type Tellable = 'gender' | 'address' | 'telecom';

/** What the region's policy says of asking other communities. */
export interface DiscoveryPolicy {
  /** Gender goes with each question, address and telecom only where a community asks for them. */
  readonly tells: readonly Tellable[];
  /** Of several matches of one community, the only one of this degree is meant; absent: none is. */
  readonly leastDegree?: number;
}

/** The wide-area id service (広域連携ID), a PIX Manager one level above the regions. */
export interface WideAreaService {
  /** Where it is asked, by ITI-45. */
  readonly service: Destination;
  /** OID of it as the receiver of HL7 V3 messages; without it, of ourselves. */
  readonly device?: string;
  /** Communities in which it knows no id of the patient: asked by demographics after it, or not at all. */
  readonly mode: 'before' | 'instead';
}

/** What the Initiating Gateway works on. */
export interface InitiatingGatewayStores {
  readonly community: Community;
  /** The partners as the directory lists them at this moment; a reload is seen by the next request. */
  readonly communities: () => readonly PartnerGateway[];
  readonly correlations: CorrelationStore;
  readonly retrievals: RetrievalQueue;
  /** How long all communities together may take to answer a query. */
  readonly fanOutDeadlineMs: number;
  /** How long a Document Consumer waits for a document since its last progress. */
  readonly retrievalDeadlineMs: number;
  /** The end of that wait, progress or not. */
  readonly retrievalLongestMs: number;
  /** Absent: the gender is told, nothing is told on request, and of several matches none is meant. */
  readonly discovery?: DiscoveryPolicy;
  /** xs:duration: how long another community may remember the id that we tell it. Absent: not at all. */
  readonly correlationTimeToLive?: string;
  /** Absent: communities are asked by demographics alone. */
  readonly wideArea?: WideAreaService;
}
