import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openClient, type Client } from '../../gateway/client.ts';
import type { ConnectionOptions } from 'node:tls';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { ITI_45 } from '../../profiles/pix/iti-45.ts';
import { kakehashiWords, startRegion, type RegionProcess } from '../../scripts/region-process.ts';
import {
  foundFederation,
  freePorts,
  type Federation,
  type Region,
} from '../../scripts/federation.ts';
import { spawnSync } from 'node:child_process';
import { aPixQuery, aTransmission } from '../support/hl7v3-builders.ts';
import { feedOf, PROOF } from '../support/proof-region.ts';
import { Peer } from './peer.ts';
import type { MllpSender } from '../../gateway/outbound/mllp-sender.ts';
import { type Cell, HL7_V2, type Recording, Tap } from './recorder.ts';
import {
  listPeerSystems,
  MllpTap,
  NAMED_AUTHORITIES,
  NOTIFIED,
  openV2,
  PEER_PORTS,
  type PeerPort,
  V2_ACTORS,
  type V2Actor,
  WIDE_AREA,
} from './v2-world.ts';

/** The community that IPF plays: what it answers for is written in `World.java`, too. */
export const IPF = {
  homeCommunityId: 'urn:oid:2.999.40',
  affinityDomain: '2.999.40.1',
  repositoryUniqueId: '2.999.40.7',
  device: '2.999.40.2',
} as const;

const HOSPITAL_TRANSACTIONS = [
  ...['ITI-18', 'ITI-41', 'ITI-42', 'ITI-43', 'ITI-44', 'ITI-45', 'ITI-47'],
  ...['ITI-51', 'ITI-57', 'ITI-61', 'ITI-62', 'ITI-86', 'ITI-92'],
  ...['ITI-8', 'ITI-9', 'ITI-21', 'ITI-30'],
];
const GATEWAY_TRANSACTIONS = ['ITI-38', 'ITI-39', 'ITI-55', 'ITI-56', 'ITI-92'];

/** Where the parties are reached. */
export interface Urls {
  /** Our actors, by the last part of their path. */
  ours(actor: string): string;
  /** IPF's server for a transaction. */
  peer(transaction: string): string;
  /** Our actors and the peer's servers for HL7 v2: `mllps://…`. */
  v2(place: V2Actor | PeerPort): string;
}

const DEADLINE_MS = 300_000;
/** The machine may have much else to do. */
const READY_MS = 300_000;

/** A region of ours, IPF, and the certificates with which they call each other. */
export class InteropWorld {
  readonly folder: string;
  readonly federation: Federation;
  readonly region: Region;
  readonly peer: Peer;
  readonly client: Client;
  readonly v2: MllpSender;
  readonly hospital: ConnectionOptions;
  readonly urls: Urls;
  readonly #process: RegionProcess;
  readonly #tape: Tape;
  #patients = 0;

  private constructor(made: {
    folder: string;
    federation: Federation;
    region: Region;
    peer: Peer;
    client: Client;
    hospital: ConnectionOptions;
    urls: Urls;
    process: RegionProcess;
    tape: Tape;
  }) {
    this.folder = made.folder;
    this.federation = made.federation;
    this.region = made.region;
    this.peer = made.peer;
    this.client = made.client;
    this.hospital = made.hospital;
    this.v2 = openV2(DEADLINE_MS);
    this.urls = made.urls;
    this.#process = made.process;
    this.#tape = made.tape;
  }

