import { after, keyOf, mayChange, NOTHING, type State } from './model.ts';
import { lineOf, type Operation } from './operations.ts';

/** Configurations that are looked at before a history is given up as undecided. */
const MOST_STEPS = 200_000;

export type Verdict =
  | { readonly kind: 'linearizable'; readonly steps: number }
  | { readonly kind: 'violation'; readonly steps: number; readonly explanation: string }
  | { readonly kind: 'undecided'; readonly steps: number };

/** How far an order has come. */
interface Node {
  readonly state: State;
  /** By the place of each operation: 1 where it is in the order. */
  readonly placed: Uint8Array;
}

/**
 * Looks for one order of a lineage's operations in which every one had its effect at one instant between its beginning and
 * its end, and every answer was what the state before it demands. One whose outcome is unknown may come at any time after
 * its beginning, or never. The search is Wing's and Gong's, with the memory of Lowe: a set of operations that has led to a
 * state once is not tried again. Whatever changes nothing and fits is placed at once, for it stands in nobody's way.
 */
export function linearize(history: readonly Operation[], mostSteps = MOST_STEPS): Verdict {
  const operations = history
    .filter(({ outcome, action }) => outcome.kind !== 'unknown' || isChange(action))
    .toSorted((one, other) => one.began - other.began);
  const stack: Node[] = [{ state: NOTHING, placed: new Uint8Array(operations.length) }];
  const seen = new Set<string>();
  let furthest: { node: Node; count: number } | undefined;
  for (let steps = 1; steps <= mostSteps; steps += 1) {
    const node = stack.pop();
    if (node === undefined) {
      return { kind: 'violation', steps, explanation: explain(operations, furthest?.node) };
    }
    placeReads(node, operations);
    const count = node.placed.reduce((sum, one) => sum + one, 0);
    if (furthest === undefined || count > furthest.count) furthest = { node, count };
    if (isComplete(node, operations)) return { kind: 'linearizable', steps };
    const key = `${Buffer.from(node.placed).toString('latin1')}${keyOf(node.state)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    stack.push(...successors(node, operations));
  }
  return { kind: 'undecided', steps: mostSteps };
}

function isChange({ kind }: Operation['action']): boolean {
  return kind !== 'find' && kind !== 'inspect';
}

function isComplete({ placed }: Node, operations: readonly Operation[]): boolean {
  return operations.every(
    ({ ended }, at) => placed[at] === 1 || ended === Number.POSITIVE_INFINITY,
  );
}

/** Places of the operations that may be next: none of the others has ended before they began. */
function candidates({ placed }: Node, operations: readonly Operation[]): readonly number[] {
  const found: number[] = [];
  let firstEnd = Number.POSITIVE_INFINITY;
  for (const [at, { began, ended }] of operations.entries()) {
    if (began > firstEnd) break;
    if (placed[at] === 1) continue;
    found.push(at);
    firstEnd = Math.min(firstEnd, ended);
  }
  return found;
}

function placeReads(node: Node, operations: readonly Operation[]): void {
  for (let more = true; more; ) {
    more = false;
    for (const at of candidates(node, operations)) {
      const operation = operations[at];
      if (!operation || mayChange(operation) || !after(node.state, operation)) continue;
      node.placed[at] = 1;
      more = true;
    }
  }
}

/** The last is tried first: one that was answered, and of those the one that ended first. */
function successors(node: Node, operations: readonly Operation[]): readonly Node[] {
  return candidates(node, operations)
    .toSorted((one, other) => (operations[other]?.ended ?? 0) - (operations[one]?.ended ?? 0))
    .flatMap((at) => {
      const operation = operations[at];
      if (!operation || !mayChange(operation)) return [];
      const state = after(node.state, operation);
      if (state === undefined) return [];
      const placed = Uint8Array.from(node.placed);
      placed[at] = 1;
      return [{ state, placed }];
    });
}

/** Where the longest order ends, and what then cannot come next. */
function explain(operations: readonly Operation[], node: Node | undefined): string {
  if (node === undefined) return 'no operation can be the first';
  const left = candidates(node, operations).flatMap((at) => operations[at] ?? []);
  const state = [...node.state]
    .filter(([, { status }]) => status === 'Approved')
    .map(([id]) => id.slice(-8));
  return [
    `after ${node.placed.reduce((sum, one) => sum + one, 0)} of ${operations.length} operations, with ${state.join(', ') || 'nothing'} Approved, none of these can be next:`,
    ...left.slice(0, 12).map((operation) => `    ${lineOf(operation)}`),
  ].join('\n');
}
