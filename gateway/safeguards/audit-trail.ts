import { type StatsFs, writeSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeAuditMessage } from '../../profiles/atna/audit-message.ts';
import {
  chainFileName,
  type ChainHead,
  headOfChain,
  lineOf,
  linkedChains,
  NO_HEAD,
  type TrailOpening,
} from './audit-chain.ts';

export interface AuditTrailOptions {
  /** Made (0700) if it is not there. */
  readonly directory: string;
  /** The process's name in the region, the same at every start; `[A-Za-z0-9._-]`, at most 80 characters. */
  readonly node: string;
  readonly now: () => Date;
  readonly pid: number;
  /** AuditSourceID of the trail's own records; the node's name if left out. */
  readonly auditSourceId?: string;
  /** Message of the first record; that audit recording has started, if left out. */
  readonly opening?: string;
  /** `check` throws when fewer octets than these are free on the trail's disk. */
  readonly leastFreeBytes?: number;
}

/** Room for some thousand records, so that what was let in can also be recorded. */
const LEAST_FREE_BYTES = 16 * 1024 * 1024;

/** How long a look at the disk holds: what is recorded in that time fits into that room many times over. */
const LOOK_HOLDS_MS = 100;

interface Waiting {
  readonly messages: readonly string[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * The audit trail of this process: an append-only file of records, each of which carries the hash of the one before it, and
 * the first the hash of the node's previous chain. There is no way to change or remove a record.
 *
 * A write that failed leaves the trail failed: nobody knows what the disk holds, and a later record must not hide the gap.
 * Opening it again is the way out: what was torn is cut, and the cut is recorded.
 *
 * One process only may open it under a node's name at a time. The layout of a record is in `audit-chain.ts`.
 */
export class AuditTrail {
  readonly #file: FileHandle;
  readonly #options: AuditTrailOptions;
  readonly path: string;
  #head: ChainHead;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #failure: Error | undefined;
  #isClosed = false;
  #look: { readonly at: number; readonly disk: Promise<StatsFs> } | undefined;

  private constructor(
    file: FileHandle,
    path: string,
    { head, options }: { head: ChainHead; options: AuditTrailOptions },
  ) {
    this.#file = file;
    this.path = path;
    this.#head = head;
    this.#options = options;
  }

  /**
   * Begins a chain: cuts a torn last line off the node's previous one, and writes and syncs the first record, which says so.
   *
   * @throws Error when the folder cannot be written, or when the node's previous chain cannot be read to its head
   */
  static async open(options: AuditTrailOptions): Promise<AuditTrail> {
    const { directory, node } = options;
    if (!/^[A-Za-z0-9._-]{1,80}$/.test(node)) {
      throw new Error('the audit trail needs a node name of letters, digits, dot, dash, underline');
    }
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const opening = await openingOf(directory, node);
    const at = options.now();
    const path = join(directory, chainFileName({ node, at, pid: options.pid }));
    const file = await open(path, 'ax', 0o600);
    const head = { hash: opening.head, next: 1 };
    const trail = new AuditTrail(file, path, { head, options });
    try {
      const message = options.opening ?? recordingStarted(options, at);
      await file.appendFile(trail.#next({ message, at, opening: opening.record }));
      await file.sync();
      await syncDirectory(directory);
    } catch (error) {
      await file.close();
      throw error;
    }
    return trail;
  }

  /**
   * Writes audit messages and returns once they are synced. All that wait while a sync runs go into the next one together.
   *
   * @param messages DICOM audit XML, in order
   * @throws Error when they could not be written; the trail is then failed
   */
  append(messages: readonly string[]): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (messages.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ messages, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  /**
   * Tells whether what happens next could be recorded.
   *
   * @throws Error when the trail is closed, has failed, or its disk is nearly full
   */
  async check(): Promise<void> {
    if (this.#failure) throw this.#failure;
    const { bavail, bsize } = await this.#lookAtDisk();
    const least = this.#options.leastFreeBytes ?? LEAST_FREE_BYTES;
    if (bavail * bsize < least) {
      throw new Error(`less than ${least} octets are free for the audit trail`);
    }
  }

  /** Those who ask while the disk is being looked at, or soon after, get that look's answer. */
  #lookAtDisk(): Promise<StatsFs> {
    const at = performance.now();
    if (this.#look === undefined || at - this.#look.at > LOOK_HOLDS_MS) {
      const disk = statfs(this.#options.directory);
      this.#look = { at, disk };
      // A look that failed is nobody's answer but theirs who waited for it.
      disk.catch(() => {
        this.#look = undefined;
      });
    }
    return this.#look.disk;
  }

  /** Waits for what was appended, and closes. Afterwards `append` and `check` throw. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#failure ??= new Error('the audit trail is closed');
    await this.#writing;
    await this.#file.close();
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      // All that this turn of the event loop brings go together: one sync for them, not one for the first of them.
      await new Promise((resolve) => setImmediate(resolve));
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        const at = this.#options.now();
        const lines = batch.flatMap(({ messages }) =>
          messages.map((message) => this.#next({ message, at })),
        );
        this.#write(Buffer.from(lines.join(''), 'utf8'));
        await this.#file.datasync();
        for (const { resolve } of batch) resolve();
      } catch (cause) {
        this.#fail(new Error('the audit trail cannot be written', { cause }), batch);
      }
    }
    this.#writing = undefined;
  }

  /** Into the memory of the kernel, which costs less than handing it to another thread; waiting for the disk is for `datasync`. */
  #write(octets: Uint8Array): void {
    let at = 0;
    while (at < octets.length) at += writeSync(this.#file.fd, octets, at);
  }

  #fail(failure: Error, batch: readonly Waiting[]): void {
    const rejected = [...batch, ...this.#waiting];
    this.#waiting = [];
    this.#failure = failure;
    for (const { reject } of rejected) reject(failure);
  }

  #next(record: { message: string; at: Date; opening?: TrailOpening }): string {
    const { line, hash } = lineOf({
      n: this.#head.next,
      at: record.at.toISOString(),
      previous: this.#head.hash,
      opening: record.opening,
      message: record.message,
    });
    this.#head = { hash, next: this.#head.next + 1 };
    return line;
  }
}

/** Where the new chain is tied to the old, and what had to be cut off the old one. */
async function openingOf(
  directory: string,
  node: string,
): Promise<{ readonly head: string; readonly record: TrailOpening }> {
  const chains = await linkedChains(directory, await readdir(directory), node);
  const cuts: { file: string; bytes: number }[] = [];
  for (const name of chains.reverse()) {
    const { head, completeBytes, tornBytes } = await headOfChain(join(directory, name));
    if (tornBytes > 0) {
      await truncate(join(directory, name), completeBytes);
      cuts.push({ file: name, bytes: tornBytes });
    }
    if (head) return { head: head.hash, record: { continues: name, cuts } };
  }
  return { head: NO_HEAD, record: { continues: null, cuts } };
}

async function truncate(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.truncate(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function recordingStarted({ node, pid, auditSourceId }: AuditTrailOptions, at: Date): string {
  return encodeAuditMessage({
    kind: 'audit-recording',
    activity: 'start',
    at,
    outcome: 0,
    auditSourceId: auditSourceId ?? node,
    application: { userId: node, alternativeUserId: String(pid) },
  });
}
