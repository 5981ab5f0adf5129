import { randomBytes } from 'node:crypto';
import { mkdir, readdir, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, openClient } from '../../gateway/client.ts';
import { bytesContent, type DocumentContent } from '../../profiles/formats/mtom.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { ITI_38 } from '../../profiles/xca/iti-38.ts';
import { ITI_39 } from '../../profiles/xca/iti-39.ts';
import { ITI_55 } from '../../profiles/xcpd/iti-55.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { ITI_42 } from '../../profiles/xds/iti-42.ts';
import { ITI_43 } from '../../profiles/xds/iti-43.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import type { Region, SystemFiles } from '../federation.ts';
import type { RegionProcess } from '../region-process.ts';
import {
  BENCH,
  benchPatient,
  mtom,
  provided,
  type Ready,
  simple,
  submissionOf,
} from './bench-region.ts';
import { interleave, medianOf, type Row, spreadOf } from './figures.ts';
import { countStream, runLoad } from './load.ts';
import { forgetPeak, memoryOf, startHelper } from './machine.ts';

/** What every scene works with. */
export interface Stage {
  readonly region: Region;
  readonly process: RegionProcess;
  readonly files: SystemFiles;
  readonly directory: string;
  readonly rounds: number;
  readonly roundMs: number;
  readonly prefix: readonly string[];
  readonly say: (line: string) => void;
}

export const PATIENTS = 1_000;
const ENTRIES = 20;
const DOCUMENT_BYTES = 50_000;
const GIB = 1_073_741_824;

/** 1,000 patients with 20 entries each. */
export async function fillRegion({ region, files, say }: Stage): Promise<void> {
  const client = await openClient({ tls: files.tls });
  const numbers = Array.from({ length: PATIENTS }, (_, n) => n);
  await inParallel(numbers, 16, async (n) => {
    const patientId = benchPatient(n);
    await feedPatient(client, region, n);
    const { status, errors } = await client.ask(
      ITI_42,
      `${region.url}/document-registry`,
      submissionOf(patientId, ENTRIES),
    );
    if (status !== 'Success') throw new Error(errors[0]?.codeContext ?? status);
    if (n % 250 === 249) say(`${n + 1} patients with ${ENTRIES} entries`);
  });
  await client.close();
}

async function feedPatient(client: Client, region: Region, n: number): Promise<void> {
  const { code } = await client.ask(ITI_44, `${region.url}/patient-identity`, {
    kind: 'add',
    transmission: {
      messageId: { root: `2.999.88.5.${n}` },
      creationTime: '20260101000000',
      sender: { device: BENCH.sourceId },
      receiver: { device: BENCH.device },
    },
    ids: [benchPatient(n)],
    otherIds: [],
    demographics: {
      names: [{ family: '計測', given: [`患者${n}`], representation: 'IDE' }],
      administrativeGender: n % 2 === 0 ? 'F' : 'M',
      birthTime: '19700101',
    },
    providerOrganization: { id: BENCH.affinityDomain },
    custodian: BENCH.device,
  });
  if (code !== 'CA') throw new Error(`patient ${n} was answered with ${code}`);
}

/** ITI-18: 20 entries of a patient chosen at random, against one ready Buffer of the same size. */
export async function queryScene(stage: Stage, connections: number): Promise<Row> {
  const { region, files, rounds, roundMs, prefix } = stage;
  const url = `${region.url}/document-registry`;
  const requests = Array.from({ length: PATIENTS }, (_, n) =>
    simple(ITI_18, findDocuments({ patientId: benchPatient(n), status: ['Approved'] }), url),
  );
  const request = () => requests[Math.floor(Math.random() * PATIENTS)] ?? never();
  const bytes = await sizeOfAnswer(url, files, request());
  const floor = await startHelper(
    'floor',
    { ...floorTls(files), kind: { name: 'buffer', bytes } },
    prefix,
  );
  const load = { tls: files.tls, connections, durationMs: roundMs, request };
  let protocol = '';
  try {
    const row = await interleave(
      {
        name: `ITI-18, ${ENTRIES} entries, ${bytes} bytes, ${connections} connections`,
        unit: 'requests/s',
        rounds,
        bound: connections === 16 ? 'at least 0.25' : undefined,
      },
      async () => (await runLoad({ ...load, url: `https://127.0.0.1:${floor.line}/` })).perSecond,
      async () => {
        const result = await runLoad({ ...load, url, check: hasEntries, checkOneIn: 50 });
        protocol = `${result.protocol} ${result.cipher}`;
        return result.perSecond;
      },
    );
    return { ...row, note: protocol };
  } finally {
    await floor.stop();
  }
}

function hasEntries(status: number, body: Buffer): void {
  const found = body.toString('utf8').split('<rim:ExtrinsicObject').length - 1;
  if (status !== 200 || found !== ENTRIES)
    throw new Error(`answered ${status} with ${found} entries`);
}

async function sizeOfAnswer(url: string, { tls }: SystemFiles, request: Ready): Promise<number> {
  let size = 0;
  await runLoad({
    url,
    tls,
    connections: 1,
    durationMs: 1,
    request: () => request,
    check: (status, body) => {
      hasEntries(status, body);
      size = body.length;
    },
  });
  return size;
}

