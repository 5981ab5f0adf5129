import { constants } from 'node:fs';
import { copyFile, link, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CONFIG_FILE, readConfig } from '../../gateway/config.ts';
import { syncDirectory } from '../../gateway/stores/content-files.ts';
import type { VerificationCount } from '../../gateway/stores/document-verification.ts';
import {
  type BackupManifest,
  backupPlaces,
  copyDocuments,
  isEmptyPlace,
  type Proof,
  proveCopy,
  readBackup,
  withCopiedDatabase,
} from '../backup.ts';
import { CommandError, command, type Desk, EXIT, option, required } from '../command.ts';
import { systemCodeOf } from '../system-error.ts';

/** `kakehashi restore SOURCE`. */
export const restoreCommand = command({
  name: 'restore',
  summary: {
    en: 'Bring a backup into a region that has no database and no documents yet, and prove it.',
    ja: 'データベースも文書もまだない地域にバックアップを戻し、照合する。',
  },
  arguments: {
    source: required(
      option.directory({ en: 'What kakehashi backup made.', ja: 'kakehashi backup の複写先。' }),
    ),
  },
  options: { folder: option.folder() },
  async run({ source, folder }, desk) {
    const from = resolve(source);
    const manifest = await readBackup(from);
    const places = await placesIn(folder, manifest);
    await requireEmpty(places);
    const proof = await desk.progress({ en: 'copying the documents', ja: '文書を複写中' }, (tell) =>
      restore({ from, places, manifest, desk, tell }),
    );
    const { documents, files, bytes, faults } = proof;
    desk.print(
      {
        en: `${documents} documents in ${files} files (${bytes} bytes) are restored and proved${faults.length > 0 ? `; ${faults.length} were missing or damaged before the backup` : ''}`,
        ja: `文書 ${documents} 件（${files} ファイル、${bytes} バイト）を戻し照合しました${faults.length > 0 ? `。${faults.length} 件はバックアップ前から欠落・破損しています` : ''}`,
      },
      proof,
    );
    return faults.length > 0 ? EXIT.failed : EXIT.done;
  },
});

/** Where a region keeps what is restored. */
interface Places {
  readonly database: string;
  readonly documents: string;
}

/** As the region's config says; in a folder without one, where a new region has them. */
async function placesIn(folder: string, manifest: BackupManifest): Promise<Places> {
  const root = resolve(folder);
  if (!(await isThere(root)) || !(await isThere(join(root, CONFIG_FILE)))) {
    return {
      database: join(root, 'var', 'kakehashi.db'),
      documents: join(root, 'var', 'documents'),
    };
  }
  const config = readConfig(root);
  if (config.database.kind === 'postgres') {
    throw new CommandError(
      {
        en: 'the region keeps its data in PostgreSQL',
        ja: 'この地域のデータベースは PostgreSQL です',
      },
      {
        where: config.file,
        next: {
          en: 'restore into a region with SQLite, then move it with kakehashi migrate',
          ja: 'SQLite の地域に戻してから kakehashi migrate で移してください',
        },
      },
    );
  }
  if (config.repositoryUniqueId !== manifest.repositoryUniqueId) {
    throw new CommandError(
      {
        en: `the backup is of the repository ${manifest.repositoryUniqueId}`,
        ja: `バックアップはリポジトリー ${manifest.repositoryUniqueId} のものです`,
      },
      { where: config.file },
    );
  }
  return { database: config.database.file, documents: config.documents.directory };
}

async function requireEmpty({ database, documents }: Places): Promise<void> {
  // SQLite would read what an earlier database has left beside it into the restored one.
  for (const suffix of ['', '-wal', '-shm', '-journal']) {
    if (await isThere(database + suffix)) throw isTaken(database + suffix);
  }
  const beside = besideOf(database);
  if (await isThere(beside)) throw wasBegun(beside, documents);
  if (!(await isEmptyPlace(documents))) throw isTaken(documents);
}

