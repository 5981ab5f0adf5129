import { isOid, shape } from './datatypes.ts';
import {
  childrenOf,
  findAttribute,
  findChild,
  isNull,
  known,
  type Located,
  refusalAt,
  requireAttribute,
  trimmedText,
  V3_LIMITS,
} from './hl7v3-reading.ts';
import { elementsOf, escapeXml, type XmlElement } from './xml.ts';

/** HL7 V3 instance identifier. */
export interface II {
  readonly root: string;
  readonly extension?: string;
}

/** An identifier of a person with the OID of its authority: an II with both root and extension. */
export interface AssignedId {
  readonly id: string;
  readonly assigningAuthority: string;
}

/** A person's name: `use` may hold several codes of EntityNameUse, but the representation stands apart. */
export interface PN {
  readonly family: string;
  readonly given: readonly string[];
  readonly prefix?: string;
  readonly suffix?: string;
  readonly representation?: 'IDE' | 'SYL' | 'ABC';
  readonly use?: string;
}

/** A postal address. */
export interface AD {
  readonly streetAddressLine?: readonly string[];
  readonly city?: string;
  readonly state?: string;
  readonly postalCode?: string;
  readonly country?: string;
  readonly use?: string;
}

/** A telecommunication address. */
export interface TEL {
  readonly value: string;
  readonly use?: string;
}

const UUID = /^[0-9a-z]{8}(?:-[0-9a-z]{4}){3}-[0-9a-z]{12}$/i;
const RUID = /^[a-z][0-9a-z-]*$/i;
const UID_LENGTH = 128;

/** HL7 knows the three roots of OIDs. Source: HL7 V3 data types, `uid`. */
function isRootedOid(text: string): boolean {
  return /^[0-2]\./.test(text) && isOid(text);
}

/** True for what may stand as the root of an II: an OID, a UUID, or a name that HL7 reserves. */
export function isUid(text: string): boolean {
  return text.length <= UID_LENGTH && (isRootedOid(text) || UUID.test(text) || RUID.test(text));
}

/** @throws Refusal SYN101 without a root, SYN102 when the root is no uid */
export function readII(at: Located): II {
  const root = requireAttribute(at, 'root');
  if (!isUid(root)) throw refusalAt(at, 'SYN102', `root is no uid: ${shape(root)}`);
  return known<II>({ root, extension: findAttribute(at, 'extension') });
}

/** The root of an II that names a device, an organisation or a domain. @throws Refusal SYN101 or SYN102 unless it is an OID */
export function readOid(at: Located): string {
  const root = requireAttribute(at, 'root');
  if (root.length > UID_LENGTH || !isRootedOid(root)) {
    throw refusalAt(at, 'SYN102', `root is no OID: ${shape(root)}`);
  }
  return root;
}

/** A patient's identifier. @throws Refusal SYN101 without root or extension, SYN102 when the root is no OID */
export function readAssignedId(at: Located): AssignedId {
  return { id: requireAttribute(at, 'extension'), assigningAuthority: readOid(at) };
}

const TS =
  /^\d{4}(?:(0[1-9]|1[0-2])(?:(0[1-9]|[12]\d|3[01])(?:([01]\d|2[0-3])(?:[0-5]\d(?:[0-5]\d(?:\.\d{1,6})?)?)?(?:[+-]\d{4})?)?)?)?$/;

/** True for a HL7 TS from the year to the fraction of a second, with an offset from the hour on; days as the month has them. */
export function isTS(text: string): boolean {
  if (!TS.test(text)) return false;
  if (text.length < 8) return true;
  const [year, month, day] = [text.slice(0, 4), text.slice(4, 6), text.slice(6, 8)].map(Number);
  // The calendar repeats every 400 years; years below 100 would be read as 19xx.
  const last = new Date(Date.UTC(((year ?? 0) % 400) + 2000, month ?? 1, 0)).getUTCDate();
  return (day ?? 0) <= last;
}

/** A point in time as it was written; undefined where it is missing or null. @throws Refusal SYN101 or SYN102 */
export function findTS(at: Located | undefined, attribute = 'value'): string | undefined {
  if (at === undefined || isNull(at)) return undefined;
  const value = requireAttribute(at, attribute);
  if (!isTS(value)) throw refusalAt(at, 'SYN102', `no HL7 TS: ${shape(value)}`);
  return value;
}

/** The instant as `YYYYMMDDHHMMSS` in UTC. */
export function timestampOf(instant: Date): string {
  return instant.toISOString().replaceAll(/\D/g, '').slice(0, 14);
}

const REPRESENTATIONS = ['IDE', 'SYL', 'ABC'] as const;

/**
 * A name; undefined where it is null or says nothing.
 *
 * Parts of one kind are joined by a space, given names stay apart. A name that is mere text counts as a family name.
 */
export function findPN(at: Located): PN | undefined {
  if (isNull(at)) return undefined;
  const parts = (name: string) =>
    childrenOf(at, name)
      .map(trimmedText)
      .filter((text) => text !== '');
  const joined = (name: string) => parts(name).join(' ') || undefined;
  const given = parts('given');
  const bare = elementsOf(at.element).length === 0 ? trimmedText(at) : '';
  const family = joined('family') ?? bare;
  if (family === '' && given.length === 0) return undefined;
  const uses = findAttribute(at, 'use')?.split(/\s+/) ?? [];
  const representation = REPRESENTATIONS.find((one) => uses.includes(one));
  const use = uses.filter((one) => one !== representation).join(' ') || undefined;
  const [prefix, suffix] = [joined('prefix'), joined('suffix')];
  return known<PN>({ family, given, prefix, suffix, representation, use });
}

