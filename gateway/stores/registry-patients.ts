import type { PatientId } from '../../profiles/patient.ts';
import { CompiledQuery, type Reads, type Writes } from './database.ts';
import { inSlices } from './in-slices.ts';
import { patientInHead, type RegistryTables } from './registry-rows.ts';

type Reading = Reads<RegistryTables>;
type Writing = Writes<RegistryTables>;

interface Change {
  /** As its asker names it. */
  readonly change?: string;
  readonly from: PatientId;
  readonly to: PatientId;
}

/** Gives a patient's objects, and those whom he has subsumed, to another of the same authority. */
export async function mergePatients(
  queries: Writing,
  {
    subsumed,
    surviving,
    change: name,
  }: { subsumed: PatientId; surviving: PatientId; change?: string },
): Promise<void> {
  const authority = subsumed.assigningAuthority;
  await queries
    .updateTable('registry_patient')
    .set({ merged_into: surviving.id })
    .where('assigning_authority', '=', authority)
    .where('id', '=', subsumed.id)
    .execute();
  // One way through an index each: with both in one statement SQLite looks at every patient of the authority.
  for (const column of ['id', 'surviving_id'] as const) {
    await queries
      .updateTable('registry_patient')
      .set({ surviving_id: surviving.id })
      .where('assigning_authority', '=', authority)
      .where(column, '=', subsumed.id)
      .execute();
  }
  const change: Change = {
    from: subsumed,
    to: surviving,
    ...(name === undefined ? {} : { change: name }),
  };
  const number = await keepChange(queries, change);
  const kept = CompiledQuery.raw(
    'INSERT INTO registry_moved_object (object_number, change_number) SELECT number, ? FROM registry_object WHERE patient_authority = ? AND patient_id = ?',
    [number, authority, subsumed.id],
  );
  await queries.executeQuery(kept);
  await queries.executeQuery(givingOf(change));
}

/** Gives some objects of a patient to another, and keeps which they were. */
export async function moveObjects(
  queries: Writing,
  entryUUIDs: readonly string[],
  change: Change,
): Promise<void> {
  const number = await keepChange(queries, change);
  await inSlices(entryUUIDs, async (slice) => {
    const objects = await queries
      .selectFrom('registry_object')
      .select('number')
      .where('entry_uuid', 'in', slice)
      .where('patient_authority', '=', change.from.assigningAuthority)
      .where('patient_id', '=', change.from.id)
      .execute();
    if (objects.length === 0) return [];
    await queries
      .insertInto('registry_moved_object')
      .values(objects.map((object) => ({ object_number: object.number, change_number: number })))
      .execute();
    await queries.executeQuery(givingOf(change, slice));
    return [];
  });
}

/** The content of an object does not hold its patient: the column is what is searched, the head what a query shows. */
function givingOf({ from, to }: Change, entryUUIDs?: readonly string[]): CompiledQuery {
  const among =
    entryUUIDs === undefined ? '' : ` AND entry_uuid IN (${entryUUIDs.map(() => '?').join(', ')})`;
  return CompiledQuery.raw(
    `UPDATE registry_object SET patient_id = ?, head = replace(head, ?, ?) WHERE patient_authority = ? AND patient_id = ?${among}`,
    [
      to.id,
      patientInHead(from),
      patientInHead(to),
      from.assigningAuthority,
      from.id,
      ...(entryUUIDs ?? []),
    ],
  );
}

async function keepChange(queries: Writing, { change, from, to }: Change): Promise<number> {
  const { number } = await queries
    .insertInto('registry_patient_change')
    .values({
      change_id: change ?? null,
      assigning_authority: from.assigningAuthority,
      from_id: from.id,
      to_id: to.id,
    })
    .returning('number')
    .executeTakeFirstOrThrow();
  return number;
}

/** Makes a patient who was subsumed active again, with those whom he had subsumed himself. */
export async function restorePatient(
  queries: Writing,
  { id, assigningAuthority }: PatientId,
): Promise<void> {
  await queries
    .updateTable('registry_patient')
    .set({ surviving_id: null, merged_into: null })
    .where('assigning_authority', '=', assigningAuthority)
    .where('id', '=', id)
    .execute();
  for (const own of await subsumedBy(queries, { id, assigningAuthority })) {
    await queries
      .updateTable('registry_patient')
      .set({ surviving_id: id })
      .where('assigning_authority', '=', assigningAuthority)
      .where('id', '=', own)
      .execute();
  }
}

/** Those whom a patient has subsumed, by whatever number of steps. */
async function subsumedBy(
  queries: Reading,
  { id, assigningAuthority }: PatientId,
): Promise<readonly string[]> {
  const found = new Set<string>();
  let into: readonly string[] = [id];
  while (into.length > 0) {
    const rows = await inSlices(into, (slice) =>
      queries
        .selectFrom('registry_patient')
        .select('id')
        .where('assigning_authority', '=', assigningAuthority)
        .where('merged_into', 'in', slice)
        .execute(),
    );
    into = rows.map((row) => row.id).filter((one) => !found.has(one));
    for (const one of into) found.add(one);
  }
  return [...found];
}

/** Which of these objects a change has taken from the patient, or from one whom he had subsumed. */
export async function movedFrom(
  queries: Reading,
  patient: PatientId,
  entryUUIDs: readonly string[],
): Promise<readonly string[]> {
  const from = [patient.id, ...(await subsumedBy(queries, patient))];
  const changes = await inSlices(from, (slice) =>
    queries
      .selectFrom('registry_patient_change')
      .select('number')
      .where('assigning_authority', '=', patient.assigningAuthority)
      .where('from_id', 'in', slice)
      .execute(),
  );
  const numbers = new Set(changes.map(({ number }) => number));
  const moved = await inSlices(entryUUIDs, (slice) =>
    queries
      .selectFrom('registry_object')
      .innerJoin(
        'registry_moved_object',
        'registry_moved_object.object_number',
        'registry_object.number',
      )
      .select(['entry_uuid', 'change_number'])
      .where('entry_uuid', 'in', slice)
      .execute(),
  );
  return [
    ...new Set(
      moved.flatMap(({ entry_uuid, change_number }) =>
        numbers.has(change_number) ? [entry_uuid] : [],
      ),
    ),
  ];
}

/** Whether a change that its asker has named was made. */
export async function wasChanged(queries: Reading, change: string): Promise<boolean> {
  const row = await queries
    .selectFrom('registry_patient_change')
    .select('number')
    .where('change_id', '=', change)
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether the first was subsumed by the second itself. */
export async function isSubsumedBy(
  queries: Reading,
  { id, assigningAuthority }: PatientId,
  surviving: PatientId,
): Promise<boolean> {
  const row = await queries
    .selectFrom('registry_patient')
    .select('id')
    .where('assigning_authority', '=', assigningAuthority)
    .where('id', '=', id)
    .where('merged_into', '=', surviving.id)
    .executeTakeFirst();
  return row !== undefined;
}
