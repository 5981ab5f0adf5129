import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { type Spoken, speaksMllp, speaksSoap } from '../profiles/transaction.ts';
import type { NamedAuthority } from '../profiles/formats/hl7v2-authorities.ts';
import { MllpSender } from './outbound/mllp-sender.ts';
import { SoapSender } from './outbound/soap-sender.ts';

/** A system of a community that asks: a command of the operator, a hospital system, a test. */
export interface Client {
  /**
   * Sends one request to an endpoint and reads its answer. Documents of the answer lie in the client's own spool until it
   * is closed.
   * @throws PeerFailure when there is no usable answer
   */
  ask<Request, Response>(
    transaction: Spoken<Request, Response>,
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
  /** How it speaks HL7 v2: its OID, MSH-3 and MSH-4, the authorities by name, and those that it feeds. */
  readonly v2?: {
    readonly device: string;
    readonly sender: { readonly application: string; readonly facility: string };
    readonly authorities?: readonly NamedAuthority[];
    readonly fed?: readonly string[];
  };
}

/** A UUID as an OID: names nothing. */
const UNNAMED_DEVICE = '2.25.0';
const DEADLINE_MS = 120_000;
const MIB = 1_048_576;

/** Opens a client. It records no audit: what a command does is recorded by the process that it asks. */
export async function openClient({
  tls,
  deadlineMs = DEADLINE_MS,
  v2,
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
  const mllpSender = new MllpSender({
    now: () => new Date(),
    uuid: randomUUID,
    device: v2?.device ?? UNNAMED_DEVICE,
    sender: v2?.sender ?? { application: '', facility: '' },
    authorities: v2?.authorities ?? [],
    fed: v2?.fed ?? [],
    messageBytes: 64 * MIB,
    deadlineMs,
  });
  return {
    async ask(transaction, url, request) {
      const to = { endpoint: { url, peer: new URL(url).host, tls } };
      if (speaksMllp(transaction)) {
        return (await mllpSender.send(transaction, request, to)).response;
      }
      if (!speaksSoap(transaction)) throw new Error(`${transaction.id} has no wire`);
      return (await sender.send(transaction, request, to)).response;
    },
    async close() {
      sender.close();
      mllpSender.close();
      await rm(spoolDirectory, { recursive: true, force: true });
    },
  };
}
