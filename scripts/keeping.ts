import { askControl, NotDoneHere, NothingRuns } from '../gateway/control.ts';
import type { Config } from '../gateway/config.ts';
import { DocumentKeeping } from '../gateway/document-keeping.ts';
import { openDatabase } from '../gateway/stores/database.ts';
import { FileDocumentStore } from '../gateway/stores/file-document-store.ts';
import { CommandError } from './command.ts';

/** Asks whoever keeps a region's documents; in and out goes plain JSON. */
export interface Keeper {
  ask<Result>(command: string, input?: unknown): Promise<Result>;
  /** False when no process runs: what only a running process can do is refused. */
  readonly runs: boolean;
}

/**
 * Asks the process that runs for the region, which holds the database; where none runs, the database itself is opened for as
 * long as the work takes.
 */
export async function withKeeper<Result>(
  config: Config,
  work: (keeper: Keeper) => Promise<Result>,
): Promise<Result> {
  try {
    await askControl(config.folder, 'documents.count');
  } catch (error) {
    if (error instanceof NothingRuns) return await withoutProcess(config, work);
    throw error;
  }
  return await work({
    runs: true,
    ask: async <Answer>(command: string, input?: unknown) => {
      try {
        return (await askControl(config.folder, command, input)) as Answer;
      } catch (error) {
        if (error instanceof NothingRuns) throw hasEnded(config);
        throw error instanceof NotDoneHere ? keepsNone(config) : error;
      }
    },
  });
}

async function withoutProcess<Result>(
  config: Config,
  work: (keeper: Keeper) => Promise<Result>,
): Promise<Result> {
  const now = () => new Date();
  const database = await openDatabase({ ...config.database, now });
  try {
    const documents = new FileDocumentStore({
      directory: config.documents.directory,
      spoolDirectory: config.spool.directory,
      database,
      now,
    });
    const { commands } = new DocumentKeeping({ documents, database, now });
    return await work({
      runs: false,
      ask: async <Answer>(name: string, input: unknown = {}) => {
        const command = commands[name];
        if (command === undefined) throw notRunning(config);
        return (await command(input)) as Answer;
      },
    });
  } finally {
    await database.close();
  }
}

function keepsNone({ folder }: Config): CommandError {
  return new CommandError(
    {
      en: 'the process of this folder is no Document Repository',
      ja: 'このフォルダーのプロセスは文書リポジトリーではありません',
    },
    {
      where: folder,
      next: {
        en: 'name the folder of the process whose actors include document-repository',
        ja: 'actors に document-repository を含むプロセスのフォルダーを指定してください',
      },
    },
  );
}

function hasEnded({ folder }: Config): CommandError {
  return new CommandError(
    {
      en: 'the process of this region has ended meanwhile',
      ja: 'この地域のプロセスが途中で終了しました',
    },
    {
      where: folder,
      next: {
        en: 'what was under way is not done: give the command again',
        ja: '処理は完了していません。もう一度実行してください',
      },
    },
  );
}

/** What to do when a command needs the running process. */
export function notRunning({ folder }: Config): CommandError {
  return new CommandError(
    { en: 'no process runs for this region', ja: 'この地域のプロセスが動いていません' },
    {
      where: folder,
      next: {
        en: `start it: kakehashi serve ${folder}`,
        ja: `起動してください: kakehashi serve ${folder}`,
      },
    },
  );
}
