import { constants } from 'node:fs';
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256OfFile, syncDirectory } from '../gateway/stores/content-files.ts';
import { type Database, openDatabase } from '../gateway/stores/database.ts';
import { contentNow, pageOfShard, SHARDS } from '../gateway/stores/document-listing.ts';
import {
  type Finding,
  type VerificationCount,
  verifyDocuments,
} from '../gateway/stores/document-verification.ts';
import { CommandError } from './command.ts';
import { systemCodeOf } from './system-error.ts';

/** What a backup says of itself; written last, so that a backup without it was not finished. */
export interface BackupManifest {
  readonly format: 1;
  /** ISO 8601; the moment at which the database was copied. */
  readonly at: string;
  readonly homeCommunityId: string;
  readonly repositoryUniqueId: string;
  readonly database: { readonly sha256: string; readonly sizeBytes: number };
  readonly documents: number;
  readonly contents: number;
  readonly bytes: number;
  /** Documents that were missing or damaged in the region already, by uniqueId. */
  readonly faults: readonly string[];
}

/** Where the parts of a backup lie. */
export function backupPlaces(target: string) {
  return {
    database: join(target, 'kakehashi.db'),
    documents: join(target, 'documents'),
    manifest: join(target, 'backup.json'),
  };
}

/** True where nothing is, or an empty directory. */
export async function isEmptyPlace(path: string): Promise<boolean> {
  try {
    return (await readdir(path)).length === 0;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return true;
    if (systemCodeOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}

/** Opens the database of a copy for a while; nothing of that is left beside it. */
export async function withCopiedDatabase<Result>(
  file: string,
  now: () => Date,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  const database = await openDatabase({ file, now });
  try {
    return await work(database);
  } finally {
    await database.close();
    for (const suffix of ['.pid', '-wal', '-shm', '-journal'])
      await rm(file + suffix, { force: true });
  }
}

export interface DocumentsCopy {
  /** The copied database: it says which documents there are. */
  readonly database: Database;
  readonly from: string;
  readonly to: string;
  /** Called after each file. */
  readonly copied: (files: number) => Promise<void>;
}

/** Copies the files of all documents that the database names, synced; what is not there is left to the proof. */
export async function copyDocuments({ database, from, to, copied }: DocumentsCopy): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  let files = 0;
  for (const shard of SHARDS) {
    const names = new Set<string>();
    let after: { sha256: string; uniqueId: string } | undefined;
    for (;;) {
      const page = await pageOfShard(database, shard, after);
      for (const { sha256 } of page.documents) names.add(sha256.slice(2));
      after = page.documents.at(-1);
      if (!page.more || after === undefined) break;
    }
    if (names.size === 0) continue;
    await mkdir(join(to, shard), { recursive: true, mode: 0o700 });
    for (const name of names) {
      await copySynced(join(from, shard, name), join(to, shard, name));
      files += 1;
      await copied(files);
    }
    await syncDirectory(join(to, shard));
  }
  await syncDirectory(to);
}

/** A file that is not there, or cannot be read, is left out. */
async function copySynced(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  } catch (error) {
    await rm(to, { force: true });
    if (['ENOENT', 'EIO'].includes(systemCodeOf(error) ?? '')) return;
    throw error;
  }
  const file = await open(to, 'r+');
  try {
    await file.chmod(0o600);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** What a proof has found. */
export interface Proof extends VerificationCount {
  /** uniqueIds of documents whose octets are missing or damaged. */
  readonly faults: readonly string[];
}

/**
 * Reads every file of a copy again and compares it with what the copied database says.
 *
 * A document that was just arriving when the database was copied may be without octets: it was not registered, and is given
 * up when the registry is asked.
 */
export async function proveCopy(
  database: Database,
  options: { directory: string; now: () => Date; count: VerificationCount },
): Promise<Proof> {
  const faults: string[] = [];
  const source = {
    page: (shard: string, after?: { sha256: string; uniqueId: string }) =>
      pageOfShard(database, shard, after),
    now: (sha256: string) => contentNow(database, sha256),
  };
  for await (const finding of verifyDocuments({ ...options, source })) {
    if (await isFault(finding, source.now)) faults.push(finding.uniqueId ?? finding.file);
  }
  return { ...options.count, faults };
}

async function isFault(
  { fault, uniqueId, file }: Finding,
  now: (sha256: string) => ReturnType<typeof contentNow>,
): Promise<boolean> {
  if (fault === 'damaged' || fault === 'orphaned') return true;
  if (fault !== 'missing') return false;
  const { documents } = await now(file.replace('/', ''));
  return documents.some((one) => one.uniqueId === uniqueId && one.unsettledSince === undefined);
}

/** Writes what the backup is, whole or not at all. */
export async function writeManifest(file: string, manifest: BackupManifest): Promise<void> {
  const beside = `${file}.part`;
  const handle = await open(beside, 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, file);
  await syncDirectory(dirname(file));
}

/**
 * The manifest of a finished backup, whose database is still what was copied.
 *
 * @throws CommandError when it is none, or was altered
 */
export async function readBackup(source: string): Promise<BackupManifest> {
  const { manifest: file, database } = backupPlaces(source);
  let manifest: BackupManifest;
  try {
    manifest = JSON.parse(await readFile(file, 'utf8')) as BackupManifest;
  } catch (cause) {
    throw new CommandError(
      { en: 'is no finished backup', ja: 'は完了したバックアップではありません' },
      { where: source, cause },
    );
  }
  if (manifest.format !== 1) {
    throw new CommandError(
      { en: 'was made by another version', ja: 'は別のバージョンで作られています' },
      { where: file },
    );
  }
  const found = await stat(database).catch(() => undefined);
  const isSame =
    found?.size === manifest.database.sizeBytes &&
    (await sha256OfFile(database)) === manifest.database.sha256;
  if (isSame) return manifest;
  throw new CommandError(
    { en: 'is not the database that was copied', ja: 'は複写したデータベースと異なります' },
    { where: database, next: { en: 'use another backup', ja: '別のバックアップを使ってください' } },
  );
}
