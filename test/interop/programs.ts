import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';

/** What a program said and how it ended. */
export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const LONGEST_MS = 90_000;

/** Runs a program to its end, without holding up this process. */
export function ran(words: readonly string[], input: string | Buffer = ''): Promise<Ran> {
  const [program = '', ...options] = words;
  const child = spawn(program, options);
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return endOf(child);
}

/** Waits for the end of a program that was started; one that does not end is ended. */
export function endOf(child: ChildProcessWithoutNullStreams): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS);
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.once('error', reject);
    child.once('close', (status) => {
      clearTimeout(timer);
      const [stdout, stderr] = [out, err].map((some) => Buffer.concat(some).toString('utf8'));
      resolve({ status, stdout: stdout ?? '', stderr: stderr ?? '' });
    });
  });
}
