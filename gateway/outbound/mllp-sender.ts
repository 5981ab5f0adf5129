import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { PeerFailure } from '../../actors/actor.ts';
import type { NamedAuthority } from '../../profiles/formats/hl7v2-authorities.ts';
import { encodeText, ISO_IR87, UTF_8 } from '../../profiles/formats/hl7v2-charsets.ts';
import {
  answeredControlId,
  headerIn,
  type V2Application,
  type V2Context,
} from '../../profiles/formats/hl7v2-reply.ts';
import { parseV2, readV2, type V2Message } from '../../profiles/formats/hl7v2.ts';
import { frameMllp, MllpReader } from '../../profiles/formats/mllp.ts';
import { Refusal } from '../../profiles/refusal.ts';
import type { Issue, MllpTransaction } from '../../profiles/transaction.ts';
import { failureOf, failureOfAnswer, failureOfDeadline } from './failure.ts';
import type { Endpoint, Sent, Unanswered } from './soap-sender.ts';

export interface MllpSenderOptions extends Issue {
  /** OID of this system. */
  readonly device: string;
  /** MSH-3 and MSH-4 of what is sent. */
  readonly sender: V2Application;
  readonly authorities: readonly NamedAuthority[];
  /** Where an answer names no authority and its sender feeds one alone; none by default. */
  readonly fed?: readonly string[];
  readonly messageBytes: number;
  readonly deadlineMs: number;
  /** Characters that the receiver's character set does not have. */
  readonly notCarried?: (count: number, transaction: string) => void;
}

/** A connection to one peer, and the exchanges that wait for it. */
interface Line {
  socket: Socket | undefined;
  /** Settles when the exchange before has ended, whichever way. */
  turn: Promise<unknown>;
}

/** Nobody keeps a connection open that long for nothing. */
const IDLE_MS = 60_000;

/**
 * Sends HL7 v2 over MLLP and reads the answer on the same connection: one for each peer, one message at a time, in order. A
 * kept connection that the peer has closed meanwhile is opened anew, and the same message, with its MSH-10, sent again.
 *
 * @see ITI TF-2: Appendix C.2
 */
export class MllpSender {
  readonly #options: MllpSenderOptions;
  readonly #lines = new Map<string, Line>();
  /** Connections that have been kept once: they are listened to until they close. */
  readonly #watched = new WeakSet<Socket>();

  constructor(options: MllpSenderOptions) {
    this.#options = options;
  }

