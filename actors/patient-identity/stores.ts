import type { Issue } from '../../profiles/transaction.ts';
import type { Community } from '../actor.ts';
import { type DomainTable, domainsOf } from './domains.ts';
import type { IdentityStore, IdentityWriter } from './identity-store.ts';
import type { Matcher } from './matcher.ts';
import { ruleMatcher } from './matching/rule-matcher.ts';
import type { Change } from './regroup.ts';
import type { Subscription } from './subscriptions.ts';
import type { WideArea } from './wide-area.ts';
import type { WideAreaAbove } from './wide-area-owing.ts';

/** What Patient Identity works with. */
export interface PatientIdentityStores {
  readonly identities: IdentityStore;
  readonly community: Community;
  /** What is known of the assigning authorities; default: nothing but their OIDs. */
  readonly domains?: DomainTable;
  /** Default: the rule set of this version. */
  readonly matcher?: Matcher;
  /** Default: nobody is told of changes. */
  readonly subscriptions?: readonly Subscription[];
  /** Present: this is a wide-area id service, whose sources are networks. */
  readonly wideArea?: WideArea;
  /** Present: a wide-area id service is fed the patients of this region. */
  readonly above?: WideAreaAbove;
  /** An Initiating Gateway of this community remembers what others told of its patients. */
  readonly hasInitiatingGateway?: boolean;
}

export function domainsIn({ domains, community }: PatientIdentityStores): DomainTable {
  return domains ?? domainsOf(community);
}

/** The rules of this version, with nothing counted of the region. */
const RULES = ruleMatcher();

export function matcherIn({ matcher }: PatientIdentityStores): Matcher {
  return matcher ?? RULES;
}

/** Changes the records; the work gets all that a change is made with. */
export function changeRecords<Result>(
  stores: PatientIdentityStores,
  issue: Issue,
  work: (change: Change) => Promise<Result>,
): Promise<Result> {
  const { identities, community, subscriptions = [] } = stores;
  return identities.change((records: IdentityWriter) =>
    work({
      records,
      matcher: matcherIn(stores),
      issue,
      affinityDomain: community.affinityDomain,
      subscriptions,
      ...(stores.wideArea === undefined ? {} : { wideArea: stores.wideArea }),
      ...(stores.above === undefined ? {} : { above: stores.above }),
    }),
  );
}
