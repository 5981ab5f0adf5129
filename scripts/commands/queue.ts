import { askControl, NothingRuns } from '../../gateway/control.ts';
import { readConfig } from '../../gateway/config.ts';
import { CommandError, command, EXIT, option } from '../command.ts';
import { tableOf } from '../table.ts';

/** One line of the queue, as the running process tells it. */
interface QueueLine {
  readonly community: string;
  readonly state: string;
  readonly attempts: number;
  readonly since: string;
  readonly failureClass?: string;
}

const queueList = command({
  name: 'queue ls',
  summary: {
    en: 'Retrievals from other communities that wait, run or failed.',
    ja: '他地域からの取得のうち、待機中・実行中・失敗のもの。',
  },
  options: {
    folder: option.folder(),
    state: option.oneOf(['waiting', 'running', 'failed'], {
      en: 'Only those in this state.',
      ja: 'この状態のものだけ。',
    }),
  },
  async run({ folder, state }, { print }) {
    const lines = (await askRunning(folder, 'queue.ls')) as readonly QueueLine[];
    const shown = state === undefined ? lines : lines.filter((line) => line.state === state);
    const table = tableOf(
      ['community', 'state', 'attempts', 'since', 'failure'],
      shown.map(({ community, attempts, since, failureClass, ...line }) => [
        community,
        line.state,
        String(attempts),
        since,
        failureClass ?? '',
      ]),
    );
    print(
      shown.length === 0 ? { en: 'the queue is empty', ja: '待ち行列は空です' } : table.join('\n'),
      shown,
    );
    return shown.length === 0 ? EXIT.nothingToDo : EXIT.done;
  },
});

/** One request with a callback, as the running process tells it. */
interface CallbackLine {
  readonly partner: string;
  readonly transaction: string;
  readonly state: string;
  readonly attempts: number;
  readonly since: string;
  readonly reason?: string;
}

const queueCallbacks = command({
  name: 'queue callbacks',
  summary: {
    en: "Requests of partners whose answers wait for the partner's callback, or were given up.",
    ja: '連携先のコールバックへの応答待ちの要求と、応答をあきらめた要求。',
  },
  options: { folder: option.folder() },
  async run({ folder }, { print }) {
    const lines = (await askRunning(folder, 'queue.callbacks')) as readonly CallbackLine[];
    const table = tableOf(
      ['partner', 'transaction', 'state', 'attempts', 'since', 'reason'],
      lines.map(({ partner, transaction, state, attempts, since, reason }) => [
        partner,
        transaction,
        state,
        String(attempts),
        since,
        reason ?? '',
      ]),
    );
    const none = {
      en: 'no request waits for a callback',
      ja: 'コールバック待ちの要求はありません',
    };
    print(lines.length === 0 ? none : table.join('\n'), lines);
    return lines.length === 0 ? EXIT.nothingToDo : EXIT.done;
  },
});

/** `kakehashi queue …` */
export const queueCommands = [queueList, queueCallbacks];

/** Asks the process that runs for a folder; says how to start it when there is none. */
async function askRunning(folder: string, what: string): Promise<unknown> {
  const config = readConfig(folder);
  try {
    return await askControl(config.folder, what);
  } catch (error) {
    if (!(error instanceof NothingRuns)) throw error;
    throw new CommandError(
      { en: 'no process runs for this region', ja: 'この地域のプロセスが動いていません' },
      {
        where: config.folder,
        cause: error,
        next: {
          en: `start it: kakehashi serve ${folder}`,
          ja: `起動してください: kakehashi serve ${folder}`,
        },
      },
    );
  }
}
