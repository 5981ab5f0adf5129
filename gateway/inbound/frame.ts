import { mtomContentType, mtomLength, writeMtom } from '../../profiles/formats/mtom.ts';
import {
  type EndpointReference,
  referenceHeaders,
} from '../../profiles/formats/soap-addressing.ts';
import {
  envelopeParts,
  httpStatusOf,
  writeEnvelope,
  writeFault,
} from '../../profiles/formats/soap.ts';
import { octetsOfPieces } from '../../profiles/formats/xml-pieces.ts';
import { AnswerBuffers } from './answer-buffers.ts';
import type { Fault } from '../../profiles/refusal.ts';
import type { Body } from '../../profiles/transaction.ts';

/** One for the process: listeners answer in turn, and memory is the same to all of them. */
const BUFFERS = new AnswerBuffers();

/** An answer whose status and length are fixed before its first byte. */
export interface Reply {
  readonly status: number;
  /** Empty where there is no body. */
  readonly contentType: string;
  /** Undefined only where a part's size is not known beforehand. */
  readonly length: number | undefined;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  /** The request was refused before its end: drain a little, then close. */
  readonly unread?: boolean;
  /** Called once the last byte is handed to the socket. */
  readonly sent?: () => Promise<void>;
  /** Called when sending stopped early. */
  readonly interrupted?: (bytesSent: number) => Promise<void>;
}

/** How an answer is laid on the wire: every pair of request and answer uses one encoding. */
export interface FrameOptions {
  readonly mtom: boolean;
  readonly action: string;
  readonly relatesTo: string | undefined;
  /** Fresh, for boundary, root part and MessageID. */
  readonly uuid: () => string;
  /** The answer is no answer on the connection, but a message of its own to this address. */
  readonly to?: EndpointReference;
}

/** What a message says of itself that travels on its own. Source: ITI TF-2: Appendix V. */
function headersTo({ to, uuid }: Pick<FrameOptions, 'to' | 'uuid'>, headers = '') {
  if (!to) return { headers };
  const own = { to: to.address, messageId: `urn:uuid:${uuid()}` };
  return { ...own, headers: headers + referenceHeaders(to) };
}

/** The answer of a transaction: envelope, then one part a document. */
export function frameAnswer(body: Body, options: FrameOptions): Reply {
  const { mtom, action, relatesTo, uuid } = options;
  const header = {
    action: body.action ?? action,
    relatesTo,
    ...headersTo(options, body.headers),
  };
  if (body.pieces && !mtom) {
    const { before, after } = envelopeParts(header);
    const octets = octetsOfPieces([before, ...body.pieces, after], (length) =>
      BUFFERS.take(length),
    );
    return simpleSoap(200, octets, async () => BUFFERS.giveBack(octets));
  }
  const envelope = writeEnvelope({ ...header, body: body.xml });
  return frameEnvelope(envelope, { status: 200, mtom, uuid, attachments: body.attachments });
}

/** A fault, in the encoding of the request. */
export function frameFault(
  fault: Fault,
  options: Omit<FrameOptions, 'action'> & { readonly status?: number | undefined },
): Reply {
  const { mtom, relatesTo, uuid, status = httpStatusOf(fault) } = options;
  const envelope = writeFault(fault, relatesTo, headersTo(options));
  return frameEnvelope(envelope, { status, mtom, uuid });
}

/** A message was taken, and there is nothing to say. `begin` is called when the peer knows, or has gone. */
export function acceptedReply(begin: () => void = () => {}): Reply {
  const told = async () => begin();
  const body = new Uint8Array();
  return { status: 202, contentType: '', length: 0, body, sent: told, interrupted: told };
}

function frameEnvelope(
  envelope: string,
  options: {
    status: number;
    mtom: boolean;
    uuid: () => string;
    attachments?: Body['attachments'];
  },
): Reply {
  if (!options.mtom) return simpleSoap(options.status, Buffer.from(envelope, 'utf8'));
  const attachments = options.attachments ?? [];
  const boundary = `kakehashi-${options.uuid()}`;
  return {
    status: options.status,
    contentType: mtomContentType({ boundary }),
    length: mtomLength(envelope, attachments, boundary),
    body: writeMtom(envelope, attachments, boundary),
  };
}

function simpleSoap(status: number, bytes: Uint8Array, sent?: Reply['sent']): Reply {
  return {
    status,
    contentType: 'application/soap+xml; charset=UTF-8',
    length: bytes.length,
    body: bytes,
    sent,
  };
}
