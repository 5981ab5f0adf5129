import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { mtomContentType, writeMtom } from '../../profiles/formats/mtom.ts';
import { type OpenedEnvelope, readEnvelope, writeEnvelope } from '../../profiles/formats/soap.ts';
import type { Body, Transaction } from '../../profiles/transaction.ts';
import { readMessage, schemaErrors } from './messages.ts';

/** An answer as octets, for a far end that says what no codec would. */
export interface FarAnswer {
  readonly status?: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

/** A request that reached the far end. */
export interface FarRequest {
  readonly transaction: string;
  readonly action: string;
  readonly path: string;
  readonly opened: OpenedEnvelope;
  /** What the published schemas find wrong with it. */
  readonly schemaErrors: readonly string[];
}

type Reply = (opened: OpenedEnvelope) => Promise<FarAnswer>;

/** A gateway of another community that a test makes by hand: it may lie, fail, and be late. */
export class FarEnd {
  readonly requests: FarRequest[] = [];
  readonly #server: Server;
  readonly #replies = new Map<string, { transaction: string; reply: Reply }>();

  private constructor({ cert, key, ca }: ConnectionOptions) {
    this.#server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: true });
    this.#server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#serve(request, response).catch((error: unknown) => {
        response.writeHead(599, { 'Content-Type': 'text/plain' });
        response.end(String(error));
      });
    });
  }

  static async start(tls: ConnectionOptions, port: number): Promise<FarEnd> {
    const farEnd = new FarEnd(tls);
    farEnd.#server.listen(port, '127.0.0.1');
    await once(farEnd.#server, 'listening');
    return farEnd;
  }

  /** Answers a transaction in its own form. The function may wait. */
  answers<Request, Response>(
    transaction: Transaction<Request, Response>,
    respond: (request: NoInfer<Request>) => NoInfer<Response> | Promise<NoInfer<Response>>,
  ): this {
    return this.says(transaction, async (opened) => {
      const request = transaction.request.decode(opened, {
        named: () => {
          throw new Error('a far end takes no documents');
        },
      });
      const body = transaction.response.encode(await respond(request), opened, {
        now: () => new Date(),
        uuid: () => randomUUID(),
      });
      return await framed(transaction, body, opened);
    });
  }

  /** Answers a transaction with these octets. */
  says<Request, Response>(transaction: Transaction<Request, Response>, reply: Reply): this {
    for (const { action } of transaction.wire.messages) {
      this.#replies.set(action, { transaction: transaction.id, reply });
    }
    return this;
  }

  /** The requests of one transaction. */
  of(transaction: string): FarRequest[] {
    return this.requests.filter((request) => request.transaction === transaction);
  }

  forget(): void {
    this.requests.length = 0;
    this.#replies.clear();
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
    const message = await readMessage({ headers: request.headers, body: Buffer.concat(chunks) });
    const opened = readEnvelope(message.root, { asynchronous: true, understood: () => true });
    const known = this.#replies.get(opened.action);
    this.requests.push({
      transaction: known?.transaction ?? 'unknown',
      action: opened.action,
      path: request.url ?? '',
      opened,
      schemaErrors: schemaErrors(message.envelope),
    });
    if (!known) throw new Error(`no reply to ${opened.action}`);
    const { status = 200, contentType, body } = await known.reply(opened);
    response.writeHead(status, {
      'Content-Type': contentType,
      'Content-Length': Buffer.byteLength(body),
    });
    response.end(body);
  }
}

/** A sound answer, framed. */
async function framed<Request, Response>(
  transaction: Transaction<Request, Response>,
  body: Body,
  opened: OpenedEnvelope,
): Promise<FarAnswer> {
  const message = transaction.wire.messages.find(({ action }) => action === opened.action);
  const envelope = writeEnvelope({
    action: body.action ?? message?.replyAction ?? '',
    relatesTo: opened.messageId,
    headers: body.headers,
    body: body.xml,
  });
  if (transaction.wire.mtom === 'never') {
    return { contentType: 'application/soap+xml; charset=UTF-8', body: envelope };
  }
  const boundary = `far-${randomUUID()}`;
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeMtom(envelope, body.attachments ?? [], boundary)) {
    chunks.push(chunk);
  }
  return { contentType: mtomContentType({ boundary }), body: Buffer.concat(chunks) };
}
