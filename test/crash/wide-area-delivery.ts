import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { PeerFailure } from '../../actors/actor.ts';
import { type Client, openClient } from '../../gateway/client.ts';
import { ITI_44, type PatientIdentityFeed } from '../../profiles/pix/iti-44.ts';
import type { RegionProcess } from '../../scripts/region-process.ts';
import { aPatientMerge, aTransmission } from '../support/hl7v3-builders.ts';
import { feedOf, PROOF, type StartRegion } from '../support/proof-region.ts';
import { Random } from '../support/seeded.ts';
import { foundTwoLevels, type TwoLevels } from './two-levels.ts';
import type { Passing } from './wide-area-relay.ts';
import { chartId, findingsAbove, markOf } from './wide-area-findings.ts';

export interface DeliveryPlan {
  readonly rounds: number;
  readonly seed: number;
  readonly start: StartRegion;
  /** Told after each round. */
  readonly progress?: (round: number, acknowledged: number) => void;
}

export interface DeliveryResult {
  /** Changes that the region acknowledged to the hospital. */
  readonly acknowledged: number;
  /** Messages that the service has kept, as versions of patients and as merges. */
  readonly above: number;
  /** Everything that was lost, came twice, in another order, or was never so in the region. */
  readonly findings: readonly string[];
}

const CLIENTS = 2;
/** The latest instant of the kill; where nothing is held back, two rounds of feeding lie before it. */
const MOST_MS = { mute: 200, deaf: 200, open: 1_500 } as const;
/** Between two changes of one client. */
const REST_MS = 40;
const DELIVERY_MS = 30_000;
const LOOK_MS = 20;

/** In turn: before the message leaves, after the service has done it and before the region knows, and at any instant. */
const KILLED_WHILE: readonly Passing[] = ['mute', 'deaf', 'open'];

/**
 * Kills a region's process with SIGKILL between the change that a hospital made and its delivery to the wide-area id service,
 * round after round, and holds what the service knows in the end against what the region knows: every change once, in order.
 */
export async function deliver(plan: DeliveryPlan): Promise<DeliveryResult> {
  const directory = await mkdtemp(join(tmpdir(), 'kakehashi-delivery-'));
  const run = new Run(await foundTwoLevels(directory), plan);
  try {
    return await run.all();
  } finally {
    await run.end();
    await rm(directory, { recursive: true, force: true });
  }
}

/** A patient of the hospital. */
interface Patient {
  readonly number: number;
  readonly hospital: number;
  /** How often she was fed. */
  versions: number;
  /** The region has acknowledged her. */
  isKnown: boolean;
}

class Run {
  readonly #levels: TwoLevels;
  readonly #plan: DeliveryPlan;
  readonly #random: Random;
  readonly #findings: string[] = [];
  readonly #acknowledged: string[] = [];
  readonly #patients: Patient[] = [];
  #number = 0;
  #service: RegionProcess | undefined;
  #region: RegionProcess | undefined;

  constructor(levels: TwoLevels, plan: DeliveryPlan) {
    this.#levels = levels;
    this.#plan = plan;
    this.#random = new Random(plan.seed);
  }

