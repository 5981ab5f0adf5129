import { PeerFailure } from '../../actors/actor.ts';
import { Refusal } from '../../profiles/refusal.ts';
import { CommandError } from '../command.ts';
import {
  isStillThere,
  readStorageFile,
  readStorageMessage,
  type StorageContent,
} from './content.ts';
import type { Ledger } from './ledger.ts';
import { patientOfMessage } from './patient-of-message.ts';
import { type FoundVersion, planOf, type Step, unsureOf } from './plan.ts';
import { PublicationRefused, type Publisher } from './publisher.ts';
import { patientFolders, type StorageKind } from './walk.ts';

/** Why something in the storage is held back: what is wrong, without any of its data. */
export interface Held {
  /** Names the patient by her number: `shownPath` is what is shown of it. */
  readonly path: string;
  readonly reason: string;
}

/** What one look at a storage came to. */
export interface LookReport {
  fed: number;
  published: number;
  replaced: number;
  retired: number;
  /** At the region already. */
  unchanged: number;
  /** Documents whose patient has no ADT-00 yet, and files that are still being written. */
  waiting: number;
  readonly held: Held[];
}

export interface LookOptions {
  readonly root: string;
  readonly kind: StorageKind;
  readonly institution: string;
  readonly ledger: Ledger;
  readonly publisher: Pick<
    Publisher,
    'feed' | 'has' | 'isRetired' | 'publish' | 'retire' | 'forget'
  >;
  /** From look to look: see `planOf`; and what was found never to have come to the region. */
  readonly superseded: Set<string>;
  /** From look to look: what the region refused and why, and until when it is left alone (milliseconds since 1970). */
  readonly refused: Map<string, { readonly until: number; readonly reason: string }>;
  readonly settledMs: number;
  readonly now: () => Date;
  /** Between two patients. */
  readonly told?: (report: LookReport) => void;
  /** When set, the look ends behind the patient that it is at. */
  readonly stop: AbortSignal;
}

/**
 * Looks at a whole storage once and shares what is new. What cannot be shared is held and told; the rest goes on.
 *
 * @throws PeerFailure when the region cannot be reached: the next look takes it up where it stood
 */
export async function lookAt(options: LookOptions): Promise<LookReport> {
  const report: LookReport = {
    ...{ fed: 0, published: 0, replaced: 0, retired: 0, unchanged: 0, waiting: 0 },
    held: [],
  };
  options.publisher.forget();
  for await (const { versions, faults } of patientFolders(options.root, options.kind)) {
    if (options.stop.aborted) break;
    for (const { path, fault } of faults) report.held.push({ path, reason: fault });
    if (!(await areSettled(versions, options))) {
      report.waiting += 1;
      continue;
    }
    const plan = planOf(options.institution, versions, options);
    report.unchanged += plan.done;
    report.waiting += plan.waiting;
    for (const { path } of plan.contradictions) {
      report.held.push({ path, reason: 'was replaced at the region, and is current again here' });
    }
    for (const { path } of plan.outdated) {
      report.held.push({ path, reason: 'a newer version of it is current at the region' });
    }
    await carryOut(plan.steps, { options, report });
    options.told?.(report);
  }
  return report;
}

/**
 * Finds out what became of versions that were being sent when the process was stopped, and that have been superseded or deleted
 * since: what the region has is Approved there, and takes its turn as any other that was published.
 *
 * @returns false where the region does not say: nothing of the patient is shared in this look
 */
async function areSettled(
  versions: readonly FoundVersion[],
  { institution, ledger, publisher, superseded }: LookOptions,
): Promise<boolean> {
  for (const entry of unsureOf(institution, versions, ledger)) {
    const never = `${entry.mark} never came`;
    if (superseded.has(never)) continue;
    try {
      if (!(await publisher.has(entry.mark))) {
        superseded.add(never);
        continue;
      }
    } catch (error) {
      if (reasonOf(error) === undefined) throw error;
      return false;
    }
    for (const before of ledger.versionsOf(entry.of)) {
      if (before.state === 'published') await ledger.write({ ...before, state: 'retired' });
    }
    const isOver = await publisher.isRetired(entry.mark);
    await ledger.write({ ...entry, state: isOver ? 'retired' : 'published' });
  }
  return true;
}

