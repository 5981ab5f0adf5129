import { decodeCX, shape } from '../formats/datatypes.ts';
import type { Slot } from '../formats/ebxml.ts';
import type { PatientId } from '../patient.ts';
import { Refusal } from '../refusal.ts';
import type { AvailabilityStatus, Code } from './metadata.ts';
import {
  type AdhocQueryRequest,
  type QueryTransaction,
  STORED_QUERIES,
  type StoredQueryName,
  type StoredQueryRow,
  storedQueryNamed,
} from './stored-queries.ts';
import type { ParameterRow } from './stored-query-parameters.ts';
import {
  badFormat,
  codeOfValue,
  type QueryReading,
  type QueryToleranceName,
  tooMany,
  ValueReader,
} from './stored-query-values.ts';
import {
  DOCUMENT_AVAILABILITY,
  DOCUMENT_ENTRY_TYPE,
  nameOfUrn,
  STATUS_TYPE,
} from './vocabulary.ts';

/** A stored query that has been read: every parameter known, counted and unquoted. */
export interface StoredQuery {
  readonly name: StoredQueryName;
  readonly query: StoredQueryRow;
  readonly returnType: AdhocQueryRequest['returnType'];
  readonly home?: string;
  /** The patient whom the query names first; absent on Get… by id. */
  readonly patientId?: PatientId;
  /** All patients whom the query names: one at most but for the multi-patient queries, where none means any. */
  readonly patientIds: readonly PatientId[];
  /** 1 shows the latest version of each DocumentEntry and Folder alone. */
  readonly metadataLevel: 1 | 2;
  /** By name: the repetitions of the slot, all of which must fit, and in each the values, any of which fits. */
  readonly parameters: ReadonlyMap<string, readonly (readonly string[])[]>;
}

/** Which transaction brought the query, and how strictly it is read. */
export interface QueryReadingOptions {
  /** Default: ITI-18. */
  readonly transaction?: QueryTransaction;
  /** Default: strict. */
  readonly reading?: QueryReading;
}

/** How one slot of a query was read. */
export interface SlotReading {
  readonly slot: Slot;
  /** Undefined for a parameter that the query does not know. */
  readonly row?: ParameterRow;
  /** Empty where it was left out or refused. */
  readonly values: readonly string[];
  readonly notes: readonly QueryToleranceName[];
  readonly refusal?: Refusal;
}

/** At most so many values of all parameters together. */
const MOST_VALUES = 10_000;

/** At most so many slots of one parameter, all of which must fit: each is a condition of its own. */
const MOST_REPETITIONS = 100;

/** Reads each slot by itself; what is refused is kept beside it. Never throws a Refusal. */
export function readSlots(
  { slots }: AdhocQueryRequest,
  query: StoredQueryRow,
  reading: QueryReading,
): readonly SlotReading[] {
  return slots.map((slot): SlotReading => {
    const row = query.parameters[slot.name];
    if (row === undefined) return { slot, values: [], notes: ['unknown parameter'] };
    if (slot.values.length === 0) return { slot, row, values: [], notes: ['empty ValueList'] };
    const reader = new ValueReader(slot.name, row, reading);
    try {
      const read = reader.read(slot.values);
      const values = statusesKnown(slot.name, read);
      if (values.length < read.length) reader.notes.add('unknown status');
      return { slot, row, values, notes: [...reader.notes] };
    } catch (error) {
      if (error instanceof Refusal) {
        return { slot, row, values: [], notes: [...reader.notes], refusal: error };
      }
      throw error;
    }
  });
}

/**
 * Reads the parameters of a stored query. Unknown parameters are passed over, as the Framework asks.
 *
 * @throws Refusal XDSUnknownStoredQuery, XDSStoredQueryMissingParam, XDSStoredQueryParamNumber; XDSRegistryError, with the
 * parameter's name, for a value that is not written as it must be
 * @see ITI TF-2: 3.18.4.1.2.3
 */
