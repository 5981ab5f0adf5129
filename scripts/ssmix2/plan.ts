import { DATA_TYPES, DEMOGRAPHICS_TYPE } from '../../profiles/ss-mix2/data-types.ts';
import type { StorageVersion } from '../../profiles/ss-mix2/storage-names.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';
import { orderMark, patientMark, versionMark } from './identifiers.ts';

/** A version that lies in the storage. */
export interface FoundVersion {
  readonly version: StorageVersion;
  /** Where its file lies; in the extended storage, each file of the content folder is found by itself. */
  readonly path: string;
  /** Name of the file inside a content folder of the extended storage. */
  readonly inner?: string;
}

/** What is to be done for a patient, in this order. */
export type Step =
  | {
      readonly kind: 'feed';
      readonly found: FoundVersion;
      readonly mark: string;
      readonly of: string;
    }
  | {
      readonly kind: 'publish';
      readonly found: FoundVersion;
      readonly mark: string;
      readonly of: string;
      /** The version that is Approved now. */
      readonly replaces?: LedgerEntry;
      /** It was sent before, and the answer is not known. */
      readonly isUnsure: boolean;
    }
  | { readonly kind: 'retire'; readonly found: FoundVersion; readonly entry: LedgerEntry };

export interface Plan {
  readonly steps: readonly Step[];
  /** Documents that wait for the patient's ADT-00. */
  readonly waiting: number;
  /** Current versions that are at the region already. */
  readonly done: number;
  /** Versions that were published and have become current again: the storage contradicts itself. */
  readonly contradictions: readonly FoundVersion[];
  /** Current here, and older than what is current at the region. */
  readonly outdated: readonly FoundVersion[];
}

/**
 * Versions of a patient that were being sent when the process was stopped, and are not current any more: the region may have
 * them all the same, Approved.
 */
export function unsureOf(
  institution: string,
  versions: readonly FoundVersion[],
  ledger: Ledger,
): readonly LedgerEntry[] {
  if (!ledger.hasUnsure) return [];
  return [...groupsOf(institution, versions)].flatMap(([of, order]) => {
    const current = currentOf(order);
    const mark = current && versionMark(institution, current.version, current.inner);
    return ledger
      .versionsOf(of)
      .filter((entry) => entry.state === 'sending' && entry.mark !== mark);
  });
}

/**
 * What to do for one patient of the standardised storage, from what lies there and what was shared before.
 *
 * A version with flag 2 or 0 is never published: it could be listed as Approved for a moment. A published one that has
 * become 2 stays until the newer one is there, in this look or the next; with 0, or where a newer one has 0, it is retired at
 * once. An older version never takes the place of a newer one that lies elsewhere: a storage may be split.
 *
 * @param superseded marks of published versions that were found with flag 2 and without a successor the look before
 * @see SS-MIX2 storage specification 1.2: update and deletion; condition flag
 */
export function planOf(
  institution: string,
  versions: readonly FoundVersion[],
  { ledger, superseded }: { ledger: Ledger; superseded: Set<string> },
): Plan {
  const steps: Step[] = [];
  const contradictions: FoundVersion[] = [];
  const outdated: FoundVersion[] = [];
  let waiting = 0;
  let done = 0;
  const [any] = versions;
  if (any === undefined) return { steps, waiting, done, contradictions, outdated };
  const patient = patientMark(institution, any.version.patientId);
  const feed = newestFeed(institution, versions);
  const fedTime = ledger.versionsOf(patient).at(-1)?.time ?? '';
  if (
    feed !== undefined &&
    ledger.of(feed.mark)?.state !== 'fed' &&
    feed.found.version.time >= fedTime
  ) {
    steps.push({ kind: 'feed', ...feed, of: patient });
  }
  // The extended storage has no demographics: there the region says whom it knows.
  const isExtended = any.inner !== undefined;
  const isKnown = isExtended || steps.length > 0 || ledger.versionsOf(patient).length > 0;
  for (const [of, order] of groupsOf(institution, versions)) {
    const current = currentOf(order);
    const entries = ledger.versionsOf(of);
    const approved = entries.filter(({ state }) => state === 'published').at(-1);
    if (current === undefined) {
      const over = approved && overOf(approved, order, { institution, superseded });
      if (approved && over) steps.push({ kind: 'retire', found: over, entry: approved });
      continue;
    }
    const mark = versionMark(institution, current.version, current.inner);
    const known = ledger.of(mark);
    if (known?.state === 'published') done += 1;
    else if (known?.state === 'retired') contradictions.push(current);
    else if (!isKnown) waiting += 1;
    else if (approved && isElsewhere(approved, order, { institution, current })) {
      outdated.push(current);
    } else {
      const isUnsure = known?.state === 'sending';
      steps.push({
        kind: 'publish',
        found: current,
        mark,
        of,
        isUnsure,
        ...(approved && { replaces: approved }),
      });
    }
  }
  return { steps, waiting, done, contradictions, outdated };
}

/** What is Approved is newer than what is current here, and lies in another place, so that nothing here says that it is over. */
function isElsewhere(
  approved: LedgerEntry,
  order: readonly FoundVersion[],
  { institution, current }: { institution: string; current: FoundVersion },
): boolean {
  if (approved.time <= current.version.time) return false;
  return order.every(
    ({ version, inner }) => versionMark(institution, version, inner) !== approved.mark,
  );
}

/** The published version as it lies there now, if it is to be retired though none follows it. */
function overOf(
  approved: LedgerEntry,
  order: readonly FoundVersion[],
  { institution, superseded }: { institution: string; superseded: Set<string> },
): FoundVersion | undefined {
  const deletion = deletionOf(order);
  if (deletion && deletion.version.time >= approved.time) return deletion;
  const itself = order.find(
    ({ version, inner }) => versionMark(institution, version, inner) === approved.mark,
  );
  // A file that is gone tells nothing: storages are split, moved and archived.
  if (itself === undefined) return undefined;
  const wasSeen = superseded.has(approved.mark);
  superseded.add(approved.mark);
  return wasSeen ? itself : undefined;
}

function newestFeed(institution: string, versions: readonly FoundVersion[]) {
  const found = currentOf(versions.filter(({ version }) => version.dataType === DEMOGRAPHICS_TYPE));
  return found && { found, mark: versionMark(institution, found.version) };
}

/** A deletion is written as a version of its own; the versions before it get their flag 0 one by one. */
function currentOf(order: readonly FoundVersion[]): FoundVersion | undefined {
  const current = newest(order.filter(({ version }) => version.conditionFlag === '1'));
  const deletion = deletionOf(order);
  return current && deletion && deletion.version.time > current.version.time ? undefined : current;
}

function deletionOf(order: readonly FoundVersion[]): FoundVersion | undefined {
  return newest(order.filter(({ version }) => version.conditionFlag === '0'));
}

function newest(versions: readonly FoundVersion[]): FoundVersion | undefined {
  return versions.toSorted((one, other) => (one.version.time < other.version.time ? -1 : 1)).at(-1);
}

/** The versions of what is shared as documents, by order; each file of a content folder is one by itself. */
function groupsOf(institution: string, versions: readonly FoundVersion[]) {
  const groups = new Map<string, FoundVersion[]>();
  for (const found of versions) {
    const shared = DATA_TYPES.get(found.version.dataType)?.sharedAs ?? 'document';
    if (shared !== 'document') continue;
    const of = `${orderMark(institution, found.version)}${found.inner === undefined ? '' : `/${found.inner}`}`;
    groups.set(of, [...(groups.get(of) ?? []), found]);
  }
  return groups;
}
