import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../scripts/federation.ts';
import { removeTranspiled, transpiledWords } from '../support/proof-region.ts';

const root = mkdtempSync(join(tmpdir(), 'kakehashi-processes-'));
const region = join(root, 'region');
const [node = '', ...entry] = await transpiledWords();
const started: ChildProcess[] = [];

async function ran(...words: string[]): Promise<number | null> {
  const child = spawn(node, [...entry, ...words], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.exitCode;
}

/** A shell that runs one line with the words of `kakehashi` as `$@`. */
function shell(line: string, ...words: string[]): ChildProcess {
  const child = spawn('sh', ['-c', line, 'sh', node, ...entry, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  return child;
}

async function textOf(child: ChildProcess): Promise<{ stdout: string; stderr: string }> {
  const text = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk) => {
    text.stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    text.stderr += chunk;
  });
  await once(child, 'close');
  return text;
}

async function until(holds: () => boolean): Promise<void> {
  for (let round = 0; round < 600; round += 1) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it never came true');
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const log = join(root, 'serve.log');
const events = () =>
  existsSync(log)
    ? [...readFileSync(log, 'utf8').matchAll(/"event":"(\w+)"/g)].map(([, e]) => e)
    : [];

beforeAll(async () => {
  const [port = 0, operations = 0] = await freePorts(2);
  await ran(
    ...['init', region, '--name', 'R', '--oid', '2.999.392.32'],
    ...['--port', `${port}`, '--operations-port', `${operations}`],
  );
}, 60_000);

afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
  removeTranspiled();
});

describe('A process of kakehashi', () => {
  it('serve ends in order when the one that started it has gone', async () => {
    // The shell starts it, says its id, and waits: so it can be ended alone, as a signal to npm ends a shell.
    const starter = shell(
      `KAKEHASHI_STARTER=$$ "$@" > '${log}' 2>&1 & echo $!; wait`,
      ...['serve', region],
    );
    const [chunk] = await once(starter.stdout ?? starter, 'data');
    const pid = Number(String(chunk));
    await until(() => events().includes('started'));

    starter.kill('SIGKILL');
    await until(() => !lives(pid));

    expect(events().at(-1)).toBe('stopped');
  }, 60_000);

  it('ends quietly when nobody reads on', async () => {
    const { stderr } = await textOf(
      // `true` has gone before anything is written: the write meets a pipe without a reader.
      shell('"$@" | true', 'audit', 'list', region, '--json'),
    );

    expect(stderr).toBe('');
  }, 60_000);
});
