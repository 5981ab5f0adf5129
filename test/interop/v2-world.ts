import { readFile, writeFile } from 'node:fs/promises';
import { createServer as createTcpServer } from 'node:net';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { randomUUID } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import { join } from 'node:path';
import { parseYaml, writeYaml } from '../../gateway/config.ts';
import { MllpSender } from '../../gateway/outbound/mllp-sender.ts';
import { ISO_IR87, UTF_8 } from '../../profiles/formats/hl7v2-charsets.ts';
import { MllpReader } from '../../profiles/formats/mllp.ts';
import type { Region } from '../../scripts/federation.ts';
import { PROOF } from '../support/proof-region.ts';

/** The listeners of the peer's process for HL7 v2: IPF's by component and character set, and HAPI's. */
export const PEER_PORTS = [
  ...['pix-iti8-utf8', 'pix-iti8-iso2022jp', 'xds-iti8-utf8', 'pix-iti9-utf8', 'pix-iti10-utf8'],
  ...['pdq-iti21-utf8', 'pdq-iti21-iso2022jp', 'pam-iti30-utf8', 'pam-iti30-iso2022jp'],
  ...['hapi-utf8', 'hapi-iso2022jp', 'hapi-split'],
] as const;
export type PeerPort = (typeof PEER_PORTS)[number];

/** Our actors that take HL7 v2. */
export const V2_ACTORS = ['patientIdentity', 'documentRegistry'] as const;
export type V2Actor = (typeof V2_ACTORS)[number];

/** A port for each place that takes HL7 v2. */
export type V2Ports = Readonly<Record<V2Actor | PeerPort, number>>;

/** Below those that the system gives to clients: nobody takes one of them while a slow machine starts the peer. */
const LOWEST_PORT = 15_000;
const HIGHEST_PORT = 32_000;

async function quietPorts(count: number): Promise<readonly number[]> {
  const span = HIGHEST_PORT - LOWEST_PORT;
  const found: number[] = [];
  for (let tried = 0; tried < span && found.length < count; tried += 1) {
    const port = LOWEST_PORT + ((process.pid * 97 + tried) % span);
    if (await isFree(port)) found.push(port);
  }
  return found;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createTcpServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

export async function planPorts(): Promise<V2Ports> {
  const places = [...V2_ACTORS, ...PEER_PORTS];
  const ports = await quietPorts(places.length);
  return Object.fromEntries(places.map((place, index) => [place, ports[index]])) as V2Ports;
}

/** Domains of which a consumer is told, each by its wire: nobody else feeds them. */
export const NOTIFIED = { 'ITI-46': '2.999.46.1', 'ITI-10': '2.999.46.2' } as const;

/** The wide-area id service that IPF plays, and the domains of both communities there. */
export const WIDE_AREA = {
  name: 'ipf-system',
  ours: '2.999.600.1',
  theirs: '2.999.600.40',
} as const;

/** What HL7 v2 calls the authorities: one has a namespace, the others their OID alone. */
export const NAMED_AUTHORITIES = [
  { oid: PROOF.chartNumbers, namespace: 'CHARTS' },
  { oid: PROOF.affinityDomain },
] as const;

/** MSH-3 and MSH-4 of our client, and of the peer. */
export const OUR_NAME = { application: 'KAKEHASHI', facility: 'PROOF' } as const;
export const PEER_NAME = { application: 'IPF', facility: 'STRANGER' } as const;

const DIRECTORY = 'directory.yaml';

interface Row {
  readonly name: string;
  readonly certificate: { readonly issuer: string; readonly serialNumber: string };
  readonly wideAreaDomains?: Readonly<Record<string, string>>;
}

/**
 * Adds to a region's directory the systems that IPF plays: one over SOAP with the certificate of the gateway, which is told by
 * ITI-46 and is the wide-area id service, and one over HL7 v2 with the certificate `v2`, which is told by ITI-10.
 */
export async function listPeerSystems(
  region: Region,
  peer: {
    readonly v2: string;
    readonly home: string;
    readonly soap: Readonly<Record<string, string>>;
    readonly notified: string;
  },
): Promise<void> {
  const file = join(region.folder, DIRECTORY);
  const { entries } = parseYaml(await readFile(file, 'utf8'), file) as { entries: Row[] };
  const ipf = entries.find(({ name }) => name === 'ipf');
  const v2 = entries.find(({ name }) => name === peer.v2);
  if (!ipf || !v2) throw new Error('the directory lacks the peer');
  const system = (name: string, { certificate }: Row) => ({
    // A copy: written twice, the same object would become an alias.
    ...{ name, kind: 'system', certificate: { ...certificate } },
    institution: certificate.serialNumber,
    ...{ assigningAuthorities: [], transactions: [] },
  });
  const written = [
    ...entries.filter((row) => row !== v2 && row !== ipf),
    { ...ipf, wideAreaDomains: { [peer.home]: WIDE_AREA.theirs } },
    {
      ...system(WIDE_AREA.name, ipf),
      transactions: ['ITI-46'],
      ...{ notifiedOf: [NOTIFIED['ITI-46']], endpoints: peer.soap },
    },
    {
      ...system('ipf-consumer', v2),
      notifiedOf: [NOTIFIED['ITI-10']],
      endpoints: { 'ITI-10': peer.notified },
      mllp: { senders: [PEER_NAME] },
    },
  ];
  await writeFile(file, writeYaml({ entries: written }));
}

/** Our sender as a hospital system uses it. */
export function openV2(deadlineMs: number): MllpSender {
  return new MllpSender({
    now: () => new Date(),
    uuid: randomUUID,
    device: PROOF.sourceId,
    sender: OUR_NAME,
    authorities: NAMED_AUTHORITIES,
    messageBytes: 10_000_000,
    deadlineMs,
  });
}

/** How a message is written for a peer. */
export const V2_CHARSETS = { utf8: UTF_8.declared, iso2022jp: ISO_IR87.declared } as const;
export type V2Charset = keyof typeof V2_CHARSETS;

/** Stands in a wire of HL7 v2, mutual TLS on both sides, and keeps what the peer wrote. */
export class MllpTap {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<TLSSocket>();

  private constructor(server: Server, port: number, sockets: Set<TLSSocket>) {
    this.#server = server;
    this.port = port;
    this.#sockets = sockets;
  }

  /** `message`: which side is the peer's. */
  static async start(
    { server: tls, client, port, message }: MllpTapOptions,
    heard: (octets: Uint8Array) => void,
  ): Promise<MllpTap> {
    const sockets = new Set<TLSSocket>();
    const server = createServer({ ...tls, requestCert: true }, (incoming) => {
      const onward = connect({ ...client, host: '127.0.0.1', port });
      for (const [from, to] of [
        [incoming, onward],
        [onward, incoming],
      ] as const) {
        sockets.add(from);
        from.on('error', () => to.destroy());
        from.pipe(to);
      }
      const reader = new MllpReader(1_000_000);
      (message === 'request' ? incoming : onward).on('data', (chunk: Uint8Array) => {
        for (const event of reader.read(chunk)) if (event.kind === 'frame') heard(event.octets);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new MllpTap(server, (server.address() as { port: number }).port, sockets);
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

export interface MllpTapOptions {
  readonly server: { readonly cert: string; readonly key: string; readonly ca: string };
  readonly client: ConnectionOptions;
  /** Behind the tap. */
  readonly port: number;
  readonly message: 'request' | 'response';
}
