import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import type { ActorName } from '../../actors/actor.ts';
import { frameMllp, type MllpEvent, MllpReader } from '../../profiles/formats/mllp.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { IncomingFrame } from './mllp-pipeline.ts';
import type { Identified, NodeAuthentication } from './soap-listener.ts';

export interface MllpListenerOptions {
  readonly actor: ActorName;
  readonly host: string;
  readonly port: number;
  /** Mutual TLS; or, on the loopback alone, what is known of a peer that shows no certificate. */
  readonly security:
    | { readonly kind: 'tls'; readonly authentication: NodeAuthentication }
    | { readonly kind: 'loopback'; readonly identify: (address: string) => Identified };
  readonly answer: (frame: IncomingFrame) => Promise<Uint8Array>;
  readonly limits: {
    readonly messageBytes: number;
    /** The longest pause inside a message. */
    readonly idleMs: number;
    /** The longest that one message may take to come in. */
    readonly longestMs: number;
  };
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Sockets at one time. */
const MOST_CONNECTIONS = 500;
/** How long a connection may idle between two messages. */
const KEEP_ALIVE_MS = 600_000;
/** Messages that wait on one connection; then it is not read any more until one is answered. */
const MOST_WAITING = 16;
/** How long a connection that ends may take to take its last answer. */
const LINGER_MS = 1_000;
/** Octets outside frames that a connection may send in all. */
const MOST_NOISE = 65_536;

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

/**
 * HL7 v2 over MLLP for one actor: frames to the pipeline and back, in the order in which they came. With TLS a peer is
 * identified before a frame of it is read; without, it listens on the loopback and nowhere else.
 *
 * @see ITI TF-2: Appendix C.2; ITI TF-2: 3.19
 */
export class MllpListener {
  readonly #options: MllpListenerOptions;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();

