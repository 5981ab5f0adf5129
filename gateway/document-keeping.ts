import { randomUUID } from 'node:crypto';
import type { Ask } from '../actors/actor.ts';
import {
  type Reconciliation,
  reconcileDocuments,
  registeredAmong,
} from '../actors/document-repository/reconciliation.ts';
import type { DocumentRepositoryStores } from '../actors/document-repository/stores.ts';
import type { ControlCommands } from './control.ts';
import type { Log } from './log.ts';
import type { Database } from './stores/database.ts';
import { contentNow, countDocuments, pageOfShard } from './stores/document-listing.ts';
import { Rounds } from './rounds.ts';
import type { FileDocumentStore } from './stores/file-document-store.ts';

/** So long the files stay when a backup does not report again. */
const PAUSE_MS = 5 * 60_000;
/** How often the registry is asked about documents of which nobody knows, and files are removed that nothing names. */
const ROUND_MS = 60_000;

export interface DocumentKeepingOptions {
  readonly documents: FileDocumentStore;
  readonly database: Database;
  readonly now: () => Date;
}

/**
 * What operators ask of the stored documents, whether the service runs (through the control socket) or not: pages of what is
 * stored, and a copy of the database while no file is removed.
 */
export class DocumentKeeping {
  readonly #documents: FileDocumentStore;
  readonly #database: Database;
  readonly #now: () => Date;

  constructor({ documents, database, now }: DocumentKeepingOptions) {
    this.#documents = documents;
    this.#database = database;
    this.#now = now;
  }

  /** As control commands; each takes and gives plain JSON. */
  get commands(): ControlCommands {
    return {
      'documents.count': async () => await countDocuments(this.#database),
      'documents.page': async (input) => {
        await this.#documents.settleRegistered();
        const { shard, after } = input as {
          shard: string;
          after?: { sha256: string; uniqueId: string };
        };
        return await pageOfShard(this.#database, shard, after);
      },
      'documents.content': async (input) =>
        await contentNow(this.#database, (input as { sha256: string }).sha256),
      'backup.begin': async (input) => await this.#beginBackup((input as { file: string }).file),
      'backup.renew': async (input) => await this.#prolong((input as { holder: string }).holder),
      'backup.end': async (input) => await this.#endBackup((input as { holder: string }).holder),
    };
  }

  /** First no file goes any more, then the database is copied: so every document that the copy names is there. */
  async #beginBackup(file: string): Promise<{ holder: string }> {
    const holder = `backup ${randomUUID()}`;
    await this.#documents.settleRegistered();
    await this.#documents.removals.pause(holder, this.#pausedUntil());
    try {
      await this.#database.copyTo(file);
    } catch (error) {
      await this.#endBackup(holder);
      throw error;
    }
    return { holder };
  }

  async #prolong(holder: string): Promise<void> {
    await this.#documents.removals.prolong(holder, this.#pausedUntil());
  }

  #pausedUntil(): Date {
    return new Date(this.#now().getTime() + PAUSE_MS);
  }

  /** @returns `unbroken`: nothing can have been removed in between */
  async #endBackup(holder: string): Promise<{ unbroken: boolean }> {
    const unbroken = await this.#documents.removals.resume(holder);
    await this.#documents.removals.sweep();
    return { unbroken };
  }
}

/** The same, with what only a running process can do: it asks the registry. */
export class DocumentRounds {
  readonly #stores: DocumentRepositoryStores;
  readonly #documents: FileDocumentStore;
  readonly #world: { readonly ask: Ask; readonly now: () => Date };
  readonly #log: Log;
  #isFirst: boolean;
  readonly #rounds = new Rounds({
    go: () => this.#goRound(),
    everyMs: ROUND_MS,
    failed: (error) => this.#log.error({ event: 'reconciliation-failed' }, error),
  });

  constructor(options: {
    stores: DocumentRepositoryStores;
    documents: FileDocumentStore;
    world: { readonly ask: Ask; readonly now: () => Date };
    log: Log;
    /** No other process has the database: whatever is half done was left by one that has ended. */
    alone: boolean;
  }) {
    this.#stores = options.stores;
    this.#documents = options.documents;
    this.#world = options.world;
    this.#log = options.log;
    this.#isFirst = options.alone;
  }

  get commands(): ControlCommands {
    return {
      'documents.reconcile': async () => await this.round(),
      'documents.registered': async (input) => {
        const { uniqueIds } = input as { uniqueIds: readonly string[] };
        const { repositoryUniqueId } = this.#stores.community;
        const known = await registeredAmong(uniqueIds, repositoryUniqueId, this.#world.ask);
        if (known === undefined) throw new Error('the Document Registry gave no answer');
        return [...known];
      },
    };
  }

  /** Goes round once now, and then again and again until `stop`. */
  start(): void {
    this.#rounds.start();
  }

  /** Waits for a round that is under way, then for what was registered to be written down. */
  async stop(): Promise<void> {
    await this.#rounds.stop();
    await this.#documents.settleRegistered();
  }

  /** One round; one that is under way is joined. */
  async round(): Promise<Reconciliation> {
    return await this.#rounds.once();
  }

  async #goRound(): Promise<Reconciliation> {
    const undeleted = await this.#documents.removals.sweep(this.#isFirst ? 0 : undefined);
    this.#isFirst = false;
    if (undeleted.length > 0) this.#log.warn({ event: 'files-undeleted', count: undeleted.length });
    const outcome = await reconcileDocuments(this.#stores, this.#world);
    const { settled, abandoned, waiting, registryAway } = outcome;
    if (settled + abandoned > 0 || registryAway) {
      this.#log.info({
        event: 'documents-reconciled',
        outcome: registryAway ? 'registry-away' : 'done',
        documents: settled,
        missing: abandoned,
        waiting,
      });
    }
    return outcome;
  }
}
