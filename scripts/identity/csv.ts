import { systemCodeOf } from '../system-error.ts';

/** A CSV that cannot be read, with the place: both count from 1, and line 1 is the head. */
export class CsvError extends Error {
  readonly line: number;
  readonly column: string | undefined;
  readonly reason: string;

  constructor(line: number, reason: string, column?: string) {
    super(`line ${line}${column === undefined ? '' : `, column ${column}`}: ${reason}`);
    this.name = 'CsvError';
    this.line = line;
    this.column = column;
    this.reason = reason;
  }
}

/** A row, and the line on which it begins. */
export interface CsvRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/** Characters of one cell, cells of one row, and rows of one file. */
export const CSV_LIMITS = { cell: 10_000, cells: 200, rows: 2_000_000 } as const;

/**
 * Rows of a CSV (RFC 4180) as its text comes in: quoted cells with commas, quotes and line ends in them; CRLF, LF or CR; a
 * byte order mark at the start. Empty lines are left out.
 * @throws CsvError for a quote that is never closed or stands inside a cell, and beyond a limit
 */
export async function* csvRows(
  chunks: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<CsvRow> {
  const reader = new Reader();
  for await (const chunk of chunks) yield* reader.read(chunk);
  yield* reader.end();
}

class Reader {
  #cells: string[] = [];
  #cell = '';
  #state: 'start' | 'plain' | 'quoted' | 'quote' = 'start';
  #line = 1;
  #rowLine = 1;
  #rows = 0;
  #isFirst = true;
  #afterReturn = false;

  *read(chunk: string): Generator<CsvRow> {
    const text = this.#isFirst && chunk.startsWith('\uFEFF') ? chunk.slice(1) : chunk;
    if (chunk.length > 0) this.#isFirst = false;
    for (const character of text) {
      if (character === '\n' && this.#afterReturn) {
        this.#afterReturn = false;
        if (this.#state === 'quoted') this.#cell += character;
        continue;
      }
      this.#afterReturn = character === '\r';
      if (this.#state === 'quoted') this.#quoted(character);
      else if (character === '\n' || character === '\r') {
        const row = this.#row();
        this.#line += 1;
        this.#rowLine = this.#line;
        if (row) yield row;
      } else this.#unquoted(character);
    }
  }

  *end(): Generator<CsvRow> {
    if (this.#state === 'quoted') throw new CsvError(this.#rowLine, 'a quote is never closed');
    const row = this.#row();
    if (row) yield row;
  }

  #quoted(character: string): void {
    if (character === '"') this.#state = 'quote';
    else this.#add(character);
    if (character === '\n' || character === '\r') this.#line += 1;
  }

  #unquoted(character: string): void {
    if (character === ',') this.#endCell();
    else if (character === '"') {
      if (this.#state === 'start') this.#state = 'quoted';
      else if (this.#state === 'quote') {
        this.#add('"');
        this.#state = 'quoted';
      } else throw new CsvError(this.#line, 'a quote stands inside a cell that is not quoted');
    } else {
      if (this.#state === 'quote') throw new CsvError(this.#line, 'text follows a closing quote');
      this.#state = 'plain';
      this.#add(character);
    }
  }

  #add(character: string): void {
    this.#cell += character;
    if (this.#cell.length > CSV_LIMITS.cell) {
      throw new CsvError(this.#rowLine, `a cell has more than ${CSV_LIMITS.cell} characters`);
    }
  }

  #endCell(): void {
    this.#cells.push(this.#cell);
    this.#cell = '';
    this.#state = 'start';
    if (this.#cells.length > CSV_LIMITS.cells) {
      throw new CsvError(this.#rowLine, `more than ${CSV_LIMITS.cells} cells`);
    }
  }

  #row(): CsvRow | undefined {
    const isEmpty = this.#cells.length === 0 && this.#cell === '' && this.#state === 'start';
    if (isEmpty) return undefined;
    this.#endCell();
    const cells = this.#cells;
    this.#cells = [];
    this.#rows += 1;
    if (this.#rows > CSV_LIMITS.rows) {
      throw new CsvError(this.#rowLine, `more than ${CSV_LIMITS.rows} rows`);
    }
    return { line: this.#rowLine, cells };
  }
}

const LINE_FEED = 0x0a;

/** The first line that is not UTF-8, counted from 1; undefined where all are. No character of UTF-8 has a line feed inside. */
export async function lineNotUtf8(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<number | undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  try {
    for await (const chunk of chunks) {
      let start = 0;
      for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
        decoder.decode(chunk.subarray(start, end + 1), { stream: true });
        line += 1;
        start = end + 1;
      }
      decoder.decode(chunk.subarray(start), { stream: true });
    }
    decoder.decode();
    return undefined;
  } catch (error) {
    if (systemCodeOf(error) === 'ERR_ENCODING_INVALID_ENCODED_DATA') return line;
    throw error;
  }
}
