import type { ObjectCriteria, TimeSpan } from '../../actors/document-registry/registry-store.ts';
import type { PatientId } from '../../profiles/patient.ts';
import type { Code } from '../../profiles/xds/metadata.ts';
import { DOCUMENT_AVAILABILITY } from '../../profiles/xds/vocabulary.ts';
import { padded } from './in-slices.ts';
import { codeKey, type ManyValued, type RegistryObjectRow } from './registry-rows.ts';
import type { SqlValue } from './sql-parameter.ts';

/** A part of a statement, with the values of its question marks in their order. No value ever stands in the text. */
export interface SqlPart {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/**
 * Every criterion but `among` as SQL; all of them must hold. A list without members is met by nothing.
 *
 * Written without the query builder: it is in the path of every stored query, and building costs more than asking.
 */
export function conditionsOf(criteria: ObjectCriteria): SqlPart {
  const { patientId } = criteria;
  return allOf([
    ...(patientId === undefined
      ? []
      : [
          equals('patient_authority', patientId.assigningAuthority),
          equals('patient_id', patientId.id),
        ]),
    ...(criteria.patientIds === undefined ? [] : [ofPatients(criteria.patientIds)]),
    equals('kind', criteria.kind),
    ...(criteria.versions === 'latest' ? [equals('latest', 1)] : []),
    ...oneOf('availability_status', criteria.availabilityStatus),
    ...oneOf('object_type', criteria.objectType),
    ...oneCode('class_code', criteria.classCode),
    ...oneCode('type_code', criteria.typeCode),
    ...oneCode('practice_setting_code', criteria.practiceSettingCode),
    ...oneCode('healthcare_facility_type_code', criteria.healthcareFacilityTypeCode),
    ...oneCode('format_code', criteria.formatCode),
    ...oneCode('content_type_code', criteria.contentTypeCode),
    ...oneOf('source_id', criteria.sourceId),
    ...available(criteria.documentAvailability),
    ...eachCode('eventCodeList', criteria.eventCodeList),
    ...eachCode('confidentialityCode', criteria.confidentialityCode),
    ...eachCode('codeList', criteria.codeList),
    ...(criteria.referenceIdList ?? []).map((patterns) => like('referenceIdList', patterns)),
    ...(criteria.authorPerson ? [like('authorPerson', criteria.authorPerson)] : []),
    ...during('creation_time', criteria.creationTime),
    ...during('service_start_time', criteria.serviceStartTime),
    ...during('service_stop_time', criteria.serviceStopTime),
    ...during('submission_time', criteria.submissionTime),
    ...during('last_update_time', criteria.lastUpdateTime),
  ]);
}

/** The column holds one of these values. */
export function among(column: keyof RegistryObjectRow, values: readonly SqlValue[]): SqlPart {
  if (values.length === 0) return NOTHING;
  const list = padded(values);
  return { text: `${column} IN (${marks(list)})`, values: list };
}

/** All of the parts. */
export function allOf(parts: readonly SqlPart[]): SqlPart {
  return {
    text: parts.map(({ text }) => text).join(' AND '),
    values: parts.flatMap(({ values }) => values),
  };
}

const NOTHING: SqlPart = { text: '1 = 0', values: [] };

function marks(values: readonly SqlValue[]): string {
  return `?${', ?'.repeat(values.length - 1)}`;
}

function equals(column: keyof RegistryObjectRow, value: SqlValue): SqlPart {
  return { text: `${column} = ?`, values: [value] };
}

/** One of several patients, who are almost always of one authority. */
function ofPatients(patients: readonly PatientId[]): SqlPart {
  const authorities = new Set(patients.map(({ assigningAuthority }) => assigningAuthority));
  const parts = [...authorities].map((authority) => {
    const ids = patients.filter(({ assigningAuthority }) => assigningAuthority === authority);
    return allOf([
      equals('patient_authority', authority),
      among('patient_id', [...new Set(ids.map(({ id }) => id))]),
    ]);
  });
  return parts.length === 0 ? NOTHING : anyOf(parts);
}

/** An entry without the attribute is Online. Source: XDS Metadata Update, 4.2.3.2.30. */
function available(urns: readonly string[] | undefined): SqlPart[] {
  if (urns === undefined) return [];
  const said = among('document_availability', urns);
  return [
    urns.includes(DOCUMENT_AVAILABILITY.Online)
      ? anyOf([said, { text: 'document_availability IS NULL', values: [] }])
      : said,
  ];
}

type TextColumn = 'availability_status' | 'object_type' | 'source_id' | CodeColumn;
type CodeColumn =
  | 'class_code'
  | 'type_code'
  | 'practice_setting_code'
  | 'healthcare_facility_type_code'
  | 'format_code'
  | 'content_type_code';

function oneOf(column: TextColumn, choices: readonly string[] | undefined): SqlPart[] {
  return choices === undefined ? [] : [among(column, choices)];
}

function oneCode(column: CodeColumn, codes: readonly Code[] | undefined): SqlPart[] {
  return oneOf(column, codes?.map(codeKey));
}

/** For each of the lists, one of its codes. */
function eachCode(name: ManyValued, lists: readonly (readonly Code[])[] = []): SqlPart[] {
  return lists.map((codes) => {
    if (codes.length === 0) return NOTHING;
    const values = padded(codes.map(codeKey));
    return hasValue(name, { text: `value IN (${marks(values)})`, values });
  });
}

/** One value that is like one of the patterns. SQLite has no escape by default, PostgreSQL has: so it is said. */
function like(name: ManyValued, patterns: readonly string[]): SqlPart {
  if (patterns.length === 0) return NOTHING;
  const alike = patterns.map((pattern) => ({
    text: "value LIKE ? ESCAPE '\\'",
    values: [pattern.replaceAll('\\', '\\\\')],
  }));
  return hasValue(name, anyOf(alike));
}

/** A row of operators counts as that many inside each other, and SQLite takes 1,000: so a long row is one of groups. */
const LONGEST_ROW = 100;

/** At least one of the parts, of which there is one. */
function anyOf(parts: readonly SqlPart[]): SqlPart {
  if (parts.length <= LONGEST_ROW) {
    return {
      text: `(${parts.map(({ text }) => text).join(' OR ')})`,
      values: parts.flatMap(({ values }) => values),
    };
  }
  const groups: SqlPart[] = [];
  for (let start = 0; start < parts.length; start += LONGEST_ROW) {
    groups.push(anyOf(parts.slice(start, start + LONGEST_ROW)));
  }
  return anyOf(groups);
}

function hasValue(name: ManyValued, { text, values }: SqlPart): SqlPart {
  return {
    text: `EXISTS (SELECT 1 FROM registry_value WHERE object_number = registry_object.number AND name = ? AND ${text})`,
    values: [name, ...values],
  };
}

type TimeColumn =
  | 'creation_time'
  | 'service_start_time'
  | 'service_stop_time'
  | 'submission_time'
  | 'last_update_time';

/** From inclusive, to exclusive; an object without the attribute passes. Source: ITI TF-2: 3.18.4.1.2.3.3. */
function during(column: TimeColumn, span: TimeSpan | undefined): SqlPart[] {
  const { from, to } = span ?? {};
  const parts: SqlPart[] = [];
  if (from !== undefined)
    parts.push({ text: `(${column} IS NULL OR ${column} >= ?)`, values: [from] });
  if (to !== undefined) parts.push({ text: `(${column} IS NULL OR ${column} < ?)`, values: [to] });
  return parts;
}
