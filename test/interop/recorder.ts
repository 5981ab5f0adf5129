import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer, request as httpsRequest, type Server } from 'node:https';
import { join } from 'node:path';
import type { ConnectionOptions, TlsOptions } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { type AnyTransaction, CATALOGUE } from '../../profiles/catalogue.ts';
import { bytesContent } from '../../profiles/formats/mtom.ts';
import { openedAnswer, type ReadMessage, readMessage } from '../support/messages.ts';
import { readEnvelope } from '../../profiles/formats/soap.ts';
import type { InteropCase } from './interop-case.ts';

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
  /** The URL's origin behind the tap. */
  readonly target: string;
  readonly message: Recording['message'];
}

/** Stands in the wire between both parties, mutual TLS on both sides, and keeps what the peer wrote. */
export class Tap {
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async start(
    options: TapOptions,
    heard: (contentType: string, body: Buffer) => void,
  ): Promise<Tap> {
    const { server: tls, client, target, message } = options;
    const server = createServer({ ...tls, requestCert: true }, (incoming, outgoing) => {
      const isPeer = /^Apache-CXF/.test(incoming.headers['user-agent'] ?? '');
      if (message === 'request' && isPeer) listen(incoming, heard);
      const headers = { ...incoming.headers, host: new URL(target).host };
      const { method, url } = incoming;
      const onward = httpsRequest(`${target}${url}`, { ...client, method, headers }, (answer) => {
        if (message === 'response') listen(answer, heard);
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

function listen(message: IncomingMessage, heard: (contentType: string, body: Buffer) => void) {
  const chunks: Buffer[] = [];
  message.on('data', (chunk: Buffer) => chunks.push(chunk));
  message.on('end', () => heard(message.headers['content-type'] ?? '', Buffer.concat(chunks)));
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

/** Decodes a message as our server or our client does. @throws Refusal, Refusals or Fault */
export async function readingOf(
  { contentType, body, message }: Pick<Recording, 'contentType' | 'body' | 'message'>,
  transaction: AnyTransaction,
): Promise<Reading> {
  const read = await readMessage({ headers: { 'content-type': contentType }, body });
  const opened =
    message === 'request'
      ? readEnvelope(read.root, { answer: false, understood: () => true })
      : openedAnswer(read);
  const parts = {
    named: (contentId: string) => bytesContent(read.parts.get(contentId) ?? Buffer.alloc(0)),
  };
  const decoded: unknown = transaction[message].decode(opened, parts);
  const octets = [...read.parts.values()].map((part) => part.length);
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
function outcomeOf(decoded: unknown): string {
  return Object.entries(decoded as Record<string, unknown>)
    .flatMap(([name, value]) => {
      if (Array.isArray(value)) return [`${name}: ${value.length}`];
      return typeof value === 'string' && !/^urn:|\d/.test(value) ? [`${name}: ${value}`] : [];
    })
    .sort()
    .join(', ');
}

const nameOf = ({ transaction, message, name }: Recording) =>
  `ipf-${transaction}-${message}-${name}`.toLowerCase();

/** Writes the recordings in place of those before, the first of each cell; returns how many. */
export async function writeRecordings(recordings: readonly Recording[]): Promise<number> {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const readings: Record<string, Reading> = {};
  for (const recording of recordings) {
    const { contentType, body, transaction: id, message } = recording;
    const name = nameOf(recording);
    if (name in readings || body.length > MOST_BYTES) continue;
    const read = await readMessage({ headers: { 'content-type': contentType }, body });
    const transaction = transactionOf(read, message);
    if (transaction?.id !== id) continue;
    readings[name] = await readingOf(recording, transaction);
    const header = JSON.stringify({ target: `${id} ${message}`, contentType });
    writeFileSync(join(FOLDER, `${name}.bin`), Buffer.concat([Buffer.from(`${header}\n`), body]));
  }
  writeFileSync(READINGS, `${JSON.stringify(readings, undefined, 2)}\n`);
  return Object.keys(readings).length;
}

/** A message of a former run, and what it was read as. */
export interface KeptRecording extends Pick<Recording, 'contentType' | 'body' | 'message'> {
  readonly name: string;
  readonly transaction: AnyTransaction;
  readonly expected: Reading | undefined;
}

/** The messages of the last recorded run. @throws Error when a file is not laid out as one */
export function keptRecordings(): readonly KeptRecording[] {
  if (!existsSync(FOLDER)) return [];
  const readings = JSON.parse(readFileSync(READINGS, 'utf8')) as Record<string, Reading>;
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.bin'))
    .sort()
    .map((file) => {
      const octets = readFileSync(join(FOLDER, file));
      const end = octets.indexOf('\n');
      const header = JSON.parse(octets.toString('utf8', 0, end)) as Record<string, string>;
      const [id, message] = (header.target ?? '').split(' ');
      const transaction = CATALOGUE.find((one) => one.id === id);
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
