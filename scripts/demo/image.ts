const HEADER_BYTES = 54;
const ROWS_A_CHUNK = 128;

/** An uncompressed picture of 24 bits a pixel. */
export interface Bitmap {
  /** Pixels; a multiple of 4, so that rows need no padding. */
  readonly width: number;
  readonly height: number;
}

/** The size of the picture's file. */
export function bitmapBytes({ width, height }: Bitmap): number {
  return HEADER_BYTES + width * height * 3;
}

/**
 * A BMP of a drawn phantom (rings and a wedge of greys, no one's body), the same octets each time, made row by row as
 * it is read: it never lies in memory whole.
 */
export function* bitmap({ width, height }: Bitmap): Generator<Uint8Array> {
  yield headerOf({ width, height });
  const squares = Float64Array.from(
    { length: width },
    (_, column) => fromCentre(column, width) ** 2,
  );
  for (let first = 0; first < height; first += ROWS_A_CHUNK) {
    const rows = Math.min(ROWS_A_CHUNK, height - first);
    const chunk = new Uint8Array(rows * width * 3);
    let at = 0;
    for (let row = first; row < first + rows; row += 1) {
      const vertical = fromCentre(row, height) ** 2;
      for (let column = 0; column < width; column += 1) {
        const distance = (squares[column] ?? 0) + vertical;
        const grey = distance > EDGE ? besideAt(column, row, { width, height }) : ringAt(distance);
        chunk[at] = grey;
        chunk[at + 1] = grey;
        chunk[at + 2] = grey;
        at += 3;
      }
    }
    yield chunk;
  }
}

/** BITMAPFILEHEADER and BITMAPINFOHEADER; little-endian. */
function headerOf(picture: Bitmap): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('BM', 0, 'latin1');
  header.writeUInt32LE(bitmapBytes(picture), 2);
  header.writeUInt32LE(HEADER_BYTES, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(picture.width, 18);
  header.writeInt32LE(picture.height, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(24, 28);
  header.writeUInt32LE(picture.width * picture.height * 3, 34);
  header.writeInt32LE(2_835, 38);
  header.writeInt32LE(2_835, 42);
  return header;
}

/** Squared, in thousandths of half the picture. */
const EDGE = 810_000;

function fromCentre(place: number, size: number): number {
  return (place * 2_000) / size - 1_000;
}

/** Rings of equal area, each of another grey. */
function ringAt(distance: number): number {
  return 64 + ((Math.floor(distance / 27_000) * 37) % 128);
}

/** Beside the rings it is dark, but for a wedge of greys along one edge. */
function besideAt(column: number, row: number, { width, height }: Bitmap): number {
  return row < height / 16 ? Math.floor((column * 256) / width) : 8;
}
