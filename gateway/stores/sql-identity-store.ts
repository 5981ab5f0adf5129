import type {
  IdentityCriteria,
  IdentityReader,
  IdentityStore,
  IdentityWriter,
  MatchingKeys,
  NameKeys,
  SourceRecord,
  WrittenRecord,
} from '../../actors/patient-identity/identity-store.ts';
import type { PatientId } from '../../profiles/patient.ts';
import {
  type Database,
  type Expression,
  type ExpressionBuilder,
  type Generated,
  type Insertable,
  type Reads,
  type Selectable,
  type SqlBool,
  sql,
  type Writes,
} from './database.ts';
import { inSlices } from './in-slices.ts';

/** Tables of Patient Identity. No other actor reads them. */
interface Tables {
  identity_regional_id: { id: string; confirmed: number };
  identity_record: {
    /** Given by the engine. */
    number: Generated<number>;
    regional_id: string;
    /** As far as it is known, at most to the day. */
    birth_date: string | null;
    administrative_gender: string | null;
    /** JSON. */
    demographics: string;
    revised_at: string;
  };
  identity_id: { assigning_authority: string; id: string; record_number: number };
  identity_name: {
    record_number: number;
    position: number;
    /** Empty where a part is missing. */
    full_name: string;
    family: string;
    given: string;
  };
}

/** Patient Identity's store in the process's database. */
export class SqlIdentityStore implements IdentityStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  look<Result>(work: (records: IdentityReader) => Promise<Result>): Promise<Result> {
    return this.#database.read((queries: Reads<Tables>) => work(new SqlReader(queries)));
  }

  change<Result>(work: (records: IdentityWriter) => Promise<Result>): Promise<Result> {
    return this.#database.write((queries: Writes<Tables>) => work(new SqlWriter(queries)));
  }
}

type RecordRow = Pick<
  Selectable<Tables['identity_record']>,
  'number' | 'regional_id' | 'demographics'
>;

class SqlReader implements IdentityReader {
  readonly #queries: Reads<Tables>;

  constructor(queries: Reads<Tables>) {
    this.#queries = queries;
  }

  async recordOf({ id, assigningAuthority }: PatientId): Promise<SourceRecord | undefined> {
    const row = await this.#queries
      .selectFrom('identity_id')
      .innerJoin('identity_record', 'identity_record.number', 'identity_id.record_number')
      .select(['number', 'regional_id', 'demographics'])
      .where('assigning_authority', '=', assigningAuthority)
      .where('id', '=', id)
      .executeTakeFirst();
    return row && (await this.#records([row]))[0];
  }

  async recordsOf(regionalIds: readonly string[]): Promise<readonly SourceRecord[]> {
    const rows = await inSlices(regionalIds, (slice) =>
      this.#latestFirst().where('regional_id', 'in', slice).execute(),
    );
    return await this.#records(rows);
  }

  async knowsRegionalId(regionalId: string): Promise<boolean> {
    return (await this.#confirmed(regionalId)) !== undefined;
  }

  async isConfirmed(regionalId: string): Promise<boolean> {
    return (await this.#confirmed(regionalId)) === 1;
  }

  async matching(keys: MatchingKeys, most: number): Promise<readonly SourceRecord[]> {
    const rows = await this.#latestFirst()
      .where('birth_date', '=', keys.birthDate)
      .where('administrative_gender', '=', keys.administrativeGender)
      .where((the) =>
        the(
          'number',
          'in',
          the
            .selectFrom('identity_name')
            .select('identity_name.record_number')
            .where('identity_name.full_name', 'in', keys.names),
        ),
      )
      .limit(most)
      .execute();
    return await this.#records(rows);
  }

  async search(criteria: IdentityCriteria, most: number): Promise<readonly SourceRecord[]> {
    const rows = await this.#latestFirst()
      .where((the) => the.and(conditionsOf(criteria, the)))
      .limit(most)
      .execute();
    return await this.#records(rows);
  }

  async unconfirmed(most: number): Promise<readonly string[]> {
    const rows = await this.#queries
      .selectFrom('identity_regional_id')
      .select('id')
      .where('confirmed', '=', 0)
      .orderBy('id')
      .limit(most)
      .execute();
    return rows.map(({ id }) => id);
  }

  #latestFirst() {
    return this.#queries
      .selectFrom('identity_record')
      .select(['number', 'regional_id', 'demographics'])
      .orderBy('revised_at', 'desc')
      .orderBy('number', 'desc');
  }

  async #confirmed(regionalId: string): Promise<number | undefined> {
    const row = await this.#queries
      .selectFrom('identity_regional_id')
      .select('confirmed')
      .where('id', '=', regionalId)
      .executeTakeFirst();
    return row?.confirmed;
  }

  async #records(rows: readonly RecordRow[]): Promise<readonly SourceRecord[]> {
    const ids = new Map<number, PatientId[]>(rows.map(({ number }) => [number, []]));
    const told = await inSlices([...ids.keys()], (slice) =>
      this.#queries
        .selectFrom('identity_id')
        .selectAll()
        .where('record_number', 'in', slice)
        .orderBy('assigning_authority')
        .orderBy('id')
        .execute(),
    );
    for (const { id, assigning_authority, record_number } of told) {
      ids.get(record_number)?.push({ id, assigningAuthority: assigning_authority });
    }
    return rows.map(({ number, regional_id, demographics }) => ({
      number,
      ids: ids.get(number) ?? [],
      demographics: JSON.parse(demographics),
      regionalId: regional_id,
    }));
  }
}

