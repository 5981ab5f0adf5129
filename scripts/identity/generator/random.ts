/**
 * A stream of pseudo-random numbers that depends on its seeds alone: the same seeds give the same people on every machine.
 * Bob Jenkins' small fast counter generator over 32-bit integers; good enough for people, useless for secrets.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param seeds whole numbers; each different list gives another stream */
  constructor(...seeds: readonly number[]) {
    this.#a = 0x9e3779b9;
    this.#b = 0x243f6a88;
    this.#c = 0xb7e15162;
    for (const seed of seeds) {
      this.#a ^= seed | 0;
      this.#b ^= Math.floor(seed / 2 ** 32) | 0;
      for (let round = 0; round < 12; round += 1) this.#step();
    }
  }

  #step(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** From 0 to just below 1. */
  next(): number {
    return this.#step() / 2 ** 32;
  }

  /** True once in `1 / probability` times. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** One of the values, each as likely as the other. */
  of<T>(values: readonly T[]): T {
    const value = values[Math.floor(this.next() * values.length)];
    if (value === undefined) throw new RangeError('nothing to choose from');
    return value;
  }
}

/** A list to choose from by weight. */
export interface Weighted<T> {
  readonly values: readonly T[];
  /** The sums of the weights up to each value. */
  readonly sums: readonly number[];
}

/** Makes the list; a weight is any number above zero. */
export function weighted<T>(rows: readonly (readonly [T, number])[]): Weighted<T> {
  let sum = 0;
  const sums = rows.map(([, weight]) => {
    sum += weight;
    return sum;
  });
  return { values: rows.map(([value]) => value), sums };
}

/** One of the values, each as likely as its weight says. */
export function pick<T>(random: Random, { values, sums }: Weighted<T>): T {
  const at = random.next() * (sums[sums.length - 1] ?? 0);
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sums[middle] ?? 0) > at) high = middle;
    else low = middle + 1;
  }
  const value = values[low];
  if (value === undefined) throw new RangeError('nothing to choose from');
  return value;
}
