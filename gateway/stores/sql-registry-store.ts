import assert from 'node:assert';
import type {
  AssociationEnds,
  ObjectCriteria,
  RegistryReader,
  RegistryStore,
  RegistryWriter,
  UniqueIdUse,
} from '../../actors/document-registry/registry-store.ts';
import type { RegistryObject } from '../../profiles/formats/ebxml.ts';
import { encodeSlot } from '../../profiles/formats/ebxml-encode.ts';
import { octetsOfPieces, textOfPiece } from '../../profiles/formats/xml-pieces.ts';
import type { PatientId } from '../../profiles/patient.ts';
import type { RegistryObjectText } from '../../profiles/xds/stored-queries.ts';
import { CompiledQuery, type Database, type Reads, type Writes } from './database.ts';
import { inSlices } from './in-slices.ts';
import { allOf, among, conditionsOf, type SqlPart } from './registry-conditions.ts';
import {
  type RegistryTables,
  type RegistryTextRow,
  storedObjectOf,
  TEXT_COLUMNS,
  textOfRow,
} from './registry-rows.ts';

/** The Document Registry's store in the process's database. */
export class SqlRegistryStore implements RegistryStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  look<Result>(work: (objects: RegistryReader) => Promise<Result>): Promise<Result> {
    return this.#database.read((queries: Reads<RegistryTables>) => work(new SqlReader(queries)));
  }

  change<Result>(work: (objects: RegistryWriter) => Promise<Result>): Promise<Result> {
    return this.#database.write((queries: Writes<RegistryTables>) => work(new SqlWriter(queries)));
  }
}

const SELECT_TEXT = `SELECT ${TEXT_COLUMNS.join(', ')} FROM registry_object`;

class SqlReader implements RegistryReader {
  readonly #queries: Reads<RegistryTables>;

  constructor(queries: Reads<RegistryTables>) {
    this.#queries = queries;
  }

  async knows({ id, assigningAuthority }: PatientId): Promise<boolean> {
    const row = await this.#queries
      .selectFrom('registry_patient')
      .select('id')
      .where('assigning_authority', '=', assigningAuthority)
      .where('id', '=', id)
      .executeTakeFirst();
    return row !== undefined;
  }

  async objectsOf(entryUUIDs: readonly string[]): Promise<readonly RegistryObjectText[]> {
    const rows = await inSlices(entryUUIDs, (slice) =>
      this.#queries
        .selectFrom('registry_object')
        .select(TEXT_COLUMNS)
        .where('entry_uuid', 'in', slice)
        .execute(),
    );
    const found = new Map(rows.map(textOfRow).map((object) => [object.id, object]));
    return [...new Set(entryUUIDs)].flatMap((id) => found.get(id) ?? []);
  }

  async objectsWithUniqueId(
    kind: ObjectCriteria['kind'],
    uniqueIds: readonly string[],
  ): Promise<readonly RegistryObjectText[]> {
    const rows = await inSlices(uniqueIds, (slice) =>
      this.#queries
        .selectFrom('registry_object')
        .select(TEXT_COLUMNS)
        .where('unique_id', 'in', slice)
        .where('kind', '=', kind)
        .orderBy('number')
        .execute(),
    );
    return rows.map(textOfRow);
  }

  async usesOf(uniqueIds: readonly string[]): Promise<readonly UniqueIdUse[]> {
    const rows = await inSlices(uniqueIds, (slice) =>
      this.#queries
        .selectFrom('registry_object')
        .select(['entry_uuid', 'kind', 'unique_id', 'hash', 'size_bytes'])
        .where('unique_id', 'in', slice)
        .orderBy('number')
        .execute(),
    );
    return rows.flatMap((row) =>
      row.kind === 'Association' || row.unique_id === null
        ? []
        : {
            uniqueId: row.unique_id,
            kind: row.kind,
            entryUUID: row.entry_uuid,
            hash: row.hash ?? undefined,
            size: row.size_bytes ?? undefined,
          },
    );
  }

