import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { types } from 'node:util';

/** A key file that others may read, or that would be overwritten. */
export class KeyFileRefused extends Error {
  /** The file. */
  readonly path: string;
  /** Without the path. */
  readonly reason: string;

  constructor(path: string, reason: string) {
    super(`${path}: ${reason}`);
    this.name = 'KeyFileRefused';
    this.path = path;
    this.reason = reason;
  }
}

/** What may be read of one file of certificates, keys or lists; more is no such file. */
export const MAX_KEY_FILE_BYTES = 64 * 1024 * 1024;

/**
 * Reads a private key. The file must be its owner's alone (mode 0600 or 0400).
 * @throws KeyFileRefused when its group or others have any right to it
 */
export async function readPrivateFile(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { mode, size } = await file.stat();
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const found = (mode & 0o777).toString(8).padStart(4, '0');
      throw new KeyFileRefused(path, `mode is ${found}, it must be 0600: chmod 600 ${path}`);
    }
    if (size > MAX_KEY_FILE_BYTES) throw new KeyFileRefused(path, 'too large for a key');
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Reads a file of certificates or CRLs. @throws KeyFileRefused when it is too large */
export async function readPublicFile(path: string): Promise<Buffer> {
  const { size } = await stat(path);
  if (size > MAX_KEY_FILE_BYTES) throw new KeyFileRefused(path, 'too large for certificates');
  return readFile(path);
}

/**
 * Writes a private key with mode 0600, whole and synced. Never over another file, unless told to.
 * @throws KeyFileRefused when the file is there already
 */
export async function writePrivateFile(
  path: string,
  text: string,
  { replace = false }: { replace?: boolean } = {},
): Promise<void> {
  if (!replace && (await exists(path))) throw new KeyFileRefused(path, 'is there already');
  await writeWhole(path, text, 0o600);
}

/** Writes certificates or CRLs with mode 0644, whole and synced; replaces what was there. */
export async function writePublicFile(path: string, text: string): Promise<void> {
  await writeWhole(path, text, 0o644);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  const beside = join(dirname(path), `.${basename(path)}.${process.pid}.new`);
  await rm(beside, { force: true });
  const file = await open(beside, 'wx', mode);
  try {
    await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** An error of a file that has just been read, with its `path` where it does not say that itself. */
export function placedAt(error: unknown, path: string): unknown {
  if (!types.isNativeError(error) || 'path' in error) return error;
  return Object.assign(error, { path });
}

/** The file that an error is about; undefined where it does not say so. */
export function pathIn(error: unknown): string | undefined {
  const { path } = Object(error) as { path?: unknown };
  return typeof path === 'string' ? path : undefined;
}

/** The code of an error of the file system or of OpenSSL, such as ENOENT. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
