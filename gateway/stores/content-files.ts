import { unlinkSync } from 'node:fs';
import { copyFile, link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FileContent } from './file-content.ts';

/**
 * Octets in files that are named by their SHA-256: written elsewhere, whole and synced, then given their name. Equal
 * octets are one file.
 */
export class ContentFiles {
  readonly #directory: string;
  /** Requests that count on a file, by its name: while there is one, the file is not removed. */
  readonly #users = new Map<string, number>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  pathOf(sha256: string): string {
    return join(this.#directory, sha256.slice(0, 2), sha256.slice(2));
  }

  /** Keeps the file from being removed until `release`. */
  use(sha256: string): void {
    this.#users.set(sha256, (this.#users.get(sha256) ?? 0) + 1);
  }

  /** Makes the octets lie under their name, durably. The file that holds them so far stays where it is. */
  async take({ path }: FileContent, sha256: string): Promise<void> {
    const target = this.pathOf(sha256);
    const shard = dirname(target);
    const made = await mkdir(shard, { recursive: true, mode: 0o700 });
    if (made !== undefined) {
      await syncDirectory(dirname(made));
      await syncDirectory(this.#directory);
    }
    try {
      await link(path, target);
    } catch (error) {
      const { code } = error as { code?: unknown };
      // The same octets have been stored before; or the file lies on another file system and must be copied.
      if (code !== 'EEXIST') await copyWhole(path, target);
    }
    await syncDirectory(shard);
  }

  /** True when the file is there and has that length. */
  async has(sha256: string, sizeBytes: number): Promise<boolean> {
    const found = await stat(this.pathOf(sha256)).catch(() => undefined);
    return found?.isFile() === true && found.size === sizeBytes;
  }

  /** Ends one use. After the last one the file goes, if nothing refers to it. */
  async release(sha256: string, isReferred: () => Promise<boolean>): Promise<void> {
    const users = (this.#users.get(sha256) ?? 1) - 1;
    if (users > 0) {
      this.#users.set(sha256, users);
      return;
    }
    this.#users.delete(sha256);
    if (await isReferred()) return;
    // Looked at and done in one breath: a request that came in between has counted itself.
    if (this.#users.has(sha256)) return;
    try {
      unlinkSync(this.pathOf(sha256));
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ENOENT') throw error;
    }
  }
}

async function copyWhole(path: string, target: string): Promise<void> {
  const beside = `${target}.part`;
  try {
    await copyFile(path, beside);
    const file = await open(beside, 'r+');
    await file.chmod(0o600);
    await file.sync().finally(() => file.close());
    await rename(beside, target);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  await directory.sync().finally(() => directory.close());
}
