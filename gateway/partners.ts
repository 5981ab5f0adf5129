import { readFile, stat } from 'node:fs/promises';
import type { ServerOptions } from 'node:https';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import type { ActorName, Destination } from '../actors/actor.ts';
import type { PartnerGateway } from '../actors/initiating-gateway/stores.ts';
import type { Subscription } from '../actors/patient-identity/subscriptions.ts';
import { type Config, parseYaml } from './config.ts';
import type { Identified, NodeAuthentication } from './inbound/soap-listener.ts';
import type { Log } from './log.ts';
import type { Endpoint } from './outbound/soap-sender.ts';
import { callbackUrlOf } from './ourselves.ts';
import { isCallbackOf } from './safeguards/asynchronous-partner.ts';
import { callerFor } from './safeguards/caller.ts';
import {
  type Directory,
  type DirectoryEntry,
  DirectoryFaults,
  readDirectory,
} from './safeguards/directory.ts';
import { pathIn, placedAt } from './safeguards/key-files.ts';
import { hasQuirk, type Peer, type Rejection } from './safeguards/peer.ts';
import { handshakeRejection, TlsPolicy } from './safeguards/tls.ts';

/** A peer that was turned away, as metrics and the audit want it. */
export interface TurnedAway {
  /** A fixed word, for the metric. */
  readonly kind: string;
  /** One line of rules and numbers. */
  readonly reason: string;
  readonly peer: {
    readonly address?: string;
    readonly subject?: string;
    readonly issuer?: string;
    readonly fingerprint?: string;
  };
}

export interface PartnersOptions {
  readonly config: Config;
  readonly now: () => Date;
  readonly log: Log;
  readonly rejected: (rejection: TurnedAway) => void;
  /** Called after certificates, CRLs or directory were read again. */
  readonly changed: () => void;
}

/** How often the files are looked at. */
const LOOK_EVERY_MS = 2_000;
/** A peer that was judged is judged again after so long, since certificates and lists run out. */
const JUDGE_EVERY_MS = 1_000;

/**
 * Who may connect and where others are reached: the TLS policy and the partner directory, read again when their files
 * change. A file that is faulty is logged, and its old reading stays.
 */
