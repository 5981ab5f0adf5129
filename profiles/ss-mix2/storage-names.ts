import { DATA_TYPES } from './data-types.ts';

/** What all versions of one order, or of one patient's list, have in common. */
export interface StorageKey {
  readonly patientId: string;
  /** `YYYYMMDD`; absent where the storage writes `-`. */
  readonly careDate?: string;
  /** A row of the standardised storage's table; in the extended storage the whole name of the type folder. */
  readonly dataType: string;
  /** Order number; in the extended storage the specific key. */
  readonly order: string;
}

/** One version, as its name in the storage tells. */
export interface StorageVersion extends StorageKey {
  /** When it was sent, local time: `YYYYMMDDHHMMSSFFF`. */
  readonly time: string;
  /** Absent where the storage writes `-`. */
  readonly department?: string;
  /** `1` current, `2` superseded by a newer one, `0` deleted. */
  readonly conditionFlag: '0' | '1' | '2';
}

/** Which part of a name, or of the folders that lead to it, breaks the storage's rules. */
export type NameFault =
  | 'parts'
  | 'patient id'
  | 'care date'
  | 'data type'
  | 'order number'
  | 'time'
  | 'department'
  | 'condition flag'
  | 'folders';

/**
 * Reads the path of a file in the standardised storage: `<id[0:3]>/<id[3:6]>/<id>/<care date>/<data type>/<file>`.
 *
 * @param path the last six segments; what stands before them is the storage's own root
 * @returns the first fault, where the name or its folders break a rule
 * @see SS-MIX2 storage specification 1.2: names of folders and files
 */
export function readStandardPath(path: readonly string[]): StorageVersion | NameFault {
  const [first, second, idFolder, dateFolder, typeFolder, name = ''] = path;
  const parts = name.split('_');
  const [patientId = '', careDate = '', dataType = '', order = ''] = parts;
  if (path.length !== STANDARD_DEPTH || parts.length !== 7) return 'parts';
  if (!DATA_TYPES.has(dataType)) return 'data type';
  if (!/^\d{15}$/.test(order)) return 'order number';
  const version = versionOf({ patientId, careDate, dataType, order }, parts.slice(4));
  if (typeof version === 'string') return version;
  if (DATA_TYPES.get(dataType)?.isUndated !== (version.careDate === undefined)) return 'care date';
  const folders = [patientId.slice(0, 3), patientId.slice(3, 6), patientId, careDate, dataType];
  const lie = [first, second, idFolder, dateFolder, typeFolder];
  return folders.every((folder, at) => folder === lie[at]) ? version : 'folders';
}

/** Segments of the path of a file in the standardised storage. */
export const STANDARD_DEPTH = 6;

/**
 * Reads the path of a content folder in the extended storage, whose type folder holds `^`, and may hold `_`:
 * `<id[0:3]>/<id[3:6]>/<id>/<care date>/<type folder>/<content folder>`.
 *
 * @param path the last six segments
 * @see SS-MIX2 extended storage specification: names of folders
 */
export function readExtendedPath(path: readonly string[]): StorageVersion | NameFault {
  const [first, second, idFolder = '', dateFolder = '', typeFolder = '', name = ''] = path;
  if (path.length !== STANDARD_DEPTH) return 'parts';
  const lead = `${idFolder}_${dateFolder}_${typeFolder}_`;
  if (!name.startsWith(lead)) return 'folders';
  const parts = name.slice(lead.length).split('_');
  const [order = ''] = parts;
  if (parts.length !== 4) return 'parts';
  if (typeFolder.split('^').length !== 6) return 'data type';
  if (!/^[\x21-\x5e\x60-\x7e]{1,22}$/.test(order)) return 'order number';
  const key = { patientId: idFolder, careDate: dateFolder, dataType: typeFolder, order };
  const version = versionOf(key, parts.slice(1));
  if (typeof version === 'string') return version;
  const isUnder = first === idFolder.slice(0, 3) && second === idFolder.slice(3, 6);
  return isUnder ? version : 'folders';
}

/** The codes that the name of an extended storage's type folder tells. */
export interface ExtendedType {
  readonly local: { readonly code: string; readonly name: string; readonly system: string };
  readonly standard: { readonly code: string; readonly name: string; readonly system: string };
}

/** `[local code]^name^[system]^standard code^name^system`, parts that are not there empty. */
export function extendedTypeOf(typeFolder: string): ExtendedType {
  const [code = '', name = '', system = '', standard = '', standardName = '', standardSystem = ''] =
    typeFolder.split('^');
  return {
    local: { code, name, system },
    standard: { code: standard, name: standardName, system: standardSystem },
  };
}

function versionOf(
  written: StorageKey & { readonly careDate: string },
  [time = '', department = '', conditionFlag = '']: readonly string[],
): StorageVersion | NameFault {
  const { patientId, careDate, ...key } = written;
  // The two folders above a patient's own are made of the first six characters.
  if (!/^[0-9A-Za-z-]{6,15}$/.test(patientId)) return 'patient id';
  if (careDate !== '-' && !isDate(careDate)) return 'care date';
  if (!/^\d{17}$/.test(time) || !isDate(time.slice(0, 8))) return 'time';
  if (department !== '-' && !/^[0-9A-Za-z]{2,3}$/.test(department)) return 'department';
  if (conditionFlag !== '0' && conditionFlag !== '1' && conditionFlag !== '2') {
    return 'condition flag';
  }
  return {
    patientId,
    ...key,
    time,
    conditionFlag,
    ...(careDate === '-' ? {} : { careDate }),
    ...(department === '-' ? {} : { department }),
  };
}

function isDate(text: string): boolean {
  const [, year = '', month = '', day = ''] = /^(\d{4})(\d{2})(\d{2})$/.exec(text) ?? [];
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return year !== '' && date.toISOString().startsWith(`${year}-${month}-${day}`);
}
