import { type FileHandle, open } from 'node:fs/promises';
import type { SqliteConnection } from './sqlite-connection.ts';

/** The write-ahead log could not be synced: what was committed lately may or may not be there after a restart. */
export class LogUnsynced extends Error {
  constructor(cause: unknown) {
    super(
      'the write-ahead log of the database could not be synced; nothing more is read or written until the process is started anew',
      { cause },
    );
    this.name = 'LogUnsynced';
  }
}

/**
 * Syncs SQLite's write-ahead log in a thread of its own, so that a slow disk holds up nobody but those whose commit it is.
 *
 * One sync runs at a time, and serves every commit that had been made when it began. A sync that has failed is never tried
 * again: the kernel may have dropped what it could not write, and would call the next one good.
 */
export class LogSync {
  readonly #file: FileHandle | undefined;
  #commits = 0;
  #synced = 0;
  #syncing: Promise<void> | undefined;
  #failure: LogUnsynced | undefined;

  private constructor(file: FileHandle | undefined) {
    this.#file = file;
  }

  static async of({ logPath }: SqliteConnection): Promise<LogSync> {
    return new LogSync(logPath === undefined ? undefined : await open(logPath, 'r+'));
  }

  /** What was committed up to now. */
  get commits(): number {
    return this.#commits;
  }

  /** @throws LogUnsynced when a sync has failed */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  /** A COMMIT has returned; it is in the log, and not yet sure to stay there. */
  committed(): void {
    this.#commits += 1;
  }

  /**
   * Resolves once the log is at rest.
   *
   * @param commits those that have to be in it
   * @throws LogUnsynced when that is not to be had
   */
  async until(commits: number): Promise<void> {
    while (this.#synced < commits) {
      this.check();
      this.#syncing ??= this.#sync();
      await this.#syncing;
    }
    this.check();
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  async #sync(): Promise<void> {
    const commits = this.#commits;
    try {
      await this.#file?.datasync();
      this.#synced = commits;
    } catch (cause) {
      this.#failure = new LogUnsynced(cause);
    } finally {
      this.#syncing = undefined;
    }
  }
}
