import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import type { Transaction } from '../profiles/transaction.ts';
import { SoapSender } from './outbound/soap-sender.ts';

/** A system of a community that asks: a command of the operator, a hospital system, a test. */
export interface Client {
  /**
   * Sends one request to an endpoint and reads its answer. Documents of the answer lie in the client's own spool until it
   * is closed.
   * @throws PeerFailure when there is no usable answer
   */
  ask<Request, Response>(
    transaction: Transaction<Request, Response>,
    url: string,
    request: Request,
  ): Promise<Response>;
  /** Closes the connections and removes the spool. */
  close(): Promise<void>;
}

export interface ClientOptions {
  /** Our certificate and key, and the anchors that the other end must descend from. */
  readonly tls: ConnectionOptions;
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 120_000;
const MIB = 1_048_576;

/** Opens a client. It records no audit: what a command does is recorded by the process that it asks. */
export async function openClient({
  tls,
  deadlineMs = DEADLINE_MS,
}: ClientOptions): Promise<Client> {
  const spoolDirectory = await mkdtemp(join(tmpdir(), 'kakehashi-client-'));
  const sender = new SoapSender({
    now: () => new Date(),
    uuid: randomUUID,
    spoolDirectory,
    deadlineMs,
    limits: {
      envelopeBytes: 64 * MIB,
      bytesBeforeEnvelope: MIB,
      documentBytes: 1_048_576 * MIB,
      documentsPerMessage: 1_000,
    },
  });
  return {
    async ask(transaction, url, request) {
      const sent = await sender.send(transaction, request, {
        endpoint: { url, peer: new URL(url).host, tls },
      });
      return sent.response;
    },
    async close() {
      sender.close();
      await rm(spoolDirectory, { recursive: true, force: true });
    },
  };
}
