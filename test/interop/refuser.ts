import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { frameAnswer, frameFault, type Reply } from '../../gateway/inbound/frame.ts';
import { findTransaction } from '../../profiles/catalogue.ts';
import { ACKNOWLEDGEMENT_DETAIL_CODES } from '../../profiles/formats/hl7v3-codes.ts';
import {
  faultDuplicateMessageId,
  faultInvalidAddress,
  faultOfRelatesTo,
  faultOnlyAnonymous,
  faultOnlyNonAnonymous,
} from '../../profiles/formats/soap-addressing.ts';
import {
  faultActionMismatch,
  faultActionNotSupported,
  readEnvelope,
} from '../../profiles/formats/soap.ts';
import { Fault, Refusal } from '../../profiles/refusal.ts';
import { XDS_ERROR_CODES } from '../../profiles/xds/error-codes.ts';
import { PROOF } from '../support/proof-region.ts';
import { readMessage } from '../support/messages.ts';
import type { Companion, InteropWorld } from './world.ts';

/** What every refusal says beside its code. It names its location, as the context of some codes has to. */
export const REASON = `受け付けられません: ${PROOF.homeCommunityId} refused`;

/** Faults in every form that one of ours has: what they are, by a name for the path. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  sender: new Fault('Sender', REASON),
  receiver: new Fault('Receiver', REASON),
  'must-understand': new Fault('MustUnderstand', REASON),
  'version-mismatch': new Fault('VersionMismatch', REASON),
  'not-authorized': new Fault('Sender', REASON, {
    subcodes: [{ namespace: 'urn:kakehashi:fault', prefix: 'kkh', name: 'NotAuthorized' }],
  }),
  'action-not-supported': faultActionNotSupported('urn:example:nothing'),
  'action-mismatch': faultActionMismatch('urn:example:nothing', REASON),
  'only-anonymous': faultOnlyAnonymous('ReplyTo'),
  'only-non-anonymous': faultOnlyNonAnonymous('FaultTo'),
  'invalid-address': faultInvalidAddress('ReplyTo'),
  'duplicate-message-id': faultDuplicateMessageId(),
  'relates-to': faultOfRelatesTo(REASON),
};

/** The code of a fault and its subcodes, from the outside in. */
export function namesOf({ fault, subcodes }: Fault): readonly string[] {
  return [fault, ...subcodes.map(({ name }) => name)];
}

/** The codes of a RegistryErrorList with which a transaction may be refused. */
export function registryCodesOf(transaction: string): readonly string[] {
  return Object.entries(XDS_ERROR_CODES)
    .filter(([, row]) => row.severity === 'Error')
    .filter(([, row]) => (row.in as readonly string[]).includes(transaction))
    .map(([code]) => code);
}

/** The codes of an acknowledgementDetail. */
export const DETAIL_CODES: readonly string[] = Object.keys(ACKNOWLEDGEMENT_DETAIL_CODES);

/**
 * A listener that refuses whatever comes, in our own words: the encoders and the framing are the gateway's, and the path says
 * with which code. So that every code is read by a stranger, also those that need a full disk or another community.
 */
export class Refuser implements Companion {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(world: InteropWorld): Promise<Refuser> {
    const tls = await certificatesOf(world);
    const server = createServer({ ...tls, requestCert: true }, (request, response) => {
      refuse(request, response).catch((error: unknown) => {
        response.writeHead(599, { 'Content-Type': 'text/plain' });
        response.end(String(error));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Refuser(server);
  }

  /** Where a transaction is refused with a code, or with a fault of `FAULTS`. */
  url(transaction: string, code: string): string {
    const { port } = this.#server.address() as AddressInfo;
    return `https://127.0.0.1:${port}/${transaction}/${code}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** The certificate and key of our own region. */
export async function certificatesOf({ region }: Pick<InteropWorld, 'region'>) {
  const read = (file: string) => readFile(join(region.folder, 'certificates', file), 'utf8');
  return { cert: await read('own.pem'), key: await read('own.key'), ca: await read('anchors.pem') };
}

/** What the cells of every peer share. */
export function startRefuser(world: InteropWorld): Promise<Refuser> {
  return Refuser.start(world);
}

async function refuse(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { status, contentType, body } = await refusalOf(request, Buffer.concat(chunks));
  response.writeHead(status, { 'Content-Type': contentType });
  if (body instanceof Uint8Array) response.end(body);
  else {
    for await (const chunk of body) response.write(chunk);
    response.end();
  }
}

async function refusalOf({ url = '', headers }: IncomingMessage, body: Buffer): Promise<Reply> {
  const [, id = '', code = ''] = url.split('/');
  const transaction = findTransaction(id);
  if (!transaction) throw new Error(`no such transaction: ${id}`);
  const { root, mtom } = await readMessage({ headers, body });
  const opened = readEnvelope(root, { asynchronous: true, understood: () => true });
  const common = { mtom, relatesTo: opened.messageId, uuid: randomUUID };
  const fault = FAULTS[code];
  if (fault) return frameFault(fault, common);
  const message = transaction.wire.messages.find(({ action }) => action === opened.action);
  const refusal = new Refusal(code, REASON, { location: PROOF.homeCommunityId });
  const issue = { now: () => new Date(), uuid: () => randomUUID() };
  const said = transaction.refusal([refusal], opened, issue);
  return frameAnswer(said, { ...common, action: message?.replyAction ?? '' });
}
