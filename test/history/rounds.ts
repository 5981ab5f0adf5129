import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '../../gateway/client.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import type { RegionProcess } from '../../scripts/region-process.ts';
import {
  besideRegion,
  feedOf,
  foundProofRegion,
  openHospital,
  PROOF,
  type StartRegion,
} from '../support/proof-region.ts';
import { Random } from '../support/seeded.ts';
import { LifecycleClient, type Lineage } from './clients.ts';
import { brokenInvariants } from './invariants.ts';
import { linearize } from './linearizable.ts';
import type { Operation } from './operations.ts';

export interface HistoryPlan {
  /** URL of an empty PostgreSQL database, which two processes share then; absent: SQLite, and one process. */
  readonly postgres?: string;
  readonly start: StartRegion;
  readonly seed: number;
  readonly clients: number;
  /** Rounds, each with documents of its own. */
  readonly rounds: number;
  /** Documents in a round, and what a client does in it. */
  readonly lineages: number;
  readonly actions: number;
  /** Ends after the first round that was not linearizable. */
  readonly untilViolation?: boolean;
  readonly progress?: (round: number, result: HistoryResult) => void;
}

export interface HistoryResult {
  readonly rounds: number;
  readonly operations: number;
  /** How often each kind of action came to each outcome, such as `replace refused`. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Why outcomes were unknown, and how often. */
  readonly unknown: ReadonlyMap<string, number>;
  /** Lineages whose history is not that of a registry that does one thing after the other: what was seen in each. */
  readonly violations: readonly string[];
  /** How often each invariant was broken. */
  readonly broken: ReadonlyMap<string, number>;
  /** Configurations that the search looked at. */
  readonly steps: number;
}

/** Lets many clients work on a few documents at once, and judges what they were told. */
export async function history(plan: HistoryPlan): Promise<HistoryResult> {
  const directory = await mkdtemp(join(tmpdir(), 'kakehashi-history-'));
  const running: RegionProcess[] = [];
  const clients: Client[] = [];
  try {
    const { postgres: url } = plan;
    const proof = await foundProofRegion(
      directory,
      url === undefined ? {} : { database: { kind: 'postgres', url } },
    );
    const beside = url === undefined ? [] : [await besideRegion(proof)];
    // One after the other: the first brings the schema.
    for (const region of [proof.region, ...beside]) running.push(await plan.start(region));
    for (let made = 0; made < plan.clients; made += 1) clients.push(await openHospital(proof));
    return await new Rounds(
      plan,
      running.map(({ region }) => region.url),
      clients,
    ).all();
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all(running.map((one) => one.kill()));
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

class Rounds {
  readonly #plan: HistoryPlan;
  readonly #urls: readonly string[];
  readonly #clients: readonly Client[];
  readonly #systems: readonly LifecycleClient[];
  readonly #outcomes = new Map<string, number>();
  readonly #unknown = new Map<string, number>();
  readonly #violations: string[] = [];
  readonly #broken = new Map<string, number>();
  #operations = 0;
  #steps = 0;
  #patients = 0;

  constructor(plan: HistoryPlan, urls: readonly string[], clients: readonly Client[]) {
    this.#plan = plan;
    this.#urls = urls;
    this.#clients = clients;
    this.#systems = clients.map(
      (client, number) =>
        new LifecycleClient(number, { client, random: new Random(plan.seed + number * 7_919) }),
    );
  }

  async all(): Promise<HistoryResult> {
    const { rounds, untilViolation, progress } = this.#plan;
    for (let round = 1; ; round += 1) {
      await this.#round();
      const result: HistoryResult = {
        rounds: round,
        operations: this.#operations,
        outcomes: this.#outcomes,
        unknown: this.#unknown,
        violations: this.#violations,
        broken: this.#broken,
        steps: this.#steps,
      };
      progress?.(round, result);
      if (round >= rounds || (untilViolation && this.#violations.length > 0)) return result;
    }
  }

  async #round(): Promise<void> {
    const lineages: Lineage[] = [];
    for (let made = 0; made < this.#plan.lineages; made += 1) lineages.push(await this.#lineage());
    const told: Operation[] = [];
    await Promise.all(
      this.#systems.map(async (system) => {
        for (let times = 0; times < this.#plan.actions; times += 1) {
          await system.act(lineages, this.#urls, told);
        }
      }),
    );
    const [last] = this.#systems;
    for (const lineage of lineages) {
      for (const url of this.#urls) await last?.look(lineage, url, told);
      this.#judge(told.filter((one) => one.lineage === lineage.number));
    }
  }

  async #lineage(): Promise<Lineage> {
    this.#patients += 1;
    const patientId = { id: `L-${this.#patients}`, assigningAuthority: PROOF.affinityDomain };
    const url = `${this.#urls[0]}/patient-identity`;
    const answer = await this.#clients[0]?.ask(ITI_44, url, feedOf(patientId));
    if (answer?.code !== 'CA') throw new Error(`the feed was answered with ${answer?.code}`);
    return { number: this.#patients, patientId, head: undefined, earlier: [] };
  }

  #judge(told: readonly Operation[]): void {
    this.#operations += told.length;
    for (const { action, outcome } of told) {
      count(this.#outcomes, `${action.kind} ${outcome.kind}`);
      if (outcome.kind === 'unknown') count(this.#unknown, outcome.why);
    }
    const broken = brokenInvariants(told);
    const verdict = linearize(told);
    this.#steps += verdict.steps;
    if (verdict.kind === 'linearizable' && broken.length === 0) return;
    const lineage = `lineage ${told[0]?.lineage} of ${told.length} operations`;
    const found = verdict.kind === 'violation' ? verdict.explanation : verdict.kind;
    const sentences = broken.slice(0, 5).map(({ sentence }) => sentence);
    for (const { sort } of broken) count(this.#broken, sort);
    this.#violations.push([`${lineage}: ${found}`, ...sentences].join('\n    '));
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
