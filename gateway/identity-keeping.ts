import type { KeptRegistryTask, KeptReview } from '../actors/patient-identity/identity-store.ts';
import { explain, historyOf } from '../actors/patient-identity/explain.ts';
import { matchAnew, rekey } from '../actors/patient-identity/matching-anew.ts';
import { notifyConsumers } from '../actors/patient-identity/notifications.ts';
import { feedUnconfirmed, settleRegistry } from '../actors/patient-identity/registry-feed.ts';
import {
  answerReview,
  linkPatients,
  mergePatients,
  retryMoves,
  unlinkPatients,
  unmergePatients,
} from '../actors/patient-identity/steward.ts';
import {
  type Outcome,
  type Steward,
  StewardRefusal,
} from '../actors/patient-identity/stewarding.ts';
import { decodeCX } from '../profiles/formats/datatypes.ts';
import { type PatientId, patientKey } from '../profiles/patient.ts';
import { refusalsOf } from '../profiles/refusal.ts';
import type { ControlCommands } from './control.ts';
import { type ImportBatch, importBatch } from './identity-importing.ts';
import { type IdentityOperation, type PatientUse, recordUse } from './identity-operation.ts';
import type { Log } from './log.ts';
import { reviewTidying } from './review-tidying.ts';
import { Rounds } from './rounds.ts';
import { wideAreaCommands } from './wide-area-commands.ts';

/** How often consumers are told, and the registry is asked what it could not do before. */
const ROUND_MS = 1_000;
/** After a round that failed. */
const REST_MS = 30_000;

/** So much of a round is spent on records that the present rules have not compared. */
const MATCHING_MS = 500;
/** A consumer that has refused so often is told of: it has been away for a quarter of an hour. */
const TRIED_LONG = 10;

export interface IdentityKeepingOptions extends IdentityOperation {
  readonly log: Log;
}

/** What a steward gives a command; ids as `ID^^^&OID&ISO`. */
interface Asked {
  readonly id?: string;
  readonly other?: string;
  readonly surviving?: string;
  readonly number?: number;
  readonly after?: number;
  readonly by?: string;
  readonly reason?: string;
}

/** What waits for a person, as the control command gives it. */
export interface OpenReviews {
  readonly reviews: readonly (KeptReview & { readonly ids: readonly (readonly PatientId[])[] })[];
  /** There are more reviews, after this number. */
  readonly last?: number;
  readonly refusedMoves: readonly KeptRegistryTask[];
}

/** At most so many reviews in one answer. */
const MOST_REVIEWS = 200;

/**
 * What goes on in Patient Identity beside the messages: what operators ask, each recorded in the audit trail with their name,
 * and the rounds that tell consumers and have the registry do what is left.
 */