async function carryOut(
  steps: readonly Step[],
  context: { options: LookOptions; report: LookReport },
): Promise<void> {
  const { report, options } = context;
  const { refused, now } = options;
  for (const step of steps) {
    const mark = step.kind === 'retire' ? step.entry.mark : step.mark;
    const before = refused.get(mark);
    if (before && before.until > now().getTime()) {
      report.held.push({ path: step.found.path, reason: before.reason });
      if (step.kind === 'feed') return;
      continue;
    }
    try {
      if (step.kind === 'retire') await retire(step, context);
      else if (!(await isShared(step, context))) return;
    } catch (error) {
      const reason = reasonOf(error);
      if (reason === undefined) throw error;
      refused.set(mark, { until: now().getTime() + REFUSED_FOR_MS, reason });
      report.held.push({ path: step.found.path, reason });
      // Without the patient nothing of her can be shared.
      if (step.kind === 'feed') return;
    }
  }
}

/** What was refused is not tried again at every look. */
const REFUSED_FOR_MS = 15 * 60_000;

/** Feeds or publishes one version. False where the rest of the patient must wait for it. */
async function isShared(
  step: Extract<Step, { kind: 'feed' | 'publish' }>,
  { options, report }: { options: LookOptions; report: LookReport },
): Promise<boolean> {
  const { found } = step;
  const read = await contentOf(found, options);
  if (typeof read === 'string') {
    if (read === 'changing' || read === 'gone') report.waiting += 1;
    else report.held.push({ path: found.path, reason: read });
    return step.kind !== 'feed';
  }
  if (step.kind === 'feed') await feed(step, read, { options, report });
  else await publish(step, read, { options, report });
  return true;
}

async function contentOf(found: FoundVersion, { now, settledMs, kind }: LookOptions) {
  const reading = { now: now(), settledMs };
  return kind === 'standard'
    ? readStorageMessage(found.path, reading)
    : readStorageFile(found.path, reading);
}

async function feed(
  { found, mark, of }: Extract<Step, { kind: 'feed' }>,
  { octets, sha1 }: StorageContent,
  { options: { ledger, publisher }, report }: { options: LookOptions; report: LookReport },
): Promise<void> {
  const { patientId, time } = found.version;
  const demographics = patientOfMessage(octets ?? Buffer.alloc(0), patientId);
  if (!(await isStillThere(found.path))) return;
  const isKnown = ledger.versionsOf(of).length > 0;
  await publisher.feed(patientId, demographics, isKnown ? 'revise' : 'add');
  await ledger.write({ mark, of, state: 'fed', time, sha1 });
  report.fed += 1;
}

/**
 * A document is written down before it is sent and again behind its answer. If the process ends between the two, the
 * next look asks the registry whether it has it: it is never sent twice.
 */
async function publish(
  { found, mark, of, replaces, isUnsure }: Extract<Step, { kind: 'publish' }>,
  read: StorageContent,
  { options, report }: { options: LookOptions; report: LookReport },
): Promise<void> {
  const { ledger, publisher } = options;
  if (read.octets) patientOfMessage(read.octets, found.version.patientId);
  const entry = { mark, of, time: found.version.time, sha1: read.sha1 };
  if (!(isUnsure && (await publisher.has(mark)))) {
    // The flag stands in the name: a name that is gone may have become another flag.
    if (!(await isStillThere(found.path))) return;
    await ledger.write({ ...entry, state: 'sending' });
    await published({ found, mark, ...(replaces && { replaces: replaces.mark }) }, read, publisher);
  }
  await ledger.write({ ...entry, state: 'published' });
  if (replaces) await ledger.write({ ...replaces, state: 'retired' });
  report[replaces ? 'replaced' : 'published'] += 1;
}

/** A region that has the version already refuses it: a ledger was lost, and nothing is to be done. */
async function published(
  asked: Parameters<Publisher['publish']>[0],
  read: StorageContent,
  publisher: LookOptions['publisher'],
): Promise<void> {
  try {
    await publisher.publish(asked, read);
  } catch (error) {
    if (!(error instanceof PublicationRefused) || !(await publisher.has(asked.mark))) throw error;
  }
}

async function retire(
  { found, entry }: Extract<Step, { kind: 'retire' }>,
  { options, report }: { options: LookOptions; report: LookReport },
): Promise<void> {
  const { publisher, ledger } = options;
  try {
    await publisher.retire(entry.mark, found);
  } catch (error) {
    // The process was stopped behind the answer: what is retired already is not retired again.
    if (!(error instanceof PublicationRefused) || !(await publisher.isRetired(entry.mark)))
      throw error;
  }
  await ledger.write({ ...entry, state: 'retired' });
  report.retired += 1;
}

/** What to tell of an error that concerns one version alone; undefined for one that concerns all. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof PublicationRefused || error instanceof CommandError) return error.message;
  if (error instanceof Refusal) return `${error.code}: ${error.context}`;
  if (error instanceof PeerFailure && error.failureClass === 'permanent') return error.message;
  return undefined;
}
