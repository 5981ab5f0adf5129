import { readConfig } from '../../gateway/config.ts';
import { checkRegion, type Checked } from '../checks.ts';
import { CommandError, command, EXIT, option } from '../command.ts';

const LIVE_DEADLINE_MS = 5_000;

/** `kakehashi check`: before a start, all that can be known without one; `--live` asks the process that runs. */
export const checkCommand = command({
  name: 'check',
  summary: {
    en: 'Check config, certificates, clock and disk of a region.',
    ja: '地域の設定・証明書・時計・ディスクを調べる。',
  },
  options: {
    folder: option.folder(),
    live: option.flag({
      en: 'Only ask the running process whether it lives (for health checks).',
      ja: '動作中のプロセスの生存だけを確かめる（ヘルスチェック用）。',
    }),
    config: option.flag({
      en: 'Show every setting and where its value came from.',
      ja: '全設定とその値の出所を表示する。',
    }),
  },
  async run({ folder, live, config: isShown }, { print, now, progress, say }) {
    const config = readConfig(folder);
    if (live) {
      const url = operationsUrl(config.listen.operations, '/health/live');
      await requireLife(url);
      print({ en: 'alive', ja: '動作しています' }, { live: true });
      return EXIT.done;
    }
    if (isShown) {
      const { describeConfig } = await import('../../gateway/config.ts');
      const rows = describeConfig(folder);
      print(rows.map(({ path, value, from }) => `${path}: ${value}  (${from})`).join('\n'), rows);
      return EXIT.done;
    }
    const checks = await progress({ en: 'checking', ja: '確認中です' }, async () =>
      checkRegion(config, now()),
    );
    const lines = checks.map((check) => `${mark(check)} ${check.name}: ${say(check.detail)}`);
    const ok = checks.every((check) => check.outcome !== 'failed');
    print(lines.join('\n'), {
      ok,
      checks: checks.map(({ name, outcome, detail }) => ({ name, outcome, detail: say(detail) })),
    });
    return ok ? EXIT.done : EXIT.failed;
  },
});

function mark({ outcome }: Checked): string {
  return { ok: 'ok  ', warning: 'warn', failed: 'FAIL' }[outcome];
}

function operationsUrl({ host, port }: { host: string; port: number }, path: string): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
}

async function requireLife(url: string): Promise<void> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(LIVE_DEADLINE_MS) }).catch(
    () => undefined,
  );
  if (answer?.ok === true) return;
  throw new CommandError(
    {
      en: answer === undefined ? 'nothing answers' : `answers ${answer.status}`,
      ja: answer === undefined ? '応答がありません' : `応答は ${answer.status} です`,
    },
    {
      where: url,
      next: {
        en: 'look at the log of kakehashi serve',
        ja: 'kakehashi serve のログを見てください',
      },
    },
  );
}