export function readStoredQuery(
  request: AdhocQueryRequest,
  { transaction = 'ITI-18', reading = 'strict' }: QueryReadingOptions = {},
): StoredQuery {
  const name = storedQueryNamed(request.queryId, transaction);
  if (name === undefined) throw unknownQuery(request);
  const query: StoredQueryRow = STORED_QUERIES[name];
  const slots = readSlots(request, query, reading);
  const [refused] = refusalsOfQuery(slots, query);
  if (refused !== undefined) throw refused;
  const parameters = parametersOf(slots);
  const patients = query.patient === undefined ? [] : (parameters.get(query.patient) ?? []).flat();
  const patientIds = patients.map((text) => readPatient(query.patient ?? '', text));
  const [patientId] = patientIds;
  return {
    name,
    query,
    returnType: request.returnType,
    ...(request.home === undefined ? {} : { home: request.home }),
    ...(patientId === undefined ? {} : { patientId }),
    patientIds,
    metadataLevel: parameters.get('$MetadataLevel')?.[0]?.[0] === '2' ? 2 : 1,
    parameters,
  };
}

/** XDSUnknownStoredQuery. */
export function unknownQuery({ queryId }: AdhocQueryRequest): Refusal {
  return new Refusal('XDSUnknownStoredQuery', `the stored query ${queryId} is not known`);
}

function parametersOf(slots: readonly SlotReading[]): StoredQuery['parameters'] {
  const parameters = new Map<string, readonly (readonly string[])[]>();
  for (const { slot, values } of slots) {
    if (values.length === 0) continue;
    parameters.set(slot.name, [...(parameters.get(slot.name) ?? []), values]);
  }
  return parameters;
}

/** All that is wrong with a query whose slots have been read, in the order of the slots, then of the parameters. */
export function refusalsOfQuery(
  slots: readonly SlotReading[],
  query: StoredQueryRow,
): readonly Refusal[] {
  const parameters = parametersOf(slots);
  return [
    ...refusalsOfSlots(slots),
    ...Object.entries(query.parameters)
      .filter(([name, row]) => row.required === true && !parameters.has(name))
      .map(([name]) => missing(name)),
    ...refusalsOfChoices(query, parameters),
    ...refusalsOfLevel(query, parameters),
    ...refusalsOfPatients(query, parameters),
  ];
}

function refusalsOfSlots(slots: readonly SlotReading[]): readonly Refusal[] {
  const seen = new Map<string, number>();
  let count = 0;
  return slots.flatMap(({ slot: { name }, row, values, refusal }) => {
    if (refusal !== undefined) return [refusal];
    if (values.length === 0) return [];
    count += values.length;
    if (count > MOST_VALUES) return [badFormat(name, `more than ${MOST_VALUES} values`)];
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    if (times > 1 && row?.and !== true) return [tooMany(name, 'is given more than once')];
    if (times > MOST_REPETITIONS) {
      return [tooMany(name, `is given more than ${MOST_REPETITIONS} times`)];
    }
    return [];
  });
}

function refusalsOfChoices(
  { either, anyOf }: StoredQueryRow,
  parameters: StoredQuery['parameters'],
): readonly Refusal[] {
  const given = (names: readonly string[]) => names.filter((name) => parameters.has(name));
  const refusals: Refusal[] = [];
  if (either !== undefined) {
    const chosen = given(either);
    if (chosen.length === 0) refusals.push(missing(either.join(' or ')));
    if (chosen.length > 1) refusals.push(tooMany(chosen.join(' and '), 'are given together'));
  }
  if (anyOf !== undefined && given(anyOf).length === 0) {
    refusals.push(missing(`${anyOf.join(' or ')}, at least one of them,`));
  }
  return refusals;
}

