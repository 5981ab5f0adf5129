import type { ChartMerge, KeptChartMerge } from '../../actors/patient-identity/identity-store.ts';
import type { PatientId } from '../../profiles/patient.ts';
import type { Reads, Writes } from './database.ts';
import type { IdentityTables } from './identity-tables.ts';

type Reading = Reads<IdentityTables>;
type Writing = Writes<IdentityTables>;

/** The merge by which an id was given up, unless it was undone. */
export async function mergeOf(
  queries: Reading,
  { id, assigningAuthority }: PatientId,
): Promise<KeptChartMerge | undefined> {
  const row = await queries
    .selectFrom('identity_merge')
    .selectAll()
    .where('assigning_authority', '=', assigningAuthority)
    .where('subsumed_id', '=', id)
    .where('undone_at', 'is', null)
    .orderBy('number', 'desc')
    .executeTakeFirst();
  if (!row) return undefined;
  return {
    number: row.number,
    subsumed: { id, assigningAuthority },
    surviving: { id: row.surviving_id, assigningAuthority },
    subsumedRecord: row.subsumed_record,
    survivingRecord: row.surviving_record,
    movedIds: JSON.parse(row.moved_ids),
    ...(row.message === null ? {} : { message: row.message }),
    at: row.merged_at,
  };
}

/** Takes an id out of use and, where another record survives, its record with it; other ids of that record go over. */
export async function mergeCharts(queries: Writing, merge: ChartMerge, at: Date): Promise<void> {
  const { subsumed, surviving, subsumedRecord, survivingRecord, movedIds } = merge;
  await setMergedInto(queries, subsumed, surviving.id);
  if (subsumedRecord !== survivingRecord) {
    for (const id of movedIds) await giveId(queries, id, survivingRecord);
    await queries
      .updateTable('identity_record')
      .set({ merged_into: survivingRecord, keyed_by: '' })
      .where('number', '=', subsumedRecord)
      .execute();
    await queries.deleteFrom('identity_key').where('record_number', '=', subsumedRecord).execute();
  }
  await queries
    .insertInto('identity_merge')
    .values({
      assigning_authority: subsumed.assigningAuthority,
      subsumed_id: subsumed.id,
      surviving_id: surviving.id,
      subsumed_record: subsumedRecord,
      surviving_record: survivingRecord,
      moved_ids: JSON.stringify(movedIds),
      message: merge.message ?? null,
      merged_at: at.toISOString(),
      undone_at: null,
    })
    .execute();
}

/** Puts the id back into use, its record with the ids that it had, under the regional id of the record that it leaves. */
export async function unmergeCharts(
  queries: Writing,
  merge: KeptChartMerge,
  { regionalId, at }: { readonly regionalId: string; readonly at: Date },
): Promise<void> {
  const { subsumed, subsumedRecord, survivingRecord, movedIds } = merge;
  await setMergedInto(queries, subsumed, null);
  if (subsumedRecord !== survivingRecord) {
    for (const id of movedIds) await giveId(queries, id, subsumedRecord);
    await queries
      .updateTable('identity_record')
      .set({ merged_into: null, regional_id: regionalId })
      .where('number', '=', subsumedRecord)
      .execute();
  }
  await queries
    .updateTable('identity_merge')
    .set({ undone_at: at.toISOString() })
    .where('number', '=', merge.number)
    .execute();
}

/** Says by which id another is subsumed; null: it is in use. */
export async function setMergedInto(
  queries: Writing,
  { id, assigningAuthority }: PatientId,
  mergedInto: string | null,
): Promise<void> {
  await queries
    .updateTable('identity_id')
    .set({ merged_into: mergedInto })
    .where('assigning_authority', '=', assigningAuthority)
    .where('id', '=', id)
    .execute();
}

async function giveId(
  queries: Writing,
  { id, assigningAuthority }: PatientId,
  record: number,
): Promise<void> {
  await queries
    .updateTable('identity_id')
    .set({ record_number: record })
    .where('assigning_authority', '=', assigningAuthority)
    .where('id', '=', id)
    .execute();
}