export class Partners implements NodeAuthentication {
  readonly #options: PartnersOptions;
  readonly #policy: TlsPolicy;
  readonly #listeners: (() => void)[] = [];
  #stamp: string;
  #isStale = false;
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: PartnersOptions, policy: TlsPolicy, stamp: string) {
    this.#options = options;
    this.#policy = policy;
    this.#stamp = stamp;
    this.#listeners.push(options.changed);
  }

  /** @throws DirectoryFaults, CredentialsRefused, or the file system's error */
  static async start(options: PartnersOptions): Promise<Partners> {
    const { config, now } = options;
    const stamp = await stampOf(filesOf(config));
    const policy = await TlsPolicy.load({
      files: {
        certificate: config.tls.certificate,
        key: config.tls.key,
        anchors: config.tls.anchors,
        revocationLists: config.tls.crls,
        policies: config.tls.acceptedPolicies,
      },
      directory: await directoryOf(config),
      now,
    });
    const partners = new Partners(options, policy, stamp);
    partners.#timer = setInterval(() => void partners.#look(), LOOK_EVERY_MS);
    partners.#timer.unref();
    return partners;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
  }

  /**
   * Reads everything again, now. A file that is faulty keeps its old reading; the others count all the same, so that a
   * revocation never waits for a typing error elsewhere.
   *
   * @throws the first fault, once the rest has been taken
   */
  async reload(): Promise<void> {
    const { config, log } = this.#options;
    this.#stamp = await stampOf(filesOf(config));
    const faults: unknown[] = [];
    const note = (error: unknown) => {
      faults.push(error);
    };
    const directory = await directoryOf(config).catch((error: unknown) =>
      note(placedAt(error, config.directory)),
    );
    await this.#policy.reload(directory ?? this.#policy.directory).catch(note);
    this.#isStale = faults.length > 0;
    log.info({ event: 'reloaded', generation: this.#policy.generation });
    for (const changed of this.#listeners) changed();
    if (faults.length > 0) throw faults[0];
  }

  /** @throws Error while a file of certificates or the directory cannot be used as it is now */
  async requireCurrent(): Promise<void> {
    if (this.#isStale) throw new Error('certificates, lists or directory could not be read again');
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  serverOptions(): ServerOptions {
    return this.#policy.serverOptions();
  }

  identify(socket: TLSSocket): Identified | undefined {
    const judged = this.#policy.identify(socket);
    if (judged.kind === 'rejection') {
      this.#reject(judged);
      return undefined;
    }
    return new AdmittedPeer(this.#policy, judged);
  }

  handshakeFailed(error: Error, socket: TLSSocket): void {
    this.#reject(handshakeRejection(error, socket));
  }

  /** The Responding Gateways of the directory that may be asked, as last read. */
  gateways(): readonly PartnerGateway[] {
    return this.#policy.directory.entries.flatMap((entry) => {
      const [first] = entry.kind === 'gateway' ? entry.homeCommunityIds : [];
      if (entry.kind !== 'gateway' || first === undefined) return [];
      if (Object.keys(entry.endpoints).length === 0) return [];
      const { homeCommunityIds, wideAreaDomains } = entry;
      return [{ homeCommunityId: first, homeCommunityIds, wideAreaDomains }];
    });
  }

  /** The systems that are told when a patient's ids change, each by the wire for which it has an endpoint. */
  subscriptions(): readonly Subscription[] {
    return this.#policy.directory.entries.flatMap((entry) => {
      if (entry.kind !== 'system' || entry.notifiedOf.length === 0) return [];
      const wire = (['ITI-46', 'ITI-10'] as const).find((id) => entry.endpoints[id] !== undefined);
      const { name: consumer, notifiedOf: domains, assigningAuthorities } = entry;
      return wire === undefined ? [] : [{ consumer, domains, wire, assigningAuthorities }];
    });
  }

  /** Where a transaction is sent: the endpoint of a partner, or of an own actor in another process. */
  endpointOf(destination: Destination, transaction: string): Endpoint | undefined {
    if (typeof destination === 'string') return this.#ownEndpoint(destination, transaction);
    const { directory } = this.#policy;
    const entry =
      'system' in destination
        ? directory.findEntry(destination.system)
        : directory.findCommunity(destination.homeCommunityId)?.entry;
    const url = entry?.endpoints[transaction];
    if (!entry || !url) return undefined;
    const peer = 'system' in destination ? destination.system : destination.homeCommunityId;
    const [receiver] = entry.mllp?.senders ?? [];
    const v2 = receiver && { receiver, charset: entry.mllp?.charset };
    const callback = this.#callbackFor(entry, transaction);
    return { url, peer, tls: this.#tlsFor(entry), ...callback, ...(v2 && { v2 }) };
  }

  /** A peer on this machine that has shown no certificate: its names in the directory are all that it is known by. */
  onLoopback(address: string): Identified {
    const entries = () => this.#policy.directory.onLoopback();
    return {
      peer: {
        name: 'loopback',
        address,
        identity: NOBODY,
        get entries() {
          return entries();
        },
        callerFor: (call) => callerFor(NOBODY, entries(), call),
      },
      stillValid: () => true,
    };
  }

  /** A peer whose connection is gone, with the rights that the directory gives it now. */
  keptPeer(who: Pick<Identified['peer'], 'name' | 'address' | 'identity'>): Identified['peer'] {
    return peerOf(who, this.#policy.directory.entriesOf(who.identity));
  }

  /** Where answers to a partner are sent; undefined for an address that is not, or no more, in its row. */
  callbackOf(name: string, address: string): Endpoint | undefined {
    const entry = this.#policy.directory.findEntry(name);
    if (!entry || !isCallbackOf(entry, address)) return undefined;
    return { url: address, peer: name, tls: this.#tlsFor(entry) };
  }

  #ownEndpoint(actor: ActorName, transaction: string): Endpoint | undefined {
    const url = this.#options.config.destinations[actor];
    if (url === 'here') return undefined;
    const own = this.#policy.directory.entries.filter(
      (entry) => entry.kind === 'system' && entry.own,
    );
    const entry = own.find(({ endpoints }) => endpoints[transaction] === url) ?? own[0];
    if (!entry) return undefined;
    return { url, peer: actor, tls: this.#tlsFor(entry), ...this.#callbackFor(entry, transaction) };
  }

  /** Where the answer is wanted of a partner that is asked asynchronously. */
  #callbackFor({ name, asynchronous }: DirectoryEntry, transaction: string) {
    if (!asynchronous.includes(transaction)) return {};
    return { callback: { url: callbackUrlOf(this.#options.config), partner: name } };
  }

  #tlsFor(entry: DirectoryEntry): ConnectionOptions {
    return this.#policy.clientOptions(entry) as ConnectionOptions;
  }

  #reject(rejection: Rejection): void {
    const { reason, detail, known } = rejection;
    this.#options.log.warn({
      event: 'peer-rejected',
      code: reason,
      reason: detail,
      host: known.address,
    });
    const { address, subject, issuer, fingerprint } = known;
    this.#options.rejected({
      kind: reason,
      reason: `${reason}: ${detail}`,
      peer: { address, subject, issuer, fingerprint },
    });
  }

  async #look(): Promise<void> {
    try {
      if ((await stampOf(filesOf(this.#options.config))) !== this.#stamp) await this.reload();
    } catch (error) {
      this.#options.log.error({ event: 'reload-failed', file: pathIn(error) }, error);
    }
  }
}

function peerOf(
  who: Pick<Identified['peer'], 'name' | 'address' | 'identity'>,
  entries: readonly DirectoryEntry[],
): Identified['peer'] {
  return { ...who, entries, callerFor: (call) => callerFor(who.identity, entries, call) };
}

/** The certificate of nobody. */
const NOBODY = { issuer: '', serialNumber: '', fingerprint: '' } as const;

/** One socket's peer. Its verdict is remembered for a second within one reading. */
class AdmittedPeer implements Identified {
  readonly #policy: TlsPolicy;
  #peer: Peer;
  #generation: number;
  #judgedAt: number;

  constructor(policy: TlsPolicy, peer: Peer) {
    this.#policy = policy;
    this.#peer = peer;
    this.#generation = policy.generation;
    this.#judgedAt = performance.now();
  }

  get peer(): Identified['peer'] {
    const { identity, entries, known } = this.#peer;
    const { address } = known;
    return {
      ...peerOf({ name: entries[0]?.name ?? 'unlisted', address, identity }, entries),
      faultsByHttp500: hasQuirk(this.#peer, 'faults-by-http-500'),
    };
  }

  stillValid(): boolean {
    const now = performance.now();
    if (this.#generation === this.#policy.generation && now - this.#judgedAt < JUDGE_EVERY_MS) {
      return true;
    }
    const judged = this.#policy.identifyAgain(this.#peer);
    if (judged.kind === 'rejection') return false;
    this.#peer = judged;
    this.#generation = this.#policy.generation;
    this.#judgedAt = now;
    return true;
  }
}

async function directoryOf(config: Config): Promise<Directory> {
  const text = await readFile(config.directory, 'utf8');
  const directory = readDirectory(parseYaml(text, 'directory.yaml'));
  refuseOwnCommunity(directory, config);
  return directory;
}

/** A region that lists itself would ask itself. @throws DirectoryFaults */
export function refuseOwnCommunity(
  directory: Directory,
  { homeCommunityId }: Pick<Config, 'homeCommunityId'>,
): void {
  if (directory.findCommunity(homeCommunityId) === undefined) return;
  const expected = `${homeCommunityId} is our own community; list other communities only`;
  throw new DirectoryFaults([{ path: 'entries', expected }]);
}

function filesOf({ tls, directory }: Config): readonly string[] {
  return [directory, tls.certificate, tls.key, ...tls.anchors, ...tls.crls];
}

/** Changes whenever one of the files does, comes or goes. */
async function stampOf(files: readonly string[]): Promise<string> {
  const stamps = await Promise.all(
    files.map(async (file) => {
      const found = await stat(file).catch(() => undefined);
      return found === undefined ? 'absent' : `${found.mtimeMs}:${found.size}:${found.ino}`;
    }),
  );
  return stamps.join(' ');
}
