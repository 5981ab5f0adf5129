import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { type Client, openClient } from '../../gateway/client.ts';
import { CONFIG_FILE, parseYaml, writeYaml } from '../../gateway/config.ts';
import { dtmOf } from '../../profiles/formats/datatypes.ts';
import type { PatientId } from '../../profiles/patient.ts';
import type { PatientIdentityFeed } from '../../profiles/pix/iti-44.ts';
import {
  foundFederation,
  freePorts,
  type Region,
  type SystemFiles,
} from '../../scripts/federation.ts';
import type * as source from '../../scripts/region-process.ts';
import { aPatientIdentityFeed, aPerson, aTransmission, SAMPLE_OIDS } from './hl7v3-builders.ts';

/** OIDs of the one region that the proofs start as a process of its own. */
export const PROOF = {
  homeCommunityId: `urn:oid:${SAMPLE_OIDS.community}`,
  affinityDomain: SAMPLE_OIDS.affinityDomain,
  repositoryUniqueId: '2.999.7.1',
  device: SAMPLE_OIDS.identityDevice,
  chartNumbers: SAMPLE_OIDS.hospitalPatients,
  sourceId: '2.999.9.1',
  /** The community whose gateway the hospital's certificate may also be. */
  partnerCommunity: `urn:oid:${SAMPLE_OIDS.otherCommunity}`,
} as const;

const TRANSACTIONS = [
  ...['ITI-18', 'ITI-41', 'ITI-42', 'ITI-43', 'ITI-44', 'ITI-45', 'ITI-47'],
  ...['ITI-51', 'ITI-57', 'ITI-61', 'ITI-62', 'ITI-86', 'ITI-92'],
];

/** How a region is started: from the sources, or from what was compiled of them, which starts sooner. */
export type StartRegion = typeof source.startRegion;

/** A region's folder, and the certificate of a system that may call all of it. */
export interface ProofRegion {
  readonly region: Region;
  readonly hospital: SystemFiles;
}

/** Settings of a region beside its own, such as where its database is. */
export type ProofSettings = Readonly<Record<string, unknown>>;

/** Founds the region; nothing runs yet. */
export async function foundProofRegion(
  directory: string,
  settings: ProofSettings = {},
): Promise<ProofRegion> {
  const { regions, systems } = await foundFederation({
    directory,
    now: new Date(),
    regions: [
      {
        name: 'proof',
        title: 'proof',
        homeCommunityId: PROOF.homeCommunityId,
        affinityDomain: PROOF.affinityDomain,
        repositoryUniqueId: PROOF.repositoryUniqueId,
        device: PROOF.device,
        networkId: 'NET-1',
        assigningAuthorities: [{ oid: PROOF.chartNumbers, name: 'charts' }],
        settings,
      },
    ],
    systems: [
      {
        name: 'hospital',
        institution: '9900000000',
        regions: ['proof'],
        sourceIds: [PROOF.sourceId],
        assigningAuthorities: [PROOF.chartNumbers, PROOF.affinityDomain],
        transactions: TRANSACTIONS,
        homeCommunityId: PROOF.partnerCommunity,
      },
    ],
  });
  const region = regions.get('proof');
  const hospital = systems.get('hospital');
  if (!region || !hospital) throw new Error('the federation lacks what was planned');
  return { region, hospital };
}

/** The folder of one more process of a founded region, with ports and a name of its own; what they share is their database. */
export async function besideRegion({ region }: ProofRegion): Promise<Region> {
  const folder = `${region.folder}-beside`;
  await cp(region.folder, folder, { recursive: true });
  const [soap, operations] = await freePorts(2);
  const ports = [
    [new URL(region.url).port, String(soap)],
    [new URL(region.operationsUrl).port, String(operations)],
  ] as const;
  const moved = (text: string) =>
    ports.reduce((so, [from, to]) => so.replace(new RegExp(`\\b${from}\\b`, 'g'), to), text);
  const file = join(folder, CONFIG_FILE);
  const config = parseYaml(moved(await readFile(file, 'utf8')), file) as Record<string, unknown>;
  await writeFile(file, writeYaml({ ...config, audit: { node: 'beside' } }));
  return {
    ...region,
    folder,
    url: moved(region.url),
    operationsUrl: moved(region.operationsUrl),
  };
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Each process compiles for itself: two that run at once do not change each other's files. */
const COMPILED = `var/proof-${process.pid}`;
const ROOMS = ['actors', 'certs', 'gateway', 'profiles', 'scripts'] as const;
const ENTRY = 'scripts/region-process.js';

/**
 * Compiles the sources beside them, and returns how a region is started from what came out.
 * @throws Error with what the compiler said when it made nothing
 */
export async function compiledStart(): Promise<StartRegion> {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      join(ROOT, 'node_modules/typescript/bin/tsc'),
      ...['-p', 'tsconfig.json', '--noEmit', 'false', '--outDir', COMPILED],
    ],
    { cwd: ROOT, encoding: 'utf8' },
  );
  process.once('exit', () => rmSync(join(ROOT, COMPILED), { recursive: true, force: true }));
  const entry = join(ROOT, COMPILED, ENTRY);
  if (!existsSync(entry)) throw new Error(`nothing was compiled: ${stdout}${stderr}`);
  return await startFrom(entry);
}

