import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, connect as connectTo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** A Redis of the test's own, on a free port, with a folder that goes with it. */
export interface TestRedis {
  readonly url: string;
  /** Where it keeps what it was told: the append-only file holds every word. */
  readonly directory: string;
  stop(): Promise<void>;
}

const BINARY = 'redis-server';
const START_MS = 10_000;

/**
 * `describe` where a Redis can be started, else `describe.skip`. With KAKEHASHI_REDIS_REQUIRED=1, as CI sets it, a missing
 * Redis fails instead: a proof that was skipped is none.
 */
export function describeWithRedis(name: string, tests: () => void): void {
  const present = spawnSync(BINARY, ['--version']).status === 0;
  if (present) {
    describe(name, tests);
  } else if (process.env['KAKEHASHI_REDIS_REQUIRED'] === '1') {
    describe(name, () => {
      it('finds a redis-server to start', () => {
        throw new Error(`${BINARY} is not installed, and KAKEHASHI_REDIS_REQUIRED is 1`);
      });
    });
  } else {
    describe.skip(name, tests);
  }
}

/** Starts one; `settings` go before the defaults of a Redis that keeps what it is given. */
export async function startRedis(
  settings: Readonly<Record<string, string>> = {},
): Promise<TestRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'kakehashi-redis-'));
  const port = await freePort();
  const all = {
    port: String(port),
    bind: '127.0.0.1',
    dir: directory,
    save: '',
    appendonly: 'yes',
    'maxmemory-policy': 'noeviction',
    ...settings,
  };
  const child = spawn(
    BINARY,
    Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]),
    {
      stdio: 'ignore',
    },
  );
  await listening(Number(all.port), child);
  return {
    url: `redis://127.0.0.1:${all.port}`,
    directory,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
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

async function listening(port: number, child: ChildProcess): Promise<void> {
  const until = performance.now() + START_MS;
  while (performance.now() < until) {
    if (child.exitCode !== null) throw new Error(`${BINARY} ended with ${child.exitCode}`);
    const socket = connectTo(port, '127.0.0.1');
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    await pause(20);
  }
  throw new Error(`${BINARY} does not listen`);
}
