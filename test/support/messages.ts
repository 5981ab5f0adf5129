import { randomUUID } from 'node:crypto';
import { MtomReader, mtomContentType, writeMtom } from '../../profiles/formats/mtom.ts';
import {
  type Opened,
  readEnvelope,
  readFault,
  writeEnvelope,
} from '../../profiles/formats/soap.ts';
import { childNamed, elementsOf, parseXml, type XmlElement } from '../../profiles/formats/xml.ts';
import type { Fault } from '../../profiles/refusal.ts';
import type { Transaction } from '../../profiles/transaction.ts';
import { v3SchemaErrors, v3SchemasPresent } from './hl7v3-schema.ts';
import { DOCUMENT_SHARING_XSD, schemasPresent, validateAgainst, withoutXop } from './schema.ts';

/** A request as it goes over the wire, ready to be bent. */
export interface WireMessage {
  readonly contentType: string;
  readonly body: Buffer;
  readonly messageId: string;
  /** The envelope alone. */
  readonly envelope: string;
}

/** What a test may say of a message beside its payload. */
export interface WireOptions {
  /** Default: the transaction's own. */
  readonly action?: string;
  readonly messageId?: string;
  readonly replyTo?: string;
  readonly headers?: string;
}

/** The whole message of a request, as our own sender would write it. */
export async function wireMessageOf<Request, Response>(
  transaction: Transaction<Request, Response>,
  request: Request,
  url: string,
  options: WireOptions = {},
): Promise<WireMessage> {
  const body = transaction.request.encode(request);
  const [first] = transaction.wire.messages;
  const action = options.action ?? body.action ?? first?.action ?? '';
  const messageId = options.messageId ?? `urn:uuid:${randomUUID()}`;
  const envelope = writeEnvelope({
    action,
    messageId,
    to: url,
    replyTo: options.replyTo,
    headers: `${body.headers ?? ''}${options.headers ?? ''}`,
    body: body.xml,
  });
  if (transaction.wire.mtom === 'never') return simpleSoap(envelope, { action, messageId });
  const boundary = `test-${randomUUID()}`;
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeMtom(envelope, body.attachments ?? [], boundary)) {
    chunks.push(chunk);
  }
  return {
    contentType: mtomContentType({ boundary, action }),
    body: Buffer.concat(chunks),
    messageId,
    envelope,
  };
}

/** An envelope as Simple SOAP. */
export function simpleSoap(
  envelope: string,
  { action, messageId = '' }: { action?: string; messageId?: string } = {},
): WireMessage {
  const parameter = action === undefined ? '' : `; action="${action}"`;
  return {
    contentType: `application/soap+xml; charset=UTF-8${parameter}`,
    body: Buffer.from(envelope, 'utf8'),
    messageId,
    envelope,
  };
}

/** One part of a hand-made MTOM message. */
export interface HandMadePart {
  readonly contentId: string;
  readonly content: string | Uint8Array;
}

/** An MTOM message that is put together by hand, so that it can be wrong. */
export function handMadeMtom(envelope: string, parts: readonly HandMadePart[]): WireMessage {
  const boundary = `hand-${randomUUID()}`;
  const chunks: (string | Uint8Array)[] = [
    `--${boundary}\r\nContent-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml"\r\n`,
    `Content-Transfer-Encoding: binary\r\nContent-ID: <root@test>\r\n\r\n${envelope}`,
  ];
  for (const { contentId, content } of parts) {
    chunks.push(
      `\r\n--${boundary}\r\nContent-Type: application/octet-stream\r\n`,
      `Content-Transfer-Encoding: binary\r\nContent-ID: <${contentId}>\r\n\r\n`,
      content,
    );
  }
  chunks.push(`\r\n--${boundary}--\r\n`);
  return {
    contentType: `multipart/related; boundary="${boundary}"; type="application/xop+xml"; start="<root@test>"; start-info="application/soap+xml"`,
    body: Buffer.concat(chunks.map((chunk) => Buffer.from(chunk))),
    messageId: '',
    envelope,
  };
}

/** An answer as octets. */
export interface RawMessage {
  readonly headers: { readonly 'content-type'?: string };
  readonly body: Uint8Array;
}

/** A message that was read: its envelope, and the parts beside it. */
export interface ReadMessage {
  readonly envelope: string;
  readonly root: XmlElement;
  readonly parts: ReadonlyMap<string, Buffer>;
  /** True where the message was MTOM. */
  readonly mtom: boolean;
}

/** Reads a message in either encoding. */
export async function readMessage({ headers, body }: RawMessage): Promise<ReadMessage> {
  const contentType = headers['content-type'] ?? '';
  const parts = new Map<string, Buffer>();
  if (!contentType.startsWith('multipart/related')) {
    const envelope = Buffer.from(body).toString('utf8');
    return { envelope, root: parseXml(envelope), parts, mtom: false };
  }
  const source = async function* () {
    yield body;
  };
  const reader = new MtomReader(source(), contentType);
  const envelope = Buffer.from((await reader.root()).bytes).toString('utf8');
  for await (const part of reader.parts()) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of part.body) chunks.push(chunk);
    parts.set(part.contentId, Buffer.concat(chunks));
  }
  return { envelope, root: parseXml(envelope), parts, mtom: true };
}

/** The fault of an answer. @throws Error when it has none */
export async function faultIn(raw: RawMessage): Promise<Fault> {
  const { root, envelope } = await readMessage(raw);
  const fault = readFault(root);
  if (!fault) throw new Error(`no fault: ${envelope.slice(0, 2_000)}`);
  requireValid(envelope);
  return fault;
}

/** The payload of an answer, opened. @throws Error when it is a fault */
export function openedAnswer({ root, envelope }: ReadMessage): Opened {
  const fault = readFault(root);
  if (fault) throw new Error(`fault ${fault.fault}: ${fault.context}\n${envelope.slice(0, 2_000)}`);
  return readEnvelope(root, { answer: true, understood: () => true });
}

/** The payload element of an envelope, as XML of its own. */
function payloadOf(envelope: string): { namespace: string; xml: string } {
  const body = childNamed(parseXml(envelope), 'http://www.w3.org/2003/05/soap-envelope', 'Body');
  const [payload] = body ? elementsOf(body) : [];
  const start = envelope.indexOf('Body>') + 'Body>'.length;
  return {
    namespace: payload?.namespace ?? '',
    xml: envelope.slice(start, envelope.lastIndexOf('</', envelope.lastIndexOf('Body>'))),
  };
}

/**
 * What the published schemas find wrong with an envelope and its payload; empty where they are not there.
 * The wildcards of the SOAP schema are lax: a payload of document sharing is judged with its envelope, one of HL7 V3 alone.
 */
export function schemaErrors(envelope: string): readonly string[] {
  const { namespace, xml } = payloadOf(envelope);
  const isV3 = namespace === 'urn:hl7-org:v3';
  // Those of document sharing know no data type of V3, and stumble over its xsi:type.
  const judged = isV3 ? envelope.replace(xml, '') : withoutXop(envelope);
  const whole = schemasPresent ? validateAgainst(DOCUMENT_SHARING_XSD, judged) : [];
  return [...whole, ...(isV3 && v3SchemasPresent ? v3SchemaErrors(xml) : [])];
}

/** @throws Error when the schemas find anything wrong */
export function requireValid(envelope: string): void {
  const errors = schemaErrors(envelope);
  if (errors.length > 0) {
    throw new Error(`not valid: ${errors.join('\n')}\n${envelope.slice(0, 4_000)}`);
  }
}
