import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActorName } from '../../actors/actor.ts';
import { CONFIG_FILE, parseYaml, writeYaml } from '../../gateway/config.ts';
import { freePorts } from '../../scripts/federation.ts';
import type { World } from './world.ts';

/** What an actor of our own may call, in any room. */
const EVERYTHING = ['ITI-18', 'ITI-42', 'ITI-43', 'ITI-44', 'ITI-45', 'ITI-46', 'ITI-47'];

/** Actors that hold the data; the others face the hospitals and the other communities. */
export const INNER: readonly ActorName[] = ['patient-identity', 'document-registry'];
export const OUTER: readonly ActorName[] = [
  'document-repository',
  'initiating-gateway',
  'responding-gateway',
];

/**
 * Divides a community that is founded into two processes, which know each other as their own: registry and identity in
 * one, repository and gateways in the other. `asynchronous` names what they ask each other by callback. Each has its own database, audit trail and port, and one certificate.
 */
export async function divide(
  world: World,
  {
    asynchronous = [],
    inside = INNER,
  }: { asynchronous?: readonly string[]; inside?: readonly ActorName[] } = {},
): Promise<Record<ActorName, string>> {
  const outside = [...INNER, ...OUTER].filter((actor) => !inside.includes(actor));
  const outer = world.folder();
  const inner = join(world.directory, 'east-inner');
  const [port = 0, operations = 0] = await freePorts(2);
  const outerUrl = world.url('').replace(/\/$/, '');
  const innerUrl = `https://127.0.0.1:${port}`;
  await mkdir(join(inner, 'certificates'), { recursive: true });
  await mkdir(join(inner, 'var'), { recursive: true });
  for (const name of ['own.pem', 'own.key', 'anchors.pem', 'crls.pem']) {
    await copyFile(join(outer, 'certificates', name), join(inner, 'certificates', name));
  }
  const read = async (name: string) =>
    parseYaml(await readFile(join(outer, name), 'utf8'), name) as Record<string, unknown>;
  const { entries } = (await read('directory.yaml')) as { entries: Record<string, unknown>[] };
  const [system] = entries.filter(({ kind }) => kind === 'system');
  const issuer = (system?.certificate as { issuer?: string } | undefined)?.issuer;
  const withOwn = {
    entries: [
      ...entries,
      {
        name: 'own-actors',
        kind: 'system',
        own: true,
        institution: 'NET-1',
        certificate: { issuer, serialNumber: 'NET-1' },
        assigningAuthorities: [],
        transactions: EVERYTHING,
        callbacks: [outerUrl, innerUrl].map((url) => `${url}/replies`),
        asynchronous,
      },
    ],
  };
  const config = await read(CONFIG_FILE);
  const destinations = (actors: readonly ActorName[], url: string) =>
    Object.fromEntries(actors.map((actor) => [actor, `${url}/${actor}`]));
  const write = async (folder: string, over: Record<string, unknown>) => {
    await writeFile(join(folder, CONFIG_FILE), writeYaml({ ...config, ...over }));
    await writeFile(join(folder, 'directory.yaml'), writeYaml(withOwn));
  };
  await write(outer, { actors: outside, destinations: destinations(inside, innerUrl) });
  await write(inner, {
    actors: inside,
    destinations: destinations(outside, outerUrl),
    listen: {
      soap: { host: '127.0.0.1', port, publicUrl: innerUrl },
      operations: { host: '127.0.0.1', port: operations },
    },
    audit: { node: 'east-inner' },
  });
  await world.startFolder('east-inner', inner);
  await world.startRegion('east');
  return {
    ...destinations(inside, innerUrl),
    ...destinations(outside, outerUrl),
  } as Record<ActorName, string>;
}
