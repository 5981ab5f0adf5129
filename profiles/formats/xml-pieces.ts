/** A stretch of XML: text, or its octets in UTF-8 where they are ready. A stretch need not end where an element does. */
export type XmlPiece = string | Uint8Array;

/**
 * A payload in pieces, with its text for those who ask. A class, for V8 makes a new shape, which lives long and holds the
 * getter's surroundings, of each literal that has a getter: what it holds would outlive its request.
 */
export class PiecesOfXml {
  readonly pieces: readonly XmlPiece[];

  constructor(pieces: readonly XmlPiece[]) {
    this.pieces = pieces;
  }

  get xml(): string {
    return textOfPieces(this.pieces);
  }
}

/** The pieces as one text. */
export function textOfPieces(pieces: readonly XmlPiece[]): string {
  return pieces.map(textOfPiece).join('');
}

/** One piece as text. */
export function textOfPiece(piece: XmlPiece): string {
  return typeof piece === 'string' ? piece : viewOf(piece).toString('utf8');
}

/**
 * The pieces as octets in UTF-8, each copied once.
 *
 * @param take where the octets are to lie: a buffer of exactly that length
 */
export function octetsOfPieces(
  pieces: readonly XmlPiece[],
  take: (length: number) => Buffer = Buffer.allocUnsafeSlow,
): Uint8Array {
  let length = 0;
  for (const piece of pieces) {
    length += typeof piece === 'string' ? Buffer.byteLength(piece, 'utf8') : piece.length;
  }
  const octets = take(length);
  let at = 0;
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      at += octets.write(piece, at, 'utf8');
    } else {
      octets.set(piece, at);
      at += piece.length;
    }
  }
  return octets;
}

/**
 * Cuts a piece before the last of these words that it holds, the first named first.
 *
 * @param words ASCII
 * @returns what stands before, and the rest; the rest is empty where none of the words is found
 */
export function cutBefore(
  piece: XmlPiece,
  words: readonly string[],
): readonly [before: XmlPiece, rest: XmlPiece] {
  const octets = typeof piece === 'string' ? undefined : viewOf(piece);
  for (const word of words) {
    const at = typeof piece === 'string' ? piece.lastIndexOf(word) : octets?.lastIndexOf(word);
    if (at === undefined || at < 0) continue;
    return typeof piece === 'string'
      ? [piece.slice(0, at), piece.slice(at)]
      : [piece.subarray(0, at), piece.subarray(at)];
  }
  return [piece, ''];
}

function viewOf(octets: Uint8Array): Buffer {
  if (octets instanceof Buffer) return octets;
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
}