  /**
   * Sends one request and reads its answer.
   * @throws PeerFailure, with its class; `onMessage` has heard the control id before anything was sent
   */
  async send<Request, Response>(
    transaction: MllpTransaction<Request, Response>,
    request: Request,
    to: { endpoint: Endpoint; deadlineMs?: number; onMessage?: (message: Unanswered) => void },
  ): Promise<Sent<Response>> {
    const { endpoint } = to;
    const context = this.#contextFor(endpoint);
    const text = transaction.request.encode(request, context);
    const { controlId: messageId } = headerIn(parseV2(text));
    to.onMessage?.({ messageId, requestText: text });
    const { octets, lost } = encodeText(text, context.sets ?? UTF_8);
    if (lost.length > 0) this.#options.notCarried?.(lost.length, transaction.id);
    const deadlineMs = to.deadlineMs ?? this.#options.deadlineMs;
    const answer = await this.#inTurn(endpoint, (line) =>
      this.#exchange(line, { endpoint, octets: frameMllp(octets), deadlineMs }),
    );
    const response = this.#read(answer, { transaction, messageId, context, peer: endpoint.peer });
    return { response, messageId, requestText: text, release: async () => undefined };
  }

  close(): void {
    for (const { socket } of this.#lines.values()) socket?.destroy();
    this.#lines.clear();
  }

  /** New keys or anchors: connections are opened anew, those in use when their exchange has ended. */
  reload(): void {
    for (const [key, line] of this.#lines) {
      this.#lines.delete(key);
      void line.turn.finally(() => line.socket?.destroy());
    }
  }

  #contextFor({ v2 }: Endpoint): V2Context {
    const { now, uuid, device, sender, authorities, fed = [] } = this.#options;
    return {
      now,
      uuid,
      device,
      authorities: { known: authorities, fed },
      parties: { sender, receiver: v2?.receiver ?? { application: '', facility: '' } },
      sets: v2?.charset === ISO_IR87.declared ? ISO_IR87 : UTF_8,
    };
  }

  async #inTurn<Result>(
    endpoint: Endpoint,
    work: (line: Line) => Promise<Result>,
  ): Promise<Result> {
    const key = `${endpoint.peer} ${endpoint.url}`;
    const line = this.#lines.get(key) ?? { socket: undefined, turn: Promise.resolve() };
    this.#lines.set(key, line);
    const result = line.turn.then(() => work(line));
    line.turn = result.catch(() => undefined);
    return await result;
  }

  async #exchange(
    line: Line,
    sending: { endpoint: Endpoint; octets: Uint8Array; deadlineMs: number },
  ): Promise<Uint8Array> {
    const { endpoint, octets, deadlineMs } = sending;
    const { peer } = endpoint;
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), deadlineMs);
    const wrote = { any: false };
    try {
      const kept = line.socket;
      line.socket = undefined;
      if (kept && !kept.destroyed && kept.writable) {
        try {
          return await this.#over(kept, line, { octets, signal: abort.signal, wrote });
        } catch (error) {
          // Closed since it was last used, or on reading: the same message goes over a new connection.
          if (!(error instanceof ClosedWithoutAnswer)) throw error;
        }
      }
      const socket = await this.#connect(endpoint, abort.signal);
      return await this.#over(socket, line, { octets, signal: abort.signal, wrote });
    } catch (error) {
      if (abort.signal.aborted) throw failureOfDeadline(deadlineMs, peer);
      throw failureOf(error, { peer, wrote: wrote.any });
    } finally {
      clearTimeout(timer);
    }
  }

  async #connect({ url, tls, peer }: Endpoint, signal: AbortSignal): Promise<Socket> {
    const { protocol, hostname, port } = new URL(url);
    const host = hostname.replace(/^\[|\]$/g, '');
    const isPlain = protocol === 'mllp:';
    if (isPlain && host !== '127.0.0.1' && host !== '::1') {
      throw failureOfAnswer('MLLP without TLS is for the loopback', peer);
    }
    if (!isPlain && protocol !== 'mllps:') throw failureOfAnswer(`${protocol} is not MLLP`, peer);
    const socket = isPlain
      ? connect({ host, port: Number(port) })
      : connectTls({
          ...tls,
          host,
          port: Number(port),
          ...(isIp(host) ? {} : { servername: host }),
        });
    const destroy = () => socket.destroy();
    signal.addEventListener('abort', destroy, { once: true });
    try {
      await once(socket, isPlain ? 'connect' : 'secureConnect', { signal });
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      signal.removeEventListener('abort', destroy);
    }
    socket.setNoDelay(true);
    return socket;
  }

  /** One message and its answer over one connection, which is kept when all went well. */
  async #over(
    socket: Socket,
    line: Line,
    { octets, signal, wrote }: { octets: Uint8Array; signal: AbortSignal; wrote: { any: boolean } },
  ): Promise<Uint8Array> {
    const reader = new MllpReader(this.#options.messageBytes);
    socket.removeAllListeners('timeout');
    socket.setTimeout(0);
    const answer = await new Promise<Uint8Array>((resolve, reject) => {
      const end = (outcome: () => void) => {
        socket.off('data', onData);
        socket.off('error', onError);
        socket.off('close', onClose);
        socket.off('end', onClose);
        signal.removeEventListener('abort', onAbort);
        outcome();
      };
      const fail = (error: unknown) => {
        socket.on('error', () => undefined);
        socket.destroy();
        end(() => reject(error));
      };
      const onData = (chunk: Uint8Array) => {
        const found = reader.read(chunk).find(({ kind }) => kind !== 'noise');
        if (found?.kind === 'frame') end(() => resolve(found.octets));
        else if (found) fail(new Error('the answer is too large'));
      };
      const onError = (error: Error & { code?: string }) =>
        fail(
          ['ECONNRESET', 'EPIPE'].includes(error.code ?? '') ? new ClosedWithoutAnswer() : error,
        );
      const onClose = () => fail(new ClosedWithoutAnswer());
      const onAbort = () => fail(new Error('aborted'));
      socket.on('data', onData);
      socket.on('error', onError);
      socket.on('close', onClose);
      socket.on('end', onClose);
      signal.addEventListener('abort', onAbort, { once: true });
      wrote.any = true;
      socket.write(octets);
      if (signal.aborted) onAbort();
    });
    this.#keep(socket, line);
    return answer;
  }

  #keep(socket: Socket, line: Line): void {
    line.socket = socket;
    const forget = () => {
      if (line.socket === socket) line.socket = undefined;
      socket.destroy();
    };
    socket.setTimeout(IDLE_MS, forget);
    if (this.#watched.has(socket)) return;
    this.#watched.add(socket);
    socket.on('error', forget);
    socket.once('end', forget);
    socket.unref();
    socket.once('close', () => socket.removeAllListeners());
  }

  #read<Request, Response>(
    octets: Uint8Array,
    {
      transaction,
      messageId,
      context,
      peer,
    }: {
      transaction: MllpTransaction<Request, Response>;
      messageId: string;
      context: V2Context;
      peer: string;
    },
  ): Response {
    let message: V2Message;
    try {
      message = readV2(octets);
      const answered = answeredControlId(message);
      if (answered !== undefined && answered !== messageId) {
        throw failureOfAnswer('answered another message than the one that was sent', peer);
      }
      return transaction.response.decode(message, context);
    } catch (error) {
      throw unreadable(error, peer);
    }
  }
}

class ClosedWithoutAnswer extends Error {
  constructor() {
    super('the connection was closed before the answer came');
  }
}

function unreadable(error: unknown, peer: string): PeerFailure {
  if (!(error instanceof Refusal)) return failureOf(error, { peer, wrote: true });
  return failureOfAnswer(`the answer cannot be read: ${error.code}`, peer, error);
}

function isIp(host: string): boolean {
  return /^[\d.]+$/.test(host) || host.includes(':');
}