/** Source: XDS Metadata Update, 3.18.4.1.2.3.5.1. */
function refusalsOfLevel(
  query: StoredQueryRow,
  parameters: StoredQuery['parameters'],
): readonly Refusal[] {
  const level = parameters.get('$MetadataLevel')?.[0]?.[0] ?? '1';
  if (level !== '1' && level !== '2') return [badFormat('$MetadataLevel', 'it is 1 or 2')];
  if (level === '2') return [];
  return Object.entries(query.parameters)
    .filter(([name, row]) => row.level2 === true && parameters.has(name))
    .map(([name]) => badFormat(name, 'it needs $MetadataLevel 2'));
}

function refusalsOfPatients(
  { patient }: StoredQueryRow,
  parameters: StoredQuery['parameters'],
): readonly Refusal[] {
  if (patient === undefined) return [];
  return (parameters.get(patient) ?? []).flat().flatMap((text) => {
    try {
      readPatient(patient, text);
      return [];
    } catch (error) {
      if (error instanceof Refusal) return [error];
      throw error;
    }
  });
}

function missing(name: string): Refusal {
  return new Refusal('XDSStoredQueryMissingParam', `the parameter ${name} is missing`);
}

function readPatient(name: string, text: string): PatientId {
  try {
    return decodeCX(text, 'XDSRegistryError');
  } catch (error) {
    if (error instanceof Refusal) throw badFormat(name, `${shape(text)} is no patient identifier`);
    throw error;
  }
}

const STATUS_PARAMETERS = [
  '$XDSDocumentEntryStatus',
  '$XDSSubmissionSetStatus',
  '$XDSFolderStatus',
  '$XDSAssociationStatus',
];
const STATUSES: readonly string[] = Object.values(STATUS_TYPE);

/** Statuses that are not known find nothing: they are dropped, and a parameter without any left is missing. */
function statusesKnown(name: string, values: readonly string[]): readonly string[] {
  if (!STATUS_PARAMETERS.includes(name)) return values;
  return values.filter((value) => STATUSES.includes(value));
}

/** The one value of a parameter that takes one; undefined where it was not given. */
export function parameterValue({ parameters }: StoredQuery, name: string): string | undefined {
  return parameters.get(name)?.[0]?.[0];
}

/** The values of a parameter that is not repeated, any of which fits; undefined where it was not given. */
export function parameterValues(
  { parameters }: StoredQuery,
  name: string,
): readonly string[] | undefined {
  return parameters.get(name)?.[0];
}

/** The codes of a parameter, its repetitions apart: each repetition must fit by any of its codes. Empty where not given. */
export function parameterCodes(
  { parameters }: StoredQuery,
  name: string,
): readonly (readonly Code[])[] {
  return (parameters.get(name) ?? []).map((values) => values.map(codeOfValue));
}

/** The objectTypes of the DocumentEntries that are wanted: Stable alone, unless the query says otherwise. */
export function documentEntryTypesOf(query: StoredQuery): readonly string[] {
  return parameterValues(query, '$XDSDocumentEntryType') ?? [DOCUMENT_ENTRY_TYPE.Stable];
}

/** The statuses of the Associations that are wanted; undefined where the query does not say. */
export function associationStatusesOf(
  query: StoredQuery,
): readonly AvailabilityStatus[] | undefined {
  return parameterValues(query, '$XDSAssociationStatus')?.flatMap(
    (urn) => nameOfUrn(STATUS_TYPE, urn) ?? [],
  );
}

/**
 * The documentAvailability that is wanted; undefined where the query does not say. An entry without the attribute is Online.
 *
 * @see XDS Metadata Update, 3.18.4.1.2.3.7.1
 */
export function documentAvailabilitiesOf(
  query: StoredQuery,
): readonly (keyof typeof DOCUMENT_AVAILABILITY)[] | undefined {
  return parameterValues(query, '$XDSDocumentEntryDocumentAvailability')?.flatMap(
    (urn) => nameOfUrn(DOCUMENT_AVAILABILITY, urn) ?? [],
  );
}
