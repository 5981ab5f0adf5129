import assert from 'node:assert';
import { lowerBound } from '../../profiles/formats/datatypes.ts';
import type { RegistryObject } from '../../profiles/formats/ebxml.ts';
import { octetsOfPieces } from '../../profiles/formats/xml-pieces.ts';
import type { PatientId } from '../../profiles/patient.ts';
import type { AvailabilityStatus, Code } from '../../profiles/xds/metadata.ts';
import {
  classificationsOf,
  identifierOf,
  kindOf,
  type MetadataKind,
  slotValues,
  versionOf,
} from '../../profiles/xds/metadata-xml.ts';
import type { Generated } from './database.ts';
import { textOfObject } from '../../profiles/xds/registry-object-text.ts';
import type { RegistryObjectText } from '../../profiles/xds/stored-queries.ts';
import {
  CLASSIFICATION,
  IDENTIFICATION,
  nameOfUrn,
  REFERENCE_ID_LIST,
  STATUS_TYPE,
} from '../../profiles/xds/vocabulary.ts';

/** Tables of the Document Registry. No other actor reads them. */
export interface RegistryTables {
  /** By whom the patient was subsumed: `surviving_id` at the end of the chain, `merged_into` directly. */
  registry_patient: {
    assigning_authority: string;
    id: string;
    surviving_id: string | null;
    merged_into: string | null;
  };
  /** Each time that objects went from one patient to another; `change_id` where the asker named the change. */
  registry_patient_change: {
    number: Generated<number>;
    change_id: string | null;
    assigning_authority: string;
    from_id: string;
    to_id: string;
  };
  registry_moved_object: { object_number: number; change_number: number };
  /** The engine numbers a new object. */
  registry_object: Omit<RegistryObjectRow, 'number'> & { number: Generated<number> };
  registry_value: { object_number: number; name: string; value: string };
  /** What was answered to a message; `expires_at` in milliseconds since 1970. */
  registry_answer: {
    caller: string;
    message_id: string;
    body_hash: string;
    answer: string;
    expires_at: number;
  };
}

/** What is read of an object to answer with it: few columns, for each of them costs. */
export interface RegistryTextRow {
  availability_status: AvailabilityStatus;
  /** JSON of the RegistryObjectText without what changes, the status, and without the content. */
  head: string;
  /** ebRIM in UTF-8: it goes out as it lies here. */
  content: Uint8Array;
}

/** An object: what is answered with, and what is only searched by. Codes as `codingScheme|code`, times to the second. */
export interface RegistryObjectRow extends RegistryTextRow {
  /** Counts up in the order of submission. */
  number: number;
  entry_uuid: string;
  kind: 'DocumentEntry' | 'SubmissionSet' | 'Folder' | 'Association';
  logical_id: string | null;
  object_type: string | null;
  patient_authority: string | null;
  patient_id: string | null;
  unique_id: string | null;
  association_type: string | null;
  source_object: string | null;
  target_object: string | null;
  class_code: string | null;
  type_code: string | null;
  practice_setting_code: string | null;
  healthcare_facility_type_code: string | null;
  format_code: string | null;
  content_type_code: string | null;
  source_id: string | null;
  /** Lower-case hex. */
  hash: string | null;
  size_bytes: number | null;
  creation_time: string | null;
  service_start_time: string | null;
  service_stop_time: string | null;
  submission_time: string | null;
  last_update_time: string | null;
  version: number;
  /** 1 for the most recent version of the logical object, else 0. */
  latest: number;
  document_availability: string | null;
}

/** The columns that make an answer, in one list, so that every query reads the same. */
export const TEXT_COLUMNS = [
  'availability_status',
  'head',
  'content',
] as const satisfies readonly (keyof RegistryTextRow)[];

/** The attributes of many values that are searched by. */
export type ManyValued =
  | 'authorPerson'
  | 'codeList'
  | 'confidentialityCode'
  | 'eventCodeList'
  | 'referenceIdList';

/** A code as a column holds it. A coding scheme is an OID or a name without a bar, so that no two codes are alike. */
export function codeKey({ code, codingScheme }: Pick<Code, 'code' | 'codingScheme'>): string {
  return `${codingScheme}|${code}`;
}

