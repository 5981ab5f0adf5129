import { type Demographics, type PatientId, patientKey } from '../../profiles/patient.ts';
import {
  type AcceptAcknowledgement,
  ITI_44,
  type PatientMergeFeed,
  type PatientRegistrationFeed,
} from '../../profiles/pix/iti-44.ts';
import { Refusal } from '../../profiles/refusal.ts';
import { type Caller, type Community, feed } from '../actor.ts';
import { earlierAnswer, rememberAnswer, sweepAnswers, wasAnswered } from './answer-once.ts';
import { mergeCharts, refuseMerge } from './chart-merge.ts';
import { heldRefusal, holdIfAnother } from './held-feed.ts';
import type { IdentityReader, SourceRecord } from './identity-store.ts';
import { boundRegistration } from './insurance-binding.ts';
import { readInsuranceIds, withNoneListed } from './insurance-ids.ts';
import { type Registered, register } from './linking.ts';
import { mergeRegionalIds, messageOf } from './merge.ts';
import type { Change } from './regroup.ts';
import { feedRegistry, settleRegistry } from './registry-feed.ts';
import { changeRecords, domainsIn, type PatientIdentityStores } from './stores.ts';
import { requireRegionalIds } from './wide-area.ts';
import { takeBack } from './wide-area-return.ts';

/**
 * ITI-44 Patient Identity Feed HL7 V3, as the PIX Manager answers it: add and revise, which here are one, and the merge of two
 * ids of one authority. The record gets
 * the regional id that it brings, that of the patient to whom it is linked, or a new one; it is acknowledged only when the
 * Document Registry has that id and has done what follows from the feed.
 *
 * Ids of other domains (asOtherIDs) are the sender's word about another's patients and link nothing; an id of the
 * affinity domain among them counts only from a caller that may feed the affinity domain, and one of an insurance-key domain
 * is read as the insurance that it tells. That she has none any more is told by that domain without an id, and by a revise that
 * lists none of a caller who feeds that domain.
 *
 * A wide-area id service takes regional ids alone, each of the network whose they are, and keeps of the person what it needs. An
 * add of an id whose merge a network has told before undoes that merge: the network has the id in use again, and ITI-44 has no
 * other message that could say so.
 *
 * The same message again is done once and answered as before.
 *
 * Refuses: 205 for a revision that tells of another person than the record under its id, which a person has to look at; 204 for
 * an authority that is unknown or not the caller's, for ids of different patients here, for an id that was
 * subsumed, and for a merge of ids that are the same, not known, subsumed before, or of two authorities; SYN110 for two ids of
 * the affinity domain; INTERR when the registry does not take it. Source: ITI TF-2: 3.44.4.1.3, 3.44.4.2.3.
 */
export const patientIdentityFeed = feed(ITI_44, {
  check: (request, stores: PatientIdentityStores, world) =>
    eitherFeed.check(request, stores, world),
  commit(request, stores: PatientIdentityStores, world) {
    const { assigningAuthorities } = world.caller;
    const whole =
      request.kind === 'revise'
        ? withNoneListed(request, assigningAuthorities, domainsIn(stores))
        : request;
    return eitherFeed.commit(whole, stores, world);
  },
});

/** What the feeds of HL7 V3 and v2 have in common: all that a message says, and nothing by what it leaves out. */
export const eitherFeed = feed(ITI_44, {
  async check(request, stores: PatientIdentityStores, world) {
    const { community, identities } = stores;
    const { caller } = world;
    const ids = request.kind === 'merge' ? [request.surviving, request.subsumed] : request.ids;
    const roots = ids.map(({ assigningAuthority }) => assigningAuthority);
    for (const root of roots) domainsIn(stores).require(root);
    if (stores.wideArea) requireRegionalIds(ids, stores.wideArea);
    const { providerOrganization } = request;
    const provider =
      request.kind === 'merge' || !providerOrganization ? [] : [providerOrganization.id];
    for (const root of [...provider, ...roots]) {
      if (mayFeed(caller, root)) continue;
      throw new Refusal('204', `the caller does not feed the assigning authority ${root}`);
    }
    if (request.kind !== 'merge') regionalIdIn(request, community, caller);
    else if (!isRegional(request, community) && !(await wasAnswered(stores, world))) {
      const wanted = { ...request, message: messageOf(world), by: caller.name };
      await identities.look((records) => refuseMerge(wanted, records));
    }
  },

  async commit(request, stores: PatientIdentityStores, world): Promise<AcceptAcknowledgement> {
    const accepted: AcceptAcknowledgement = { code: 'CA', details: [] };
    if (request.kind === 'merge') {
      if (isRegional(request, stores.community)) await mergeRegionalIds(request, stores, world);
      else {
        const { surviving, subsumed } = request;
        const wanted = { surviving, subsumed, message: messageOf(world), by: world.caller.name };
        await changeRecords(stores, world, async (change) => {
          if (await earlierAnswer(change.records, world)) return;
          await mergeCharts(wanted, change);
          await rememberAnswer(change.records, world, accepted);
        });
        await settleRegistry(stores, world);
      }
      await sweepAnswers(stores, world);
      return accepted;
    }
    const registered = await changeRecords(stores, world, async (change) => {
      const earlier = await earlierAnswer<Registered>(change.records, world);
      // It may have been cut off before the registry had done its part.
      if (earlier) return { ...earlier, isRegistryAsked: true };
      const at = { community: stores.community, caller: world.caller };
      if (request.kind === 'add') await takeBack(request.ids, world.caller.name, change);
      const told = readInsuranceIds(request, domainsIn(stores));
      const stored = await storeRegistration(told, change, at);
      if (stored !== 'held') await rememberAnswer(change.records, world, stored);
      return stored;
    });
    if (registered === 'held') throw heldRefusal();
    const { regionalId, isRegistryAsked } = registered;
    if (isRegistryAsked) await settleRegistry(stores, world);
    await feedRegistry(regionalId, stores, world);
    await sweepAnswers(stores, world);
    return accepted;
  },
});

