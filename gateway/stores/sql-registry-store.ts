import type {
  AssociationEnds,
  ObjectCriteria,
  ObjectVersion,
  ReceivedMessage,
  RegistryReader,
  RegistryStore,
  RegistryWriter,
  UniqueIdUse,
  Versions,
} from '../../actors/document-registry/registry-store.ts';
import type { RegistryObject } from '../../profiles/formats/ebxml.ts';
import type { PatientId } from '../../profiles/patient.ts';
import type { AvailabilityStatus } from '../../profiles/xds/metadata.ts';
import type { RegistryObjectText } from '../../profiles/xds/stored-queries.ts';
import { CompiledQuery, type Database, type Reads, type Writes } from './database.ts';
import { inSlices } from './in-slices.ts';
import { messageKey } from './message-key.ts';
import {
  addObjects,
  rememberAnswer,
  removeObjects,
  unmarkedLatest,
  updateFolderTimes,
  updateObjects,
} from './registry-changes.ts';
import {
  isSubsumedBy,
  mergePatients,
  movedFrom,
  moveObjects,
  restorePatient,
  wasChanged,
} from './registry-patients.ts';
import { allOf, among, conditionsOf, type SqlPart } from './registry-conditions.ts';
import {
  type JoinedTexts,
  joinedTexts,
  type RegistryObjectRow,
  type RegistryTables,
  type RegistryTextRow,
  TEXT_COLUMNS,
  textOfRow,
  textsOfJoined,
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

// Texts without the query builder: what stands in the path of every query, or of every submission.
const SELECT_TEXT = `SELECT ${TEXT_COLUMNS.join(', ')} FROM registry_object`;
/** Of an object 16 MiB are taken at most: so many stay within the 1,000,000,000 octets of a value of SQLite. */
const MOST_JOINED = 50;
const USE_COLUMNS = [
  'entry_uuid',
  'kind',
  'logical_id',
  'object_type',
  'latest',
  'unique_id',
  'hash',
  'size_bytes',
] as const satisfies readonly (keyof RegistryObjectRow)[];
type UseRow = Pick<RegistryObjectRow, (typeof USE_COLUMNS)[number]>;
const SELECT_USES = `SELECT ${USE_COLUMNS.join(', ')} FROM registry_object`;
const SELECT_ACTIVE_PATIENT =
  'SELECT id FROM registry_patient WHERE assigning_authority = ? AND id = ? AND surviving_id IS NULL';
const SELECT_ANSWER =
  'SELECT answer FROM registry_answer WHERE caller = ? AND message_id = ? AND body_hash = ? AND expires_at > ?';

class SqlReader implements RegistryReader {
  readonly #queries: Reads<RegistryTables>;

  constructor(queries: Reads<RegistryTables>) {
    this.#queries = queries;
  }

  async knows({ id, assigningAuthority }: PatientId): Promise<boolean> {
    const query = CompiledQuery.raw(SELECT_ACTIVE_PATIENT, [assigningAuthority, id]);
    return (await this.#queries.executeQuery(query)).rows.length > 0;
  }

  async isSubsumed({ id, assigningAuthority }: PatientId): Promise<boolean> {
    const row = await this.#queries
      .selectFrom('registry_patient')
      .select('id')
      .where('assigning_authority', '=', assigningAuthority)
      .where('id', '=', id)
      .where('surviving_id', 'is not', null)
      .executeTakeFirst();
    return row !== undefined;
  }

  isSubsumedBy(subsumed: PatientId, surviving: PatientId): Promise<boolean> {
    return isSubsumedBy(this.#queries, subsumed, surviving);
  }

  movedFrom(patient: PatientId, entryUUIDs: readonly string[]): Promise<readonly string[]> {
    return movedFrom(this.#queries, patient, entryUUIDs);
  }

  wasChanged(change: string): Promise<boolean> {
    return wasChanged(this.#queries, change);
  }

  async objectsOf(
    entryUUIDs: readonly string[],
    versions?: Versions,
  ): Promise<readonly RegistryObjectText[]> {
    const rows = await inSlices(entryUUIDs, (slice) => {
      const query = this.#queries
        .selectFrom('registry_object')
        .select(TEXT_COLUMNS)
        .where('entry_uuid', 'in', slice);
      return (versions === 'latest' ? query.where('latest', '=', 1) : query).execute();
    });
    const found = new Map(rows.map(textOfRow).map((object) => [object.id, object]));
    return [...new Set(entryUUIDs)].flatMap((id) => found.get(id) ?? []);
  }

  async objectsWithUniqueId(
    kind: ObjectCriteria['kind'],
    uniqueIds: readonly string[],
    versions?: Versions,
  ): Promise<readonly RegistryObjectText[]> {
    const rows = await inSlices(uniqueIds, (slice) => {
      const query = this.#queries
        .selectFrom('registry_object')
        .select(TEXT_COLUMNS)
        .where('unique_id', 'in', slice)
        .where('kind', '=', kind)
        .orderBy('number');
      return (versions === 'latest' ? query.where('latest', '=', 1) : query).execute();
    });
    return rows.map(textOfRow);
  }

  async objectsWithLogicalId(
    kind: ObjectCriteria['kind'],
    logicalIDs: readonly string[],
  ): Promise<readonly RegistryObjectText[]> {
    const rows = await inSlices(logicalIDs, (slice) =>
      this.#queries
        .selectFrom('registry_object')
        .select(TEXT_COLUMNS)
        .where('logical_id', 'in', slice)
        .where('kind', '=', kind)
        .orderBy('number')
        .execute(),
    );
    return rows.map(textOfRow);
  }

  versionsOf(entryUUIDs: readonly string[]): Promise<readonly ObjectVersion[]> {
    return this.#versions('entry_uuid', entryUUIDs);
  }

  versionsOfLogical(logicalIDs: readonly string[]): Promise<readonly ObjectVersion[]> {
    return this.#versions('logical_id', logicalIDs);
  }

  async #versions(
    column: 'entry_uuid' | 'logical_id',
    ids: readonly string[],
  ): Promise<readonly ObjectVersion[]> {
    const rows = await inSlices(ids, (slice) =>
      this.#queries
        .selectFrom('registry_object')
        .select(['entry_uuid', 'kind', 'logical_id', 'version', 'latest', 'availability_status'])
        .where(column, 'in', slice)
        .orderBy('number')
        .execute(),
    );
    return rows.map((row) => ({
      entryUUID: row.entry_uuid,
      kind: row.kind,
      logicalID: row.logical_id ?? row.entry_uuid,
      version: row.version,
      latest: row.latest === 1,
      availabilityStatus: row.availability_status,
    }));
  }

  async usesOf(uniqueIds: readonly string[]): Promise<readonly UniqueIdUse[]> {
    const rows = await inSlices(uniqueIds, async (slice) => {
      const { text, values } = among('unique_id', slice);
      const query = CompiledQuery.raw(`${SELECT_USES} WHERE ${text} ORDER BY number`, [...values]);
      return (await this.#queries.executeQuery<UseRow>(query)).rows;
    });
    return rows.flatMap((row) =>
      row.kind === 'Association' || row.unique_id === null
        ? []
        : {
            uniqueId: row.unique_id,
            kind: row.kind,
            entryUUID: row.entry_uuid,
            logicalID: row.logical_id ?? undefined,
            objectType: row.object_type ?? undefined,
            latest: row.latest === 1,
            hash: row.hash ?? undefined,
            size: row.size_bytes ?? undefined,
          },
    );
  }

  async find(criteria: ObjectCriteria, most: number): Promise<readonly RegistryObjectText[]> {
    const conditions = conditionsOf(criteria);
    if (criteria.among === undefined) return await this.#matching(conditions, most);
    const found = await inSlices(criteria.among, (slice) =>
      this.#matching(allOf([conditions, among('entry_uuid', slice)]), most),
    );
    return found.slice(0, most);
  }

  /** Few objects come as one row; for many, memory would have to hold all of them at once several times. */
  async #matching({ text, values }: SqlPart, most: number): Promise<readonly RegistryObjectText[]> {
    const select = `${SELECT_TEXT} WHERE ${text} ORDER BY number LIMIT ?`;
    const few = Math.min(most, MOST_JOINED);
    const joined = CompiledQuery.raw(joinedTexts(select), [...values, few]);
    const found = (await this.#queries.executeQuery<JoinedTexts>(joined)).rows.flatMap(
      textsOfJoined,
    );
    if (found.length < few || few === most) return found;
    const each = CompiledQuery.raw(select, [...values, most]);
    return (await this.#queries.executeQuery<RegistryTextRow>(each)).rows.map(textOfRow);
  }

  async associationsOf(
    ends: AssociationEnds,
    most: number,
  ): Promise<readonly RegistryObjectText[]> {
    const { source, target, either, associationTypes: types, availabilityStatus } = ends;
    const of = (end: 'source_object' | 'target_object', ids: readonly string[]) =>
      inSlices(ids, (slice) => {
        let query = this.#queries
          .selectFrom('registry_object')
          .select(['number', ...TEXT_COLUMNS])
          .where(end, 'in', slice)
          .orderBy('number')
          .limit(most);
        if (types) query = query.where('association_type', 'in', types);
        if (availabilityStatus) {
          query = query.where('availability_status', 'in', availabilityStatus);
        }
        return query.execute();
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

  async answerTo({ caller, id, bodyHash }: ReceivedMessage, at: Date): Promise<string | undefined> {
    const values = [caller, messageKey(id), bodyHash, at.getTime()];
    const query = CompiledQuery.raw(SELECT_ANSWER, values);
    const [row] = (await this.#queries.executeQuery<{ answer: string }>(query)).rows;
    return row?.answer;
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
      .values({
        id,
        assigning_authority: assigningAuthority,
        surviving_id: null,
        merged_into: null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  async merge(patients: {
    subsumed: PatientId;
    surviving: PatientId;
    change?: string;
  }): Promise<void> {
    await mergePatients(this.#queries, patients);
  }

  restore(patient: PatientId): Promise<void> {
    return restorePatient(this.#queries, patient);
  }

  async move(
    entryUUIDs: readonly string[],
    change: { readonly change: string; readonly from: PatientId; readonly to: PatientId },
  ): Promise<void> {
    await moveObjects(this.#queries, entryUUIDs, change);
  }

  async add(objects: readonly RegistryObject[]): Promise<void> {
    await addObjects(this.#queries, objects);
  }

  async setAvailabilityStatus(
    entryUUIDs: readonly string[],
    status: AvailabilityStatus,
  ): Promise<void> {
    await updateObjects(this.#queries, entryUUIDs, { availability_status: status });
  }

  async supersede(entryUUIDs: readonly string[]): Promise<void> {
    await updateObjects(this.#queries, entryUUIDs, { latest: 0 });
  }

  async updateFolders(entryUUIDs: readonly string[], lastUpdateTime: string): Promise<void> {
    await updateFolderTimes(this.#queries, entryUUIDs, lastUpdateTime);
  }

  async remove(entryUUIDs: readonly string[]): Promise<void> {
    const logicalIDs = await removeObjects(this.#queries, entryUUIDs);
    const left = await this.versionsOfLogical(logicalIDs);
    await updateObjects(this.#queries, unmarkedLatest(left), { latest: 1 });
  }

  async remember(message: ReceivedMessage, answer: string, until: Date): Promise<void> {
    await rememberAnswer(this.#queries, message, { answer, until });
  }

  async forgetAnswers(at: Date): Promise<void> {
    await this.#queries
      .deleteFrom('registry_answer')
      .where('expires_at', '<=', at.getTime())
      .execute();
  }
}
