import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

/** What is measured runs on one core, and who asks it on another. */
export const SERVER_CORE = 0;
export const CLIENT_CORE = 1;

/** Words that pin a program to one core, or none where the machine has no `taskset` or only one core. */
export function pinnedTo(core: number): readonly string[] {
  const found = spawnSync('taskset', ['-c', String(core), 'true']);
  return found.status === 0 ? ['taskset', '-c', String(core)] : [];
}

/** Moves this process, the client, to a core of its own. */
export function pinSelfTo(core: number): boolean {
  return spawnSync('taskset', ['-a', '-cp', String(core), String(process.pid)]).status === 0;
}

/** A helper program of the bench, started like the bench itself; resolves with the first line that it prints. */
export async function startHelper(
  file: string,
  options: unknown,
  prefix: readonly string[],
): Promise<{ readonly line: string; stop(): Promise<void> }> {
  const here = fileURLToPath(import.meta.url);
  const source = here.endsWith('.ts');
  const path = fileURLToPath(new URL(`./${file}.${source ? 'ts' : 'js'}`, import.meta.url));
  const words = [
    ...prefix,
    process.execPath,
    ...(source ? ['--import', 'tsx'] : []),
    path,
    JSON.stringify(options),
  ];
  const child = spawn(words[0] ?? process.execPath, words.slice(1), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await firstLine(child);
  return {
    line,
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  return await new Promise((resolve, reject) => {
    let text = '';
    child.once('exit', (code) => reject(new Error(`a helper of the bench ended with ${code}`)));
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
    });
  });
}

/** Resident memory of a process: now, and at its peak since `forgetPeak`. Bytes; Linux only. */
export async function memoryOf(pid: number): Promise<{ now: number; peak: number }> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  const of = (name: string) =>
    Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(text)?.[1] ?? 0) * 1024;
  return { now: of('VmRSS'), peak: of('VmHWM') };
}

/** Begins a new peak. */
export async function forgetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5');
}

/** The kernel counts processor time in hundredths of a second. */
const TICK_MS = 10;

/** Processor time that a process has taken since its start, all threads together. Milliseconds; not a number but on Linux. */
export async function cpuMsOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // Behind the name, which may hold anything and ends with the last bracket: state is the 3rd field, utime and stime the 14th and 15th.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? Number.NaN) + Number(fields[12] ?? Number.NaN)) * TICK_MS;
}

/** The machine and how it was used, for the heading of a table. */
export function machineText(prefix: readonly string[]): string {
  const [first] = cpus();
  const pinned =
    prefix.length > 0
      ? `server on core ${SERVER_CORE}, client on core ${CLIENT_CORE}`
      : 'not pinned';
  // What is shipped is compiled; the loader that runs the sources as they are costs at run time, too.
  const form = import.meta.url.endsWith('.ts') ? 'from source' : 'compiled';
  return `${cpus().length} x ${first?.model.trim() ?? 'unknown'}, Node ${process.version}, ${form}, ${pinned}`;
}
