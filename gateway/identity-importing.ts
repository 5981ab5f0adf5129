import type { World } from '../actors/actor.ts';
import {
  type Fed,
  type FeedOutcome,
  feedMany,
  idsOfFed,
} from '../actors/patient-identity/feed-many.ts';
import type { PatientIdentityStores } from '../actors/patient-identity/stores.ts';
import { patientRecordUsed, type Recorder } from './safeguards/audit.ts';

/** What an operator gives to be imported, as plain JSON. */
export interface ImportBatch {
  /** The operator's name: each record keeps it, and so does the audit trail. */
  readonly by: string;
  /** Registrations and merges, in the order in which they are done. */
  readonly registrations: readonly Fed[];
}

/** What importing needs of the process. */
export interface ImportingOptions {
  readonly stores: PatientIdentityStores;
  /** As the process itself asks. */
  readonly world: World;
  readonly trail: {
    check(): Promise<void>;
    append(messages: readonly string[]): Promise<void>;
  };
  readonly recorder: Recorder;
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
  { stores, world, trail, recorder }: ImportingOptions,
): Promise<readonly FeedOutcome[]> {
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
    const use = { deed: 'import', user: by, action, patients, outcome } as const;
    await trail.append([patientRecordUsed({ ...use, at: world.now() }, recorder)]);
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
