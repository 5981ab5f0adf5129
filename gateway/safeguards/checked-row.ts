/** One thing that is wrong with a file of settings or partners: where, and what would be right. */
export interface RowFault {
  /** `entries[1].certificate.issuer` */
  readonly path: string;
  readonly expected: string;
}

/** More faults than anybody reads; the rest is not noted. */
export const MAX_FAULTS = 200;

/** A mapping read from a file, which notes what is wrong with it instead of throwing, so that all faults are told at once. */
export class CheckedRow {
  readonly #value: Record<string, unknown>;
  readonly #path: string;
  readonly #faults: RowFault[];

  /** @param faults takes what is found, also by the rows inside */
  constructor(value: unknown, path: string, faults: RowFault[]) {
    this.#path = path;
    this.#faults = faults;
    this.#value = isMapping(value) ? value : {};
    if (!isMapping(value)) this.#add(path === '' ? 'file' : path, 'a mapping of keys to values');
  }

  /** Notes that the value under `key` is wrong; a path is noted once. */
  fault(key: string, expected: string): void {
    this.#add(this.#pathOf(key), expected);
  }

  /** Whether the key is there. */
  has(key: string): boolean {
    return Object.hasOwn(this.#value, key) && this.#value[key] !== undefined;
  }

  /** How long a list is; 0 where there is none. */
  lengthOf(key: string): number {
    const value = this.has(key) ? this.#value[key] : undefined;
    return Array.isArray(value) ? value.length : 0;
  }

  /** The keys that are there. */
  keys(): readonly string[] {
    return Object.keys(this.#value);
  }

  /** A text of this pattern; the empty text after noting a fault. */
  text(key: string, pattern: RegExp, expected: string): string {
    const value = this.has(key) ? this.#value[key] : undefined;
    if (typeof value === 'string' && pattern.test(value)) return value;
    this.fault(key, expected);
    return '';
  }

  /** A list of texts of this pattern; absent is empty. */
  texts(key: string, pattern: RegExp, expected: string): readonly string[] {
    const texts = this.#list(key).map((value, index) => {
      if (typeof value === 'string' && pattern.test(value)) return value;
      this.fault(`${key}[${index}]`, expected);
      return '';
    });
    return texts;
  }

  /** One of several words; the first after noting a fault. */
  choice<Text extends string>(key: string, among: readonly [Text, ...Text[]]): Text {
    const found = among.find((text) => this.has(key) && text === this.#value[key]);
    if (found === undefined) this.fault(key, `one of: ${among.join(', ')}`);
    return found ?? among[0];
  }

  /** True or false; absent is false. */
  flag(key: string): boolean {
    const value = this.has(key) ? this.#value[key] : undefined;
    if (value !== undefined && typeof value !== 'boolean') this.fault(key, 'true or false');
    return value === true;
  }

  /** The mapping under a key; `absent` stands in where there is none. */
  inner(key: string, absent?: Record<string, unknown>): CheckedRow {
    const value = this.has(key) ? this.#value[key] : absent;
    return new CheckedRow(value, this.#pathOf(key), this.#faults);
  }

  /** The mappings of a list; absent is empty. */
  inners(key: string): readonly CheckedRow[] {
    return this.#list(key).map(
      (value, index) => new CheckedRow(value, this.#pathOf(`${key}[${index}]`), this.#faults),
    );
  }

  /** Notes every key that is not among these. */
  refuseUnknown(known: readonly string[]): void {
    for (const key of this.keys()) {
      if (!known.includes(key)) this.fault(key, `unknown; known are ${known.join(', ')}`);
    }
  }

  #list(key: string): readonly unknown[] {
    const value = this.has(key) ? this.#value[key] : undefined;
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value;
    this.fault(key, 'a list');
    return [];
  }

  #pathOf(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`;
  }

  #add(path: string, expected: string): void {
    if (this.#faults.length >= MAX_FAULTS) return;
    if (!this.#faults.some((known) => known.path === path)) this.#faults.push({ path, expected });
  }
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
