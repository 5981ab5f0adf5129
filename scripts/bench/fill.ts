import { type Client, openClient } from '../../gateway/client.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { ITI_42 } from '../../profiles/xds/iti-42.ts';
import type { Region } from '../federation.ts';
import { BENCH, benchPatient, submissionOf } from './bench-region.ts';
import { ENTRIES, MORE_PATIENTS, PATIENTS, type Stage } from './stage.ts';

/** The patients, the first of them with their entries. */
export async function fillRegion({ region, files, say }: Stage): Promise<void> {
  const client = await openClient({ tls: files.tls });
  const numbers = Array.from({ length: PATIENTS + MORE_PATIENTS }, (_, n) => n);
  await inParallel(numbers, 16, async (n) => {
    const patientId = benchPatient(n);
    await feedPatient(client, region, n);
    if (n >= PATIENTS) return;
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
