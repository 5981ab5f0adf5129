import { transmissionOf } from '../../profiles/formats/hl7v3.ts';
import { Refusal, refusalsOf } from '../../profiles/refusal.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { PeerFailure, type World } from '../actor.ts';
import type { PatientIdentityStores } from './stores.ts';

/**
 * Makes a regional id known to the Document Registry, if the registry has not acknowledged it before.
 *
 * @throws Refusal INTERR when the registry does not take it: it stays unconfirmed, and is fed again next time
 */
export async function feedRegistry(
  regionalId: string,
  stores: PatientIdentityStores,
  world: World,
): Promise<void> {
  const { identities } = stores;
  if (await identities.look((records) => records.isConfirmed(regionalId))) return;
  if (!(await isTaken(regionalId, stores, world))) {
    throw new Refusal('INTERR', 'the Document Registry did not take the patient; send her again');
  }
  await identities.change((records) => records.confirm(regionalId));
}

/** A start feeds at most so many; the rest follow when their patients are fed again. */
const MOST_AT_ONCE = 10_000;

/**
 * Feeds again what the Document Registry has not acknowledged, such as after a crash between our store and the registry.
 *
 * @returns how many regional ids the registry still does not have
 */
export async function feedUnconfirmed(
  stores: PatientIdentityStores,
  world: World,
): Promise<number> {
  const { identities } = stores;
  const waiting = await identities.look((records) => records.unconfirmed(MOST_AT_ONCE));
  let refused = 0;
  for (const regionalId of waiting) {
    if (await isTaken(regionalId, stores, world)) {
      await identities.change((records) => records.confirm(regionalId));
    } else refused += 1;
  }
  return refused;
}

async function isTaken(
  regionalId: string,
  { identities, community }: PatientIdentityStores,
  world: World,
): Promise<boolean> {
  const { affinityDomain, device } = community;
  const [record] = await identities.look((records) => records.recordsOf([regionalId]));
  try {
    const { code } = await world.ask(ITI_44, 'document-registry', {
      kind: 'add',
      transmission: transmissionOf(world, { sender: { device }, receiver: { device } }),
      ids: [{ id: regionalId, assigningAuthority: affinityDomain }],
      otherIds: [],
      demographics: record?.demographics ?? { names: [] },
      providerOrganization: { id: affinityDomain },
      custodian: device,
    });
    return code === 'CA';
  } catch (error) {
    if (error instanceof PeerFailure || refusalsOf(error)) return false;
    throw error;
  }
}
