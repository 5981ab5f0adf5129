import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CommandError } from '../command.ts';
import { systemCodeOf } from '../system-error.ts';

/**
 * How far a version has come. `sending`: it may be at the region, and its answer is not known. `published`: Approved there.
 * `retired`: Deprecated there. `fed`: the patient is known as this version tells of her.
 */
export type VersionState = 'sending' | 'published' | 'retired' | 'fed';

/** What is remembered of a version: marks alone, no number of any patient. */
export interface LedgerEntry {
  readonly mark: string;
  /** Of its order, or of its patient for a feed. */
  readonly of: string;
  readonly state: VersionState;
  /** Time of the version in the storage. */
  readonly time: string;
  /** SHA-1 of its octets, lower-case hex. */
  readonly sha1: string;
}

const MOST_LINE_BYTES = 4096;

/**
 * What has been shared of a storage, in a file that only grows: a line a step, synced before the step counts.
 * One process at a time has it open.
 */
export class Ledger {
  readonly #file: FileHandle;
  readonly #lock: string;
  readonly #byMark = new Map<string, LedgerEntry>();
  readonly #byOrder = new Map<string, Map<string, LedgerEntry>>();
  #sending = 0;

  private constructor(file: FileHandle, lock: string) {
    this.#file = file;
    this.#lock = lock;
  }

  /** Opens the ledger, made if absent (0600). @throws CommandError when another process has it, or a line cannot be read */
  static async open(path: string): Promise<Ledger> {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const lock = `${path}.lock`;
    takeLock(lock);
    try {
      const file = await open(path, 'a+', 0o600);
      const ledger = new Ledger(file, lock);
      await ledger.#load(path);
      return ledger;
    } catch (error) {
      rmSync(lock, { force: true });
      throw error;
    }
  }

  of(mark: string): LedgerEntry | undefined {
    return this.#byMark.get(mark);
  }

  /** The versions of an order, or of a patient, in the order in which they were first written. */
  versionsOf(order: string): readonly LedgerEntry[] {
    return [...(this.#byOrder.get(order)?.values() ?? [])];
  }

  /** Whether there is any version of which it is not known whether it came to the region. */
  get hasUnsure(): boolean {
    return this.#sending > 0;
  }

  /** How many versions are in each state. */
  counts(): Readonly<Record<VersionState, number>> {
    const counts = { sending: 0, published: 0, retired: 0, fed: 0 };
    for (const { state } of this.#byMark.values()) counts[state] += 1;
    return counts;
  }

  /** Writes one step; it counts when this resolves. */
  async write(entry: LedgerEntry): Promise<void> {
    await this.#file.appendFile(`${JSON.stringify(entry)}\n`);
    await this.#file.datasync();
    this.#keep(entry);
  }

  async close(): Promise<void> {
    await this.#file.close();
    rmSync(this.#lock, { force: true });
  }

  async #load(path: string): Promise<void> {
    const { size } = await this.#file.stat();
    let whole = 0;
    let number = 0;
    for await (const line of this.#file.readLines({ start: 0, autoClose: false })) {
      number += 1;
      const end = whole + Buffer.byteLength(line) + 1;
      // The process was stopped while it wrote the last line: that step does not count.
      if (end > size) break;
      whole = end;
      this.#keep(entryOf(line, { path, number }));
    }
    if (whole < size) await this.#file.truncate(whole);
  }

  #keep(entry: LedgerEntry): void {
    if (this.#byMark.get(entry.mark)?.state === 'sending') this.#sending -= 1;
    if (entry.state === 'sending') this.#sending += 1;
    this.#byMark.set(entry.mark, entry);
    const versions = this.#byOrder.get(entry.of) ?? new Map<string, LedgerEntry>();
    versions.set(entry.mark, entry);
    this.#byOrder.set(entry.of, versions);
  }
}

function entryOf(line: string, where: { path: string; number: number }): LedgerEntry {
  try {
    if (line.length > MOST_LINE_BYTES) throw new Error('too long');
    const entry = JSON.parse(line) as Partial<LedgerEntry>;
    const { mark, of, state, time, sha1 } = entry;
    if (!mark || !of || !state || time === undefined || sha1 === undefined) {
      throw new Error('incomplete');
    }
    return { mark, of, state, time, sha1 };
  } catch (cause) {
    throw new CommandError(
      { en: `line ${where.number} cannot be read`, ja: `${where.number} 行目が読めません` },
      {
        where: where.path,
        cause,
        next: {
          en: 'restore the file from a backup: without it documents cannot be told from those sent before',
          ja: 'バックアップから戻してください。これがないと送信済みの文書を区別できません',
        },
      },
    );
  }
}

function takeLock(lock: string): void {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      writeFileSync(lock, `${process.pid} ${beginningOf(process.pid)}\n`, {
        flag: 'wx',
        mode: 0o600,
      });
      return;
    } catch (error) {
      if (systemCodeOf(error) !== 'EEXIST') throw error;
      const [pid = '', began = ''] = readFileSync(lock, 'utf8').trim().split(' ');
      const holder = Number.parseInt(pid, 10);
      if (isRunning(holder) && began === beginningOf(holder)) {
        throw new CommandError(
          {
            en: `process ${holder} watches with this ledger already`,
            ja: `プロセス ${holder} がこの台帳を使用中です`,
          },
          { where: lock },
        );
      }
      rmSync(lock, { force: true });
    }
  }
}

/**
 * When a process began, as far as the system tells (Linux: ticks since it was started, field 22 of its `stat`). A number is used
 * again, in a container at once: the process that has it now need not be the one that wrote it down.
 */
function beginningOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is a name in brackets, which may hold blanks.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCodeOf(error) === 'EPERM';
  }
}
