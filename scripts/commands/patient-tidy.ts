import type { Tidied } from '../../actors/patient-identity/tidying.ts';
import { asking } from '../asking.ts';
import { type Desk, EXIT } from '../command.ts';
import type { Text } from '../messages.ts';

const LOOKING: Text = { en: 'looking through the list', ja: '一覧を調べています' };

/**
 * `kakehashi patient review tidy`: through the whole list step by step, each of which stands for itself. Stopped, it says after
 * which number to go on.
 */
export async function tidyReviews(
  { folder, by, after }: { readonly folder: string; readonly by: string; readonly after: number },
  desk: Desk,
) {
  const sum = { looked: 0, closed: 0, opened: 0 };
  let next: number | undefined = after;
  let isFirst = true;
  await desk.progress(LOOKING, async (tell) => {
    while (next !== undefined && !desk.stop.aborted) {
      const input: object = { by, after: next, isFirst };
      const some: Tidied = await asking<Tidied>(folder, 'patient.tidy', input);
      isFirst = false;
      next = some.after;
      sum.looked += some.looked;
      sum.closed += some.closed;
      sum.opened += some.opened;
      tell(linesOf(sum));
    }
  });
  const { en, ja } = linesOf(sum);
  if (next !== undefined) {
    const rest: Text = {
      en: `${en}; stopped: go on with --after ${next}`,
      ja: `${ja}。中断しました。続きは --after ${next}`,
    };
    desk.print(rest, { ...sum, isWhole: false, after: next });
    return EXIT.failed;
  }
  desk.print({ en, ja }, { ...sum, isWhole: true });
  return sum.closed + sum.opened === 0 ? EXIT.nothingToDo : EXIT.done;
}

function linesOf({ looked, closed, opened }: Omit<Tidied, 'after'>): Text {
  return {
    en: `${looked} questions looked at, ${closed} taken from the list, ${opened} put on it`,
    ja: `確認待ち ${looked} 件を確認、${closed} 件を一覧から除き、${opened} 件を追加`,
  };
}
