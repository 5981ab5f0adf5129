import type { IncomingMessage } from 'node:http';
import type { ConnectionOptions } from 'node:tls';
import type { PeerFailure } from '../../actors/actor.ts';
import {
  MtomReader,
  mtomContentType,
  mtomLength,
  NO_PARTS,
  parseContentType,
  writeMtom,
} from '../../profiles/formats/mtom.ts';
import {
  type OpenedEnvelope,
  readEnvelope,
  readFault,
  writeEnvelope,
} from '../../profiles/formats/soap.ts';
import { parseXml, type XmlElement, XML_LIMITS } from '../../profiles/formats/xml.ts';
import { Fault, Refusal } from '../../profiles/refusal.ts';
import type { Issue, SoapWire, Transaction } from '../../profiles/transaction.ts';
import type {
  ArrivingAnswer,
  Arrival,
  Expectation,
  ExpectedAnswers,
} from '../queue/expected-answers.ts';
import { IncomingParts } from '../stores/incoming-parts.ts';
import { Connections } from './connections.ts';
import { failureOf, failureOfAnswer, failureOfDeadline, failureOfFault } from './failure.ts';

/** Where a transaction is sent, and who is expected there. */
export interface Endpoint {
  readonly url: string;
  /** homeCommunityId or actor name, for failures and the log. */
  readonly peer: string;
  /** TLS options for this peer: our certificate, its anchors, its protocol floor. */
  readonly tls: ConnectionOptions;
  /** It is asked asynchronously: where its answer is wanted, and the directory's name of who may bring it. */
  readonly callback?: { readonly url: string; readonly partner: string };
  /** MSH-5 and MSH-6, and how it reads: where HL7 v2 is sent. */
  readonly v2?: {
    readonly receiver: { readonly application: string; readonly facility: string };
    readonly charset?: string;
  };
}

export interface SenderOptions extends Issue {
  readonly spoolDirectory: string;
  readonly limits: {
    readonly envelopeBytes: number;
    readonly bytesBeforeEnvelope: number;
    readonly documentBytes: number;
    readonly documentsPerMessage: number;
  };
  readonly deadlineMs: number;
  /** Who takes the answers to what is asked asynchronously; without it, nothing is. */
  readonly expected?: ExpectedAnswers;
}

/** An answer whose envelope is here, on the connection or at our callback. */
interface Came extends ArrivingAnswer {
  /** At our callback: how its sender is told. */
  readonly arrival?: Arrival;
  /** Its documents are being taken. */
  isReceiving?: boolean;
}

/** An answer that was read, and what is needed to record it. */
export interface Sent<Response> {
  readonly response: Response;
  readonly messageId: string;
  /** The payload that was sent, as text. */
  readonly requestText: string;
  /** Documents of the answer lie in the spool until this is called. */
  release(): Promise<void>;
}

/** What is known of a message that got no usable answer. */
export interface Unanswered {
  readonly messageId: string;
  readonly requestText: string;
}

const MAX_SOCKETS = 64;