const AD_PARTS = ['city', 'state', 'postalCode', 'country'] as const;

/**
 * An address; undefined where it is null or says nothing.
 *
 * A part without a field of its own (houseNumber, mere text) is kept as a further streetAddressLine.
 */
export function findAD(at: Located): AD | undefined {
  if (isNull(at)) return undefined;
  const named = AD_PARTS.map((name) => {
    const texts = childrenOf(at, name)
      .map(trimmedText)
      .filter((text) => text !== '');
    return [name, texts.join(' ') || undefined] as const;
  });
  const lines = [trimmedText(at), ...linesOf(at)].filter((line) => line !== '');
  const address = known<AD>({
    streetAddressLine: lines.length === 0 ? undefined : lines,
    ...Object.fromEntries(named),
    use: findAttribute(at, 'use'),
  });
  return Object.keys(address).some((key) => key !== 'use') ? address : undefined;
}

function linesOf(at: Located): readonly string[] {
  const isLine = (part: XmlElement) =>
    part.name !== 'useablePeriod' && !AD_PARTS.some((name) => name === part.name);
  const parts = elementsOf(at.element).filter(isLine);
  if (parts.length > V3_LIMITS.repetitions) throw refusalAt(at, 'SYN110', 'too many address parts');
  return parts.map((element) => trimmedText({ element, path: `${at.path}/${element.name}` }));
}

/** A telecommunication address; undefined where it is null or has no value. */
export function findTEL(at: Located): TEL | undefined {
  const value = isNull(at) ? undefined : findAttribute(at, 'value');
  return value === undefined ? undefined : known<TEL>({ value, use: findAttribute(at, 'use') });
}

/** A whole number from `least` to `most`; undefined where the element is missing or null. @throws Refusal SYN101 or SYN102 */
export function findINT(
  at: Located | undefined,
  { least, most }: { readonly least: number; readonly most: number },
): number | undefined {
  if (at === undefined || isNull(at)) return undefined;
  const value = requireAttribute(at, 'value');
  const number = /^\+?\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw refusalAt(at, 'SYN102', `a number from ${least} to ${most}, received ${shape(value)}`);
}

/** The OIDs of the `id` children that are not null. @throws Refusal SYN101 or SYN102 */
export function oidsOf(at: Located): readonly string[] {
  return childrenOf(at, 'id')
    .filter((id) => !isNull(id))
    .map(readOid);
}

/** The `id` child that is an OID. @throws Refusal SYN100, SYN101 or SYN102 */
export function requireOid(at: Located): string {
  const oid = oidsOf(at)[0];
  if (oid === undefined) throw refusalAt(at, 'SYN100', 'id with a root is required');
  return oid;
}

/** As `requireOid`, but undefined where there is none, or where the path does not lead there. */
export function findOid(at: Located, ...names: readonly string[]): string | undefined {
  const place = findChild(at, ...names);
  return place && oidsOf(place)[0];
}

/** Attributes by name; those that are undefined are left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element as XML; `content` is XML already. Its namespace is the one in force. */
export function v3(
  name: string,
  attributes: Attributes,
  ...content: readonly (string | undefined)[]
): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeXml(String(value))}"`)
    .join('');
  const inner = content.join('');
  return inner === '' ? `<${name}${written}/>` : `<${name}${written}>${inner}</${name}>`;
}

/** An element with text; undefined where there is no text. */
export function v3Text(name: string, text: string | undefined): string | undefined {
  return text === undefined ? undefined : v3(name, {}, escapeXml(text));
}

/** An `id`, or another element, of type II. */
export function writeII({ root, extension }: II, name = 'id'): string {
  return v3(name, { root, extension });
}

/** A patient's identifier. */
export function writeAssignedId({ id, assigningAuthority }: AssignedId, name = 'id'): string {
  return v3(name, { root: assigningAuthority, extension: id });
}

/**
 * A name: `use="L IDE"`.
 *
 * @param qualifier of the family name, such as `BR`: it is the one that she was born with
 */
export function writePN(name: string, pn: PN, qualifier?: 'BR'): string {
  const use = [pn.use, pn.representation].filter((one) => one !== undefined).join(' ');
  return v3(
    name,
    { use: use === '' ? undefined : use },
    v3Text('prefix', pn.prefix),
    pn.family === '' ? undefined : v3('family', { qualifier }, escapeXml(pn.family)),
    ...pn.given.map((given) => v3Text('given', given)),
    v3Text('suffix', pn.suffix),
  );
}

/** An address. */
export function writeAD(name: string, { use, streetAddressLine = [], ...parts }: AD): string {
  return v3(
    name,
    { use },
    ...streetAddressLine.map((line) => v3Text('streetAddressLine', line)),
    ...AD_PARTS.map((part) => v3Text(part, parts[part])),
  );
}

/** A telecommunication address. */
export function writeTEL(name: string, { value, use }: TEL): string {
  return v3(name, { value, use });
}

/** An II as one text: `root`, or `root^extension`. For records, not for messages. */
export function writtenII({ root, extension }: II): string {
  return extension === undefined ? root : `${root}^${extension}`;
}
