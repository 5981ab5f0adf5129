import type { AvailabilityStatus } from '../../profiles/xds/metadata.ts';
import type { Action, Inspected, Operation } from './operations.ts';

/** A DocumentEntry of the model. */
interface Entry {
  readonly status: AvailabilityStatus;
  readonly version: number;
  /** The version after it: then queries at level 1 pass it over. */
  readonly revisedBy?: string;
  /** The document that took its place, in each version of its metadata. */
  readonly replacedBy?: readonly string[];
  /** Of an addendum: to what it was appended. */
  readonly parent?: string;
}

/** One lineage: its entries by entryUUID. Nothing is there at first. Never changed in place. */
export type State = ReadonlyMap<string, Entry>;

export const NOTHING: State = new Map();

/**
 * What a registry that does one thing after the other makes of an operation.
 *
 * @returns the state afterwards; undefined where the outcome cannot be in this state
 */
export function after(state: State, { action, outcome }: Operation): State | undefined {
  switch (outcome.kind) {
    case 'refused':
      return isRefused(state, action, outcome.why) ? state : undefined;
    case 'found':
      return isFound(state, action, outcome.entries) ? state : undefined;
    case 'inspected':
      return isInspected(state, action, outcome.entry) ? state : undefined;
    case 'done':
    case 'unknown':
      return isAllowed(state, action) ? changed(state, action) : undefined;
  }
}

/** Whether an operation may change the state. */
export function mayChange({ outcome }: Operation): boolean {
  return outcome.kind === 'done' || outcome.kind === 'unknown';
}

/** A text that is the same for the same state only. */
export function keyOf(state: State): string {
  return [...state]
    .map(([id, { status, revisedBy, replacedBy, parent }]) =>
      [id, status, revisedBy, replacedBy?.join(), parent].join(' '),
    )
    .sort()
    .join('\n');
}

function isRefused(state: State, action: Action, why: 'state' | 'absent'): boolean {
  const isThere = !('target' in action) || state.has(action.target);
  return why === 'absent' ? !isThere : isThere && !isAllowed(state, action);
}

function isAllowed(state: State, action: Action): boolean {
  const target = 'target' in action ? state.get(action.target) : undefined;
  switch (action.kind) {
    case 'register':
      return state.size === 0;
    case 'replace':
    case 'append':
      return target?.status === 'Approved';
    case 'revise':
      return target?.status === 'Approved' && target.version === action.version;
    case 'set-status':
      return (
        target !== undefined &&
        target.revisedBy === undefined &&
        target.status !== action.to &&
        !(action.to === 'Approved' && isApprovedInLine(state, action.target))
      );
    case 'find':
    case 'inspect':
      return true;
  }
}

/** Whether a document is Approved that this one has replaced, or by which it was, or one of theirs in turn. */
function isApprovedInLine(state: State, id: string): boolean {
  const line = new Set([id]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const [each, { replacedBy = [] }] of state) {
      const ends = [each, ...replacedBy];
      if (!ends.some((end) => line.has(end)) || ends.every((end) => line.has(end))) continue;
      for (const end of ends) line.add(end);
      grown = true;
    }
  }
  line.delete(id);
  return [...line].some((one) => state.get(one)?.status === 'Approved');
}

function changed(state: State, action: Action): State {
  const next = new Map(state);
  const change = (id: string, over: Partial<Entry>) => {
    const entry = next.get(id);
    if (entry) next.set(id, { ...entry, ...over });
  };
  const fresh = { status: 'Approved', version: 1 } as const;
  switch (action.kind) {
    case 'register':
      next.set(action.entry, fresh);
      break;
    case 'replace':
      change(action.target, {
        status: 'Deprecated',
        replacedBy: [...(state.get(action.target)?.replacedBy ?? []), action.entry],
      });
      for (const id of addendaOf(state, action.target)) change(id, { status: 'Deprecated' });
      next.set(action.entry, fresh);
      break;
    case 'append':
      next.set(action.entry, { ...fresh, parent: action.target });
      break;
    case 'revise': {
      for (const id of addendaOf(state, action.target)) change(id, { parent: action.entry });
      // The Associations of a version are copied to the next one; the earlier ones stay.
      for (const [id, { replacedBy, revisedBy }] of state) {
        if (revisedBy !== undefined || !replacedBy?.includes(action.target)) continue;
        change(id, { replacedBy: [...replacedBy, action.entry] });
      }
      change(action.target, { status: 'Deprecated', revisedBy: action.entry });
      next.set(action.entry, {
        status: 'Approved',
        version: action.version + 1,
        replacedBy: latestOf(state, action.target),
      });
      break;
    }
    case 'set-status':
      change(action.target, { status: action.to });
      break;
    case 'find':
    case 'inspect':
      break;
  }
  return next;
}

/** What has replaced an entry that was made Approved again, without the versions that others follow. */
function latestOf(state: State, target: string): readonly string[] | undefined {
  return state.get(target)?.replacedBy?.filter((id) => state.get(id)?.revisedBy === undefined);
}

function addendaOf(state: State, target: string): readonly string[] {
  return [...state].flatMap(([id, { parent }]) => (parent === target ? id : []));
}

function isFound(
  state: State,
  action: Action,
  entries: ReadonlyMap<string, AvailabilityStatus>,
): boolean {
  if (action.kind !== 'find') return false;
  let expected = 0;
  for (const [id, { status, revisedBy }] of state) {
    if (revisedBy !== undefined || (action.among === 'Approved' && status !== 'Approved')) continue;
    expected += 1;
    if (entries.get(id) !== status) return false;
  }
  return expected === entries.size;
}

function isInspected(state: State, action: Action, shown: Inspected | undefined): boolean {
  if (action.kind !== 'inspect') return false;
  const entry = state.get(action.target);
  if (entry === undefined || shown === undefined) return entry === shown;
  const same = (one: readonly string[], other: readonly string[]) =>
    one.length === other.length && one.every((id, at) => id === other[at]);
  // What is appended stands beside the version that follows.
  if (entry.revisedBy !== undefined) return shown.status === 'Deprecated';
  return (
    shown.status === entry.status &&
    same(shown.replacedBy, (entry.replacedBy ?? []).toSorted()) &&
    same(shown.appended, addendaOf(state, action.target).toSorted())
  );
}
