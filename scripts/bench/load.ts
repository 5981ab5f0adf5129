import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { ChunkedBody } from './chunked.ts';

/** What is asked, over and over. */
export interface Load {
  readonly url: string;
  readonly tls: ConnectionOptions;
  readonly connections: number;
  readonly durationMs: number;
  /** Content-Type and body of the n-th request; undefined ends the load before its time. */
  readonly request: (
    n: number,
  ) => { readonly contentType: string; readonly body: Uint8Array } | undefined;
  /** Looks at the status and octets of the answer to the n-th request; throws when it is not what was asked for. */
  readonly check?: (status: number, body: Buffer, n: number) => void;
  /** Look at one answer in so many; looking costs the client time. */
  readonly checkOneIn?: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly bytesReceived: number;
  readonly medianMs: number;
  readonly protocol: string;
  readonly cipher: string;
}

/**
 * A closed loop of requests over kept-alive TLS sockets, one request under way on each. It reads no more of HTTP than status
 * and length, so that it costs little beside what it measures; floor and system are asked by the same code.
 */
export async function runLoad(load: Load): Promise<LoadResult> {
  const { hostname, port, pathname } = new URL(load.url);
  const sockets = await Promise.all(
    Array.from({ length: load.connections }, () => open(hostname, Number(port), load.tls)),
  );
  const first = sockets[0];
  if (!first) throw new Error('a load needs a connection');
  const protocol = first.getProtocol() ?? '';
  const cipher = first.getCipher().name;
  const end = performance.now() + load.durationMs;
  const startedAt = performance.now();
  const latencies: number[] = [];
  let asked = 0;
  let bytesReceived = 0;
  await Promise.all(
    sockets.map(async (socket) => {
      const exchange = exchangeOn(socket);
      while (performance.now() < end) {
        const n = asked++;
        const next = load.request(n);
        if (!next) break;
        const { contentType, body } = next;
        const head = `POST ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: ${contentType}\r\nContent-Length: ${body.length}\r\n\r\n`;
        const looks = load.check !== undefined && n % (load.checkOneIn ?? 1) === 0;
        const before = performance.now();
        const answer = await exchange(head, body, looks);
        latencies.push(performance.now() - before);
        bytesReceived += answer.length;
        if (looks) load.check?.(answer.status, answer.body ?? Buffer.alloc(0), n);
        else if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
      }
      socket.destroy();
    }),
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  latencies.sort((one, other) => one - other);
  return {
    requests: latencies.length,
    perSecond: latencies.length / seconds,
    bytesReceived,
    medianMs: latencies[Math.floor(latencies.length / 2)] ?? 0,
    protocol,
    cipher,
  };
}

interface Answer {
  readonly status: number;
  readonly length: number;
  readonly body?: Buffer;
}

async function open(host: string, port: number, tls: ConnectionOptions): Promise<TLSSocket> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ ...tls, host, port }, () => resolve(socket));
    socket.setNoDelay(true);
    socket.once('error', reject);
  });
}

function exchangeOn(
  socket: TLSSocket,
): (head: string, body: Uint8Array, keep: boolean) => Promise<Answer> {
  let onData: ((chunk: Buffer) => void) | undefined;
  let onLost: ((error: Error) => void) | undefined;
  socket.on('data', (chunk: Buffer) => onData?.(chunk));
  socket.on('error', (error) => onLost?.(error));
  socket.on('close', () => onLost?.(new Error('the server closed the connection')));
  return (head, body, keep) =>
    new Promise((resolve, reject) => {
      let header: Buffer = Buffer.alloc(0);
      let status = 0;
      let incoming: Body | undefined;
      onLost = reject;
      onData = (chunk) => {
        try {
          let rest = chunk;
          if (incoming === undefined) {
            header = header.length === 0 ? chunk : Buffer.concat([header, chunk]);
            const at = header.indexOf('\r\n\r\n');
            if (at < 0) return;
            const text = header.toString('latin1', 0, at);
            status = Number(text.slice(9, 12));
            incoming = new Body(text, keep);
            rest = header.subarray(at + 4);
          }
          if (!incoming.take(rest)) return;
          resolve({ status, length: incoming.length, body: incoming.octets() });
        } catch (error) {
          reject(error);
        }
      };
      socket.cork();
      socket.write(head, 'latin1');
      socket.write(body);
      socket.uncork();
    });
}

/** The body of one answer: counted and, where it is to be looked at, kept. */
class Body {
  length = 0;
  readonly #kept: Buffer[] | undefined;
  readonly #chunked: ChunkedBody | undefined;
  readonly #announced: number;

  constructor(head: string, keep: boolean) {
    this.#kept = keep ? [] : undefined;
    this.#announced = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN);
    if (/\r\ntransfer-encoding: *chunked/i.test(head)) this.#chunked = new ChunkedBody();
    else if (Number.isNaN(this.#announced)) throw new Error('an answer of no known length');
  }

  /** @returns whether it is whole */
  take(octets: Buffer): boolean {
    for (const piece of this.#chunked?.take(octets) ?? [octets]) {
      this.length += piece.length;
      this.#kept?.push(piece);
    }
    return this.#chunked?.isWhole ?? this.length >= this.#announced;
  }

  octets(): Buffer | undefined {
    return this.#kept && Buffer.concat(this.#kept);
  }
}

/** Reads everything that a TLS server sends until it closes, and counts; one connection. */
export async function countStream(
  url: string,
  tls: ConnectionOptions,
  request?: { readonly contentType: string; readonly body: Uint8Array },
): Promise<{ readonly bytes: number; readonly seconds: number }> {
  const { hostname, port, pathname } = new URL(url);
  const socket = await open(hostname, Number(port), tls);
  const startedAt = performance.now();
  let bytes = 0;
  if (request) {
    socket.write(
      `POST ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: close\r\nContent-Type: ${request.contentType}\r\nContent-Length: ${request.body.length}\r\n\r\n`,
    );
    socket.write(request.body);
  }
  await new Promise<void>((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    socket.once('end', resolve);
    socket.once('close', () => resolve());
    socket.once('error', reject);
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  socket.destroy();
  return { bytes, seconds };
}
