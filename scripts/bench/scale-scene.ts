import { randomInt } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeSetsText } from '../../gateway/code-sets.ts';
import { copyToPostgres } from '../../gateway/stores/copy-to-postgres.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_42 } from '../../profiles/xds/iti-42.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { foundFederation, type Region, type SystemFiles } from '../federation.ts';
import { type RegionProcess, startRegion } from '../region-process.ts';
import { dropDatabase, newDatabase } from './bench-databases.ts';
import { BENCH, BENCH_TRANSACTIONS, benchPatient, type Ready, simple } from './bench-region.ts';
import { compared } from './compared.ts';
import type { Row } from './figures.ts';
import { type LoadResult, runLoad } from './load.ts';
import { fillStore } from './scale-fill.ts';
import { Dice, ENTRIES_A_PATIENT, SCALE_CODE_SETS, submissionAt } from './scale-generator.ts';
import { growPostgres, growSqlite, withPostgres } from './scale-growth.ts';
import { never } from './stage.ts';
import { isSuccess } from './submit-scene.ts';

/** What is measured: a region of `patients` with ten entries each, beside one of so many times as many. */
export interface Scale {
  readonly directory: string;
  readonly patients: number;
  readonly times: number;
  /** A database of a server on which this user may make two more; undefined: SQLite alone is measured. */
  readonly postgres: string | undefined;
  readonly rounds: number;
  readonly roundMs: number;
  readonly prefix: readonly string[];
  readonly now: () => Date;
  readonly say: (line: string) => void;
  readonly add: (row: Row) => void;
}

type Size = 'small' | 'large';

/** One region of the two. */
interface Side {
  readonly region: Region;
  readonly files: SystemFiles;
  readonly patients: number;
  process?: RegionProcess;
}

const BOUND = 'at most 1.3';
const CONNECTIONS = [1, 16] as const;
/** Requests of a round, made before the clock runs: the client's own work is not what is measured. */
const MOST_QUERIES = 2_000;
/** A round's length by default. */
const ROUND_MS = 3_000;
/** Submissions are counted, not timed; a region that takes longer than this is stuck. */
const LONGEST_ROUND_MS = 120_000;
/** Submissions of a round of three seconds at each number of connections. They are few, so that the small region stays small. */
const SUBMISSIONS: Readonly<Record<number, number>> = { 1: 150, 16: 450 };

/**
 * What a query of one patient and a submission cost in a large registry, over what they cost in a small one: both regions run,
 * each in a process of its own on the same core, and are asked in turn over mutual TLS. Cost is the time of a request, with 16
 * connections the time divided by the requests that were done in it; beside it stands the processor
 * time of our own process, which the machine's other work disturbs less.
 *
 * What is asked for differs from request to request, so that in the large region hardly a page is asked for twice. SQLite's
 * files are read through before, and so lie in the memory of the operating system as far as it has room (13 GB for a million
 * entries): where it has less, the ratio holds the disk's part, too.
 */
export async function scaleScene(scale: Scale): Promise<void> {
  const { directory, patients, say } = scale;
  const seed = join(directory, 'seed.db');
  await timed(`${patients * ENTRIES_A_PATIENT} entries stored`, say, () =>
    fillStore(seed, patients),
  );
  await onSqlite(scale, seed);
  if (scale.postgres !== undefined) await onPostgres(scale, seed, scale.postgres);
}

async function onSqlite(scale: Scale, seed: string): Promise<void> {
  const { patients, times, say } = scale;
  const sides = {
    small: await sideOf(scale, 'sqlite-small', {}),
    large: await sideOf(scale, 'sqlite-large', {}),
  };
  const fileOf = ({ region }: Side) => join(region.folder, 'var', 'kakehashi.db');
  for (const side of Object.values(sides)) await mkdir(dirname(fileOf(side)), { recursive: true });
  await copyFile(seed, fileOf(sides.small));
  await timed('SQLite has grown', say, () =>
    growSqlite(seed, fileOf(sides.large), { patients, times, say }),
  );
  for (const side of Object.values(sides)) {
    const octets = await readThrough(fileOf(side));
    say(`SQLite, ${side.patients * ENTRIES_A_PATIENT} entries: ${megabytes(octets)}`);
  }
  await measured(scale, 'SQLite', sides);
}

async function onPostgres(scale: Scale, seed: string, server: string): Promise<void> {
  const { patients, times, now, say, directory } = scale;
  const urls = {
    small: await newDatabase(server, 'small'),
    large: await newDatabase(server, 'large'),
  };
  try {
    for (const [size, url] of Object.entries(urls)) {
      const file = join(directory, `${size}.db`);
      await copyFile(seed, file);
      await copyToPostgres({ file, url, now });
    }
    await timed('PostgreSQL has grown', say, () =>
      growPostgres(urls.large, { patients, times, say }),
    );
    for (const url of Object.values(urls)) {
      const size = await withPostgres(url, (session) =>
        session.rows('SELECT pg_database_size(current_database()) AS size'),
      );
      say(`PostgreSQL, ${new URL(url).pathname.slice(1)}: ${megabytes(Number(size[0]?.['size']))}`);
    }
    const settings = (url: string) => ({ database: { kind: 'postgres', url } });
    await measured(scale, 'PostgreSQL', {
      small: await sideOf(scale, 'postgres-small', settings(urls.small)),
      large: await sideOf(scale, 'postgres-large', settings(urls.large)),
    });
  } finally {
    for (const url of Object.values(urls)) {
      await dropDatabase(server, url);
    }
  }
}

