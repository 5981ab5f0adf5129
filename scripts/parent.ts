import { readFileSync } from 'node:fs';

/** The environment variable by which a process is told to end when the one that started it has gone: its process id. */
export const STARTER_VARIABLE = 'KAKEHASHI_STARTER';

const LOOK_EVERY_MS = 500;

/** A process and the one that it was a child of when it was looked at first. */
interface Link {
  readonly pid: number;
  readonly parent: number;
}

/**
 * Ends when the process that started this one has gone; its id stands in the environment. Without one nothing is watched, so
 * that a gateway under an init system, or in the background of a shell, lives on by itself.
 */
export function starterGone(environment: NodeJS.ProcessEnv = process.env): AbortSignal {
  const starter = Number(environment[STARTER_VARIABLE] ?? 0);
  // It need not be our parent: a tracer, or a program that pins us to a core, may stand between.
  return starter > 0 ? watched(() => isThere(starter)) : new AbortController().signal;
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code === 'EPERM';
  }
}

/**
 * Ends when the parent of this process has gone, or the terminal (SIGHUP). Under `npm run` there stand a shell and the loader between npm and us, and a
 * signal to npm reaches the shell alone: then every link up to npm is watched, where the system tells parents (`/proc`).
 */
export function parentGone(environment: NodeJS.ProcessEnv = process.env): AbortSignal {
  const links: Link[] = [{ pid: process.pid, parent: process.ppid }];
  if (environment['npm_lifecycle_event'] !== undefined) {
    for (let at = 0; at < MOST_LINKS; at += 1) {
      const { parent: pid } = links[at] ?? { parent: 0 };
      const parent = isNpm(pid) ? undefined : parentOf(pid);
      if (parent === undefined || parent <= 1) break;
      links.push({ pid, parent });
    }
  }
  const hungUp = new AbortController();
  process.once('SIGHUP', () => hungUp.abort());
  const stillThere = () => links.every(({ pid, parent }) => parentOf(pid) === parent);
  return AbortSignal.any([watched(stillThere), hungUp.signal]);
}

const MOST_LINKS = 5;

function watched(stillThere: () => boolean): AbortSignal {
  const gone = new AbortController();
  const timer = setInterval(() => {
    if (stillThere()) return;
    clearInterval(timer);
    gone.abort();
  }, LOOK_EVERY_MS);
  timer.unref();
  return gone.signal;
}

/** The parent of a process; undefined where the process has gone, or the system does not tell. */
function parentOf(pid: number): number | undefined {
  if (pid === process.pid) return process.ppid;
  try {
    // pid (name) state ppid …; the name may hold anything, also a parenthesis.
    const [, after = ''] =
      /^.*\) \S (\d+) /s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? [];
    return after === '' ? undefined : Number(after);
  } catch {
    return undefined;
  }
}

/** npm calls itself `npm run NAME`. */
function isNpm(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('npm');
  } catch {
    return false;
  }
}
