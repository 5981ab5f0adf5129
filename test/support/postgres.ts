import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

/** A PostgreSQL server of the test's own, on a free port, with a folder that goes with it. */
export interface TestPostgres {
  readonly port: number;
  /** The process id of the postmaster. */
  readonly pid: number;
  /** Makes an empty database and gives its URL. */
  database(name?: string): Promise<string>;
  /** Runs statements of the superuser in a database. */
  run(url: string, statements: string): Promise<readonly Record<string, unknown>[]>;
  /** Ends the postmaster and every backend at once, as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again over the same folder, on the same port. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const PLACES = '/usr/lib/postgresql';
const START_MS = 30_000;
const USER = 'kakehashi';
const INITDB = ['-U', USER, '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'];

/** The folder of `initdb` and `postgres`, of the newest version that is installed. */
function binaries(): string | undefined {
  const versions = existsSync(PLACES)
    ? readdirSync(PLACES).sort((a, b) => Number(b) - Number(a))
    : [];
  return versions
    .map((version) => join(PLACES, version, 'bin'))
    .find((bin) => existsSync(join(bin, 'postgres')));
}

/**
 * `describe` where a PostgreSQL can be started, else `describe.skip`. With KAKEHASHI_POSTGRES_REQUIRED=1, as CI sets it, a
 * missing server fails instead: a proof that was skipped is none.
 */
export function describeWithPostgres(name: string, tests: () => void): void {
  if (binaries() !== undefined) {
    describe(name, tests);
  } else if (process.env['KAKEHASHI_POSTGRES_REQUIRED'] === '1') {
    describe(name, () => {
      it('finds a PostgreSQL server to start', () => {
        throw new Error(`no server under ${PLACES}, and KAKEHASHI_POSTGRES_REQUIRED is 1`);
      });
    });
  } else {
    describe.skip(name, tests);
  }
}

/** Starts one; `settings` go to its command line. */
export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<TestPostgres> {
  const bin = binaries();
  if (bin === undefined) throw new Error(`no PostgreSQL under ${PLACES}`);
  const directory = mkdtempSync(join(tmpdir(), 'kakehashi-postgres-'));
  const user = unprivileged();
  if (user !== undefined) chownSync(directory, user.uid, user.gid);
  const data = join(directory, 'data');
  const made = spawnSync(join(bin, 'initdb'), [...INITDB, ...peoplesOrder(bin), '-D', data], {
    ...user,
    cwd: directory,
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const port = await freePort();
  const words = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: directory,
    shared_buffers: '64MB',
    ...settings,
  };
  const run = () =>
    spawn(
      join(bin, 'postgres'),
      ['-D', data, ...Object.entries(words).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      { ...user, cwd: directory, stdio: 'ignore' },
    );
  return await TestServer.start({ directory, port, run });
}

/** Texts in the order of a language, where this version can: whoever relies on the database's order is found out. */
function peoplesOrder(bin: string): readonly string[] {
  const { stdout } = spawnSync(join(bin, 'initdb'), ['--help'], { encoding: 'utf8' });
  return stdout.includes('--icu-locale') ? ['--locale-provider=icu', '--icu-locale=en-US'] : [];
}

class TestServer implements TestPostgres {
  readonly #directory: string;
  readonly port: number;
  readonly #run: () => ChildProcess;
  #child: ChildProcess | undefined;
  #databases = 0;

  private constructor({
    directory,
    port,
    run,
  }: { directory: string; port: number; run: () => ChildProcess }) {
    this.#directory = directory;
    this.port = port;
    this.#run = run;
  }

  static async start(how: {
    directory: string;
    port: number;
    run: () => ChildProcess;
  }): Promise<TestServer> {
    const server = new TestServer(how);
    await server.start();
    return server;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async database(given?: string): Promise<string> {
    this.#databases += 1;
    const name = given ?? `test_${this.#databases}`;
    await this.run(this.#url('postgres'), `CREATE DATABASE ${name}`);
    return this.#url(name);
  }

  async run(url: string, statements: string): Promise<readonly Record<string, unknown>[]> {
    const pool = new pg.Pool({ connectionString: url } as pg.PoolOptions);
    pool.on('error', () => {});
    try {
      const client = await pool.connect();
      client.on('error', () => {});
      const { rows } = await client.query(statements);
      client.release(true);
      return rows;
    } finally {
      await pool.end();
    }
  }

  async start(): Promise<void> {
    const until = performance.now() + START_MS;
    let child = this.#run();
    while (performance.now() < until) {
      // Backends of a postmaster that was killed keep the next one out until they have noticed.
      if (child.exitCode !== null) child = this.#run();
      this.#child = child;
      const isUp = await this.run(this.#url('postgres'), 'SELECT 1').then(
        () => true,
        () => false,
      );
      if (isUp) return;
      await pause(50);
    }
    throw new Error('postgres does not answer');
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGQUIT');
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  #url(database: string): string {
    return `postgres://${USER}@127.0.0.1:${this.port}/${database}`;
  }
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package has made, or as nobody. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string, name: string) => {
    const { status, stdout } = spawnSync('id', [flag, name], { encoding: 'utf8' });
    return status === 0 ? Number(stdout) : undefined;
  };
  const name = idOf('-u', 'postgres') === undefined ? 'nobody' : 'postgres';
  const [uid, gid] = [idOf('-u', name), idOf('-g', name)];
  if (uid === undefined || gid === undefined) throw new Error('no user to run PostgreSQL as');
  return { uid, gid };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
