import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** One exchange as the figures see it: what it was and how it ended, never whose. */
export interface MeasuredExchange {
  /** `ITI-18`, or `unknown` where it was never learnt. */
  readonly transaction: string;
  readonly side: 'asker' | 'answerer';
  readonly outcome: string;
  /** From the first octet to the answer; left out where it was not measured. */
  readonly tookMs?: number;
}

/** Retrievals by state, for example `{ waiting: 3, active: 8, failed: 1 }`. */
export type QueueDepths = Readonly<Record<string, number>>;

/** How many there are in each state. */
export function depthsOf(all: readonly { readonly state: string }[]): QueueDepths {
  const depths: Record<string, number> = {};
  for (const { state } of all) depths[state] = (depths[state] ?? 0) + 1;
  return depths;
}

/** What waits for one consumer, as the directory names it. */
export interface WaitingFor {
  readonly consumer: string;
  readonly waiting: number;
}

/** Seconds; from an answer out of the cache to a retrieval across communities. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/**
 * What this process counts, for `/metrics`. Labels are ids of transactions, sides, outcomes, names of oddities out of our own
 * code, and names of the directory: nothing that a message said, so nothing about persons and no label without bound.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #exchanges: Counter<'transaction' | 'side' | 'outcome'>;
  readonly #durations: Histogram<'transaction' | 'side'>;
  readonly #oddities: Counter<'oddity'>;
  readonly #rejections: Counter<'reason'>;
  readonly #answersSent: Counter<'outcome'>;
  readonly #answersRefused: Counter<'reason'>;

  /** @param options.process false leaves out the figures of the process itself (memory, event loop) */
  constructor(options: { readonly process?: boolean } = {}) {
    const registers = [this.#registry];
    if (options.process !== false) collectDefaultMetrics({ register: this.#registry });
    this.#exchanges = new Counter({
      name: 'kakehashi_exchanges_total',
      help: 'Exchanges by transaction, side (asker or answerer) and outcome.',
      labelNames: ['transaction', 'side', 'outcome'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'kakehashi_exchange_duration_seconds',
      help: 'How long exchanges took, until the answer was ready to be sent or was read.',
      labelNames: ['transaction', 'side'],
      buckets: DURATION_BUCKETS,
      registers,
    });
    this.#oddities = new Counter({
      name: 'kakehashi_oddities_total',
      help: 'Deviations of peers that were accepted, such as a missing ReplyTo.',
      labelNames: ['oddity'],
      registers,
    });
    this.#rejections = new Counter({
      name: 'kakehashi_rejected_nodes_total',
      help: 'Connections closed because the peer could not be authenticated, by reason.',
      labelNames: ['reason'],
      registers,
    });
    this.#answersSent = new Counter({
      name: 'kakehashi_callback_answers_total',
      help: 'Answers that were to be sent to a callback: delivered, postponed, given-up.',
      labelNames: ['outcome'],
      registers,
    });
    this.#answersRefused = new Counter({
      name: 'kakehashi_refused_answers_total',
      help: 'Answers that came to our callback and were not taken: unknown, duplicate, late, foreign, unreadable.',
      labelNames: ['reason'],
      registers,
    });
  }

  /** Counts an exchange, and times it when `tookMs` is given. */
  exchange({ transaction, side, outcome, tookMs }: MeasuredExchange): void {
    this.#exchanges.inc({ transaction, side, outcome });
    if (tookMs !== undefined) this.#durations.observe({ transaction, side }, tookMs / 1000);
  }

  /** Counts a deviation that was accepted. `name` is one of our own words. */
  oddity(name: string): void {
    this.#oddities.inc({ oddity: name });
  }

  /** Counts a peer that was turned away. `reason` is one of our own words. */
  rejection(reason: string): void {
    this.#rejections.inc({ reason });
  }

  /** Counts what became of an answer that goes to a callback. `outcome` is one of our own words. */
  answerSent(outcome: string): void {
    this.#answersSent.inc({ outcome });
  }

  /** Counts an answer that nobody here waits for. `reason` is one of our own words. */
  answerRefused(reason: string): void {
    this.#answersRefused.inc({ reason });
  }

  /** Shows the depths of the retrieval queue; `depths` is asked each time somebody looks. Once a process. */
  watchQueue(depths: () => Promise<QueueDepths>): void {
    this.#watch('kakehashi_retrievals', 'Retrievals in the queue by state.', depths);
  }

  /** Shows the requests that are answered by messages of their own, by state. Once a process. */
  watchWaiting(depths: () => Promise<QueueDepths>): void {
    this.#watch('kakehashi_waiting_requests', 'Requests with a callback by state.', depths);
  }

  #watch(name: string, help: string, depths: () => Promise<QueueDepths>): void {
    const gauge = new Gauge({
      name,
      help,
      labelNames: ['state'],
      registers: [this.#registry],
      async collect() {
        gauge.reset();
        const found = (await orNothing(depths())) ?? {};
        for (const [state, count] of Object.entries(found)) gauge.set({ state }, count);
      },
    });
  }

  /** Shows what waits for each consumer of identity changes; asked each time somebody looks. Once a process. */
  watchNotifications(queues: () => Promise<readonly WaitingFor[]>): void {
    const gauge = new Gauge({
      name: 'kakehashi_notifications_waiting',
      help: 'Notifications of changed ids (ITI-46, ITI-10) that wait, by consumer.',
      labelNames: ['consumer'],
      registers: [this.#registry],
      async collect() {
        gauge.reset();
        const found = (await orNothing(queues())) ?? [];
        for (const { consumer, waiting } of found) gauge.set({ consumer }, waiting);
      },
    });
  }

  /** Shows what the wide-area id service is owed; asked each time somebody looks. Once a process. */
  watchWideAreaFeed(
    sum: () => Promise<{ readonly waiting: number; readonly refused: number } | undefined>,
  ): void {
    const gauge = new Gauge({
      name: 'kakehashi_wide_area_feeds',
      help: 'Messages to the wide-area id service (ITI-44) by state (waiting or refused).',
      labelNames: ['state'],
      registers: [this.#registry],
      async collect() {
        gauge.reset();
        const found = await orNothing(sum().then((fed) => fed ?? { waiting: 0, refused: 0 }));
        if (found === undefined) return;
        gauge.set({ state: 'waiting' }, found.waiting);
        gauge.set({ state: 'refused' }, found.refused);
      },
    });
  }

  /** The figures in the Prometheus text form. */
  async exposition(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}

/** While database or Redis is away, what lies there is left out; the other figures are shown all the same. */
async function orNothing<Found>(asked: Promise<Found>): Promise<Found | undefined> {
  return await asked.catch(() => undefined);
}
