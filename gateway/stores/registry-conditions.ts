import type { ObjectCriteria, TimeSpan } from '../../actors/document-registry/registry-store.ts';
import type { Code } from '../../profiles/xds/metadata.ts';
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from './database.ts';
import { codeKey, type ManyValued, type RegistryTables } from './registry-rows.ts';

type Condition = Expression<SqlBool>;
type The = ExpressionBuilder<RegistryTables, 'registry_object'>;

/** Every criterion but `among` as SQL; all of them must hold. A list without members is met by nothing. */
export function conditionsOf(criteria: ObjectCriteria, the: The): Condition[] {
  const { patientId } = criteria;
  return [
    ...(patientId === undefined
      ? []
      : [
          the('patient_authority', '=', patientId.assigningAuthority),
          the('patient_id', '=', patientId.id),
        ]),
    the('kind', '=', criteria.kind),
    ...oneOf(the, 'availability_status', criteria.availabilityStatus),
    ...oneOf(the, 'object_type', criteria.objectType),
    ...oneCode(the, 'class_code', criteria.classCode),
    ...oneCode(the, 'type_code', criteria.typeCode),
    ...oneCode(the, 'practice_setting_code', criteria.practiceSettingCode),
    ...oneCode(the, 'healthcare_facility_type_code', criteria.healthcareFacilityTypeCode),
    ...oneCode(the, 'format_code', criteria.formatCode),
    ...oneCode(the, 'content_type_code', criteria.contentTypeCode),
    ...oneOf(the, 'source_id', criteria.sourceId),
    ...eachCode(the, 'eventCodeList', criteria.eventCodeList),
    ...eachCode(the, 'confidentialityCode', criteria.confidentialityCode),
    ...eachCode(the, 'codeList', criteria.codeList),
    ...(criteria.referenceIdList ?? []).map((patterns) => like(the, 'referenceIdList', patterns)),
    ...(criteria.authorPerson ? [like(the, 'authorPerson', criteria.authorPerson)] : []),
    ...during(the, 'creation_time', criteria.creationTime),
    ...during(the, 'service_start_time', criteria.serviceStartTime),
    ...during(the, 'service_stop_time', criteria.serviceStopTime),
    ...during(the, 'submission_time', criteria.submissionTime),
    ...during(the, 'last_update_time', criteria.lastUpdateTime),
  ];
}

const NOTHING: Condition = sql<SqlBool>`1 = 0`;

type TextColumn = 'availability_status' | 'object_type' | 'source_id' | CodeColumn;
type CodeColumn =
  | 'class_code'
  | 'type_code'
  | 'practice_setting_code'
  | 'healthcare_facility_type_code'
  | 'format_code'
  | 'content_type_code';

function oneOf(the: The, column: TextColumn, choices: readonly string[] | undefined): Condition[] {
  if (choices === undefined) return [];
  return [choices.length === 0 ? NOTHING : the(sql.ref<string>(column), 'in', choices)];
}

function oneCode(the: The, column: CodeColumn, codes: readonly Code[] | undefined): Condition[] {
  return oneOf(the, column, codes?.map(codeKey));
}

/** For each of the lists, one of its codes. */
function eachCode(
  the: The,
  name: ManyValued,
  lists: readonly (readonly Code[])[] = [],
): Condition[] {
  return lists.map((codes) =>
    codes.length === 0
      ? NOTHING
      : the.exists(
          the
            .selectFrom('registry_value')
            .select('registry_value.name')
            .whereRef('registry_value.object_number', '=', 'registry_object.number')
            .where('registry_value.name', '=', name)
            .where('registry_value.value', 'in', codes.map(codeKey)),
        ),
  );
}

/** One value that is like one of the patterns. SQLite has no escape by default, PostgreSQL has: so it is said. */
function like(the: The, name: ManyValued, patterns: readonly string[]): Condition {
  if (patterns.length === 0) return NOTHING;
  const alike = patterns.map(
    (pattern) =>
      sql<SqlBool>`registry_value.value LIKE ${pattern.replaceAll('\\', '\\\\')} ESCAPE '\\'`,
  );
  return the.exists(
    the
      .selectFrom('registry_value')
      .select('registry_value.name')
      .whereRef('registry_value.object_number', '=', 'registry_object.number')
      .where('registry_value.name', '=', name)
      .where((inner) => inner.or(alike)),
  );
}

type TimeColumn =
  | 'creation_time'
  | 'service_start_time'
  | 'service_stop_time'
  | 'submission_time'
  | 'last_update_time';

/** From inclusive, to exclusive; an object without the attribute passes. Source: ITI TF-2: 3.18.4.1.2.3.3. */
function during(the: The, column: TimeColumn, span: TimeSpan | undefined): Condition[] {
  const { from, to } = span ?? {};
  const conditions: Condition[] = [];
  if (from !== undefined)
    conditions.push(the.or([the(column, 'is', null), the(column, '>=', from)]));
  if (to !== undefined) conditions.push(the.or([the(column, 'is', null), the(column, '<', to)]));
  return conditions;
}
