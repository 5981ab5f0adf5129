import type { SourceRecord } from '../../actors/patient-identity/identity-store.ts';
import { ruleMatcher } from '../../actors/patient-identity/matching/rule-matcher.ts';
import { haveCommonAuthority } from '../../actors/patient-identity/neighbourhood.ts';
import { searchKeysOf } from '../../actors/patient-identity/search-names.ts';
import { openDatabase } from '../../gateway/stores/database.ts';
import { openConnection, type SqliteConnection } from '../../gateway/stores/sqlite-connection.ts';
import type { Demographics, PatientId } from '../../profiles/patient.ts';
import { generate } from '../identity/generator/generate.ts';
import { registrationOf } from '../identity/registrations.ts';

/** What a filled store leaves for the scene: registrations that it does not have, and ids that it has. */
export interface Filled {
  readonly records: number;
  readonly unknown: readonly Registered[];
  readonly known: readonly Registered[];
}

export interface Registered {
  readonly ids: readonly PatientId[];
  readonly demographics: Demographics;
}

/** One registration in so many is kept out of the store, to be fed by the scene. */
const KEPT_OUT = 10;
/** So many of each are kept for the scene. */
export const MOST_KEPT = 4_000;
const FILL_SEED = 7;
/** Rows of one statement. */
const A_STATEMENT = 40;
/** Records of one commit. */
const A_COMMIT = 20_000;
const FILLED_AT = '2026-01-01T00:00:00.000Z';

/**
 * Fills the SQLite file of a region that does not run with generated registrations, table by table: names, keys, pairs and
 * groups are what the actor's own functions make of them, but for what a person would have to look at. A million by the feed
 * itself would take hours.
 */
export async function fillIdentity(
  file: string,
  { records, affinityDomain }: { records: number; affinityDomain: string },
): Promise<Filled> {
  const database = await openDatabase({ file, now: () => new Date() });
  await database.close();
  const connection = openConnection(file);
  try {
    // Should it end before its time, the file is made anew: so it is written once, without a log, and not synced.
    for (const setting of ['journal_mode=OFF', 'synchronous=OFF', 'cache_size=-2000000']) {
      connection.rows(`PRAGMA ${setting}`);
    }
    return new Filling(connection, affinityDomain).fill(records);
  } finally {
    connection.close();
  }
}

type Value = string | number | null;

const TABLES: Readonly<Record<string, readonly string[]>> = {
  identity_regional_id: ['id', 'confirmed'],
  registry_patient: ['assigning_authority', 'id'],
  identity_record: [
    'number',
    'regional_id',
    'home_regional_id',
    'birth_date',
    'administrative_gender',
    'demographics',
    'keyed_by',
    'compared_by',
    'revised_at',
  ],
  identity_record_version: [
    'record_number',
    'version',
    'ids',
    'demographics',
    'fed_by',
    'revised_at',
  ],
  identity_id: ['assigning_authority', 'id', 'record_number'],
  identity_name: ['record_number', 'position', 'full_name', 'family', 'given', 'birth_date'],
  identity_key: ['key', 'record_number'],
  identity_membership: ['record_number', 'regional_id', 'since'],
  identity_decision: [
    'number',
    'verdict',
    'low',
    'high',
    'score',
    'rule_set',
    'why',
    'decided_by',
    'decided_at',
  ],
  identity_review: ['kind', 'low', 'high', 'score', 'rule_set', 'why', 'state', 'opened_at'],
  identity_pair: ['low', 'high', 'verdict', 'by_hand', 'score', 'rule_set', 'decision_number'],
};

class Filling {
  readonly #connection: SqliteConnection;
  readonly #affinityDomain: string;
  readonly #matcher = ruleMatcher();
  readonly #waiting = new Map<string, (readonly Value[])[]>();
  #decisions = 0;
  #patients = 0;

  constructor(connection: SqliteConnection, affinityDomain: string) {
    this.#connection = connection;
    this.#affinityDomain = affinityDomain;
  }

