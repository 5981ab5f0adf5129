/** The body of an answer in chunks, as it comes in. Source: RFC 9112, 7.1. */
export class ChunkedBody {
  /** The line that is not whole yet: a size, or what stands around it. */
  #line: Buffer = Buffer.alloc(0);
  /** Octets of the present chunk that are still to come. */
  #missing = 0;
  #state: 'size' | 'octets' | 'behind' | 'trailer' | 'whole' = 'size';

  get isWhole(): boolean {
    return this.#state === 'whole';
  }

  /** @returns what of it belongs to the body, in pieces; nothing is copied */
  take(octets: Buffer): readonly Buffer[] {
    const pieces: Buffer[] = [];
    let rest = octets;
    while (rest.length > 0 && this.#state !== 'whole') {
      if (this.#state === 'octets') {
        const piece = rest.subarray(0, this.#missing);
        pieces.push(piece);
        this.#missing -= piece.length;
        rest = rest.subarray(piece.length);
        if (this.#missing === 0) this.#state = 'behind';
        continue;
      }
      const end = rest.indexOf('\n');
      this.#line = Buffer.concat([this.#line, end < 0 ? rest : rest.subarray(0, end)]);
      if (end < 0) break;
      rest = rest.subarray(end + 1);
      this.#take(this.#line.toString('latin1').trim());
      this.#line = Buffer.alloc(0);
    }
    return pieces;
  }

  #take(line: string): void {
    if (this.#state === 'behind') {
      this.#state = 'size';
      return;
    }
    if (this.#state === 'trailer') {
      if (line === '') this.#state = 'whole';
      return;
    }
    const size = Number.parseInt(line, 16);
    if (!Number.isSafeInteger(size) || size < 0) throw new Error('a chunk without its size');
    this.#missing = size;
    this.#state = size === 0 ? 'trailer' : 'octets';
  }
}