/** The object as a query answers with it: no XML is read. */
export function textOfRow(row: RegistryTextRow): RegistryObjectText {
  // The parsed object is ours alone: it is completed where it stands.
  return Object.assign(JSON.parse(row.head) as Head, {
    status: STATUS_TYPE[row.availability_status],
    content: row.content,
  });
}

/** Objects that were found, in one row; null where nothing was. */
export interface JoinedTexts {
  /** For each object in JSON, with a comma between them: octets of its content, availability status, head. */
  objects: string | null;
  /** The content of all of them. */
  contents: Uint8Array | null;
}

/**
 * A statement that gives what `select` finds as one row of `JoinedTexts`: each value costs more on its way out of SQLite
 * than joining costs inside.
 *
 * @param select reads TEXT_COLUMNS, in the order of the answer
 */
export function joinedTexts(select: string): string {
  return `SELECT
    string_agg('[' || length(content) || ',"' || availability_status || '",' || head || ']', ',') AS objects,
    CAST(string_agg(content, '') AS BLOB) AS contents
    FROM (${select}) AS found`;
}

/** The objects of such a row, as `textOfRow` makes them. */
export function textsOfJoined({ objects, contents }: JoinedTexts): readonly RegistryObjectText[] {
  if (objects === null || contents === null) return [];
  const octets = Buffer.from(contents.buffer, contents.byteOffset, contents.byteLength);
  let end = 0;
  return (JSON.parse(`[${objects}]`) as JoinedText[]).map(([length, status, head]) => {
    const start = end;
    end += length;
    return Object.assign(head, {
      status: STATUS_TYPE[status],
      content: octets.subarray(start, end),
    });
  });
}

type JoinedText = readonly [octets: number, status: AvailabilityStatus, head: Head];
type Head = Omit<RegistryObjectText, 'status' | 'content'>;

function headOf(head: Head): string {
  const text = JSON.stringify(head);
  const { patientId } = head;
  assert(
    patientId === undefined || text.includes(patientInHead(patientId)),
    'the head of an object shows its patient as it is searched for',
  );
  return text;
}

/** How a head shows the patient, so that another can be put in his place. Inside a JSON text quotes would be escaped. */
export function patientInHead({ id, assigningAuthority }: PatientId): string {
  return `"patientId":${JSON.stringify({ id, assigningAuthority })}`;
}

/** An object as it is stored: one row, and the values of its many-valued attributes. Its place in the table is not its own. */
export interface StoredObject {
  readonly row: Omit<RegistryObjectRow, 'number' | 'latest'>;
  readonly values: readonly (readonly [ManyValued, string])[];
}

/** The columns and the text of one object, both from the same reading of it, so that they cannot differ. */
export function storedObjectOf(object: RegistryObject): StoredObject {
  const kind = kindOf(object);
  const status = nameOfUrn(STATUS_TYPE, object.status);
  assert(kind !== undefined && status !== undefined, 'an object is stored with kind and status');
  const { status: _, content, ...head } = textOfObject(object);
  const columns = searchedColumns(object, kind);
  const row = {
    entry_uuid: head.id,
    kind,
    availability_status: status,
    logical_id: head.lid ?? null,
    object_type: head.objectType ?? null,
    patient_authority: head.patientId?.assigningAuthority ?? null,
    patient_id: head.patientId?.id ?? null,
    unique_id: head.uniqueId ?? null,
    association_type: head.associationType ?? null,
    source_object: head.sourceObject ?? null,
    target_object: head.targetObject ?? null,
    class_code: columns.class_code ?? null,
    type_code: columns.type_code ?? null,
    practice_setting_code: columns.practice_setting_code ?? null,
    healthcare_facility_type_code: columns.healthcare_facility_type_code ?? null,
    format_code: columns.format_code ?? null,
    content_type_code: columns.content_type_code ?? null,
    source_id: columns.source_id ?? null,
    hash: columns.hash ?? null,
    size_bytes: columns.size_bytes ?? null,
    creation_time: columns.creation_time ?? null,
    service_start_time: columns.service_start_time ?? null,
    service_stop_time: columns.service_stop_time ?? null,
    submission_time: columns.submission_time ?? null,
    last_update_time: columns.last_update_time ?? null,
    version: versionOf(object.versionName) ?? 1,
    document_availability: columns.document_availability ?? null,
    head: headOf(head),
    content: octetsOfPieces([content], Buffer.allocUnsafe),
  };
  return { row, values: searchedValues(object, kind) };
}

