import { transmissionOf } from '../../profiles/formats/hl7v3.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_46 } from '../../profiles/pix/iti-46.ts';
import { refusalsOf } from '../../profiles/refusal.ts';
import type { Issue } from '../../profiles/transaction.ts';
import { PeerFailure, type World } from '../actor.ts';
import type { IdentityWriter } from './identity-store.ts';
import type { PatientIdentityStores } from './stores.ts';

/**
 * Under which name what our own Initiating Gateway is to be told stands in the outbox of notifications; no entry of the
 * directory can have it.
 */
export const OWN_INITIATING_GATEWAY = '/initiating-gateway';

/** It is not waited for longer: a feed is. What it does not hear now it is told in the rounds. */
const DEADLINE_MS = 5_000;

/**
 * Tells our own Initiating Gateway that regional ids have changed hands, so that it forgets by which ids other communities
 * know these patients and asks anew. It is told by ITI-46, as any consumer of cross-references is, and so in this process as in
 * another: its cache of correlations is its own. It has heard before the feed or the steward is answered; where it cannot be
 * reached, it is told in the rounds until it acknowledges, and the feed goes on.
 *
 * One message an id: an ITI-46 says which ids are one patient's, and after a parting these are two.
 *
 * @returns the ids of which it has not heard: all that follow where it is away, for a feed waits meanwhile
 * @see ITI TF-2: 3.46, 3.55.4.2.2.1
 */
export async function forgetCorrelations(
  regionalIds: readonly string[],
  stores: PatientIdentityStores,
  world: World,
): Promise<readonly PatientId[]> {
  if (!stores.hasInitiatingGateway) return [];
  const { affinityDomain: assigningAuthority } = stores.community;
  const ids = regionalIds.map((id): PatientId => ({ id, assigningAuthority }));
  for (const [at, id] of ids.entries()) {
    if (!(await isHeard(id, stores, world))) return ids.slice(at);
  }
  return [];
}

/** Writes down of what the Initiating Gateway has to hear yet. */
export async function oweForgetting(
  ids: readonly PatientId[],
  { records, issue }: { readonly records: IdentityWriter; readonly issue: Issue },
): Promise<void> {
  for (const id of ids) {
    const what = { consumer: OWN_INITIATING_GATEWAY, ids: [id], messageId: issue.uuid() };
    await records.addNotification(what, issue.now());
  }
}

async function isHeard(
  patientId: PatientId,
  { community: { device } }: PatientIdentityStores,
  world: World,
): Promise<boolean> {
  const request = {
    kind: 'revise',
    transmission: transmissionOf(world, { sender: { device }, receiver: { device } }),
    ids: [patientId],
    otherIds: [],
    demographics: { names: [] },
    providerOrganization: { id: patientId.assigningAuthority },
    custodian: device,
  } as const;
  try {
    const options = { deadlineMs: DEADLINE_MS };
    return (await world.ask(ITI_46, 'initiating-gateway', request, options)).code === 'CA';
  } catch (error) {
    if (error instanceof PeerFailure || refusalsOf(error)) return false;
    throw error;
  }
}
