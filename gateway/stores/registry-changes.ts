import assert from 'node:assert';
import type {
  ObjectVersion,
  ReceivedMessage,
} from '../../actors/document-registry/registry-store.ts';
import type { RegistryObject } from '../../profiles/formats/ebxml.ts';
import { encodeSlot } from '../../profiles/formats/ebxml-encode.ts';
import { octetsOfPieces, textOfPiece } from '../../profiles/formats/xml-pieces.ts';
import { CompiledQuery, type Writes } from './database.ts';
import { inSlices, padded } from './in-slices.ts';
import { messageKey } from './message-key.ts';
import {
  OBJECT_COLUMNS,
  type RegistryObjectRow,
  type RegistryTables,
  storedObjectOf,
} from './registry-rows.ts';
import type { SqlValue } from './sql-parameter.ts';

type Queries = Writes<RegistryTables>;

/** Stores new objects, each the most recent version of its logical object, in the order given. */
export async function addObjects(
  queries: Queries,
  objects: readonly RegistryObject[],
): Promise<void> {
  const values: SqlValue[][] = [];
  for (let start = 0; start < objects.length; start += MOST_OBJECTS_A_STATEMENT) {
    const stored = objects.slice(start, start + MOST_OBJECTS_A_STATEMENT).map(storedObjectOf);
    const text = OBJECT_INSERTION.textFor(stored.length);
    const given = stored.flatMap(({ row }) => [1, ...OBJECT_COLUMNS.map((column) => row[column])]);
    const added = await queries.executeQuery<{ number: number; entry_uuid: string }>(
      CompiledQuery.raw(text, given),
    );
    const numbers = new Map(added.rows.map((row) => [row.entry_uuid, row.number]));
    for (const { row, values: pairs } of stored) {
      const number = numbers.get(row.entry_uuid);
      assert(number !== undefined, 'an object that is stored has a number');
      for (const [name, value] of pairs) values.push([number, name, value]);
    }
  }
  for (let start = 0; start < values.length; start += MOST_VALUES_A_STATEMENT) {
    const slice = padded(values.slice(start, start + MOST_VALUES_A_STATEMENT));
    await queries.executeQuery(
      CompiledQuery.raw(VALUE_INSERTION.textFor(slice.length), slice.flat()),
    );
  }
}

/** Each statement is a way to the server and back, and each number of rows one that is kept prepared. */
const MOST_OBJECTS_A_STATEMENT = 8;
const MOST_VALUES_A_STATEMENT = 128;

/** Without the query builder: a submission is many rows. The texts of so many rows are made once. */
class Insertion {
  readonly #texts = new Map<number, string>();
  readonly #head: string;
  readonly #marks: string;
  readonly #end: string;

  constructor(table: string, columns: readonly string[], end: string) {
    this.#head = `INSERT INTO ${table} (${columns.join(', ')}) VALUES `;
    this.#marks = `(${columns.map(() => '?').join(', ')})`;
    this.#end = end;
  }

  textFor(rows: number): string {
    let text = this.#texts.get(rows);
    if (text === undefined) {
      const marks = Array.from({ length: rows }, () => this.#marks);
      text = `${this.#head}${marks.join(', ')} ${this.#end}`;
      this.#texts.set(rows, text);
    }
    return text;
  }
}

const OBJECT_INSERTION = new Insertion(
  'registry_object',
  ['latest', ...OBJECT_COLUMNS],
  'RETURNING number, entry_uuid',
);

// What stands twice is kept once.
const VALUE_INSERTION = new Insertion(
  'registry_value',
  ['object_number', 'name', 'value'],
  'ON CONFLICT DO NOTHING',
);

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
  const values = [caller, messageKey(id), bodyHash, answer, until.getTime()];
  await queries.executeQuery(CompiledQuery.raw(ANSWER_INSERTION, values));
}

const ANSWER_INSERTION = `INSERT INTO registry_answer (caller, message_id, body_hash, answer, expires_at)
  VALUES (?, ?, ?, ?, ?) ON CONFLICT (caller, message_id, body_hash)
  DO UPDATE SET answer = excluded.answer, expires_at = excluded.expires_at`;
