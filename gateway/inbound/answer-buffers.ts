const LEAST_BYTES = 65_536;
const MOST_BYTES = 1_048_576;

/** What is kept for later answers, all sizes together. */
const KEPT_BYTES = 16 * 1_048_576;

/**
 * Memory of answers, taken again for a later one. Fresh memory of this size is counted by V8 against a limit of its own, and
 * a server that takes it for each answer collects all of its garbage several times a second.
 *
 * Whoever takes gives back only after the last octet was handed on; memory that may still be read is not given back at all,
 * and goes the way of all garbage.
 */
export class AnswerBuffers {
  readonly #free = new Map<number, Buffer[]>();
  readonly #lent = new WeakMap<Uint8Array, Buffer>();
  #keptBytes = 0;

  /** Memory of that length; what stood in it still does. */
  take(length: number): Buffer {
    const size = sizeFor(length);
    if (size === undefined) return Buffer.allocUnsafeSlow(length);
    const kept = this.#free.get(size)?.pop();
    if (kept) this.#keptBytes -= size;
    const whole = kept ?? Buffer.allocUnsafeSlow(size);
    const part = whole.subarray(0, length);
    this.#lent.set(part, whole);
    return part;
  }

  /** Gives back what `take` returned; a second time, or anything else, is passed over. */
  giveBack(part: Uint8Array): void {
    const whole = this.#lent.get(part);
    if (!whole) return;
    this.#lent.delete(part);
    if (this.#keptBytes + whole.length > KEPT_BYTES) return;
    this.#keptBytes += whole.length;
    const free = this.#free.get(whole.length);
    if (free) free.push(whole);
    else this.#free.set(whole.length, [whole]);
  }
}

/** Powers of two; undefined for what is too small or too large to be kept. */
function sizeFor(length: number): number | undefined {
  if (length < LEAST_BYTES / 4 || length > MOST_BYTES) return undefined;
  let size = LEAST_BYTES;
  while (size < length) size *= 2;
  return size;
}
