import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ActorName } from '../../actors/actor.ts';
import type { Log } from '../log.ts';
import { DOCUMENT_CHUNKS } from '../stores/document-chunks.ts';
import type { Reply } from './frame.ts';
import { Pace, type PaceLimits } from './pace.ts';
import type { Incoming, Peer } from './incoming.ts';

/** Who stands at the other end of a socket, as node authentication found. */
export interface Identified {
  readonly peer: Peer;
  /** False once a reload of directory, anchors or CRLs has taken the peer's right to be connected. */
  stillValid(): boolean;
}

/** What the listener asks of node authentication. */
export interface NodeAuthentication {
  serverOptions(): ServerOptions;
  /** Judges the peer before a byte of HTTP is read; a rejection has been audited when this returns undefined. */
  identify(socket: TLSSocket): Identified | undefined;
  /** A handshake that failed. */
  handshakeFailed(error: Error, socket: TLSSocket): void;
}

export interface SoapListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly authentication: NodeAuthentication;
  readonly actors: ReadonlySet<ActorName>;
  /** `https://host:port`, as peers reach it; with the port that was bound where it ends in `:0`. */
  readonly publicUrl?: string;
  readonly answer: (incoming: Incoming) => Promise<Reply>;
  /** Answers to what we have asked asynchronously, at `/replies`. */
  readonly takeAnswer: (incoming: Omit<Incoming, 'actor'>) => Promise<Reply>;
  /** Writes a security alert: a peer that sends what is no HTTP. */
  readonly alert: (peer: Peer, reason: string, endpoint: string) => Promise<void>;
  /** Everything that is not a SOAP post: WSDL, and the polite no. */
  readonly web: RequestListener;
  readonly pace: PaceLimits;
  readonly log: Log;
}

/** Where answers come to that are messages of their own. */
const CALLBACK_PATH = '/replies';
/** Octets of a refused request that are read and thrown away before the socket is closed. */
const DRAIN_BYTES = 65_536;
/** How long a socket may idle between two requests. */
const KEEP_ALIVE_MS = 60_000;
/** Sockets at one time, identified or not. */
const MOST_CONNECTIONS = 2_000;
/** Headers have to be here within this time. */
const HEADERS_MS = 10_000;

/**
 * HTTPS with client certificates on one port for all actors of this process: bytes to the pipeline and back. A socket is
 * given to HTTP only after its peer was identified; SOAP posts are taken before express sees them.
 */
