import type { FailureClass } from '../../actors/actor.ts';
import type {
  QueuedRetrieval,
  RetrievalIdentity,
  RetrievalState,
} from '../../actors/initiating-gateway/retrieval.ts';
import { type Database, type Reads, type SqlBool, sql, type Writes } from '../stores/database.ts';

interface Tables {
  retrieval: {
    /** The hash of the four identifiers beside it, behind the node whose job it is. */
    identity: string;
    home_community_id: string;
    repository_unique_id: string;
    document_unique_id: string;
    organization: string;
    state: string;
    attempts: number;
    since: number;
    not_before: number;
    failure_class: string | null;
  };
}

/** A job that a former run of the process left. */
export interface LeftRetrieval {
  readonly identity: RetrievalIdentity;
  readonly attempts: number;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
}

const MOST_LISTED = 1_000;
/** How long an operator can see that a retrieval failed. */
const KEEP_FAILED_MS = 7 * 86_400_000;

/** The embedded queue's jobs at rest: identifiers only. */
export class RetrievalJobs {
  readonly #database: Database;
  readonly #own: string;

  /** `node` names the process where several share the database: each takes up its own jobs only. */
  constructor(database: Database, node?: string) {
    this.#database = database;
    this.#own = node === undefined ? '' : `${node} `;
  }

  /** What waits, in the order in which it came; what ran when the process ended waits again. */
  async resume(): Promise<readonly LeftRetrieval[]> {
    const own = this.#own;
    const isOwn = sql<SqlBool>`substr(identity, 1, ${own.length}) = ${own}`;
    const rows = await this.#database.write(async (queries: Writes<Tables>) => {
      await this.#adopt(queries);
      await queries
        .updateTable('retrieval')
        .set({ state: 'waiting' })
        .where('state', '=', 'running')
        .where(isOwn)
        .execute();
      return await queries
        .selectFrom('retrieval')
        .selectAll()
        .where('state', '=', 'waiting')
        .where(isOwn)
        .orderBy('since')
        .execute();
    });
    return rows.map((row) => ({
      identity: {
        homeCommunityId: row.home_community_id,
        repositoryUniqueId: row.repository_unique_id,
        documentUniqueId: row.document_unique_id,
        organization: row.organization,
      },
      attempts: row.attempts,
      notBefore: row.not_before,
    }));
  }

  /** Of a region that has moved to PostgreSQL, or back: a job that names no process there, or any here, is our own. */
  async #adopt(queries: Writes<Tables>): Promise<void> {
    const isStray = this.#own === '' ? ('like' as const) : ('not like' as const);
    const rows = await queries
      .selectFrom('retrieval')
      .select('identity')
      .where('identity', isStray, '% %')
      .execute();
    for (const { identity: before } of rows) {
      const identity = this.#own + before.slice(before.indexOf(' ') + 1);
      await queries.deleteFrom('retrieval').where('identity', '=', identity).execute();
      await queries
        .updateTable('retrieval')
        .set({ identity })
        .where('identity', '=', before)
        .execute();
    }
  }

  /** Adds a job, in place of one of the same identity that has failed; failures of long ago go. */
  async add(key: string, identity: RetrievalIdentity, now: Date): Promise<void> {
    const fresh = {
      state: 'waiting',
      attempts: 0,
      since: now.getTime(),
      not_before: 0,
      failure_class: null,
    };
    await this.#database.write(async (queries: Writes<Tables>) => {
      await queries
        .deleteFrom('retrieval')
        .where('state', '=', 'failed')
        .where('since', '<', now.getTime() - KEEP_FAILED_MS)
        .execute();
      await queries
        .insertInto('retrieval')
        .values({
          identity: this.#own + key,
          home_community_id: identity.homeCommunityId,
          repository_unique_id: identity.repositoryUniqueId,
          document_unique_id: identity.documentUniqueId,
          organization: identity.organization,
          ...fresh,
        })
        .onConflict((conflict) => conflict.column('identity').doUpdateSet(fresh))
        .execute();
    });
  }

  async begin(key: string, attempts: number): Promise<void> {
    await this.#change(key, { state: 'running', attempts });
  }

  async postpone(key: string, failureClass: FailureClass, notBefore: number): Promise<void> {
    await this.#change(key, {
      state: 'waiting',
      failure_class: failureClass,
      not_before: notBefore,
    });
  }

  async fail(key: string, failureClass: FailureClass): Promise<void> {
    await this.#change(key, { state: 'failed', failure_class: failureClass });
  }

  /** The community has answered: there is nothing more to do. */
  async remove(key: string): Promise<void> {
    await this.#database.write((queries: Writes<Tables>) =>
      queries
        .deleteFrom('retrieval')
        .where('identity', '=', this.#own + key)
        .execute(),
    );
  }

  async list(): Promise<readonly QueuedRetrieval[]> {
    const rows = await this.#database.read((queries: Reads<Tables>) =>
      queries
        .selectFrom('retrieval')
        .select(['home_community_id', 'state', 'attempts', 'since', 'failure_class'])
        .orderBy('since')
        .limit(MOST_LISTED)
        .execute(),
    );
    return rows.map((row) => ({
      community: row.home_community_id,
      state: row.state as RetrievalState,
      attempts: row.attempts,
      since: new Date(row.since),
      ...(row.failure_class === null ? {} : { failureClass: row.failure_class as FailureClass }),
    }));
  }

  async #change(
    key: string,
    change: Partial<
      Pick<Tables['retrieval'], 'state' | 'attempts' | 'failure_class' | 'not_before'>
    >,
  ): Promise<void> {
    await this.#database.write((queries: Writes<Tables>) =>
      queries
        .updateTable('retrieval')
        .set(change)
        .where('identity', '=', this.#own + key)
        .execute(),
    );
  }
}
