import { Refusal } from '../../profiles/refusal.ts';
import type { Community } from '../actor.ts';

/** What an identifier of a domain is: a hospital's chart number, the affinity domain's id, or a key from above. */
export const DOMAIN_KINDS = [
  'chart-number',
  'regional-id',
  'wide-area-id',
  'insurance-key',
] as const;
export type DomainKind = (typeof DOMAIN_KINDS)[number];

/** An assigning authority: whose identifiers these are. */
export interface Domain {
  /** In dots, without `urn:oid:`. */
  readonly oid: string;
  /** How HL7 v2 calls it (HD.1); unique. */
  readonly namespaceId?: string;
  /** Who assigns, for people. */
  readonly owner?: string;
  readonly kind: DomainKind;
}

/** An assigning authority as HL7 v2 names it (CX.4). */
export interface WrittenAuthority {
  readonly namespaceId?: string;
  readonly universalId?: string;
  readonly universalIdType?: string;
}

/** The domains that are known here. */
export class DomainTable {
  readonly all: readonly Domain[];
  readonly #byOid: ReadonlyMap<string, Domain>;
  readonly #byNamespace: ReadonlyMap<string, Domain>;

  /** @throws Error when an OID or a namespace stands twice: the config does not let that through */
  constructor(domains: readonly Domain[]) {
    this.all = domains;
    this.#byOid = new Map(domains.map((domain) => [domain.oid, domain]));
    const named = domains.flatMap((domain) =>
      domain.namespaceId === undefined ? [] : [[domain.namespaceId, domain] as const],
    );
    this.#byNamespace = new Map(named);
    if (this.#byOid.size < domains.length || this.#byNamespace.size < named.length) {
      throw new Error('an assigning authority or its namespace stands twice');
    }
  }

  find(oid: string): Domain | undefined {
    return this.#byOid.get(oid);
  }

  /** @throws Refusal 204 for an OID that is not known here */
  require(oid: string): Domain {
    const domain = this.find(oid);
    if (domain) return domain;
    throw new Refusal('204', `the assigning authority ${oid} is not known here`);
  }

  /**
   * The domain that HL7 v2 means: by its namespace, by OID and type ISO, or by both where they agree.
   *
   * @param ownDomain what a source means that names none: its only domain
   * @throws Refusal 204 with the reason: nothing is named, it is not known, the type is not ISO, or the two disagree
   */
  domainOf(written: WrittenAuthority, ownDomain?: string): Domain {
    const { namespaceId, universalId, universalIdType } = written;
    const refuse = (reason: string) => new Refusal('204', `the assigning authority ${reason}`);
    if (!namespaceId && !universalId) {
      if (ownDomain === undefined) throw refuse('is missing');
      return this.require(ownDomain);
    }
    if (universalId && (universalIdType ?? 'ISO') !== 'ISO') throw refuse('is not of type ISO');
    const oid = universalId?.replace(/^urn:oid:/, '');
    const byNamespace = namespaceId ? this.#byNamespace.get(namespaceId) : undefined;
    const byOid = oid ? this.#byOid.get(oid) : undefined;
    if (oid && !byOid) throw refuse(`${oid} is not known here`);
    if (namespaceId && !byNamespace && !(byOid && byOid.namespaceId === undefined)) {
      throw refuse('has a namespace that is not known here');
    }
    if (byNamespace && byOid && byNamespace !== byOid) {
      throw refuse('has a namespace and an OID that are of two different domains');
    }
    const domain = byOid ?? byNamespace;
    if (!domain) throw refuse('is not known here');
    return domain;
  }
}

/** The domains of a community of which nothing but their OIDs is known. */
export function domainsOf({ assigningAuthorities, affinityDomain }: Community): DomainTable {
  return new DomainTable(
    assigningAuthorities.map((oid) => ({
      oid,
      kind: oid === affinityDomain ? 'regional-id' : 'chart-number',
    })),
  );
}
