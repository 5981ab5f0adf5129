import { Fault } from '../refusal.ts';

/** A body part of a multipart message, as it lies on the wire. */
export interface BodyPart {
  /** Header fields by lower-case name; folded lines are joined. */
  readonly headers: ReadonlyMap<string, string>;
  /**
   * The octets, in slices of what the source gave; can be read once, and only until the next part is asked for.
   * @throws Fault Sender when the message ends before the boundary
   */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface MultipartOptions {
  readonly boundary: string;
  /** Octets of the header of one part. */
  readonly partHeaderBytes: number;
  /** Octets before the first boundary; as many may follow the last. */
  readonly surroundingBytes: number;
}

const CR = 0x0d;
const LF = 0x0a;
const DASH = 0x2d;
const CRLF = Buffer.from('\r\n');
const END_OF_HEADER = Buffer.from('\r\n\r\n');

/** Whitespace that may follow a boundary on its line. */
const MOST_PADDING = 64;

/**
 * Takes a MIME multipart message apart while it arrives: nothing is read from the source but what is asked for.
 *
 * Lines end in CRLF, exactly; the CRLF before a boundary belongs to the boundary. A line that only begins like a boundary
 * is content. Octets are passed on in the slices in which they came, without copying.
 *
 * An error of the source itself passes through unchanged. The source is never closed from here, so that its connection
 * stays usable for an answer.
 *
 * @see RFC 2046, section 5.1
 */
export class MultipartReader {
  readonly #source: AsyncIterable<Uint8Array>;
  readonly #options: MultipartOptions;
  readonly #delimiter: Buffer;
  #iterator: AsyncIterator<Uint8Array> | undefined;
  /** Read and not yet given out. At the start of preamble, header and content it begins with the CRLF of the line before. */
  #pending: Buffer = CRLF;
  #ended = false;
  #closed = false;
  /** What stands before the next boundary: the preamble, then each body. */
  #content: AsyncIterator<Uint8Array>;

  constructor(source: AsyncIterable<Uint8Array>, options: MultipartOptions) {
    this.#source = source;
    this.#options = options;
    this.#delimiter = Buffer.from(`\r\n--${options.boundary}`, 'latin1');
    this.#content = atMost(
      this.#untilBoundary(),
      options.surroundingBytes,
      'before the first boundary',
    );
  }

