import { readConfig } from '../../gateway/config.ts';
import { askControl, NothingRuns } from '../../gateway/control.ts';
import {
  type CopiedTable,
  CopyRefused,
  copyToPostgres,
  movedFile,
} from '../../gateway/stores/copy-to-postgres.ts';
import { CommandError, command, EXIT, option, requireYes } from '../command.ts';
import type { Text } from '../messages.ts';
import { tableOf } from '../table.ts';

/** `kakehashi migrate`: the one way from the embedded database to a server that several processes share. */
export const migrateCommand = command({
  name: 'migrate',
  summary: {
    en: "Move a region's data from SQLite to the PostgreSQL of its config, and prove the copy.",
    ja: '地域のデータを SQLite から設定中の PostgreSQL へ移し、写しを検証する。',
  },
  options: { folder: option.folder(), yes: option.yes() },
  async run({ folder, yes }, { print, progress, now }) {
    const config = readConfig(folder);
    const { database } = config;
    if (database.kind !== 'postgres') {
      throw new CommandError(
        {
          en: 'database.kind is sqlite: there is nowhere to move to',
          ja: 'database.kind が sqlite のため、移し先がありません',
        },
        {
          where: config.file,
          next: {
            en: 'set database.kind: postgres and database.url: env:DATABASE_URL first',
            ja: '先に database.kind: postgres と database.url: env:DATABASE_URL を設定してください',
          },
        },
      );
    }
    requireYes(yes, {
      en: `would move ${database.file} to PostgreSQL and rename it to ${movedFile(database.file)}`,
      ja: `${database.file} を PostgreSQL へ移し、${movedFile(database.file)} に改名します`,
    });
    await requireNothingRuns(config.folder);
    const tables = await progress({ en: 'copying', ja: '写しています' }, (tell) =>
      copied(() =>
        copyToPostgres({
          ...database,
          now,
          told: (table) => tell({ en: `copying ${table}`, ja: `${table} を写しています` }),
        }),
      ),
    );
    const total = tables.reduce((sum, { rows }) => sum + rows, 0);
    const moved = movedFile(database.file);
    print(
      {
        en: `${linesOf(tables)}\n${total} rows of ${tables.length} tables are the same on both sides; the file is now ${moved}`,
        ja: `${linesOf(tables)}\n${tables.length} 表 ${total} 行が両側で一致しました。元のファイルは ${moved} に改名しました`,
      },
      { tables, rows: total, moved },
    );
    return EXIT.done;
  },
});

function linesOf(tables: readonly CopiedTable[]): string {
  return tableOf(
    ['table', 'rows', 'sha256'],
    tables.map(({ name, rows, sha256 }) => [name, String(rows), sha256]),
  ).join('\n');
}

async function requireNothingRuns(folder: string): Promise<void> {
  try {
    await askControl(folder, 'queue.ls');
  } catch (error) {
    if (error instanceof NothingRuns) return;
  }
  throw new CommandError(
    { en: 'a process runs for this region', ja: 'この地域のプロセスが動いています' },
    {
      where: folder,
      next: {
        en: 'end it first: what it wrote meanwhile would be missing in the copy',
        ja: '先に止めてください。動作中に書かれたものが写しに入りません',
      },
    },
  );
}

async function copied<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CopyRefused)) throw error;
    throw new CommandError(
      {
        en: `${error.message}; nothing was moved`,
        ja: `${WHAT_IN_JAPANESE[error.kind]}。何も移していません`,
      },
      { next: NEXT[error.kind], cause: error },
    );
  }
}

const WHAT_IN_JAPANESE: Readonly<Record<CopyRefused['kind'], string>> = {
  'no source': 'SQLite のデータベースがありません',
  'moved before': '改名先に以前の .moved ファイルがあります',
  'not empty': '移し先のデータベースが空ではありません',
  'in use': '移し先のデータベースが使用中です',
  differs: '写しが元と一致しません',
};

const NEXT: Readonly<Record<CopyRefused['kind'], Text>> = {
  'no source': {
    en: 'see database.file in kakehashi.yaml',
    ja: 'kakehashi.yaml の database.file を見てください',
  },
  'moved before': {
    en: 'it is of an earlier move: put it elsewhere first',
    ja: '以前の移行のものです。先に別の場所へ移してください',
  },
  'not empty': {
    en: 'make an empty database, and name it in database.url',
    ja: '空のデータベースを作り、database.url に指定してください',
  },
  'in use': {
    en: 'end the processes that work on it',
    ja: 'それを使っているプロセスを止めてください',
  },
  differs: {
    en: 'this is a defect: please report it',
    ja: '不具合です。報告してください',
  },
};
