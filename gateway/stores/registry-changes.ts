import assert from 'node:assert';
import type {
  ObjectVersion,
  ReceivedMessage,
} from '../../actors/document-registry/registry-store.ts';
import type { RegistryObject } from '../../profiles/formats/ebxml.ts';
import { encodeSlot } from '../../profiles/formats/ebxml-encode.ts';
import { octetsOfPieces, textOfPiece } from '../../profiles/formats/xml-pieces.ts';
import { CompiledQuery, type Writes } from './database.ts';
import { inSlices } from './in-slices.ts';
import type { SqlPart } from './registry-conditions.ts';
import { type RegistryObjectRow, type RegistryTables, storedObjectOf } from './registry-rows.ts';
import type { SqlValue } from './sql-parameter.ts';

type Queries = Writes<RegistryTables>;

/** Stores new objects, each the most recent version of its logical object, in the order given. */
export async function addObjects(
  queries: Queries,
  objects: readonly RegistryObject[],
): Promise<void> {
  const values: RegistryTables['registry_value'][] = [];
  for (const object of objects) {
    const stored = storedObjectOf(object);
    const inserted = insertionOf('registry_object', [{ latest: 1, ...stored.row }]);
    const query = CompiledQuery.raw(`${inserted.text} RETURNING number`, [...inserted.values]);
    const [added] = (await queries.executeQuery<{ number: number }>(query)).rows;
    assert(added !== undefined, 'an object that is stored has a number');
    const { number } = added;
    for (const [name, value] of stored.values) values.push({ object_number: number, name, value });
  }
  // Together, for each statement is a way to the server and back.
  await inSlices(values, async (slice) => {
    const { text, values: given } = insertionOf('registry_value', slice);
    // What stands twice is kept once.
    await queries.executeQuery(CompiledQuery.raw(`${text} ON CONFLICT DO NOTHING`, [...given]));
    return [];
  });
}

/** Without the query builder: a submission is many rows. All have the same columns. */
function insertionOf(
  table: 'registry_object' | 'registry_value',
  rows: readonly Readonly<Record<string, SqlValue>>[],
): SqlPart {
  const columns = Object.keys(rows[0] ?? {});
  const marks = `(${columns.map(() => '?').join(', ')})`;
  return {
    text: `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${rows.map(() => marks).join(', ')}`,
    values: rows.flatMap((row) => columns.map((column) => row[column] ?? null)),
  };
}

/** Sets columns of objects. */
export async function updateObjects(
  queries: Queries,
  entryUUIDs: readonly string[],
  columns: Partial<Pick<RegistryObjectRow, 'availability_status' | 'latest'>>,
): Promise<void> {
  await inSlices(entryUUIDs, async (slice) => {
    await queries
      .updateTable('registry_object')
      .set(columns)
      .where('entry_uuid', 'in', slice)
      .execute();
    return [];
  });
}

/** Sets the lastUpdateTime of Folders, in the column and in the text alike; what is no Folder is passed over. */
export async function updateFolderTimes(
  queries: Queries,
  entryUUIDs: readonly string[],
  lastUpdateTime: string,
): Promise<void> {
  const rows = await inSlices(entryUUIDs, (slice) =>
    queries
      .selectFrom('registry_object')
      .select(['number', 'last_update_time', 'content'])
      .where('entry_uuid', 'in', slice)
      .where('kind', '=', 'Folder')
      .execute(),
  );
  for (const row of rows) {
    const before = lastUpdateSlot(row.last_update_time ?? '');
    const content = textOfPiece(row.content);
    const at = content.indexOf(before);
    assert(at >= 0, 'the text of a Folder has the lastUpdateTime of its column');
    await queries
      .updateTable('registry_object')
      .set({
        last_update_time: lastUpdateTime,
        content: octetsOfPieces([
          content.slice(0, at),
          lastUpdateSlot(lastUpdateTime),
          content.slice(at + before.length),
        ]),
      })
      .where('number', '=', row.number)
      .execute();
  }
}

/** The slot as the text of a Folder holds it: the registry itself sets it, always to the second. */
function lastUpdateSlot(lastUpdateTime: string): string {
  return encodeSlot({ name: 'lastUpdateTime', values: [lastUpdateTime] });
}

/** Takes objects out with their values. @returns their logical ids */
export async function removeObjects(
  queries: Queries,
  entryUUIDs: readonly string[],
): Promise<readonly string[]> {
  const rows = await inSlices(entryUUIDs, (slice) =>
    queries
      .selectFrom('registry_object')
      .select(['number', 'logical_id'])
      .where('entry_uuid', 'in', slice)
      .execute(),
  );
  await inSlices(
    rows.map(({ number }) => number),
    async (slice) => {
      await queries.deleteFrom('registry_value').where('object_number', 'in', slice).execute();
      await queries
        .deleteFrom('registry_moved_object')
        .where('object_number', 'in', slice)
        .execute();
      await queries.deleteFrom('registry_object').where('number', 'in', slice).execute();
      return [];
    },
  );
  return rows.flatMap(({ logical_id }) => logical_id ?? []);
}

/** Of each logical object, the version that should be the most recent one and is not marked so. */
export function unmarkedLatest(versions: readonly ObjectVersion[]): readonly string[] {
  const newest = new Map<string, ObjectVersion>();
  for (const one of versions) {
    const other = newest.get(one.logicalID);
    if (other === undefined || other.version < one.version) newest.set(one.logicalID, one);
  }
  return [...newest.values()].flatMap(({ latest, entryUUID }) => (latest ? [] : entryUUID));
}

/** Keeps an answer; one that has expired is overwritten. */
export async function rememberAnswer(
  queries: Queries,
  { caller, id, bodyHash }: ReceivedMessage,
  { answer, until }: { answer: string; until: Date },
): Promise<void> {
  const kept = { answer, expires_at: until.getTime() };
  await queries
    .insertInto('registry_answer')
    .values({ caller, message_id: id, body_hash: bodyHash, ...kept })
    .onConflict((conflict) =>
      conflict.columns(['caller', 'message_id', 'body_hash']).doUpdateSet(kept),
    )
    .execute();
}
