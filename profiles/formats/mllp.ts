/** Begins a frame, ends its content, and ends the frame. Source: HL7 v2.5 Appendix C, Minimal Lower Layer Protocol. */
const VT = 0x0b;
const FS = 0x1c;
const CR = 0x0d;

/** A message as it lies on the wire: VT, its octets, FS and CR. */
export function frameMllp(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(message.length + 3);
  framed[0] = VT;
  framed.set(message, 1);
  framed.set([FS, CR], message.length + 1);
  return framed;
}

/** What came out of a stream: the octets of one message, or octets that belong to none. */
export type MllpEvent =
  | { readonly kind: 'frame'; readonly octets: Uint8Array }
  /** Octets outside a frame, or of a frame that another VT has begun anew. */
  | { readonly kind: 'noise'; readonly length: number }
  /** A frame with more octets than it may have: the first of them. Nothing is read after it. */
  | { readonly kind: 'too-large'; readonly octets: Uint8Array };

/**
 * Takes messages out of a stream, however it was cut into chunks.
 *
 * Octets before VT are noise; a VT inside a frame begins it anew; FS ends the frame, and the CR after it may come later or
 * not at all. No octet of UTF-8, ISO-2022-JP, EUC-JP or Shift_JIS text is one of the three, so that octets can be framed
 * before anybody knows the character set.
 */
export class MllpReader {
  readonly #limit: number;
  #state: 'outside' | 'inside' | 'ended' = 'outside';
  #chunks: Uint8Array[] = [];
  #length = 0;
  #mayEndWithCr = false;

  /** @param limit octets that one message may have */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** True while a frame has begun and not ended. */
  get isInside(): boolean {
    return this.#state === 'inside';
  }

  /** The events of one more chunk, in order. */
  read(chunk: Uint8Array): readonly MllpEvent[] {
    const events: MllpEvent[] = [];
    let at = 0;
    while (at < chunk.length && this.#state !== 'ended') {
      at = this.isInside ? this.#readInside(chunk, at, events) : this.#skip(chunk, at, events);
    }
    return events;
  }

  #skip(chunk: Uint8Array, from: number, events: MllpEvent[]): number {
    const start = this.#mayEndWithCr && chunk[from] === CR ? from + 1 : from;
    this.#mayEndWithCr = false;
    const begins = chunk.indexOf(VT, start);
    const length = (begins === -1 ? chunk.length : begins) - start;
    if (length > 0) events.push({ kind: 'noise', length });
    if (begins === -1) return chunk.length;
    this.#state = 'inside';
    return begins + 1;
  }

  #readInside(chunk: Uint8Array, from: number, events: MllpEvent[]): number {
    let ends = from;
    while (ends < chunk.length && chunk[ends] !== FS && chunk[ends] !== VT) ends += 1;
    const piece = chunk.subarray(from, ends);
    this.#length += piece.length;
    if (this.#length > this.#limit) {
      const room = piece.length - (this.#length - this.#limit);
      this.#chunks.push(new Uint8Array(piece.subarray(0, room)));
      this.#state = 'ended';
      events.push({ kind: 'too-large', octets: this.#take(this.#limit) });
      return chunk.length;
    }
    // A copy: whoever reads the socket may use its buffer again.
    if (piece.length > 0) this.#chunks.push(new Uint8Array(piece));
    if (ends === chunk.length) return ends;
    const octets = this.#take(this.#length);
    if (chunk[ends] === VT) {
      events.push({ kind: 'noise', length: octets.length + 1 });
      return ends + 1;
    }
    events.push({ kind: 'frame', octets });
    this.#state = 'outside';
    this.#mayEndWithCr = true;
    return ends + 1;
  }

  #take(length: number): Uint8Array {
    const octets = joined(this.#chunks, length);
    this.#chunks = [];
    this.#length = 0;
    return octets;
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const octets = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    octets.set(chunk, at);
    at += chunk.length;
  }
  return octets;
}