  fill(records: number): Filled {
    const unknown: Registered[] = [];
    const known: Registered[] = [];
    // Evenly over all that are generated, for those of one person stand together.
    const everyUnknown = Math.max(1, Math.floor(records / KEPT_OUT / MOST_KEPT));
    const everyKnown = Math.max(1, Math.floor(records / MOST_KEPT));
    let made = 0;
    let stored = 0;
    let person = '';
    let group: SourceRecord[] = [];
    this.#connection.exec('BEGIN');
    for (const row of generate({ seed: FILL_SEED, registrations: Number.MAX_SAFE_INTEGER })) {
      if (stored === records) break;
      made += 1;
      const { ids, demographics } = registrationOf(row, made);
      if (made % KEPT_OUT === 0) {
        if ((made / KEPT_OUT) % everyUnknown === 0) unknown.push({ ids, demographics });
        continue;
      }
      if (row.person_id !== person) group = [];
      person = row.person_id;
      stored += 1;
      group.push(this.#store({ ids, demographics }, stored, group));
      if (stored % everyKnown === 0) known.push({ ids, demographics });
      if (stored % A_COMMIT === 0) this.#connection.exec('COMMIT; BEGIN');
    }
    for (const table of this.#waiting.keys()) this.#flush(table);
    this.#connection.exec('COMMIT');
    return { records: stored, unknown, known };
  }

  #store({ ids, demographics }: Registered, number: number, group: readonly SourceRecord[]) {
    const fresh = { number, ids, demographics, homeRegionalId: '', version: 1 };
    const pairs = group.map((other) => {
      const { outcome, score, why } = this.#matcher.decide(other, fresh);
      const isLinked =
        outcome === 'AUTO' && !haveCommonAuthority(other, { ...fresh, regionalId: '' });
      return { other, outcome, score, why, isLinked };
    });
    const regionalId =
      pairs.find(({ isLinked }) => isLinked)?.other.regionalId ?? this.#newRegionalId();
    const record: SourceRecord = { ...fresh, regionalId };
    this.#put('identity_membership', [number, regionalId, FILLED_AT]);
    this.#putRecord(record);
    for (const { other, outcome, score, why, isLinked } of pairs) {
      if (outcome === 'APART') continue;
      this.#decisions += 1;
      const verdict = isLinked ? 'linked' : 'review';
      const hundredths = Math.round(score * 100);
      const { version } = this.#matcher;
      const between = [other.number, number] as const;
      this.#put('identity_decision', [
        this.#decisions,
        verdict,
        ...between,
        hundredths,
        version,
        JSON.stringify(why),
        'auto',
        FILLED_AT,
      ]);
      if (!isLinked) {
        const kind = haveCommonAuthority(other, record) ? 'merge' : 'link';
        const asked = [kind, ...between, hundredths, version, JSON.stringify(why), 'open'];
        this.#put('identity_review', [...asked, FILLED_AT]);
      }
      this.#put('identity_pair', [...between, verdict, 0, hundredths, version, this.#decisions]);
    }
    return record;
  }

  #putRecord({ number, ids, demographics, regionalId }: SourceRecord): void {
    const birthDate = demographics.birthTime?.slice(0, 8) ?? null;
    const text = JSON.stringify(demographics);
    this.#put('identity_record', [
      number,
      regionalId,
      regionalId,
      birthDate,
      demographics.administrativeGender ?? null,
      text,
      this.#matcher.version,
      this.#matcher.version,
      FILLED_AT,
    ]);
    const version = [number, 1, JSON.stringify(ids), text, 'fill', FILLED_AT];
    this.#put('identity_record_version', version);
    for (const { id, assigningAuthority } of ids) {
      this.#put('identity_id', [assigningAuthority, id, number]);
    }
    for (const [position, { family, given }] of searchKeysOf(demographics.names).entries()) {
      this.#put('identity_name', [number, position, '', family, given, birthDate ?? '']);
    }
    for (const key of new Set(this.#matcher.keysOf({ ids, demographics }))) {
      this.#put('identity_key', [key, number]);
    }
  }

  /** Twelve digits in no order, as the actor gives them; no two alike, for the factor has no divisor in common with 10. */
  #newRegionalId(): string {
    this.#patients += 1;
    const id = ((BigInt(this.#patients) * 618_033_988_749n) % 10n ** 12n)
      .toString()
      .padStart(12, '0');
    this.#put('identity_regional_id', [id, 1]);
    this.#put('registry_patient', [this.#affinityDomain, id]);
    return id;
  }

  #put(table: string, row: readonly Value[]): void {
    const rows = this.#waiting.get(table) ?? [];
    rows.push(row);
    this.#waiting.set(table, rows);
    if (rows.length >= A_STATEMENT) this.#flush(table);
  }

  #flush(table: string): void {
    const rows = this.#waiting.get(table) ?? [];
    this.#waiting.set(table, []);
    const columns = TABLES[table] ?? [];
    if (rows.length === 0) return;
    const marks = `(${columns.map(() => '?').join(', ')})`;
    this.#connection.run(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${rows.map(() => marks).join(', ')}`,
      rows.flat(),
    );
  }
}
