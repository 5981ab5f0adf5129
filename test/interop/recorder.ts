import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer, request as httpsRequest, type Server } from 'node:https';
import { join } from 'node:path';
import type { ConnectionOptions, TLSSocket, TlsOptions } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { type AnyTransaction, CATALOGUE, MLLP_CATALOGUE } from '../../profiles/catalogue.ts';
import { headerIn } from '../../profiles/formats/hl7v2-reply.ts';
import { readV2 } from '../../profiles/formats/hl7v2.ts';
import { type MllpTransaction, speaksMllp } from '../../profiles/transaction.ts';
import { V2_CONTEXT } from '../support/hl7v2-samples.ts';
import { bytesContent } from '../../profiles/formats/mtom.ts';
import { openedAnswer, type ReadMessage, readMessage } from '../support/messages.ts';
import { readEnvelope } from '../../profiles/formats/soap.ts';
import { type InteropCase, IPF_V2_PEER } from './interop-case.ts';
import { peerOf } from './peers.ts';

/** A cell of the matrix, without what it runs. */
export type Cell = Omit<InteropCase, 'run'>;

/** One message that the peer wrote, as it came over the wire. */
export interface Recording extends Cell {
  /** The peer's requests come inward, its answers are to what went outward. */
  readonly message: 'request' | 'response';
  readonly contentType: string;
  readonly body: Buffer;
}

/** What our decoder makes of a message that the peer wrote. */
export interface Reading {
  /** How it ends and how much is in it, for whoever looks into a difference. */
  readonly outcome: string;
  /** SHA-256 of all that was decoded. */
  readonly digest: string;
}

const FOLDER = fileURLToPath(new URL('../messages/interop', import.meta.url));
const READINGS = join(FOLDER, 'readings.json');
/** Recordings are small: what is larger is not kept. */
const MOST_BYTES = 131_072;

/** The media type that stands for HL7 v2 in a recording. */
export const HL7_V2 = 'x-application/hl7-v2+er7';

/** Who a tap is to the one who calls, and who it is to the one behind. */
export interface TapOptions {
  readonly server: Pick<TlsOptions, 'cert' | 'key' | 'ca'>;
  readonly client: ConnectionOptions;
  /** Who it is for whoever shows the same certificate; `client` for everybody else. */
  readonly same?: { readonly cert: string } & ConnectionOptions;
  /** The URL's origin behind the tap. */
  readonly target: string;
  readonly message: Recording['message'];
}

/** Hears a message of the peer. */
export type Hearing = (heard: Pick<Recording, 'message' | 'contentType' | 'body'>) => void;

/** Where answers come as messages of their own: what the peer posts there is no request. */
const CALLBACK = /\/replies$/;

