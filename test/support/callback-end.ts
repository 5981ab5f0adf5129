import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { parseYaml, writeYaml } from '../../gateway/config.ts';
import { type Opened, readEnvelope, readFault } from '../../profiles/formats/soap.ts';
import { bytesContent } from '../../profiles/formats/mtom.ts';
import type { Fault } from '../../profiles/refusal.ts';
import type { Transaction } from '../../profiles/transaction.ts';
import { type ReadMessage, readMessage, requireValid } from './messages.ts';
import type { World } from './world.ts';

/** An answer that came to a callback. */
export interface Arrived {
  readonly path: string;
  readonly message: ReadMessage;
  readonly opened: Opened;
  readonly fault: Fault | undefined;
}

/** Where a partner that a test plays takes the answers to its asynchronous requests. */
export class CallbackEnd {
  readonly arrived: Arrived[] = [];
  /** How many posts have come, taken or not. */
  posts = 0;
  /** What each post is answered with. */
  status = 202;
  readonly #server: Server;

  private constructor({ cert, key, ca }: ConnectionOptions) {
    this.#server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: true });
    this.#server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      // Whoever waits for the answer sees that it did not come.
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(tls: ConnectionOptions, port = 0): Promise<CallbackEnd> {
    const end = new CallbackEnd(tls);
    end.#server.listen(port, '127.0.0.1');
    await once(end.#server, 'listening');
    return end;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  url(path = '/replies'): string {
    return `https://127.0.0.1:${this.port}${path}`;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
    this.posts += 1;
    if (this.status === 202) {
      const message = await readMessage({ headers: request.headers, body: Buffer.concat(chunks) });
      requireValid(message.envelope);
      const opened = readEnvelope(message.root, { answer: true, understood: () => true });
      const fault = readFault(message.root);
      this.arrived.push({ path: request.url ?? '', message, opened, fault });
    }
    response.writeHead(this.status).end();
  }
}

/** The Response of an answer that arrived. */
export function responseIn<Request, Response>(
  transaction: Transaction<Request, Response>,
  { opened, message }: Arrived,
): Response {
  return transaction.response.decode(opened, {
    named: (contentId) => bytesContent(message.parts.get(contentId) ?? new Uint8Array()),
  });
}

/** Changes rows of a region's directory; a process that runs reads it again at once. */
export async function changeRows(
  world: World,
  region: string,
  change: (row: Record<string, unknown>) => Record<string, unknown>,
): Promise<void> {
  const path = join(world.folder(region), 'directory.yaml');
  const { entries } = parseYaml(await readFile(path, 'utf8'), path) as {
    entries: Record<string, unknown>[];
  };
  await writeFile(path, writeYaml({ entries: entries.map(change) }));
  if (world.runs(region)) await world.gateway(region).reload();
}