/** Sources become JavaScript as jest makes them, types aside; their imports of each other end in `.js` then. */
async function scriptOf(source: string): Promise<string> {
  const { code } = await transform(source, {
    loader: 'ts',
    format: 'esm',
    target: 'node20',
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  });
  return code.replace(/((?:from |import |import\()"\.[^"]*)\.ts"/g, '$1.js"');
}

let transpiled: Promise<typeof source> | undefined;

/**
 * Turns the sources into JavaScript, once a process, and returns how a region is started from that: a process that compiles
 * nothing for itself is up in half the time. Unlike `compiledStart` it judges no types.
 */
export async function transpiledStart(): Promise<StartRegion> {
  transpiled ??= transpile();
  return (await transpiled).startRegion;
}

/** The words that start `kakehashi` from what `transpiledStart` makes. */
export async function transpiledWords(): Promise<string[]> {
  transpiled ??= transpile();
  return (await transpiled).kakehashiWords();
}

/** Takes away what `transpiledStart` has made: jest tells a suite nothing of the end of its process. */
export function removeTranspiled(): void {
  transpiled = undefined;
  rmSync(join(ROOT, COMPILED), { recursive: true, force: true });
}

async function transpile(): Promise<typeof source> {
  for (const room of ROOMS) {
    const names = await readdir(join(ROOT, room), { recursive: true });
    const sources = names.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'));
    await Promise.all(
      sources.map(async (name) => {
        const target = join(ROOT, COMPILED, room, name.replace(/\.ts$/, '.js'));
        await mkdir(dirname(target), { recursive: true });
        await writeFile(target, await scriptOf(await readFile(join(ROOT, room, name), 'utf8')));
      }),
    );
  }
  return await import(join(ROOT, COMPILED, ENTRY));
}

async function startFrom(entry: string): Promise<StartRegion> {
  return ((await import(entry)) as typeof source).startRegion;
}

/** A change of one file that takes something away on purpose, so that a proof can show that it would notice. */
export interface Weakening {
  /** The file from the root, as a source. */
  readonly file: string;
  /** What stands there, each exactly once, and what shall stand in its place; the same in the source and compiled. */
  readonly replace: readonly (readonly [from: string, to: string])[];
}

let copies = 0;

/** A copy of the product from which something is taken away. */
export interface Weakened {
  readonly start: StartRegion;
  remove(): void;
}

/**
 * Copies what was made of the sources, with one of them changed, and says how a region is started from the copy: from what
 * `compiledStart` has made, or from what `transpiledStart` has.
 * @throws Error where what shall be replaced does not stand there once: then nothing would be shown
 */
export async function weakenedStart(
  { file, replace }: Weakening,
  form: 'transpiled' | 'compiled',
): Promise<Weakened> {
  if (form === 'transpiled') await transpiledStart();
  copies += 1;
  const copy = join(ROOT, `${COMPILED}-${copies}`);
  for (const room of ROOMS) {
    await cp(join(ROOT, COMPILED, room), join(copy, room), { recursive: true });
  }
  const script = join(copy, file.replace(/\.ts$/, '.js'));
  let text = await readFile(form === 'transpiled' ? join(ROOT, file) : script, 'utf8');
  for (const [before, after] of replace) {
    if (text.split(before).length !== 2) throw new Error(`${file} has not once: ${before}`);
    text = text.replace(before, () => after);
  }
  await writeFile(script, form === 'transpiled' ? await scriptOf(text) : text);
  const start = await startFrom(join(copy, ENTRY));
  return { start, remove: () => rmSync(copy, { recursive: true, force: true }) };
}

/** A client with the hospital's certificate. */
export async function openHospital({ hospital }: ProofRegion): Promise<Client> {
  return await openClient({ tls: hospital.tls, deadlineMs: 60_000 });
}

/** The feed of an invented person under a chart number, or under a regional id where the authority is the region's. */
export function feedOf(patientId: PatientId): PatientIdentityFeed {
  return aPatientIdentityFeed({
    ids: [patientId],
    demographics: aPerson({
      names: [{ family: '試験', given: [`太郎${patientId.id}`], representation: 'IDE', use: 'L' }],
    }),
    transmission: aTransmission({
      creationTime: dtmOf(new Date()),
      sender: { device: PROOF.sourceId },
      receiver: { device: PROOF.device },
    }),
    providerOrganization: { id: patientId.assigningAuthority },
    custodian: PROOF.sourceId,
  });
}

/** The spool of requests under way: empty where nothing is. */
export function spooledFiles({ folder }: Region): readonly string[] {
  const spool = join(folder, 'var', 'spool', 'arriving');
  return existsSync(spool) ? readdirSync(spool) : [];
}

/** Files below a folder that a process holds open, as the kernel says. */
export function openFilesBelow(folder: string, pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/${pid}/fd/${fd}`);
      return path.startsWith(folder) ? [path] : [];
    } catch {
      // Closed while we looked.
      return [];
    }
  });
}

/** Octets of memory that a process holds. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB/m.exec(status) ?? [];
  if (kibibytes === undefined) throw new Error(`no VmRSS of ${pid}`);
  return Number(kibibytes) * 1_024;
}