  /** @throws Error for a listener without TLS that is not on the loopback */
  constructor(options: MllpListenerOptions) {
    this.#options = options;
    const { security, host } = options;
    if (security.kind === 'loopback') {
      if (!LOOPBACK.has(host)) throw new Error(`MLLP without TLS is for the loopback, not ${host}`);
      this.#server = createServer({ allowHalfOpen: true }, (socket) => {
        const address = socket.remoteAddress ?? '';
        if (LOOPBACK.has(address)) this.#take(socket, security.identify(address));
        else socket.destroy();
      });
    } else {
      const { authentication } = security;
      this.#server = createTlsServer(
        { ...authentication.serverOptions(), allowHalfOpen: true },
        (socket: TLSSocket) => {
          const identified = authentication.identify(socket);
          if (identified) this.#take(socket, identified);
          else socket.destroy();
        },
      );
      this.#server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
        authentication.handshakeFailed(error, socket);
        socket.destroy();
      });
    }
    this.#server.maxConnections = MOST_CONNECTIONS;
  }

  async start(): Promise<void> {
    this.#server.listen(this.#options.port, this.#options.host);
    await once(this.#server, 'listening');
  }

  get actor(): ActorName {
    return this.#options.actor;
  }

  /** `mllps://host:port` */
  get url(): string {
    const { host, security } = this.#options;
    const { port } = this.#server.address() as AddressInfo;
    const name = host.includes(':') ? `[${host}]` : host;
    return `${security.kind === 'tls' ? 'mllps' : 'mllp'}://${name}:${port}`;
  }

  /** New keys, anchors or CRLs for handshakes to come; sockets whose peer is no longer valid go at once. */
  reload(): void {
    const { security } = this.#options;
    if (security.kind === 'tls' && 'setSecureContext' in this.#server) {
      (this.#server as unknown as { setSecureContext(options: object): void }).setSecureContext(
        security.authentication.serverOptions(),
      );
    }
    for (const connection of this.#connections) connection.judgeAgain();
  }

  /** Takes no new message, lets those under way end, then closes. */
  async stop(graceMs: number): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    let timer: NodeJS.Timeout | undefined;
    const graceEnds = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    const ended = [...this.#connections].map((connection) => connection.end());
    await Promise.race([Promise.allSettled(ended), graceEnds]);
    clearTimeout(timer);
    for (const connection of this.#connections) connection.destroy();
    await closed;
  }

  #take(socket: Socket, identified: Identified): void {
    const connection = new Connection(socket, identified, this.#options, () => this.url);
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
  }
}

/** One socket: reads ahead a little, answers one message after the other. */
class Connection {
  readonly #socket: Socket;
  readonly #identified: Identified;
  readonly #options: MllpListenerOptions;
  readonly #url: () => string;
  readonly #reader: MllpReader;
  readonly #waiting: MllpEvent[] = [];
  #working: Promise<void> | undefined;
  #noise = 0;
  #longest: NodeJS.Timeout | undefined;
  #isEnding = false;

  constructor(
    socket: Socket,
    identified: Identified,
    options: MllpListenerOptions,
    url: () => string,
  ) {
    this.#socket = socket;
    this.#identified = identified;
    this.#options = options;
    this.#url = url;
    this.#reader = new MllpReader(options.limits.messageBytes);
    socket.setNoDelay(true);
    socket.setTimeout(KEEP_ALIVE_MS, () => this.#timedOut());
    // What went wrong with the socket, its close tells; there is nobody to answer.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => clearTimeout(this.#longest));
    socket.on('data', (chunk: Uint8Array) => this.#heard(chunk));
    socket.on('end', () => {
      this.#isEnding = true;
      this.#work();
    });
  }

  /** Answers what has come whole, then closes. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#socket.pause();
    this.#work();
    await this.#working;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  judgeAgain(): void {
    if (!this.#identified.stillValid()) this.#socket.destroy();
  }

  #heard(chunk: Uint8Array): void {
    let hasEnded = false;
    for (const event of this.#reader.read(chunk)) {
      if (event.kind === 'noise') this.#heardNoise(event.length);
      else {
        hasEnded = true;
        this.#waiting.push(event);
      }
    }
    const { idleMs, longestMs } = this.#options.limits;
    const isInside = this.#reader.isInside;
    this.#socket.setTimeout(isInside ? idleMs : KEEP_ALIVE_MS);
    // A frame that begins behind another has its own time.
    if (hasEnded || !isInside) {
      clearTimeout(this.#longest);
      this.#longest = undefined;
    }
    if (isInside) this.#longest ??= setTimeout(() => this.#socket.destroy(), longestMs);
    if (this.#waiting.length > MOST_WAITING) this.#socket.pause();
    this.#work();
  }

  #heardNoise(length: number): void {
    const { log, metrics, actor } = this.#options;
    if (this.#noise === 0) {
      metrics.oddity('mllp-noise');
      log.warn({ event: 'mllp-noise', actor, peer: this.#identified.peer.name });
    }
    this.#noise += length;
    if (this.#noise > MOST_NOISE) this.#socket.destroy();
  }

  /** While a message is answered the peer waits for us, not we for it; and so it does while it is not read. */
  #timedOut(): void {
    const isPeersTurn = this.#reader.isInside && !this.#socket.isPaused();
    if (this.#working === undefined || isPeersTurn) this.#socket.destroy();
  }

  #work(): void {
    this.#working ??= this.#answerAll()
      .catch((error: unknown) => {
        this.#options.log.error({ outcome: 'connection-lost' }, error);
        this.#socket.destroy();
      })
      .finally(() => {
        this.#working = undefined;
        if (this.#waiting.length > 0) this.#work();
      });
  }

  async #answerAll(): Promise<void> {
    let event = this.#waiting.shift();
    while (event !== undefined && !this.#socket.destroyed) {
      if (event.kind !== 'noise') await this.#answerOne(event);
      if (this.#waiting.length <= MOST_WAITING && !this.#isEnding) this.#socket.resume();
      event = this.#waiting.shift();
    }
    if (!this.#isEnding || this.#socket.destroyed) return;
    // What the peer still sends is read and thrown away for a moment: a reset would cost it the answer.
    this.#socket.resume();
    this.#socket.end();
    setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
  }

  async #answerOne(event: Exclude<MllpEvent, { kind: 'noise' }>): Promise<void> {
    if (!this.#identified.stillValid()) {
      this.#socket.destroy();
      return;
    }
    const { actor, answer } = this.#options;
    const isTooLarge = event.kind === 'too-large';
    const octets = await answer({
      actor,
      octets: event.octets,
      peer: this.#identified.peer,
      endpoint: this.#url(),
      ...(isTooLarge ? { isTooLarge } : {}),
    });
    if (this.#socket.destroyed) return;
    if (!this.#socket.write(frameMllp(octets))) await drained(this.#socket);
    if (isTooLarge) this.#isEnding = true;
  }
}

/** Until the peer has taken what was written, or has gone. */
async function drained(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = () => {
      socket.off('drain', end);
      socket.off('close', end);
      resolve();
    };
    socket.on('drain', end);
    socket.on('close', end);
  });
}
