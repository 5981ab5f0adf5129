import type { IdentityCriteria, Searched } from '../../actors/patient-identity/identity-store.ts';
import type { NamePattern, PartPattern } from '../../actors/patient-identity/search-names.ts';
import {
  type Expression,
  type ExpressionBuilder,
  type Reads,
  type SqlBool,
  sql,
} from './database.ts';
import type { IdentityTables } from './identity-tables.ts';
import { inSlices } from './in-slices.ts';
import { RECORD_COLUMNS, RecordsAtHand } from './records-at-hand.ts';

type Reading = Reads<IdentityTables>;

/** More records than these are not looked at for one question, so that a wide one cannot hold up the others. */
const MOST_CANDIDATES = 2_000;

/**
 * Active records that meet all criteria, the one revised last first, at most `most`.
 *
 * In two steps, each with one way through an index: the numbers by the criterion that names the fewest (numbers, regional
 * ids, names with the birth date, the birth date, the mother's maiden name), then the rows, of which the rest is demanded.
 */
export async function searchRecords(
  queries: Reading,
  criteria: IdentityCriteria,
  most: number,
): Promise<Searched> {
  const candidates = await candidatesOf(queries, criteria);
  const found = await inSlices(candidates.slice(0, MOST_CANDIDATES), (slice) =>
    queries
      .selectFrom('identity_record')
      .select(RECORD_COLUMNS)
      .where('number', 'in', slice)
      .where((the) => the.and(rowConditions(criteria, the)))
      .execute(),
  );
  const rows = [...found].sort((one, other) =>
    one.revised_at === other.revised_at
      ? other.number - one.number
      : one.revised_at < other.revised_at
        ? 1
        : -1,
  );
  return {
    records: await new RecordsAtHand(queries).from(rows.slice(0, most)),
    isCut: candidates.length > MOST_CANDIDATES || rows.length > most,
  };
}

async function candidatesOf(
  queries: Reading,
  criteria: IdentityCriteria,
): Promise<readonly number[]> {
  const { numbers, regionalIds, names } = criteria;
  const found = new Set<number>();
  const keep = (some: readonly { readonly number: number }[]) => {
    for (const { number } of some) found.add(number);
  };
  if (!numbers && !regionalIds && names) {
    for (const pattern of names) {
      for (const conditions of waysOf(pattern)) {
        if (found.size > MOST_CANDIDATES) break;
        const rows = await queries
          .selectFrom('identity_name')
          .select('record_number as number')
          .where((the) => the.and([...conditions(the), ...birthConditions(criteria, the)]))
          .limit(MOST_CANDIDATES + 1)
          .execute();
        keep(rows);
      }
    }
    return [...found];
  }
  if (numbers) return numbers;
  if (!regionalIds && !criteria.birthDate && criteria.mothersNames) {
    for (const pattern of criteria.mothersNames) {
      for (const conditions of waysOf(pattern)) {
        if (found.size > MOST_CANDIDATES) break;
        const rows = await queries
          .selectFrom('identity_mothers_name')
          .select('record_number as number')
          // The parts have the same names in both tables.
          .where((the) => the.and(conditions(the as unknown as OfName)))
          .limit(MOST_CANDIDATES + 1)
          .execute();
        keep(rows);
      }
    }
    return [...found];
  }
  keep(
    await queries
      .selectFrom('identity_record')
      .select('number')
      .where((the) => the.and(rowConditions(criteria, the)))
      .limit(MOST_CANDIDATES + 1)
      .execute(),
  );
  return [...found];
}

type OfRecord = ExpressionBuilder<IdentityTables, 'identity_record'>;
type OfName = ExpressionBuilder<IdentityTables, 'identity_name'>;
type Condition = Expression<SqlBool>;

/** All but the names, which have been looked up by then unless something narrower was. */
function rowConditions(criteria: IdentityCriteria, the: OfRecord): Condition[] {
  const { regionalIds, administrativeGender, birthDate } = criteria;
  return [
    the('merged_into', 'is', null),
    ...(regionalIds
      ? [regionalIds.length === 0 ? NOBODY : the('regional_id', 'in', regionalIds)]
      : []),
    ...(administrativeGender ? [the('administrative_gender', '=', administrativeGender)] : []),
    ...(birthDate?.low ? [the('birth_date', '>=', birthDate.low)] : []),
    ...(birthDate?.high ? [the('birth_date', '<=', lastOf(birthDate.high))] : []),
  ];
}

const NOBODY = sql<SqlBool>`1 = 0`;

function birthConditions({ birthDate }: IdentityCriteria, the: OfName): Condition[] {
  const { low, high } = birthDate ?? {};
  if (low !== undefined && low === high && low.length === DAY) {
    return [the('birth_date', '=', low)];
  }
  return [
    ...(low ? [the('birth_date', '>=', low)] : []),
    ...(high ? [the('birth_date', '<=', lastOf(high))] : []),
    // Of a record without a birth date it is empty, which no date asks for.
    ...(high && !low ? [the('birth_date', '>', '')] : []),
  ];
}

/** Digits of a date down to the day. */
const DAY = 8;

/** Whatever lies within the last day, month or year that is still asked for sorts before the nines. */
function lastOf(high: string): string {
  return high.padEnd(DAY, '9');
}

/** One way for all whole keys of the family name, one for each beginning: each of them one range of an index. */
function waysOf({ family, given }: NamePattern): readonly ((the: OfName) => Condition[])[] {
  if (family.length === 0 && given.length === 0) return [];
  const [leading, others] =
    family.length === 0 ? (['given', []] as const) : (['family', given] as const);
  const patterns = leading === 'family' ? family : given;
  const rest = (the: OfName) =>
    others.length === 0
      ? []
      : [the.or(others.map((pattern) => the.and(partConditions('given', pattern, the))))];
  const whole = patterns.filter(({ isPrefix }) => !isPrefix).map(({ text }) => text);
  return [
    ...(whole.length === 0
      ? []
      : [(the: OfName): Condition[] => [the(leading, 'in', whole), ...rest(the)]]),
    ...patterns
      .filter(({ isPrefix }) => isPrefix)
      .map((pattern) => (the: OfName) => [...partConditions(leading, pattern, the), ...rest(the)]),
  ];
}

/** Behind every character that a name has. */
const LAST = '\u{10FFFF}';

function partConditions(
  column: 'family' | 'given',
  { text, isPrefix }: PartPattern,
  the: OfName,
): Condition[] {
  return isPrefix
    ? [the(column, '>=', text), the(column, '<', text + LAST)]
    : [the(column, '=', text)];
}
