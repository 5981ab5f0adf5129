import { readConfig } from '../../gateway/config.ts';
import {
  type DocumentFault,
  type DocumentSource,
  type Finding,
  type VerificationCount,
  verifyDocuments,
} from '../../gateway/stores/document-verification.ts';
import { command, EXIT, option } from '../command.ts';
import { type Keeper, notRunning, withKeeper } from '../keeping.ts';
import type { Text } from '../messages.ts';

/** What each fault is called, and whether it fails the verification. */
// biome-ignore format: a table is read by its columns.
const FAULTS: Readonly<Record<DocumentFault, { readonly text: Text; readonly fails: boolean }>> = {
  missing:      { fails: true,  text: { en: 'missing',      ja: '欠落' } },
  damaged:      { fails: true,  text: { en: 'damaged',      ja: '破損' } },
  orphaned:     { fails: true,  text: { en: 'orphaned',     ja: '孤立' } },
  unknown:      { fails: false, text: { en: 'unknown outcome', ja: '登録結果不明' } },
  unregistered: { fails: false, text: { en: 'unregistered', ja: '未登録' } },
};

/** `kakehashi documents verify`. */
export const documentsVerify = command({
  name: 'documents verify',
  summary: {
    en: 'Read every stored document again and compare it with its hash; the service may run.',
    ja: '保存文書をすべて読み直してハッシュと照合する（稼働中でも可）。',
  },
  options: {
    folder: option.folder(),
    registry: option.flag({
      en: 'Also name documents that no DocumentEntry of the registry names.',
      ja: 'レジストリーのどの DocumentEntry にもない文書も挙げる。',
    }),
  },
  async run({ folder, registry }, { print, progress, now, say }) {
    const config = readConfig(folder);
    const found: Record<DocumentFault, number> = {
      missing: 0,
      damaged: 0,
      orphaned: 0,
      unknown: 0,
      unregistered: 0,
    };
    const count: VerificationCount = { documents: 0, files: 0, bytes: 0 };
    await withKeeper(config, async (keeper) => {
      if (registry && !keeper.runs) throw notRunning(config);
      const total = await keeper.ask<number>('documents.count');
      await progress(lookedAt(count, total), async (tell) => {
        const source = sourceOf(keeper, registry);
        const { directory } = config.documents;
        for await (const finding of telling(
          verifyDocuments({ directory, source, now, count }),
          () => tell(lookedAt(count, total)),
        )) {
          found[finding.fault] += 1;
          print(lineOf(finding, say(FAULTS[finding.fault].text)), finding);
        }
      });
    });
    const { documents, files, bytes } = count;
    print(
      {
        en: `${documents} documents in ${files} files (${bytes} bytes): ${told(found, 'en')}`,
        ja: `${files} ファイルの文書 ${documents} 件（${bytes} バイト）: ${told(found, 'ja')}`,
      },
      { ...count, found },
    );
    const failed = (Object.keys(found) as DocumentFault[]).some(
      (fault) => FAULTS[fault].fails && found[fault] > 0,
    );
    if (failed) return EXIT.failed;
    return documents > 0 ? EXIT.done : EXIT.nothingToDo;
  },
});

/** `kakehashi documents reconcile`. */
export const documentsReconcile = command({
  name: 'documents reconcile',
  summary: {
    en: 'Ask the registry now about documents of which nobody knows whether they were registered.',
    ja: '登録結果が不明な文書について、いまレジストリーに照会する。',
  },
  options: { folder: option.folder() },
  async run({ folder }, { print, progress }) {
    const config = readConfig(folder);
    const outcome = await withKeeper(config, async (keeper) => {
      if (!keeper.runs) throw notRunning(config);
      return await progress({ en: 'asking the registry', ja: 'レジストリーに照会中' }, () =>
        keeper.ask<{
          settled: number;
          abandoned: number;
          waiting: number;
          registryAway: boolean;
        }>('documents.reconcile'),
      );
    });
    const { settled, abandoned, waiting, registryAway } = outcome;
    print(
      {
        en: `${settled} registered, ${abandoned} given up, ${waiting} waiting${registryAway ? '; the registry gave no answer' : ''}`,
        ja: `登録済み ${settled} 件、破棄 ${abandoned} 件、保留 ${waiting} 件${registryAway ? '。レジストリーの応答がありません' : ''}`,
      },
      outcome,
    );
    if (registryAway) return EXIT.failed;
    return settled + abandoned > 0 ? EXIT.done : EXIT.nothingToDo;
  },
});

function sourceOf(keeper: Keeper, registry: boolean): DocumentSource {
  const source: DocumentSource = {
    page: (shard, after) => keeper.ask('documents.page', { shard, after }),
    now: (sha256) => keeper.ask('documents.content', { sha256 }),
  };
  if (!registry) return source;
  return {
    ...source,
    registered: (uniqueIds) => keeper.ask('documents.registered', { uniqueIds }),
  };
}

function lineOf({ uniqueId, file, since }: Finding, fault: string): string {
  return [fault, uniqueId, file, since].filter((part) => part !== undefined).join('  ');
}

function lookedAt({ documents, bytes }: VerificationCount, total: number): Text {
  const megabytes = Math.round(bytes / 1_000_000);
  return {
    en: `verified ${documents} of ${total} documents, ${megabytes} MB`,
    ja: `${total} 件中 ${documents} 件を照合、${megabytes} MB`,
  };
}

function told(found: Readonly<Record<DocumentFault, number>>, language: 'en' | 'ja'): string {
  const parts = (Object.keys(found) as DocumentFault[])
    .filter((fault) => found[fault] > 0)
    .map((fault) => `${FAULTS[fault].text[language]} ${found[fault]}`);
  if (parts.length > 0) return parts.join(', ');
  return language === 'en' ? 'all sound' : '異常なし';
}

/** Findings are few; the count goes on between them. */
async function* telling(
  findings: AsyncGenerator<Finding>,
  tell: () => void,
): AsyncGenerator<Finding> {
  const timer = setInterval(tell, 500);
  timer.unref();
  try {
    yield* findings;
  } finally {
    clearInterval(timer);
  }
}
