import type { AvailabilityStatus } from '../../profiles/xds/metadata.ts';

/** What a client asks for. Every id is the entryUUID of a DocumentEntry, chosen by the client that submits it. */
export type Action =
  /** ITI-42: the first version; every client tries with the same uniqueId and octets of its own. */
  | { readonly kind: 'register'; readonly entry: string }
  /** ITI-42 with RPLC. */
  | { readonly kind: 'replace'; readonly target: string; readonly entry: string }
  /** ITI-42 with APND: an addendum, which loses its worth with its target. */
  | { readonly kind: 'append'; readonly target: string; readonly entry: string }
  /** ITI-57: the next version of the metadata, after the version that is named. */
  | {
      readonly kind: 'revise';
      readonly target: string;
      readonly version: number;
      readonly entry: string;
    }
  /** ITI-57: Approved becomes Deprecated, or the other way. */
  | { readonly kind: 'set-status'; readonly target: string; readonly to: AvailabilityStatus }
  /** ITI-18 FindDocuments, of Approved entries or of all. */
  | { readonly kind: 'find'; readonly among: 'Approved' | 'all' }
  /** ITI-18 GetDocumentsAndAssociations of one entry: two statements that have to see one state. */
  | { readonly kind: 'inspect'; readonly target: string };

export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'found'; readonly entries: ReadonlyMap<string, AvailabilityStatus> }
  | { readonly kind: 'inspected'; readonly entry: Inspected | undefined }
  /** The registry said that the state does not allow it, or that the target is not there: nothing was done. */
  | { readonly kind: 'refused'; readonly why: 'state' | 'absent' }
  /** No answer, or one that does not say: it may have been done, now or later. */
  | { readonly kind: 'unknown'; readonly why: string };

/** An entry as GetDocumentsAndAssociations shows it. */
export interface Inspected {
  readonly status: AvailabilityStatus;
  /** Sources of the Approved RPLC that point at it, sorted. */
  readonly replacedBy: readonly string[];
  /** Sources of the Approved APND that point at it, sorted. */
  readonly appended: readonly string[];
}

/** One operation of one client, with the instants between which it took effect, on one clock, in milliseconds. */
export interface Operation {
  readonly lineage: number;
  readonly client: number;
  readonly action: Action;
  readonly outcome: Outcome;
  readonly began: number;
  /** Infinity where the outcome is unknown. */
  readonly ended: number;
}

/** An operation as one line, ids shortened: for who reads a violation. */
export function lineOf({ client, action, outcome, began, ended }: Operation): string {
  const { kind, ...rest } = action;
  const words = Object.entries(rest).map(([name, value]) => `${name}=${short(String(value))}`);
  const times = `${began.toFixed(1)}–${ended.toFixed(1)}`;
  return `[${times}] client ${client}: ${kind} ${words.join(' ')} → ${outcomeText(outcome)}`;
}

function outcomeText(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'done':
      return 'done';
    case 'found':
      return `{${[...outcome.entries].map(([id, status]) => `${short(id)} ${status}`).join(', ')}}`;
    case 'inspected': {
      if (outcome.entry === undefined) return 'nothing';
      const { status, replacedBy, appended } = outcome.entry;
      return `${status}, replaced by [${replacedBy.map(short)}], appended [${appended.map(short)}]`;
    }
    case 'refused':
      return `refused (${outcome.why})`;
    case 'unknown':
      return `unknown (${outcome.why})`;
  }
}

/** The last eight digits of an entryUUID. */
export function short(id: string): string {
  return id.startsWith('urn:uuid:') ? id.slice(-8) : id;
}
