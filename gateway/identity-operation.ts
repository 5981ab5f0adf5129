import type { World } from '../actors/actor.ts';
import type { PatientIdentityStores } from '../actors/patient-identity/stores.ts';
import type { PatientId } from '../profiles/patient.ts';
import { patientRecordUsed, type Recorder } from './safeguards/audit.ts';

/** What an operator's work on Patient Identity needs of the process. */
export interface IdentityOperation {
  readonly stores: PatientIdentityStores;
  /** As the process itself asks. */
  readonly world: World;
  readonly trail: {
    check(): Promise<void>;
    append(messages: readonly string[]): Promise<void>;
  };
  readonly recorder: Recorder;
}

/** What an operator has done, and with whose data. */
export interface PatientUse {
  readonly deed: string;
  /** The operator, as they named themselves. */
  readonly by: string;
  /** Created, read or changed. */
  readonly action: 'C' | 'R' | 'U';
  readonly patients: readonly PatientId[];
}

/** Records what an operator has done. */
export async function recordUse(
  { by: user, ...use }: PatientUse & { readonly outcome: 'success' | 'refused' },
  { trail, recorder, world }: Pick<IdentityOperation, 'trail' | 'recorder' | 'world'>,
): Promise<void> {
  await trail.append([patientRecordUsed({ ...use, user, at: world.now() }, recorder)]);
}
