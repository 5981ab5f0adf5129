import { type PatientId, patientKey } from '../../profiles/patient.ts';
import {
  type AcceptAcknowledgement,
  ITI_44,
  type PatientMergeFeed,
  type PatientRegistrationFeed,
} from '../../profiles/pix/iti-44.ts';
import { Refusal } from '../../profiles/refusal.ts';
import { type Caller, type Community, feed, type World } from '../actor.ts';
import type { IdentityReader, IdentityWriter, SourceRecord } from './identity-store.ts';
import { linkedRegionalId, putRecord } from './linking.ts';
import { feedRegistry } from './registry-feed.ts';
import { mergeRegionalIds } from './merge.ts';
import type { PatientIdentityStores } from './stores.ts';

/**
 * ITI-44 Patient Identity Feed HL7 V3, as the PIX Manager answers it: add and revise, which here are one, and the merge of two
 * ids of the affinity domain. The record gets
 * the regional id that it brings, that of the patient to whom it is linked, or a new one; it is acknowledged only when the
 * Document Registry has that id.
 *
 * Ids of other domains (asOtherIDs) are the sender's word about another's patients and link nothing; an id of the
 * affinity domain among them counts only from a caller that may feed the affinity domain.
 *
 * Refuses: 204 for an authority that is unknown or not the caller's, or ids of different patients here; SYN110 for two ids
 * of the affinity domain; INTERR when the registry does not take it. Source: ITI TF-2: 3.44.4.1.3.
 */
export const patientIdentityFeed = feed(ITI_44, {
  async check(request, { community }: PatientIdentityStores, { caller }) {
    if (request.kind === 'merge') {
      checkMerge(request, community, caller);
      return;
    }
    const { ids, providerOrganization } = request;
    const roots = ids.map(({ assigningAuthority }) => assigningAuthority);
    for (const root of roots) {
      if (!community.assigningAuthorities.includes(root)) {
        throw new Refusal('204', `the assigning authority ${root} is not known here`);
      }
    }
    for (const root of [providerOrganization.id, ...roots]) {
      if (mayFeed(caller, root)) continue;
      throw new Refusal('204', `the caller does not feed the assigning authority ${root}`);
    }
    regionalIdIn(request, community, caller);
  },

  async commit(request, stores: PatientIdentityStores, world): Promise<AcceptAcknowledgement> {
    if (request.kind === 'merge') {
      await mergeRegionalIds(request, stores, world);
      return { code: 'CA', details: [] };
    }
    const { identities, community } = stores;
    const regionalId = await identities.change((records) =>
      store(request, records, { community, world }),
    );
    await feedRegistry(regionalId, stores, world);
    return { code: 'CA', details: [] };
  },
});

/** Ids of the affinity domain are merged here; which of its own records are one, a source says by feeding them. */
function checkMerge(
  { surviving: { assigningAuthority } }: PatientMergeFeed,
  { affinityDomain }: Community,
  caller: Caller,
): void {
  if (assigningAuthority !== affinityDomain) {
    throw new Refusal('204', 'only ids of the affinity domain are merged here');
  }
  if (mayFeed(caller, affinityDomain)) return;
  throw new Refusal('204', 'the caller does not feed the affinity domain');
}

function mayFeed({ kinds, assigningAuthorities }: Caller, authority: string): boolean {
  return kinds.includes('own') || assigningAuthorities.includes(authority);
}

/** The id of the affinity domain that the record brings, if it brings one. */
function regionalIdIn(
  { ids, otherIds }: PatientRegistrationFeed,
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

/** @returns the record's regional id */
async function store(
  request: PatientRegistrationFeed,
  records: IdentityWriter,
  { community, world }: { community: Community; world: World },
): Promise<string> {
  const stored = await storedRecordOf(request.ids, records);
  const known = [...(stored?.ids ?? []), ...request.ids].map((id) => [patientKey(id), id] as const);
  const ids = [...new Map(known).values()];
  const fed = { ids, demographics: request.demographics, stored };
  const regionalId =
    regionalIdIn(request, community, world.caller) ?? (await linkedRegionalId(fed, records, world));
  await putRecord(fed, regionalId, { records, issue: world });
  return regionalId;
}

/** The record that has one of these ids. Two of them would have to be merged, which only ITI-44's third message may ask. */
async function storedRecordOf(
  ids: readonly PatientId[],
  records: IdentityReader,
): Promise<SourceRecord | undefined> {
  const stored = new Map<number, SourceRecord>();
  for (const id of ids) {
    const record = await records.recordOf(id);
    if (record) stored.set(record.number, record);
  }
  if (stored.size > 1) throw new Refusal('204', 'the ids are those of different patients here');
  const [record] = stored.values();
  return record;
}
