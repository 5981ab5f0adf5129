/** Discoveries under way: no more than so many at one time, so that a flood of them does not take the others' turn. */
export class Discoveries {
  readonly #most: number;
  #underWay = 0;

  /** @param most at least 1 */
  constructor(most: number) {
    this.#most = most;
  }

  /** Does the work, or does nothing and gives undefined when too much is under way. */
  async run<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    if (this.#underWay >= this.#most) return undefined;
    this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
    }
  }
}
