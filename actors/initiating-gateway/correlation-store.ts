import type { PatientId } from '../../profiles/patient.ts';

/** What another community told of a patient of ours: by which id it knows her, and for how long we may remember that. */
export interface Correlation {
  /** The patient as she is known here. */
  readonly patientId: PatientId;
  /** The community that holds her documents, `urn:oid:…`. */
  readonly homeCommunityId: string;
  /** Her one id there: the one that XCA uses. */
  readonly remotePatientId: PatientId;
  /** From this instant on the correlation is as if it had never been told. Source: ITI TF-2: 3.55.4.2.2.1. */
  readonly expiresAt: Date;
  /** That community answers ITI-56. */
  readonly isHealthDataLocator: boolean;
  /** When it began to be asked, by what was known of the patient then. Not told by `find`. */
  readonly askedAt?: Date;
}

/**
 * What the Initiating Gateway asks of a store of correlations. Only answers that came with a CorrelationTimeToLive are
 * kept, and only for that long.
 */
export interface CorrelationStore {
  /** What is known of this patient and has not expired at `now`; at most one for each community. */
  find(patientId: PatientId, now: Date): Promise<readonly Correlation[]>;
  /**
   * Keeps it, in place of what was known of the same patient in the same community. Atomic. Not where the patient was forgotten
   * since it began to be asked: it may have been asked for another person than she is now.
   */
  keep(correlation: Correlation): Promise<void>;
  /** Forgets what is known of the patient in that community; in all, where none is named. */
  forget(patientId: PatientId, homeCommunityId?: string): Promise<void>;
}
