import { randomUUID } from 'node:crypto';
import { open as openFile, readFile } from 'node:fs/promises';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** What a floor does: nothing but what the wire and the disk cost. */
export interface FloorOptions {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly anchorFile: string;
  readonly kind:
    | { readonly name: 'buffer'; readonly bytes: number }
    | { readonly name: 'durable'; readonly directory: string; readonly answerBytes: number }
    | { readonly name: 'stream'; readonly file: string };
}

const CHUNK_BYTES = 1_048_576;

/**
 * A floor as a process of its own: `tsx scripts/bench/floor.ts '{…}'`. Prints its port, then serves until it is killed. It
 * asks for a client certificate as the system does, so that both shake hands alike.
 */
async function main(options: FloorOptions): Promise<void> {
  const tls: TlsOptions = {
    cert: await readFile(options.certificateFile),
    key: await readFile(options.keyFile),
    ca: await readFile(options.anchorFile),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
  };
  const { kind } = options;
  const server =
    kind.name === 'stream'
      ? createTlsServer(tls, (socket) => {
          socket.on('error', () => socket.destroy());
          void stream(kind.file, socket);
        })
      : createHttpsServer(tls, (request, response) => {
          if (kind.name === 'buffer') {
            request.resume();
            request.on('end', () => send(response, buffer));
            return;
          }
          const chunks: Buffer[] = [];
          request.on('data', (chunk: Buffer) => chunks.push(chunk));
          request.on('end', () => {
            void keep(kind.directory, chunks).then(() => send(response, buffer));
          });
        });
  const buffer = Buffer.alloc(
    kind.name === 'buffer' ? kind.bytes : kind.name === 'durable' ? kind.answerBytes : 0,
    'x',
  );
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
  });
}

function send(
  response: {
    writeHead(status: number, headers: Record<string, string | number>): unknown;
    end(body: Buffer): unknown;
  },
  body: Buffer,
): void {
  response.writeHead(200, {
    'Content-Type': 'application/soap+xml; charset=UTF-8',
    'Content-Length': body.length,
  });
  response.end(body);
}

/** The same octets received, written and synced. */
async function keep(directory: string, chunks: readonly Buffer[]): Promise<void> {
  const file = await openFile(join(directory, randomUUID()), 'wx');
  for (const chunk of chunks) await file.write(chunk);
  await file.sync();
  await file.close();
}

async function stream(
  path: string,
  socket: {
    write(chunk: Uint8Array): boolean;
    once(event: 'drain', listener: () => void): unknown;
    end(): unknown;
  },
): Promise<void> {
  const file = await openFile(path, 'r');
  try {
    while (true) {
      const { bytesRead, buffer } = await file.read(
        Buffer.allocUnsafeSlow(CHUNK_BYTES),
        0,
        CHUNK_BYTES,
      );
      if (bytesRead === 0) break;
      if (!socket.write(buffer.subarray(0, bytesRead))) {
        await new Promise<void>((resolve) => socket.once('drain', resolve));
      }
    }
    socket.end();
  } finally {
    await file.close();
  }
}

await main(JSON.parse(process.argv[2] ?? '{}') as FloorOptions);