  /**
   * The next part, or undefined after the closing boundary. What is left of the part before is read and dropped.
   *
   * @throws Fault Sender when the message is cut, or the header of the part is malformed or too large
   */
  async next(): Promise<BodyPart | undefined> {
    while (!(await this.#content.next()).done);
    if (this.#closed) {
      await this.#epilogue();
      return undefined;
    }
    const headers = await this.#header();
    const content = this.#untilBoundary();
    this.#content = content;
    // Without `return`: a reader who leaves early must not end the content, which has to be dropped up to the boundary.
    return { headers, body: { [Symbol.asyncIterator]: () => ({ next: () => content.next() }) } };
  }

  /** Octets up to the next boundary. Then the boundary is gone from what is pending, but for the CRLF of its line. */
  async *#untilBoundary(): AsyncGenerator<Uint8Array, void, undefined> {
    // The CRLF at the start is no content, but it may be the boundary's: a part with a header and nothing else.
    let skipped = CRLF.length;
    for (;;) {
      const { at, found } = this.#findBoundary();
      const slice = this.#pending.subarray(skipped, Math.max(skipped, at));
      this.#pending = this.#pending.subarray(at);
      skipped = Math.max(0, skipped - at);
      if (slice.length > 0) yield slice;
      if (found !== undefined) {
        this.#pending = this.#pending.subarray(found.length);
        this.#closed = found.closing;
        return;
      }
      if (this.#ended) throw this.#refuse('cut before its closing boundary');
      await this.#more();
    }
  }

  /** Where the boundary begins, and its length; or else up to where there is certainly none. */
  #findBoundary(): { at: number; found?: { length: number; closing: boolean } } {
    const delimiter = this.#delimiter;
    let from = 0;
    for (;;) {
      const at = this.#pending.indexOf(delimiter, from);
      if (at < 0) return { at: this.#ended ? this.#pending.length : this.#startOfTail(from) };
      const found = this.#boundaryLine(at + delimiter.length);
      if (found === 'undecided') return { at };
      if (found !== 'content') {
        return { at, found: { length: found.end - at, closing: found.closing } };
      }
      from = at + delimiter.length;
    }
  }

  /** Judges what follows a delimiter: `--` or not, padding, and the end of the line or of the message. */
  #boundaryLine(start: number): { end: number; closing: boolean } | 'content' | 'undecided' {
    const pending = this.#pending;
    const closing = pending[start] === DASH && pending[start + 1] === DASH;
    let end = closing ? start + 2 : start;
    const most = end + MOST_PADDING;
    while (end < most && (pending[end] === 0x20 || pending[end] === 0x09)) end += 1;
    if (pending[end] === CR && pending[end + 1] === LF) return { end, closing };
    const open =
      end >= pending.length || (end === pending.length - 1 && isStart(pending[end], closing));
    if (!open) return 'content';
    if (!this.#ended) return 'undecided';
    return closing ? { end: pending.length, closing } : 'content';
  }

  /** The first place at the end of what is pending that may become a delimiter with what is still to come. */
  #startOfTail(from: number): number {
    const pending = this.#pending;
    const { length } = pending;
    let at = pending.indexOf(CR, Math.max(from, length - this.#delimiter.length + 1));
    while (at >= 0) {
      if (this.#delimiter.subarray(0, length - at).equals(pending.subarray(at))) return at;
      at = pending.indexOf(CR, at + 1);
    }
    return length;
  }

  async #header(): Promise<ReadonlyMap<string, string>> {
    const { partHeaderBytes } = this.#options;
    let searched = 0;
    for (;;) {
      const end = this.#pending.indexOf(END_OF_HEADER, searched);
      if (end > partHeaderBytes || (end < 0 && this.#pending.length > partHeaderBytes + 4)) {
        throw this.#refuse(`a part with a header of more than ${partHeaderBytes} octets`);
      }
      if (end >= 0) {
        const text = this.#pending.subarray(Math.min(CRLF.length, end), end).toString('latin1');
        this.#pending = this.#pending.subarray(end + CRLF.length);
        return this.#fieldsOf(text);
      }
      if (this.#ended) throw this.#refuse('cut within the header of a part');
      searched = Math.max(0, this.#pending.length - END_OF_HEADER.length);
      await this.#more();
    }
  }

  #fieldsOf(text: string): ReadonlyMap<string, string> {
    const fields = new Map<string, string>();
    if (text === '') return fields;
    for (const line of text.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
      const [, name, value] = /^([!-9;-~]+)[ \t]*:[ \t]*([^\r\n\0]*)$/.exec(line) ?? [];
      if (name === undefined || value === undefined) throw this.#refuse('a malformed part header');
      const key = name.toLowerCase();
      // What MIME does not define may stand there as often as it likes; nothing reads it.
      if (fields.has(key) && key.startsWith('content-')) {
        throw this.#refuse('a part with the same header field twice');
      }
      fields.set(key, value.trimEnd());
    }
    return fields;
  }

  /** Reads what follows the closing boundary, so that the source is at its end. */
  async #epilogue(): Promise<void> {
    let length = this.#pending.length;
    while (!this.#ended) {
      this.#pending = CRLF.subarray(0, 0);
      await this.#more();
      length += this.#pending.length;
      if (length > this.#options.surroundingBytes) {
        throw this.#refuse(
          `more than ${this.#options.surroundingBytes} octets after the last boundary`,
        );
      }
    }
  }

  async #more(): Promise<void> {
    this.#iterator ??= this.#source[Symbol.asyncIterator]();
    const { done, value } = await this.#iterator.next();
    if (done) {
      this.#ended = true;
      return;
    }
    const chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
  }

  /** After a refusal there is nothing more to read: whoever goes on gets a refusal again. */
  #refuse(what: string): Fault {
    this.#ended = true;
    this.#pending = CRLF.subarray(0, 0);
    return new Fault('Sender', `multipart message refused: ${what}`);
  }
}

/** True when a line may go on as a boundary's after this last octet. */
function isStart(octet: number | undefined, closing: boolean): boolean {
  return octet === CR || (octet === DASH && !closing);
}

/**
 * Passes octets on up to a limit.
 *
 * @param where for the reason: `in one part`
 * @throws Fault Sender as soon as there are more
 */
export async function* atMost(
  source: AsyncIterable<Uint8Array>,
  bytes: number,
  where: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  let length = 0;
  for await (const chunk of source) {
    length += chunk.length;
    if (length > bytes) throw new Fault('Sender', `more than ${bytes} octets ${where}`);
    yield chunk;
  }
}

/**
 * The content of a part, without its Content-Transfer-Encoding: 7bit, 8bit and binary as they are, base64 decoded.
 *
 * @throws Fault Sender for another encoding, at once; for what is not base64, while it is read
 * @see RFC 2045, section 6
 */
export function decodedBody({ headers, body }: BodyPart): AsyncIterable<Uint8Array> {
  const encoding = headers.get('content-transfer-encoding')?.toLowerCase() ?? '7bit';
  if (encoding === 'base64') return decodeBase64(body);
  if (encoding === 'binary' || encoding === '8bit' || encoding === '7bit') return body;
  throw new Fault('Sender', 'a part with a Content-Transfer-Encoding that is not supported');
}

async function* decodeBase64(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = '';
  for await (const chunk of source) {
    const octets = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const text = rest + octets.toString('latin1').replace(/[ \t\r\n]+/g, '');
    // The last group is kept back, since only it may be padded.
    const whole = Math.max(0, Math.ceil(text.length / 4) * 4 - 4);
    if (/[^A-Za-z0-9+/]/.test(text.slice(0, whole))) throw notBase64();
    rest = text.slice(whole);
    if (whole > 0) yield Buffer.from(text.slice(0, whole), 'base64');
  }
  if (rest === '') return;
  if (!/^[A-Za-z0-9+/]{2}(?:==|[A-Za-z0-9+/](?:=|[A-Za-z0-9+/]))$/.test(rest)) throw notBase64();
  yield Buffer.from(rest, 'base64');
}

function notBase64(): Fault {
  return new Fault('Sender', 'a part that is not base64, though its header says so');
}
