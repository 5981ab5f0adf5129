/** What goes on again and again beside the messages. */
export interface RoundsOptions<Result> {
  readonly go: () => Promise<Result>;
  /** Between the end of a round and the next. */
  readonly everyMs: number;
  /** After a round that failed; if left out, as after any other. */
  readonly restMs?: number;
  /** Hears why a round failed that nobody asked for. */
  readonly failed: (error: unknown) => void;
}

/** Rounds of one work, one at a time: by the clock from `start` to `stop`, and whenever somebody asks. */
export class Rounds<Result> {
  readonly #options: RoundsOptions<Result>;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<Result> | undefined;

  constructor(options: RoundsOptions<Result>) {
    this.#options = options;
  }

  /** False before `start` and after `stop`: a long round looks whether it should go on. */
  get goesOn(): boolean {
    return this.#timer !== undefined;
  }

  /** Goes round once now, and then again and again until `stop`. */
  start(): void {
    const { everyMs, restMs = everyMs, failed } = this.#options;
    const again = () => {
      this.once().then(
        () => this.#wait(again, everyMs),
        (error: unknown) => {
          failed(error);
          this.#wait(again, restMs);
        },
      );
    };
    this.#timer = setTimeout(again, 0).unref();
  }

  #wait(again: () => void, ms: number): void {
    if (this.#timer !== undefined) this.#timer = setTimeout(again, ms).unref();
  }

  /** One round; one that is under way is joined. */
  async once(): Promise<Result> {
    this.#running ??= this.#options.go().finally(() => {
      this.#running = undefined;
    });
    return await this.#running;
  }

  /** Begins no more, and waits for the round that is under way. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#running?.catch(() => {});
  }
}
