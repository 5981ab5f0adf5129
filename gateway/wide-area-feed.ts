import { StewardRefusal } from '../actors/patient-identity/stewarding.ts';
import {
  type FedAbove,
  type FedAll,
  feedWideArea,
  oweSome,
} from '../actors/patient-identity/wide-area-feeding.ts';
import type { OwedSum } from '../actors/patient-identity/wide-area-outbox.ts';
import type { PatientId } from '../profiles/patient.ts';
import type { ControlCommands } from './control.ts';
import { type IdentityOperation, type PatientUse, recordUse } from './identity-operation.ts';
import type { Log } from './log.ts';
import { Rounds } from './rounds.ts';

/** How often it is looked whether something is owed. */
const ROUND_MS = 1_000;
/** After a round that failed. */
const REST_MS = 30_000;
/** A service that has failed so often is told of: it has been away for a quarter of an hour. */
const TRIED_LONG = 10;
/** Refused messages in one answer. */
const MOST_REFUSED = 200;

export interface WideAreaFeedOptions extends IdentityOperation {
  readonly log: Log;
}

/** How a wide-area id service stands among those who are told of changes; no patient is named. */
export interface FeedState extends OwedSum {
  /** The service. */
  readonly consumer: string;
  /** It is away for long, or has refused something. */
  readonly isRefusing: boolean;
}

/** A message that the service refused, as a named operator is shown it. */
export interface RefusedFeed {
  readonly kind: string;
  readonly ids: readonly PatientId[];
  readonly code: string;
  /** ISO 8601. */
  readonly since: string;
}

interface Asked {
  readonly by?: string;
  readonly after?: string;
  readonly again?: boolean;
}

/**
 * The rounds in which a region feeds its wide-area id service, beside those of Patient Identity, so that a service that does
 * not answer keeps nobody else waiting; and what operators ask of it. Does nothing where no service is fed.
 */
export class WideAreaFeed {
  readonly #options: WideAreaFeedOptions;
  readonly #rounds = new Rounds({
    go: () => this.#goRound(),
    everyMs: ROUND_MS,
    restMs: REST_MS,
    failed: (error) => this.#options.log.error({ event: 'wide-area-feed-failed' }, error),
  });

  constructor(options: WideAreaFeedOptions) {
    this.#options = options;
  }

  /** Goes round once now, and then again and again until `stop`. */
  start(): void {
    if (this.#options.stores.above) this.#rounds.start();
  }

  /** Waits for the message that is under way. */
  async stop(): Promise<void> {
    await this.#rounds.stop();
  }

  async #goRound(): Promise<FedAbove> {
    const { stores, world, log } = this.#options;
    const fed = await feedWideArea(stores, world, () => this.#rounds.goesOn);
    const peer = stores.above?.service;
    for (const code of fed.refused) log.warn({ event: 'wide-area-feed-refused', peer, code });
    const { failedAttempts: attempts = 0 } = fed;
    if (attempts >= TRIED_LONG) log.warn({ event: 'wide-area-service-away', peer, attempts });
    return fed;
  }

  /** As control commands, each recorded with the operator's name. */
  get commands(): ControlCommands {
    return {
      'wide-area.feed-all': (input) => this.#feedAll((input ?? {}) as Asked),
      'wide-area.refused': (input) => this.#refused((input ?? {}) as Asked),
      'wide-area.retry': (input) => this.#retry((input ?? {}) as Asked),
    };
  }

  /** How the service stands; undefined where none is fed. */
  async state(): Promise<FeedState | undefined> {
    const { identities, above } = this.#options.stores;
    if (!above) return undefined;
    const { service } = above;
    const sum = await identities.look((records) => records.owedTo(service));
    return { consumer: service, ...sum, isRefusing: sum.refused > 0 || sum.attempts >= TRIED_LONG };
  }

  /** Its beginning is recorded; each message that comes of it is, too, as any ITI-44. */
  async #feedAll({ by, after = '', again = false }: Asked): Promise<FedAll> {
    const { stores, world, trail } = this.#options;
    const user = this.#require(by);
    await trail.check();
    if (after === '') await this.#record({ deed: 'feed-all', by: user, action: 'R', patients: [] });
    return await oweSome({ after, isAgain: again }, stores, world);
  }

  async #refused({ by }: Asked): Promise<readonly RefusedFeed[]> {
    const { identities, above } = this.#options.stores;
    const user = this.#require(by);
    const service = above?.service ?? '';
    const all = await identities.look((records) =>
      records.owedFeeds(service, 'refused', MOST_REFUSED),
    );
    const patients = all.flatMap(({ ids }) => ids);
    await this.#record({ deed: 'refused', by: user, action: 'R', patients });
    return all.map(({ kind, ids, refusedFor: code = '', madeAt: since }) => ({
      kind,
      ids,
      code,
      since,
    }));
  }

  async #retry({ by }: Asked): Promise<{ readonly reopened: number }> {
    const { stores, trail } = this.#options;
    const user = this.#require(by);
    await trail.check();
    const service = stores.above?.service ?? '';
    const reopened = await stores.identities.change((records) => records.reopenFeeds(service));
    await this.#record({ deed: 'retry', by: user, action: 'U', patients: [] });
    return { reopened };
  }

  #require(by = ''): string {
    if (!this.#options.stores.above) {
      throw new StewardRefusal('no wide-area id service is fed here: set wideArea.feed');
    }
    if (by.trim() === '') throw new StewardRefusal('who asks must be said');
    return by;
  }

  async #record(use: PatientUse): Promise<void> {
    const deed = `wide-area ${use.deed}`;
    await recordUse({ ...use, deed, outcome: 'success' }, this.#options);
  }
}
