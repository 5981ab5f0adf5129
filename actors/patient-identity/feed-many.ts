import { type PatientId, samePatientId } from '../../profiles/patient.ts';
import { Refusal, refusalsOf } from '../../profiles/refusal.ts';
import type { World } from '../actor.ts';
import { mergeCharts } from './chart-merge.ts';
import { heldRefusal } from './held-feed.ts';
import type { IdentityReader, SourceRecord } from './identity-store.ts';
import { readInsuranceIds } from './insurance-ids.ts';
import {
  demographicsOf,
  type Registration,
  regionalIdIn,
  storeRegistration,
} from './iti-44-patient-identity-feed-hl7v3.ts';
import type { Change } from './regroup.ts';
import { isTaken, settleRegistry } from './registry-feed.ts';
import { changeRecords, domainsIn, type PatientIdentityStores } from './stores.ts';
import { requireRegionalIds } from './wide-area.ts';

/** One id of an authority is given up for another, as A40 says. */
export interface FedMerge {
  readonly surviving: PatientId;
  readonly subsumed: PatientId;
}

/** One of many that are fed. */
export type Fed = Registration | FedMerge;

/** The ids that it names. */
export function idsOfFed(fed: Fed): readonly PatientId[] {
  return 'subsumed' in fed ? [fed.surviving, fed.subsumed] : fed.ids;
}

/** What became of one of many. */
export type FeedOutcome =
  | { readonly kind: 'added' | 'revised'; readonly regionalId: string }
  | { readonly kind: 'merged' }
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
 * Feeds many registrations and merges, so many in one change: each as ITI-44 would, in order, and one that is refused leaves
 * the others be. What was done before says nothing new: a merge, and the registration of an id that was merged since. Ids of
 * the affinity domain are not merged so: the Document Registry has to judge each. What the Document Registry has to know of them is told behind them; what it does not take, it is told again at the next
 * start.
 *
 * @throws nothing that concerns one registration alone; then those of the changes before are stored, and say nothing new when
 * they come again
 */
export async function feedMany(
  fed: readonly Fed[],
  stores: PatientIdentityStores,
  world: World,
): Promise<readonly FeedOutcome[]> {
  const outcomes: FeedOutcome[] = [];
  let isRegistryAsked = false;
  for (let start = 0; start < fed.length; start += AT_ONCE) {
    const some = fed.slice(start, start + AT_ONCE);
    const done = await changeRecords(stores, world, (change) =>
      feedAll(some, change, { stores, world }),
    );
    outcomes.push(...done.outcomes);
    isRegistryAsked ||= done.isRegistryAsked;
  }
  if (isRegistryAsked) await settleRegistry(stores, world);
  const regionalIds = outcomes.flatMap((outcome) =>
    'regionalId' in outcome ? [outcome.regionalId] : [],
  );
  await confirmMany(regionalIds, stores, world);
  return outcomes;
}

interface FedWith {
  readonly stores: PatientIdentityStores;
  readonly world: World;
}

interface Done {
  readonly outcome: FeedOutcome;
  readonly isRegistryAsked: boolean;
}

/** All that it fills it makes afresh: a change that comes in another's way runs again. */
async function feedAll(
  all: readonly Fed[],
  change: Change,
  fedWith: FedWith,
): Promise<{ readonly outcomes: readonly FeedOutcome[]; readonly isRegistryAsked: boolean }> {
  const outcomes: FeedOutcome[] = [];
  let isRegistryAsked = false;
  for (const fed of all) {
    try {
      const done =
        'subsumed' in fed
          ? await mergeOne(fed, change, fedWith)
          : await registerOne(fed, change, fedWith);
      isRegistryAsked ||= done.isRegistryAsked;
      outcomes.push(done.outcome);
    } catch (error) {
      outcomes.push(refusedFor(error));
    }
  }
  return { outcomes, isRegistryAsked };
}

const UNCHANGED: Done = { outcome: { kind: 'unchanged' }, isRegistryAsked: false };

async function registerOne(
  fed: Registration,
  change: Change,
  { stores, world: { caller } }: FedWith,
): Promise<Done> {
  const { community } = stores;
  const domains = domainsIn(stores);
  const registration = readInsuranceIds(fed, domains);
  for (const { assigningAuthority } of registration.ids) domains.require(assigningAuthority);
  const stored = await storedAs(registration, change.records);
  const told = regionalIdIn(registration, community, caller);
  if (stored && saysNothingNew(registration, stored, told)) return UNCHANGED;
  if (!stored && (await wasMergedSince(registration, change.records))) return UNCHANGED;
  const registered = await storeRegistration(registration, change, { community, caller });
  if (registered === 'held') throw heldRefusal();
  const { regionalId, isRegistryAsked } = registered;
  return { outcome: { kind: stored ? 'revised' : 'added', regionalId }, isRegistryAsked };
}

/** @throws Refusal 204 as for a merge that is fed, and for ids of the affinity domain */
async function mergeOne(
  { surviving, subsumed }: FedMerge,
  change: Change,
  { stores, world: { caller } }: FedWith,
): Promise<Done> {
  const { community, wideArea } = stores;
  const ids = [surviving, subsumed];
  const domains = domainsIn(stores);
  for (const { assigningAuthority } of ids) {
    domains.require(assigningAuthority);
    if (assigningAuthority !== community.affinityDomain) continue;
    throw new Refusal('204', 'ids of the affinity domain are merged by a feed alone');
  }
  if (wideArea) requireRegionalIds(ids, wideArea);
  const before = await change.records.mergeOf(subsumed);
  if (before && samePatientId(before.surviving, surviving)) return UNCHANGED;
  const isRegistryAsked = await mergeCharts({ surviving, subsumed, by: caller.name }, change);
  return { outcome: { kind: 'merged' }, isRegistryAsked };
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
function saysNothingNew(
  registration: Registration,
  stored: SourceRecord,
  toldRegionalId: string | undefined,
): boolean {
  const isKnown = registration.ids.every((id) => stored.ids.some((own) => samePatientId(own, id)));
  if (!isKnown) return false;
  if (toldRegionalId !== undefined && toldRegionalId !== stored.toldRegionalId) return false;
  return saysAgain(registration, stored);
}

function saysAgain(registration: Registration, stored: SourceRecord): boolean {
  return canonical(demographicsOf(registration, stored)) === canonical(stored.demographics);
}

/** Its ids are of one record that was merged since, and it says what a version of that record said before. */
async function wasMergedSince(
  registration: Registration,
  records: IdentityReader,
): Promise<boolean> {
  const numbers = new Set<number>();
  for (const id of registration.ids) {
    const state = await records.idState(id);
    if (state?.mergedInto === undefined) return false;
    numbers.add(state.record);
  }
  const [record, another] = await records.recordsWith([...numbers]);
  if (!record || another || record.mergedInto === undefined) return false;
  const versions = await records.versionsOf(record.number);
  return versions.some(({ demographics }) => saysAgain(registration, { ...record, demographics }));
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
