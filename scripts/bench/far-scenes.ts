import { openClient } from '../../gateway/client.ts';
import { ITI_38 } from '../../profiles/xca/iti-38.ts';
import { ITI_39 } from '../../profiles/xca/iti-39.ts';
import { ITI_55 } from '../../profiles/xcpd/iti-55.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_43 } from '../../profiles/xds/iti-43.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { BENCH, benchPatient } from './bench-region.ts';
import { interleave, medianOf, type Row } from './figures.ts';
import type { Stage } from './stage.ts';

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
