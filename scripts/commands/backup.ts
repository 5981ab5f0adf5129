import { mkdir, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readConfig } from '../../gateway/config.ts';
import { sha256OfFile } from '../../gateway/stores/content-files.ts';
import type { VerificationCount } from '../../gateway/stores/document-verification.ts';
import {
  type BackupManifest,
  backupPlaces,
  copyDocuments,
  isEmptyPlace,
  proveCopy,
  withCopiedDatabase,
  writeManifest,
} from '../backup.ts';
import {
  CommandError,
  command,
  type Desk,
  EXIT,
  option,
  required,
  UsageError,
} from '../command.ts';
import { type Keeper, withKeeper } from '../keeping.ts';
import type { Config } from '../../gateway/config.ts';

/** The region is told at least so often that the backup goes on. */
const RENEW_MS = 60_000;

/** `kakehashi backup TARGET`. */
export const backupCommand = command({
  name: 'backup',
  summary: {
    en: 'Copy database and documents while the service runs, and prove the copy.',
    ja: '稼働したままデータベースと文書を複写し、複写を照合する。',
  },
  arguments: {
    target: required(
      option.directory({
        en: 'Where to: a directory that is not there yet, or is empty.',
        ja: '複写先。まだないか、空のディレクトリー。',
      }),
    ),
  },
  options: { folder: option.folder() },
  async run({ target, folder }, desk) {
    const config = readConfig(folder);
    const place = resolve(target);
    if (!(await isEmptyPlace(place))) {
      throw new UsageError({ en: 'is not empty', ja: 'は空ではありません' }, { where: place });
    }
    await mkdir(place, { recursive: true, mode: 0o700 });
    const manifest = await desk.progress(
      { en: 'copying the database', ja: 'データベースを複写中' },
      (tell) => withKeeper(config, (keeper) => backUp({ config, place, keeper, desk, tell })),
    );
    const { documents, contents, bytes, faults } = manifest;
    desk.print(
      {
        en: `${documents} documents in ${contents} files (${bytes} bytes) are copied and proved${faults.length > 0 ? `; ${faults.length} were missing or damaged before` : ''}`,
        ja: `文書 ${documents} 件（${contents} ファイル、${bytes} バイト）を複写し照合しました${faults.length > 0 ? `。${faults.length} 件は元から欠落・破損しています` : ''}`,
      },
      manifest,
    );
    return faults.length > 0 ? EXIT.failed : EXIT.done;
  },
});

interface Work {
  readonly config: Config;
  readonly place: string;
  readonly keeper: Keeper;
  readonly desk: Desk;
  readonly tell: Parameters<Parameters<Desk['progress']>[1]>[0];
}

async function backUp({ config, place, keeper, desk, tell }: Work): Promise<BackupManifest> {
  const places = backupPlaces(place);
  const at = desk.now().toISOString();
  const { holder } = await keeper.ask<{ holder: string }>('backup.begin', {
    file: places.database,
  });
  const count: VerificationCount = { documents: 0, files: 0, bytes: 0 };
  const renewing = setInterval(() => {
    // A renewal that fails shows at the end: the pause was then not unbroken.
    keeper.ask('backup.renew', { holder }).catch(() => {});
  }, RENEW_MS);
  let ended: { unbroken: boolean } | undefined;
  try {
    const proof = await withCopiedDatabase(places.database, desk.now, async (database) => {
      const [from, to] = [config.documents.directory, places.documents];
      const copied = async (files: number) =>
        tell({ en: `${files} files are copied`, ja: `${files} ファイルを複写` });
      await copyDocuments({ database, from, to, copied });
      tell({ en: 'proving the copy', ja: '複写を照合中' });
      return await proveCopy(database, { directory: to, now: desk.now, count });
    });
    ended = await keeper.ask<{ unbroken: boolean }>('backup.end', { holder });
    if (!ended.unbroken) throw brokenOff(place);
    const manifest: BackupManifest = {
      format: 1,
      at,
      homeCommunityId: config.homeCommunityId,
      repositoryUniqueId: config.repositoryUniqueId,
      database: {
        sha256: await sha256OfFile(places.database),
        sizeBytes: (await stat(places.database)).size,
      },
      documents: proof.documents,
      contents: proof.files,
      bytes: proof.bytes,
      faults: proof.faults,
    };
    await writeManifest(places.manifest, manifest);
    return manifest;
  } finally {
    clearInterval(renewing);
    if (ended === undefined) await keeper.ask('backup.end', { holder }).catch(() => {});
  }
}

function brokenOff(place: string): CommandError {
  return new CommandError(
    {
      en: 'the region may have removed documents while they were copied',
      ja: '複写中に文書が削除された可能性があります',
    },
    { where: place, next: { en: 'make the backup again', ja: 'もう一度実行してください' } },
  );
}
