import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createPrivateKey, randomBytes } from 'node:crypto';
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { encodePkcs12 } from '../../certs/pkcs12.ts';
import { chainOfFile } from '../certificate-texts.ts';
import type { Region } from '../federation.ts';

/** Where the Maven project lies whose servers are IPF's, seen from the checkout. */
export const PEER_PROJECT = 'test/interop/ipf';

/** What measuring beside IPF needs and this machine lacks; none where it can be done. */
export function missingForPeer(project = PEER_PROJECT): readonly string[] {
  const tools = ['java', 'mvn'].filter((tool) => spawnSync(tool, ['-version']).status !== 0);
  return [...tools, ...(existsSync(join(project, 'pom.xml')) ? [] : [join(project, 'pom.xml')])];
}

/**
 * Compiles IPF's servers. The artifacts come from Maven's own cache; where it lacks one, Maven fetches it once.
 *
 * @throws Error with the end of what Maven said
 */
export function buildPeer(project = PEER_PROJECT): void {
  const goals = ['-q', '-B', '-T1', 'compile', 'dependency:build-classpath'];
  goals.push(`-Dmdep.outputFile=${classpathFile(project)}`);
  const env = { ...process.env, MAVEN_OPTS: '-Xmx512m' };
  const run = (...more: string[]) =>
    spawnSync('mvn', [...more, ...goals], { cwd: project, encoding: 'utf8', env });
  if (run('-o').status === 0 && existsSync(classpathFile(project))) return;
  const { status, stdout, stderr } = run();
  if (status !== 0) throw new Error(`Maven failed:\n${(stdout + stderr).slice(-4_000)}`);
}

/** The version of IPF that the Maven project names. @throws Error when it names none */
export function peerVersion(project = PEER_PROJECT): string {
  const pom = readFileSync(join(project, 'pom.xml'), 'utf8');
  const [, version] = /<ipf\.version>([^<]+)</.exec(pom) ?? [];
  if (version === undefined) throw new Error('pom.xml names no ipf.version');
  return version;
}

/** What `buildPeer` has built, and the artifacts that it needs, as Java's class path. */
export function classpathOf(project = PEER_PROJECT): string {
  const artifacts = readFileSync(classpathFile(project), 'utf8').trim();
  return `${resolve(project, 'target', 'classes')}:${artifacts}`;
}

const classpathFile = (project: string) => resolve(project, 'target', 'classpath');

/** IPF's servers in a process of their own. */
export interface PeerProcess {
  readonly pid: number;
  stop(): Promise<void>;
}

export interface PeerStart {
  /** Founded, but not running: IPF listens on its port with its certificate. */
  readonly region: Region;
  /** Words before the command, such as `taskset -c 0`. */
  readonly prefix: readonly string[];
  readonly project?: string;
  /** Called as soon as the process is there, before it is ready. */
  readonly begun?: () => void;
}

/**
 * Words for Java: a heap of 1 GiB at most, which is less than it would take by itself, and the garbage collector that it
 * chooses for one core. IPF's validators, and what the interoperability run asks of them, stand in no route here.
 */
const JAVA_WORDS = ['-Xmx1g', '-XX:+UseSerialGC', '-Dinterop.judge=off'];
const READY_MS = 120_000;

/**
 * Starts IPF's servers and waits until they say that they are ready.
 *
 * @throws Error when they are not in time
 */
export async function startPeer(options: PeerStart): Promise<PeerProcess> {
  const { region, prefix, project = PEER_PROJECT, begun } = options;
  const folder = join(region.folder, 'peer');
  const words = await settingsOf(region, folder);
  const [command = 'java', ...before] = [...prefix, 'java'];
  const child = spawn(
    command,
    [
      ...before,
      ...JAVA_WORDS,
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      ...['-cp', classpathOf(project), 'interop.Peer', JSON.stringify(words)],
    ],
    { stdio: ['pipe', 'pipe', 'pipe'], cwd: folder },
  );
  begun?.();
  child.stderr?.pipe(createWriteStream(join(folder, 'ipf.log'), { flags: 'a' }));
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  await readyOf(child);
  return {
    pid: child.pid ?? 0,
    async stop() {
      process.off('exit', kill);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise<void>((done) => child.once('exit', () => done()));
      kill();
      await ended;
    },
  };
}

async function settingsOf(region: Region, folder: string) {
  const own = join(region.folder, 'certificates', 'own.pem');
  const server = join(folder, 'server.p12');
  const passwordFile = join(folder, 'password');
  if (!existsSync(server)) {
    await mkdir(folder, { recursive: true });
    const password = randomBytes(16).toString('hex');
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    const chain = await chainOfFile(own);
    const key = createPrivateKey(await readFile(own.replace(/\.pem$/, '.key')));
    const bundle = await encodePkcs12({ key, certificates: [chain.own, ...chain.sent] }, password);
    await writeFile(server, bundle, { mode: 0o600 });
  }
  return {
    port: Number(new URL(region.url).port),
    anchors: join(region.folder, 'certificates', 'anchors.pem'),
    clients: {},
    ...{ folder, server, passwordFile },
  };
}

function readyOf(child: ChildProcess): Promise<void> {
  return new Promise((done, fail) => {
    const late = setTimeout(() => fail(new Error('IPF was not ready in time')), READY_MS);
    child.once('error', fail);
    child.once('exit', (code) => fail(new Error(`IPF ended with ${code}`)));
    if (!child.stdout) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if ((JSON.parse(line) as { event?: unknown }).event !== 'ready') return;
      clearTimeout(late);
      done();
    });
  });
}
