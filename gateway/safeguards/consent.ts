import type { Caller, Permission } from '../../actors/actor.ts';
import type { PatientId } from '../../profiles/patient.ts';

/**
 * Decides what a caller may see of the patients whose data was found. The directory has already said which transactions
 * the caller may use; a decision may only narrow that, never widen it.
 */
export interface ConsentDecision {
  permissionFor(caller: Caller, subjects: readonly PatientId[]): Promise<Permission>;
}

/**
 * The decision of a network whose members agreed to share among themselves: whoever the directory lets ask sees what is
 * found. An object that is a patient's, but does not say whose, is hidden.
 */
export const networkAgreement: ConsentDecision = {
  async permissionFor() {
    return SUBJECT_KNOWN;
  },
};

const SUBJECT_KNOWN: Permission = { shows: (object) => object.patientId !== undefined };

/** For an inner ask: the actor that faces the caller decides, once; what is found is returned to it whole. */
export const DECIDED_OUTSIDE: Permission = { shows: () => true };
