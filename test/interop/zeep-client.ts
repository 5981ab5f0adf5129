import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PROOF } from '../support/proof-region.ts';
import { same } from './interop-case.ts';
import { actorOf, elsewhere, type SoapStranger, type StrangerAnswer } from './soap-stranger.ts';
import type { InteropWorld } from './world.ts';

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

interface Said extends Omit<StrangerAnswer, 'documents' | 'fault'> {
  readonly id: string;
  readonly fault?: { readonly code: string; readonly reason: string; readonly subcodes: string[] };
  readonly transportError?: { readonly status: number };
  /** By Python's reader of MIME; null for what is too large for it. */
  readonly attachments?: readonly { readonly sha1: string; readonly size: number }[] | null;
}

/** Python with zeep, as a process: a JSON object a line in, a JSON object a line out. */
class ZeepClient {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #errors: Buffer[] = [];
  #count = 0;

  constructor(options: object) {
    this.#child = spawn(PYTHON, [join(PROJECT, 'client.py'), JSON.stringify(options)]);
    this.#child.stderr.on('data', (chunk: Buffer) => this.#errors.push(chunk));
    const killed = () => this.#child.kill('SIGKILL');
    process.once('exit', killed);
    this.#child.once('exit', () => process.off('exit', killed));
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async ask(asked: object): Promise<Said> {
    this.#count += 1;
    const id = `case-${this.#count}`;
    this.#child.stdin.write(`${JSON.stringify({ ...asked, id })}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`zeep has ended: ${Buffer.concat(this.#errors).toString('utf8')}`);
    const said = JSON.parse(value) as Said;
    if (said.id !== id) throw new Error(`${id} was answered by ${said.id}`);
    return said;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.stdin.end();
    await ended;
  }
}

async function startZeep(world: InteropWorld): Promise<ZeepClient> {
  return new ZeepClient({
    identities: Object.fromEntries(
      (['hospital', 'cxf', 'gateway'] as const).map((name) => [name, world.identity(name)]),
    ),
    anchors: world.anchors,
  });
}

/** zeep, made of the WSDL that is served at the actor's address. */
export const ZEEP: SoapStranger = {
  peer: 'zeep 4.3',
  async ask(world, asked) {
    const zeep = await world.companion(startZeep);
    const { transaction, as = 'hospital', plain } = asked;
    const said = await zeep.ask({
      ...{ sender: PROOF.sourceId, receiver: PROOF.device, ...asked, as },
      wsdl: `${world.urls.ours(actorOf({ transaction }))}?wsdl`,
      elsewhere: elsewhere(world, asked),
      mtom: transaction === 'ITI-43' && !plain,
    });
    const { fault, attachments = [], ...rest } = said;
    const read = documentsIn(said.result);
    // zeep and Python's own reader of MIME have to agree about the documents.
    if (fault === undefined && attachments !== null)
      same(read, attachments.map(sizeAndHash), 'zeep’s documents and the parts');
    return {
      ...rest,
      documents: read,
      ...(said.transportError && { status: said.transportError.status }),
      ...(fault && { fault: { ...fault, code: fault.code.split(':').at(-1) ?? '' } }),
    };
  },
};

const sizeAndHash = ({ sha1, size }: { sha1: string; size: number }) => ({ sha1, size });

/** The octets that stand in the place of `Document`, as zeep has read them. */
function documentsIn(result: unknown): readonly { sha1: string; size: number }[] {
  if (typeof result !== 'object' || result === null) return [];
  return Object.entries(result).flatMap(([name, value]) =>
    name === 'Document' ? [sizeAndHash(value)] : documentsIn(value),
  );
}
