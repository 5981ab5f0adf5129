import type { World } from '../actor.ts';
import { entriesOf, namesRepository, RegistryAway } from './entries.ts';
import type { DocumentRepositoryStores } from './stores.ts';

/** A request that has held a document for so long has ended: nobody will say any more what became of it. */
const QUIET_MS = 60_000;
/** So long the registry may still come to register what it was sent; a document that it does not know then is given up. */
const GRACE_MS = 15 * 60_000;
/** Documents that the registry is asked about at once. */
const AT_ONCE = 100;

/** What a reconciliation has found out. */
export interface Reconciliation {
  /** The registry has them: they stay. */
  readonly settled: number;
  /** The registry does not have them: they were taken away, and their uniqueIds are free. */
  readonly abandoned: number;
  /** The registry does not have them so far; they wait until their time of grace is over. */
  readonly waiting: number;
  /** The registry could not be asked: the rest is left as it is. */
  readonly registryAway: boolean;
}

/**
 * Asks the registry about the documents of which nobody knows whether they were registered: their request ended without an
 * answer, or the process did. Those that are registered stay; the others go after a time of grace, so that none of them
 * holds its uniqueId for ever.
 */
export async function reconcileDocuments(
  { documents, community }: DocumentRepositoryStores,
  { ask, now }: Pick<World, 'ask' | 'now'>,
): Promise<Reconciliation> {
  const at = now().getTime();
  let [settled, abandoned, waiting] = [0, 0, 0];
  let after: string | undefined;
  for (;;) {
    const found = await documents.unsettled(after, AT_ONCE);
    after = found.at(-1)?.uniqueId;
    const quiet = found.filter(({ since }) => since.getTime() <= at - QUIET_MS);
    const uniqueIds = quiet.map(({ uniqueId }) => uniqueId);
    const registered = await registeredAmong(uniqueIds, community.repositoryUniqueId, ask);
    if (registered === undefined) return { settled, abandoned, waiting, registryAway: true };
    await documents.settle([...registered]);
    const unknown = uniqueIds.filter((uniqueId) => !registered.has(uniqueId));
    const gone = await documents.abandon(unknown, new Date(at - GRACE_MS));
    settled += registered.size;
    abandoned += gone.length;
    waiting += unknown.length - gone.length;
    if (after === undefined || found.length < AT_ONCE) {
      return { settled, abandoned, waiting, registryAway: false };
    }
  }
}

/** Those that a DocumentEntry of this repository names; undefined when the registry cannot be asked. */
export async function registeredAmong(
  uniqueIds: readonly string[],
  repositoryUniqueId: string,
  ask: World['ask'],
): Promise<ReadonlySet<string> | undefined> {
  try {
    const entries = await entriesOf(uniqueIds, ask);
    const ours = entries.filter((entry) => namesRepository(entry, repositoryUniqueId));
    return new Set(ours.flatMap(({ uniqueId }) => uniqueId ?? []));
  } catch (error) {
    if (error instanceof RegistryAway) return undefined;
    throw error;
  }
}
