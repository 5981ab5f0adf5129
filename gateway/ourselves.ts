import type { Caller, Community } from '../actors/actor.ts';
import { DomainTable } from '../actors/patient-identity/domains.ts';
import type { AffinityDomain } from '../profiles/xds/affinity-domain.ts';
import { readAffinityDomain } from './code-sets.ts';
import type { Config } from './config.ts';

/** The community that this process works for, as its actors know it. */
export function communityOf(config: Config): Community {
  return {
    homeCommunityId: config.homeCommunityId,
    affinityDomain: config.affinityDomain,
    repositoryUniqueId: config.repositoryUniqueId,
    device: config.device,
    assigningAuthorities: config.assigningAuthorities.map(({ oid }) => oid),
  };
}

/** Where partners send the answers to what this process has asked asynchronously. */
export function callbackUrlOf({ asynchronous, listen: { soap } }: Config): string {
  const here = soap.publicUrl ?? `https://${soap.host}:${soap.port}`;
  return asynchronous.callback ?? `${here.replace(/\/$/, '')}/replies`;
}

/** What HL7 v2 calls this system and the authorities of its ids. */
export function v2NamesOf({ device, mllp, assigningAuthorities }: Config) {
  return {
    device,
    sender: { application: mllp.application, facility: mllp.facility },
    authorities: assigningAuthorities.map(({ oid, namespace }) => ({
      oid,
      ...(namespace === undefined ? {} : { namespace }),
    })),
  };
}

/** The codes that its registry takes; undefined where it takes any. @throws ConfigFaults where they cannot be read */
export function codesOf({ affinity: { codes, unknownCodes } }: Config): AffinityDomain | undefined {
  return codes === undefined ? undefined : readAffinityDomain(codes, unknownCodes);
}

/** Whoever asks when nobody did: the process itself, or the organisation for which it asks later. */
export function ownCaller(organization: string): Caller {
  return {
    name: organization,
    kinds: ['own'],
    institution: organization,
    homeCommunityIds: [],
    sourceIds: [],
    assigningAuthorities: [],
  };
}

/** The assigning authorities as its identity manager knows them. */
export function domainTableOf({ assigningAuthorities, affinityDomain }: Config): DomainTable {
  return new DomainTable(
    assigningAuthorities.map(({ oid, name, namespace, kind }) => ({
      oid,
      owner: name,
      kind: kind ?? (oid === affinityDomain ? 'regional-id' : 'chart-number'),
      ...(namespace === undefined ? {} : { namespaceId: namespace }),
    })),
  );
}
