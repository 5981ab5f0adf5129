import { transmissionOf } from '../../profiles/formats/hl7v3.ts';
import { Refusal, refusalsOf } from '../../profiles/refusal.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { ITI_64 } from '../../profiles/xds/iti-64.ts';
import { PeerFailure, type World } from '../actor.ts';
import { forgetCorrelations, oweForgetting } from './correlations.ts';
import type { KeptRegistryTask } from './identity-store.ts';
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

/** So many tasks are read at a time. */
const TASKS_AT_ONCE = 50;

/**
 * Has the Document Registry do what changes of patients have left for it, in order: what follows is not done before what went
 * before. The Initiating Gateway forgets what it remembers of the regional ids concerned. What the registry refuses waits for a person, and what comes after it goes on.
 *
 * @returns how many it refused
 * @throws Refusal INTERR when the registry gives no answer: the rest is done next time
 */
export async function settleRegistry(stores: PatientIdentityStores, world: World): Promise<number> {
  const { identities } = stores;
  let refused = 0;
  for (;;) {
    const tasks = await identities.look((records) => records.registryTasks('open', TASKS_AT_ONCE));
    if (tasks.length === 0) return refused;
    for (const task of tasks) {
      // Also where the registry refuses: the patients are others than before, wherever their documents are.
      const unheard = await forgetCorrelations([task.from, task.to], stores, world);
      const refusal = await refusalOf(task, stores, world);
      await identities.change(async (records) => {
        const state = refusal === undefined ? 'done' : 'refused';
        await records.settleRegistryTask(task.number, state, refusal);
        await oweForgetting(unheard, { records, issue: world });
      });
      if (refusal !== undefined) refused += 1;
    }
  }
}

/** Undefined where it was done. */
async function refusalOf(
  task: KeptRegistryTask,
  stores: PatientIdentityStores,
  world: World,
): Promise<string | undefined> {
  try {
    if (task.kind === 'merge') await feedRegistry(task.from, stores, world);
    await feedRegistry(task.to, stores, world);
    const { status, errors } = await world.ask(ITI_64, 'document-registry', changeOf(task, stores));
    return status === 'Success' ? undefined : (errors[0]?.codeContext ?? 'refused');
  } catch (error) {
    if (error instanceof PeerFailure) {
      throw new Refusal('INTERR', 'the Document Registry did not answer; send it again', {
        cause: error,
      });
    }
    const [refusal] = refusalsOf(error) ?? [];
    if (refusal === undefined || refusal.code === 'INTERR') throw error;
    return refusal.context;
  }
}

/** What the registry is asked for a task. */
export function changeOf(
  { kind, change, from, to, moving, staying }: KeptRegistryTask,
  { community: { affinityDomain: assigningAuthority } }: PatientIdentityStores,
) {
  return {
    change,
    from: { id: from, assigningAuthority },
    to: { id: to, assigningAuthority },
    moving,
    staying,
    ...(kind === 'merge' ? { isWhole: true } : {}),
  };
}

/** Whether the Document Registry takes a regional id. @throws what is neither a refusal nor a peer's failure */
export async function isTaken(
  regionalId: string,
  { identities, community, wideArea }: PatientIdentityStores,
  world: World,
): Promise<boolean> {
  // Beneath a wide-area id service there is no registry, and nobody but itself knows these ids.
  if (wideArea) return true;
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
