import type { RetrievalDeadline } from '../../actors/initiating-gateway/retrieval.ts';

/** When something last moved on. The instants are those of `performance.now`: they never jump. */
export class LastProgress {
  #at = performance.now();

  /** Octets have arrived, or an attempt has begun. */
  moved(): void {
    this.#at = performance.now();
  }

  get at(): number {
    return this.#at;
  }
}

/**
 * Waits for an ending: `deadlineMs` since the last progress, and `longestMs` in all.
 *
 * @returns undefined when the time is over first
 */
export async function waitFor<Ending>(
  ending: Promise<Ending>,
  progress: LastProgress,
  { deadlineMs, longestMs }: RetrievalDeadline,
): Promise<Ending | undefined> {
  const begunAt = performance.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<undefined>((resolve) => {
    const look = () => {
      const over = Math.min(Math.max(progress.at, begunAt) + deadlineMs, begunAt + longestMs);
      const leftMs = over - performance.now();
      if (leftMs <= 0) resolve(undefined);
      else timer = setTimeout(look, Math.ceil(leftMs));
    };
    look();
  });
  try {
    return await Promise.race([ending, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
