import { Refusal } from '../refusal.ts';

/** What is refused with by default: the data type stands in XDS metadata. */
const METADATA_ERROR = 'XDSRegistryMetadataError';

/** Letters as `a`, digits as `9`: a reason that helps, and tells no one's name or number. At most 64 characters. */
export function shape(text: string): string {
  const drawn = text
    .slice(0, 64)
    .replace(/\p{L}|\p{M}/gu, 'a')
    .replace(/\p{N}/gu, '9');
  return text.length > 64 ? `${drawn}...` : drawn;
}

/**
 * An OID in dots: two numbers at least, no leading zeros, at most 64 characters. The Framework asks no more of it: the arcs
 * that ITU-T X.660 has no room for, such as 1.42, are in use among partners. Source: ITI TF-3: Table 4.2.3.1.7-2.
 */
export function isOid(text: string): boolean {
  return text.length <= 64 && OID.test(text);
}

const OID = /^(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))+$/;

/** `urn:oid:` and an OID: a homeCommunityId. */
export function isOidUrn(text: string): boolean {
  return text.startsWith('urn:oid:') && isOid(text.slice('urn:oid:'.length));
}

/** `urn:uuid:` and a UUID in lower case: an entryUUID. Source: ITI TF-3: Table 4.2.3.1.7-2. */
export function isUuidUrn(text: string): boolean {
  return /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text);
}

/** CX as IHE allows it: an id and the OID of its authority. The shape of a PatientId. */
export interface CX {
  readonly id: string;
  /** OID in dots. */
  readonly assigningAuthority: string;
}

/**
 * Reads `id^^^&oid&ISO`, and nothing else.
 *
 * @param code what it is refused with
 * @throws Refusal
 * @see ITI TF-3: Table 4.2.3.1.7-2
 */
export function decodeCX(text: string, code: string = METADATA_ERROR): CX {
  const [, id, oid] = /^([^|~^&]+)\^\^\^&([0-9.]+)&ISO$/.exec(text) ?? [];
  if (id === undefined || oid === undefined || !isOid(oid)) {
    throw new Refusal(code, `not a CX with an ISO authority: ${shape(text)}`);
  }
  return { id: unescaped(id, code), assigningAuthority: oid };
}

/** The inverse of `decodeCX`. */
export function encodeCX({ id, assigningAuthority }: CX): string {
  return `${escaped(id)}^^^&${assigningAuthority}&ISO`;
}

/** XON: an organisation. Source: ITI TF-3: Table 4.2.3.1.7-2. */
export interface XON {
  /** XON.1 */
  readonly organizationName: string;
  /** XON.6.2, an OID in dots; absent where the id is an OID itself. */
  readonly assigningAuthority?: string;
  /** XON.10 */
  readonly id?: string;
}

/**
 * Reads `name^^^^^&oid&ISO^^^^id`, `name^^^^^^^^^oid` or `name`.
 *
 * @param code what it is refused with
 * @throws Refusal when there is no name, another component, or an id that is neither an OID nor has an authority
 */
export function decodeXON(text: string, code: string = METADATA_ERROR): XON {
  const components = componentsOf(text);
  const others = components.some((value, at) => value !== '' && at !== 0 && at !== 5 && at !== 9);
  const [name = ''] = components;
  const authority = components[5] || undefined;
  const id = components[9] || undefined;
  const assigningAuthority = authority === undefined ? undefined : authorityOf(authority);
  const sound =
    name !== '' &&
    !name.includes('&') &&
    !id?.includes('&') &&
    (authority === undefined || assigningAuthority !== undefined) &&
    (id === undefined || assigningAuthority !== undefined || isOid(id));
  if (others || !sound) throw new Refusal(code, `not an XON: ${shape(text)}`);
  return present({
    organizationName: unescaped(name, code),
    assigningAuthority,
    id: id === undefined ? undefined : unescaped(id, code),
  });
}

/** The inverse of `decodeXON`. */
export function encodeXON({ organizationName, assigningAuthority, id }: XON): string {
  const authority = assigningAuthority === undefined ? '' : `&${assigningAuthority}&ISO`;
  return joined([escaped(organizationName), '', '', '', '', authority, '', '', '', escaped(id)]);
}

/** XCN: a person, or a software agent by its name as family name. Source: ITI TF-3: Table 4.2.3.1.7-2. */
export interface XCN {
  /** XCN.1 */
  readonly id?: string;
  /** XCN.2.1 */
  readonly family?: string;
  /** XCN.3 */
  readonly given?: string;
  /** XCN.4: second and further given names */
  readonly middle?: string;
  /** XCN.5 */
  readonly suffix?: string;
  /** XCN.6 */
  readonly prefix?: string;
  /** XCN.7 */
  readonly degree?: string;
  /** XCN.9.2, an OID in dots. */
  readonly assigningAuthority?: string;
}

const XCN_NAMES = ['id', 'family', 'given', 'middle', 'suffix', 'prefix', 'degree'] as const;

