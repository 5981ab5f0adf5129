import { setTimeout as waiting } from 'node:timers/promises';
import type { FedAll } from '../../actors/patient-identity/wide-area-feeding.ts';
import type { RefusedFeed } from '../../gateway/wide-area-feed.ts';
import { encodeCX } from '../../profiles/formats/datatypes.ts';
import { asking } from '../asking.ts';
import { command, EXIT, option, required } from '../command.ts';
import type { Text } from '../messages.ts';
import { tableOf } from '../table.ts';

const BY = required(
  option.text({
    en: 'Your name: the audit trail keeps it.',
    ja: '操作者の氏名。監査証跡に残る。',
  }),
  "'担当 一郎'",
);

/** Between two looks at a service that is behind. */
const WAIT_MS = 1_000;

const feedAll = command({
  name: 'wide-area feed-all',
  summary: {
    en: 'Tell the wide-area id service of all patients of this region whom it was not told of; goes on where it was stopped.',
    ja: '広域連携 ID サービスに、まだ伝えていない地域の全患者を伝える（中断した所から再開できる）。',
  },
  options: {
    folder: option.folder(),
    by: BY,
    again: option.flag({
      en: 'Of those whom it was told of, too: after the service has lost its data.',
      ja: '伝え済みの患者も伝え直す（サービスのデータが失われたとき）。',
    }),
  },
  async run({ folder, by, again }, desk) {
    let after: string | undefined = '';
    const sum = { looked: 0, owed: 0, waiting: 0 };
    await desk.progress(LOOKING, async (tell) => {
      while (after !== undefined && !desk.stop.aborted) {
        const input: object = { by, again, after };
        const some: FedAll = await asking<FedAll>(folder, 'wide-area.feed-all', input);
        after = some.after;
        sum.looked += some.looked;
        sum.owed += some.owed;
        sum.waiting = some.waiting;
        tell(progressOf(sum));
        if (some.looked === 0 && after !== undefined) {
          await waiting(WAIT_MS, undefined, { signal: desk.stop }).catch(() => {});
        }
      }
    });
    const isWhole = after === undefined;
    desk.print(isWhole ? progressOf(sum) : stoppedAt(sum), { ...sum, isWhole });
    if (!isWhole) return EXIT.failed;
    return sum.owed === 0 ? EXIT.nothingToDo : EXIT.done;
  },
});

const refused = command({
  name: 'wide-area refused',
  summary: {
    en: 'What the wide-area id service has refused of this region, and why.',
    ja: '広域連携 ID サービスがこの地域から受け取りを拒んだものとその理由を示す。',
  },
  options: { folder: option.folder(), by: BY },
  async run({ folder, by }, desk) {
    const all = await asking<readonly RefusedFeed[]>(folder, 'wide-area.refused', { by });
    if (all.length === 0) {
      desk.print({ en: 'nothing was refused', ja: '拒まれたものはありません' }, all);
      return EXIT.nothingToDo;
    }
    const lines = tableOf(
      ['message', 'ids', 'code', 'since'],
      all.map(({ kind, ids, code, since }) => [kind, ids.map(encodeCX).join(' '), code, since]),
    );
    desk.print(lines.join('\n'), all);
    return EXIT.done;
  },
});

const retry = command({
  name: 'wide-area retry',
  summary: {
    en: 'Send the wide-area id service again what it has refused, once the cause is mended.',
    ja: '広域連携 ID サービスが拒んだものを、原因を直したあとで送り直す。',
  },
  options: { folder: option.folder(), by: BY },
  async run({ folder, by }, desk) {
    const done = await asking<{ reopened: number }>(folder, 'wide-area.retry', { by });
    desk.print(
      { en: `${done.reopened} are sent again`, ja: `${done.reopened} 件を送り直します` },
      done,
    );
    return done.reopened === 0 ? EXIT.nothingToDo : EXIT.done;
  },
});

/** `kakehashi wide-area feed-all | refused | retry`: what a region does that feeds a wide-area id service. */
export const wideAreaFeedCommands = [feedAll, refused, retry];

const LOOKING: Text = { en: 'looking through the patients', ja: '患者を調べています' };

interface Sum {
  readonly looked: number;
  readonly owed: number;
  readonly waiting: number;
}

function progressOf({ looked, owed, waiting: left }: Sum): Text {
  return {
    en: `${looked} regional ids looked at, ${owed} messages made, ${left} wait to be sent`,
    ja: `地域内共通患者 ID ${looked} 件を確認、伝達 ${owed} 件を作成、送信待ち ${left} 件`,
  };
}

function stoppedAt(sum: Sum): Text {
  const { en, ja } = progressOf(sum);
  return {
    en: `${en}; stopped: give the command again to go on`,
    ja: `${ja}。中断しました。同じコマンドで再開します`,
  };
}
