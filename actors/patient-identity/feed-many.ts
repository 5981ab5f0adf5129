import { Refusal, refusalsOf } from '../../profiles/refusal.ts';
import type { World } from '../actor.ts';
import { heldRefusal } from './held-feed.ts';
import type { IdentityReader, SourceRecord } from './identity-store.ts';
import { readInsuranceIds } from './insurance-ids.ts';
import {
  demographicsOf,
  type Registration,
  storeRegistration,
} from './iti-44-patient-identity-feed-hl7v3.ts';
import type { Change } from './regroup.ts';
import { isTaken, settleRegistry } from './registry-feed.ts';
import { changeRecords, domainsIn, type PatientIdentityStores } from './stores.ts';

/** What became of one registration of many. */
export type FeedOutcome =
  | { readonly kind: 'added' | 'revised'; readonly regionalId: string }
  /** It said nothing new, and nothing was done. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly code: string; readonly reason: string };

/** So many regional ids are asked of the Document Registry at a time. */
const REGISTRY_AT_ONCE = 256;

/**
 * Registrations in one change. Within a change SQLite keeps, for each statement that could fail half-way, the pages that it
 * alters: a long one costs several times as much a row as a short one, and holds up all others for as long.
 */
const AT_ONCE = 50;

/**
 * Feeds many registrations, so many in one change: each as ITI-44 would, in order, and one that is refused leaves the others
 * be. What the Document Registry has to know of them is told behind them; what it does not take, it is told again at the next
 * start.
 *
 * @throws nothing that concerns one registration alone; then those of the changes before are stored, and say nothing new when
 * they come again
 */
export async function feedMany(
  registrations: readonly Registration[],
  stores: PatientIdentityStores,
  world: World,
): Promise<readonly FeedOutcome[]> {
  const outcomes: FeedOutcome[] = [];
  let isRegistryAsked = false;
  for (let start = 0; start < registrations.length; start += AT_ONCE) {
    const some = registrations.slice(start, start + AT_ONCE);
    const fed = await changeRecords(stores, world, (change) =>
      feedAll(some, change, { stores, world }),
    );
    outcomes.push(...fed.outcomes);
    isRegistryAsked ||= fed.isRegistryAsked;
  }
  if (isRegistryAsked) await settleRegistry(stores, world);
  const regionalIds = outcomes.flatMap((outcome) =>
    'regionalId' in outcome ? [outcome.regionalId] : [],
  );
  await confirmMany(regionalIds, stores, world);
  return outcomes;
}

/** All that it fills it makes afresh: a change that comes in another's way runs again. */
async function feedAll(
  registrations: readonly Registration[],
  change: Change,
  { stores, world: { caller } }: { stores: PatientIdentityStores; world: World },
): Promise<{ readonly outcomes: readonly FeedOutcome[]; readonly isRegistryAsked: boolean }> {
  const { community } = stores;
  const domains = domainsIn(stores);
  const outcomes: FeedOutcome[] = [];
  let isRegistryAsked = false;
  for (const told of registrations) {
    try {
      const registration = readInsuranceIds(told, domains);
      for (const { assigningAuthority } of registration.ids) domains.require(assigningAuthority);
      const stored = await storedAs(registration, change.records);
      if (stored && saysNothingNew(registration, stored)) {
        outcomes.push({ kind: 'unchanged' });
        continue;
      }
      const registered = await storeRegistration(registration, change, { community, caller });
      if (registered === 'held') throw heldRefusal();
      isRegistryAsked ||= registered.isRegistryAsked;
      const { regionalId } = registered;
      outcomes.push({ kind: stored ? 'revised' : 'added', regionalId });
    } catch (error) {
      outcomes.push(refusedFor(error));
    }
  }
  return { outcomes, isRegistryAsked };
}

function refusedFor(error: unknown): FeedOutcome {
  const [refusal] = refusalsOf(error) ?? [];
  if (!(refusal instanceof Refusal)) throw error;
  return { kind: 'refused', code: refusal.code, reason: refusal.context };
}

async function storedAs(
  { ids }: Registration,
  records: IdentityReader,
): Promise<SourceRecord | undefined> {
  const [first] = ids;
  return first && (await records.recordOf(first));
}

/** All its ids are the record's, and so is all that it says of the person. */
function saysNothingNew(registration: Registration, stored: SourceRecord): boolean {
  const isKnown = registration.ids.every(({ id, assigningAuthority }) =>
    stored.ids.some((own) => own.id === id && own.assigningAuthority === assigningAuthority),
  );
  if (!isKnown || registration.otherIds.length > 0) return false;
  return canonical(demographicsOf(registration, stored)) === canonical(stored.demographics);
}

/** As text in which the order of members makes no difference. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  );
}

/**
 * Makes regional ids known to the Document Registry that it has not acknowledged before.
 *
 * @returns how many it did not take: they are told to it again at the next start
 */
export async function confirmMany(
  regionalIds: readonly string[],
  stores: PatientIdentityStores,
  world: World,
): Promise<number> {
  const { identities } = stores;
  const all = [...new Set(regionalIds)];
  let missing = 0;
  for (let start = 0; start < all.length; start += REGISTRY_AT_ONCE) {
    const some = all.slice(start, start + REGISTRY_AT_ONCE);
    const waiting = await identities.look(async (records) => {
      const unconfirmed: string[] = [];
      for (const id of some) if (!(await records.isConfirmed(id))) unconfirmed.push(id);
      return unconfirmed;
    });
    const taken = await Promise.all(waiting.map((id) => isTaken(id, stores, world)));
    const confirmed = waiting.filter((_, at) => taken[at]);
    missing += waiting.length - confirmed.length;
    if (confirmed.length === 0) continue;
    await identities.change(async (records) => {
      for (const id of confirmed) await records.confirm(id);
    });
  }
  return missing;
}
