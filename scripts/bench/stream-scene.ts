import { randomBytes } from 'node:crypto';
import { readdir, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, openClient } from '../../gateway/client.ts';
import { bytesContent, type DocumentContent } from '../../profiles/formats/mtom.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { ITI_43 } from '../../profiles/xds/iti-43.ts';
import type { Region } from '../federation.ts';
import { BENCH, benchPatient, mtom, provided } from './bench-region.ts';
import { interleave, type Row, spreadOf } from './figures.ts';
import { countStream } from './load.ts';
import { forgetPeak, memoryOf, startHelper } from './machine.ts';
import { floorTls, PATIENTS, type Stage } from './stage.ts';

const GIB = 1_073_741_824;

/** ITI-43 of 1 GiB, local, against bare TLS streaming of the same file; and what it costs in memory. */
export async function streamScene(stage: Stage): Promise<readonly Row[]> {
  const { region, process, files, rounds, prefix, directory } = stage;
  const client = await openClient({ tls: files.tls, deadlineMs: 600_000 });
  const small = await submitOne(client, region, bytesContent(randomBytes(1_000)));
  const large = await submitOne(client, region, zeros(GIB));
  const url = `${region.url}/document-repository`;
  const retrieve = (documentUniqueId: string) =>
    mtom(
      ITI_43,
      { documents: [{ repositoryUniqueId: BENCH.repositoryUniqueId, documentUniqueId }] },
      url,
    );
  for (let n = 0; n < 100; n += 1) await countStream(url, files.tls, await retrieve(small));
  const { now: before } = await memoryOf(process.pid);
  await forgetPeak(process.pid);
  const file = join(directory, 'floor.bin');
  await writeFile(file, '');
  await truncate(file, GIB);
  const stored = (await largestFile(join(region.folder, 'var', 'documents'))) ?? file;
  const floor = await startHelper(
    'floor',
    { ...floorTls(region), kind: { name: 'stream', file: stored } },
    prefix,
  );
  try {
    const row = await interleave(
      { name: 'ITI-43 of 1 GiB, 1 connection', unit: 'MB/s', rounds, bound: 'at least 0.8' },
      async () => megabytes(await countStream(`https://127.0.0.1:${floor.line}/`, files.tls)),
      async () => megabytes(await countStream(url, files.tls, await retrieve(large))),
    );
    const { peak } = await memoryOf(process.pid);
    const growth: Row = {
      name: 'ITI-43 of 1 GiB, memory growth',
      unit: 'MiB',
      rounds,
      system: spreadOf([(peak - before) / 1_048_576]),
      bound: 'less than 64',
    };
    return [row, growth];
  } finally {
    await floor.stop();
    await client.close();
  }
}

function megabytes({ bytes, seconds }: { bytes: number; seconds: number }): number {
  if (bytes < GIB) throw new Error(`only ${bytes} bytes came`);
  return bytes / seconds / 1_000_000;
}

async function submitOne(
  client: Client,
  region: Region,
  content: DocumentContent,
): Promise<string> {
  const { uniqueId, request } = provided(benchPatient(PATIENTS), content);
  const { status, errors } = await client.ask(ITI_41, `${region.url}/document-repository`, request);
  if (status !== 'Success') throw new Error(errors[0]?.codeContext ?? status);
  return uniqueId;
}

function zeros(sizeBytes: number): DocumentContent {
  return {
    sizeBytes,
    async *open() {
      const chunk = Buffer.alloc(1_048_576);
      for (let sent = 0; sent < sizeBytes; sent += chunk.length) yield chunk;
    },
  };
}

async function largestFile(directory: string): Promise<string | undefined> {
  const names = await readdir(directory, { recursive: true });
  for (const name of names) {
    const found = await stat(join(directory, name));
    if (found.isFile() && found.size === GIB) return join(directory, name);
  }
  return undefined;
}
