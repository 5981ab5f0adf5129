import { decodeCX, isDTM, shape } from '../formats/datatypes.ts';
import type { PatientId } from '../patient.ts';
import { Refusal } from '../refusal.ts';
import type { Code } from './metadata.ts';
import {
  type AdhocQueryRequest,
  type ParameterRow,
  STORED_QUERIES,
  type StoredQueryName,
  type StoredQueryRow,
  storedQueryNamed,
} from './stored-queries.ts';
import { DOCUMENT_ENTRY_TYPE, STATUS_TYPE } from './vocabulary.ts';

/** A stored query that has been read: every parameter known, counted and unquoted. */
export interface StoredQuery {
  readonly name: StoredQueryName;
  readonly query: StoredQueryRow;
  readonly returnType: AdhocQueryRequest['returnType'];
  readonly home?: string;
  /** The patient whom the query names; absent on Get… by id. */
  readonly patientId?: PatientId;
  /** By name: the repetitions of the slot, all of which must fit, and in each the values, any of which fits. */
  readonly parameters: ReadonlyMap<string, readonly (readonly string[])[]>;
}

/** At most so many values of all parameters together. */
const MOST_VALUES = 10_000;

/** At most so many slots of one parameter, all of which must fit: each is a condition of its own. */
const MOST_REPETITIONS = 100;

/**
 * Reads the parameters of a stored query. Unknown parameters are passed over, as the Framework asks.
 *
 * @throws Refusal XDSUnknownStoredQuery, XDSStoredQueryMissingParam, XDSStoredQueryParamNumber; XDSRegistryError, with the
 * parameter's name, for a value that is not written as it must be
 * @see ITI TF-2: 3.18.4.1.2.3
 */
export function readStoredQuery(request: AdhocQueryRequest): StoredQuery {
  const name = storedQueryNamed(request.queryId);
  if (name === undefined) {
    throw new Refusal('XDSUnknownStoredQuery', `the stored query ${request.queryId} is not known`);
  }
  const query: StoredQueryRow = STORED_QUERIES[name];
  const parameters = new Map<string, (readonly string[])[]>();
  let count = 0;
  for (const slot of request.slots) {
    const row = query.parameters[slot.name];
    // An empty ValueList is an absent parameter.
    if (row === undefined || slot.values.length === 0) continue;
    const values = statusesKnown(slot.name, readValues(slot.name, slot.values, row));
    count += values.length;
    if (count > MOST_VALUES) throw badFormat(slot.name, `more than ${MOST_VALUES} values`);
    const earlier = parameters.get(slot.name);
    if (earlier !== undefined && row.and !== true) {
      throw tooMany(slot.name, 'is given more than once');
    }
    if (earlier !== undefined && earlier.length >= MOST_REPETITIONS) {
      throw tooMany(slot.name, `is given more than ${MOST_REPETITIONS} times`);
    }
    if (values.length > 0) parameters.set(slot.name, [...(earlier ?? []), values]);
  }
  requireParameters(query, parameters);
  const patient = query.patient && parameters.get(query.patient)?.[0]?.[0];
  return {
    name,
    query,
    returnType: request.returnType,
    ...(request.home === undefined ? {} : { home: request.home }),
    ...(patient === undefined || query.patient === undefined
      ? {}
      : { patientId: readPatient(query.patient, patient) }),
    parameters,
  };
}

function requireParameters(query: StoredQueryRow, parameters: StoredQuery['parameters']): void {
  for (const [name, row] of Object.entries(query.parameters)) {
    if (row.required === true && !parameters.has(name)) throw missing(name);
  }
  if (query.either === undefined) return;
  const given = query.either.filter((name) => parameters.has(name));
  if (given.length === 0) throw missing(query.either.join(' or '));
  if (given.length > 1) throw tooMany(given.join(' and '), 'are given together');
}

function missing(name: string): Refusal {
  return new Refusal('XDSStoredQueryMissingParam', `the parameter ${name} is missing`);
}

function tooMany(name: string, how: string): Refusal {
  return new Refusal('XDSStoredQueryParamNumber', `${name} ${how}`);
}

function badFormat(name: string, what: string): Refusal {
  return new Refusal('XDSRegistryError', `the parameter ${name} is not well written: ${what}`);
}

function readValues(name: string, texts: readonly string[], row: ParameterRow): readonly string[] {
  if (row.many === true) return texts.flatMap((text) => readList(name, text, row));
  const [only] = texts;
  if (only === undefined) return [];
  if (texts.length > 1) throw tooMany(name, 'takes one value');
  if (row.kind === 'time') return [readTime(name, only)];
  const text = only.trim();
  // One value in parentheses is what some peers write, and is clear; two are too many.
  const values = text.startsWith('(') ? readList(name, text, row) : [readQuoted(name, text)];
  if (values.length !== 1) throw tooMany(name, 'takes one value');
  return values;
}

function readTime(name: string, text: string): string {
  const value = text.trim();
  if (!isDTM(value)) throw badFormat(name, `${shape(value)} is no time`);
  return value;
}

const QUOTED = /'((?:[^']|'')*)'/y;
const COMMA = /\s*,\s*/y;

/** `('a','b')`. */
function readList(name: string, text: string, row: ParameterRow): readonly string[] {
  const list = text.trim();
  if (!list.startsWith('(') || !list.endsWith(')')) {
    throw badFormat(name, 'its values must stand in parentheses');
  }
  const inner = list.slice(1, -1).trim();
  const values: string[] = [];
  let at = 0;
  while (at < inner.length) {
    if (values.length > 0) at = after(COMMA, inner, at) ?? refuseList(name, inner);
    QUOTED.lastIndex = at;
    const found = QUOTED.exec(inner);
    if (found === null) return refuseList(name, inner);
    values.push((found[1] ?? '').replaceAll("''", "'"));
    at = QUOTED.lastIndex;
  }
  if (values.length === 0) throw badFormat(name, 'empty parentheses');
  if (row.kind === 'code') for (const value of values) readCode(name, value);
  return values;
}

function after(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

function refuseList(name: string, text: string): never {
  throw badFormat(name, `${shape(text)} is no list of quoted values`);
}

function readQuoted(name: string, text: string): string {
  QUOTED.lastIndex = 0;
  const found = QUOTED.exec(text);
  if (found === null || found[0].length !== text.length) {
    throw badFormat(name, `${shape(text)} is not in quotes`);
  }
  return (found[1] ?? '').replaceAll("''", "'");
}

/** `code^^codingScheme`: the first and the third component, both of them. */
function readCode(name: string, text: string): Code {
  const [first, second, third, ...rest] = text.split('^');
  if (!first || second !== '' || !third || rest.length > 0) {
    throw badFormat(name, `${shape(text)} is not code^^codingScheme`);
  }
  return { code: first, codingScheme: third };
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
  return (parameters.get(name) ?? []).map((values) => values.map((value) => readCode(name, value)));
}

/** The objectTypes of the DocumentEntries that are wanted: Stable alone, unless the query says otherwise. */
export function documentEntryTypesOf(query: StoredQuery): readonly string[] {
  return parameterValues(query, '$XDSDocumentEntryType') ?? [DOCUMENT_ENTRY_TYPE.Stable];
}
