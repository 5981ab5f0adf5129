import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseYaml, writeYaml } from '../../gateway/config.ts';
import { foundFederation, type Region, type SystemFiles } from '../../scripts/federation.ts';
import { PROOF } from '../support/proof-region.ts';
import { Relay } from './wide-area-relay.ts';

/** OIDs of the wide-area id service. */
export const SERVICE = {
  homeCommunityId: 'urn:oid:2.999.600',
  affinityDomain: '2.999.600.1',
  device: '2.999.600.3',
  /** In which it hands out ids to the region. */
  domain: '2.999.600.4',
} as const;

/** A region and the wide-area id service that it feeds through a relay; nothing of them runs yet. */
export interface TwoLevels {
  readonly region: Region;
  readonly service: Region;
  readonly hospital: SystemFiles;
  readonly relay: Relay;
}

interface Entry {
  readonly name: string;
  readonly certificate: { readonly serialNumber: string };
}

/** Founds both, each in a folder of its own. */
export async function foundTwoLevels(directory: string): Promise<TwoLevels> {
  const { regions, systems } = await foundFederation({
    directory,
    now: new Date(),
    regions: [
      {
        ...{ name: 'region', title: 'region', networkId: 'NET-1' },
        homeCommunityId: PROOF.homeCommunityId,
        affinityDomain: PROOF.affinityDomain,
        repositoryUniqueId: PROOF.repositoryUniqueId,
        device: PROOF.device,
        assigningAuthorities: [{ oid: PROOF.chartNumbers, name: 'charts' }],
        settings: {
          actors: ['patient-identity', 'document-registry'],
          wideArea: { service: 'service', feed: true, device: SERVICE.device },
        },
      },
      {
        ...{ name: 'service', title: 'service', networkId: 'NET-2' },
        homeCommunityId: SERVICE.homeCommunityId,
        affinityDomain: SERVICE.affinityDomain,
        repositoryUniqueId: '2.999.600.2',
        device: SERVICE.device,
        assigningAuthorities: [],
        settings: {
          actors: ['patient-identity'],
          assigningAuthorities: [
            { oid: SERVICE.affinityDomain, name: 'the service itself' },
            { oid: PROOF.affinityDomain, name: 'regional ids', kind: 'regional-id' },
            { oid: SERVICE.domain, name: 'ids', kind: 'wide-area-id' },
          ],
          identity: {
            level: 'wideArea',
            networks: [
              {
                homeCommunityId: PROOF.homeCommunityId,
                affinityDomain: PROOF.affinityDomain,
                wideAreaDomain: SERVICE.domain,
              },
            ],
          },
        },
      },
    ],
    systems: [
      {
        name: 'hospital',
        institution: '9900000000',
        regions: ['region'],
        sourceIds: [PROOF.sourceId],
        assigningAuthorities: [PROOF.chartNumbers],
        transactions: ['ITI-44', 'ITI-45'],
      },
    ],
  });
  const [region, service] = [regions.get('region'), regions.get('service')];
  const hospital = systems.get('hospital');
  if (!region || !service || !hospital) throw new Error('the federation lacks what was planned');
  const relay = await Relay.to(Number(new URL(service.url).port));
  await rewriteEntry(region, 'service', {
    assigningAuthorities: [],
    transactions: [],
    endpoints: { 'ITI-44': `https://127.0.0.1:${relay.port}/patient-identity` },
  });
  await rewriteEntry(service, 'region', {
    assigningAuthorities: [PROOF.affinityDomain],
    transactions: ['ITI-44'],
  });
  return { region, service, hospital, relay };
}

/** The other end's row becomes that of a system. */
async function rewriteEntry({ folder }: Region, name: string, row: object): Promise<void> {
  const path = join(folder, 'directory.yaml');
  const { entries } = parseYaml(await readFile(path, 'utf8'), path) as { entries: Entry[] };
  const changed = entries.map((entry) => {
    if (entry.name !== name) return entry;
    const { certificate } = entry;
    return { name, kind: 'system', institution: certificate.serialNumber, certificate, ...row };
  });
  await writeFile(path, writeYaml({ entries: changed }));
}
