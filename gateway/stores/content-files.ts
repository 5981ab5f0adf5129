import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, link, mkdir, open, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { FileContent } from './file-content.ts';

/**
 * Octets in files that are named by their SHA-256: written elsewhere, whole and synced, then given their name. Equal
 * octets are one file. When a file may go is for others to say.
 */
export class ContentFiles {
  readonly #directory: string;
  /** Folders that are known to lie on the disk. */
  readonly #shards = new Set<string>();
  readonly #syncs = new DirectorySyncs();

  constructor(directory: string) {
    this.#directory = directory;
  }

  pathOf(sha256: string): string {
    return join(this.#directory, sha256.slice(0, 2), sha256.slice(2));
  }

  /**
   * Makes the octets lie under their name, durably. The file that holds them so far stays where it is. What lies under
   * the name already is believed only if it has that hash; otherwise it is replaced.
   */
  async take({ path, sizeBytes }: FileContent, sha256: string): Promise<void> {
    const target = this.pathOf(sha256);
    const shard = dirname(target);
    await this.#haveShard(shard);
    try {
      await link(path, target);
    } catch (error) {
      const isThere = (error as { code?: unknown }).code === 'EEXIST';
      // If somebody has taken the folder away, it is made again.
      if (!isThere && this.#shards.delete(shard)) await this.#haveShard(shard);
      // The same octets have been stored before; or the file lies on another file system and must be copied.
      if (!isThere || !(await isWhole(target, sizeBytes, sha256))) await replaceWhole(path, target);
    }
    await this.#syncs.of(shard);
  }

  /** Makes the folder of the first two digits, durably; it is never removed. */
  async #haveShard(shard: string): Promise<void> {
    if (this.#shards.has(shard)) return;
    const made = await mkdir(shard, { recursive: true, mode: 0o700 });
    if (made !== undefined) await syncDirectory(dirname(made));
    // Whoever finds the folder made does not know whether its maker has come to sync it.
    await syncDirectory(this.#directory);
    this.#shards.add(shard);
  }

  /** True when the file is there and has that length. */
  async has(sha256: string, sizeBytes: number): Promise<boolean> {
    return await hasLength(this.pathOf(sha256), sizeBytes);
  }

  /** Takes the file away; one that is not there is away already. */
  async remove(sha256: string): Promise<void> {
    const path = this.pathOf(sha256);
    try {
      await unlink(path);
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ENOENT') return;
      throw error;
    }
    await syncDirectory(dirname(path));
  }
}

/** Syncs of directories: all who wait while one runs share the next one, which begins after what each of them did. */
class DirectorySyncs {
  readonly #running = new Map<string, Promise<void>>();
  readonly #next = new Map<string, Promise<void>>();

  /** Resolves when what the caller has done in the directory so far is durable. */
  of(path: string): Promise<void> {
    const running = this.#running.get(path);
    if (running === undefined) return this.#begin(path);
    let next = this.#next.get(path);
    if (next === undefined) {
      const begin = () => {
        this.#next.delete(path);
        return this.#begin(path);
      };
      next = running.then(begin, begin);
      this.#next.set(path, next);
    }
    return next;
  }

  #begin(path: string): Promise<void> {
    const sync = syncDirectory(path).finally(() => {
      if (this.#running.get(path) === sync) this.#running.delete(path);
    });
    this.#running.set(path, sync);
    return sync;
  }
}

/** SHA-256 of a file, lower-case hex. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest('hex');
}

async function isWhole(path: string, sizeBytes: number, sha256: string): Promise<boolean> {
  return (await hasLength(path, sizeBytes)) && (await sha256OfFile(path)) === sha256;
}

async function hasLength(path: string, sizeBytes: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true && found.size === sizeBytes;
}

/** Puts a synced copy in the place of whatever is there. The name beside it is nobody else's. */
async function replaceWhole(path: string, target: string): Promise<void> {
  const beside = `${target}.${randomUUID()}.part`;
  try {
    await copyFile(path, beside);
    const file = await open(beside, 'r+');
    try {
      await file.chmod(0o600);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, target);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

/** Makes what was created, renamed or removed in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  await directory.sync().finally(() => directory.close());
}
