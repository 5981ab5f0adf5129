import { randomBytes } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import type { Ready } from './bench-region.ts';
import { interleave, type Row, rowOf } from './figures.ts';
import { runLoad } from './load.ts';
import { cpuMsOf, memoryOf } from './machine.ts';
import {
  checkPeerAnswer,
  PEER_REQUESTS,
  PEER_TRANSACTIONS,
  type PeerDocument,
  type PeerTransaction,
  peerFilling,
} from './peer-requests.ts';
import { never } from './stage.ts';

/** What is measured: a region of ours, and a peer's servers, on one core. */
export interface PeerScene {
  readonly ours: PeerSide;
  readonly peer: PeerSide;
  readonly rounds: number;
  readonly roundMs: number;
  /** Rounds before those that count; default: 3. */
  readonly warmUpRounds?: number;
  /** Octets of the document that ITI-43 retrieves; default: 10 MB. */
  readonly documentBytes?: number;
  readonly say: (line: string) => void;
  readonly add: (row: Row) => void;
}

/** Servers that are started, asked and stopped. */
export interface PeerSide {
  readonly tls: ConnectionOptions;
  urlOf(transaction: string): string;
  /** @param begun called as soon as the process is there, before it is ready */
  start(begun?: () => void): Promise<{ readonly pid: number; stop(): Promise<void> }>;
}

const TEN_MB = 10_000_000;
const CONNECTIONS = [1, 16] as const;
/** Rounds before those that count: a Java process compiles what it runs often while it runs. */
const WARM_UP_ROUNDS = 3;
/** One answer in so many is looked at as a whole. */
const LOOK_AT_ONE_IN = 20;
/** Requests made before the clock runs: the client's own work is not what is measured. */
const MOST_READY = 4_000;
/** What is asked at 16 connections and has a bound. */
const BOUNDED: readonly PeerTransaction[] = ['ITI-18', 'ITI-45'];

/**
 * The same load on our servers and on a peer's in turn, over mutual TLS on connections that are kept, after rounds that do not
 * count; then what memory each has taken at its peak, and how long each takes from the start of its process to its first
 * answer. The requests are the same but for their address, and of the answers one in so many is read: both must tell the same.
 *
 * Ours starts again with all that it has stored; a peer with a store in memory starts with nothing.
 */
export async function peerScene(scene: PeerScene): Promise<void> {
  const { ours, peer, say, add, documentBytes = TEN_MB } = scene;
  const document = {
    uniqueId: `2.25.${BigInt(`0x${randomBytes(16).toString('hex')}`)}`,
    octets: randomBytes(documentBytes),
  };
  const [own, theirs] = await Promise.all([ours.start(), peer.start()]);
  const running = { ours: own, peer: theirs };
  try {
    for (const side of [peer, ours]) await fill(side, document);
    say('both are filled');
    for (const transaction of PEER_TRANSACTIONS) {
      for (const connections of CONNECTIONS) {
        await compared(scene, { transaction, connections, document, running });
      }
      const peak = await peaksOf(running);
      say(`  memory at its peak so far: ${peak.peer.toFixed(0)} and ${peak.ours.toFixed(0)} MiB`);
    }
    add(await memoryRow(scene, running));
  } finally {
    for (const side of Object.values(running)) await side.stop();
  }
  add(await startRow(scene));
}

async function fill(side: PeerSide, document: PeerDocument): Promise<void> {
  for await (const { transaction, ready } of peerFilling(document, side.urlOf)) {
    await runLoad({
      url: side.urlOf(transaction),
      tls: side.tls,
      connections: 1,
      durationMs: 60_000,
      request: once(ready),
      check: (status, body) => {
        const text = body.toString('utf8');
        const taken = /code="(?:CA|AA)"|ResponseStatusType:Success/.test(text);
        if (status !== 200 || !taken) {
          throw new Error(`${transaction} was answered ${status}: ${text.slice(0, 2_000)}`);
        }
      },
    });
  }
}

function once(ready: Ready): (n: number) => Ready | undefined {
  return (n) => (n === 0 ? ready : undefined);
}

interface Running {
  readonly ours: { readonly pid: number };
  readonly peer: { readonly pid: number };
}

