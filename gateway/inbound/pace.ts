import type { IncomingMessage } from 'node:http';
import { Fault } from '../../profiles/refusal.ts';

/** How slowly a body may come. */
export interface PaceLimits {
  /** The longest silence. */
  readonly idleMs: number;
  /** Averaged over each 30 seconds. */
  readonly leastBytesPerSecond: number;
  /** The longest that one body may take. */
  readonly longestMs: number;
}

interface Watched {
  readonly request: IncomingMessage;
  readonly startedAt: number;
  lastByteAt: number;
  windowStartedAt: number;
  windowBytes: number;
  /** The consumer has chunks it has not taken: the silence is ours. */
  held: boolean;
  fail: ((fault: Fault) => void) | undefined;
}

const WINDOW_MS = 30_000;
const LOOK_EVERY_MS = 500;

/**
 * Watches the pace of bodies: one timer for all of them. A body that is too slow ends with a Fault Sender, so that its
 * sender is told why. Time in which the reader itself does not pull is not counted against the sender.
 */
export class Pace {
  readonly #limits: PaceLimits;
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: PaceLimits) {
    this.#limits = limits;
  }

  /** The body of a request; pulled, and the socket is paused while nothing is pulled. */
  async *of(request: IncomingMessage): AsyncGenerator<Uint8Array, void, undefined> {
    const now = performance.now();
    const watched: Watched = {
      request,
      startedAt: now,
      lastByteAt: now,
      windowStartedAt: now,
      windowBytes: 0,
      held: false,
      fail: undefined,
    };
    this.#watch(watched);
    try {
      while (true) {
        const chunk = await this.#next(watched);
        if (chunk === undefined) return;
        watched.windowBytes += chunk.length;
        watched.held = true;
        yield chunk;
        watched.held = false;
        watched.lastByteAt = performance.now();
      }
    } finally {
      this.#watched.delete(watched);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #next(watched: Watched): Promise<Uint8Array | undefined> | Uint8Array | undefined {
    const { request } = watched;
    const ready = request.read() as Uint8Array | null;
    if (ready) return ready;
    if (request.readableEnded) return undefined;
    return new Promise((resolve, reject) => {
      const done = (outcome: () => void) => {
        request.off('readable', onReadable);
        request.off('end', onEnd);
        request.off('close', onClose);
        request.off('error', onClose);
        watched.fail = undefined;
        outcome();
      };
      const onReadable = () => {
        const chunk = request.read() as Uint8Array | null;
        if (chunk) done(() => resolve(chunk));
      };
      const onEnd = () => done(() => resolve(undefined));
      const onClose = () =>
        done(() =>
          request.complete
            ? resolve(undefined)
            : reject(new Fault('Sender', 'the connection ended inside the message')),
        );
      watched.fail = (fault) => done(() => reject(fault));
      request.on('readable', onReadable);
      request.on('end', onEnd);
      request.on('close', onClose);
      request.on('error', onClose);
      if (request.destroyed) onClose();
    });
  }

  #watch(watched: Watched): void {
    this.#watched.add(watched);
    // Whoever stops pulling half-way does not say so.
    watched.request.once('close', () => this.#watched.delete(watched));
    if (this.#timer) return;
    this.#timer = setInterval(() => {
      const now = performance.now();
      for (const each of this.#watched) this.#judge(each, now);
    }, LOOK_EVERY_MS);
    this.#timer.unref();
  }

  #judge(watched: Watched, now: number): void {
    const { idleMs, leastBytesPerSecond, longestMs } = this.#limits;
    if (now - watched.startedAt > longestMs) {
      watched.fail?.(new Fault('Sender', `the message took longer than ${longestMs} ms`));
      return;
    }
    if (watched.held) {
      watched.windowStartedAt = now;
      watched.windowBytes = 0;
      return;
    }
    if (now - watched.lastByteAt > idleMs) {
      watched.fail?.(new Fault('Sender', `no byte came within ${idleMs} ms`));
      return;
    }
    if (now - watched.windowStartedAt < WINDOW_MS) return;
    const least = (leastBytesPerSecond * WINDOW_MS) / 1_000;
    if (watched.windowBytes < least) {
      watched.fail?.(
        new Fault('Sender', `the message came slower than ${leastBytesPerSecond} bytes a second`),
      );
      return;
    }
    watched.windowStartedAt = now;
    watched.windowBytes = 0;
  }
}
