import type { World } from '../actor.ts';

/** Whose a continuation is: nobody else can use it. */
export interface Holder {
  /** The caller, as the directory names it. */
  readonly caller: string;
  /** MSH-3 and MSH-4, or the sending device. */
  readonly sender: string;
  /** The query's tag, or its id. */
  readonly tag: string;
}

interface Kept<Found> extends Holder {
  readonly query: string;
  readonly found: Found;
  readonly until: number;
  readonly weight: number;
}

const KEPT_MS = 600_000;
/** At one time; the oldest goes first. */
const MOST_KEPT = 1_000;
/** Of one caller, so that none drives out the others. */
const MOST_OF_ONE = 50;
/** Patients in all that is kept. */
const MOST_WEIGHT = 20_000;

/**
 * Answers of which parts are still to be fetched, for ten minutes. They are kept in memory: a restart forgets them, and who
 * asks for more then has to ask anew.
 *
 * @see ITI TF-2: 3.21.4.1.2.4, 3.47.4.3
 */
export class Continuations<Found> {
  readonly #kept = new Map<string, Kept<Found>>();
  #weight = 0;

  /**
   * @param kept `query`: what has to be asked again for more of it; `weight`: how many patients it holds
   * @returns the name under which it is found again
   */
  keep(
    {
      found,
      query,
      weight,
    }: { readonly found: Found; readonly query: string; readonly weight: number },
    holder: Holder,
    world: Pick<World, 'now' | 'uuid'>,
  ): string {
    const now = world.now().getTime();
    for (const [name, kept] of this.#kept) {
      if (kept.until <= now) this.#forget(name);
    }
    const own = [...this.#kept].filter(([, { caller }]) => caller === holder.caller);
    const [oldestOwn] = own;
    if (oldestOwn && own.length >= MOST_OF_ONE) this.#forget(oldestOwn[0]);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size < MOST_KEPT && this.#weight + weight <= MOST_WEIGHT) break;
      this.#forget(oldest);
    }
    const name = world.uuid();
    this.#kept.set(name, { ...holder, query, found, weight, until: now + KEPT_MS });
    this.#weight += weight;
    return name;
  }

  /** What was kept for this holder and this same query; undefined for a stranger, another query, or too late. */
  find(name: string, query: string, holder: Holder, now: Date): Found | undefined {
    const kept = this.#kept.get(name);
    if (!kept || kept.until <= now.getTime() || !isSame(kept, holder)) return undefined;
    return kept.query === query ? kept.found : undefined;
  }

  /** What was kept last for this holder; undefined for a stranger, or too late. */
  latest(holder: Holder, now: Date): Found | undefined {
    const own = [...this.#kept.values()].filter((kept) => isSame(kept, holder));
    const last = own.at(-1);
    return last && last.until > now.getTime() ? last.found : undefined;
  }

  /** Forgets what is kept for this holder. */
  cancel(holder: Holder): void {
    for (const [name, kept] of this.#kept) {
      if (isSame(kept, holder)) this.#forget(name);
    }
  }

  #forget(name: string): void {
    this.#weight -= this.#kept.get(name)?.weight ?? 0;
    this.#kept.delete(name);
  }
}

function isSame(one: Holder, other: Holder): boolean {
  return one.caller === other.caller && one.sender === other.sender && one.tag === other.tag;
}

/** What is kept for each identity store in this process, of each kind of answer. */
export class ContinuationsOf<Found> {
  readonly #all = new WeakMap<object, Continuations<Found>>();

  of({ identities }: { readonly identities: object }): Continuations<Found> {
    const kept = this.#all.get(identities) ?? new Continuations<Found>();
    this.#all.set(identities, kept);
    return kept;
  }
}
