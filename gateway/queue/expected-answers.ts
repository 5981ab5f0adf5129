import type { XmlElement } from '../../profiles/formats/xml.ts';
import type { IncomingParts } from '../stores/incoming-parts.ts';

/** An answer that has come to our callback: its envelope was read, its documents are still in the socket. */
export interface ArrivingAnswer {
  readonly element: XmlElement;
  readonly parts: IncomingParts;
}

/** An answer in the hands of whoever waited for it; one of the two is called in the end. */
export interface Arrival extends ArrivingAnswer {
  taken(): void;
  notTaken(): void;
}

/** One message that was sent and waits for its answer. */
export interface Expectation {
  /** The answer, or, where one was not taken, the next. @throws Error when the signal aborts first */
  next(signal: AbortSignal): Promise<Arrival>;
  /** Nobody waits any more. */
  end(how: 'answered' | 'late'): void;
}

/** Why an answer was not taken. */
export type NotExpected = 'unknown' | 'duplicate' | 'late' | 'foreign' | 'unreadable';

interface Waiting {
  readonly partner: string;
  /** Answers that came and were not asked for yet. */
  readonly come: Arrival[];
  wanted: ((arrival: Arrival) => void) | undefined;
  /** Somebody is reading an answer at this moment. */
  isBusy: boolean;
}

/** So many messages of the past are known as answered or late; of an older one it is only said that it is unknown. */
const MOST_REMEMBERED = 10_000;

/**
 * The messages of this process whose answers come by messages of their own (ITI TF-2: Appendix V): each is met with its
 * answer by RelatesTo, and only the partner that was asked may answer.
 */
export class ExpectedAnswers {
  readonly #waiting = new Map<string, Waiting>();
  readonly #past = new Map<string, 'duplicate' | 'late'>();
  readonly #stopping = new AbortController();

  /** Before the message is sent: its answer may come before the sending has ended. */
  expect(messageId: string, partner: string): Expectation {
    const waiting: Waiting = { partner, come: [], wanted: undefined, isBusy: false };
    this.#waiting.set(messageId, waiting);
    return {
      next: (signal) => nextOf(waiting, [signal, this.#stopping.signal]),
      end: (how) => {
        this.#waiting.delete(messageId);
        for (const arrival of waiting.come.splice(0)) arrival.notTaken();
        this.#remember(messageId, how === 'answered' ? 'duplicate' : 'late');
      },
    };
  }

  /**
   * Hands an answer to whoever waits for it; resolves when it has been read to its end.
   *
   * @param partners the directory's names of whoever sent it
   */
  async deliver(
    relatesTo: string | undefined,
    partners: readonly string[],
    answer: ArrivingAnswer,
  ): Promise<'taken' | NotExpected> {
    const waiting = relatesTo === undefined ? undefined : this.#waiting.get(relatesTo);
    if (!waiting) return this.#past.get(relatesTo ?? '') ?? 'unknown';
    if (!partners.includes(waiting.partner)) return 'foreign';
    if (waiting.isBusy) return 'duplicate';
    waiting.isBusy = true;
    try {
      return await new Promise((resolve) => {
        const arrival = {
          ...answer,
          taken: () => resolve('taken'),
          notTaken: () => resolve('unreadable'),
        };
        if (waiting.wanted) waiting.wanted(arrival);
        else waiting.come.push(arrival);
      });
    } finally {
      waiting.isBusy = false;
    }
  }

  /** The process stops: nobody waits any more. */
  close(): void {
    this.#stopping.abort();
  }

  #remember(messageId: string, how: 'duplicate' | 'late'): void {
    const [oldest] = this.#past.keys();
    if (this.#past.size >= MOST_REMEMBERED && oldest !== undefined) this.#past.delete(oldest);
    this.#past.set(messageId, how);
  }
}

function nextOf(waiting: Waiting, signals: readonly AbortSignal[]): Promise<Arrival> {
  return new Promise((resolve, reject) => {
    const [come] = waiting.come.splice(0, 1);
    const settled = (outcome: () => void) => {
      waiting.wanted = undefined;
      for (const signal of signals) signal.removeEventListener('abort', aborted);
      outcome();
    };
    const aborted = () => settled(() => reject(new Error('no answer came')));
    if (come) resolve(come);
    else if (signals.some((signal) => signal.aborted)) aborted();
    else {
      waiting.wanted = (arrival) => settled(() => resolve(arrival));
      for (const signal of signals) signal.addEventListener('abort', aborted, { once: true });
    }
  });
}
