import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A way to a server of this machine that can be cut while something is on it. */
export interface BreakableWay {
  readonly port: number;
  /** Cuts once, when these words go to the server: they still reach it, and nothing comes back. */
  breakAfter(words: string): void;
  close(): Promise<void>;
}

/** Opens one on a free port. */
export async function breakableWay(to: number): Promise<BreakableWay> {
  const sockets = new Set<Socket>();
  let words: string | undefined;
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    far.pipe(near);
    near.on('data', (chunk: Buffer) => {
      if (words !== undefined && chunk.includes(words)) {
        words = undefined;
        far.unpipe(near);
        far.end(chunk);
        near.destroy();
      } else far.write(chunk);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    breakAfter(wanted) {
      words = wanted;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
