import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesContent } from '../../profiles/formats/mtom.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { ITI_42 } from '../../profiles/xds/iti-42.ts';
import { benchPatient, mtom, provided, type Ready, simple, submissionOf } from './bench-region.ts';
import { interleave, type Row } from './figures.ts';
import { runLoad } from './load.ts';
import { startHelper } from './machine.ts';
import { floorTls, MORE_PATIENTS, PATIENTS, type Stage } from './stage.ts';

const DOCUMENT_BYTES = 50_000;

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
    { ...floorTls(region), kind: { name: 'durable', directory: floorDirectory, answerBytes: 700 } },
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
        request: (n) => ready[n],
        check,
      });
    };
    return await interleave(
      {
        name: `${kind}, ${connections} connections`,
        unit: 'submissions/s',
        rounds,
        bound: kind === 'ITI-42' && connections === 16 ? 'at least 0.5' : undefined,
      },
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
    const patientId = benchPatient(PATIENTS + Math.floor(Math.random() * MORE_PATIENTS));
    ready.push(
      kind === 'ITI-42'
        ? simple(ITI_42, submissionOf(patientId, 1), url)
        : await mtom(ITI_41, provided(patientId, content).request, url),
    );
  }
  return ready;
}

/** @throws Error when a submission was not registered */
export function isSuccess(status: number, body: Buffer): void {
  if (status !== 200 || !body.includes('ResponseStatusType:Success')) {
    throw new Error(`answered ${status}: ${body.toString('utf8').slice(0, 2_000)}`);
  }
}