async function timed(
  what: string,
  say: (line: string) => void,
  work: () => Promise<void>,
): Promise<void> {
  const before = performance.now();
  await work();
  say(`${what} in ${((performance.now() - before) / 1_000).toFixed(1)} s`);
}

async function readThrough(file: string): Promise<number> {
  let octets = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1_048_576 })) {
    octets += (chunk as Buffer).length;
  }
  return octets;
}

function megabytes(octets: number): string {
  return `${(octets / 1e6).toFixed(0)} MB`;
}

async function sideOf(
  { directory, now, patients, times }: Scale,
  name: `${string}-${Size}`,
  settings: Record<string, unknown>,
): Promise<Side> {
  const federation = await foundFederation({
    directory: join(directory, name),
    now: now(),
    regions: [
      {
        name: 'bench',
        title: 'bench',
        ...BENCH,
        networkId: 'NET-BENCH',
        assigningAuthorities: [],
        codes: codeSetsText(SCALE_CODE_SETS, []),
        settings: { log: { level: 'warn' }, ...settings },
      },
    ],
    systems: [
      {
        name: 'bench-system',
        institution: '8800000000',
        regions: ['bench'],
        assigningAuthorities: [BENCH.affinityDomain],
        transactions: BENCH_TRANSACTIONS,
      },
    ],
  });
  const region = federation.regions.get('bench');
  const files = federation.systems.get('bench-system');
  if (!region || !files) throw new Error('the bench has no region');
  return { region, files, patients: name.endsWith('-large') ? patients * times : patients };
}

async function measured(
  scale: Scale,
  engine: string,
  sides: Readonly<Record<Size, Side>>,
): Promise<void> {
  const all = Object.values(sides);
  try {
    for (const side of all) {
      side.process = await startRegion(side.region, { prefix: scale.prefix });
    }
    // Queries first: then every patient has ten entries in both regions.
    for (const connections of CONNECTIONS) {
      await compared({ ...scale, bound: BOUND }, sides, {
        name: `${engine}: ITI-18, ${ENTRIES_A_PATIENT} entries, ${connections} connections`,
        round: (side) => queried(scale, side, connections),
      });
    }
    for (const connections of CONNECTIONS) {
      await compared({ ...scale, bound: BOUND }, sides, {
        name: `${engine}: ITI-42, 1 entry, ${connections} connections`,
        round: (side) => submitted(scale, side, connections),
      });
    }
  } finally {
    for (const { process: started } of all) await started?.stop();
  }
}

/** Documents of patients chosen at random. */
async function queried(
  { roundMs }: Scale,
  { region, files: { tls }, patients }: Side,
  connections: number,
): Promise<LoadResult> {
  const url = `${region.url}/document-registry`;
  const requests = Array.from({ length: MOST_QUERIES }, () => {
    const patientId = benchPatient(randomInt(patients));
    return simple(ITI_18, findDocuments({ patientId, status: ['Approved'] }), url);
  });
  return await runLoad({
    url,
    tls,
    connections,
    durationMs: roundMs,
    request: (n) => requests[n % MOST_QUERIES] ?? never(),
    check: hasEntries,
    checkOneIn: 50,
  });
}

function hasEntries(status: number, body: Buffer): void {
  const found = body.toString('utf8').split('<rim:ExtrinsicObject').length - 1;
  if (status === 200 && found === ENTRIES_A_PATIENT) return;
  throw new Error(`answered ${status} with ${found} entries`);
}

/** One document of a patient chosen at random, until all are registered. */
async function submitted(
  { roundMs }: Scale,
  { region, files: { tls }, patients }: Side,
  connections: number,
): Promise<LoadResult> {
  const url = `${region.url}/document-registry`;
  const dice = new Dice(randomInt(2, 2 ** 32));
  const count = Math.ceil(((SUBMISSIONS[connections] ?? 1) * roundMs) / ROUND_MS);
  const ready: Ready[] = Array.from({ length: count }, () => {
    const patientId = benchPatient(dice.below(patients));
    return simple(ITI_42, submissionAt(patientId, { entries: 1, round: 6, dice }), url);
  });
  return await runLoad({
    url,
    tls,
    connections,
    durationMs: LONGEST_ROUND_MS,
    request: (n) => ready[n],
    check: isSuccess,
  });
}
