import type { SourceRecord } from '../../actors/patient-identity/identity-store.ts';
import type { PatientId } from '../../profiles/patient.ts';
import type { Reads, Selectable } from './database.ts';
import type { IdentityTables } from './identity-tables.ts';
import { inSlices } from './in-slices.ts';
import { marks, rowsOf } from './ready-text.ts';

type Reading = Reads<IdentityTables>;

/** What a record is made of. */
export const RECORD_COLUMNS = [
  'identity_record.number',
  'identity_record.regional_id',
  'identity_record.home_regional_id',
  'identity_record.told_regional_id',
  'identity_record.merged_into',
  'identity_record.version',
  'identity_record.demographics',
  'identity_record.revised_at',
] as const;

/** The row of a record. */
export type RecordRow = Pick<
  Selectable<IdentityTables['identity_record']>,
  | 'number'
  | 'regional_id'
  | 'home_regional_id'
  | 'told_regional_id'
  | 'merged_into'
  | 'version'
  | 'demographics'
  | 'revised_at'
>;

interface AtHand {
  readonly record: SourceRecord;
  /** ISO 8601. */
  readonly revisedAt: string;
}

/** Beyond these all are read again. */
const MOST_AT_HAND = 1_000;

const SELECT = `SELECT ${RECORD_COLUMNS.join(', ')} FROM identity_record WHERE`;

/**
 * The records that one look or one change has read, each once: the forming of groups asks for the same few over and over. It
 * lives as long as its look or change, which sees one state of the data; whoever alters a record there says so here.
 */
export class RecordsAtHand {
  readonly #queries: Reading;
  readonly #known = new Map<number, AtHand>();

  constructor(queries: Reading) {
    this.#queries = queries;
  }

  /** Records by number, in that order; each once. */
  async numbered(numbers: readonly number[]): Promise<readonly SourceRecord[]> {
    const all = await this.#numbered(numbers);
    return all.map(({ record }) => record).sort((one, other) => one.number - other.number);
  }

  /** Of these the active ones, the one revised last first; of two revised together, that which was stored last. */
  async activeOf(numbers: readonly number[]): Promise<readonly SourceRecord[]> {
    return activeFirst(await this.#numbered(numbers));
  }

  /** The active records of these regional ids, in the same order. */
  async ofRegionalIds(regionalIds: readonly string[]): Promise<readonly SourceRecord[]> {
    const rows = await inSlices(regionalIds, (slice) =>
      rowsOf<RecordRow>(
        this.#queries,
        `${SELECT} regional_id IN ${marks(slice.length)} AND merged_into IS NULL`,
        slice,
      ),
    );
    return activeFirst(await this.#from(rows));
  }

  /** The records of these rows with their ids, in the same order. */
  async from(rows: readonly RecordRow[]): Promise<readonly SourceRecord[]> {
    return (await this.#from(rows)).map(({ record }) => record);
  }

  /** The record as it stands from now on. */
  keep(record: SourceRecord, revisedAt?: string): void {
    const since = revisedAt ?? this.#known.get(record.number)?.revisedAt;
    if (since !== undefined) this.#known.set(record.number, { record, revisedAt: since });
  }

  /** The record is another from now on; without a number: any of them may be. */
  forget(number?: number): void {
    if (number === undefined) this.#known.clear();
    else this.#known.delete(number);
  }

  async #numbered(numbers: readonly number[]): Promise<readonly AtHand[]> {
    const distinct = [...new Set(numbers)];
    const here = distinct.flatMap((number) => this.#known.get(number) ?? []);
    const rows = await inSlices(
      distinct.filter((number) => !this.#known.has(number)),
      (slice) =>
        rowsOf<RecordRow>(this.#queries, `${SELECT} number IN ${marks(slice.length)}`, slice),
    );
    return [...here, ...(await this.#from(rows))];
  }

  async #from(rows: readonly RecordRow[]): Promise<readonly AtHand[]> {
    const known = rows.map(({ number }) => this.#known.get(number));
    const fresh = rows.filter((_, at) => known[at] === undefined);
    const ids = await this.#idsOf(fresh.map(({ number }) => number));
    if (this.#known.size + fresh.length > MOST_AT_HAND) this.#known.clear();
    return rows.map((row, at) => {
      const here = known[at];
      if (here) return here;
      const one = {
        record: recordFrom(row, ids.get(row.number) ?? []),
        revisedAt: row.revised_at,
      };
      this.#known.set(row.number, one);
      return one;
    });
  }

  async #idsOf(numbers: readonly number[]): Promise<ReadonlyMap<number, readonly PatientId[]>> {
    const ids = new Map<number, PatientId[]>(numbers.map((number) => [number, []]));
    const rows = await inSlices(numbers, (slice) =>
      rowsOf<Pick<IdentityTables['identity_id'], 'id' | 'assigning_authority' | 'record_number'>>(
        this.#queries,
        `SELECT id, assigning_authority, record_number FROM identity_id WHERE record_number IN ${marks(slice.length)} AND merged_into IS NULL ORDER BY assigning_authority, id`,
        slice,
      ),
    );
    for (const { id, assigning_authority, record_number } of rows) {
      ids.get(record_number)?.push({ id, assigningAuthority: assigning_authority });
    }
    return ids;
  }
}

function activeFirst(all: readonly AtHand[]): readonly SourceRecord[] {
  return all
    .filter(({ record }) => record.mergedInto === undefined)
    .sort(
      (one, other) =>
        (one.revisedAt < other.revisedAt ? 1 : 0) - (one.revisedAt > other.revisedAt ? 1 : 0) ||
        other.record.number - one.record.number,
    )
    .map(({ record }) => record);
}

function recordFrom(row: RecordRow, ids: readonly PatientId[]): SourceRecord {
  return {
    number: row.number,
    ids,
    demographics: JSON.parse(row.demographics),
    regionalId: row.regional_id,
    homeRegionalId: row.home_regional_id ?? row.regional_id,
    ...(row.told_regional_id === null ? {} : { toldRegionalId: row.told_regional_id }),
    ...(row.merged_into === null ? {} : { mergedInto: row.merged_into }),
    version: row.version,
  };
}
