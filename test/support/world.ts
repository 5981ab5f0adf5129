import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { type Client, openClient } from '../../gateway/client.ts';
import { type Config, readConfig } from '../../gateway/config.ts';
import { Gateway } from '../../gateway/gateway.ts';
import { type Log, openLog } from '../../gateway/log.ts';
import { bytesContent } from '../../profiles/formats/mtom.ts';
import type { Transmission } from '../../profiles/formats/hl7v3.ts';
import type { Demographics, PatientId } from '../../profiles/patient.ts';
import { ITI_44, type PatientRegistrationFeed } from '../../profiles/pix/iti-44.ts';
import { ITI_45 } from '../../profiles/pix/iti-45.ts';
import type { Transaction } from '../../profiles/transaction.ts';
import { type Federation, foundFederation, type SystemPlan } from '../../scripts/federation.ts';
import { type ReadRecord, readRecord } from './audit-reading.ts';
import { aPatientIdentityFeed, aPerson, aPixQuery, aTransmission } from './hl7v3-builders.ts';
import {
  faultIn,
  openedAnswer,
  type ReadMessage,
  readMessage,
  requireValid,
  type WireMessage,
  type WireOptions,
  wireMessageOf,
} from './messages.ts';

export const ALL_HOSPITAL_TRANSACTIONS = [
  'ITI-18',
  'ITI-41',
  'ITI-42',
  'ITI-43',
  'ITI-44',
  'ITI-45',
  'ITI-47',
] as const;

/** OIDs of the region of that number. */
export function regionOids(number: number) {
  const arc = `2.999.500.${number}`;
  return {
    homeCommunityId: `urn:oid:${arc}`,
    affinityDomain: `${arc}.1`,
    repositoryUniqueId: `${arc}.2`,
    device: `${arc}.3`,
    chartNumbers: `${arc}.4`,
    sourceId: `${arc}.5`,
  };
}

export interface WorldOptions {
  /** One by default: `east`; then `west`, `south`. */
  readonly regions?: number;
  /** Settings of every region, merged into its config file. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** How each hospital speaks HL7 v2, and what more it may call. */
  readonly hospital?: Pick<Partial<SystemPlan>, 'mllp' | 'endpoints' | 'transactions'>;
  /** Listeners of every region beside SOAP and operations. */
  readonly listen?: Readonly<Record<string, unknown>>;
  /** Systems beside the hospital of each region. */
  readonly systems?: readonly SystemPlan[];
  /** How many of the regions run; all by default. The others are founded, listed as partners, and silent. */
  readonly running?: number;
}

/** An exchange that ended with an answer, not with a fault. */
export interface Exchanged<Response> {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly response: Response;
  readonly message: ReadMessage;
  readonly messageId: string;
}

/** Who asks, and what is bent. */
export interface ExchangeOptions extends WireOptions {
  /** A system, or a region as its gateway; the hospital of `east` by default. */
  readonly as?: string;
  /** The request is wrong on purpose: it is not held against the schemas. */
  readonly invalid?: boolean;
}

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const NAMES = ['east', 'west', 'south', 'north'] as const;

/** A federation that runs in this process: real sockets, real certificates, a real database on disk. */
export class World {
  readonly federation: Federation;
  readonly directory: string;
  readonly #gateways = new Map<string, Gateway>();
  readonly #folders = new Map<string, string>();
  readonly #clients: Client[] = [];
  readonly #charts = new Set<string>();
  /** How far the clock of the gateways is ahead. */
  skewMs = 0;
  /** Every line that the gateways logged. */
  readonly logged: string[] = [];

  private constructor(federation: Federation, directory: string) {
    this.federation = federation;
    this.directory = directory;
  }

