import type { ContentFiles } from './content-files.ts';
import type { Database } from './database.ts';
import { type DocumentReads, type DocumentWrites, isNamed } from './document-rows.ts';

/** Contents that are looked at in one go. */
const MOST_AT_ONCE = 200;

/** A removal that began so long ago was left by a process that has ended. */
const STALE_MS = 60_000;
/** After this time a process removes nothing more of what it has begun: another may take it over soon. */
const LONGEST_MS = STALE_MS / 2;

/**
 * Removes the files of contents that nothing names.
 *
 * A content is marked in the very transaction that takes its last name away. Before its file goes the mark becomes
 * `removing`, in a transaction that sees that still nothing names it; whoever wants to name it then waits until the mark
 * is gone. So a file never goes that a process of this region counts on, and a crash leaves a mark, not a lost file.
 */
export class DocumentRemovals {
  readonly #files: ContentFiles;
  readonly #database: Database;
  readonly #now: () => Date;

  constructor(options: { files: ContentFiles; database: Database; now: () => Date }) {
    this.#files = options.files;
    this.#database = options.database;
    this.#now = options.now;
  }

  /**
   * Removes what is marked, unless somebody has asked that nothing is removed for a while.
   *
   * @param staleMs a removal that began so long ago is taken over; 0 for a process that has the database to itself
   * @returns contents whose files the disk refused to remove; they stay marked and are tried again
   */
  async sweep(staleMs: number = STALE_MS): Promise<readonly string[]> {
    const failed: string[] = [];
    for (;;) {
      const begunAt = performance.now();
      const going = await this.#database.write((queries: DocumentWrites) =>
        this.#begin(queries, staleMs),
      );
      const gone: string[] = [];
      for (const sha256 of going) {
        // On a slow disk: by now it may belong to another, who may have let the same octets come again.
        if (performance.now() - begunAt > LONGEST_MS) break;
        try {
          await this.#files.remove(sha256);
          gone.push(sha256);
        } catch {
          failed.push(sha256);
        }
      }
      if (gone.length > 0)
        await this.#database.write((queries: DocumentWrites) => end(gone, queries));
      if (gone.length === MOST_AT_ONCE) continue;
      if (failed.length > 0) {
        await this.#database.write((queries: DocumentWrites) => putBack(failed, queries));
      }
      return failed;
    }
  }

  /** From now on no file goes, until `resume` or until this time. */
  async pause(holder: string, until: Date): Promise<void> {
    await this.#database.write(async (queries: DocumentWrites) => {
      await queries.deleteFrom('repository_pause').where('holder', '=', holder).execute();
      await queries
        .insertInto('repository_pause')
        .values({ holder, expires_at: until.getTime() })
        .execute();
    });
  }

  /** Puts the end of a pause off; one that is over stays over, for files may have gone since. */
  async prolong(holder: string, until: Date): Promise<void> {
    const at = this.#now().getTime();
    await this.#database.write((queries: DocumentWrites) =>
      queries
        .updateTable('repository_pause')
        .set({ expires_at: until.getTime() })
        .where('holder', '=', holder)
        .where('expires_at', '>', at)
        .execute(),
    );
  }

  /** Ends a pause. @returns whether it had lasted until now */
  async resume(holder: string): Promise<boolean> {
    const at = this.#now().getTime();
    return await this.#database.write(async (queries: DocumentWrites) => {
      const pause = await queries
        .selectFrom('repository_pause')
        .select('expires_at')
        .where('holder', '=', holder)
        .executeTakeFirst();
      await queries.deleteFrom('repository_pause').where('holder', '=', holder).execute();
      return pause !== undefined && Number(pause.expires_at) > at;
    });
  }

  async #begin(queries: DocumentWrites, staleMs: number): Promise<readonly string[]> {
    const at = this.#now().getTime();
    if (await isPaused(at, queries)) return [];
    const marked = await queries
      .selectFrom('repository_removal')
      .select('sha256')
      .where((where) =>
        where.or([where('state', '=', 'marked'), where('since', '<=', at - staleMs)]),
      )
      .limit(MOST_AT_ONCE)
      .execute();
    const going: string[] = [];
    for (const { sha256 } of marked) {
      if (await isNamed(sha256, queries)) {
        await queries.deleteFrom('repository_removal').where('sha256', '=', sha256).execute();
        continue;
      }
      await queries
        .updateTable('repository_removal')
        .set({ state: 'removing', since: at })
        .where('sha256', '=', sha256)
        .execute();
      going.push(sha256);
    }
    return going;
  }
}

async function isPaused(at: number, queries: DocumentReads): Promise<boolean> {
  const pause = await queries
    .selectFrom('repository_pause')
    .select('holder')
    .where('expires_at', '>', at)
    .executeTakeFirst();
  return pause !== undefined;
}

async function end(gone: readonly string[], queries: DocumentWrites): Promise<void> {
  for (const sha256 of gone) {
    await queries
      .deleteFrom('repository_removal')
      .where('sha256', '=', sha256)
      .where('state', '=', 'removing')
      .execute();
  }
}

/** Marked as before, so that the content may be named again, or tried again. */
async function putBack(failed: readonly string[], queries: DocumentWrites): Promise<void> {
  for (const sha256 of failed) {
    await queries
      .updateTable('repository_removal')
      .set({ state: 'marked' })
      .where('sha256', '=', sha256)
      .execute();
  }
}
