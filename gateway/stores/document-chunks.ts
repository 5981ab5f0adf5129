/** Documents move in chunks of this size, in and out. */
export const CHUNK_BYTES = 1024 * 1024;

/** Chunks kept for later documents. */
const MOST_KEPT = 16;

/**
 * Memory of chunks that documents are read into, taken again for later ones. Fresh memory of this size is counted by V8 against
 * a limit of its own: a server that takes it for each chunk collects all of its garbage for every other document.
 *
 * Whoever has taken a chunk gives it back only after its last octet was handed on; one that may still be read is not given back
 * at all, and goes the way of all garbage.
 */
export class DocumentChunks {
  readonly #free: Buffer[] = [];
  readonly #lent = new WeakMap<Uint8Array, Buffer>();

  /** Memory for so many octets, at most `CHUNK_BYTES`; what stood in it still does. */
  take(length: number): Buffer {
    // Of a small document nobody need give anything back.
    if (length <= CHUNK_BYTES / 2) return Buffer.allocUnsafeSlow(length);
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
  }

  /** The first octets of what `take` returned, which is what `giveBack` is given. */
  lend(whole: Buffer, length: number): Buffer {
    const part = whole.subarray(0, length);
    if (whole.length === CHUNK_BYTES) this.#lent.set(part, whole);
    return part;
  }

  /** Gives back what `lend` returned; a second time, or anything else, is passed over. */
  giveBack(part: Uint8Array): void {
    const whole = this.#lent.get(part);
    if (!whole) return;
    this.#lent.delete(part);
    if (this.#free.length < MOST_KEPT) this.#free.push(whole);
  }
}

/** Those of this process. */
export const DOCUMENT_CHUNKS = new DocumentChunks();
