import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { copyToPostgres } from '../../gateway/stores/copy-to-postgres.ts';
import { foundFederation, type Region, type SystemFiles } from '../federation.ts';
import { CHART_NUMBERS } from '../identity/registrations.ts';
import { HOSPITALS } from '../identity/generator/systems.ts';
import { type RegionProcess, startRegion } from '../region-process.ts';
import { BENCH, BENCH_TRANSACTIONS, type Ready } from './bench-region.ts';
import { dropDatabase, newDatabase } from './bench-databases.ts';
import { compared } from './compared.ts';
import type { Row } from './figures.ts';
import { fillIdentity } from './identity-fill.ts';
import {
  demographicsQueriesOf,
  feedsOf,
  type IdentitySide,
  isAccepted,
  PDQ_SHAPES,
  patientsIn,
  queriesOf,
  urlOf,
} from './identity-requests.ts';
import { type LoadResult, runLoad } from './load.ts';

/** What is measured: a region that knows so many registrations beside one that knows many more. */
export interface IdentityScale {
  readonly directory: string;
  readonly small: number;
  readonly large: number;
  /** A database of a server on which this user may make two more; undefined: SQLite alone is measured. */
  readonly postgres?: string | undefined;
  readonly rounds: number;
  /** Queries of a round; default: 400. */
  readonly queries?: number;
  readonly prefix: readonly string[];
  readonly now: () => Date;
  readonly say: (line: string) => void;
  readonly add: (row: Row) => void;
}

/** One region of the two. */
interface Side extends IdentitySide {
  readonly files: SystemFiles;
  process?: RegionProcess;
}

type Sides = Readonly<Record<'small' | 'large', Side>>;

const BOUND = 'at most 1.5';
const QUERIES = 400;
const CONNECTIONS = [1, 16] as const;
/** Requests are counted, not timed; a region that takes longer than this is stuck. */
const LONGEST_ROUND_MS = 120_000;

const AUTHORITIES = HOSPITALS.map(({ code, letter }) => ({
  oid: CHART_NUMBERS + code,
  name: `hospital ${letter}`,
}));

/**
 * What a query by demographics (ITI-47), a PIX query (ITI-45) and a feed (ITI-44) cost a region that knows many registrations,
 * over what they cost one that knows few: both run, each in a process of its own on the same core, and are asked in turn over
 * mutual TLS. Half of the feeds are of registrations that the region does not know yet, so they are matched with the others;
 * half are revisions of what it knows. Beside each stands the processor time of our own process, which the machine's other work
 * disturbs less.
 *
 * Among many there are more of one birth date, and more of them begin alike: how many patients an answer tells of is
 * said beside.
 */
export async function identityScene(scale: IdentityScale): Promise<void> {
  const sides = { small: await sideOf(scale, 'small'), large: await sideOf(scale, 'large') };
  await measured(scale, 'SQLite', sides);
  if (scale.postgres !== undefined) await onPostgres(scale, sides, scale.postgres);
}

/** The same two regions as they were left, each moved to a database of the server. */
async function onPostgres(scale: IdentityScale, sides: Sides, server: string): Promise<void> {
  const { directory, now, say } = scale;
  const databases: string[] = [];
  const moved = async (size: keyof Sides): Promise<Side> => {
    const url = await newDatabase(server, size);
    databases.push(url);
    const before = performance.now();
    await copyToPostgres({ file: fileOf(sides[size].region), url, now });
    say(`${size}: copied to PostgreSQL in ${((performance.now() - before) / 1_000).toFixed(1)} s`);
    const settings = { database: { kind: 'postgres', url } };
    const founded = await foundSide(join(directory, `postgres-${size}`), now(), settings);
    return { ...sides[size], ...founded };
  };
  try {
    await measured(scale, 'PostgreSQL', {
      small: await moved('small'),
      large: await moved('large'),
    });
  } finally {
    for (const url of databases) await dropDatabase(server, url);
  }
}