  /** With `record`, a tap stands in each wire and keeps what the peer writes. */
  static async start({ record = false } = {}): Promise<InteropWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'kakehashi-interop-'));
    const ports = await planPorts();
    const federation = await found(folder, ports);
    const region = regionOf(federation, 'proof');
    const stranger = regionOf(federation, 'ipf');
    const consumer = regionOf(federation, 'ipf-v2');
    const hospital = federation.systems.get('hospital');
    if (!hospital) throw new Error('the federation lacks its hospital');
    const tape = await Tape.start(
      record ? { region, stranger, consumer, client: hospital.tls, ports } : undefined,
    );
    const { ours = region.url, theirs = stranger.url } = tape.soap;
    const urls: Urls = {
      ours: (actor) => `${ours}/${actor}`,
      peer: (transaction) => `${theirs}/${transaction.toLowerCase().replace('-', '')}`,
      v2: (place) => `mllps://127.0.0.1:${tape.v2Ports[place] ?? ports[place]}`,
    };
    await pointAt(region, stranger, urls);
    await listPeerSystems(region, {
      v2: consumer.plan.name,
      home: IPF.homeCommunityId,
      soap: { 'ITI-45': urls.peer('ITI-45'), 'ITI-46': urls.peer('ITI-46') },
      notified: urls.v2('pix-iti10-utf8'),
    });
    const bundles = await makeBundles(folder, federation);
    const [peer, process] = await Promise.all([
      Peer.start({
        ...bundles,
        port: Number(new URL(stranger.url).port),
        anchors: join(stranger.folder, 'certificates', 'anchors.pem'),
        log: join(folder, 'ipf.log'),
        ports,
      }),
      startRegion(region, { readyMs: READY_MS }),
    ]);
    const client = await openClient({ tls: hospital.tls, deadlineMs: DEADLINE_MS });
    return new InteropWorld({
      ...{ folder, federation, region, peer, client, urls, process, tape },
      hospital: hospital.tls,
    });
  }

  /** Makes an invented person known in our region; resolves to the regional id. */
  async patient(): Promise<PatientId> {
    this.#patients += 1;
    const chart = { id: `I-${this.#patients}`, assigningAuthority: PROOF.chartNumbers };
    const url = this.urls.ours('patient-identity');
    const fed = await this.client.ask(ITI_44, url, feedOf(chart));
    if (fed.code !== 'CA') throw new Error(`fed: ${JSON.stringify(fed)}`);
    const found = await this.client.ask(
      ITI_45,
      url,
      aPixQuery({
        transmission: aTransmission({
          sender: { device: PROOF.sourceId },
          receiver: { device: PROOF.device },
        }),
        patientIdentifier: chart,
        dataSources: [PROOF.affinityDomain],
      }),
    );
    const [regional] = found.ids;
    if (!regional) throw new Error('no regional id');
    return regional;
  }

  /** What is written from now on belongs to this cell. */
  mark(cell: Cell): void {
    this.#tape.cell = cell;
  }

  recorded(): readonly Recording[] {
    return this.#tape.recordings;
  }

  async stop({ keep = false } = {}): Promise<void> {
    await this.client.close();
    this.v2.close();
    for (const tap of this.#tape.taps) tap.stop();
    await this.peer.stop();
    await this.#process.stop();
    if (!keep) await rm(this.folder, { recursive: true, force: true });
  }
}

/** The taps, and what they heard. */
class Tape {
  readonly recordings: Recording[] = [];
  taps: readonly { stop(): void }[] = [];
  /** Where a tap stands in front of a place that takes HL7 v2. */
  v2Ports: Partial<Record<V2Actor | PeerPort, number>> = {};
  soap: { readonly ours?: string | undefined; readonly theirs?: string | undefined } = {};
  cell: Cell | undefined;

  static async start(
    wires:
      | {
          region: Region;
          stranger: Region;
          consumer: Region;
          client: ConnectionOptions;
          ports: V2Ports;
        }
      | undefined,
  ): Promise<Tape> {
    const tape = new Tape();
    if (wires === undefined) return tape;
    const { region, stranger, consumer, client, ports } = wires;
    const soap = await Promise.all(
      (
        [
          [region, 'request'],
          [stranger, 'response'],
        ] as const
      ).map(async ([to, message]) =>
        Tap.start(
          { server: await tlsOf(to), client, target: to.url, message },
          (contentType, body) => tape.#keep({ message, contentType, body }),
        ),
      ),
    );
    tape.soap = { ours: soap[0]?.url, theirs: soap[1]?.url };
    const v2 = await Promise.all(
      [...V2_ACTORS, ...PEER_PORTS].map(async (place) => {
        const isOurs = (V2_ACTORS as readonly string[]).includes(place);
        const message = isOurs ? ('request' as const) : ('response' as const);
        const server = await tlsOf(isOurs ? region : consumer);
        const options = { server, client, port: ports[place], message };
        return await MllpTap.start(options, (octets) =>
          tape.#keep({ message, contentType: HL7_V2, body: Buffer.from(octets) }),
        ).then((tap) => {
          tape.v2Ports[place] = tap.port;
          return tap;
        });
      }),
    );
    tape.taps = [...soap, ...v2];
    return tape;
  }

  #keep(heard: Pick<Recording, 'message' | 'contentType' | 'body'>): void {
    const direction = heard.message === 'request' ? 'inward' : 'outward';
    if (this.cell?.direction === direction) this.recordings.push({ ...this.cell, ...heard });
  }
}

/** The certificate and key of a region's own gateway. */
async function tlsOf({ folder }: Region) {
  const read = (file: string) => readFile(join(folder, 'certificates', file), 'utf8');
  return { cert: await read('own.pem'), key: await read('own.key'), ca: await read('anchors.pem') };
}