/** ITI-42 or ITI-41, against the same octets received, written and synced. */
export async function submitScene(
  stage: Stage,
  kind: 'ITI-42' | 'ITI-41',
  connections: number,
): Promise<Row> {
  const { region, files, rounds, roundMs, prefix, directory } = stage;
  const url = `${region.url}/${kind === 'ITI-42' ? 'document-registry' : 'document-repository'}`;
  const floorDirectory = join(directory, `floor-${kind}-${connections}`);
  await mkdir(floorDirectory, { recursive: true });
  const floor = await startHelper(
    'floor',
    { ...floorTls(files), kind: { name: 'durable', directory: floorDirectory, answerBytes: 700 } },
    prefix,
  );
  try {
    const measure = async (target: string, check?: (status: number, body: Buffer) => void) => {
      const ready = await readyRequests(kind, url, connections * Math.ceil(roundMs / 2));
      return await runLoad({
        url: target,
        tls: files.tls,
        connections,
        durationMs: roundMs,
        request: (n) => ready[n] ?? never(),
        check,
      });
    };
    return await interleave(
      { name: `${kind}, ${connections} connections`, unit: 'submissions/s', rounds },
      async () => (await measure(`https://127.0.0.1:${floor.line}/`)).perSecond,
      async () => (await measure(url, isSuccess)).perSecond,
    );
  } finally {
    await floor.stop();
  }
}

/** Made before the clock runs: the client's own work is not what is measured. */
async function readyRequests(
  kind: 'ITI-42' | 'ITI-41',
  url: string,
  most: number,
): Promise<Ready[]> {
  const content = bytesContent(randomBytes(DOCUMENT_BYTES));
  const count = Math.min(most, 6_000);
  const ready: Ready[] = [];
  for (let n = 0; n < count; n += 1) {
    const patientId = benchPatient(Math.floor(Math.random() * PATIENTS));
    ready.push(
      kind === 'ITI-42'
        ? simple(ITI_42, submissionOf(patientId, 1), url)
        : await mtom(ITI_41, provided(patientId, content).request, url),
    );
  }
  return ready;
}

function isSuccess(status: number, body: Buffer): void {
  if (status !== 200 || !body.includes('ResponseStatusType:Success')) {
    throw new Error(`answered ${status}: ${body.toString('utf8').slice(0, 2_000)}`);
  }
}

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
    { ...floorTls(files), kind: { name: 'stream', file: stored } },
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
  const { uniqueId, request } = provided(benchPatient(0), content);
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

/** ITI-18 to the Initiating Gateway with ten far ends, over the slowest of them asked directly. */
export async function fanOutScene(
  stage: Stage,
  ends: readonly { homeCommunityId: string; url: string; afterMs: number }[],
): Promise<Row> {
  const { region, files, rounds } = stage;
  const client = await openClient({ tls: files.tls });
  const slowest = ends.reduce((one, other) => (other.afterMs > one.afterMs ? other : one));
  const patientId = benchPatient(1);
  const query = findDocuments({ patientId, status: ['Approved'] });
  const asked = {
    transmission: {
      messageId: { root: '2.999.88.6.1' },
      creationTime: '20260101000000',
      sender: { device: BENCH.device, organization: BENCH.homeCommunityId.slice(8) },
      receiver: { device: '2.999.88.6.2', organization: slowest.homeCommunityId.slice(8) },
    },
    queryId: { root: '2.999.88.6.3', extension: 'bench' },
    criteria: {
      livingSubjectName: [{ family: '計測', given: ['患者1'] }],
      livingSubjectBirthTime: { value: '19700101' },
    },
  };
  try {
    return await interleave(
      {
        name: 'fan-out to 10 far ends (100 to 370 ms), p50',
        unit: 'ms',
        rounds,
        bound: 'at most 1.2',
        note: 'floor: ITI-55, then ITI-38, of the slowest, asked directly',
      },
      () =>
        p50(5, async () => {
          await client.ask(ITI_55, slowest.url, asked);
          await client.ask(ITI_38, slowest.url, query);
        }),
      () =>
        p50(5, async () => {
          const { status } = await client.ask(ITI_18, `${region.url}/initiating-gateway`, query);
          if (status !== 'Success') throw new Error(`the fan-out was answered with ${status}`);
        }),
    );
  } finally {
    await client.close();
  }
}

/** One document of a far end that answers at once: through the queue, over the far end asked directly. */
export async function hopScene(
  stage: Stage,
  kind: string,
  end: { homeCommunityId: string; url: string },
): Promise<Row> {
  const { region, files, rounds } = stage;
  const client = await openClient({ tls: files.tls });
  let number = 0;
  const wanted = () => {
    number += 1;
    return {
      documents: [
        {
          homeCommunityId: end.homeCommunityId,
          repositoryUniqueId: '2.999.88.6.9',
          documentUniqueId: `2.999.88.6.10.${Date.now()}.${number}`,
        },
      ],
    };
  };
  try {
    return await interleave(
      {
        name: `one retrieval of 50 kB through the ${kind} queue, p50`,
        unit: 'ms',
        rounds,
        note: 'floor: ITI-39 asked directly',
      },
      () => p50(20, async () => void (await client.ask(ITI_39, end.url, wanted()))),
      () =>
        p50(20, async () => {
          const { status } = await client.ask(ITI_43, `${region.url}/initiating-gateway`, wanted());
          if (status !== 'Success') throw new Error(`the retrieval was answered with ${status}`);
        }),
    );
  } finally {
    await client.close();
  }
}

async function p50(times: number, act: () => Promise<void>): Promise<number> {
  const took: number[] = [];
  for (let n = 0; n < times; n += 1) {
    const before = performance.now();
    await act();
    took.push(performance.now() - before);
  }
  return medianOf(took);
}

function floorTls({ certificateFile, keyFile, anchorFile }: SystemFiles) {
  return { certificateFile, keyFile, anchorFile };
}

async function inParallel<Item>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (next < items.length) {
        const item = items[next];
        next += 1;
        if (item !== undefined) await work(item);
      }
    }),
  );
}

function never(): never {
  throw new Error('the client has run out of requests');
}
