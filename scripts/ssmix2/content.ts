import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { DocumentContent } from '../../profiles/formats/mtom.ts';
import { systemCodeOf } from '../system-error.ts';

/** Why a file is not shared now. `changing` and `gone` pass by themselves. */
export type ContentFault = 'changing' | 'gone' | 'unreadable' | 'half written' | 'too large';

/** A file of the storage as it lay there at one moment. */
export interface StorageContent {
  readonly sha1: string;
  readonly content: DocumentContent & { readonly sizeBytes: number };
  /** Of the standardised storage: the whole file. */
  readonly octets?: Buffer;
  /** It begins as a message of HL7 v2 does. */
  readonly isMessage?: boolean;
}

/** A message of the standardised storage; a whole disease list is some hundred KiB. */
const MOST_MESSAGE_BYTES = 16 * 1_048_576;
/** A file of the extended storage. */
const MOST_FILE_BYTES = 4 * 1_073_741_824;

/**
 * Reads a message of the standardised storage whole: only what begins with `MSH` and ends with a segment's end is complete.
 *
 * @param settledMs a file that was written later than this ago may still be written
 */
export async function readStorageMessage(
  path: string,
  { now, settledMs }: { now: Date; settledMs: number },
): Promise<StorageContent | ContentFault> {
  return reading(async () => {
    const file = await open(path, 'r');
    try {
      const { size, mtimeMs } = await file.stat();
      if (now.getTime() - mtimeMs < settledMs) return 'changing';
      if (size > MOST_MESSAGE_BYTES) return 'too large';
      const octets = await file.readFile();
      const after = await file.stat();
      if (after.size !== size || after.mtimeMs !== mtimeMs) return 'changing';
      if (!isWhole(octets)) return 'half written';
      const content = contentOf(octets);
      return { octets, sha1: content.sha1, content };
    } finally {
      await file.close();
    }
  });
}

/** Measures a file of the extended storage; it is streamed when it is sent. */
export async function readStorageFile(
  path: string,
  { now, settledMs }: { now: Date; settledMs: number },
): Promise<StorageContent | ContentFault> {
  return reading(async () => {
    const { size, mtimeMs } = await stat(path);
    if (now.getTime() - mtimeMs < settledMs) return 'changing';
    if (size > MOST_FILE_BYTES) return 'too large';
    if (size === 0) return 'half written';
    const hash = createHash('sha1');
    const isMessage = await beginsAsMessage(path);
    await pipeline(createReadStream(path), hash);
    const after = await stat(path);
    if (after.size !== size || after.mtimeMs !== mtimeMs) return 'changing';
    const sha1 = hash.digest('hex');
    const content = { sizeBytes: size, sha1, open: () => createReadStream(path) };
    return { sha1, content, isMessage };
  });
}

/** Whether the file still lies there under the name by which its flag was read. */
export async function isStillThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

function contentOf(octets: Buffer) {
  return {
    sizeBytes: octets.length,
    sha1: createHash('sha1').update(octets).digest('hex'),
    open: async function* () {
      yield octets;
    },
  };
}

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;

function isWhole(octets: Buffer): boolean {
  const last = octets.at(-1);
  return isMessageHead(octets) && (last === CARRIAGE_RETURN || last === LINE_FEED);
}

function isMessageHead(octets: Buffer): boolean {
  return octets.subarray(0, 4).toString('latin1') === 'MSH|';
}

async function beginsAsMessage(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return isMessageHead(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

async function reading<Result>(
  work: () => Promise<Result | ContentFault>,
): Promise<Result | ContentFault> {
  try {
    return await work();
  } catch (error) {
    return systemCodeOf(error) === 'ENOENT' ? 'gone' : 'unreadable';
  }
}