/**
 * Reads `id^family^given^middle^suffix^prefix^degree^^&oid&ISO`. Components that HL7 v2.5 has beyond these are passed over,
 * as are subcomponents of the family name after the first.
 *
 * @param code what it is refused with
 * @throws Refusal when there is neither id nor family name, or the authority is no OID
 */
export function decodeXCN(text: string, code: string = METADATA_ERROR): XCN {
  const components = componentsOf(text);
  const authority = components[8] || undefined;
  const assigningAuthority = authority === undefined ? undefined : authorityOf(authority);
  if (authority !== undefined && assigningAuthority === undefined) {
    throw new Refusal(code, `not an XCN with an ISO authority: ${shape(text)}`);
  }
  const names = XCN_NAMES.map((name, at) => {
    const [value = ''] = (components[at] ?? '').split('&');
    return [name, value === '' ? undefined : unescaped(value, code)] as const;
  });
  const xcn: XCN = present({ ...Object.fromEntries(names), assigningAuthority });
  if (xcn.id === undefined && xcn.family === undefined) {
    throw new Refusal(code, `an XCN with neither id nor name: ${shape(text)}`);
  }
  return xcn;
}

/** The inverse of `decodeXCN`. */
export function encodeXCN(xcn: XCN): string {
  const { assigningAuthority } = xcn;
  const authority = assigningAuthority === undefined ? '' : `&${assigningAuthority}&ISO`;
  return joined([...XCN_NAMES.map((name) => escaped(xcn[name])), '', authority]);
}

function componentsOf(text: string): string[] {
  return text.split('^');
}

function joined(components: readonly string[]): string {
  return components.join('^').replace(/\^+$/, '');
}

/** The OID of `&oid&ISO`. */
function authorityOf(text: string): string | undefined {
  const [, oid] = /^&([0-9.]+)&ISO$/.exec(text) ?? [];
  return oid !== undefined && isOid(oid) ? oid : undefined;
}

/** Without the members that are undefined. */
function present<T extends object>(value: T): T {
  const kept: Partial<T> = {};
  for (const key in value) if (value[key] !== undefined) kept[key] = value[key];
  return kept as T;
}

const SEPARATORS: readonly (readonly [separator: string, letter: string])[] = [
  ['|', 'F'],
  ['^', 'S'],
  ['~', 'R'],
  ['&', 'T'],
  ['\\', 'E'],
];

/** The HL7 v2 escapes of the separators. Source: HL7 v2.5, section 2.7. */
function escaped(text: string | undefined): string {
  return (text ?? '').replace(/[|^~&\\]/g, (character) => {
    const letter = SEPARATORS.find(([separator]) => separator === character)?.[1];
    return `\\${letter}\\`;
  });
}

function unescaped(text: string, code: string): string {
  if (/[|~]/.test(text)) throw new Refusal(code, `an unescaped separator: ${shape(text)}`);
  if (!text.includes('\\')) return text;
  return text.replace(/\\([^\\]*)(\\?)/g, (_whole, letter: string, end: string) => {
    const separator = SEPARATORS.find(([, known]) => known === letter)?.[0];
    if (separator === undefined || end === '') {
      throw new Refusal(code, `an unknown HL7 escape: ${shape(text)}`);
    }
    return separator;
  });
}

/** HL7 DTM as IHE allows it: `YYYY[MM[DD[hh[mm[ss]]]]]` in UTC, a moment that exists. Source: ITI TF-3: Table 4.2.3.1.7-2. */
export function isDTM(text: string): boolean {
  if (!/^[0-9]{4}(?:[0-9]{2}){0,5}$/.test(text)) return false;
  const padded = padded14(text);
  return dtmOf(dateOf(padded)) === padded;
}

/** The first second that a DTM stands for, as 14 digits. Take a DTM of `isDTM` only. */
export function lowerBound(dtm: string): string {
  return padded14(dtm);
}

/** The last second that a DTM stands for, as 14 digits. Take a DTM of `isDTM` only. */
export function upperBound(dtm: string): string {
  const start = dateOf(padded14(dtm));
  const year = start.getUTCFullYear();
  if (dtm.length === 4) return `${dtm}1231235959`;
  // The day before the first of the next month.
  if (dtm.length === 6)
    return `${dtmOf(yearSafe(year, start.getUTCMonth() + 1, 0)).slice(0, 8)}235959`;
  return dtm + '235959'.slice(dtm.length - 8);
}

/** The DTM of a moment, to the second, in UTC: 14 digits. For years 0000 to 9999. */
export function dtmOf(date: Date): string {
  return date.toISOString().replace(/[-:T]/g, '').slice(0, 14);
}

function padded14(dtm: string): string {
  return dtm + '00000101000000'.slice(dtm.length);
}

function dateOf(padded: string): Date {
  const at = (from: number) => Number(padded.slice(from, from + 2));
  const date = yearSafe(Number(padded.slice(0, 4)), at(4) - 1, at(6));
  date.setUTCHours(at(8), at(10), at(12));
  return date;
}

/** `Date.UTC` takes the years 0 to 99 for 1900 to 1999. */
function yearSafe(year: number, month: number, day: number): Date {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date;
}
