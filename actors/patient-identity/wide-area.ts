import type { PatientId } from '../../profiles/patient.ts';
import { Refusal } from '../../profiles/refusal.ts';

/** A network whose patients the wide-area id service links with those of other networks. */
export interface Network {
  /** `urn:oid:…` */
  readonly homeCommunityId: string;
  /** OID of the authority of its regional ids. It feeds these, and no other network ever sees them. */
  readonly affinityDomain: string;
  /** OID of the domain in which each of its patients has an opaque id here. */
  readonly wideAreaDomain: string;
  /** homeCommunityIds of the networks that may be told these ids; absent: all. */
  readonly toldTo?: readonly string[];
}

/**
 * What makes Patient Identity a wide-area id service (広域連携ID): a PIX Manager one level above the regions. Its sources are
 * networks, their ids regional ids, and there is no Document Registry beneath it. The id under which records are one person is
 * told to nobody; each network has opaque ids of its own instead.
 */
export interface WideArea {
  readonly networks: readonly Network[];
  /** So many decimal digits, drawn at random and from nothing that is known. */
  readonly drawDigits: (count: number) => string;
  /** Keyed hash, hex, of what names one insured person. Absent: nothing of an insurance is kept. */
  readonly hashInsurance?: (person: string) => string;
  /** OIDs of the domains whose ids are insurance numbers. */
  readonly insuranceDomains: readonly string[];
}

/** An opaque id that was issued for a network's patient. */
export interface WideAreaId {
  readonly id: PatientId;
  /** The network's own regional id, which it stands for. */
  readonly of: PatientId;
  /**
   * `current`: handed out, one at most for a regional id; `former`: another was issued in its place, queries by it are answered
   * still; `retired`: nothing is answered by it, ever.
   */
  readonly state: 'current' | 'former' | 'retired';
}

/** Who changes the state of an id, and why. */
export interface WideAreaIdChange {
  readonly by: string;
  readonly reason?: string;
  readonly at: Date;
}

/** What a caller may see of the patients that it asks about. */
export interface View {
  /** The networks that it speaks for. */
  readonly own: readonly Network[];
  /** Domains whose ids it may see: both of its own networks, and the wide-area domains of those that tell it theirs. */
  readonly domains: ReadonlySet<string>;
}

/** A network is known by the regional ids that the directory lets the caller feed. Whoever speaks for none sees nothing. */
export function viewOf(
  { networks }: Pick<WideArea, 'networks'>,
  assigningAuthorities: readonly string[],
): View {
  const own = networks.filter(({ affinityDomain }) =>
    assigningAuthorities.includes(affinityDomain),
  );
  const tells = ({ toldTo }: Network) =>
    own.some(({ homeCommunityId }) => toldTo?.includes(homeCommunityId) ?? true);
  return {
    own,
    domains: new Set([
      ...own.flatMap(({ affinityDomain, wideAreaDomain }) => [affinityDomain, wideAreaDomain]),
      ...networks.filter(tells).map(({ wideAreaDomain }) => wideAreaDomain),
    ]),
  };
}

/**
 * What a wide-area id service is fed: regional ids, each by the network whose they are.
 *
 * @throws Refusal 204 for any other, such as a chart number or an id of the service itself
 */
export function requireRegionalIds(ids: readonly PatientId[], wideArea: WideArea): void {
  for (const id of ids) {
    if (networkOf(id, wideArea)) continue;
    const { assigningAuthority } = id;
    throw new Refusal('204', `${assigningAuthority} has no regional ids of a network here`);
  }
}

/** The network of whose regional ids this is one. */
export function networkOf(
  { assigningAuthority }: PatientId,
  { networks }: WideArea,
): Network | undefined {
  return networks.find(({ affinityDomain }) => affinityDomain === assigningAuthority);
}
