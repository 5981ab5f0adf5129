import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { foundFederation, type Region } from '../federation.ts';
import { startRegion } from '../region-process.ts';
import { BENCH, BENCH_TRANSACTIONS } from './bench-region.ts';
import { type Row, tableOf } from './figures.ts';
import { buildPeer, peerVersion, startPeer } from './peer-process.ts';
import { CHARTS } from './peer-requests.ts';
import { type PeerScene, type PeerSide, peerScene } from './peer-scene.ts';

/** What must be said beside the figures. */
export const PEER_NOTE =
  'The store behind IPF is a map in memory: it keeps nothing beyond its process and writes no audit trail, and its validators were left out. Ours syncs every change to the disk, checks every message and audits every request.';

/** IPF's servers beside ours; `say` hears each row as it comes. */
export async function measureBesideIpf(
  conditions: Omit<PeerScene, 'ours' | 'peer' | 'add'> & {
    readonly directory: string;
    readonly prefix: readonly string[];
    readonly now: Date;
  },
): Promise<{ readonly compared: readonly [string, string]; readonly rows: readonly Row[] }> {
  const { directory, prefix, now, say } = conditions;
  say('building IPF');
  buildPeer();
  const rows: Row[] = [];
  const compared = [`IPF ${peerVersion()}`, 'kakehashi'] as const;
  const add = (row: Row) => {
    rows.push(row);
    say(tableOf([row], compared).split('\n')[1] ?? '');
  };
  const { ours, peer, tls } = await foundPeerScene(directory, now);
  const sides = { ours: ourSide(ours, { tls, prefix }), peer: ipfSide(peer, { tls, prefix }) };
  await peerScene({ ...conditions, ...sides, add });
  return { compared, rows };
}

/** A region of ours, and the certificates of both sides: what is founded under `peer` never runs as a region. */
export async function foundPeerScene(directory: string, now: Date) {
  const federation = await foundFederation({
    directory: join(directory, 'peer'),
    now,
    regions: [
      {
        name: 'bench',
        title: 'bench',
        ...BENCH,
        networkId: 'NET-BENCH',
        assigningAuthorities: [{ oid: CHARTS, name: 'charts' }],
        settings: { log: { level: 'warn' } },
      },
      {
        name: 'peer',
        title: 'peer',
        homeCommunityId: 'urn:oid:2.999.88.3',
        affinityDomain: '2.999.88.3.1',
        repositoryUniqueId: '2.999.88.3.2',
        device: '2.999.88.3.3',
        networkId: 'NET-PEER',
        assigningAuthorities: [],
      },
    ],
    systems: [
      {
        name: 'bench-system',
        institution: '8800000000',
        regions: ['bench'],
        assigningAuthorities: [BENCH.affinityDomain, CHARTS],
        transactions: BENCH_TRANSACTIONS,
      },
    ],
  });
  const [ours, peer] = [federation.regions.get('bench'), federation.regions.get('peer')];
  const files = federation.systems.get('bench-system');
  if (!ours || !peer || !files) throw new Error('the bench has no region');
  return { ours, peer, tls: files.tls };
}

const ACTORS: Readonly<Record<string, string>> = {
  'ITI-18': 'document-registry',
  'ITI-42': 'document-registry',
  'ITI-41': 'document-repository',
  'ITI-43': 'document-repository',
  'ITI-44': 'patient-identity',
  'ITI-45': 'patient-identity',
  'ITI-47': 'patient-identity',
};

/** A region of ours as a side. */
export function ourSide(
  region: Region,
  { tls, prefix }: { tls: ConnectionOptions; prefix: readonly string[] },
): PeerSide {
  return {
    tls,
    urlOf: (transaction) => `${region.url}/${ACTORS[transaction]}`,
    start: (begun) => startRegion(region, { prefix, ...(begun ? { begun } : {}) }),
  };
}

/** IPF as a side, with the certificate of a region that does not run. */
function ipfSide(
  region: Region,
  { tls, prefix }: { tls: ConnectionOptions; prefix: readonly string[] },
): PeerSide {
  return {
    tls,
    urlOf: (transaction) => `${region.url}/${transaction.toLowerCase().replace('-', '')}`,
    start: (begun) => startPeer({ region, prefix, ...(begun ? { begun } : {}) }),
  };
}