  async find(criteria: ObjectCriteria, most: number): Promise<readonly RegistryObjectText[]> {
    const conditions = conditionsOf(criteria);
    const ask = async ({ text, values }: SqlPart) => {
      const statement = `${SELECT_TEXT} WHERE ${text} ORDER BY number LIMIT ?`;
      const query = CompiledQuery.raw(statement, [...values, most]);
      return (await this.#queries.executeQuery<RegistryTextRow>(query)).rows;
    };
    const rows =
      criteria.among === undefined
        ? await ask(conditions)
        : await inSlices(criteria.among, (slice) =>
            ask(allOf([conditions, among('entry_uuid', slice)])),
          );
    return rows.slice(0, most).map(textOfRow);
  }

  async associationsOf(
    ends: AssociationEnds,
    most: number,
  ): Promise<readonly RegistryObjectText[]> {
    const { source, target, either, associationTypes: types } = ends;
    const of = (end: 'source_object' | 'target_object', ids: readonly string[]) =>
      inSlices(ids, (slice) => {
        const query = this.#queries
          .selectFrom('registry_object')
          .select(['number', ...TEXT_COLUMNS])
          .where(end, 'in', slice)
          .orderBy('number')
          .limit(most);
        return (types ? query.where('association_type', 'in', types) : query).execute();
      });
    const rows = [
      ...(await of('source_object', source ?? either ?? [])),
      ...(await of('target_object', target ?? either ?? [])),
    ];
    const distinct = new Map(rows.map((row) => [row.number, row]));
    return [...distinct.values()]
      .sort((one, other) => one.number - other.number)
      .slice(0, most)
      .map(textOfRow);
  }
}

class SqlWriter extends SqlReader implements RegistryWriter {
  readonly #queries: Writes<RegistryTables>;

  constructor(queries: Writes<RegistryTables>) {
    super(queries);
    this.#queries = queries;
  }

  async addPatient({ id, assigningAuthority }: PatientId): Promise<void> {
    await this.#queries
      .insertInto('registry_patient')
      .values({ id, assigning_authority: assigningAuthority })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  async add(objects: readonly RegistryObject[]): Promise<void> {
    const last = await this.#queries
      .selectFrom('registry_object')
      .select(({ fn }) => fn.max('number').as('number'))
      .executeTakeFirst();
    let number = last?.number ?? 0;
    for (const object of objects) {
      number += 1;
      const { row, values } = storedObjectOf(object);
      await this.#insert('registry_object', { number, ...row });
      for (const [name, value] of values) {
        await this.#insert('registry_value', { object_number: number, name, value });
      }
    }
  }

  /** Without the query builder: a submission is many rows. What stands twice is kept once. */
  async #insert<Table extends 'registry_object' | 'registry_value'>(
    table: Table,
    row: RegistryTables[Table],
  ): Promise<void> {
    const columns = Object.keys(row);
    const marks = columns.map(() => '?').join(', ');
    const again = table === 'registry_value' ? ' ON CONFLICT DO NOTHING' : '';
    const statement = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks})${again}`;
    await this.#queries.executeQuery(CompiledQuery.raw(statement, Object.values(row)));
  }

  async deprecate(entryUUIDs: readonly string[]): Promise<void> {
    await inSlices(entryUUIDs, async (slice) => {
      await this.#queries
        .updateTable('registry_object')
        .set({ availability_status: 'Deprecated' })
        .where('entry_uuid', 'in', slice)
        .execute();
      return [];
    });
  }

  async updateFolders(entryUUIDs: readonly string[], lastUpdateTime: string): Promise<void> {
    const rows = await inSlices(entryUUIDs, (slice) =>
      this.#queries
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
      await this.#queries
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
}

/** The slot as the text of a Folder holds it: the registry itself sets it, always to the second. */
function lastUpdateSlot(lastUpdateTime: string): string {
  return encodeSlot({ name: 'lastUpdateTime', values: [lastUpdateTime] });
}