export class IdentityKeeping {
  readonly #options: IdentityKeepingOptions;
  readonly #rounds = new Rounds({
    go: () => this.#goRound(),
    everyMs: ROUND_MS,
    restMs: REST_MS,
    // The registry may be away: it is asked again.
    failed: (error) =>
      this.#options.log[refusalsOf(error) ? 'warn' : 'error'](
        { event: 'identity-round-failed' },
        error,
      ),
  });
  #hasKeys = false;
  #isMatched = false;
  #isStopping = false;

  constructor(options: IdentityKeepingOptions) {
    this.#options = options;
  }

  /** As control commands; each takes and gives plain JSON. */
  get commands(): ControlCommands {
    const { stores } = this.#options;
    const deeds: Readonly<Record<string, (asked: Asked, steward: Steward) => Promise<Outcome>>> = {
      link: (asked, steward) =>
        linkPatients([idIn(asked, 'id'), idIn(asked, 'other')], steward, this.#options),
      unlink: (asked, steward) => {
        const other = asked.other === undefined ? undefined : idIn(asked, 'other');
        return unlinkPatients([idIn(asked, 'id'), other], steward, this.#options);
      },
      merge: (asked, steward) => {
        const ids = { subsumed: idIn(asked, 'id'), surviving: idIn(asked, 'surviving') };
        return mergePatients(ids, steward, this.#options);
      },
      unmerge: (asked, steward) => unmergePatients(idIn(asked, 'id'), steward, this.#options),
      accept: (asked, steward) => this.#answer(asked, true, steward),
      reject: (asked, steward) => this.#answer(asked, false, steward),
    };
    return {
      ...Object.fromEntries(
        Object.entries(deeds).map(([deed, work]) => [
          `patient.${deed}`,
          (input: unknown) => this.#decide(deed, input as Asked, work),
        ]),
      ),
      'patient.explain': (input) =>
        this.#look('explain', input as Asked, (id) => explain(id, stores)),
      'patient.history': (input) =>
        this.#look('history', input as Asked, (id) => historyOf(id, stores)),
      'patient.reviews': (input) => this.#reviews(input as Asked),
      'patient.import': (input) => importBatch(input as ImportBatch, this.#options),
      'patient.retry': (input) => this.#retry(input as Asked),
      'patient.consumers': () => this.queues(),
      ...reviewTidying(this.#options),
      ...wideAreaCommands(this.#options),
    };
  }

  /** Goes round once now, and then again and again until `stop`. */
  start(): void {
    this.#rounds.start();
  }

  /** Waits for a round that is under way; what is to be told yet is told after the next start. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#rounds.stop();
  }

  /** One round; one that is under way is joined. */
  async round(): Promise<void> {
    await this.#rounds.once();
  }

  async #goRound(): Promise<void> {
    const { stores, world, log } = this.#options;
    if (!this.#hasKeys) {
      while ((await rekey(stores)) > 0) {
        if (!this.#rounds.goesOn) return;
      }
      const missing = await feedUnconfirmed(stores, world);
      if (missing > 0) log.warn({ event: 'patients-unconfirmed', count: missing });
      this.#hasKeys = true;
    }
    await this.#matchAnew();
    const refused = await settleRegistry(stores, world);
    if (refused > 0) log.warn({ event: 'moves-refused', count: refused });
    const { refusing } = await notifyConsumers(stores, world, () => !this.#isStopping);
    for (const { consumer, attempts } of refusing) {
      if (attempts >= TRIED_LONG) log.warn({ event: 'consumer-refuses', peer: consumer, attempts });
    }
  }

  /** A while of it in each round, so that nobody waits for all of it; what is left is known to the store. */
  async #matchAnew(): Promise<void> {
    if (this.#isMatched) return;
    const { stores, world } = this.#options;
    const until = performance.now() + MATCHING_MS;
    while (performance.now() < until && this.#rounds.goesOn) {
      if ((await matchAnew(stores, world)) > 0) continue;
      this.#isMatched = true;
      return;
    }
  }

  async #answer(asked: Asked, isAccepted: boolean, steward: Steward): Promise<Outcome> {
    const { number, surviving } = asked;
    if (number === undefined || !Number.isSafeInteger(number)) {
      throw new StewardRefusal('the number of a review is needed');
    }
    return await answerReview(
      {
        number,
        isAccepted,
        ...(surviving === undefined ? {} : { surviving: idIn(asked, 'surviving') }),
      },
      steward,
      this.#options,
    );
  }

  /** Nothing is decided that cannot be recorded, and what is refused is recorded too. */
  async #decide(
    deed: string,
    asked: Asked,
    work: (asked: Asked, steward: Steward) => Promise<Outcome>,
  ): Promise<Outcome> {
    const { by = '', reason } = asked;
    if (by.trim() === '') throw new StewardRefusal('who decides must be said');
    await this.#options.trail.check();
    const named = [asked.id, asked.other, asked.surviving].flatMap((text) =>
      text === undefined ? [] : [decodeCX(text)],
    );
    try {
      const outcome = await work(asked, { by, ...(reason === undefined ? {} : { reason }) });
      const patients = outcome.patients.flatMap(({ id, regionalId }) => [id, regionalId]);
      await this.#record({ deed, by, action: 'U', patients: [...named, ...patients] }, 'success');
      return outcome;
    } catch (error) {
      await this.#record({ deed, by, action: 'U', patients: named }, 'refused');
      throw error;
    }
  }

  /** What is found is recorded before it is shown. */
  async #look<Result>(
    deed: string,
    asked: Asked,
    find: (id: PatientId) => Promise<Result | undefined>,
  ): Promise<Result | null> {
    const id = idIn(asked, 'id');
    const found = await find(id);
    await this.#record(
      { deed, by: asked.by ?? 'operator', action: 'R', patients: [id] },
      found === undefined ? 'refused' : 'success',
    );
    return found ?? null;
  }

  async #reviews({ after = 0, by = 'operator' }: Asked): Promise<OpenReviews> {
    const { identities } = this.#options.stores;
    const found = await identities.look(async (records) => {
      const open = await records.openReviews(after, MOST_REVIEWS + 1);
      const reviews = open.slice(0, MOST_REVIEWS);
      const numbers = [...new Set(reviews.flatMap(({ low, high }) => [low, high]))];
      const idsOf = new Map(
        (await records.recordsWith(numbers)).map(({ number, ids }) => [number, ids]),
      );
      return {
        reviews: reviews.map((review) => ({
          ...review,
          ids: [review.low, review.high].map((number) => idsOf.get(number) ?? []),
        })),
        ...(open.length > reviews.length ? { last: reviews.at(-1)?.number } : {}),
        refusedMoves: await records.registryTasks('refused', MOST_REVIEWS),
      };
    });
    const patients = this.#shownIn(found);
    await this.#record({ deed: 'review list', by, action: 'R', patients }, 'success');
    return found;
  }

  /** Everybody whom the list names, each once. */
  #shownIn({ reviews, refusedMoves }: OpenReviews): readonly PatientId[] {
    const { affinityDomain: assigningAuthority } = this.#options.stores.community;
    const moved = refusedMoves.flatMap(({ from, to, moving, staying }) => [
      ...[from, to].map((id) => ({ id, assigningAuthority })),
      ...[...moving, ...staying],
    ]);
    const all = [...reviews.flatMap(({ ids }) => ids.flat()), ...moved];
    return [...new Map(all.map((id) => [patientKey(id), id])).values()];
  }

  /** What waits for each subscribed consumer, and for whoever could not be reached; no patient is named. */
  async queues() {
    const { identities, subscriptions = [] } = this.#options.stores;
    const queues = await identities.look((records) => records.queuesOfConsumers());
    const known = new Map(queues.map((queue) => [queue.consumer, queue]));
    const silent = subscriptions
      .map(({ consumer }) => consumer)
      .filter((consumer) => !known.has(consumer))
      .map((consumer) => ({ consumer, waiting: 0, attempts: 0 }));
    return [...queues, ...silent].map((queue) => ({
      ...queue,
      isRefusing: queue.attempts >= TRIED_LONG,
    }));
  }

  async #retry({ by = 'operator' }: Asked): Promise<{ refusedMoves: number }> {
    await this.#options.trail.check();
    const refusedMoves = await retryMoves(this.#options);
    await this.#record({ deed: 'review retry', by, action: 'U', patients: [] }, 'success');
    return { refusedMoves };
  }

  async #record(use: PatientUse, outcome: 'success' | 'refused'): Promise<void> {
    await recordUse({ ...use, outcome }, this.#options);
  }
}

function idIn(asked: Asked, name: 'id' | 'other' | 'surviving'): PatientId {
  const text = asked[name];
  if (typeof text !== 'string') throw new StewardRefusal(`the ${name} is needed`);
  return decodeCX(text);
}
