import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandError } from './command.ts';
import type { Region } from './federation.ts';
import { STARTER_VARIABLE } from './parent.ts';

/** A region that runs in a process of its own. */
export interface RegionProcess {
  readonly region: Region;
  readonly pid: number;
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>;
}

export interface StartOptions {
  /** Words before the command, such as `taskset -c 0`. */
  readonly prefix?: readonly string[];
  /** Words for Node, such as `--cpu-prof`. */
  readonly nodeOptions?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly readyMs?: number;
  /** Called as soon as the process is there, before it is ready. */
  readonly begun?: () => void;
}

const READY_MS = 60_000;
const LOOK_EVERY_MS = 50;
const STOP_MS = 20_000;

/**
 * As the first line of `kakehashi.ts` says it, and `npm start`: MiB of memory for what is young. Sixteen queries under way hold
 * more than V8 reckons with, and what it collects too early it copies, and keeps for long.
 */
const YOUNG_MEMORY = '--max-semi-space-size=32';

/** This file's own folder tells whether it runs from source or compiled; the child is started alike. */
export function kakehashiWords(nodeOptions: readonly string[] = []): string[] {
  const here = fileURLToPath(import.meta.url);
  const entry = join(here, '..', here.endsWith('.ts') ? 'kakehashi.ts' : 'kakehashi.js');
  const loader = here.endsWith('.ts') ? ['--import', 'tsx'] : [];
  return [process.execPath, YOUNG_MEMORY, ...nodeOptions, ...loader, entry];
}

/**
 * Starts `kakehashi serve` for a region and waits until it is ready; it ends when this process does. Its log goes to `var/serve.log` in the region's folder.
 * @throws CommandError with the reason when it ended; Error with the end of the log when it was not ready in time
 */
export async function startRegion(
  region: Region,
  options: StartOptions = {},
): Promise<RegionProcess> {
  const words = [
    ...(options.prefix ?? []),
    ...kakehashiWords(options.nodeOptions),
    'serve',
    region.folder,
  ];
  const child = spawn(words[0] ?? process.execPath, words.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, [STARTER_VARIABLE]: String(process.pid), ...options.environment },
  });
  options.begun?.();
  const log = createWriteStream(join(region.folder, 'var', 'serve.log'), { flags: 'a' });
  const tail: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.pipe(log, { end: false });
    stream?.on('data', (chunk: Buffer) => {
      tail.push(chunk.toString('utf8'));
      while (tail.length > 20) tail.shift();
    });
  }
  await ready(child, region, { tail, readyMs: options.readyMs ?? READY_MS });
  return {
    region,
    pid: child.pid ?? 0,
    stop: () => end(child, 'SIGTERM'),
    kill: () => end(child, 'SIGKILL'),
  };
}

async function ready(
  child: ChildProcess,
  region: Region,
  { tail, readyMs }: { tail: readonly string[]; readyMs: number },
): Promise<void> {
  const until = performance.now() + readyMs;
  while (performance.now() < until) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw endedAtStart(region.plan.name, tail.join(''));
    }
    try {
      const answer = await fetch(`${region.operationsUrl}/health/ready`);
      if (answer.ok) return;
    } catch {
      // It does not listen yet.
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  child.kill('SIGKILL');
  throw new Error(
    `${region.plan.name} was not ready within ${readyMs} ms: ${tail.join('').slice(-2_000)}`,
  );
}

/** Why a process has ended, of all that it said: the last words of its command; its log is lines of JSON. */
export function lastWordsIn(said: string): string {
  const words = said.split('\n').findLast((line) => line !== '' && !/^[{\s]/.test(line));
  return (words ?? said.slice(-2_000)).replace(/^kakehashi: /, '');
}

function endedAtStart(name: string, said: string): CommandError {
  const why = lastWordsIn(said);
  return new CommandError(
    { en: `${name} ended at its start: ${why}`, ja: `${name} が起動時に終了しました: ${why}` },
    { cause: new Error(said.slice(-2_000)) },
  );
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}
