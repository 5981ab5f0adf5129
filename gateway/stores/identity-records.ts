import type {
  Membership,
  SourceRecord,
  WrittenRecord,
} from '../../actors/patient-identity/identity-store.ts';
import type { NameKeys } from '../../actors/patient-identity/names.ts';
import type { PatientId } from '../../profiles/patient.ts';
import type { Reads, Selectable, Writes } from './database.ts';
import type { IdentityTables } from './identity-tables.ts';
import { inSlices } from './in-slices.ts';

type Reading = Reads<IdentityTables>;
type Writing = Writes<IdentityTables>;

/** What a record is made of. */
export const RECORD_COLUMNS = [
  'identity_record.number',
  'identity_record.regional_id',
  'identity_record.home_regional_id',
  'identity_record.told_regional_id',
  'identity_record.merged_into',
  'identity_record.version',
  'identity_record.demographics',
] as const;

type RecordRow = Pick<
  Selectable<IdentityTables['identity_record']>,
  | 'number'
  | 'regional_id'
  | 'home_regional_id'
  | 'told_regional_id'
  | 'merged_into'
  | 'version'
  | 'demographics'
>;

/** Records, merged ones too, in no order. */
export function selectRecords(queries: Reading) {
  return queries.selectFrom('identity_record').select(RECORD_COLUMNS);
}

/** Active records, the one revised last first; of two revised together, that which was stored last. */
export function selectActive(queries: Reading) {
  return selectRecords(queries)
    .where('merged_into', 'is', null)
    .orderBy('revised_at', 'desc')
    .orderBy('number', 'desc');
}

/** The active record that has the id in use. */
export async function recordOf(
  queries: Reading,
  { id, assigningAuthority }: PatientId,
): Promise<SourceRecord | undefined> {
  const row = await queries
    .selectFrom('identity_id')
    .innerJoin('identity_record', 'identity_record.number', 'identity_id.record_number')
    .select(RECORD_COLUMNS)
    .where('assigning_authority', '=', assigningAuthority)
    .where('id', '=', id)
    .where('identity_id.merged_into', 'is', null)
    .executeTakeFirst();
  return row && (await recordsFrom(queries, [row]))[0];
}

/** The records of these rows with their ids, in the same order. */
export async function recordsFrom(
  queries: Reading,
  rows: readonly RecordRow[],
): Promise<readonly SourceRecord[]> {
  const ids = new Map<number, PatientId[]>(rows.map(({ number }) => [number, []]));
  const told = await inSlices([...ids.keys()], (slice) =>
    queries
      .selectFrom('identity_id')
      .select(['id', 'assigning_authority', 'record_number'])
      .where('record_number', 'in', slice)
      .where('merged_into', 'is', null)
      .orderBy('assigning_authority')
      .orderBy('id')
      .execute(),
  );
  for (const { id, assigning_authority, record_number } of told) {
    ids.get(record_number)?.push({ id, assigningAuthority: assigning_authority });
  }
  return rows.map((row) => ({
    number: row.number,
    ids: ids.get(row.number) ?? [],
    demographics: JSON.parse(row.demographics),
    regionalId: row.regional_id,
    homeRegionalId: row.home_regional_id ?? row.regional_id,
    ...(row.told_regional_id === null ? {} : { toldRegionalId: row.told_regional_id }),
    ...(row.merged_into === null ? {} : { mergedInto: row.merged_into }),
    version: row.version,
  }));
}

/** Takes a new record, or puts this one in the place of that with its number; each is kept as a version. */
export async function putRecord(
  queries: Writing,
  record: WrittenRecord,
  at: Date,
): Promise<number> {
  const { demographics, toldRegionalId, ids, fedBy = '' } = record;
  const columns = {
    birth_date: demographics.birthTime?.slice(0, 8) ?? null,
    administrative_gender: demographics.administrativeGender ?? null,
    demographics: JSON.stringify(demographics),
    revised_at: at.toISOString(),
    ...(toldRegionalId === undefined ? {} : { told_regional_id: toldRegionalId }),
  };
  const { number, version } =
    record.number === undefined
      ? await queries
          .insertInto('identity_record')
          .values({ ...columns, regional_id: '', keyed_by: '', version: 1 })
          .returning(['number', 'version'])
          .executeTakeFirstOrThrow()
      : await queries
          .updateTable('identity_record')
          .set(({ eb }) => ({ ...columns, version: eb('version', '+', 1) }))
          .where('number', '=', record.number)
          .returning(['number', 'version'])
          .executeTakeFirstOrThrow();
  await putIds(queries, number, ids);
  await putNames(queries, number, { names: record.names, birthDate: columns.birth_date ?? '' });
  const { mothersNames = [] } = record;
  // Nearly all new records have none.
  if (record.number !== undefined || mothersNames.length > 0) {
    await putMothersNames(queries, number, mothersNames);
  }
  await queries
    .insertInto('identity_record_version')
    .values({
      record_number: number,
      version,
      ids: JSON.stringify(ids),
      demographics: columns.demographics,
      fed_by: fedBy,
      revised_at: columns.revised_at,
    })
    .execute();
  return number;
}

