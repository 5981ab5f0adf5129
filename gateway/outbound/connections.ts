import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { failureOf } from './failure.ts';

/** Where is posted, and who is expected there. */
export interface Destination {
  readonly url: string;
  /** For failures, and the pool. */
  readonly peer: string;
  readonly tls: ConnectionOptions;
}

/** What is posted. */
export interface Posted {
  readonly headers: Readonly<Record<string, string | number>>;
  /** Whole, or octets that are pulled as fast as the far end reads. */
  readonly content: Uint8Array | AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
  /** Hears of each chunk before it is written. */
  readonly progressed?: () => void;
}

/** Posts over mutual TLS, by one kept-alive pool a peer and host. */
export class Connections {
  readonly #mostSockets: number;
  readonly #agents = new Map<string, Agent>();

  /** @param mostSockets to one host of a peer at a time */
  constructor(mostSockets: number) {
    this.#mostSockets = mostSockets;
  }

  /**
   * Posts, and returns the answer's head as soon as it is there.
   * @throws PeerFailure
   */
  async post(
    endpoint: Destination,
    { headers, content, signal, progressed }: Posted,
  ): Promise<IncomingMessage> {
    const outgoing = httpsRequest(endpoint.url, {
      ...endpoint.tls,
      agent: this.#agentOf(endpoint),
      method: 'POST',
      signal,
      headers,
    });
    const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
    answered.catch(() => undefined);
    try {
      if (content instanceof Uint8Array) outgoing.end(content);
      else {
        for await (const chunk of content) {
          if (outgoing.destroyed) break;
          progressed?.();
          if (!outgoing.write(chunk)) await Promise.race([once(outgoing, 'drain'), answered]);
        }
        outgoing.end();
      }
      const [answer] = await answered;
      return answer;
    } catch (error) {
      outgoing.destroy();
      const { socket } = outgoing;
      const wrote = (socket?.bytesWritten ?? 0) > 0 && socket?.connecting === false;
      throw failureOf(error, { peer: endpoint.peer, wrote });
    }
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  /** New keys, anchors or directory: idle connections go, those in use end with their request. */
  reload(): void {
    for (const agent of this.#agents.values()) {
      // Those in use are not kept when their request ends.
      (agent as { keepAlive?: boolean }).keepAlive = false;
      for (const idle of Object.values(agent.freeSockets)) {
        for (const socket of idle ?? []) socket.destroy();
      }
    }
    this.#agents.clear();
  }

  #agentOf({ peer, url }: Destination): Agent {
    const key = `${peer} ${new URL(url).host}`;
    let agent = this.#agents.get(key);
    if (!agent) {
      agent = new Agent({ keepAlive: true, maxSockets: this.#mostSockets, maxCachedSessions: 0 });
      this.#agents.set(key, agent);
    }
    return agent;
  }
}
