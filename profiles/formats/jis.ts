/** Rows and cells of a JIS plane: each is 94 by 94. */
const SIDE = 94;
const PLANE = SIDE * SIDE;
/** The first octet, as seven bits, of row and cell 1. */
const FIRST = 0x21;

/** Rows of JIS X 0208 itself; 13 and 89 to 92 are NEC's and IBM's additions, which other systems do not have. */
const isStandardRow = (row: number) => (row >= 1 && row <= 8) || (row >= 16 && row <= 84);

/**
 * Cells whose character the WHATWG tables give otherwise than JIS X 0208 does: its full-width twin, or parallel.
 *
 * @see JIS X 0208:1997, 6.5
 */
const CORRECTIONS: ReadonlyMap<number, string> = new Map([
  [0x2141, '〜'],
  [0x2142, '‖'],
  [0x215d, '−'],
  [0x2171, '¢'],
  [0x2172, '£'],
  [0x224c, '¬'],
]);

/** A coded character set of two octets: characters by octets, and octets by characters. */
export interface JisPlane {
  /** The character at two seven-bit octets, and whether the standard has it there; undefined for an empty cell. */
  at(
    first: number,
    second: number,
  ): { readonly text: string; readonly isStandard: boolean } | undefined;
  /** The two seven-bit octets of a character as one number; undefined where the standard has none for it. */
  octetsOf(character: string): number | undefined;
}

function cellOf(first: number, second: number): number | undefined {
  const [row, cell] = [first - FIRST, second - FIRST];
  if (row < 0 || row >= SIDE || cell < 0 || cell >= SIDE) return undefined;
  return row * SIDE + cell;
}

function readPlane(
  prefix: readonly number[],
  isStandard: (row: number) => boolean,
  corrections: ReadonlyMap<number, string>,
): JisPlane {
  const decoder = new TextDecoder('euc-jp');
  const characters = new Array<string | undefined>(PLANE);
  const octets = new Map<string, number>();
  for (let index = 0; index < PLANE; index += 1) {
    const [first, second] = [FIRST + Math.floor(index / SIDE), FIRST + (index % SIDE)];
    const text = decoder.decode(Uint8Array.of(...prefix, first | 0x80, second | 0x80));
    if (text === '' || text.includes('�') || [...text].length !== 1) continue;
    const code = (first << 8) | second;
    characters[index] = corrections.get(code) ?? text;
    if (!isStandard(first - FIRST + 1)) continue;
    octets.set(text, code);
    octets.set(corrections.get(code) ?? text, code);
  }
  return {
    at(first, second) {
      const index = cellOf(first, second);
      const text = index === undefined ? undefined : characters[index];
      if (text === undefined) return undefined;
      return { text, isStandard: isStandard(first - FIRST + 1) };
    },
    octetsOf: (character) => octets.get(character),
  };
}

let x0208: JisPlane | undefined;
let x0212: JisPlane | undefined;

/** JIS X 0208, made of the tables of the runtime the first time that it is asked for. */
export function jisX0208(): JisPlane {
  x0208 ??= readPlane([], isStandardRow, CORRECTIONS);
  return x0208;
}

/** JIS X 0212, the supplementary characters. */
export function jisX0212(): JisPlane {
  x0212 ??= readPlane([0x8f], (row) => row === 2 || (row >= 6 && row <= 77), new Map());
  return x0212;
}