/** Those that were given up stay as they are. */
async function putIds(queries: Writing, number: number, ids: readonly PatientId[]): Promise<void> {
  await queries
    .deleteFrom('identity_id')
    .where('record_number', '=', number)
    .where('merged_into', 'is', null)
    .execute();
  for (const { id, assigningAuthority } of ids) {
    await queries
      .insertInto('identity_id')
      .values({
        id,
        assigning_authority: assigningAuthority,
        record_number: number,
        merged_into: null,
      })
      .execute();
  }
}

async function putNames(
  queries: Writing,
  number: number,
  { names, birthDate }: { readonly names: readonly NameKeys[]; readonly birthDate: string },
): Promise<void> {
  await queries.deleteFrom('identity_name').where('record_number', '=', number).execute();
  if (names.length === 0) return;
  await queries
    .insertInto('identity_name')
    .values(
      names.map(({ family, given }, position) => ({
        record_number: number,
        position,
        full_name: '',
        family,
        given,
        birth_date: birthDate,
      })),
    )
    .execute();
}

async function putMothersNames(
  queries: Writing,
  number: number,
  names: readonly NameKeys[],
): Promise<void> {
  await queries.deleteFrom('identity_mothers_name').where('record_number', '=', number).execute();
  if (names.length === 0) return;
  await queries
    .insertInto('identity_mothers_name')
    .values(
      names.map(({ family, given }, position) => ({
        ...{ record_number: number, position },
        ...{ family, given },
      })),
    )
    .execute();
}

/** What a record is found by when it is matched, and by its names. */
export async function putKeys(
  queries: Writing,
  number: number,
  {
    by,
    keys,
    names,
  }: {
    readonly by: string;
    readonly keys: readonly string[];
    readonly names?: readonly NameKeys[];
  },
): Promise<void> {
  if (names) {
    const row = await queries
      .selectFrom('identity_record')
      .select('birth_date')
      .where('number', '=', number)
      .executeTakeFirst();
    await putNames(queries, number, { names, birthDate: row?.birth_date ?? '' });
  }
  await queries.deleteFrom('identity_key').where('record_number', '=', number).execute();
  const distinct = [...new Set(keys)];
  if (distinct.length > 0) {
    await queries
      .insertInto('identity_key')
      .values(distinct.map((key) => ({ key, record_number: number })))
      .execute();
  }
  await queries
    .updateTable('identity_record')
    .set({ keyed_by: by })
    .where('number', '=', number)
    .execute();
}

/** Active records that have one of the keys. A key that more than `most` have says nothing. */
export async function recordsWithKeys(
  queries: Reading,
  keys: readonly string[],
  most: number,
): Promise<readonly SourceRecord[]> {
  const numbers = new Set<number>();
  for (const key of new Set(keys)) {
    const rows = await queries
      .selectFrom('identity_key')
      .select('record_number')
      .where('key', '=', key)
      .limit(most + 1)
      .execute();
    if (rows.length > most) continue;
    for (const { record_number } of rows) numbers.add(record_number);
  }
  const rows = await inSlices([...numbers], (slice) =>
    selectActive(queries).where('number', 'in', slice).execute(),
  );
  return await recordsFrom(queries, rows);
}

/** In the order in which they began. */
export async function membershipsOf(
  queries: Reading,
  numbers: readonly number[],
): Promise<readonly Membership[]> {
  const rows = await inSlices(numbers, (slice) =>
    queries
      .selectFrom('identity_membership')
      .selectAll()
      .where('record_number', 'in', slice)
      .orderBy('number')
      .execute(),
  );
  return rows.map(({ record_number: record, regional_id: regionalId, since }) => ({
    record,
    regionalId,
    since,
  }));
}
