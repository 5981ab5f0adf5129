import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Where a read or write of a database runs, so that a second one inside it is told apart from one beside it. To know that,
 * Node follows every promise of the process, which costs a tenth of its time and more: so it is followed only after
 * `watchNesting`, which the tests call before they walk every path.
 */
let inside: AsyncLocalStorage<true> | undefined;

/** From now on a read or write inside another throws at once, and does not wait for the one that waits for it. */
export function watchNesting(): void {
  inside ??= new AsyncLocalStorage();
}

/** Whether this is called inside a read or write; always false where nobody watches. */
export function isNested(): boolean {
  return inside?.getStore() === true;
}

/** Runs the work of a read or write. */
export function runInside<Result>(work: () => Promise<Result>): Promise<Result> {
  return inside === undefined ? work() : inside.run(true, work);
}
