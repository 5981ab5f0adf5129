import type { MatchingRecord } from '../../actors/patient-identity/matching/normalised.ts';
import { isDTM } from '../../profiles/formats/datatypes.ts';
import { readBirthText } from '../../actors/patient-identity/matching/birth-date.ts';
import type { AdministrativeGender, PersonName } from '../../profiles/patient.ts';
import { CsvError, csvRows } from './csv.ts';

/** The columns that are read; others, the truth among them, are never looked at. */
const COLUMNS = [
  'record_id',
  'institution_code',
  'local_patient_id',
  'family_kanji',
  'given_kanji',
  'family_kana',
  'given_kana',
  'family_romaji',
  'given_romaji',
  'birth_date',
  'birth_raw',
  'sex',
  'postal_code',
  'address',
  'phone',
  'insurer_no',
  'insured_symbol',
  'insured_number',
  'insured_branch',
  'other_ids',
] as const;

type Column = (typeof COLUMNS)[number];

/** Without these there is no record. */
const REQUIRED: readonly Column[] = ['record_id', 'institution_code', 'local_patient_id'];

/** A row by the names of its columns. */
export type RegistrationRow = Readonly<Partial<Record<Column, string>>>;

/** A registration of a hospital as it is matched or imported. */
export interface ReadRegistration extends MatchingRecord {
  readonly recordId: string;
  readonly line: number;
}

/** Chart numbers of an institution, by its ten-digit code. Source: JP Core, patient numbers (1 before the code). */
export const CHART_NUMBERS = '1.2.392.100495.20.3.51.1';

/**
 * Registrations of a CSV with the columns that `patient import` and `patient match` read; their order is free, and a column
 * that is not known is passed over.
 * @throws CsvError with line and column
 */
export async function* readRegistrations(
  chunks: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<ReadRegistration> {
  let places: ReadonlyMap<Column, number> | undefined;
  let width = 0;
  const seen = new Map<string, number>();
  for await (const { line, cells } of csvRows(chunks)) {
    if (places === undefined) {
      places = placesOf(cells);
      width = cells.length;
      continue;
    }
    if (cells.length !== width) {
      throw new CsvError(line, `has ${cells.length} cells where the head has ${width}`);
    }
    const row: RegistrationRow = Object.fromEntries(
      [...places].map(([column, at]) => [column, (cells[at] ?? '').trim()]),
    );
    const registration = registrationOf(row, line);
    const before = seen.get(registration.recordId);
    if (before !== undefined) {
      throw new CsvError(line, `the same as on line ${before}`, 'record_id');
    }
    seen.set(registration.recordId, line);
    yield registration;
  }
  if (places === undefined) throw new CsvError(1, 'the file is empty');
}

/** Where each known column stands. @throws CsvError for one that is needed and missing */
export function placesOf(head: readonly string[]): ReadonlyMap<Column, number> {
  const places = new Map<Column, number>();
  for (const column of COLUMNS) {
    const at = head.findIndex((cell) => cell.trim() === column);
    if (at !== -1) places.set(column, at);
    else if (REQUIRED.includes(column)) throw new CsvError(1, 'is missing', column);
  }
  return places;
}

/**
 * A row as a record.
 * @throws CsvError for an empty id, an institution code without ten digits, a birth date that is none, an unknown sex
 */
export function registrationOf(row: RegistrationRow, line: number): ReadRegistration {
  for (const column of REQUIRED) {
    if ((row[column] ?? '') === '') throw new CsvError(line, 'must not be empty', column);
  }
  const {
    record_id: recordId = '',
    institution_code: code = '',
    local_patient_id: chart = '',
  } = row;
  if (!/^\d{10}$/.test(code)) throw new CsvError(line, 'must have ten digits', 'institution_code');
  const sex = sexOf(row.sex ?? '', line);
  const birthTime = birthOf(row, line);
  const text = (column: Column) => row[column] ?? '';
  return {
    recordId,
    line,
    ids: [{ id: chart, assigningAuthority: CHART_NUMBERS + code }],
    demographics: {
      names: namesOf(row),
      ...(sex === undefined ? {} : { administrativeGender: sex }),
      ...(birthTime === undefined ? {} : { birthTime }),
      ...(text('birth_raw') === '' ? {} : { birthText: text('birth_raw') }),
      ...(text('address') === '' && text('postal_code') === ''
        ? {}
        : {
            addresses: [
              {
                streetAddressLine: [text('address')],
                postalCode: text('postal_code'),
                country: 'JPN',
              },
            ],
          }),
      ...(text('phone') === '' ? {} : { telecoms: [{ value: `tel:${text('phone')}` }] }),
      ...(text('insurer_no') === '' || text('insured_number') === ''
        ? {}
        : {
            insurance: [
              {
                insurer: text('insurer_no'),
                symbol: text('insured_symbol'),
                number: text('insured_number'),
                branch: text('insured_branch'),
              },
            ],
          }),
    },
  };
}

function namesOf(row: RegistrationRow): readonly PersonName[] {
  const forms = [
    { family: row.family_kanji, given: row.given_kanji, representation: 'IDE' },
    { family: row.family_kana, given: row.given_kana, representation: 'SYL' },
    { family: row.family_romaji, given: row.given_romaji, representation: 'ABC' },
  ] as const;
  return forms.flatMap(({ family = '', given = '', representation }) =>
    family === '' && given === ''
      ? []
      : [{ family, given: given === '' ? [] : [given], representation }],
  );
}

function sexOf(text: string, line: number): AdministrativeGender | undefined {
  if (text === 'M' || text === 'F') return text;
  if (['', 'O', 'U', 'A', 'N', 'UN'].includes(text)) return undefined;
  throw new CsvError(line, 'must be M, F, O or U', 'sex');
}

function birthOf(
  { birth_date: date = '', birth_raw: raw = '' }: RegistrationRow,
  line: number,
): string | undefined {
  if (date !== '') {
    // Such as 0000-00-00: nothing is known of it, which is no fault.
    if (date.startsWith('0000')) return undefined;
    const [, year = '', month = ''] = /^(\d{4})-(00|0[1-9]|1[0-2])-00$/.exec(date) ?? [];
    if (year !== '') return month === '00' ? year : year + month;
    const read = readBirthText(date);
    if (read === undefined || !isDTM(read))
      throw new CsvError(line, 'must be a date such as 1958-03-12', 'birth_date');
    return read;
  }
  const read = readBirthText(raw);
  return read !== undefined && isDTM(read) ? read : undefined;
}
