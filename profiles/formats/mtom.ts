import { createHash } from 'node:crypto';
import { Fault } from '../refusal.ts';
import { parseParameters } from './header-parameters.ts';
import {
  closing,
  exactly,
  partHeader,
  quotable,
  ROOT_ID,
  rootHeader,
  XOP_TYPE,
} from './mtom-framing.ts';
import { atMost, decodedBody, MultipartReader } from './multipart.ts';
import { elementsOf, isNamed, textOf, type XmlElement } from './xml.ts';

/** Octets somewhere: in memory, in a file, in a message part that is still arriving. Never a string. */
export interface DocumentContent {
  /** Known once the octets are at rest. */
  readonly sizeBytes?: number;
  /** SHA-1 in lower-case hex; known once the octets are at rest. */
  readonly sha1?: string;
  /** The octets from the first to the last; may be called again where the octets are at rest. */
  open(): AsyncIterable<Uint8Array>;
}

/** One document that travels beside the root part. */
export interface Attachment {
  /** Without angle brackets. */
  readonly contentId: string;
  readonly contentType: string;
  readonly content: DocumentContent;
}

/** The parts of the message that is being decoded. */
export interface Parts {
  /**
   * The content of the part that `cid:` names. The octets need not be here yet: they are once `receive` has run.
   * @throws Fault Sender when the message is Simple SOAP, or the part was claimed before.
   */
  named(contentId: string): DocumentContent;
}

/** XML-binary Optimized Packaging: `xop:Include`. */
export const XOP = 'http://www.w3.org/2004/08/xop/include';

/** A Content-Type header. */
export interface ContentType {
  /** In lower case, `type/subtype`; empty where there is no header. */
  readonly type: string;
  /** Parameter values by lower-case name, without their quotes. */
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * Reads a Content-Type header in every spelling that MIME allows: see `parseParameters`.
 *
 * @throws Fault Sender when it is malformed, or a parameter occurs twice
 * @see RFC 2045, section 5.1
 */
export function parseContentType(value: string | undefined): ContentType {
  const { value: type, parameters } = parseParameters(value ?? '', 'Content-Type');
  return { type: type.toLowerCase(), parameters };
}

/** What one MTOM message may take. */
export interface MtomLimits {
  /** Octets of preamble and of the parts that come before the root part; these are held in memory. */
  readonly bytesBeforeEnvelope: number;
  /** Octets of the root part. */
  readonly envelopeBytes: number;
  /** Octets of the header of one part. */
  readonly partHeaderBytes: number;
  /** Parts, the root among them. */
  readonly parts: number;
  /** Octets of one part beside the root. Without it: no limit here. */
  readonly partBytes?: number;
}

/** 1 MiB before the envelope, an envelope of 16 MiB, 16 KiB a part header, 1,000 parts. */
export const MTOM_LIMITS: MtomLimits = {
  bytesBeforeEnvelope: 1024 * 1024,
  envelopeBytes: 16 * 1024 * 1024,
  partHeaderBytes: 16 * 1024,
  parts: 1000,
};

/** The part that holds the envelope. */
export interface MtomRoot {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  /** Without angle brackets; empty where it has none. */
  readonly contentId: string;
}

/** A part beside the root. */
export interface MtomPart {
  /** Without angle brackets; each once in a message. */
  readonly contentId: string;
  /** As written, or empty. It is not the document's mimeType. */
  readonly contentType: string;
  /** The octets, without any transfer encoding; can be read once, and only until the next part is asked for. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Reads an MTOM message while it arrives. Nothing behind the root part is read until its parts are pulled.
 *
 * The root is the part that `start` names, else the first. Parts before it are held in memory, within a limit.
 *
 * @throws Fault Sender, from each of its methods, for what is no MTOM message, is cut, or is beyond a limit; an error of
 * the source passes through unchanged
 * @see ITI TF-2: Appendix V.3.6; XOP 1.0; RFC 2387
 */
export class MtomReader {
  readonly #limits: MtomLimits;
  readonly #multipart: MultipartReader;
  readonly #start: string | undefined;
  readonly #early: MtomPart[] = [];
  readonly #ids = new Set<string>();
  #count = 0;
  #root: Promise<MtomRoot> | undefined;