export class SoapListener {
  readonly #options: SoapListenerOptions;
  readonly #server: Server;
  readonly #identified = new Map<TLSSocket, Identified>();
  readonly #pace: Pace;
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: SoapListenerOptions) {
    this.#options = options;
    this.#pace = new Pace(options.pace);
    this.#server = createServer({
      ...options.authentication.serverOptions(),
      requestTimeout: 0,
      headersTimeout: HEADERS_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: 16_384,
    });
    this.#server.maxConnections = MOST_CONNECTIONS;
    const accept = this.#server.listeners('secureConnection') as ((socket: TLSSocket) => void)[];
    this.#server.removeAllListeners('secureConnection');
    this.#server.on('secureConnection', (socket: TLSSocket) => {
      const identified = options.authentication.identify(socket);
      if (!identified) {
        socket.destroy();
        return;
      }
      this.#identified.set(socket, identified);
      socket.once('close', () => this.#identified.delete(socket));
      for (const listener of accept) listener.call(this.#server, socket);
    });
    this.#server.on('tlsClientError', (error, socket) =>
      options.authentication.handshakeFailed(error, socket),
    );
    this.#server.on('clientError', (error, socket) => {
      this.#noHttp(error, socket as TLSSocket);
      socket.destroy();
    });
    this.#server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const work = this.#serve(request, response).catch((error: unknown) => {
        options.log.error({ outcome: 'connection-lost' }, error);
        response.destroy();
      });
      this.#underWay.add(work);
      void work.finally(() => this.#underWay.delete(work));
    });
  }

  async start(): Promise<void> {
    this.#server.listen(this.#options.port, this.#options.host);
    await once(this.#server, 'listening');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** `https://host:port` as peers reach it. */
  get url(): string {
    return this.#options.publicUrl ?? `https://${this.#options.host}:${this.port}`;
  }

  /** New keys, anchors or CRLs for handshakes to come; sockets whose peer is no longer valid go at once. */
  reload(): void {
    this.#server.setSecureContext(this.#options.authentication.serverOptions());
    for (const [socket, identified] of this.#identified) {
      if (!identified.stillValid()) socket.destroy();
    }
  }

  /** Takes no new request, lets those under way end, then closes. */
  async stop(graceMs: number): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeIdleConnections();
    let timer: NodeJS.Timeout | undefined;
    const graceEnds = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    // An answer may wait for a partner much longer than whoever stops us does.
    await Promise.race([Promise.allSettled([...this.#underWay]), graceEnds]);
    clearTimeout(timer);
    this.#server.closeAllConnections();
    await closed;
    this.#pace.stop();
  }

  /** No transaction will tell of it: two lengths of one body, headers without end, and what else Node's parser refuses. */
  #noHttp(error: NodeJS.ErrnoException, socket: TLSSocket): void {
    const identified = this.#identified.get(socket);
    const { code = '' } = error;
    if (!identified || !code.startsWith('HPE_')) return;
    const { alert, log } = this.#options;
    const { peer } = identified;
    log.warn({ event: 'no-http', peer: peer.name, code });
    alert(peer, `no HTTP: ${code}`, this.url).catch((cause: unknown) =>
      log.error({ event: 'trail-down' }, cause),
    );
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const socket = request.socket as TLSSocket;
    const identified = this.#identified.get(socket);
    if (!identified?.stillValid()) {
      socket.destroy();
      return;
    }
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const actor = path.slice(1) as ActorName;
    const isAnswer = path === CALLBACK_PATH;
    if (request.method !== 'POST' || !(isAnswer || this.#options.actors.has(actor))) {
      this.#options.web(request, response);
      return;
    }
    const incoming = {
      contentType: request.headers['content-type'] ?? '',
      source: this.#pace.of(request),
      peer: identified.peer,
      endpoint: `${this.url}${path}`,
    };
    const { answer, takeAnswer } = this.#options;
    const reply = await (isAnswer ? takeAnswer(incoming) : answer({ actor, ...incoming }));
    await this.#send(reply, request, response);
  }

  async #send(reply: Reply, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const close = reply.unread === true || (!request.readableEnded && !request.complete);
    response.writeHead(reply.status, {
      ...(reply.contentType === '' ? {} : { 'Content-Type': reply.contentType }),
      ...(reply.length === undefined ? {} : { 'Content-Length': reply.length }),
      ...(close ? { Connection: 'close' } : {}),
    });
    let bytesSent = 0;
    const longest = setTimeout(() => response.destroy(), this.#options.pace.longestMs);
    try {
      if (reply.body instanceof Uint8Array) {
        response.end(reply.body);
        bytesSent = reply.body.length;
      } else {
        for await (const chunk of reply.body) {
          // Only now that TLS has taken all of it; after a failure nobody knows.
          const taken = (error?: Error | null) => {
            if (!error) DOCUMENT_CHUNKS.giveBack(chunk);
          };
          if (!response.write(chunk, taken)) {
            await settled(response, 'drain', this.#options.pace.idleMs);
          }
          bytesSent += chunk.length;
        }
        response.end();
      }
      if (!response.writableFinished) {
        await settled(response, 'finish', this.#options.pace.idleMs);
      }
    } catch (error) {
      response.destroy();
      await reply.interrupted?.(bytesSent);
      if (!(error instanceof ConnectionLost)) throw error;
      return;
    } finally {
      clearTimeout(longest);
    }
    await reply.sent?.();
    if (close) await drainAndClose(request);
    else if (!request.readableEnded) request.resume();
  }
}

class ConnectionLost extends Error {}

/** Waits until the peer has taken what was written; one that takes nothing for `idleMs` is let go. */
function settled(
  response: ServerResponse,
  event: 'drain' | 'finish',
  idleMs: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (response.destroyed && !response.writableFinished) {
      reject(new ConnectionLost('the peer closed the connection'));
      return;
    }
    const end = (outcome: () => void) => {
      clearTimeout(timer);
      response.off('close', onClose);
      response.off(event, onEvent);
      outcome();
    };
    const lost = (why: string) => end(() => reject(new ConnectionLost(why)));
    const onEvent = () => end(resolve);
    const onClose = () => lost('the peer closed the connection');
    const timer = setTimeout(() => lost('the peer does not read'), idleMs);
    response.once(event, onEvent);
    response.once('close', onClose);
  });
}

/** Lets the refusal arrive: a socket that is destroyed with unread bytes is reset, and the answer is lost. */
async function drainAndClose(request: IncomingMessage): Promise<void> {
  let drainedBytes = 0;
  const timer = setTimeout(() => request.destroy(), 1_000);
  try {
    for await (const chunk of request as AsyncIterable<Uint8Array>) {
      drainedBytes += chunk.length;
      if (drainedBytes > DRAIN_BYTES) break;
    }
  } catch {
    // The peer has gone: that is what closing was for.
  } finally {
    clearTimeout(timer);
    request.socket.destroySoon();
  }
}
