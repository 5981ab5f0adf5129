import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type {
  DocumentStore,
  FindOptions,
  HeldDocuments,
  Measure,
  NewDocument,
  StoredDocument,
} from '../../actors/document-repository/document-store.ts';
import type { DocumentContent } from '../../profiles/formats/mtom.ts';
import { Refusal, Refusals } from '../../profiles/refusal.ts';
import { ContentFiles } from './content-files.ts';
import type { Database, Reads, Writes } from './database.ts';
import { FileContent, spoolTo } from './file-content.ts';
import { inSlices } from './in-slices.ts';
import { ArrivingContent } from './incoming-parts.ts';

/** The table of the Document Repository. No other actor reads it. */
interface Tables {
  repository_document: {
    unique_id: string;
    mime_type: string;
    sha256: string;
    sha1: string;
    size_bytes: number;
  };
}

type Row = Tables['repository_document'];

export interface FileDocumentStoreOptions {
  /** Where the documents lie. */
  readonly directory: string;
  /** Where octets that come from no file are written first; best on the same file system. */
  readonly spoolDirectory: string;
  readonly database: Database;
}

/** Who waits to know whether a new document was registered. */
interface Claim {
  /** Requests that hold the document. */
  live: number;
  /** One of them was registered. */
  kept: boolean;
  /** Resolves once it is known whether the document stays. */
  readonly settled: Promise<void>;
  settle(): void;
}

function newClaim(): Claim {
  let settle = () => {};
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { live: 1, kept: false, settled, settle };
}

/** Documents in files, content by content; which uniqueId names which content stands in the process's database. */
export class FileDocumentStore implements DocumentStore {
  readonly #files: ContentFiles;
  readonly #spoolDirectory: string;
  readonly #database: Database;
  /** New documents by uniqueId, until every request that holds them has ended; one process has the database. */
  readonly #claims = new Map<string, Claim>();

  constructor({ directory, spoolDirectory, database }: FileDocumentStoreOptions) {
    this.#files = new ContentFiles(directory);
    this.#spoolDirectory = spoolDirectory;
    this.#database = database;
  }

  async measure(content: DocumentContent): Promise<Measure> {
    const { sizeBytes, sha1 } = content;
    if (sizeBytes !== undefined && sha1 !== undefined) return { sizeBytes, sha1 };
    return await measured(content);
  }

