import assert from 'node:assert';
import type { Membership, WrittenRecord } from '../../actors/patient-identity/identity-store.ts';
import type { NameKeys } from '../../actors/patient-identity/names.ts';
import type { PatientId } from '../../profiles/patient.ts';
import type { Reads, Writes } from './database.ts';
import type { IdentityTables } from './identity-tables.ts';
import { inSlices } from './in-slices.ts';
import { markedRows, rowsOf } from './ready-text.ts';

type Reading = Reads<IdentityTables>;
type Writing = Writes<IdentityTables>;

/** Takes a new record, or puts this one in the place of that with its number; each is kept as a version. */
export async function putRecord(
  queries: Writing,
  record: WrittenRecord,
  at: Date,
): Promise<{ readonly number: number; readonly version: number }> {
  const { demographics, ids, fedBy = '' } = record;
  const columns = {
    birth_date: demographics.birthTime?.slice(0, 8) ?? null,
    administrative_gender: demographics.administrativeGender ?? null,
    demographics: JSON.stringify(demographics),
    revised_at: at.toISOString(),
  };
  const { number, version } = await (record.number === undefined
    ? insertRecord(queries, record, columns)
    : updateRecord(queries, { ...record, number: record.number }, columns));
  await insertIds(queries, number, ids);
  await insertNames(queries, number, { names: record.names, birthDate: columns.birth_date ?? '' });
  const { mothersNames = [] } = record;
  // Nearly all new records have none.
  if (record.number !== undefined || mothersNames.length > 0) {
    await putMothersNames(queries, number, mothersNames);
  }
  await rowsOf(queries, INSERT_VERSION, [
    number,
    version,
    JSON.stringify(ids),
    columns.demographics,
    fedBy,
    columns.revised_at,
  ]);
  return { number, version };
}

interface RecordColumns {
  readonly birth_date: string | null;
  readonly administrative_gender: string | null;
  readonly demographics: string;
  readonly revised_at: string;
}

type Numbered = Pick<IdentityTables['identity_record'], 'version'> & { readonly number: number };

// In the path of every feed: texts without the query builder.
const INSERT_RECORD =
  "INSERT INTO identity_record (birth_date, administrative_gender, demographics, revised_at, told_regional_id, keyed_by, compared_by, regional_id, version) VALUES (?, ?, ?, ?, ?, ?, ?, '', 1) RETURNING number, version";
const INSERT_VERSION =
  'INSERT INTO identity_record_version (record_number, version, ids, demographics, fed_by, revised_at) VALUES (?, ?, ?, ?, ?, ?)';
const INSERT_ID =
  'INSERT INTO identity_id (id, assigning_authority, record_number) VALUES (?, ?, ?)';
const INSERT_NAMES =
  'INSERT INTO identity_name (record_number, position, full_name, family, given, birth_date) VALUES';
const INSERT_KEYS = 'INSERT INTO identity_key (key, record_number) VALUES';

/** A new one has its keys from the beginning, so that no index is written twice. */
async function insertRecord(
  queries: Writing,
  { toldRegionalId, keys }: WrittenRecord,
  columns: RecordColumns,
): Promise<Numbered> {
  const by = keys?.by ?? '';
  const [row] = await rowsOf<Numbered>(queries, INSERT_RECORD, [
    columns.birth_date,
    columns.administrative_gender,
    columns.demographics,
    columns.revised_at,
    toldRegionalId ?? null,
    by,
    by,
  ]);
  assert(row, 'the engine did not number a record');
  if (keys) await insertKeys(queries, row.number, keys.keys);
  return row;
}

async function updateRecord(
  queries: Writing,
  { number, toldRegionalId, keys }: WrittenRecord & { readonly number: number },
  columns: RecordColumns,
): Promise<Numbered> {
  const told = toldRegionalId === undefined ? {} : { told_regional_id: toldRegionalId };
  const keyed = keys === undefined ? {} : { keyed_by: keys.by, compared_by: keys.by };
  const row = await queries
    .updateTable('identity_record')
    .set(({ eb }) => ({ ...columns, ...told, ...keyed, version: eb('version', '+', 1) }))
    .where('number', '=', number)
    .returning(['number', 'version'])
    .executeTakeFirstOrThrow();
  // Those that were given up stay as they are.
  await queries
    .deleteFrom('identity_id')
    .where('record_number', '=', number)
    .where('merged_into', 'is', null)
    .execute();
  await queries.deleteFrom('identity_name').where('record_number', '=', number).execute();
  if (keys) {
    await queries.deleteFrom('identity_key').where('record_number', '=', number).execute();
    await insertKeys(queries, number, keys.keys);
  }
  return row;
}

async function insertIds(
  queries: Writing,
  number: number,
  ids: readonly PatientId[],
): Promise<void> {
  for (const { id, assigningAuthority } of ids) {
    await rowsOf(queries, INSERT_ID, [id, assigningAuthority, number]);
  }
}

async function insertNames(
  queries: Writing,
  number: number,
  { names, birthDate }: { readonly names: readonly NameKeys[]; readonly birthDate: string },
): Promise<void> {
  if (names.length === 0) return;
  const rows = names.flatMap(({ family, given }, position) => [
    ...[number, position, '', family, given, birthDate],
  ]);
  await rowsOf(queries, `${INSERT_NAMES} ${markedRows(names.length, 6)}`, rows);
}

async function insertKeys(
  queries: Writing,
  number: number,
  keys: readonly string[],
): Promise<void> {
  const distinct = [...new Set(keys)];
  if (distinct.length === 0) return;
  const rows = distinct.flatMap((key) => [key, number]);
  await rowsOf(queries, `${INSERT_KEYS} ${markedRows(distinct.length, 2)}`, rows);
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
    await queries.deleteFrom('identity_name').where('record_number', '=', number).execute();
    await insertNames(queries, number, { names, birthDate: row?.birth_date ?? '' });
  }
  await queries.deleteFrom('identity_key').where('record_number', '=', number).execute();
  await insertKeys(queries, number, keys);
  await queries
    .updateTable('identity_record')
    .set({ keyed_by: by })
    .where('number', '=', number)
    .execute();
}

/** So many keys are asked about by one statement. */
const KEYS_AT_ONCE = 32;
const SELECT_KEY =
  'SELECT * FROM (SELECT key, record_number FROM identity_key WHERE key = ? LIMIT ?) AS one_key';

/** Numbers of the records that have one of the keys. A key that more than `most` have says nothing. */
export async function numbersWithKeys(
  queries: Reading,
  keys: readonly string[],
  most: number,
): Promise<readonly number[]> {
  const numbers = new Set<number>();
  const distinct = [...new Set(keys)];
  for (let start = 0; start < distinct.length; start += KEYS_AT_ONCE) {
    const some = distinct.slice(start, start + KEYS_AT_ONCE);
    const rows = await rowsOf<IdentityTables['identity_key']>(
      queries,
      some.map(() => SELECT_KEY).join(' UNION ALL '),
      some.flatMap((key) => [key, most + 1]),
    );
    const of = new Map<string, number[]>(some.map((key) => [key, []]));
    for (const { key, record_number } of rows) of.get(key)?.push(record_number);
    for (const having of of.values()) {
      if (having.length <= most) for (const number of having) numbers.add(number);
    }
  }
  return [...numbers];
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
