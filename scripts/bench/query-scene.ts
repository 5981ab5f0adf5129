import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import type { SystemFiles } from '../federation.ts';
import { benchPatient, type Ready, simple } from './bench-region.ts';
import { interleave, type Row } from './figures.ts';
import { runLoad } from './load.ts';
import { startHelper } from './machine.ts';
import { ENTRIES, floorTls, never, PATIENTS, type Stage } from './stage.ts';

/**
 * ITI-18: 20 entries of a patient chosen at random, against one ready Buffer of the same size.
 *
 * @param judging what the region does more than others do, for the row's name
 */
export async function queryScene(
  stage: Stage,
  connections: number,
  judging?: { readonly name: string; readonly bound: string },
): Promise<Row> {
  const { region, files, rounds, roundMs, prefix } = stage;
  const url = `${region.url}/document-registry`;
  const requests = Array.from({ length: PATIENTS }, (_, n) =>
    simple(ITI_18, findDocuments({ patientId: benchPatient(n), status: ['Approved'] }), url),
  );
  const request = () => requests[Math.floor(Math.random() * PATIENTS)] ?? never();
  const bytes = await sizeOfAnswer(url, files, request());
  const floor = await startHelper(
    'floor',
    { ...floorTls(region), kind: { name: 'buffer', bytes } },
    prefix,
  );
  const load = { tls: files.tls, connections, durationMs: roundMs, request };
  let protocol = '';
  try {
    const row = await interleave(
      {
        name: `ITI-18${judging?.name ?? ''}, ${ENTRIES} entries, ${bytes} bytes, ${connections} connections`,
        unit: 'requests/s',
        rounds,
        bound: connections === 16 ? (judging?.bound ?? 'at least 0.4') : undefined,
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
