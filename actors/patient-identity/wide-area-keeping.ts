import { type PatientId, patientKey } from '../../profiles/patient.ts';
import type { IdentityReader } from './identity-store.ts';
import type { Change } from './regroup.ts';
import { type Steward, StewardRefusal, type Stewarding } from './stewarding.ts';
import { changeRecords, type PatientIdentityStores } from './stores.ts';
import { handedOut, tellConsumers } from './telling.ts';
import type { WideArea, WideAreaId } from './wide-area.ts';
import {
  issueWideAreaId,
  networkPatients,
  regionalIdBehind,
  regionalIdsOfPerson,
} from './wide-area-ids.ts';

/** Where a person is known, as the operator of the service sees it. */
export interface Resolved {
  readonly asked: PatientId;
  /** The network's own id that is meant. */
  readonly regionalId: PatientId;
  /** `retired` also where the patient has no id any more that is handed out. */
  readonly state: WideAreaId['state'];
  /** In each network that knows the person; empty where she is retired. */
  readonly communities: readonly {
    readonly homeCommunityId: string;
    readonly wideAreaId: PatientId;
  }[];
}

/** The ids of a person in each network, by any id of hers at the service; undefined for an id that was never used. */
export async function resolveWideArea(
  asked: PatientId,
  stores: PatientIdentityStores,
): Promise<Resolved | undefined> {
  const wideArea = wideAreaIn(stores);
  return await stores.identities.look(async (records) => {
    const regionalId = await regionalIdBehind(asked, wideArea, records);
    if (!regionalId) return undefined;
    const person = await regionalIdsOfPerson(regionalId, records);
    const patients = await networkPatients(person, wideArea, records);
    const issued = (await records.wideAreaId(asked))?.state ?? 'current';
    const isHere = patients.some((one) => patientKey(one.regionalId) === patientKey(regionalId));
    const state = isHere ? issued : 'retired';
    const communities = patients.map(({ network: { homeCommunityId }, wideAreaId }) => ({
      homeCommunityId,
      wideAreaId,
    }));
    return { asked, regionalId, state, communities: state === 'retired' ? [] : communities };
  });
}

/** How a network's patient stands after a change of her ids. */
export interface Reissued {
  readonly regionalId: PatientId;
  /** Absent: she has none any more. */
  readonly wideAreaId?: PatientId;
}

/**
 * Takes a network's patient out of the service: no id of hers there is answered or handed out any more. Her links stay, so that
 * a new id, should one be issued, stands where the old one stood.
 *
 * @throws StewardRefusal for an id that names nobody, or that is retired
 */
export async function retireWideAreaId(
  asked: PatientId,
  steward: Steward,
  stewarding: Stewarding,
): Promise<Reissued> {
  return await changeIds(asked, stewarding, async (regionalId, { change }) => {
    const { records, issue } = change;
    const all = await issuedFor(regionalId, records);
    if (!all.some(({ state }) => state === 'current')) {
      throw new StewardRefusal('the patient has no id here any more');
    }
    for (const one of all) {
      await records.putWideAreaId({ ...one, state: 'retired' }, { ...steward, at: issue.now() });
    }
    return undefined;
  });
}

/**
 * Issues another id for a network's patient, in place of the one that she has, or after she was retired. Queries by the old one
 * are answered still, but for a retired one; it is not handed out any more. Links are not touched.
 *
 * @throws StewardRefusal for an id that names nobody
 */
export async function reissueWideAreaId(
  asked: PatientId,
  steward: Steward,
  stewarding: Stewarding,
): Promise<Reissued> {
  return await changeIds(asked, stewarding, async (regionalId, { change, wideArea }) => {
    const { records, issue } = change;
    for (const one of await records.wideAreaIdsOf([regionalId])) {
      if (one.state !== 'current') continue;
      await records.putWideAreaId({ ...one, state: 'former' }, { ...steward, at: issue.now() });
    }
    return await issueWideAreaId(regionalId, wideArea, { ...change, ...steward });
  });
}

/** Changes ids of one patient, and has the networks told that know the person. */
async function changeIds(
  asked: PatientId,
  { stores, world }: Stewarding,
  work: (
    regionalId: PatientId,
    at: { readonly change: Change; readonly wideArea: WideArea },
  ) => Promise<PatientId | undefined>,
): Promise<Reissued> {
  const wideArea = wideAreaIn(stores);
  return await changeRecords(stores, world, async (change) => {
    const { records } = change;
    const regionalId = await regionalIdBehind(asked, wideArea, records);
    if (!regionalId) throw new StewardRefusal('the id is not known, or was subsumed by another');
    const person = await regionalIdsOfPerson(regionalId, records);
    const before = await handedOut(person, change);
    const wideAreaId = await work(regionalId, { change, wideArea });
    const after = [await handedOut(person, change)];
    // Of what it knew through the service the network of a retired patient has to forget all: she is hers alone.
    if (wideAreaId === undefined) after.push([regionalId]);
    await tellConsumers({ before: [before], after }, change);
    return { regionalId, ...(wideAreaId === undefined ? {} : { wideAreaId }) };
  });
}

/** Every id that was issued for this regional id, or for one that it has subsumed. */
async function issuedFor(
  regionalId: PatientId,
  records: IdentityReader,
): Promise<readonly WideAreaId[]> {
  const record = await records.recordOf(regionalId);
  if (!record) return [];
  const merged = await records.mergedInto([record.number]);
  const every = await records.everyIdOf([record.number, ...merged.map(({ number }) => number)]);
  const into = new Map(every.map((id) => [patientKey(id), id]));
  const leadsHere = (id: PatientId): boolean => {
    if (patientKey(id) === patientKey(regionalId)) return true;
    const next = into.get(patientKey(id))?.mergedInto;
    return next !== undefined && leadsHere({ ...id, id: next });
  };
  return await records.wideAreaIdsOf(
    every
      .map(({ id, assigningAuthority }) => ({ id, assigningAuthority }))
      .filter((id) => leadsHere(id)),
  );
}

function wideAreaIn({ wideArea }: PatientIdentityStores): WideArea {
  if (wideArea) return wideArea;
  throw new StewardRefusal('this is no wide-area id service');
}
