import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DocumentAtRest } from '../../actors/document-repository/document-store.ts';
import { Fault } from '../../profiles/refusal.ts';
import { CHUNK_BYTES, DOCUMENT_CHUNKS } from './document-chunks.ts';

export interface FileContentFacts {
  readonly path: string;
  readonly sizeBytes: number;
  /** SHA-1, lower-case hex. */
  readonly sha1: string;
  /** SHA-256, lower-case hex; absent where only XDS's own hash was kept. */
  readonly sha256?: string;
}

/** Octets in a file that is written whole and synced; the file may be moved, but is never changed. */
export class FileContent implements DocumentAtRest {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha1: string;
  readonly sha256: string | undefined;

  constructor({ path, sizeBytes, sha1, sha256 }: FileContentFacts) {
    this.path = path;
    this.sizeBytes = sizeBytes;
    this.sha1 = sha1;
    this.sha256 = sha256;
  }

  /**
   * The octets in chunks of `CHUNK_BYTES`, each of which may be given back to `DOCUMENT_CHUNKS`.
   *
   * @throws Error when the file has another length than was recorded: then the answer breaks off before its end
   */
  async *open(): AsyncIterable<Uint8Array> {
    const file = await open(this.path, 'r');
    try {
      let position = 0;
      while (position < this.sizeBytes) {
        const wanted = Math.min(CHUNK_BYTES, this.sizeBytes - position);
        const chunk = DOCUMENT_CHUNKS.take(wanted);
        const { bytesRead } = await file.read(chunk, 0, wanted);
        if (bytesRead === 0) throw new Error('a stored document is shorter than recorded');
        position += bytesRead;
        yield DOCUMENT_CHUNKS.lend(chunk, bytesRead);
      }
      const { bytesRead } = await file.read(Buffer.alloc(1), 0, 1);
      if (bytesRead > 0) throw new Error('a stored document is longer than recorded');
    } finally {
      await file.close();
    }
  }
}

export interface SpoolLimits {
  /** Octets of one document. */
  readonly bytes: number;
}

/**
 * Writes octets to a new file of the directory as they come, hashes and sizes them on the way, and syncs the file. One
 * chunk is awaited before the next is asked for, so that a fast sender waits for the disk. On any failure the file goes.
 *
 * @param directory made if absent (0700)
 * @throws Fault Sender when there are more octets than allowed
 */
export async function spoolTo(
  directory: string,
  source: AsyncIterable<Uint8Array>,
  limits: SpoolLimits,
): Promise<FileContent> {
  const path = join(directory, `${randomUUID()}.part`);
  const file = await openNew(directory, path);
  try {
    const facts = await copy(source, file, limits);
    await file.sync();
    await file.close();
    return new FileContent({ path, ...facts });
  } catch (error) {
    await file.close().catch(() => {});
    await rm(path, { force: true });
    throw error;
  }
}

/** The directory is almost always there: it is made only when it turns out not to be. */
async function openNew(directory: string, path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENOENT') throw error;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return await open(path, 'wx', 0o600);
  }
}

async function copy(
  source: AsyncIterable<Uint8Array>,
  file: FileHandle,
  limits: SpoolLimits,
): Promise<Omit<FileContentFacts, 'path'>> {
  const sha1 = createHash('sha1');
  const sha256 = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of source) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > limits.bytes) {
      throw new Fault('Sender', `a document of more than ${limits.bytes} bytes is not taken`);
    }
    sha1.update(chunk);
    sha256.update(chunk);
    await writeWhole(file, chunk);
  }
  return { sizeBytes, sha1: sha1.digest('hex'), sha256: sha256.digest('hex') };
}

async function writeWhole(file: FileHandle, chunk: Uint8Array): Promise<void> {
  let written = 0;
  while (written < chunk.byteLength) {
    const { bytesWritten } = await file.write(chunk, written);
    written += bytesWritten;
  }
}