  async hold(documents: readonly NewDocument[]): Promise<HeldDocuments> {
    const rows: Row[] = [];
    try {
      for (const document of documents) rows.push(await this.#take(document));
      const claimed = await this.#insert(rows);
      return {
        keep: () => this.#keep(claimed, rows),
        discard: () => this.#discard(claimed, rows),
      };
    } catch (error) {
      await this.#release(rows);
      throw error;
    }
  }

  async find(
    uniqueIds: readonly string[],
    { settled = false }: FindOptions = {},
  ): Promise<readonly StoredDocument[]> {
    for (;;) {
      const { rows, unsettled } = await this.#database.read(async (queries: Reads<Tables>) => {
        const found = await inSlices(uniqueIds, (slice) =>
          queries
            .selectFrom('repository_document')
            .selectAll()
            .where('unique_id', 'in', slice)
            .execute(),
        );
        // No write runs in here, and a claim that ends without its document ends inside one: rows and claims agree.
        return { rows: found, unsettled: found.flatMap((row) => this.#unsettled(row)) };
      });
      if (!settled || unsettled.length === 0)
        return await Promise.all(rows.map((row) => this.#stored(row)));
      await Promise.all(unsettled);
    }
  }

  #unsettled({ unique_id }: Row): Promise<void>[] {
    const claim = this.#claims.get(unique_id);
    return claim && !claim.kept ? [claim.settled] : [];
  }

  async #stored({ unique_id, mime_type, sha256, sha1, size_bytes }: Row): Promise<StoredDocument> {
    const whole = await this.#files.has(sha256, size_bytes);
    const facts = { path: this.#files.pathOf(sha256), sizeBytes: size_bytes, sha1, sha256 };
    return {
      uniqueId: unique_id,
      mimeType: mime_type,
      content: whole ? new FileContent(facts) : undefined,
    };
  }

  /** Puts the octets under their name. From here on the file is in use, until it is released. */
  async #take({ uniqueId, mimeType, content }: NewDocument): Promise<Row> {
    const given = fileOf(content);
    const file =
      given ??
      (await spoolTo(this.#spoolDirectory, content.open(), { bytes: Number.MAX_SAFE_INTEGER }));
    try {
      const sha256 = file.sha256 ?? (await measured(file)).sha256;
      this.#files.use(sha256);
      await this.#files.take(file, sha256).catch(async (error: unknown) => {
        await this.#releaseFile(sha256);
        throw error;
      });
      return {
        unique_id: uniqueId,
        mime_type: mimeType,
        sha256,
        sha1: file.sha1,
        size_bytes: file.sizeBytes,
      };
    } finally {
      if (given === undefined) await rm(file.path, { force: true });
    }
  }

  /** @returns the uniqueIds that this request waits for: new ones, and new ones of others that are not settled yet */
  async #insert(rows: readonly Row[]): Promise<readonly string[]> {
    const claimed: string[] = [];
    try {
      await this.#database.write(async (queries: Writes<Tables>) => {
        const refusals: Refusal[] = [];
        for (const row of rows) {
          const known = await queries
            .selectFrom('repository_document')
            .selectAll()
            .where('unique_id', '=', row.unique_id)
            .executeTakeFirst();
          if (known) refusals.push(...refusalsOfDifference(known, row));
          else await queries.insertInto('repository_document').values(row).execute();
          const claim = this.#claims.get(row.unique_id);
          if (known && !claim) continue;
          if (claim) claim.live += 1;
          else this.#claims.set(row.unique_id, newClaim());
          claimed.push(row.unique_id);
        }
        const [first] = refusals;
        if (first) throw refusals.length === 1 ? first : new Refusals(refusals);
      });
      return claimed;
    } catch (error) {
      for (const uniqueId of claimed) this.#endClaim(uniqueId);
      throw error;
    }
  }

  /** @returns the claim, if this was the last request that held the document */
  #endClaim(uniqueId: string): Claim | undefined {
    const claim = this.#claims.get(uniqueId);
    if (!claim) return undefined;
    claim.live -= 1;
    if (claim.live > 0) return undefined;
    this.#claims.delete(uniqueId);
    claim.settle();
    return claim;
  }

  #keep(claimed: readonly string[], rows: readonly Row[]): void {
    for (const uniqueId of claimed) {
      const claim = this.#claims.get(uniqueId);
      if (claim) {
        claim.kept = true;
        claim.settle();
      }
      this.#endClaim(uniqueId);
    }
    // The rows refer to the files: nothing is removed, so nothing has to be waited for.
    for (const { sha256 } of rows) void this.#files.release(sha256, async () => true);
  }

  async #discard(claimed: readonly string[], rows: readonly Row[]): Promise<void> {
    // The claim ends inside the write: a request that takes the same document does so before it or after it.
    await this.#database.write(async (queries: Writes<Tables>) => {
      for (const uniqueId of claimed) {
        const claim = this.#endClaim(uniqueId);
        if (!claim || claim.kept) continue;
        await queries.deleteFrom('repository_document').where('unique_id', '=', uniqueId).execute();
      }
    });
    await this.#release(rows);
  }

  async #release(rows: readonly Row[]): Promise<void> {
    for (const { sha256 } of rows) await this.#releaseFile(sha256);
  }

  #releaseFile(sha256: string): Promise<void> {
    return this.#files.release(sha256, async () => {
      const row = await this.#database.read((queries: Reads<Tables>) =>
        queries
          .selectFrom('repository_document')
          .select('unique_id')
          .where('sha256', '=', sha256)
          .executeTakeFirst(),
      );
      return row !== undefined;
    });
  }
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

/** Equal octets are no difference, whatever else was said of them. */
function refusalsOfDifference(known: Row, row: Row): readonly Refusal[] {
  if (known.sha256 === row.sha256) return [];
  const differs = (code: string) => new Refusal(code, row.unique_id, { location: row.unique_id });
  return [
    differs('XDSNonIdenticalHash'),
    ...(known.size_bytes === row.size_bytes ? [] : [differs('XDSNonIdenticalSize')]),
  ];
}