class SqlWriter extends SqlReader implements IdentityWriter {
  readonly #queries: Writes<Tables>;

  constructor(queries: Writes<Tables>) {
    super(queries);
    this.#queries = queries;
  }

  async put(record: WrittenRecord, at: Date): Promise<void> {
    const { regionalId, demographics } = record;
    await this.#queries
      .insertInto('identity_regional_id')
      .values({ id: regionalId, confirmed: 0 })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const columns = {
      regional_id: regionalId,
      birth_date: demographics.birthTime?.slice(0, 8) ?? null,
      administrative_gender: demographics.administrativeGender ?? null,
      demographics: JSON.stringify(demographics),
      revised_at: at.toISOString(),
    };
    const number = record.number ?? (await this.#newRecord(columns));
    if (record.number !== undefined) {
      await this.#queries
        .updateTable('identity_record')
        .set(columns)
        .where('number', '=', number)
        .execute();
    }
    await this.#putIds(number, record.ids);
    await this.#putNames(number, record.names);
  }

  async confirm(regionalId: string): Promise<void> {
    await this.#queries
      .updateTable('identity_regional_id')
      .set({ confirmed: 1 })
      .where('id', '=', regionalId)
      .execute();
  }

  async #newRecord(
    columns: Omit<Insertable<Tables['identity_record']>, 'number'>,
  ): Promise<number> {
    const { number } = await this.#queries
      .insertInto('identity_record')
      .values(columns)
      .returning('number')
      .executeTakeFirstOrThrow();
    return number;
  }

  async #putIds(number: number, ids: readonly PatientId[]): Promise<void> {
    await this.#queries.deleteFrom('identity_id').where('record_number', '=', number).execute();
    for (const { id, assigningAuthority } of ids) {
      await this.#queries
        .insertInto('identity_id')
        .values({ id, assigning_authority: assigningAuthority, record_number: number })
        .execute();
    }
  }

  async #putNames(number: number, names: readonly NameKeys[]): Promise<void> {
    await this.#queries.deleteFrom('identity_name').where('record_number', '=', number).execute();
    for (const [position, { full = '', family, given }] of names.entries()) {
      await this.#queries
        .insertInto('identity_name')
        .values({ record_number: number, position, full_name: full, family, given })
        .execute();
    }
  }
}

type Condition = Expression<SqlBool>;
type The = ExpressionBuilder<Tables, 'identity_record'>;

function conditionsOf(criteria: IdentityCriteria, the: The): Condition[] {
  const { regionalIds, names, administrativeGender, birthDate } = criteria;
  return [
    ...(regionalIds ? [oneOf(the, regionalIds)] : []),
    ...(names ? [the.or(names.map((name) => named(the, name)))] : []),
    ...(administrativeGender ? [the('administrative_gender', '=', administrativeGender)] : []),
    ...(birthDate?.low ? [the('birth_date', '>=', birthDate.low)] : []),
    // Whatever lies within the last day, month or year that is still asked for sorts before the nines.
    ...(birthDate?.high ? [the('birth_date', '<=', birthDate.high.padEnd(8, '9'))] : []),
  ];
}

function oneOf(the: The, regionalIds: readonly string[]): Condition {
  return regionalIds.length === 0 ? sql<SqlBool>`1 = 0` : the('regional_id', 'in', regionalIds);
}

/** A name without any part fits nobody. */
function named(the: The, { family, given }: NameKeys): Condition {
  if (!family && !given) return sql<SqlBool>`1 = 0`;
  let records = the.selectFrom('identity_name').select('identity_name.record_number');
  if (family) records = records.where('identity_name.family', '=', family);
  if (given) records = records.where('identity_name.given', '=', given);
  return the('number', 'in', records);
}
