import { type Language, say, type Text } from './messages.ts';

/** Where progress is shown: standard error, or a test's own. */
export interface ProgressStream {
  write(text: string): unknown;
  /** True when the stream is a terminal whose line can be written again. */
  readonly isTTY?: boolean;
}

const SHOWN_AFTER_MS = 1_000;
const REPEATED_ON_TTY_MS = 1_000;
const REPEATED_ELSEWHERE_MS = 10_000;

/**
 * Runs `work`, and says on `stream` what is being waited for once it takes longer than a second: one line that is
 * written again each second on a terminal, a new line every ten seconds elsewhere.
 *
 * `tell` replaces the text while the work goes on. Nothing is left on a terminal when it ends.
 */
export async function withProgress<T>(
  text: Text,
  world: { readonly stream: ProgressStream; readonly language: Language },
  work: (tell: (text: Text) => void) => Promise<T>,
): Promise<T> {
  const { stream, language } = world;
  const onTerminal = stream.isTTY === true;
  const repeatMs = onTerminal ? REPEATED_ON_TTY_MS : REPEATED_ELSEWHERE_MS;
  let current = text;
  let seconds = 0;
  let shown = false;
  let shownAt = Number.NEGATIVE_INFINITY;
  const timer = setInterval(() => {
    seconds += 1;
    if ((seconds - shownAt) * 1_000 < repeatMs) return;
    shown = true;
    shownAt = seconds;
    const line = `${say(current, language)} (${seconds} s)`;
    stream.write(onTerminal ? `\r\u001b[K${line}` : `${line}\n`);
  }, SHOWN_AFTER_MS);
  timer.unref();
  try {
    return await work((next) => {
      current = next;
    });
  } finally {
    clearInterval(timer);
    if (shown && onTerminal) stream.write('\r\u001b[K');
  }
}