function regionOf(federation: Federation, name: string): Region {
  const region = federation.regions.get(name);
  if (!region) throw new Error(`the federation lacks ${name}`);
  return region;
}

/** A port for each place that takes HL7 v2. */
type V2Ports = Readonly<Record<V2Actor | PeerPort, number>>;

async function planPorts(): Promise<V2Ports> {
  const places = [...V2_ACTORS, ...PEER_PORTS];
  const ports = await freePorts(places.length);
  return Object.fromEntries(places.map((place, index) => [place, ports[index]])) as V2Ports;
}

function found(directory: string, ports: V2Ports): Promise<Federation> {
  const { patientIdentity, documentRegistry } = ports;
  return foundFederation({
    directory,
    now: new Date(),
    regions: [
      {
        name: 'proof',
        title: 'proof',
        homeCommunityId: PROOF.homeCommunityId,
        affinityDomain: PROOF.affinityDomain,
        repositoryUniqueId: PROOF.repositoryUniqueId,
        device: PROOF.device,
        networkId: 'NET-1',
        assigningAuthorities: [
          { oid: PROOF.chartNumbers, name: 'charts', namespace: NAMED_AUTHORITIES[0].namespace },
          ...Object.entries(NOTIFIED).map(([wire, oid]) => ({ oid, name: `told by ${wire}` })),
          { oid: WIDE_AREA.theirs, name: 'their wide-area ids' },
          { oid: WIDE_AREA.ours, name: 'our wide-area ids' },
        ],
        listen: { mllps: { host: '127.0.0.1', patientIdentity, documentRegistry } },
        settings: { wideArea: { service: WIDE_AREA.name, domain: WIDE_AREA.ours } },
      },
      // They run as IPF; what is founded for them is their certificate and their line in our directory.
      { name: 'ipf', title: 'ipf', ...IPF, networkId: 'NET-2', assigningAuthorities: [] },
      {
        ...{ name: 'ipf-v2', title: 'ipf-v2', ...IPF, networkId: 'NET-3' },
        homeCommunityId: `${IPF.homeCommunityId}.2`,
        assigningAuthorities: [],
      },
    ],
    systems: [
      {
        name: 'hospital',
        institution: '9900000000',
        regions: ['proof'],
        sourceIds: [PROOF.sourceId],
        assigningAuthorities: [
          PROOF.chartNumbers,
          PROOF.affinityDomain,
          ...Object.values(NOTIFIED),
        ],
        transactions: HOSPITAL_TRANSACTIONS,
        homeCommunityId: PROOF.partnerCommunity,
      },
    ],
  });
}

/** IPF serves each transaction under a path of its own. */
async function pointAt(region: Region, stranger: Region, urls: Urls): Promise<void> {
  const file = join(region.folder, 'directory.yaml');
  let text = await readFile(file, 'utf8');
  for (const id of GATEWAY_TRANSACTIONS) {
    text = text.replace(`${id}: ${stranger.url}/responding-gateway`, `${id}: ${urls.peer(id)}`);
  }
  if (text.includes(`${stranger.url}/responding-gateway`)) throw new Error('the directory stayed');
  await writeFile(file, text);
}

/** The PKCS#12 bundles of IPF's server and client, as an operator makes them. */
async function makeBundles(folder: string, federation: Federation) {
  const work = join(folder, 'peer');
  await mkdir(work, { mode: 0o700 });
  const passwordFile = join(work, 'password');
  await writeFile(passwordFile, 'interop-trial\n', { mode: 0o600 });
  const server = join(work, 'server.p12');
  const hospital = join(work, 'hospital.p12');
  const v2Server = join(work, 'v2.p12');
  const own = join(regionOf(federation, 'ipf').folder, 'certificates', 'own.pem');
  bundle(own, server, passwordFile);
  const ownOfV2 = join(regionOf(federation, 'ipf-v2').folder, 'certificates', 'own.pem');
  bundle(ownOfV2, v2Server, passwordFile);
  bundle(federation.systems.get('hospital')?.certificateFile ?? '', hospital, passwordFile);
  return { folder: work, server, v2Server, clients: { hospital, gateway: server }, passwordFile };
}

function bundle(certificate: string, out: string, passwordFile: string): void {
  const [node = '', ...words] = kakehashiWords();
  const { status, stderr } = spawnSync(
    node,
    [...words, ...['cert', 'p12', certificate, '--password-file', passwordFile, '--out', out]],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`cert p12: ${stderr}`);
}
