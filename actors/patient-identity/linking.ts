import type { Demographics, PatientId, PersonName } from '../../profiles/patient.ts';
import type { Issue } from '../../profiles/transaction.ts';
import type {
  IdentityReader,
  IdentityWriter,
  MatchingKeys,
  NameKeys,
  SourceRecord,
} from './identity-store.ts';

/** More records than this with one name, sex and birth date say nothing about anyone. */
const MOST_CANDIDATES = 100;

/** A part of a name as it is compared: NFKC, spaces removed. Letter case is kept. */
export function nameKey(part: string): string {
  return part.normalize('NFKC').replace(/\s+/gu, '');
}

/** How a name is found and compared. A full name has both parts; the bar keeps where one ends and the other begins. */
export function nameKeysOf({ family, given }: Pick<PersonName, 'family' | 'given'>): NameKeys {
  const keys = { family: nameKey(family), given: nameKey(given.join('')) };
  return keys.family && keys.given ? { ...keys, full: `${keys.family}|${keys.given}` } : keys;
}

/** What two records must have in common; undefined where that is not known of this one. */
export function matchingKeysOf({
  names,
  administrativeGender,
  birthTime,
}: Demographics): MatchingKeys | undefined {
  const full = names.flatMap((name) => nameKeysOf(name).full ?? []);
  const birthDate = birthTime?.slice(0, DAY) ?? '';
  if (!administrativeGender || birthDate.length < DAY || full.length === 0) return undefined;
  return { birthDate, administrativeGender, names: [...new Set(full)] };
}

/** Digits of a date down to the day. */
const DAY = 8;

/** A record that is fed: new, or a new version of the one that the store has. */
export interface FedRecord {
  readonly ids: readonly PatientId[];
  readonly demographics: Demographics;
  readonly stored: SourceRecord | undefined;
}

/**
 * The regional id of a record that brings none: that of the one patient whose record elsewhere has the same birth date,
 * sex and full name in one representation, else its own.
 *
 * Records are matched across assigning authorities only, and two ids of one authority never come to one patient by
 * matching. A stored record stays where it is while any other record of the patient still matches, or it is alone there
 * and matches nobody else.
 */
export async function linkedRegionalId(
  fed: FedRecord,
  records: IdentityReader,
  issue: Issue,
): Promise<string> {
  const { stored } = fed;
  const beside = (await companionsOf(stored, records)).length;
  const candidates = await candidatesOf(fed, records);
  if (stored && candidates.has(stored.regionalId)) return stored.regionalId;
  const [candidate, ...others] = candidates;
  if (candidate !== undefined && others.length === 0 && (await isOpenTo(fed, candidate, records))) {
    return candidate;
  }
  if (stored && beside === 0) return stored.regionalId;
  return await newRegionalId(records, issue);
}

async function companionsOf(
  stored: SourceRecord | undefined,
  records: IdentityReader,
): Promise<readonly SourceRecord[]> {
  if (!stored) return [];
  const all = await records.recordsOf([stored.regionalId]);
  return all.filter(({ number }) => number !== stored.number);
}

/** The patients with a matching record of another authority. */
async function candidatesOf(
  { ids, demographics, stored }: FedRecord,
  records: IdentityReader,
): Promise<ReadonlySet<string>> {
  const keys = matchingKeysOf(demographics);
  if (!keys) return new Set();
  const alike = await records.matching(keys, MOST_CANDIDATES);
  const elsewhere = alike.filter(
    (record) => record.number !== stored?.number && !sharesAuthority(record.ids, ids),
  );
  return new Set(elsewhere.map(({ regionalId }) => regionalId));
}

/** True unless the patient already has an id of one of the record's authorities. */
async function isOpenTo(
  { ids, stored }: FedRecord,
  regionalId: string,
  records: IdentityReader,
): Promise<boolean> {
  const members = await records.recordsOf([regionalId]);
  return members.every(
    (member) => member.number === stored?.number || !sharesAuthority(member.ids, ids),
  );
}

function sharesAuthority(one: readonly PatientId[], other: readonly PatientId[]): boolean {
  return one.some(({ assigningAuthority }) =>
    other.some((id) => id.assigningAuthority === assigningAuthority),
  );
}

/** Digits of a regional id. */
const REGIONAL_ID_DIGITS = 12;

/** An id that nobody has, and that says nothing of the patient. */
async function newRegionalId(records: IdentityReader, issue: Issue): Promise<string> {
  for (;;) {
    const number =
      BigInt(`0x${issue.uuid().replaceAll('-', '')}`) % 10n ** BigInt(REGIONAL_ID_DIGITS);
    const regionalId = number.toString().padStart(REGIONAL_ID_DIGITS, '0');
    if (!(await records.knowsRegionalId(regionalId))) return regionalId;
  }
}

/** Stores a record under its regional id. */
export async function putRecord(
  { ids, demographics, stored }: FedRecord,
  regionalId: string,
  { records, issue }: { records: IdentityWriter; issue: Issue },
): Promise<void> {
  await records.put(
    {
      number: stored?.number,
      ids,
      demographics,
      regionalId,
      names: demographics.names.map(nameKeysOf),
    },
    issue.now(),
  );
}