async function sideOf(scale: IdentityScale, size: keyof Sides): Promise<Side> {
  const { directory, say, queries = QUERIES } = scale;
  const { region, files } = await foundSide(join(directory, size), scale.now());
  const file = fileOf(region);
  await mkdir(dirname(file), { recursive: true });
  const before = performance.now();
  const { affinityDomain } = BENCH;
  const filled = await fillIdentity(file, { records: scale[size], affinityDomain });
  const octets = await readThrough(file);
  const seconds = ((performance.now() - before) / 1_000).toFixed(1);
  say(`${filled.records} registrations stored in ${seconds} s: ${(octets / 1e6).toFixed(0)} MB`);
  return { region, files, filled, queries, fed: 0 };
}

function fileOf({ folder }: Region): string {
  return join(folder, 'var', 'kakehashi.db');
}

/** A region of six hospitals, and a system that feeds for all of them. */
async function foundSide(directory: string, now: Date, settings: object = {}) {
  const federation = await foundFederation({
    directory,
    now,
    regions: [
      {
        name: 'bench',
        title: 'bench',
        ...BENCH,
        networkId: 'NET-BENCH',
        assigningAuthorities: AUTHORITIES,
        settings: { log: { level: 'warn' }, ...settings },
      },
    ],
    systems: [
      {
        name: 'bench-system',
        institution: '8800000000',
        regions: ['bench'],
        assigningAuthorities: AUTHORITIES.map(({ oid }) => oid),
        transactions: BENCH_TRANSACTIONS,
      },
    ],
  });
  const region = federation.regions.get('bench');
  const files = federation.systems.get('bench-system');
  if (!region || !files) throw new Error('the bench has no region');
  return { region, files };
}

async function readThrough(file: string): Promise<number> {
  let octets = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1_048_576 })) {
    octets += (chunk as Buffer).length;
  }
  return octets;
}

/** The two regions in turn; both are filled and do not run yet. */
async function measured(scale: IdentityScale, engine: string, sides: Sides): Promise<void> {
  const all = Object.values(sides);
  const under = { ...scale, bound: BOUND };
  try {
    for (const side of all) {
      side.process = await startRegion(side.region, { prefix: scale.prefix });
    }
    for (const shape of Object.keys(PDQ_SHAPES) as (keyof typeof PDQ_SHAPES)[]) {
      for (const connections of CONNECTIONS) {
        const found = new Map<Side, number[]>(all.map((side) => [side, []]));
        const look = (side: Side) => (body: Buffer) => {
          const patients = patientsIn(body);
          if (patients === 0) throw new Error('a patient who is there was not found');
          found.get(side)?.push(patients);
        };
        await compared(under, sides, {
          name: `${engine}: ITI-47, ${shape}, ${connections} connections`,
          round: (side) =>
            asked(side, connections, {
              ready: demographicsQueriesOf(side, shape),
              look: look(side),
            }),
        });
        scale.say(
          `  patients an answer: ${all.map((side) => mean(found.get(side))).join(' and ')}`,
        );
      }
    }
    for (const connections of CONNECTIONS) {
      await compared(under, sides, {
        name: `${engine}: PIX query (ITI-45), ${connections} connections`,
        round: (side) => asked(side, connections, { ready: queriesOf(side) }),
      });
    }
    for (const connections of CONNECTIONS) {
      await compared(under, sides, {
        name: `${engine}: feed (ITI-44), ${connections} connections`,
        round: (side) => asked(side, connections, { ready: feedsOf(side) }),
      });
    }
  } finally {
    for (const { process: started } of all) await started?.stop();
  }
}

function mean(values: readonly number[] = []): string {
  return (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(2);
}

async function asked(
  { region, files: { tls } }: Side,
  connections: number,
  { ready, look }: { ready: readonly Ready[]; look?: (body: Buffer) => void },
): Promise<LoadResult> {
  return await runLoad({
    url: urlOf(region),
    tls,
    connections,
    durationMs: LONGEST_ROUND_MS,
    request: (n) => ready[n],
    check: (status, body) => {
      isAccepted(status, body);
      look?.(body);
    },
  });
}