/** Sends transactions over SOAP 1.2 and mutual TLS, one kept-alive connection pool a peer. */
export class SoapSender {
  readonly #options: SenderOptions;
  readonly #connections = new Connections(MAX_SOCKETS);

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /**
   * Sends one request and reads its answer; documents of the answer are pulled into the spool.
   * @throws PeerFailure, with its class; `onMessage` has heard the message id before anything was sent
   */
  async send<Request, Response>(
    transaction: Transaction<Request, Response>,
    request: Request,
    to: {
      endpoint: Endpoint;
      deadlineMs?: number;
      progressed?: () => void;
      /** A UUID; a new one where it is left out. */
      messageId?: string;
      onMessage?: (message: Unanswered) => void;
    },
  ): Promise<Sent<Response>> {
    const { endpoint } = to;
    const body = transaction.request.encode(request);
    const message =
      transaction.wire.messages.find(({ action }) => action === body.action) ??
      transaction.wire.messages[0];
    if (!message) throw new Error(`${transaction.id} has no message`);
    const messageId = `urn:uuid:${to.messageId ?? this.#options.uuid()}`;
    to.onMessage?.({ messageId, requestText: body.xml });
    const { callback } = endpoint;
    const expectation = callback && this.#options.expected?.expect(messageId, callback.partner);
    const envelope = writeEnvelope({
      action: message.action,
      messageId,
      to: endpoint.url,
      replyTo: expectation && callback?.url,
      headers: body.headers,
      body: body.xml,
    });
    const deadlineMs = to.deadlineMs ?? this.#options.deadlineMs;
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), deadlineMs);
    const { progressed } = to;
    let answer: IncomingMessage | undefined;
    const posted = this.#post(
      endpoint,
      { envelope, transaction, body, action: message.action },
      abort.signal,
    ).then((response) => {
      answer = response;
      return response;
    });
    let hasCome = false;
    const take = async (came: Came): Promise<Sent<Response>> => {
      const { parts } = came;
      hasCome = true;
      const opened = openAnswer(came.element, endpoint.peer);
      this.#expect(opened, { messageId, replyAction: message.replyAction, peer: endpoint.peer });
      const response = transaction.response.decode(opened, parts.followed ? parts : NO_PARTS);
      came.isReceiving = true;
      await parts.receive({
        progressed: () => {
          // What comes to our callback does not end with our own connection.
          abort.signal.throwIfAborted();
          if (!progressed) return;
          timer.refresh();
          progressed();
        },
      });
      return { response, messageId, requestText: body.xml, release: () => parts.release() };
    };
    try {
      const sent = await this.#firstTaken(posted, take, {
        expectation,
        signal: abort.signal,
        peer: endpoint.peer,
      });
      expectation?.end('answered');
      return sent;
    } catch (error) {
      expectation?.end(hasCome && !abort.signal.aborted ? 'answered' : 'late');
      throw this.#failed(error, {
        aborted: abort.signal.aborted,
        brokeOff: answer !== undefined && !answer.complete,
        deadlineMs,
        peer: endpoint.peer,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * The answer on the connection, or, where that says 202, the one that comes to our callback. One that breaks off there is
   * waited for again: its sender has not heard that it was taken.
   */
  async #firstTaken<Response>(
    posted: Promise<IncomingMessage>,
    take: (came: Came) => Promise<Sent<Response>>,
    {
      expectation,
      signal,
      peer,
    }: { expectation: Expectation | undefined; signal: AbortSignal; peer: string },
  ): Promise<Sent<Response>> {
    const atCallback = async (): Promise<Came> => {
      if (!expectation) throw failureOfAnswer('answered 202, and was not asked to', peer);
      const arrival = await expectation.next(signal);
      return { ...arrival, arrival };
    };
    let next: Promise<Came>;
    if (expectation) {
      // A partner may answer before it says that it will.
      const elsewhere = atCallback();
      const here = posted.then((answer) =>
        isAccepted(answer) ? elsewhere : this.#read(answer, peer),
      );
      for (const one of [elsewhere, here]) one.catch(() => undefined);
      next = Promise.race([here, elsewhere]);
    } else next = posted.then((answer) => this.#read(answer, peer));
    for (;;) {
      const came = await next;
      try {
        const sent = await take(came);
        came.arrival?.taken();
        return sent;
      } catch (error) {
        await came.parts.release();
        // A fault is an answer, too.
        if ((error as { cause?: unknown }).cause instanceof Fault) came.arrival?.taken();
        else came.arrival?.notTaken();
        if (!came.arrival || !came.isReceiving || signal.aborted) throw error;
        next = atCallback();
      }
    }
  }

  close(): void {
    this.#connections.close();
  }

  /** New keys or anchors: idle connections go, those in use end with their request. */
  reload(): void {
    this.#connections.reload();
  }

  async #post(
    endpoint: Endpoint,
    {
      envelope,
      transaction,
      body,
      action,
    }: {
      envelope: string;
      transaction: { readonly wire: SoapWire };
      body: { attachments?: Parameters<typeof writeMtom>[1] };
      action: string;
    },
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const mtom = transaction.wire.mtom === 'both';
    const attachments = body.attachments ?? [];
    const boundary = `kakehashi-${this.#options.uuid()}`;
    const simple = mtom ? undefined : Buffer.from(envelope, 'utf8');
    const length = simple ? simple.length : mtomLength(envelope, attachments, boundary);
    return await this.#connections.post(endpoint, {
      headers: {
        'Content-Type': mtom
          ? mtomContentType({ boundary, action })
          : `application/soap+xml; charset=UTF-8; action="${action}"`,
        ...(length === undefined ? {} : { 'Content-Length': length }),
      },
      content: simple ?? writeMtom(envelope, attachments, boundary),
      signal,
    });
  }

  async #read(answer: IncomingMessage, peer: string): Promise<Came> {
    const contentType = answer.headers['content-type'] ?? '';
    const { type } = parseContentType(contentType);
    const { limits, spoolDirectory } = this.#options;
    const parts = new IncomingParts(spoolDirectory, limits);
    let root: Uint8Array;
    if (type === 'multipart/related') {
      const reader = new MtomReader(answer, contentType, {
        bytesBeforeEnvelope: limits.bytesBeforeEnvelope,
        envelopeBytes: limits.envelopeBytes,
        partBytes: limits.documentBytes,
        parts: limits.documentsPerMessage + 1,
      });
      root = (await reader.root()).bytes;
      parts.follow(reader.parts());
    } else if (type === 'application/soap+xml') {
      root = await readWhole(answer, limits.envelopeBytes, peer);
    } else {
      answer.destroy();
      throw failureOfAnswer(
        `answered ${answer.statusCode} ${type || 'without a media type'}, not SOAP`,
        peer,
      );
    }
    return { element: parseXml(root, { ...XML_LIMITS, bytes: limits.envelopeBytes }), parts };
  }

  #expect(
    opened: OpenedEnvelope,
    { messageId, replyAction, peer }: { messageId: string; replyAction: string; peer: string },
  ): void {
    if (opened.action !== replyAction) {
      throw failureOfAnswer(
        `answered with the action ${opened.action}, expected ${replyAction}`,
        peer,
      );
    }
    if (opened.relatesTo !== undefined && opened.relatesTo !== messageId) {
      throw failureOfAnswer('answered another message than the one that was sent', peer);
    }
  }

  #failed(
    error: unknown,
    {
      aborted,
      brokeOff,
      deadlineMs,
      peer,
    }: { aborted: boolean; brokeOff: boolean; deadlineMs: number; peer: string },
  ): PeerFailure {
    if (aborted) return failureOfDeadline(deadlineMs, peer);
    if (error instanceof Refusal && !brokeOff) {
      return failureOfAnswer(`the answer cannot be read: ${error.code}`, peer, error);
    }
    return failureOf(error, { peer, wrote: true });
  }
}

/** The partner will answer elsewhere: 202, and as some say it, another success without anything. */
function isAccepted(answer: IncomingMessage): boolean {
  const { statusCode = 0, headers } = answer;
  const isEmpty = headers['content-type'] === undefined && statusCode >= 200 && statusCode < 300;
  if (statusCode !== 202 && !isEmpty) return false;
  answer.resume();
  return true;
}

/** @throws PeerFailure for a fault */
function openAnswer(element: XmlElement, peer: string): OpenedEnvelope {
  const fault = readFault(element);
  if (fault) throw failureOfFault(fault, peer);
  return readEnvelope(element, {
    answer: true,
    understood: ({ namespace, name }) =>
      namespace === 'urn:ihe:iti:xcpd:2009' && name === 'CorrelationTimeToLive',
  });
}

async function readWhole(
  source: AsyncIterable<Uint8Array>,
  limit: number,
  peer: string,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    length += chunk.length;
    if (length > limit) throw failureOfAnswer(`the answer is larger than ${limit} bytes`, peer);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