  static async start(options: WorldOptions = {}): Promise<World> {
    const directory = await mkdtemp(join(tmpdir(), 'kakehashi-test-'));
    const names = NAMES.slice(0, options.regions ?? 1);
    const federation = await foundFederation({
      directory,
      now: new Date(),
      regions: names.map((name, index) => ({
        name,
        title: name,
        ...regionOids(index + 1),
        networkId: `NET-${index + 1}`,
        assigningAuthorities: [{ oid: regionOids(index + 1).chartNumbers, name: `${name} charts` }],
        settings: options.settings,
        listen: options.listen,
      })),
      systems: [
        ...names.map((name, index) => ({
          name: `${name}-hospital`,
          institution: `99${index}0000000`,
          regions: [name],
          sourceIds: [regionOids(index + 1).sourceId],
          assigningAuthorities: [
            regionOids(index + 1).chartNumbers,
            regionOids(index + 1).affinityDomain,
          ],
          transactions: ALL_HOSPITAL_TRANSACTIONS,
          ...options.hospital,
        })),
        ...(options.systems ?? []),
      ],
    });
    const world = new World(federation, directory);
    try {
      const running = names.slice(0, options.running ?? names.length);
      await Promise.all(running.map((name) => world.startRegion(name)));
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  /** Starts a region, or starts it again; `change` alters its config. */
  async startRegion(
    name: string,
    change: (config: Config) => Config = (config) => config,
  ): Promise<Gateway> {
    return this.#startAt(name, change(readConfig(this.#region(name).folder)));
  }

  /** Starts a further process of which a test has made the folder; it is known by that name from then on. */
  async startFolder(name: string, folder: string): Promise<Gateway> {
    this.#folders.set(name, folder);
    return this.#startAt(name, readConfig(folder));
  }

  async #startAt(name: string, config: Config): Promise<Gateway> {
    const gateway = await Gateway.start(config, {
      log: this.#log(),
      now: () => new Date(Date.now() + this.skewMs),
    });
    this.#gateways.set(name, gateway);
    return gateway;
  }

  async stopRegion(name: string): Promise<void> {
    await this.#gateways.get(name)?.stop(1_000);
    this.#gateways.delete(name);
  }

  runs(name: string): boolean {
    return this.#gateways.has(name);
  }

  gateway(name = 'east'): Gateway {
    const gateway = this.#gateways.get(name);
    if (!gateway) throw new Error(`${name} does not run`);
    return gateway;
  }

  url(actor: string, name = 'east'): string {
    return `${this.#region(name).url}/${actor}`;
  }

  folder(name = 'east'): string {
    return this.#folders.get(name) ?? this.#region(name).folder;
  }

  /** The certificate of a system, or of a region's own gateway. */
  tls(name = 'east-hospital'): ConnectionOptions {
    const files = this.federation.systems.get(name);
    if (files) return files.tls;
    const certificates = join(this.#region(name).folder, 'certificates');
    const read = (file: string) => readFileSync(join(certificates, file), 'utf8');
    return {
      cert: read('own.pem'),
      key: read('own.key'),
      ca: read('anchors.pem'),
      minVersion: 'TLSv1.3',
    };
  }

  /** A client with the certificate of a system, the hospital of `east` by default. */
  async client(system = 'east-hospital'): Promise<Client> {
    const client = await openClient({ tls: this.tls(system), deadlineMs: 20_000 });
    this.#clients.push(client);
    return client;
  }

  /** The wrapper of a hospital's HL7 V3 message to its region. */
  transmission(name = 'east', over: Partial<Transmission> = {}): Transmission {
    const oids = regionOids(NAMES.indexOf(name as (typeof NAMES)[number]) + 1);
    return aTransmission({
      sender: { device: oids.sourceId },
      receiver: { device: oids.device },
      ...over,
    });
  }

  /** ITI-44 of a chart number, as the region's hospital feeds it. */
  feed(
    id: string,
    name = 'east',
    over: Partial<PatientRegistrationFeed> = {},
  ): PatientRegistrationFeed {
    const oids = regionOids(NAMES.indexOf(name as (typeof NAMES)[number]) + 1);
    this.#charts.add(id);
    return aPatientIdentityFeed({
      ids: [{ id, assigningAuthority: oids.chartNumbers }],
      transmission: this.transmission(name),
      demographics: aPersonOf(id),
      providerOrganization: { id: oids.chartNumbers },
      custodian: oids.sourceId,
      ...over,
    });
  }

  /**
   * Makes a patient known in a region; resolves to her regional id. Her demographics follow from the chart number, so that
   * the same number is the same person in every region.
   */
  async patient(id: string, name = 'east', demographics?: Demographics): Promise<PatientId> {
    const url = this.url('patient-identity', name);
    const as = `${name}-hospital`;
    const oids = regionOids(NAMES.indexOf(name as (typeof NAMES)[number]) + 1);
    const feed = this.feed(id, name, demographics ? { demographics } : {});
    const { response } = await this.exchange(ITI_44, url, feed, { as });
    if (response.code !== 'CA') throw new Error(`fed: ${JSON.stringify(response)}`);
    const query = aPixQuery({
      transmission: this.transmission(name),
      patientIdentifier: { id, assigningAuthority: oids.chartNumbers },
      dataSources: [oids.affinityDomain],
    });
    const found = await this.exchange(ITI_45, url, query, { as });
    const [regional] = found.response.ids;
    if (!regional) throw new Error(`no regional id: ${JSON.stringify(found.response)}`);
    return regional;
  }

  /**
   * Sends a request and reads its answer. Both are held against the published schemas where these are there, and the
   * answer has to be in the same encoding, under the right action, and to relate to the request.
   */
  async exchange<Request, Response>(
    transaction: Transaction<Request, Response>,
    url: string,
    request: Request,
    options: ExchangeOptions = {},
  ): Promise<Exchanged<Response>> {
    const sent = await wireMessageOf(transaction, request, url, options);
    if (!options.invalid) requireValid(sent.envelope);
    const raw = await this.send(url, sent, options.as);
    const message = await readMessage(raw);
    const opened = openedAnswer(message);
    requireValid(message.envelope);
    const { wire } = transaction;
    const replyActions = wire.messages.map(({ replyAction }) => replyAction);
    if (!replyActions.includes(opened.action)) throw new Error(`answered as ${opened.action}`);
    if (opened.relatesTo !== sent.messageId) throw new Error(`relates to ${opened.relatesTo}`);
    if (message.mtom !== (wire.mtom === 'both')) throw new Error('answered in another encoding');
    const response = transaction.response.decode(opened, {
      named: (contentId) => bytesContent(message.parts.get(contentId) ?? fail(contentId)),
    });
    const { status, headers } = raw;
    return { status, headers, response, message, messageId: sent.messageId };
  }

  /** Sends a request that is answered with a fault. */
  async faulted<Request, Response>(
    transaction: Transaction<Request, Response>,
    url: string,
    request: Request,
    options: ExchangeOptions = {},
  ) {
    const sent = await wireMessageOf(transaction, request, url, options);
    const raw = await this.send(url, sent, options.as);
    const fault = await faultIn(raw);
    return { status: raw.status, fault, raw, messageId: sent.messageId };
  }

  /** Posts a message as somebody. */
  send(url: string, message: WireMessage, as?: string): Promise<RawAnswer> {
    return this.post(url, message.body, { contentType: message.contentType, tls: this.tls(as) });
  }

  /** Posts octets as they are. */
  async post(
    url: string,
    body: Uint8Array | string,
    options: {
      contentType?: string;
      tls?: ConnectionOptions;
      headers?: Record<string, string>;
    } = {},
  ): Promise<RawAnswer> {
    return await new Promise((resolve, reject) => {
      const outgoing = httpsRequest(
        url,
        {
          ...(options.tls ?? this.tls()),
          method: 'POST',
          agent: false,
          headers: {
            'Content-Type': options.contentType ?? 'application/soap+xml; charset=UTF-8',
            'Content-Length': Buffer.byteLength(body),
            ...options.headers,
          },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('error', reject);
          answer.on('end', () =>
            resolve({
              status: answer.statusCode ?? 0,
              headers: answer.headers,
              body: Buffer.concat(chunks),
            }),
          );
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  /** The audit messages of a region so far, oldest first. */
  async audit(name = 'east'): Promise<string[]> {
    const directory = join(this.folder(name), 'var', 'audit');
    const files = (await readdir(directory)).sort();
    const messages: string[] = [];
    for (const file of files) {
      const text = await readFile(join(directory, file), 'utf8');
      for (const line of text.split('\n').filter((each) => each !== '')) {
        messages.push((JSON.parse(line) as { message: string }).message);
      }
    }
    return messages;
  }

  /** Audit messages of a transaction, by EventTypeCode. */
  async auditOf(transaction: string, name = 'east'): Promise<string[]> {
    return (await this.audit(name)).filter((message) =>
      message.includes(`csd-code="${transaction}"`),
    );
  }

  /** The same, read. */
  async recordsOf(transaction: string, name = 'east'): Promise<ReadRecord[]> {
    return (await this.auditOf(transaction, name)).map(readRecord);
  }

  /** Security alerts about nodes that were turned away. */
  async alerts(name = 'east'): Promise<ReadRecord[]> {
    return (await this.audit(name))
      .map(readRecord)
      .filter(({ event, type }) => event === '110113' && type === '110126');
  }

  /** What an act leaves in the audit trail of a transaction. */
  async recording<Result>(
    transaction: string,
    act: () => Promise<Result>,
    name = 'east',
  ): Promise<{ result: Result; records: ReadRecord[] }> {
    const before = (await this.auditOf(transaction, name)).length;
    const result = await act();
    return { result, records: (await this.recordsOf(transaction, name)).slice(before) };
  }

  /** Names of all files below a folder of a region's `var`, such as `spool` or `documents`. */
  async filesIn(folder: string, name = 'east'): Promise<string[]> {
    const root = join(this.folder(name), 'var', folder);
    const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  }

  /** The value of a metric; 0 where it has never been counted. */
  async metric(sample: string, name = 'east'): Promise<number> {
    const answer = await fetch(`${this.gateway(name).operationsUrl}/metrics`);
    const line = (await answer.text()).split('\n').find((each) => each.startsWith(`${sample} `));
    return line === undefined ? 0 : Number(line.slice(sample.length + 1));
  }

  /** @throws Error when the log has told of a person */
  async stop(): Promise<void> {
    for (const client of this.#clients) await client.close();
    for (const name of [...this.#gateways.keys()]) await this.stopRegion(name);
    await rm(this.directory, { recursive: true, force: true });
    const told = this.logged.find((line) => this.#tellsOfAPerson(line));
    if (told) throw new Error(`the log tells of a person: ${told}`);
  }

  /** Names and chart numbers of everybody whom the tests have fed. Short numbers may stand in any other. */
  #tellsOfAPerson(line: string): boolean {
    const charts = [...this.#charts].filter((chart) => chart.length > 5);
    return ['試験', 'シケン', 'SHIKEN', ...charts].some((word) => line.includes(word));
  }

  #log(): Log {
    return openLog({
      level: 'debug',
      strict: true,
      stream: {
        write: (line: string) => {
          this.logged.push(line);
        },
      },
    });
  }

  #region(name: string) {
    const region = this.federation.regions.get(name);
    if (!region) throw new Error(`no region ${name}`);
    return region;
  }
}

const KANA = 'アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモ';

/** An invented person who differs from those of other chart numbers in her given name, born on a 1 January. */
export function aPersonOf(id: string): Demographics {
  let seed = 0;
  for (const character of id) seed = (seed * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  const letters = [...KANA];
  const at = (place: number) => letters[Math.floor(seed / 33 ** place) % letters.length] ?? 'ア';
  const given = `${at(0)}${at(1)}${at(2)}`;
  return aPerson({
    names: [
      { family: '試験', given: [given], representation: 'IDE', use: 'L' },
      { family: 'シケン', given: [given], representation: 'SYL', use: 'L' },
    ],
    birthTime: `${1930 + (seed % 80)}0101`,
  });
}

function fail(contentId: string): never {
  throw new Error(`no part ${contentId}`);
}
