import { type Config, readConfig } from '../gateway/config.ts';
import { askControl, NotDoneHere, NothingRuns } from '../gateway/control.ts';
import { CommandError } from './command.ts';
import { notRunning } from './keeping.ts';
import type { Text } from './messages.ts';
import { stewardReasonInJapanese } from './steward-texts.ts';
import { systemCodeOf } from './system-error.ts';

/**
 * Asks the process that runs for a folder something about its patients.
 *
 * @throws CommandError where none runs, or it refuses; NotDoneHere where it has no Patient Identity; the
 * system's error where this user may not ask it
 */
export async function asking<Result>(
  folder: string,
  what: string,
  input: unknown,
): Promise<Result> {
  const next = {
    en: 'see kakehashi patient explain for how the ids stand',
    ja: '番号の現状は kakehashi patient explain で確認してください',
  };
  return await askingProcess({ config: readConfig(folder), next }, what, input);
}

/**
 * As `asking`, of a process whose settings have been read.
 *
 * @param process.next what to do where it refuses
 */
export async function askingProcess<Result>(
  { config, next }: { readonly config: Config; readonly next: Text },
  what: string,
  input: unknown,
): Promise<Result> {
  try {
    return (await askControl(config.folder, what, input)) as Result;
  } catch (error) {
    if (error instanceof NothingRuns) throw notRunning(config);
    if (error instanceof NotDoneHere || systemCodeOf(error) !== undefined) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(
      {
        en: `it was not done: ${reason}`,
        ja: `実行できませんでした: ${stewardReasonInJapanese(reason)}`,
      },
      { cause: error, next },
    );
  }
}
