import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CONFIG_FILE, parseYaml, writeYaml } from '../../gateway/config.ts';
import { askControl } from '../../gateway/control.ts';
import { freePorts, type Region } from '../../scripts/federation.ts';
import { startRegion } from '../../scripts/region-process.ts';
import { PROOF } from '../support/proof-region.ts';
import { WIDE_AREA } from './v2-world.ts';
import { type Companion, IPF, type InteropWorld } from './world.ts';

/** What gateways ask of each other asynchronously, and what a system asks of us. */
export const OF_GATEWAYS = ['ITI-38', 'ITI-39', 'ITI-55'] as const;
export const OF_SYSTEMS = ['ITI-18', 'ITI-43'] as const;

/** Where IPF takes the answers to its asynchronous requests; Apache CXF below it, where IPF has no receiver. */
export function replyAddress(
  { url }: Pick<Region, 'url'>,
  transaction: string,
  by: 'replies' | 'decoupled' = 'replies',
): string {
  return `${url}/${by}/${transaction}`;
}

/** Writes IPF's addresses for answers into both of its rows, the gateway's and the system's. */
export async function listCallbacks(region: Region, stranger: Region): Promise<void> {
  const callbacks = {
    [stranger.plan.name]: [
      ...OF_GATEWAYS.map((id) => replyAddress(stranger, id)),
      replyAddress(stranger, 'ITI-55', 'decoupled'),
    ],
    [WIDE_AREA.name]: OF_SYSTEMS.map((id) => replyAddress(stranger, id, 'decoupled')),
  };
  await changeRows(region, (row) => ({
    ...{ ...row, ...(callbacks[row.name] ? { callbacks: callbacks[row.name] } : {}) },
    ...(row.name === WIDE_AREA.name ? { assigningAuthorities: [PROOF.affinityDomain] } : {}),
  }));
}

/** Has the answers of a process that is not started yet come to this address. */
export async function answerAt(region: Region, callback: string): Promise<void> {
  const file = join(region.folder, CONFIG_FILE);
  const config = parseYaml(await readFile(file, 'utf8'), file) as Readonly<Record<string, unknown>>;
  await writeFile(file, writeYaml({ ...config, asynchronous: { callback } }));
}

/** Lets our gateway ask IPF asynchronously as long as `run` goes on. */
export function asynchronously<Result>(region: Region, run: () => Promise<Result>) {
  return during(region, { name: 'ipf', asynchronous: [...OF_GATEWAYS] }, run);
}

/** Entitles IPF to ask ITI-18 and ITI-43 as a system as long as `run` goes on. */
export function entitled<Result>(region: Region, run: () => Promise<Result>) {
  return during(region, { name: WIDE_AREA.name, transactions: [...OF_SYSTEMS] }, run);
}

/** Changes a row of the directory of a process that runs, and writes the row as it was in the end. */
async function during<Result>(region: Region, changed: Row, run: () => Promise<Result>) {
  let before: Row | undefined;
  await changeRows(region, (row) => {
    if (row.name !== changed.name) return row;
    before = row;
    return { ...row, ...changed };
  });
  await askControl(region.folder, 'reload');
  try {
    return await run();
  } finally {
    await changeRows(region, (row) => (row.name === changed.name && before ? before : row));
    await askControl(region.folder, 'reload');
  }
}

type Row = Readonly<Record<string, unknown>> & { readonly name: string };

/** As an operator does in the file. */
async function changeRows(region: Region, change: (row: Row) => Row): Promise<void> {
  const file = join(region.folder, 'directory.yaml');
  const { entries } = parseYaml(await readFile(file, 'utf8'), file) as { entries: Row[] };
  await writeFile(file, writeYaml({ entries: entries.map(change) }));
}

/** Our gateways in a process of their own, before a registry and a repository that IPF is. */
export interface GatewayBeforeIpf extends Companion {
  readonly gateway: string;
  readonly callback: string;
}

/**
 * Starts a process of our community without registry and repository: IPF has their places, and is asked ITI-18 and ITI-43
 * asynchronously.
 */
export async function startGatewayBeforeIpf(world: InteropWorld): Promise<GatewayBeforeIpf> {
  const { region: beside, urls } = world;
  const folder = join(world.folder, 'before-ipf');
  const [port = 0, operations = 0] = await freePorts(2);
  const url = `https://127.0.0.1:${port}`;
  await mkdir(join(folder, 'var'), { recursive: true, mode: 0o700 });
  await cp(join(beside.folder, 'certificates'), join(folder, 'certificates'), { recursive: true });
  const read = async (name: string) =>
    parseYaml(await readFile(join(beside.folder, name), 'utf8'), name) as Readonly<
      Record<string, unknown>
    >;
  const { entries } = (await read('directory.yaml')) as { entries: readonly Row[] };
  const ipf = entries.find(({ name }) => name === WIDE_AREA.name);
  if (!ipf) throw new Error('the directory lacks the peer');
  const ownActors = {
    ...{ name: 'own-actors', kind: 'system', own: true, institution: ipf.institution },
    ...{ certificate: ipf.certificate, assigningAuthorities: [], transactions: [...OF_SYSTEMS] },
    ...{ callbacks: [], asynchronous: [...OF_SYSTEMS] },
  };
  const hospital = entries.filter(({ name }) => name.startsWith('hospital'));
  await writeFile(join(folder, 'directory.yaml'), writeYaml({ entries: [ownActors, ...hospital] }));
  const { wideArea: _, ...config } = await read(CONFIG_FILE);
  const changed = {
    ...config,
    repositoryUniqueId: IPF.repositoryUniqueId,
    actors: ['patient-identity', 'initiating-gateway', 'responding-gateway'],
    destinations: {
      'document-registry': urls.peer('ITI-18'),
      'document-repository': urls.peer('ITI-43'),
    },
    listen: {
      soap: { host: '127.0.0.1', port, publicUrl: url },
      operations: { host: '127.0.0.1', port: operations },
    },
    audit: { node: 'before-ipf' },
  };
  await writeFile(join(folder, CONFIG_FILE), writeYaml(changed));
  const own = { ...beside, folder, url, operationsUrl: `http://127.0.0.1:${operations}` };
  const tapped = await world.before(own);
  const callback = `${tapped}/replies`;
  if (tapped !== url) await answerAt(own, callback);
  const started = await startRegion(own, { readyMs: 300_000 });
  return { gateway: `${url}/responding-gateway`, callback, stop: () => started.stop() };
}
