import { type PatientId, samePatientId } from '../../profiles/patient.ts';
import { PLACES_OF_MERGE } from '../../profiles/pix/iti-44.ts';
import { Refusal } from '../../profiles/refusal.ts';
import { type IdentityReader, pairOf } from './identity-store.ts';
import { compare } from './linking.ts';
import { type Change, regroup } from './regroup.ts';

/** One id of an authority is given up for another. */
export interface WantedMerge {
  readonly surviving: PatientId;
  readonly subsumed: PatientId;
  /** What tells the message that asks for it: the same message again is no second merge. */
  readonly message?: string;
  /** A source, as the directory names it, or an operator. */
  readonly by: string;
  readonly reason?: string;
}

/**
 * What speaks against a merge: the two are the same or of two authorities, one is not known, was subsumed before, or the
 * surviving one is itself subsumed, so that no circle comes about.
 *
 * @throws Refusal 204, at the id of the two that cannot be merged
 * @returns whether it was done before, by this very message
 */
export async function refuseMerge(
  { surviving, subsumed, message }: WantedMerge,
  records: IdentityReader,
): Promise<boolean> {
  if (surviving.assigningAuthority !== subsumed.assigningAuthority) {
    throw new Refusal('204', 'the two ids are of different assigning authorities');
  }
  if (samePatientId(surviving, subsumed)) {
    throw new Refusal('204', 'an identifier cannot be merged into itself');
  }
  const done = message === undefined ? undefined : await records.mergeOf(subsumed);
  if (done && done.message === message && samePatientId(done.surviving, surviving)) return true;
  for (const [role, id] of [
    ['surviving', surviving],
    ['subsumed', subsumed],
  ] as const) {
    const state = await records.idState(id);
    if (state && state.mergedInto === undefined) continue;
    const why = state ? 'was subsumed before' : 'is not known';
    throw new Refusal('204', `the ${role} id ${why}`, { location: PLACES_OF_MERGE[role] });
  }
  return false;
}

/**
 * Merges two chart numbers of one authority. The subsumed one is out of use, its record with it; the records that were linked
 * to it are linked to the survivor from now on, so the two patients of the region become one, unless a person has said
 * otherwise or the two would bring two ids of another authority together: then a person must look.
 *
 * @returns whether the Document Registry has something to do
 */
export async function mergeCharts(wanted: WantedMerge, change: Change): Promise<boolean> {
  const { records, issue, affinityDomain } = change;
  if (await refuseMerge(wanted, records)) return false;
  const { surviving, subsumed, message, by, reason } = wanted;
  const [survivor, loser] = [await records.recordOf(surviving), await records.recordOf(subsumed)];
  if (!survivor || !loser) throw new Refusal('204', 'one of the ids is not known');
  // An id of the affinity domain is the patient's, not the record's: it does not go over.
  const movedIds =
    survivor.number === loser.number
      ? []
      : loser.ids.filter(
          (id) => !samePatientId(id, subsumed) && id.assigningAuthority !== affinityDomain,
        );
  const befores = [loser, survivor].map(({ number, regionalId, ids }) => ({
    record: number,
    regionalId,
    ids,
  }));
  await records.mergeCharts(
    {
      subsumed,
      surviving,
      subsumedRecord: loser.number,
      survivingRecord: survivor.number,
      movedIds,
      ...(message === undefined ? {} : { message }),
    },
    issue.now(),
  );
  await records.decide(
    {
      ...pairOf(loser.number, survivor.number),
      verdict: 'merged',
      why: [],
      by,
      ...(reason === undefined ? {} : { reason }),
    },
    issue.now(),
  );
  return await regroup([survivor.number], change, unique(befores));
}

/**
 * Undoes a merge of chart numbers: the id is in use again with its own record, as it was, and the groups are formed anew.
 * Nothing will propose the same merge again.
 *
 * @throws Refusal 204 for an id that is not known, or not subsumed
 * @returns whether the Document Registry has something to do
 */
export async function unmergeCharts(
  subsumed: PatientId,
  { by, reason }: { readonly by: string; readonly reason?: string },
  change: Change,
): Promise<boolean> {
  const { records, issue, matcher } = change;
  const merge = await records.mergeOf(subsumed);
  if (!merge) throw new Refusal('204', 'the id is not subsumed');
  const { subsumedRecord, survivingRecord } = merge;
  const heir = await activeRecordOf(merge.survivingRecord, records);
  const befores = [{ record: heir.number, regionalId: heir.regionalId, ids: heir.ids }];
  const movedIds = await idsAt(heir.number, merge.movedIds, records);
  await records.unmergeCharts(
    { ...merge, movedIds },
    { regionalId: heir.regionalId, at: issue.now() },
  );
  const pair = pairOf(subsumedRecord, survivingRecord);
  const decision = await records.decide(
    { ...pair, verdict: 'unmerged', why: [], by, ...(reason === undefined ? {} : { reason }) },
    issue.now(),
  );
  if (subsumedRecord !== survivingRecord) {
    const kept = { score: 0, ruleSet: matcher.version, decision };
    await records.putPair({ ...pair, verdict: 'apart', byHand: true, ...kept });
    const [restored] = await records.recordsWith([subsumedRecord]);
    if (restored) {
      const keys = { by: matcher.version, keys: matcher.keysOf(restored) };
      await records.putKeys(subsumedRecord, keys);
      await compare(subsumedRecord, change);
    }
  }
  return await regroup([heir.number, subsumedRecord], change, befores);
}

/** Of ids that went over in a merge, those that are still there: of a chain, another merge may have been undone before. */
async function idsAt(
  number: number,
  ids: readonly PatientId[],
  records: IdentityReader,
): Promise<readonly PatientId[]> {
  const found: PatientId[] = [];
  for (const id of ids) if ((await records.idState(id))?.record === number) found.push(id);
  return found;
}

/** The record that is in use of those into which this one was merged. */
async function activeRecordOf(number: number, records: IdentityReader) {
  let at: number | undefined = number;
  while (at !== undefined) {
    const [record] = await records.recordsWith([at]);
    if (record && record.mergedInto === undefined) return record;
    at = record?.mergedInto;
  }
  throw new Refusal('204', 'the surviving record is not known');
}

function unique<One extends { readonly record: number }>(all: readonly One[]): readonly One[] {
  return [...new Map(all.map((one) => [one.record, one])).values()];
}
