import { asking } from '../asking.ts';
import { command, EXIT, option } from '../command.ts';
import type { Text } from '../messages.ts';
import { tableOf } from '../table.ts';

/** What waits for a subscribed consumer (ITI-10, ITI-46), or for a wide-area id service that is fed (ITI-44). */
interface Queue {
  readonly consumer: string;
  readonly waiting: number;
  readonly attempts: number;
  /** ISO 8601; absent where nothing waits. */
  readonly since?: string;
  readonly isRefusing: boolean;
  /** What it has refused for good; `kakehashi wide-area refused` names it. */
  readonly refused?: number;
}

const NOBODY: Text = { en: 'nobody is subscribed', ja: '購読者はいません' };

/** `kakehashi patient consumers`: a consumer that does not take what it is told is seen here; the exit code says so, too. */
export const patientConsumers = command({
  name: 'patient consumers',
  summary: {
    en: 'What waits for each subscribed consumer of identity changes, and which of them refuse.',
    ja: '患者識別の変更通知の購読者ごとの待ち件数と、受け取りを拒み続けている購読者を示す。',
  },
  options: { folder: option.folder() },
  async run({ folder }, desk) {
    const queues = await asking<readonly Queue[]>(folder, 'patient.consumers', {});
    if (queues.length === 0) {
      desk.print(NOBODY, queues);
      return EXIT.nothingToDo;
    }
    const refuses = desk.say({ en: 'refuses', ja: '拒否中' });
    const lines = tableOf(
      ['consumer', 'waiting', 'attempts', 'refused', 'since', ''],
      queues.map(({ consumer, waiting, attempts, refused = 0, since = '', isRefusing }) => [
        consumer,
        String(waiting),
        String(attempts),
        String(refused),
        since,
        isRefusing ? refuses : '',
      ]),
    );
    desk.print(lines.join('\n'), queues);
    return queues.some(({ isRefusing }) => isRefusing) ? EXIT.failed : EXIT.done;
  },
});