/** The columns of a stored object, in the order in which they are written. */
export const OBJECT_COLUMNS = [
  'entry_uuid',
  'kind',
  'availability_status',
  'logical_id',
  'object_type',
  'patient_authority',
  'patient_id',
  'unique_id',
  'association_type',
  'source_object',
  'target_object',
  'class_code',
  'type_code',
  'practice_setting_code',
  'healthcare_facility_type_code',
  'format_code',
  'content_type_code',
  'source_id',
  'hash',
  'size_bytes',
  'creation_time',
  'service_start_time',
  'service_stop_time',
  'submission_time',
  'last_update_time',
  'version',
  'document_availability',
  'head',
  'content',
] as const satisfies readonly (keyof StoredObject['row'])[];

type SearchedColumns = Partial<Omit<StoredObject['row'], keyof RegistryTextRow>>;

/** The columns that a kind of object is searched by, beside those that all have. */
function searchedColumns(object: RegistryObject, kind: MetadataKind): SearchedColumns {
  const time = (slot: string) => instant(slotValues(object, slot)[0]);
  switch (kind) {
    case 'DocumentEntry': {
      const schemes = CLASSIFICATION.DocumentEntry;
      const [size] = slotValues(object, 'size');
      return {
        class_code: codesOf(object, schemes.classCode)[0],
        type_code: codesOf(object, schemes.typeCode)[0],
        practice_setting_code: codesOf(object, schemes.practiceSettingCode)[0],
        healthcare_facility_type_code: codesOf(object, schemes.healthcareFacilityTypeCode)[0],
        format_code: codesOf(object, schemes.formatCode)[0],
        hash: slotValues(object, 'hash')[0]?.toLowerCase(),
        size_bytes: size !== undefined && /^[0-9]{1,15}$/.test(size) ? Number(size) : null,
        creation_time: time('creationTime'),
        service_start_time: time('serviceStartTime'),
        service_stop_time: time('serviceStopTime'),
        document_availability: slotValues(object, 'documentAvailability')[0],
      };
    }
    case 'SubmissionSet':
      return {
        content_type_code: codesOf(object, CLASSIFICATION.SubmissionSet.contentTypeCode)[0],
        source_id: identifierOf(object, IDENTIFICATION.SubmissionSet.sourceId),
        submission_time: time('submissionTime'),
      };
    case 'Folder':
      return { last_update_time: time('lastUpdateTime') };
    case 'Association':
      return {};
  }
}

/** The values of the attributes that have many. */
function searchedValues(object: RegistryObject, kind: MetadataKind): StoredObject['values'] {
  const codes = (name: ManyValued, scheme: string) =>
    codesOf(object, scheme).map((code) => [name, code] as const);
  const authors = (scheme: string) =>
    classificationsOf(object, scheme).flatMap((author) =>
      slotValues(author, 'authorPerson')
        .slice(0, 1)
        .map((person) => ['authorPerson', person] as const),
    );
  switch (kind) {
    case 'DocumentEntry':
      return [
        ...codes('eventCodeList', CLASSIFICATION.DocumentEntry.eventCodeList),
        ...codes('confidentialityCode', CLASSIFICATION.DocumentEntry.confidentialityCode),
        ...authors(CLASSIFICATION.DocumentEntry.author),
        ...slotValues(object, REFERENCE_ID_LIST).map((id) => ['referenceIdList', id] as const),
      ];
    case 'SubmissionSet':
      return authors(CLASSIFICATION.SubmissionSet.author);
    case 'Folder':
      return codes('codeList', CLASSIFICATION.Folder.codeList);
    case 'Association':
      return [];
  }
}

function codesOf(object: RegistryObject, scheme: string): readonly string[] {
  return classificationsOf(object, scheme).map((one) => {
    const [codingScheme = ''] = slotValues(one, 'codingScheme');
    return codeKey({ code: one.nodeRepresentation ?? '', codingScheme });
  });
}

function instant(dtm: string | undefined): string | undefined {
  return dtm === undefined ? undefined : lowerBound(dtm);
}
