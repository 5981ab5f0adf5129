/** A system call in a trace. `start` and `end` are lines of it, so that what is before what can be told across threads. */
export interface SystemCall {
  readonly name: string;
  /** What stands between the brackets, file descriptors with their files or sockets. */
  readonly words: string;
  /** Seconds since 1970, at its start. */
  readonly at: number;
  readonly start: number;
  readonly end: number;
  /** 0 or more where it succeeded. */
  readonly result: number;
}

/** Every call that changes what lies on the disk, syncs it, or sends octets to a peer. */
export const TRACED: readonly string[] = [
  ...['mkdir', 'mkdirat', 'link', 'linkat', 'rename', 'renameat', 'renameat2'],
  ...['fsync', 'fdatasync', 'write', 'writev', 'pwrite64', 'pwritev', 'pwritev2'],
  ...['sendto', 'sendmsg', 'sendmmsg'],
];

/** Options of strace for a trace that `readTrace` reads. */
export function straceWords(file: string): string[] {
  const calls = TRACED.map((name) => `?${name}`).join(',');
  return ['strace', '-f', '-ttt', '-yy', '-s', '0', '-o', file, '-e', `trace=${calls}`];
}

interface Begun {
  readonly words: string;
  readonly at: number;
  readonly start: number;
}

/** Reads what strace wrote with `straceWords`. Calls that did not end are left out, and so are other lines. */
export function readTrace(text: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const begun = new Map<string, Begun>();
  for (const [line, content] of text.split('\n').entries()) {
    const [, thread = '', time = '', rest = ''] = /^(\d+) +(\d+\.\d+) (.*)$/.exec(content) ?? [];
    const at = Number(time);
    const [, name = '', words = '', result = ''] = /^(\w+)\((.*)\) += (-?\d+)/.exec(rest) ?? [];
    const [, opened = '', half = ''] = /^(\w+)\((.*) <unfinished \.\.\.>$/.exec(rest) ?? [];
    const [, resumed = '', tail = '', late = ''] =
      /^<\.\.\. (\w+) resumed>(.*)\) += (-?\d+)/.exec(rest) ?? [];
    if (name !== '') {
      calls.push({ name, words, at, start: line, end: line, result: Number(result) });
    } else if (opened !== '') {
      begun.set(`${thread} ${opened}`, { words: half, at, start: line });
    } else if (resumed !== '') {
      const first = begun.get(`${thread} ${resumed}`);
      if (!first) continue;
      begun.delete(`${thread} ${resumed}`);
      calls.push({
        ...first,
        name: resumed,
        words: first.words + tail,
        end: line,
        result: Number(late),
      });
    }
  }
  return calls.sort((one, other) => one.start - other.start);
}

/** The file or socket behind a call's first file descriptor: a path, or `TCP:[from->to]`. */
export function targetOf({ words }: SystemCall): string {
  const [, target = ''] = /^\d+<(.*?)>(?=[,)]|$)/.exec(words) ?? [];
  return target.replace(/ \(deleted\)$/, '');
}

/** The paths in a call, in order: the last is where a link or a file with a new name lies. */
export function pathsOf({ words }: SystemCall): string[] {
  return [...words.matchAll(/"([^"]*)"/g)].map(([, path = '']) => path);
}
