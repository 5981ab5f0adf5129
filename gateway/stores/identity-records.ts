import assert from 'node:assert';
import type { Membership, WrittenRecord } from '../../actors/patient-identity/identity-store.ts';
import type { NameKeys } from '../../actors/patient-identity/names.ts';
import { type PatientId, patientKey } from '../../profiles/patient.ts';
import type { Reads, Selectable, Writes } from './database.ts';
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
  const names = { names: record.names, birthDate: columns.birth_date ?? '' };
  const { number, version } = await (record.number === undefined
    ? insertRecord(queries, { ...record, ...names }, columns)
    : updateRecord(queries, { ...record, ...names, number: record.number }, columns));
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

interface NameRows {
  readonly names: readonly NameKeys[];
  readonly birthDate: string;
}

/** Columns that an index holds. */
type Indexed = Pick<
  Selectable<IdentityTables['identity_record']>,
  'birth_date' | 'keyed_by' | 'compared_by'
>;

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
const SELECT_INDEXED =
  'SELECT birth_date, keyed_by, compared_by FROM identity_record WHERE number = ?';
const SELECT_IDS =
  'SELECT id, assigning_authority FROM identity_id WHERE record_number = ? AND merged_into IS NULL';
const DELETE_ID =
  'DELETE FROM identity_id WHERE record_number = ? AND assigning_authority = ? AND id = ?';
const SELECT_NAMES =
  'SELECT family, given, birth_date FROM identity_name WHERE record_number = ? ORDER BY position';
const SELECT_KEYS = 'SELECT key FROM identity_key WHERE record_number = ?';
const INSERT_KEYS = 'INSERT INTO identity_key (key, record_number) VALUES';

/** A new one has its keys from the beginning, so that no index is written twice. */
async function insertRecord(
  queries: Writing,
  { toldRegionalId, keys, ids, ...named }: WrittenRecord & NameRows,
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
  await insertIds(queries, row.number, ids);
  await insertNames(queries, row.number, named);
  return row;
}

/** What is as it was is not written again: among many records each of these rows is in a page of its own. */
async function updateRecord(
  queries: Writing,
  { number, toldRegionalId, keys, ids, ...named }: WrittenRecord & NameRows & { number: number },
  { birth_date, ...columns }: RecordColumns,
): Promise<Numbered> {
  const [before] = await rowsOf<Indexed>(queries, SELECT_INDEXED, [number]);
  const told = toldRegionalId === undefined ? {} : { told_regional_id: toldRegionalId };
  const indexed: Partial<Indexed> = {
    birth_date,
    ...(keys === undefined ? {} : { keyed_by: keys.by, compared_by: keys.by }),
  };
  const changed = Object.fromEntries(
    Object.entries(indexed).filter(([name, value]) => before?.[name as keyof Indexed] !== value),
  );
  const row = await queries
    .updateTable('identity_record')
    .set(({ eb }) => ({ ...columns, ...told, ...changed, version: eb('version', '+', 1) }))
    .where('number', '=', number)
    .returning(['number', 'version'])
    .executeTakeFirstOrThrow();
  await changeIds(queries, number, ids);
  await changeNames(queries, number, named);
  if (keys) await changeKeys(queries, number, keys.keys);
  return row;
}

/** Those that were given up stay as they are. */
async function changeIds(
  queries: Writing,
  number: number,
  ids: readonly PatientId[],
): Promise<void> {
  const rows = await rowsOf<Pick<IdentityTables['identity_id'], 'id' | 'assigning_authority'>>(
    queries,
    SELECT_IDS,
    [number],
  );
  const before = rows.map(({ id, assigning_authority: assigningAuthority }) => ({
    id,
    assigningAuthority,
  }));
  const wanted = new Set(ids.map(patientKey));
  const known = new Set(before.map(patientKey));
  for (const one of before) {
    if (wanted.has(patientKey(one))) continue;
    await rowsOf(queries, DELETE_ID, [number, one.assigningAuthority, one.id]);
  }
  const fresh = ids.filter((one) => !known.has(patientKey(one)));
  await insertIds(queries, number, fresh);
}

async function changeNames(queries: Writing, number: number, named: NameRows): Promise<void> {
  const before = await rowsOf<NameKeys & { readonly birth_date: string }>(queries, SELECT_NAMES, [
    number,
  ]);
  const { names, birthDate } = named;
  const isSame =
    before.length === names.length &&
    before.every(
      (row, at) =>
        row.family === names[at]?.family &&
        row.given === names[at]?.given &&
        row.birth_date === birthDate,
    );
  if (isSame) return;
  await queries.deleteFrom('identity_name').where('record_number', '=', number).execute();
  await insertNames(queries, number, named);
}

async function changeKeys(
  queries: Writing,
  number: number,
  keys: readonly string[],
): Promise<void> {
  const rows = await rowsOf<{ readonly key: string }>(queries, SELECT_KEYS, [number]);
  const before = new Set(rows.map(({ key }) => key));
  const gone = [...before].filter((key) => !keys.includes(key));
  if (gone.length > 0) {
    await queries
      .deleteFrom('identity_key')
      .where('record_number', '=', number)
      .where('key', 'in', gone)
      .execute();
  }
  const fresh = keys.filter((key) => !before.has(key));
  await insertKeys(queries, number, fresh);
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
  { names, birthDate }: NameRows,
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