function isTaken(where: string): CommandError {
  return new CommandError(
    { en: 'is there already', ja: 'が既にあります' },
    { where, next: { en: 'restore into an empty folder', ja: '空のフォルダーに戻してください' } },
  );
}

function wasBegun(where: string, documents: string): CommandError {
  return new CommandError(
    { en: 'a restore was begun here, and has not ended', ja: '終わっていない復元があります' },
    {
      where,
      next: {
        en: `unless it is still under way: remove this file and ${documents}, and restore again`,
        ja: `実行中でなければ、このファイルと ${documents} を削除してやり直してください`,
      },
    },
  );
}

/** The database until it is proved. */
function besideOf(database: string): string {
  return join(dirname(database), `${basename(database)}.restoring`);
}

interface Work {
  readonly from: string;
  readonly places: Places;
  readonly manifest: BackupManifest;
  readonly desk: Desk;
  readonly tell: Parameters<Parameters<Desk['progress']>[1]>[0];
}

/** The database gets its name last: before that nothing can be served from what was not proved. */
async function restore({ from, places, manifest, desk, tell }: Work): Promise<Proof> {
  const beside = besideOf(places.database);
  const count: VerificationCount = { documents: 0, files: 0, bytes: 0 };
  const hasFolder = await isThere(places.documents);
  await mkdir(dirname(beside), { recursive: true, mode: 0o700 });
  try {
    const { COPYFILE_EXCL, COPYFILE_FICLONE } = constants;
    await copyFile(backupPlaces(from).database, beside, COPYFILE_EXCL | COPYFILE_FICLONE);
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') throw wasBegun(beside, places.documents);
    await rm(beside, { force: true });
    throw error;
  }
  try {
    for (const suffix of ['-wal', '-shm', '-journal']) await rm(beside + suffix, { force: true });
    const proof = await withCopiedDatabase(beside, desk.now, async (database) => {
      await copyDocuments({
        database,
        from: backupPlaces(from).documents,
        to: places.documents,
        copied: async (files) =>
          tell({ en: `${files} files are copied`, ja: `${files} ファイルを複写` }),
      });
      tell({ en: 'proving the copy', ja: '複写を照合中' });
      return await proveCopy(database, { directory: places.documents, now: desk.now, count });
    });
    requireProved(proof, manifest, from);
    await giveName(beside, places.database);
    return proof;
  } catch (error) {
    await rm(beside, { force: true });
    // The places were empty before: what is half there goes, so that it can be tried again. Where a process has made itself
    // a database meanwhile, documents of its own may lie there.
    if (!(await isThere(places.database))) await removeDocuments(places.documents, hasFolder);
    throw error;
  }
}

/** Never in the place of another: a process may have been started meanwhile. */
async function giveName(beside: string, database: string): Promise<void> {
  try {
    await link(beside, database);
  } catch (error) {
    // Not every file system has links.
    if (systemCodeOf(error) === 'EEXIST' || (await isThere(database))) throw isTaken(database);
    await rename(beside, database);
  }
  await rm(beside, { force: true });
  await syncDirectory(dirname(database));
}

/** The folder that was there may be a mount or a link, and stays. */
async function removeDocuments(folder: string, staysThere: boolean): Promise<void> {
  if (!staysThere) return await rm(folder, { recursive: true, force: true });
  for (const name of await readdir(folder)) {
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** What was sound when it was backed up is sound again. */
function requireProved({ faults }: Proof, manifest: BackupManifest, from: string): void {
  const known = new Set(manifest.faults);
  const lost = faults.filter((uniqueId) => !known.has(uniqueId));
  if (lost.length === 0) return;
  throw new CommandError(
    {
      en: `${lost.length} documents of the backup are missing or damaged, the first is ${lost[0]}`,
      ja: `バックアップの文書 ${lost.length} 件が欠落・破損しています（最初は ${lost[0]}）`,
    },
    { where: from, next: { en: 'use another backup', ja: '別のバックアップを使ってください' } },
  );
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
