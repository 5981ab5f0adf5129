import {
  type Fed,
  type FeedOutcome,
  feedMany,
  idsOfFed,
} from '../actors/patient-identity/feed-many.ts';
import { type IdentityOperation, recordUse } from './identity-operation.ts';

/** What an operator gives to be imported, as plain JSON. */
export interface ImportBatch {
  /** The operator's name: each record keeps it, and so does the audit trail. */
  readonly by: string;
  /** Registrations and merges, in the order in which they are done. */
  readonly registrations: readonly Fed[];
}

/** Registrations and merges in one batch. */
export const MOST_IN_A_BATCH = 1_000;

/**
 * Imports a batch of registrations and merges, each as a feed: nothing is stored that cannot be recorded, and the record names
 * every chart number that was added, revised or merged.
 *
 * @throws Error for a batch without an operator's name, or one that is too large
 */
export async function importBatch(
  { by, registrations }: ImportBatch,
  operation: IdentityOperation,
): Promise<readonly FeedOutcome[]> {
  const { stores, world, trail } = operation;
  if (typeof by !== 'string' || by.trim() === '') throw new Error('who imports must be said');
  if (!Array.isArray(registrations) || registrations.length > MOST_IN_A_BATCH) {
    throw new Error(`a batch has at most ${MOST_IN_A_BATCH} registrations`);
  }
  if (registrations.length === 0) return [];
  await trail.check();
  const caller = { ...world.caller, name: by };
  const record = async (
    fed: readonly Fed[],
    outcome: 'success' | 'refused',
    action: 'C' | 'U' = 'C',
  ) => {
    const patients = fed.flatMap(idsOfFed);
    if (patients.length === 0) return;
    await recordUse({ deed: 'import', by, action, patients, outcome }, operation);
  };
  let outcomes: readonly FeedOutcome[];
  try {
    outcomes = await feedMany(registrations, stores, { ...world, caller });
  } catch (error) {
    await record(registrations, 'refused');
    throw error;
  }
  const those = (...kinds: readonly FeedOutcome['kind'][]) =>
    registrations.filter((_, at) => kinds.some((kind) => kind === outcomes[at]?.kind));
  await record(those('added', 'revised'), 'success');
  await record(those('merged'), 'success', 'U');
  await record(those('refused'), 'refused');
  return outcomes;
}
