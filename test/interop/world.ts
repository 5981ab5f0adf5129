import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openClient, type Client } from '../../gateway/client.ts';
import type { ConnectionOptions } from 'node:tls';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { ITI_45 } from '../../profiles/pix/iti-45.ts';
import { startRegion, type RegionProcess } from '../../scripts/region-process.ts';
import { foundFederation, type Federation, type Region } from '../../scripts/federation.ts';
import { aPixQuery, aTransmission } from '../support/hl7v3-builders.ts';
import { feedOf, PROOF } from '../support/proof-region.ts';
import { Peer } from './peer.ts';
import { answerAt, listCallbacks } from './callbacks.ts';
import type { MllpSender } from '../../gateway/outbound/mllp-sender.ts';
import type { Cell, Recording } from './recorder.ts';
import { admitStrangers, bundle, strangerFiles, type StrangerName } from './strangers.ts';
import { Tape } from './tape.ts';
import {
  listPeerSystems,
  NAMED_AUTHORITIES,
  NOTIFIED,
  openV2,
  type PeerPort,
  planPorts,
  type V2Actor,
  type V2Ports,
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

/** Something that runs beside the world and ends with it. */
export interface Companion {
  stop(): void | Promise<void>;
}

/** A region of ours, IPF, and the certificates with which they call each other. */
export class InteropWorld {
  readonly folder: string;
  readonly federation: Federation;
  readonly region: Region;
  readonly client: Client;
  readonly v2: MllpSender;
  readonly hospital: ConnectionOptions;
  readonly urls: Urls;
  readonly #peer: Peer | undefined;
  readonly #process: RegionProcess;
  readonly #tape: Tape;
  readonly #companions = new Map<unknown, Promise<Companion>>();
  #patients = 0;

  private constructor(made: {
    folder: string;
    federation: Federation;
    region: Region;
    peer: Peer | undefined;
    client: Client;
    hospital: ConnectionOptions;
    urls: Urls;
    process: RegionProcess;
    tape: Tape;
  }) {
    this.folder = made.folder;
    this.federation = made.federation;
    this.region = made.region;
    this.#peer = made.peer;
    this.client = made.client;
    this.hospital = made.hospital;
    this.v2 = openV2(DEADLINE_MS);
    this.urls = made.urls;
    this.#process = made.process;
    this.#tape = made.tape;
  }

  /** With `record`, a tap stands in each wire and keeps what the peer writes. Without `ipf`, other peers are alone with us. */
  static async start({ record = false, ipf = true } = {}): Promise<InteropWorld> {
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
    await listCallbacks(region, stranger);
    if (record) await answerAt(region, urls.ours('replies'));
    await admitStrangers(folder, federation, region);
    const bundles = await makeBundles(folder, federation);
    const [peer, process] = await Promise.all([
      ipf
        ? Peer.start({
            ...bundles,
            port: Number(new URL(stranger.url).port),
            anchors: join(stranger.folder, 'certificates', 'anchors.pem'),
            log: join(folder, 'ipf.log'),
            ports,
          })
        : undefined,
      startRegion(region, { readyMs: READY_MS }),
    ]);
    const client = await openClient({ tls: hospital.tls, deadlineMs: DEADLINE_MS });
    return new InteropWorld({
      ...{ folder, federation, region, peer, client, urls, process, tape },
      hospital: hospital.tls,
    });
  }

  /** IPF. @throws Error where this run is without it */
  get peer(): Peer {
    if (!this.#peer) throw new Error('IPF is not part of this run');
    return this.#peer;
  }

  /** The certificate and key of somebody who calls us. */
  identity(name: 'hospital' | 'gateway' | StrangerName): { certificate: string; key: string } {
    if (name === 'gateway') {
      const own = join(regionOf(this.federation, 'ipf').folder, 'certificates', 'own');
      return { certificate: `${own}.pem`, key: `${own}.key` };
    }
    if (name !== 'hospital') return strangerFiles(this.folder, name);
    const { certificateFile = '', keyFile = '' } = this.federation.systems.get('hospital') ?? {};
    return { certificate: certificateFile, key: keyFile };
  }

  /** PEM of the root that everybody trusts. */
  get anchors(): string {
    return join(this.region.folder, 'certificates', 'anchors.pem');
  }

  /** What the cells of a peer share, made when it is first asked for and ended with the world. */
  async companion<C extends Companion>(start: (world: InteropWorld) => Promise<C>): Promise<C> {
    const started = this.#companions.get(start) ?? start(this);
    this.#companions.set(start, started);
    return (await started) as C;
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

  /** Where a process of ours beside the region is reached: the tap of a recorded run, or itself. */
  before(process: Pick<Region, 'folder' | 'url'>): Promise<string> {
    return this.#tape.before(process);
  }

  recorded(): readonly Recording[] {
    return this.#tape.recordings;
  }

  async stop({ keep = false } = {}): Promise<void> {
    await this.client.close();
    this.v2.close();
    for (const started of await Promise.allSettled(this.#companions.values())) {
      if (started.status === 'fulfilled') await started.value.stop();
    }
    for (const tap of this.#tape.taps) tap.stop();
    await this.#peer?.stop();
    await this.#process.stop();
    if (!keep) await rm(this.folder, { recursive: true, force: true });
  }
}

function regionOf(federation: Federation, name: string): Region {
  const region = federation.regions.get(name);
  if (!region) throw new Error(`the federation lacks ${name}`);
  return region;
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
  const cxf = strangerFiles(folder, 'cxf');
  bundle(cxf.certificate, cxf.bundle, passwordFile);
  const clients = { hospital, gateway: server, cxf: cxf.bundle };
  return { folder: work, server, v2Server, clients, passwordFile };
}
