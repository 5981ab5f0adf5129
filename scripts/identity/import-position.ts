import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemCodeOf } from '../system-error.ts';

/** What an import has come to so far. */
export interface ImportCounts {
  readonly added: number;
  readonly revised: number;
  readonly merged: number;
  readonly unchanged: number;
  readonly faults: number;
}

/** How far a file has been imported. */
export interface ImportPosition {
  /** Records that were taken from it, in order. */
  readonly records: number;
  readonly counts: ImportCounts;
}

export const AT_THE_START: ImportPosition = {
  records: 0,
  counts: { added: 0, revised: 0, merged: 0, unchanged: 0, faults: 0 },
};

/** SHA-256 of a file, hex: whoever resumes it must have the same one. */
export async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/**
 * Where an import stands, kept durably for each file by its hash and by how its authorities are read. A position that cannot
 * be read is none: then the import begins anew, which doubles nothing.
 */
export class PositionFile {
  readonly #path: string;

  constructor(folder: string, key: string) {
    this.#path = join(folder, 'var', 'import', `${key}.json`);
  }

  async read(): Promise<ImportPosition> {
    try {
      const position = JSON.parse(await readFile(this.#path, 'utf8')) as Partial<ImportPosition>;
      const { records, counts } = position;
      const names = Object.keys(AT_THE_START.counts) as (keyof ImportCounts)[];
      const all = [records, ...names.map((name) => counts?.[name])];
      const isSound = all.every((one) => Number.isSafeInteger(one) && (one ?? -1) >= 0);
      return isSound && records !== undefined && counts ? { records, counts } : AT_THE_START;
    } catch (error) {
      if (error instanceof SyntaxError || systemCodeOf(error) === 'ENOENT') return AT_THE_START;
      throw error;
    }
  }

  /** The old one or the new one is there whatever happens; it counts when this resolves. */
  async write(position: ImportPosition): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    const fresh = `${this.#path}.new`;
    const file = await open(fresh, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(position)}\n`);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(fresh, this.#path);
  }

  /** The file is imported to its end: whoever imports it again begins anew. */
  async forget(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}