  constructor(
    source: AsyncIterable<Uint8Array>,
    contentType: string,
    limits: Partial<MtomLimits> = {},
  ) {
    this.#limits = { ...MTOM_LIMITS, ...limits };
    const { type, parameters } = parseContentType(contentType);
    if (type !== 'multipart/related') throw new Fault('Sender', 'not multipart/related');
    const boundary = parameters.get('boundary') ?? '';
    if (!/^[!-~ ]{0,69}[!-~]$/.test(boundary)) throw new Fault('Sender', 'no sound boundary');
    const start = parameters.get('start');
    this.#start = start && idOf(start);
    this.#multipart = new MultipartReader(source, {
      boundary,
      partHeaderBytes: this.#limits.partHeaderBytes,
      surroundingBytes: this.#limits.bytesBeforeEnvelope,
    });
  }

  /** The envelope's octets, once they are all here; the same at each call. */
  root(): Promise<MtomRoot> {
    this.#root ??= this.#readRoot();
    return this.#root;
  }

  /**
   * The other parts in order, each read from the source when it is asked for; to be called once. Whoever wants to know that
   * the message is whole reads to the end, even of a message that has no other parts.
   */
  async *parts(): AsyncGenerator<MtomPart, void, undefined> {
    await this.root();
    for (const part of this.#early.splice(0)) {
      if (part.contentId === '') throw nameless();
      yield part;
    }
    const { partBytes = Number.POSITIVE_INFINITY } = this.#limits;
    for (let part = await this.#next(); part !== undefined; part = await this.#next()) {
      const { contentId, contentType, body } = part;
      if (contentId === '') throw nameless();
      yield { contentId, contentType, body: atMost(body, partBytes, 'in one part') };
    }
  }

  async #readRoot(): Promise<MtomRoot> {
    const { bytesBeforeEnvelope, envelopeBytes } = this.#limits;
    let first: MtomRoot | undefined;
    let left = bytesBeforeEnvelope;
    for (let part = await this.#next(); part !== undefined; part = await this.#next()) {
      const { contentId, contentType, body } = part;
      if (this.#start === undefined || contentId === this.#start) {
        const bytes = await collect(atMost(body, envelopeBytes, 'in the envelope'));
        return rootOf({ bytes, contentType, contentId });
      }
      const bytes = await collect(atMost(body, left, 'before the envelope'));
      left -= bytes.length;
      first ??= { bytes, contentType, contentId };
      this.#early.push({ contentId, contentType, body: bytesContent(bytes).open() });
    }
    if (first === undefined) throw new Fault('Sender', 'a multipart message without parts');
    // `start` names no part, so the first is the root.
    this.#early.shift();
    return rootOf(first);
  }

  /** The next part with its name, which no part before it has; the name is empty where there is none. */
  async #next(): Promise<MtomPart | undefined> {
    const part = await this.#multipart.next();
    if (part === undefined) return undefined;
    this.#count += 1;
    if (this.#count > this.#limits.parts) {
      throw new Fault('Sender', `more than ${this.#limits.parts} parts in one message`);
    }
    const contentId = idOf(part.headers.get('content-id') ?? '');
    if (this.#ids.has(contentId)) throw new Fault('Sender', 'two parts with the same Content-ID');
    if (contentId !== '') this.#ids.add(contentId);
    const contentType = part.headers.get('content-type') ?? '';
    return { contentId, contentType, body: decodedBody(part) };
  }
}

function rootOf(root: MtomRoot): MtomRoot {
  const { type, parameters } = parseContentType(root.contentType);
  if (type !== XOP_TYPE) throw new Fault('Sender', `the root part is not ${XOP_TYPE}`);
  const charset = parameters.get('charset') ?? 'utf-8';
  if (charset.toLowerCase() !== 'utf-8') throw new Fault('Sender', 'the root part is not UTF-8');
  return root;
}

/** A Content-ID without its angle brackets. */
function idOf(contentId: string): string {
  return /^<(.*)>$/.exec(contentId.trim())?.[1] ?? contentId.trim();
}