/** What a registration says, without the message that it came in. */
export type Registration = Pick<
  PatientRegistrationFeed,
  'ids' | 'otherIds' | 'noneIn' | 'demographics' | 'unchanged'
>;

function isRegional(
  { surviving, subsumed }: PatientMergeFeed,
  { affinityDomain }: Community,
): boolean {
  return [surviving, subsumed].some(
    ({ assigningAuthority }) => assigningAuthority === affinityDomain,
  );
}

function mayFeed({ kinds, assigningAuthorities }: Caller, authority: string): boolean {
  return kinds.includes('own') || assigningAuthorities.includes(authority);
}

/** The id of the affinity domain that a registration brings, if it brings one. @throws Refusal SYN110 for two */
export function regionalIdIn(
  { ids, otherIds }: Registration,
  { affinityDomain }: Community,
  caller: Caller,
): string | undefined {
  const ofDomain = (all: readonly PatientId[]) =>
    all.filter(({ assigningAuthority }) => assigningAuthority === affinityDomain);
  const brought = [
    ...ofDomain(ids),
    ...(mayFeed(caller, affinityDomain) ? ofDomain(otherIds) : []),
  ];
  const [regional, ...others] = new Set(brought.map(({ id }) => id));
  if (others.length > 0) throw new Refusal('SYN110', 'a patient has one id of the affinity domain');
  return regional;
}

/**
 * Stores one registration, whatever brought it, and links it. It is refused before anything of it is written.
 *
 * @returns `held`: it tells of another person than the record under its id; to be refused with `heldRefusal`, but what is
 * written for the person who has to look stays
 * @throws Refusal 204, SYN110
 */
export async function storeRegistration(
  registration: Registration,
  change: Change,
  { community, caller }: { community: Community; caller: Caller },
): Promise<Registered | 'held'> {
  const { wideArea } = change;
  const request = wideArea ? boundRegistration(registration, wideArea) : registration;
  if (wideArea) requireRegionalIds(request.ids, wideArea);
  const stored = await storedRecordOf(request.ids, change.records);
  const known = [...(stored?.ids ?? []), ...request.ids].map((id) => [patientKey(id), id] as const);
  const toldRegionalId = regionalIdIn(request, community, caller);
  const fed = {
    ids: [...new Map(known).values()],
    demographics: demographicsOf(request, stored),
    ...(toldRegionalId === undefined ? {} : { toldRegionalId }),
    fedBy: caller.name,
    stored,
  };
  if (await holdIfAnother(fed, change)) return 'held';
  return await register(fed, change);
}

/** What a source leaves as it was stays. */
export function demographicsOf(
  { demographics, unchanged = [] }: Registration,
  stored: SourceRecord | undefined,
): Demographics {
  if (!stored) return demographics;
  const before = Object.entries(stored.demographics).filter(
    ([name]) =>
      unchanged.some((kept) => kept === name) ||
      // V3 tells it as another id, and v2 in a segment of its own: who does not mention it leaves it as it was.
      (name === 'insurance' && demographics.insurance === undefined),
  );
  return before.length === 0 ? demographics : { ...demographics, ...Object.fromEntries(before) };
}

/** The record that has one of these ids. Two of them would have to be merged, which only ITI-44's third message may ask. */
async function storedRecordOf(
  ids: readonly PatientId[],
  records: IdentityReader,
): Promise<SourceRecord | undefined> {
  const stored = new Map<number, SourceRecord>();
  for (const id of ids) {
    const state = await records.idState(id);
    if (state?.mergedInto !== undefined) {
      throw new Refusal('204', 'the id was subsumed by another of its authority');
    }
    const [record] = state ? await records.recordsWith([state.record]) : [];
    if (record) stored.set(record.number, record);
  }
  if (stored.size > 1) throw new Refusal('204', 'the ids are those of different patients here');
  const [record] = stored.values();
  return record;
}
