import { refusalsOf } from '../../profiles/refusal.ts';
import { ITI_56 } from '../../profiles/xcpd/iti-56.ts';
import { PeerFailure, type World } from '../actor.ts';
import type { LocatedPatient } from './patient-discovery.ts';

/**
 * Asks a community that is a Health Data Locator where else the patient is known. It is asked besides: without an answer there
 * is nothing to say of it.
 *
 * @see ITI TF-2: 3.56
 */
export async function askElsewhere(
  { homeCommunityId, patientId }: LocatedPatient,
  leftMs: number,
  { ask }: World,
): Promise<readonly LocatedPatient[]> {
  try {
    const { locations } = await ask(
      ITI_56,
      { homeCommunityId },
      { requestedPatientId: patientId },
      { deadlineMs: leftMs },
    );
    return locations.map((location) => ({
      homeCommunityId: location.homeCommunityId,
      patientId: location.correspondingPatientId,
    }));
  } catch (error) {
    if (!(error instanceof PeerFailure) && !refusalsOf(error)) throw error;
    return [];
  }
}
