import type { Slot } from '../formats/ebxml.ts';
import type { AvailabilityStatus, Code } from './metadata.ts';
import type { AdhocQueryRequest } from './stored-queries.ts';
import { DOCUMENT_AVAILABILITY, DOCUMENT_ENTRY_TYPE, STATUS_TYPE } from './vocabulary.ts';

/** What every query may say. */
export interface QueryOptions {
  /** Default: LeafClass. */
  readonly returnType?: AdhocQueryRequest['returnType'];
  /** `urn:oid:…`; between communities needed on every query that names no patient. */
  readonly home?: string;
  /** 2 asks for every version. Default: the latest alone. */
  readonly metadataLevel?: 1 | 2;
}

/** The limit of one `rim:Value`, in characters. Source: ebRIM 3.0 schema, LongName. */
const LONG_NAME = 256;

/** Doubles the quotes inside and puts quotes around. Source: ITI TF-2: 3.18.4.1.2.3.5. */
function quoted(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** A single-valued parameter; no slot where it is undefined. */
export function single(name: string, value: string | undefined): readonly Slot[] {
  return value === undefined ? [] : [{ name, values: [quoted(value)] }];
}

/** A time, which stands without quotes; no slot where it is undefined. */
export function time(name: string, value: string | undefined): readonly Slot[] {
  return value === undefined ? [] : [{ name, values: [value] }];
}

/** A multi-valued parameter: as many lists in parentheses as the length of a value demands, parted between values only. */
export function list(name: string, given: readonly string[] | undefined): readonly Slot[] {
  if (given === undefined || given.length === 0) return [];
  const values: string[] = [];
  let open = '';
  for (const value of given) {
    const longer = open === '' ? quoted(value) : `${open},${quoted(value)}`;
    if (open !== '' && [...longer].length + 2 > LONG_NAME) {
      values.push(`(${open})`);
      open = quoted(value);
    } else {
      open = longer;
    }
  }
  values.push(`(${open})`);
  return [{ name, values }];
}

/** Codes, any of which fits. */
export function codes(name: string, given: readonly Code[] | undefined): readonly Slot[] {
  return list(
    name,
    given?.map(({ code, codingScheme }) => `${code}^^${codingScheme}`),
  );
}

/** One slot a list: each list must fit. */
export function allOf(
  name: string,
  given: readonly (readonly Code[])[] | undefined,
): readonly Slot[] {
  return (given ?? []).flatMap((any) => codes(name, any));
}

/** Statuses, any of which fits. Default: Approved. */
export function statuses(
  name: string,
  given: readonly AvailabilityStatus[] | undefined,
): readonly Slot[] {
  return list(
    name,
    (given ?? ['Approved']).map((status) => STATUS_TYPE[status]),
  );
}

/** Types of DocumentEntries, any of which fits. */
export function types(
  given: readonly (keyof typeof DOCUMENT_ENTRY_TYPE)[] | undefined,
): readonly Slot[] {
  return list(
    '$XDSDocumentEntryType',
    given?.map((type) => DOCUMENT_ENTRY_TYPE[type]),
  );
}

/** The request of a stored query. */
export function request(
  query: { readonly id: string },
  { returnType, home, metadataLevel }: QueryOptions,
  given: readonly Slot[],
): AdhocQueryRequest {
  const level = { name: '$MetadataLevel', values: [String(metadataLevel)] };
  const slots = metadataLevel === undefined ? given : [...given, level];
  const asked = { returnType: returnType ?? 'LeafClass', queryId: query.id, slots } as const;
  return home === undefined ? asked : { ...asked, home };
}

/** Filters on DocumentEntries. Times are DTM: from inclusive, to exclusive. */
export interface DocumentFilters {
  readonly classCode?: readonly Code[];
  readonly typeCode?: readonly Code[];
  readonly practiceSettingCode?: readonly Code[];
  readonly healthcareFacilityTypeCode?: readonly Code[];
  readonly formatCode?: readonly Code[];
  /** Each inner list must fit by any of its codes. */
  readonly eventCodeList?: readonly (readonly Code[])[];
  readonly confidentialityCode?: readonly (readonly Code[])[];
  readonly creationTimeFrom?: string;
  readonly creationTimeTo?: string;
  readonly serviceStartTimeFrom?: string;
  readonly serviceStartTimeTo?: string;
  readonly serviceStopTimeFrom?: string;
  readonly serviceStopTimeTo?: string;
  /** Patterns with `%` and `_`. */
  readonly authorPerson?: readonly string[];
  /** Default: Stable alone. */
  readonly objectType?: readonly (keyof typeof DOCUMENT_ENTRY_TYPE)[];
  readonly documentAvailability?: readonly (keyof typeof DOCUMENT_AVAILABILITY)[];
}

/** What FindDocuments and its kin ask beside the patient. `status` defaults to Approved. */
export interface DocumentCriteria extends DocumentFilters {
  readonly status?: readonly AvailabilityStatus[];
}

/** The slots of these criteria. */
export function documentSlots(asked: DocumentCriteria): readonly Slot[] {
  return [
    ...statuses('$XDSDocumentEntryStatus', asked.status),
    ...codes('$XDSDocumentEntryClassCode', asked.classCode),
    ...codes('$XDSDocumentEntryTypeCode', asked.typeCode),
    ...codes('$XDSDocumentEntryPracticeSettingCode', asked.practiceSettingCode),
    ...codes('$XDSDocumentEntryHealthcareFacilityTypeCode', asked.healthcareFacilityTypeCode),
    ...codes('$XDSDocumentEntryFormatCode', asked.formatCode),
    ...allOf('$XDSDocumentEntryEventCodeList', asked.eventCodeList),
    ...allOf('$XDSDocumentEntryConfidentialityCode', asked.confidentialityCode),
    ...time('$XDSDocumentEntryCreationTimeFrom', asked.creationTimeFrom),
    ...time('$XDSDocumentEntryCreationTimeTo', asked.creationTimeTo),
    ...time('$XDSDocumentEntryServiceStartTimeFrom', asked.serviceStartTimeFrom),
    ...time('$XDSDocumentEntryServiceStartTimeTo', asked.serviceStartTimeTo),
    ...time('$XDSDocumentEntryServiceStopTimeFrom', asked.serviceStopTimeFrom),
    ...time('$XDSDocumentEntryServiceStopTimeTo', asked.serviceStopTimeTo),
    ...list('$XDSDocumentEntryAuthorPerson', asked.authorPerson),
    ...types(asked.objectType),
    ...list(
      '$XDSDocumentEntryDocumentAvailability',
      asked.documentAvailability?.map((name) => DOCUMENT_AVAILABILITY[name]),
    ),
  ];
}
