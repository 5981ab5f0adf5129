import { createHash, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type {
  DocumentStore,
  FindOptions,
  HeldDocuments,
  Measure,
  NewDocument,
  Removal,
  StoredDocument,
  UnsettledDocument,
} from '../../actors/document-repository/document-store.ts';
import type { DocumentContent } from '../../profiles/formats/mtom.ts';
import { ContentFiles } from './content-files.ts';
import type { Database } from './database.ts';
import { DocumentRemovals } from './document-removals.ts';
import {
  abandonDocument,
  claimDocuments,
  claimsOnUnsettled,
  ContentGoing,
  discardHeld,
  type DocumentClaim,
  type DocumentReads,
  type DocumentRow,
  type DocumentWrites,
  documentsOf,
  endClaims,
  type Holder,
  removeDocument,
  settleDocuments,
  settleHeld,
  unsettledDocuments,
} from './document-rows.ts';
import { FileContent, spoolTo } from './file-content.ts';
import { ArrivingContent } from './incoming-parts.ts';

export interface FileDocumentStoreOptions {
  /** Where the documents lie. Several processes may share it, if they share the database too. */
  readonly directory: string;
  /** Where octets that come from no file are written first; best on the same file system. */
  readonly spoolDirectory: string;
  readonly database: Database;
  readonly now?: () => Date;
  /** No other process works on database and folder: what an earlier one held, nobody holds any longer. */
  readonly isAlone?: boolean;
}

/** Documents that were registered are settled with the next write, at the latest after this time. */
const SETTLE_MS = 1_000;
/** How often, and how long apart, what another request has hold of for a moment is asked for again. */
const TRIES = 100;
const TRY_MS = 25;
/** A request that has held a document for so long has ended, or its process has: it is not waited for. */
const LONGEST_HOLD_MS = 60_000;

/**
 * Documents in files, content by content; which uniqueId names which content, and which requests hold it, stands in the
 * region's database, so that several processes may work on one folder.
 */
export class FileDocumentStore implements DocumentStore {
  /** Removes the files that nothing names any longer; a backup puts it off. */
  readonly removals: DocumentRemovals;
  readonly #files: ContentFiles;
  readonly #spoolDirectory: string;
  readonly #database: Database;
  readonly #now: () => Date;
  readonly #isAlone: boolean;
  /** Holders whose requests began here, and when, the oldest first; those that ended without a word are forgotten in time. */
  readonly #begun = new Map<string, number>();
  /** Holders whose documents were registered. That this is not written at once costs nobody a document. */
  readonly #registered = new Set<string>();
  /** The last work of each name. */
  readonly #turns = new Map<string, Promise<void>>();
  #settling: NodeJS.Timeout | undefined;

  constructor({ directory, spoolDirectory, database, now, isAlone }: FileDocumentStoreOptions) {
    this.#files = new ContentFiles(directory);
    this.#spoolDirectory = spoolDirectory;
    this.#database = database;
    this.#now = now ?? (() => new Date());
    this.#isAlone = isAlone ?? false;
    this.removals = new DocumentRemovals({ files: this.#files, database, now: this.#now });
  }

  async measure(content: DocumentContent): Promise<Measure> {
    const { sizeBytes, sha1 } = content;
    if (sizeBytes !== undefined && sha1 !== undefined) return { sizeBytes, sha1 };
    return await measured(content);
  }

  async hold(documents: readonly NewDocument[]): Promise<HeldDocuments> {
    const taken: Taken[] = [];
    const holder = randomUUID();
    this.#begin(holder);
    try {
      for (const document of documents) taken.push(await this.#octetsOf(document));
      // Named first, put in place afterwards: from the naming on no other process removes the file.
      await this.#claim(taken, holder);
      try {
        const contents = new Map(taken.map(({ file, row }) => [row.sha256, file]));
        for (const [sha256, file] of contents) await this.#files.take(file, sha256);
      } catch (error) {
        await this.#discard(holder);
        throw error;
      }
    } finally {
      for (const { file, isOurs } of taken) if (isOurs) await rm(file.path, { force: true });
    }
    return {
      keep: () => this.#keep(holder),
      discard: () => this.#discard(holder),
    };
  }

  async find(
    uniqueIds: readonly string[],
    { settled = false }: FindOptions = {},
  ): Promise<readonly StoredDocument[]> {
    for (let tries = 1; ; tries += 1) {
      const { rows, claims } = await this.#database.read(async (queries: DocumentReads) => ({
        rows: await documentsOf(uniqueIds, queries),
        claims: settled ? await claimsOnUnsettled(uniqueIds, queries) : [],
      }));
      if (tries >= TRIES || !this.#isOpen(claims)) {
        return await Promise.all(rows.map((row) => this.#stored(row)));
      }
      await pause(TRY_MS);
    }
  }

  /** Whether one of the documents may go still: requests that hold it run, and none of them is known to be registered. */
  #isOpen(claims: readonly DocumentClaim[]): boolean {
    const stays = new Set(
      claims.flatMap(({ holder, unique_id }) => (this.#registered.has(holder) ? unique_id : [])),
    );
    const since = this.#now().getTime() - LONGEST_HOLD_MS;
    return claims.some(
      ({ holder, unique_id, claimed_at }) =>
        !stays.has(unique_id) && claimed_at > since && (!this.#isAlone || this.#begun.has(holder)),
    );
  }

  #begin(holder: string): void {
    const at = this.#now().getTime();
    for (const [other, since] of this.#begun) {
      if (at - since < LONGEST_HOLD_MS) break;
      this.#begun.delete(other);
    }
    this.#begun.set(holder, at);
  }

  async remove(uniqueIds: readonly string[]): Promise<ReadonlyMap<string, Removal>> {
    const removals = new Map<string, Removal>();
    const contents = new Map<string, string>();
    for (const uniqueId of new Set(uniqueIds)) {
      const { removal, sha256 } = await this.#removed(uniqueId);
      removals.set(uniqueId, removal);
      if (sha256 !== undefined) contents.set(sha256, uniqueId);
    }
    if (contents.size === 0) return removals;
    for (const sha256 of await this.removals.sweep()) {
      const uniqueId = contents.get(sha256);
      if (uniqueId !== undefined) removals.set(uniqueId, 'undeleted');
    }
    return removals;
  }

  async unsettled(after: string | undefined, most: number): Promise<readonly UnsettledDocument[]> {
    await this.settleRegistered();
    return await this.#database.read((queries: DocumentReads) =>
      unsettledDocuments(after, most, queries),
    );
  }

  async settle(uniqueIds: readonly string[]): Promise<void> {
    const before = this.#now();
    await this.#write(async (queries) => {
      await settleDocuments(uniqueIds, queries);
      await endClaims(uniqueIds, before, queries);
    });
  }

  async abandon(uniqueIds: readonly string[], before: Date): Promise<readonly string[]> {
    const at = this.#now();
    const abandoned = await this.#write(async (queries) => {
      const gone: string[] = [];
      for (const uniqueId of uniqueIds) {
        if (await abandonDocument(uniqueId, { before, at }, queries)) gone.push(uniqueId);
      }
      return gone;
    });
    if (abandoned.length > 0) await this.removals.sweep();
    return abandoned;
  }

  async oneByOne<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#turns.get(name) ?? Promise.resolve();
    const result = before.then(work);
    const turn = result.then(
      () => {},
      () => {},
    );
    this.#turns.set(name, turn);
    try {
      return await result;
    } finally {
      if (this.#turns.get(name) === turn) this.#turns.delete(name);
    }
  }

  /** Writes down which documents were registered, if that is still to be done. */
  async settleRegistered(): Promise<void> {
    if (this.#registered.size > 0) await this.#write(async () => {});
  }

  async #stored({ unique_id, mime_type, ...row }: DocumentRow): Promise<StoredDocument> {
    const whole = await this.#files.has(row.sha256, row.size_bytes);
    const { sha1, sha256, size_bytes: sizeBytes } = row;
    const facts = { path: this.#files.pathOf(sha256), sizeBytes, sha1, sha256 };
    return {
      uniqueId: unique_id,
      mimeType: mime_type,
      content: whole ? new FileContent(facts) : undefined,
    };
  }

  /** The octets in a synced file, with what is to be remembered of them. */
  async #octetsOf({ uniqueId, mimeType, content }: NewDocument): Promise<Taken> {
    const given = fileOf(content);
    const file =
      given ??
      (await spoolTo(this.#spoolDirectory, content.open(), { bytes: Number.MAX_SAFE_INTEGER }));
    const row = {
      unique_id: uniqueId,
      mime_type: mimeType,
      sha256: file.sha256 ?? (await measured(file)).sha256,
      sha1: file.sha1,
      size_bytes: file.sizeBytes,
    };
    return { file, isOurs: given === undefined, row };
  }

  async #claim(taken: readonly Taken[], id: string): Promise<void> {
    const rows = taken.map(({ row }) => row);
    for (let tries = 1; ; tries += 1) {
      try {
        const holder: Holder = { id, at: this.#now() };
        await this.#write((queries) => claimDocuments(rows, holder, queries));
        return;
      } catch (error) {
        if (!(error instanceof ContentGoing) || tries >= TRIES) throw error;
        await pause(TRY_MS);
      }
    }
  }

  #keep(holder: string): void {
    this.#registered.add(holder);
    if (this.#settling !== undefined) return;
    this.#settling = setTimeout(() => {
      this.#settling = undefined;
      // If this fails the claims stay, and the registry is asked about them.
      this.settleRegistered().catch(() => {});
    }, SETTLE_MS);
    this.#settling.unref();
  }

  async #discard(id: string): Promise<void> {
    await this.#write((queries) => discardHeld({ id, at: this.#now() }, queries));
    await this.removals.sweep();
  }

  /** A request that holds the document for a moment is waited for. */
  async #removed(uniqueId: string) {
    for (let tries = 1; ; tries += 1) {
      const outcome = await this.#write((queries) =>
        removeDocument(uniqueId, this.#now(), queries),
      );
      if (outcome.removal !== 'held' || tries >= TRIES) return outcome;
      await pause(TRY_MS);
    }
  }

  /** Whoever is known to be registered is settled with the write, before it. */
  async #write<Result>(work: (queries: DocumentWrites) => Promise<Result>): Promise<Result> {
    const registered = [...this.#registered];
    const result = await this.#database.write(async (queries: DocumentWrites) => {
      await settleHeld(registered, queries);
      return await work(queries);
    });
    for (const holder of registered) this.#registered.delete(holder);
    return result;
  }
}

/** A document's octets in a file, and its row. */
interface Taken {
  readonly file: FileContent;
  /** The file was made here, and is removed here. */
  readonly isOurs: boolean;
  readonly row: Omit<DocumentRow, 'settled'>;
}

/** The synced file that holds the octets already, if there is one. */
function fileOf(content: DocumentContent): FileContent | undefined {
  if (content instanceof ArrivingContent) return content.file;
  return content instanceof FileContent ? content : undefined;
}

async function measured(content: DocumentContent): Promise<Measure & { readonly sha256: string }> {
  const sha1 = createHash('sha1');
  const sha256 = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of content.open()) {
    sha1.update(chunk);
    sha256.update(chunk);
    sizeBytes += chunk.byteLength;
  }
  return { sizeBytes, sha1: sha1.digest('hex'), sha256: sha256.digest('hex') };
}