function nameless(): Fault {
  return new Fault('Sender', 'a part without a Content-ID');
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * The Content-ID, without angle brackets, that a `cid:` URL names.
 *
 * @throws Fault Sender for another URL
 * @see RFC 2392
 */
export function contentIdOf(href: string): string {
  const [, encoded] = /^cid:(.+)$/i.exec(href.trim()) ?? [];
  try {
    if (encoded !== undefined) return decodeURIComponent(encoded);
  } catch {
    // A broken percent-encoding is refused like any other URL.
  }
  throw new Fault('Sender', 'an xop:Include whose href is no cid: URL');
}

/** The `href` of an `xop:Include` for a part; still to be escaped for XML. */
export function xopHref(contentId: string): string {
  return `cid:${encodeURIComponent(contentId).replace(/%40/g, '@')}`;
}

/**
 * The octets that an element of type base64Binary holds: those of the part that its `xop:Include` names, or its own text.
 *
 * Whitespace around the Include is accepted, though XOP forbids it: published messages are pretty-printed.
 *
 * @throws Fault Sender when the text is not base64, the Include has something beside it or names no part
 * @see XOP 1.0, section 3.2
 */
export function contentOf(element: XmlElement, parts: Parts): DocumentContent {
  const [include, ...others] = elementsOf(element);
  const text = textOf(element).replace(/[ \t\r\n]+/g, '');
  if (include === undefined) {
    if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
      throw new Fault('Sender', `${element.name} holds no base64`);
    }
    return bytesContent(Buffer.from(text, 'base64'));
  }
  if (!isNamed(include, XOP, 'Include') || others.length > 0 || text !== '') {
    throw new Fault(
      'Sender',
      `${element.name} holds something else than base64 or one xop:Include`,
    );
  }
  return parts.named(contentIdOf(include.attributes.get('href') ?? ''));
}

/** Octets in memory, with their size and SHA-1. */
export function bytesContent(bytes: Uint8Array): DocumentContent {
  return {
    sizeBytes: bytes.length,
    sha1: createHash('sha1').update(bytes).digest('hex'),
    async *open() {
      if (bytes.length > 0) yield bytes;
    },
  };
}

/** The parts of a message that has none: Simple SOAP. */
export const NO_PARTS: Parts = {
  named() {
    throw new Fault('Sender', 'an xop:Include in a message that is not multipart');
  },
};

/** An envelope, whole or in pieces (see `envelopeParts`), which are sent one after the other. */
export type MtomEnvelope = string | readonly string[];

/**
 * The Content-Type header of a message that `writeMtom` writes.
 *
 * @param message `boundary` as given to `writeMtom`; `action` for a request, since some receivers want it there
 */
export function mtomContentType(message: { boundary: string; action?: string }): string {
  const { boundary, action } = message;
  const parameters = [
    `boundary="${quotable(boundary)}"`,
    `type="${XOP_TYPE}"`,
    `start="<${ROOT_ID}>"`,
    'start-info="application/soap+xml"',
    ...(action === undefined ? [] : [`action="${quotable(action)}"`]),
  ];
  return `multipart/related; ${parameters.join('; ')}`;
}

/**
 * An MTOM message as octets: the envelope in the root part, then each attachment, opened when its turn comes. Documents are
 * passed on as they come, without copying.
 *
 * @param boundary at most 70 characters of `A-Z a-z 0-9 - _ .`, not to be found in any document
 * @throws Error, a defect, when an attachment has more or fewer octets than its `sizeBytes`: what was sent then is no
 * whole message, and the connection has to be destroyed
 * @see ITI TF-2: Appendix V.3.6
 */
export async function* writeMtom(
  envelope: MtomEnvelope,
  attachments: readonly Attachment[],
  boundary: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  let framing =
    rootHeader(boundary) + (typeof envelope === 'string' ? envelope : envelope.join(''));
  for (const attachment of attachments) {
    yield Buffer.from(framing + partHeader(attachment, boundary));
    yield* exactly(attachment.content.open(), attachment.content.sizeBytes);
    framing = '';
  }
  yield Buffer.from(framing + closing(boundary));
}

/** How many octets `writeMtom` gives, or undefined where an attachment's size is not known. */
export function mtomLength(
  envelope: MtomEnvelope,
  attachments: readonly Attachment[],
  boundary: string,
): number | undefined {
  const pieces = typeof envelope === 'string' ? [envelope] : envelope;
  let length = 0;
  for (const text of [rootHeader(boundary), ...pieces, closing(boundary)]) {
    length += Buffer.byteLength(text);
  }
  for (const attachment of attachments) {
    if (attachment.content.sizeBytes === undefined) return undefined;
    length += Buffer.byteLength(partHeader(attachment, boundary)) + attachment.content.sizeBytes;
  }
  return length;
}
