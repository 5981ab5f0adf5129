import type { Fed, FeedOutcome } from '../../actors/patient-identity/feed-many.ts';
import type { ImportCounts, ImportPosition } from './import-position.ts';
import type { ImportFault, ImportRecord } from './import-records.ts';

/** Who takes a batch: all of it durably, or none of it. */
export type ImportSink = (fed: readonly Fed[]) => Promise<readonly FeedOutcome[]>;

export interface ImportOptions {
  readonly records: AsyncIterable<ImportRecord>;
  readonly sink: ImportSink;
  /** Registrations and merges in one batch. */
  readonly batch: number;
  /** Where it stood when it ended before. */
  readonly position: ImportPosition;
  /** Written behind each batch. */
  readonly keep: (position: ImportPosition) => Promise<void>;
  /** More faults than these, of this run, end it. */
  readonly mostFaults: number;
  readonly told: (counts: ImportCounts, records: number) => void;
  readonly fault: (fault: ImportFault) => void;
  readonly stop: AbortSignal;
}

/** How an import ended. */
export interface ImportReport {
  readonly counts: ImportCounts;
  readonly records: number;
  readonly end: 'whole' | 'stopped' | 'too many faults';
}

/**
 * Imports the records of a file in batches, from where it stood. What was stored and not yet counted, since the process ended
 * between the two, says nothing new when it comes again.
 *
 * @throws what the sink or the file throws; all batches before it are stored and counted
 */
export async function importRecords(options: ImportOptions): Promise<ImportReport> {
  const run = new Run(options);
  let skipped = 0;
  for await (const record of options.records) {
    if (skipped < options.position.records) {
      skipped += 1;
      continue;
    }
    await run.take(record);
    const end = run.ended();
    if (end !== undefined) {
      await run.flush();
      return run.report(end);
    }
  }
  await run.flush();
  return run.report(run.ended() ?? 'whole');
}

class Run {
  readonly #options: ImportOptions;
  readonly #waiting: { readonly line: number; readonly fed: Fed }[] = [];
  #counts: ImportCounts;
  #records: number;
  #taken = 0;
  #faults = 0;

  constructor(options: ImportOptions) {
    this.#options = options;
    this.#counts = options.position.counts;
    this.#records = options.position.records;
  }

  async take(record: ImportRecord): Promise<void> {
    this.#taken += 1;
    if ('fault' in record) this.#fault(record.fault);
    else {
      const { line } = record;
      this.#waiting.push({ line, fed: 'merge' in record ? record.merge : record.registration });
    }
    if (this.#waiting.length >= this.#options.batch) await this.flush();
  }

  async flush(): Promise<void> {
    const { sink, keep, told } = this.#options;
    const waiting = this.#waiting.splice(0);
    if (waiting.length > 0) {
      const outcomes = await sink(waiting.map(({ fed }) => fed));
      for (const [at, { line }] of waiting.entries()) this.#count(outcomes[at], line);
    }
    if (this.#taken === 0) return;
    this.#records += this.#taken;
    this.#taken = 0;
    await keep({ records: this.#records, counts: this.#counts });
    told(this.#counts, this.#records);
  }

  ended(): 'stopped' | 'too many faults' | undefined {
    if (this.#faults > this.#options.mostFaults) return 'too many faults';
    return this.#options.stop.aborted ? 'stopped' : undefined;
  }

  report(end: ImportReport['end']): ImportReport {
    return { counts: this.#counts, records: this.#records, end };
  }

  #count(outcome: FeedOutcome | undefined, line: number): void {
    if (outcome === undefined) throw new Error('a batch was answered in part');
    if (outcome.kind === 'refused') {
      this.#fault({ line, reason: `${outcome.code}: ${outcome.reason}` });
      return;
    }
    this.#counts = { ...this.#counts, [outcome.kind]: this.#counts[outcome.kind] + 1 };
  }

  #fault(fault: ImportFault): void {
    this.#faults += 1;
    this.#counts = { ...this.#counts, faults: this.#counts.faults + 1 };
    this.#options.fault(fault);
  }
}
