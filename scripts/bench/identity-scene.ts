import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { ITI_45 } from '../../profiles/pix/iti-45.ts';
import { foundFederation, type Region, type SystemFiles } from '../federation.ts';
import { CHART_NUMBERS } from '../identity/registrations.ts';
import { HOSPITALS } from '../identity/generator/systems.ts';
import { type RegionProcess, startRegion } from '../region-process.ts';
import { BENCH, BENCH_TRANSACTIONS, type Ready, simple } from './bench-region.ts';
import { compared } from './compared.ts';
import type { Row } from './figures.ts';
import { type Filled, fillIdentity, type Registered } from './identity-fill.ts';
import { type LoadResult, runLoad } from './load.ts';
import { never } from './stage.ts';

/** What is measured: a region that knows so many registrations beside one that knows many more. */
export interface IdentityScale {
  readonly directory: string;
  readonly small: number;
  readonly large: number;
  readonly rounds: number;
  readonly prefix: readonly string[];
  readonly now: () => Date;
  readonly say: (line: string) => void;
  readonly add: (row: Row) => void;
}

/** One region of the two. */
export interface IdentitySide {
  readonly region: Region;
  readonly files: SystemFiles;
  readonly filled: Filled;
  process?: RegionProcess;
  /** How many unknown ones were fed. */
  fed: number;
}

type Sides = Readonly<Record<'small' | 'large', IdentitySide>>;

const BOUND = 'at most 1.5';
const CONNECTIONS = [1, 16] as const;
/** Feeds of a round: every other one is new, the others are revisions. Few, so that the small region stays small. */
const FEEDS = 80;
const QUERIES = 400;
/** Requests are counted, not timed; a region that takes longer than this is stuck. */
const LONGEST_ROUND_MS = 120_000;

const AUTHORITIES = HOSPITALS.map(({ code, letter }) => ({
  oid: CHART_NUMBERS + code,
  name: `hospital ${letter}`,
}));

/**
 * What a feed (ITI-44) and a PIX query (ITI-45) cost a region that knows many registrations, over what they cost one that knows
 * few: both run, each in a process of its own on the same core, and are asked in turn over mutual TLS. Half of the feeds are of
 * registrations that the region does not know yet, so they are matched with the others; half are revisions of what it knows.
 * Beside each stands the processor time of our own process, which the machine's other work
 * disturbs less.
 */
export async function identityScene(scale: IdentityScale): Promise<void> {
  const sides = { small: await sideOf(scale, 'small'), large: await sideOf(scale, 'large') };
  await measured(scale, sides);
}

async function sideOf(scale: IdentityScale, size: 'small' | 'large'): Promise<IdentitySide> {
  const { directory, say } = scale;
  const { region, files } = await foundSide(join(directory, size), scale.now());
  const file = fileOf(region);
  await mkdir(dirname(file), { recursive: true });
  const before = performance.now();
  const { affinityDomain } = BENCH;
  const filled = await fillIdentity(file, { records: scale[size], affinityDomain });
  const octets = await readThrough(file);
  const seconds = ((performance.now() - before) / 1_000).toFixed(1);
  say(`${filled.records} registrations stored in ${seconds} s: ${(octets / 1e6).toFixed(0)} MB`);
  return { region, files, filled, fed: 0 };
}

/** Where a region keeps its database. */
export function fileOf({ folder }: Region): string {
  return join(folder, 'var', 'kakehashi.db');
}

/** A region of six hospitals, and a system that feeds for all of them. */
export async function foundSide(directory: string, now: Date) {
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
        settings: { log: { level: 'warn' } },
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
export async function measured(scale: IdentityScale, sides: Sides): Promise<void> {
  const all = Object.values(sides);
  try {
    for (const side of all) {
      side.process = await startRegion(side.region, { prefix: scale.prefix });
    }
    for (const connections of CONNECTIONS) {
      await compared({ ...scale, bound: BOUND }, sides, {
        name: `PIX query (ITI-45), ${connections} connections`,
        round: (side) => asked(side, connections, queriesOf(side)),
      });
    }
    for (const connections of CONNECTIONS) {
      await compared({ ...scale, bound: BOUND }, sides, {
        name: `feed (ITI-44), ${connections} connections`,
        round: (side) => asked(side, connections, feedsOf(side)),
      });
    }
  } finally {
    for (const { process: started } of all) await started?.stop();
  }
}

async function asked(
  { region, files: { tls } }: IdentitySide,
  connections: number,
  ready: readonly Ready[],
): Promise<LoadResult> {
  return await runLoad({
    url: urlOf(region),
    tls,
    connections,
    durationMs: LONGEST_ROUND_MS,
    request: (n) => ready[n],
    check: isAccepted,
  });
}

function urlOf({ url }: Region): string {
  return `${url}/patient-identity`;
}

/** A feed is accepted, a query finds the patient. */
function isAccepted(status: number, body: Buffer): void {
  const text = body.toString('utf8');
  if (status === 200 && /typeCode code="(?:CA|AA)"/.test(text)) return;
  throw new Error(`answered ${status}: ${text.slice(0, 2_000)}`);
}

function parties() {
  return {
    sender: { device: BENCH.sourceId },
    receiver: { device: BENCH.device },
  };
}

let messages = 0;

function transmission() {
  messages += 1;
  return {
    messageId: { root: `2.999.88.6.${process.pid}.${messages}` },
    creationTime: '20260101000000',
    ...parties(),
  };
}

/** Of registrations all over the store, others in each round. */
function queriesOf({ region, filled: { known } }: IdentitySide): readonly Ready[] {
  return Array.from({ length: QUERIES }, () => {
    const { ids } = pickFrom(known);
    const [patientIdentifier = never()] = ids;
    return simple(
      ITI_45,
      {
        transmission: transmission(),
        queryId: { root: `2.999.88.7.${messages}` },
        patientIdentifier,
        dataSources: [BENCH.affinityDomain],
      },
      urlOf(region),
    );
  });
}

function feedsOf(side: IdentitySide): readonly Ready[] {
  const { known, unknown } = side.filled;
  return Array.from({ length: FEEDS }, (_, n) => {
    if (n % 2 === 0) return feedOf(side, revised(pickFrom(known)));
    const next = unknown[side.fed % unknown.length];
    side.fed += 1;
    return feedOf(side, next ?? never());
  });
}

let picked = 0;

/** All of a list in an order without meaning. */
function pickFrom(list: readonly Registered[]): Registered {
  picked += 1;
  return list[(picked * 7_919) % list.length] ?? never();
}

/** She has moved; a feed that says nothing new would be no feed. */
function revised({ ids, demographics }: Registered): Registered {
  const telecoms = [{ value: `tel:090-${String(picked % 10_000).padStart(4, '0')}-0000` }];
  return { ids, demographics: { ...demographics, telecoms } };
}

function feedOf({ region }: IdentitySide, { ids, demographics }: Registered): Ready {
  const [first = never()]: readonly PatientId[] = ids;
  return simple(
    ITI_44,
    {
      kind: 'add',
      transmission: transmission(),
      ids,
      otherIds: [],
      demographics,
      providerOrganization: { id: first.assigningAuthority },
      custodian: BENCH.device,
    },
    urlOf(region),
  );
}
