import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { PeerFailure } from '../../actors/actor.ts';
import type { Client } from '../../gateway/client.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import type { RegionProcess } from '../../scripts/region-process.ts';
import {
  feedOf,
  foundProofRegion,
  openHospital,
  PROOF,
  type ProofRegion,
  type StartRegion,
  spooledFiles,
} from '../support/proof-region.ts';
import type { TestPostgres } from '../support/postgres.ts';
import { Random } from '../support/seeded.ts';
import { type Sent, type Source, sendOne } from './submissions.ts';
import { type Asked, findingsOf, trailFindings } from './verify.ts';

export interface CrashPlan {
  readonly rounds: number;
  readonly seed: number;
  readonly start: StartRegion;
  /** The server that holds the region's database, in an empty one of its own; absent: SQLite. */
  readonly postgres?: TestPostgres;
  /** What is killed: our process, or the postmaster under it, while our process goes on. Default: our process. */
  readonly kills?: 'process' | 'postmaster';
  /** Told after each round. */
  readonly progress?: (round: CrashCount & { readonly round: number }) => void;
}

/** What was sent and what came of it. */
export interface CrashCount {
  readonly sent: number;
  readonly acknowledged: number;
  /** Ended without a success, because of a kill. */
  readonly interrupted: number;
}

export interface CrashResult extends CrashCount {
  readonly rounds: number;
  /** Files of unfinished requests that lay in the spool when the process was killed. */
  readonly leftInSpool: number;
  /** Everything that was lost, half there, or not recorded. */
  readonly findings: readonly string[];
}

const CLIENTS = 4;
/** The latest instant of the kill. */
const MOST_MS = 700;
/** How long the clients go on against a database that is gone. */
const OUTAGE_MS = 200;
const RECOVERY_MS = 60_000;
const PATIENT = { id: 'R-1', assigningAuthority: PROOF.affinityDomain };

/**
 * Kills the region's process, or the postmaster, with SIGKILL at a random instant of submissions, round after round, starts
 * it again, and looks for what was acknowledged, for what is half there, and for what is left in the spool; at the end for
 * everything once more.
 */
export async function crash(plan: CrashPlan): Promise<CrashResult> {
  const directory = await mkdtemp(join(tmpdir(), 'kakehashi-crash-'));
  const database =
    plan.postgres === undefined
      ? {}
      : { database: { kind: 'postgres', url: await plan.postgres.database() } };
  const proof = await foundProofRegion(directory, database);
  const run = new Run(proof, plan);
  try {
    return await run.all();
  } finally {
    await run.end();
    await rm(directory, { recursive: true, force: true });
  }
}

interface Killing {
  began: boolean;
  ended: boolean;
}

class Run {
  readonly #proof: ProofRegion;
  readonly #plan: CrashPlan;
  readonly #random: Random;
  readonly #sent: Sent[] = [];
  readonly #findings: string[] = [];
  #process: RegionProcess | undefined;
  #number = 1_000;
  #interrupted = 0;
  #leftInSpool = 0;

  constructor(proof: ProofRegion, plan: CrashPlan) {
    this.#proof = proof;
    this.#plan = plan;
    this.#random = new Random(plan.seed);
  }

