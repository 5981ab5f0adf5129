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
import { type Cell, type Recording, Tap } from './recorder.ts';
import { admitStrangers, bundle, strangerFiles, type StrangerName } from './strangers.ts';

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
];
const GATEWAY_TRANSACTIONS = ['ITI-38', 'ITI-39', 'ITI-55', 'ITI-56', 'ITI-92'];

/** Where the parties are reached. */
export interface Urls {
  /** Our actors, by the last part of their path. */
  ours(actor: string): string;
  /** IPF's server for a transaction. */
  peer(transaction: string): string;
}

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
    urls: Urls;
    process: RegionProcess;
    tape: Tape;
  }) {
    this.folder = made.folder;
    this.federation = made.federation;
    this.region = made.region;
    this.#peer = made.peer;
    this.client = made.client;
    this.urls = made.urls;
    this.#process = made.process;
    this.#tape = made.tape;
  }

  /** With `record`, a tap stands in each wire and keeps what the peer writes. Without `ipf`, other peers are alone with us. */
  static async start({ record = false, ipf = true } = {}): Promise<InteropWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'kakehashi-interop-'));
    const federation = await found(folder);
    const region = regionOf(federation, 'proof');
    const stranger = regionOf(federation, 'ipf');
    const hospital = federation.systems.get('hospital');
    if (!hospital) throw new Error('the federation lacks its hospital');
    const tape = await Tape.start(record ? { region, stranger, client: hospital.tls } : undefined);
    const ours = tape.taps[0]?.url ?? region.url;
    const theirs = tape.taps[1]?.url ?? stranger.url;
    const urls: Urls = {
      ours: (actor) => `${ours}/${actor}`,
      peer: (transaction) => `${theirs}/${transaction.toLowerCase().replace('-', '')}`,
    };
    await pointAt(region, stranger, urls);
    await admitStrangers(folder, federation, region);
    const bundles = await makeBundles(folder, federation);
    const [peer, process] = await Promise.all([
      ipf
        ? Peer.start({
            ...bundles,
            port: Number(new URL(stranger.url).port),
            anchors: join(stranger.folder, 'certificates', 'anchors.pem'),
            log: join(folder, 'ipf.log'),
          })
        : undefined,
      // Where everything runs at once on a small machine, the first seconds are long.
      startRegion(region, { readyMs: 240_000 }),
    ]);
    const client = await openClient({ tls: hospital.tls, deadlineMs: 300_000 });
    return new InteropWorld({ folder, federation, region, peer, client, urls, process, tape });
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

  recorded(): readonly Recording[] {
    return this.#tape.recordings;
  }

  async stop({ keep = false } = {}): Promise<void> {
    await this.client.close();
    for (const started of await Promise.allSettled(this.#companions.values())) {
      if (started.status === 'fulfilled') await started.value.stop();
    }
    for (const tap of this.#tape.taps) tap.stop();
    await this.#peer?.stop();
    await this.#process.stop();
    if (!keep) await rm(this.folder, { recursive: true, force: true });
  }
}

/** The taps, and what they heard. */
class Tape {
  readonly recordings: Recording[] = [];
  taps: readonly Tap[] = [];
  cell: Cell | undefined;

  static async start(
    wires: { region: Region; stranger: Region; client: ConnectionOptions } | undefined,
  ): Promise<Tape> {
    const tape = new Tape();
    if (wires === undefined) return tape;
    const { region, stranger, client } = wires;
    tape.taps = await Promise.all(
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

function found(directory: string): Promise<Federation> {
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
        assigningAuthorities: [{ oid: PROOF.chartNumbers, name: 'charts' }],
      },
      // It runs as IPF; what is founded for it is its certificate and its line in our directory.
      { name: 'ipf', title: 'ipf', ...IPF, networkId: 'NET-2', assigningAuthorities: [] },
    ],
    systems: [
      {
        name: 'hospital',
        institution: '9900000000',
        regions: ['proof'],
        sourceIds: [PROOF.sourceId],
        assigningAuthorities: [PROOF.chartNumbers, PROOF.affinityDomain],
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
  const own = join(regionOf(federation, 'ipf').folder, 'certificates', 'own.pem');
  bundle(own, server, passwordFile);
  bundle(federation.systems.get('hospital')?.certificateFile ?? '', hospital, passwordFile);
  const cxf = strangerFiles(folder, 'cxf');
  bundle(cxf.certificate, cxf.bundle, passwordFile);
  const clients = { hospital, gateway: server, cxf: cxf.bundle };
  return { folder: work, server, clients, passwordFile };
}