async function compared(
  { rounds, roundMs, warmUpRounds = WARM_UP_ROUNDS, add, ...sides }: PeerScene,
  {
    transaction,
    connections,
    document,
    running,
  }: {
    readonly transaction: PeerTransaction;
    readonly connections: number;
    readonly document: PeerDocument;
    readonly running: Running;
  },
): Promise<void> {
  const cpu = { ours: [] as number[], peer: [] as number[] };
  const round = async (which: 'ours' | 'peer'): Promise<number> => {
    const { pid } = running[which];
    const asked = { transaction, connections, document, roundMs };
    const ready = await readyFor(sides[which], asked);
    const before = await cpuMsOf(pid);
    const { requests, perSecond } = await loaded(sides[which], ready, asked);
    cpu[which].push(((await cpuMsOf(pid)) - before) / requests);
    return perSecond;
  };
  for (let warm = 0; warm < warmUpRounds; warm += 1) {
    for (const which of ['peer', 'ours'] as const) await round(which);
  }
  for (const list of Object.values(cpu)) list.length = 0;
  const bound = connections === 16 && BOUNDED.includes(transaction) ? 'at least 2' : undefined;
  const name = `${transaction}${WHAT[transaction]}, ${connections} connections`;
  add(
    await interleave(
      { name, unit: 'requests/s', rounds, ...(bound === undefined ? {} : { bound }) },
      () => round('peer'),
      () => round('ours'),
    ),
  );
  const unit = 'ms a request';
  add(rowOf({ name: '  processor time of the server', unit, rounds }, cpu.peer, cpu.ours));
}

const WHAT: Readonly<Record<PeerTransaction, string>> = {
  'ITI-18': ', 20 entries',
  'ITI-42': ', 1 entry',
  'ITI-43': ' of the document',
  'ITI-45': '',
  'ITI-47': '',
};

interface Asked {
  readonly transaction: PeerTransaction;
  readonly connections: number;
  readonly document: PeerDocument;
  readonly roundMs: number;
}

/** A submission is sent once; a query is as good the second time. */
async function readyFor(side: PeerSide, asked: Asked): Promise<readonly Ready[]> {
  const { transaction, connections, roundMs, document } = asked;
  const most = transaction === 'ITI-42' ? (connections * roundMs) / 2 : 400;
  const url = side.urlOf(transaction);
  const ready: Ready[] = [];
  for (let n = 0; n < Math.min(most, MOST_READY); n += 1) {
    ready.push(await PEER_REQUESTS[transaction](n, url, document));
  }
  return ready;
}

async function loaded(side: PeerSide, ready: readonly Ready[], asked: Asked) {
  const { transaction, connections, document, roundMs } = asked;
  return await runLoad({
    url: side.urlOf(transaction),
    tls: side.tls,
    connections,
    durationMs: roundMs,
    request: (n) => (transaction === 'ITI-42' ? ready[n] : (ready[n % ready.length] ?? never())),
    check: (status, body, n) =>
      checkPeerAnswer(transaction, { status, body, n: n % ready.length, document }),
    checkOneIn: transaction === 'ITI-42' ? 1 : LOOK_AT_ONE_IN,
  });
}

/** Resident memory at its peak, MiB. */
async function peaksOf(
  running: Running,
): Promise<{ readonly peer: number; readonly ours: number }> {
  const peakOf = async ({ pid }: { pid: number }) => (await memoryOf(pid)).peak / 1_048_576;
  return { peer: await peakOf(running.peer), ours: await peakOf(running.ours) };
}

async function memoryRow({ rounds }: PeerScene, running: Running): Promise<Row> {
  const { peer, ours } = await peaksOf(running);
  const row = { name: 'memory at its peak, resident', unit: 'MiB', rounds, bound: 'at most 0.25' };
  return rowOf(row, [peer], [ours]);
}

async function startRow({ rounds, ours, peer }: PeerScene): Promise<Row> {
  return await interleave(
    { name: 'start of the process to first answer', unit: 's', rounds, bound: 'at most 0.2' },
    () => startOf(peer),
    () => startOf(ours),
  );
}

/** From when the process is there until it has answered a query, asked over and over from then on. Seconds. */
async function startOf(side: PeerSide): Promise<number> {
  const url = side.urlOf('ITI-18');
  const ready = PEER_REQUESTS['ITI-18'](0, url);
  let begunAt = Number.NaN;
  let answered: Promise<number> | undefined;
  const running = await side.start(() => {
    begunAt = performance.now();
    answered = firstAnswer(url, side.tls, ready);
  });
  try {
    if (!answered) throw new Error('the process did not begin');
    return ((await answered) - begunAt) / 1_000;
  } finally {
    await running.stop();
  }
}

const ASK_EVERY_MS = 10;
const LONGEST_START_MS = 120_000;

async function firstAnswer(url: string, tls: ConnectionOptions, ready: Ready): Promise<number> {
  const late = performance.now() + LONGEST_START_MS;
  for (;;) {
    try {
      await runLoad({ url, tls, connections: 1, durationMs: 60_000, request: once(ready) });
      return performance.now();
    } catch (error) {
      if (performance.now() > late) throw error;
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
  }
}
