import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('./zeep', import.meta.url));
const REQUIREMENTS = join(PROJECT, 'requirements.txt');
/** The run makes it, and git ignores it, as it does Maven's `target/`. */
const ENVIRONMENT = join(PROJECT, '.venv');
const PYTHON = join(ENVIRONMENT, 'bin', 'python');

/**
 * Makes the virtual environment with what `requirements.txt` names, exactly; where it is there already nothing is fetched.
 * @returns why zeep cannot run here
 */
export function buildZeep(): string | undefined {
  if (isComplete()) return undefined;
  if (spawnSync('python3', ['--version']).status !== 0) return 'this machine lacks python3';
  const made = spawnSync('python3', ['-m', 'venv', '--clear', ENVIRONMENT]);
  if (made.status !== 0) return 'python3 makes no virtual environment';
  const fetched = spawnSync(
    PYTHON,
    ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--no-deps', '-r', REQUIREMENTS],
    { encoding: 'utf8' },
  );
  if (fetched.status === 0 && isComplete()) return undefined;
  return `pip did not install zeep: ${fetched.stderr.trim().split('\n').at(-1) ?? ''}`;
}

/** Whether the environment holds every version that the requirements name. */
function isComplete(): boolean {
  if (!existsSync(PYTHON)) return false;
  const listed = [
    'import sys, importlib.metadata as m',
    "names = [l.split('#')[0].strip() for l in open(sys.argv[1])]",
    "sys.exit(any(m.version(n.split('==')[0]) != n.split('==')[1] for n in names if n))",
  ].join('\n');
  return spawnSync(PYTHON, ['-c', listed, REQUIREMENTS]).status === 0;
}
