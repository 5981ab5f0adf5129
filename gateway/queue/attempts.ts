import { mostOfOne } from './outcomes.ts';
import { LastProgress, waitFor } from './waiting.ts';

/** Work that is tried until it ends. */
export interface Attempted {
  /** Milliseconds since 1970. */
  notBefore: number;
  running: boolean;
}

export interface AttemptsOptions<Job extends Attempted> {
  /** What has not ended yet, in the order in which it shall begin. */
  readonly jobs: () => Iterable<Job>;
  /** Who is asked by an attempt. */
  readonly askedBy: (job: Job) => string;
  /** False for what may not begin yet, whatever its time; if left out, all may. */
  readonly mayBegin?: (job: Job) => boolean;
  /** One attempt. It never rejects. */
  readonly attempt: (job: Job) => Promise<void>;
  /** Attempts at once. */
  readonly concurrency: number;
  readonly now: () => Date;
}

/** The longest that a timer is set for: the clock may be put right meanwhile. */
const LONGEST_TIMER_MS = 60_000;

/** Begins attempts as room and time allow; one far end that does not answer holds at most half of the room. */
export class Attempts<Job extends Attempted> {
  readonly #options: AttemptsOptions<Job>;
  readonly #running = new Set<Promise<void>>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = true;

  constructor(options: AttemptsOptions<Job>) {
    this.#options = options;
  }

  /** True before `start` and after `stop`. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  start(): void {
    this.#isStopped = false;
    this.look();
  }

  /** Begins nothing more, and waits at most so long for what runs. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await waitFor(Promise.allSettled(this.#running), new LastProgress(), {
      deadlineMs: graceMs,
      longestMs: graceMs,
    });
  }

  /** Begins what may begin, and sets the clock for what has to wait. To be called when there is something new. */
  look(): void {
    if (this.#isStopped) return;
    const { jobs, mayBegin, now } = this.#options;
    clearTimeout(this.#timer);
    const at = now().getTime();
    let next = Number.POSITIVE_INFINITY;
    for (const job of jobs()) {
      if (job.running || mayBegin?.(job) === false) continue;
      if (job.notBefore > at) next = Math.min(next, job.notBefore);
      else if (this.#hasRoomFor(job)) this.#begin(job);
    }
    if (next !== Number.POSITIVE_INFINITY) {
      this.#timer = setTimeout(() => this.look(), Math.min(next - at, LONGEST_TIMER_MS));
    }
  }

  #hasRoomFor(job: Job): boolean {
    const { concurrency, jobs, askedBy } = this.#options;
    if (this.#running.size >= concurrency) return false;
    const asked = askedBy(job);
    let there = 0;
    for (const other of jobs()) if (other.running && askedBy(other) === asked) there += 1;
    return there < mostOfOne(concurrency);
  }

  #begin(job: Job): void {
    job.running = true;
    const run = this.#options.attempt(job).finally(() => {
      job.running = false;
      this.#running.delete(run);
      this.look();
    });
    this.#running.add(run);
  }
}