  async all(): Promise<DeliveryResult> {
    const { service, region } = this.#levels;
    await Promise.all([
      this.#plan.start(service).then((started) => {
        this.#service = started;
      }),
      this.#plan.start(region).then((started) => {
        this.#region = started;
      }),
    ]);
    for (let round = 1; round <= this.#plan.rounds; round += 1) {
      await this.#changeAndKill(KILLED_WHILE[(round - 1) % KILLED_WHILE.length] ?? 'open');
      this.#region = await this.#plan.start(this.#levels.region);
      this.#plan.progress?.(round, this.#acknowledged.length);
    }
    await this.#delivered();
    await Promise.all([this.#region?.stop(), this.#service?.stop()]);
    const { findings, above } = await findingsAbove(this.#levels, this.#acknowledged);
    return {
      acknowledged: this.#acknowledged.length,
      above,
      findings: [...this.#findings, ...findings],
    };
  }

  async end(): Promise<void> {
    await this.#region?.kill();
    await this.#service?.kill();
    await this.#levels.relay.close();
  }

  async #changeAndKill(passing: Passing): Promise<void> {
    if (passing === 'deaf') {
      // So that a connection is there, on which the service is not heard any more.
      await this.#changeOne();
      await this.#delivered();
    }
    const state = { ended: false };
    const instant = this.#random.below(MOST_MS[passing]);
    const heldBack = this.#levels.relay.pass(passing);
    const changing = Array.from({ length: CLIENTS }, (_, hospital) =>
      this.#change(hospital, state),
    );
    const late = pause(DELIVERY_MS, 'late', { ref: false });
    if (passing !== 'open' && (await Promise.race([heldBack, late])) === 'late') {
      this.#findings.push(`nothing was sent to the service while it was ${passing}`);
    }
    await pause(instant);
    state.ended = true;
    await this.#region?.kill();
    await Promise.all(changing);
    this.#levels.relay.pass('open');
  }

  async #change(hospital: number, state: { readonly ended: boolean }): Promise<void> {
    const client = await this.#openHospital();
    try {
      while (!state.ended) {
        await this.#changeWith(client, hospital);
        await pause(REST_MS);
      }
    } catch (error) {
      if (!(error instanceof PeerFailure && state.ended)) {
        this.#findings.push(`while it ran: ${error instanceof Error ? error.message : error}`);
      }
    } finally {
      await client.close();
    }
  }

  async #changeOne(): Promise<void> {
    const client = await this.#openHospital();
    try {
      await this.#changeWith(client, 0);
    } finally {
      await client.close();
    }
  }

  /** Mostly a revision, else a new patient, now and then two that are one. */
  async #changeWith(client: Client, hospital: number): Promise<void> {
    const own = this.#patients.filter((patient) => patient.hospital === hospital);
    if (own.length > 3 && this.#random.chance(0.15)) {
      return await this.#merge(
        client,
        own.filter(({ isKnown }) => isKnown),
      );
    }
    const known = own.length > 0 && this.#random.chance(0.7) ? this.#random.pick(own) : undefined;
    await this.#feed(client, known ?? this.#newPatient(hospital));
  }

  #newPatient(hospital: number): Patient {
    this.#number += 1;
    const patient = { number: this.#number, hospital, versions: 0, isKnown: false };
    this.#patients.push(patient);
    return patient;
  }

  async #feed(client: Client, patient: Patient): Promise<void> {
    patient.versions += 1;
    const { number, versions } = patient;
    const feed = feedOf(chartId(number));
    if (feed.kind === 'merge') throw new Error('a feed is no merge');
    const value = markOf(number, versions);
    await this.#send(client, {
      ...feed,
      kind: versions === 1 ? 'add' : 'revise',
      demographics: {
        ...feed.demographics,
        // No two are alike, so that none is compared with many others.
        names: [{ family: `試験${number}`, given: [`太郎${number}`], representation: 'IDE' }],
        birthTime: `${1920 + (number % 90)}01${String(1 + (number % 28)).padStart(2, '0')}`,
        addresses: [],
        telecoms: [{ value }],
      },
    });
    this.#acknowledged.push(value);
    patient.isKnown = true;
  }

  async #merge(client: Client, own: readonly Patient[]): Promise<void> {
    const [surviving, subsumed] = own.slice(-2);
    if (!surviving || !subsumed) return;
    // Whether it was done or cut off: nobody names it again.
    this.#patients.splice(this.#patients.indexOf(subsumed), 1);
    await this.#send(
      client,
      aPatientMerge({
        surviving: chartId(surviving.number),
        subsumed: chartId(subsumed.number),
        providerOrganization: { id: PROOF.chartNumbers },
        custodian: PROOF.sourceId,
        transmission: aTransmission({ receiver: { device: PROOF.device } }),
      }),
    );
    this.#acknowledged.push(`merge ${subsumed.number}`);
  }

  async #send(client: Client, feed: PatientIdentityFeed): Promise<void> {
    const url = `${this.#levels.region.url}/patient-identity`;
    const { code, details } = await client.ask(ITI_44, url, feed);
    if (code === 'CA') return;
    this.#findings.push(`a ${feed.kind} was answered with ${code} ${details[0]?.code ?? ''}`);
  }

  async #openHospital(): Promise<Client> {
    return await openClient({ tls: this.#levels.hospital.tls, deadlineMs: 60_000 });
  }

  /** Waits until nothing is owed any more. */
  async #delivered(): Promise<void> {
    const until = performance.now() + DELIVERY_MS;
    let said = '';
    while (performance.now() < until) {
      said = await (await fetch(`${this.#levels.region.operationsUrl}/metrics`)).text();
      if (said.includes('kakehashi_wide_area_feeds{state="waiting"} 0')) {
        if (said.includes('kakehashi_wide_area_feeds{state="refused"} 0')) return;
        throw new Error('the service has refused something');
      }
      await pause(LOOK_MS);
    }
    throw new Error(`the service was not told: ${/.*state="waiting".*/.exec(said)?.[0]}`);
  }
}