/** Stands in the wire between both parties, mutual TLS on both sides, and keeps what the peer wrote. */
export class Tap {
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async start(options: TapOptions, heard: Hearing): Promise<Tap> {
    const { server: tls, target, message } = options;
    const server = createServer({ ...tls, requestCert: true }, (incoming, outgoing) => {
      const isPeer = /^(?:Apache-CXF|Zeep|node-soap)/.test(incoming.headers['user-agent'] ?? '');
      const { method, url = '' } = incoming;
      if (message === 'request' && isPeer && method === 'POST') {
        listen(incoming, CALLBACK.test(url) ? 'response' : 'request', heard);
      }
      const headers = { ...incoming.headers, host: new URL(target).host };
      const client = isSame(incoming, options.same) ? options.same : options.client;
      const onward = httpsRequest(`${target}${url}`, { ...client, method, headers }, (answer) => {
        if (message === 'response') listen(answer, 'response', heard);
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on('error', () => outgoing.destroy());
      incoming.pipe(onward);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    return new Tap(server, `https://127.0.0.1:${port}`);
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function isSame({ socket }: IncomingMessage, same: TapOptions['same']): boolean {
  if (!same) return false;
  const shown = (socket as TLSSocket).getPeerX509Certificate()?.fingerprint256;
  return shown === new X509Certificate(same.cert).fingerprint256;
}

function listen(source: IncomingMessage, message: Recording['message'], heard: Hearing) {
  const chunks: Buffer[] = [];
  source.on('data', (chunk: Buffer) => chunks.push(chunk));
  // An empty 202 is no message.
  source.on('end', () => {
    const contentType = source.headers['content-type'] ?? '';
    if (chunks.length > 0) heard({ message, contentType, body: Buffer.concat(chunks) });
  });
}

/** The transaction of a message by its action; undefined for a fault. */
export function transactionOf(
  message: ReadMessage,
  kind: Recording['message'],
): AnyTransaction | undefined {
  // ITI-46 has the action of ITI-44; it is not recorded.
  return CATALOGUE.filter(({ id }) => id !== 'ITI-46').find(({ wire }) =>
    wire.messages.some(({ action, replyAction }) =>
      message.envelope.includes(`>${kind === 'request' ? action : replyAction}<`),
    ),
  );
}

/** A transaction of either wire. */
export type RecordedTransaction = AnyTransaction | MllpTransaction<unknown, unknown>;

/** The transaction of a cell, if this message is one of it: in a cell there are others that prepare it. */
async function recordedAs({
  transaction: id,
  contentType,
  body,
  message,
}: Recording): Promise<RecordedTransaction | undefined> {
  if (contentType !== HL7_V2) {
    const read = await readMessage({ headers: { 'content-type': contentType }, body });
    const found = transactionOf(read, message);
    return found?.id === id ? found : undefined;
  }
  const { type, trigger } = headerIn(readV2(body));
  return MLLP_CATALOGUE.find(
    (one) => one.id === id && namesOf(one, message).has(`${type}^${trigger}`),
  );
}

function namesOf(
  { wire }: MllpTransaction<unknown, unknown>,
  message: Recording['message'],
): ReadonlySet<string> {
  const events = wire.messages.map((one) => (message === 'request' ? one : one.reply));
  return new Set(events.map(({ type, trigger }) => `${type}^${trigger}`));
}

/** Decodes a message as our server or our client does. @throws Refusal, Refusals or Fault */
export async function readingOf(
  { contentType, body, message }: Pick<Recording, 'contentType' | 'body' | 'message'>,
  transaction: RecordedTransaction,
): Promise<Reading> {
  if (speaksMllp(transaction)) {
    return readingFrom(transaction[message].decode(readV2(body), V2_CONTEXT), []);
  }
  const read = await readMessage({ headers: { 'content-type': contentType }, body });
  const opened =
    message === 'request'
      ? readEnvelope(read.root, { answer: false, asynchronous: true, understood: () => true })
      : openedAnswer(read);
  const parts = {
    named: (contentId: string) => bytesContent(read.parts.get(contentId) ?? Buffer.alloc(0)),
  };
  const decoded: unknown = transaction[message].decode(opened, parts);
  return readingFrom(
    decoded,
    [...read.parts.values()].map((part) => part.length),
  );
}

function readingFrom(decoded: unknown, octets: readonly number[]): Reading {
  const text = JSON.stringify([decoded, octets], inOrder);
  return {
    outcome: outcomeOf(decoded),
    digest: createHash('sha256').update(text).digest('hex'),
  };
}

/** Octets as text, and the keys of an object in the order of the alphabet: a decoder may build it in any. */
function inOrder(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** The words and counts at the top of a decoded message. */
export function outcomeOf(decoded: unknown): string {
  return Object.entries(decoded as Record<string, unknown>)
    .flatMap(([name, value]) => {
      if (Array.isArray(value)) return [`${name}: ${value.length}`];
      return typeof value === 'string' && !/^urn:|\d/.test(value) ? [`${name}: ${value}`] : [];
    })
    .sort()
    .join(', ');
}

/** How the files of a peer begin: `node-soap-`; no such name begins another one. */
const prefixOf = (cell: Pick<Cell, 'peer'>) => {
  const peer = peerOf(cell);
  if (peer === IPF_V2_PEER) return 'mllp-ipf-';
  return `${peer
    .toLowerCase()
    .replace(/ [\d.]+$/, '')
    .replace(' ', '-')}-`;
};

const nameOf = (cell: Pick<Recording, 'peer' | 'transaction' | 'name'>, message: string) =>
  `${prefixOf(cell)}${cell.transaction}-${message}-${cell.name}`.toLowerCase();

/** The names that recordings of these cells may have. */
export function recordingNames(cells: readonly Pick<Cell, 'peer' | 'transaction' | 'name'>[]) {
  return new Set(
    cells.flatMap((cell) => ['request', 'response'].map((message) => nameOf(cell, message))),
  );
}

/** Writes the recordings in place of those that were there of the same cells, the first of each; returns how many. */
export async function writeRecordings(
  recordings: readonly Recording[],
  cells: readonly Cell[],
): Promise<number> {
  mkdirSync(FOLDER, { recursive: true });
  const ran = recordingNames(cells);
  const isAnew = (name: string) => ran.has(name.replace(/\.bin$/, ''));
  for (const file of readdirSync(FOLDER)) if (isAnew(file)) rmSync(join(FOLDER, file));
  const before = existsSync(READINGS) ? readingsKept() : {};
  const others = Object.entries(before).filter(([name]) => !isAnew(name));
  const readings: Record<string, Reading> = {};
  for (const recording of recordings) {
    const { contentType, body, transaction: id, message } = recording;
    const name = nameOf(recording, message);
    if (name in readings || body.length > MOST_BYTES) continue;
    const transaction = await recordedAs(recording);
    if (!transaction) continue;
    readings[name] = await readingOf(recording, transaction);
    const header = JSON.stringify({ target: `${id} ${message}`, contentType });
    writeFileSync(join(FOLDER, `${name}.bin`), Buffer.concat([Buffer.from(`${header}\n`), body]));
  }
  const all = Object.entries({ ...Object.fromEntries(others), ...readings }).sort(byName);
  writeFileSync(READINGS, `${JSON.stringify(Object.fromEntries(all), undefined, 2)}\n`);
  return Object.keys(readings).length;
}

const byName = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]) =>
  one < other ? -1 : 1;

function readingsKept(): Record<string, Reading> {
  return JSON.parse(readFileSync(READINGS, 'utf8')) as Record<string, Reading>;
}

/** A message of a former run, and what it was read as. */
export interface KeptRecording extends Pick<Recording, 'contentType' | 'body' | 'message'> {
  readonly name: string;
  readonly transaction: RecordedTransaction;
  readonly expected: Reading | undefined;
}

/** The messages of the last recorded run. @throws Error when a file is not laid out as one */
export function keptRecordings(): readonly KeptRecording[] {
  if (!existsSync(FOLDER)) return [];
  const readings = readingsKept();
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.bin'))
    .sort()
    .map((file) => {
      const octets = readFileSync(join(FOLDER, file));
      const end = octets.indexOf('\n');
      const header = JSON.parse(octets.toString('utf8', 0, end)) as Record<string, string>;
      const [id, message] = (header.target ?? '').split(' ');
      const transaction = [...CATALOGUE, ...MLLP_CATALOGUE].find((one) => one.id === id);
      if (!transaction || (message !== 'request' && message !== 'response')) {
        throw new Error(`${file} names no message of a transaction`);
      }
      const name = file.replace(/\.bin$/, '');
      return {
        ...{ name, transaction, message, contentType: header.contentType ?? '' },
        body: octets.subarray(end + 1),
        expected: readings[name],
      };
    });
}
