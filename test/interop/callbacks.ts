import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseYaml, writeYaml } from '../../gateway/config.ts';
import { askControl } from '../../gateway/control.ts';
import type { Region } from '../../scripts/federation.ts';
import { PROOF } from '../support/proof-region.ts';
import { WIDE_AREA } from './v2-world.ts';

/** What gateways ask of each other asynchronously, and what a system asks of us. */
export const OF_GATEWAYS = ['ITI-38', 'ITI-39', 'ITI-55'] as const;
export const OF_SYSTEMS = ['ITI-18', 'ITI-43'] as const;

/** Where IPF takes the answers to its asynchronous requests. */
export function replyAddress(stranger: Pick<Region, 'url'>, transaction: string): string {
  return `${stranger.url}/replies/${transaction}`;
}

/** Writes IPF's addresses for answers into both of its rows, the gateway's and the system's. */
export async function listCallbacks(region: Region, stranger: Region): Promise<void> {
  const addresses = (ids: readonly string[]) => ids.map((id) => replyAddress(stranger, id));
  await changeRows(region, (row) => {
    if (row.name === stranger.plan.name) return { ...row, callbacks: addresses(OF_GATEWAYS) };
    if (row.name !== WIDE_AREA.name) return row;
    return {
      ...{ ...row, callbacks: addresses(OF_SYSTEMS), transactions: [...OF_SYSTEMS] },
      assigningAuthorities: [PROOF.affinityDomain],
    };
  });
}

/** Lets our gateway ask IPF asynchronously as long as `run` goes on. */
export async function asynchronously<Result>(
  region: Region,
  run: () => Promise<Result>,
): Promise<Result> {
  await askFor(region, OF_GATEWAYS);
  try {
    return await run();
  } finally {
    await askFor(region, []);
  }
}

async function askFor(region: Region, asynchronous: readonly string[]): Promise<void> {
  await changeRows(region, (row) =>
    row.name === 'ipf' ? { ...row, asynchronous: [...asynchronous] } : row,
  );
  await askControl(region.folder, 'reload');
}

type Row = Readonly<Record<string, unknown>>;

/** Changes rows of a region's directory, as an operator does in the file. */
export async function changeRows(region: Region, change: (row: Row) => Row): Promise<void> {
  const file = join(region.folder, 'directory.yaml');
  const { entries } = parseYaml(await readFile(file, 'utf8'), file) as { entries: Row[] };
  await writeFile(file, writeYaml({ entries: entries.map(change) }));
}
