import { ITI_44, type PatientMergeFeed } from '../../profiles/pix/iti-44.ts';
import { Refusal } from '../../profiles/refusal.ts';
import { PeerFailure, type World } from '../actor.ts';
import { putRecord } from './linking.ts';
import type { PatientIdentityStores } from './stores.ts';

/**
 * Merges two ids of the affinity domain: the Document Registry judges and merges first, then every record of the subsumed
 * patient becomes one of the surviving. The same message again goes on where the first was broken off.
 *
 * @throws Refusal 204 as the registry refuses; INTERR when it cannot be asked
 */
export async function mergeRegionalIds(
  request: PatientMergeFeed,
  { identities }: PatientIdentityStores,
  world: World,
): Promise<void> {
  await mergeInRegistry(request, world);
  const { surviving, subsumed } = request;
  await identities.change(async (records) => {
    for (const record of await records.recordsOf([subsumed.id])) {
      const { ids, demographics } = record;
      const fed = { ids, demographics, stored: record };
      await putRecord(fed, surviving.id, { records, issue: world });
    }
  });
}

async function mergeInRegistry(request: PatientMergeFeed, world: World): Promise<void> {
  const { ask, message } = world;
  try {
    const { code, details } = await ask(ITI_44, 'document-registry', request, { message });
    if (code === 'CA') return;
    const [detail] = details;
    throw new Refusal(detail?.code ?? '204', detail?.text ?? 'the Document Registry refused');
  } catch (error) {
    if (!(error instanceof PeerFailure)) throw error;
    throw new Refusal('INTERR', 'the Document Registry did not answer; send the merge again');
  }
}
