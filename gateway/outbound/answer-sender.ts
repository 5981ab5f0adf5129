import type { IncomingMessage } from 'node:http';
import { PeerFailure } from '../../actors/actor.ts';
import { readFault } from '../../profiles/formats/soap.ts';
import { parseXml } from '../../profiles/formats/xml.ts';
import type { FileContent } from '../stores/file-content.ts';
import { Connections } from './connections.ts';
import { failureOf, failureOfDeadline } from './failure.ts';
import type { Endpoint } from './soap-sender.ts';

/** An answer that travels as a message of its own, whole and final. */
export interface OutgoingAnswer {
  readonly contentType: string;
  readonly content: Pick<FileContent, 'sizeBytes' | 'open'>;
}

/** What a callback says is read so far, to learn why it refuses. */
const MOST_REPLY_BYTES = 65_536;
const MAX_SOCKETS = 8;

/**
 * Sends answers to callbacks over mutual TLS, one kept-alive pool a partner. The endpoint's certificate is judged before a
 * byte is sent, as for every call.
 *
 * @see ITI TF-2: Appendix V
 */
export class AnswerSender {
  readonly #deadlineMs: number;
  readonly #connections = new Connections(MAX_SOCKETS);

  constructor(options: { readonly deadlineMs: number }) {
    this.#deadlineMs = options.deadlineMs;
  }

  /**
   * Resolves once the callback has taken the answer: any 2xx.
   * @throws PeerFailure: permanent where the callback refuses the message as such, else one that may pass
   */
  async send(answer: OutgoingAnswer, endpoint: Endpoint): Promise<void> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), this.#deadlineMs);
    try {
      const { contentType, content } = answer;
      const response = await this.#connections.post(endpoint, {
        headers: { 'Content-Type': contentType, 'Content-Length': content.sizeBytes },
        content: content.open(),
        signal: abort.signal,
        // A large answer may take longer than the deadline, as long as the callback goes on reading.
        progressed: () => timer.refresh(),
      });
      const said = await read(response);
      const { statusCode = 0 } = response;
      if (statusCode >= 200 && statusCode < 300) return;
      throw refusalOf(statusCode, said, endpoint.peer);
    } catch (error) {
      if (abort.signal.aborted) throw failureOfDeadline(this.#deadlineMs, endpoint.peer);
      throw failureOf(error, { peer: endpoint.peer, wrote: true });
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#connections.close();
  }

  /** New keys, anchors or directory: the next answer judges its callback anew. */
  reload(): void {
    this.#connections.reload();
  }
}

/** The reply's beginning; the rest is not waited for. */
async function read(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MOST_REPLY_BYTES) break;
  }
  return Buffer.concat(chunks);
}

/** Only a fault that blames our message says that it will never be taken; anything else may be a server that starts. */
function refusalOf(status: number, said: Buffer, peer: string): PeerFailure {
  const fault = faultIn(said);
  const isFinal = fault !== undefined && fault.fault !== 'Receiver';
  const words = fault ? `with a SOAP fault ${fault.fault}` : 'without a fault';
  const reason = `the callback answered ${status} ${words}`;
  return new PeerFailure(isFinal ? 'permanent' : 'transient', reason, { peer, cause: fault });
}

function faultIn(said: Buffer) {
  try {
    return readFault(parseXml(said));
  } catch {
    return undefined;
  }
}