  async all(): Promise<CrashResult> {
    await this.#start();
    await this.#withClient(async (client) => {
      const { code } = await client.ask(ITI_44, `${this.#url}/patient-identity`, feedOf(PATIENT));
      if (code !== 'CA') throw new Error(`the first feed was answered with ${code}`);
    });
    for (let round = 1; round <= this.#plan.rounds; round += 1) {
      const sent = await this.#submitAndKill();
      this.#leftInSpool += spooledFiles(this.#proof.region).length;
      await this.#startAgain();
      const left = spooledFiles(this.#proof.region).length;
      if (left > 0) this.#findings.push(`round ${round}: ${left} files left in the spool`);
      await this.#verify(sent);
      this.#sent.push(...sent);
      this.#plan.progress?.({ round, ...this.#count() });
    }
    await this.#verify(this.#sent);
    await this.#lookAtTheLook();
    return {
      ...this.#count(),
      rounds: this.#plan.rounds,
      leftInSpool: this.#leftInSpool,
      findings: [...new Set(this.#findings)],
    };
  }

  async end(): Promise<void> {
    await this.#process?.kill();
  }

  get #url(): string {
    return this.#proof.region.url;
  }

  #count(): CrashCount {
    return {
      sent: this.#sent.length,
      acknowledged: this.#sent.filter(({ acknowledged }) => acknowledged).length,
      interrupted: this.#interrupted,
    };
  }

  async #start(): Promise<void> {
    this.#process = await this.#plan.start(this.#proof.region);
  }

  /** What was killed runs again; a process that has not been killed finds its database by itself. */
  async #startAgain(): Promise<void> {
    if (this.#plan.kills !== 'postmaster') return await this.#start();
    await this.#plan.postgres?.start();
    const until = performance.now() + RECOVERY_MS;
    while (performance.now() < until) {
      const { ok } = await fetch(`${this.#proof.region.operationsUrl}/health/ready`);
      if (ok) return;
      await pause(50);
    }
    throw new Error('the process does not find its database again');
  }

  async #kill(): Promise<void> {
    if (this.#plan.kills !== 'postmaster') {
      await this.#process?.kill();
      return;
    }
    // Its backends go on for a moment, and what they acknowledge is as durable as ever.
    await this.#plan.postgres?.kill();
    await pause(OUTAGE_MS);
  }

  /** Several systems at once, until what they need is gone. */
  async #submitAndKill(): Promise<Sent[]> {
    const sent: Sent[] = [];
    const state: Killing = { began: false, ended: false };
    // Ahead of the rest, so that when it falls does not hang on what was sent.
    const instant = 20 + this.#random.below(MOST_MS);
    const submitting = Array.from({ length: CLIENTS }, (_, index) =>
      this.#withClient((client) => this.#submit(this.#sourceOf(client, index), sent, state)),
    );
    // Mostly once something was acknowledged, now and then at any instant from the first request on.
    if (this.#plan.rounds < 4 || this.#random.chance(0.8)) await firstAcknowledged(sent);
    await pause(instant);
    state.began = true;
    await this.#kill();
    state.ended = true;
    await Promise.all(submitting);
    return sent;
  }

  async #submit(source: Source, sent: Sent[], state: Killing): Promise<void> {
    while (!state.ended) {
      try {
        await sendOne(source, sent);
      } catch (error) {
        // A process that has lost its database says so; one that is killed says nothing.
        const isExpected = error instanceof PeerFailure || this.#plan.kills === 'postmaster';
        if (!(isExpected && state.began)) {
          this.#findings.push(`while it ran: ${error instanceof Error ? error.message : error}`);
        }
        this.#interrupted += 1;
        return;
      }
    }
  }

  #sourceOf(client: Client, index: number): Source {
    return {
      client,
      url: this.#url,
      random: new Random(this.#plan.seed + this.#number * CLIENTS + index),
      patientId: PATIENT,
      next: () => this.#next(),
    };
  }

  #next(): number {
    this.#number += 1;
    return this.#number;
  }

  async #verify(sent: readonly Sent[]): Promise<void> {
    this.#findings.push(...(await this.#look(sent)));
  }

  /** What was never sent has to be missed: else a look that sees nothing would pass. */
  async #lookAtTheLook(): Promise<void> {
    const documents = [{ uniqueId: '2.999.8.404', sha1: '0'.repeat(40), here: true }];
    const set = { uniqueId: '2.999.9.404', documents, folders: 0, acknowledged: true } as const;
    const patientId = { id: 'C-404', assigningAuthority: PROOF.chartNumbers };
    const neverSent: readonly Sent[] = [
      { kind: 'ITI-41', ...set },
      { kind: 'ITI-42', ...set },
      { kind: 'ITI-44', patientId, acknowledged: true },
    ];
    for (const one of neverSent) {
      const found = await this.#look([one]);
      // Once because it is not there, and once because it is not in the trail.
      if (found.length !== 2) this.#findings.push(`a lost ${one.kind} would not be missed`);
    }
  }

  async #look(sent: readonly Sent[]): Promise<string[]> {
    return await this.#withClient(async (client) => {
      const asked: Asked = {
        client,
        url: this.#url,
        trail: join(this.#proof.region.folder, 'var', 'audit'),
        next: () => this.#next(),
      };
      return [...(await findingsOf(sent, asked)), ...(await trailFindings(sent, asked))];
    });
  }

  async #withClient<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = await openHospital(this.#proof);
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  }
}

/** Waits for the first acknowledgement, on a slow machine not for ever. */
async function firstAcknowledged(sent: readonly Sent[]): Promise<void> {
  for (let times = 0; times < 2_000; times += 1) {
    if (sent.some(({ acknowledged }) => acknowledged)) return;
    await pause(5);
  }
}
