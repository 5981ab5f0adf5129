import { performance } from 'node:perf_hooks';
import type { Client } from '../../gateway/client.ts';
import type { PatientId } from '../../profiles/patient.ts';
import type { Random } from '../support/seeded.ts';
import type { Action, Operation, Outcome } from './operations.ts';
import { Wire } from './wire.ts';

/** The versions of one document, under one patient, as the clients know them. What one has learned, all know. */
export interface Lineage {
  readonly number: number;
  readonly patientId: PatientId;
  /** What was Approved when somebody last heard of it. */
  head: KnownEntry | undefined;
  /** What was the head before. */
  readonly earlier: KnownEntry[];
}

/** An entry as its submitter knows it. */
export interface KnownEntry {
  readonly entryUUID: string;
  readonly uniqueId: string;
  readonly logicalID: string;
  readonly version: number;
}

/** One system among many that work on the same documents. */
export class LifecycleClient {
  readonly #number: number;
  readonly #wire: Wire;
  readonly #random: Random;

  constructor(number: number, { client, random }: { client: Client; random: Random }) {
    this.#number = number;
    this.#wire = new Wire(client, random);
    this.#random = random;
  }

  /** Asks for one thing, of one of the lineages, at one of the processes, and writes down what came of it. */
  async act(
    lineages: readonly Lineage[],
    urls: readonly string[],
    history: Operation[],
  ): Promise<void> {
    const lineage = this.#random.pick(lineages);
    const [action, entry] = this.#choice(lineage);
    const outcome = await this.#do(action, { lineage, entry, urls, history });
    if (outcome.kind !== 'done') return;
    if (action.kind === 'set-status' && action.to === 'Deprecated') {
      // Else everything would be refused from then on, unless somebody makes an earlier one Approved.
      const revival = { ...action, to: 'Approved' } as const;
      await this.#do(revival, { lineage, entry, urls, history });
    }
  }

  /** Looks at a lineage once all is done, at this process. */
  async look(lineage: Lineage, url: string, history: Operation[]): Promise<void> {
    const action = { kind: 'find', among: 'all' } as const;
    await this.#do(action, { lineage, entry: undefined, urls: [url], history });
  }

  async #do(
    action: Action,
    {
      lineage,
      entry,
      urls,
      history,
    }: {
      lineage: Lineage;
      entry: KnownEntry | undefined;
      urls: readonly string[];
      history: Operation[];
    },
  ): Promise<Outcome> {
    const url = `${this.#random.pick(urls)}/document-registry`;
    const began = performance.now();
    const outcome = await this.#wire.exchange(action, { patientId: lineage.patientId, entry, url });
    const ended = outcome.kind === 'unknown' ? Number.POSITIVE_INFINITY : performance.now();
    history.push({ lineage: lineage.number, client: this.#number, action, outcome, began, ended });
    if (outcome.kind === 'done' && entry !== undefined && isOfHead(action)) {
      if (lineage.head) lineage.earlier.push(lineage.head);
      lineage.head = entry;
    }
    return outcome;
  }

  #choice(lineage: Lineage): readonly [Action, KnownEntry | undefined] {
    const random = this.#random;
    const { head, earlier } = lineage;
    if (head === undefined) {
      // All of them the same uniqueId, each with octets of its own.
      const entry = this.#fresh(`2.999.8.6.${lineage.number}`);
      return [{ kind: 'register', entry: entry.entryUUID }, entry];
    }
    const target = head.entryUUID;
    const chance = random.next();
    if (chance < 0.34) {
      const entry = this.#fresh(oidOf(random));
      return [{ kind: 'replace', target, entry: entry.entryUUID }, entry];
    }
    if (chance < 0.42) {
      const entry = this.#fresh(oidOf(random));
      return [{ kind: 'append', target, entry: entry.entryUUID }, entry];
    }
    if (chance < 0.5) {
      const { uniqueId, logicalID, version } = head;
      const entryUUID = `urn:uuid:${random.uuid()}`;
      const entry = { entryUUID, uniqueId, logicalID, version: version + 1 };
      return [{ kind: 'revise', target, version, entry: entryUUID }, entry];
    }
    if (chance < 0.58) return [{ kind: 'set-status', target, to: 'Deprecated' }, head];
    if (chance < 0.64) {
      // Mostly refused: a later one is Approved.
      const entry = random.pick([head, ...earlier]);
      return [{ kind: 'set-status', target: entry.entryUUID, to: 'Approved' }, entry];
    }
    if (chance < 0.74) {
      const { entryUUID } = random.pick([head, ...earlier.slice(-2)]);
      return [{ kind: 'inspect', target: entryUUID }, undefined];
    }
    return [{ kind: 'find', among: random.chance(0.7) ? 'Approved' : 'all' }, undefined];
  }

  #fresh(uniqueId: string): KnownEntry {
    const entryUUID = `urn:uuid:${this.#random.uuid()}`;
    return { entryUUID, uniqueId, logicalID: entryUUID, version: 1 };
  }
}

/** Whether what it is about is Approved from then on, in place of what was the head. */
function isOfHead(action: Action): boolean {
  return action.kind === 'set-status' ? action.to === 'Approved' : action.kind !== 'append';
}

function oidOf(random: Random): string {
  return `2.999.8.7.${random.below(2 ** 31)}.${random.below(2 ** 31)}`;
}
