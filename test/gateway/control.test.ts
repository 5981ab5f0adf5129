import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../gateway/config.ts';
import {
  AlreadyRuns,
  askControl,
  ControlRefused,
  ControlSocket,
  controlSocketOf,
  NotDoneHere,
  NothingRuns,
  requireNothingRuns,
  SocketPathTooLong,
} from '../../gateway/control.ts';
import { withKeeper } from '../../scripts/keeping.ts';

describe('the control socket of a region', () => {
  let folder: string;
  let socket: ControlSocket;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kakehashi-control-'));
    await mkdir(join(folder, 'var'));
    socket = new ControlSocket(folder, {
      echo: async (input) => ({ heard: input }),
      fail: async () => {
        throw new Error('it is broken');
      },
    });
  });

  afterEach(async () => {
    await socket.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('answers a command with its result', async () => {
    await socket.start();
    expect(await askControl(folder, 'echo', { n: 1 })).toEqual({ heard: { n: 1 } });
  });

  it('keeps a second process of the same folder from starting, while the first one runs', async () => {
    await requireNothingRuns(folder);
    await socket.start();
    await expect(requireNothingRuns(folder)).rejects.toThrow(AlreadyRuns);
    await socket.stop();
    await requireNothingRuns(folder);
  });

  it('is not made where its path would be cut off, so that no command reaches another region', async () => {
    const deep = join(folder, 'd'.repeat(120));
    await mkdir(join(deep, 'var'), { recursive: true });
    await expect(requireNothingRuns(deep)).rejects.toThrow(SocketPathTooLong);
    await expect(new ControlSocket(deep, {}).start()).rejects.toThrow(SocketPathTooLong);
    await expect(askControl(deep, 'echo')).rejects.toThrow(NothingRuns);
  });

  it('can be read by its owner alone', async () => {
    await socket.start();
    expect((await stat(controlSocketOf(folder))).mode & 0o777).toBe(0o600);
  });

  // Nothing is closed to root.
  const unlessRoot = process.getuid?.() === 0 ? it.skip : it;
  unlessRoot('does not look like nothing to a user who may not ask it', async () => {
    await socket.start();
    await chmod(controlSocketOf(folder), 0o000);
    await expect(askControl(folder, 'echo')).rejects.toMatchObject({ code: 'EACCES' });
  });

  it('says in its own words why a command failed', async () => {
    await socket.start();
    await expect(askControl(folder, 'fail')).rejects.toThrow(new ControlRefused('it is broken'));
  });

  it('tells the code of the operating system, by which an operator hears what to do', async () => {
    const full = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
    const short = new ControlSocket(folder, { copy: () => Promise.reject(full) });
    await short.start();
    await expect(askControl(folder, 'copy')).rejects.toMatchObject({ code: 'ENOSPC' });
    await short.stop();
  });

  it('tells a command that the process has ended before it answered', async () => {
    const server = createServer((near) => near.on('data', () => near.destroy()));
    server.listen(controlSocketOf(folder));
    await once(server, 'listening');
    await expect(askControl(folder, 'echo')).rejects.toThrow(NothingRuns);
    server.close();
  });

  it('tells who works with the documents that the process has ended meanwhile', async () => {
    const counting = new ControlSocket(folder, { 'documents.count': async () => 1 });
    await counting.start();
    const verifying = withKeeper({ folder } as Config, async ({ ask }) => {
      await expect(ask('documents.reconcile')).rejects.toThrow('is no Document Repository');
      await counting.stop();
      await ask('documents.page');
    });
    await expect(verifying).rejects.toThrow('the process of this region has ended meanwhile');
  });

  it('refuses a command that it does not know, and one that every object has', async () => {
    await socket.start();
    await expect(askControl(folder, 'dance')).rejects.toThrow('unknown control command dance');
    await expect(askControl(folder, 'dance')).rejects.toThrow(NotDoneHere);
    await expect(askControl(folder, 'constructor')).rejects.toThrow('unknown control command');
  });

  it('takes the place of a socket that a killed process left behind', async () => {
    await socket.start();
    const second = new ControlSocket(folder, { echo: async () => 'second' });
    await second.start();
    expect(await askControl(folder, 'echo')).toBe('second');
    await second.stop();
  });

  it('tells a command that nothing runs', async () => {
    await expect(askControl(folder, 'echo')).rejects.toThrow(NothingRuns);
  });
});
