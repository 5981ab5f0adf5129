import { Refusal } from '../refusal.ts';
import { isDTM } from './datatypes.ts';
import { componentOf, placeOf, type V2Component, type V2Repetition } from './hl7v2.ts';
import { known } from './hl7v3-reading.ts';

/** A name. Source: HL7 v2.5 XPN. */
export interface V2Name {
  readonly family: string;
  readonly given: readonly string[];
  readonly prefix?: string;
  readonly suffix?: string;
  readonly representation?: 'IDE' | 'SYL' | 'ABC';
  readonly use?: string;
}

/** An address. Source: HL7 v2.5 XAD. */
export interface V2Address {
  readonly streetAddressLine?: readonly string[];
  readonly city?: string;
  readonly state?: string;
  readonly postalCode?: string;
  readonly country?: string;
  readonly use?: string;
}

/** A telephone number or another address of that kind, as a URL. Source: HL7 v2.5 XTN. */
export interface V2Telecom {
  readonly value: string;
  readonly use?: string;
}

/** A code here and there. The first row with a value is taken. */
type Pairs = readonly (readonly [v2: string, v3: string])[];

const there = (pairs: Pairs, v2: string | undefined) => pairs.find(([one]) => one === v2)?.[1];
const here = (pairs: Pairs, v3: string | undefined) => pairs.find(([, one]) => one === v3)?.[0];

/** XPN-8 against the representations of V3. */
const REPRESENTATIONS = [
  ['I', 'IDE'],
  ['P', 'SYL'],
  ['A', 'ABC'],
] as const;

/** XPN-7, table 0200, against EntityNameUse, as far as they mean the same. */
const NAME_USES: Pairs = [
  ['L', 'L'],
  ['S', 'P'],
  ['A', 'A'],
];

/** XAD-7, table 0190, against PostalAddressUse. */
const ADDRESS_USES: Pairs = [
  ['H', 'H'],
  ['P', 'HP'],
  ['C', 'TMP'],
  ['O', 'WP'],
  ['B', 'WP'],
  ['BA', 'BAD'],
];

/** XTN-2, table 0201, against TelecommunicationAddressUse. */
const TELECOM_USES: Pairs = [
  ['PRN', 'HP'],
  ['PRN', 'H'],
  ['ORN', 'HV'],
  ['WPN', 'WP'],
  ['ASN', 'AS'],
  ['EMR', 'EC'],
  ['BPN', 'PG'],
];

/** Table 0001 against AdministrativeGender; what is not here says nothing. */
const GENDERS = [
  ['M', 'M'],
  ['F', 'F'],
  ['O', 'UN'],
  ['A', 'UN'],
] as const;

/**
 * The names of a field. Where XPN-8 does not say how a name is written, its characters do: kanji, or kana alone. Latin
 * letters say so only beside a name in kanji or kana, where they are its romanisation.
 */
export function namesOf(repetitions: readonly V2Repetition[]): readonly V2Name[] {
  const names = repetitions.map(findXPN).filter((name) => name !== undefined);
  const isJapanese = names.some(
    ({ representation }) => representation !== undefined && representation !== 'ABC',
  );
  return names.map((name) =>
    name.representation === undefined && isJapanese && isLatin(name)
      ? { ...name, representation: 'ABC' }
      : name,
  );
}

function isLatin({ family, given }: V2Name): boolean {
  return /^[\p{Script=Latin}\p{P}\s]+$/u.test([family, ...given].join(''));
}

function scriptOf(text: string): 'IDE' | 'SYL' | undefined {
  if (/\p{Script=Han}|[〓■]/u.test(text)) return 'IDE';
  return /\p{Script=Katakana}|\p{Script=Hiragana}/u.test(text) ? 'SYL' : undefined;
}

/** A name; undefined where it has neither family nor given name. */
function findXPN(at: V2Repetition): V2Name | undefined {
  const trimmed = (component: number) => componentOf(at, component)?.trim() || undefined;
  const family = trimmed(1) ?? '';
  const further = trimmed(3)?.split(/\s+/) ?? [];
  const given = [trimmed(2), ...further].filter((one) => one !== undefined);
  if (family === '' && given.length === 0) return undefined;
  const said = REPRESENTATIONS.find(([code]) => code === componentOf(at, 8))?.[1];
  return known<V2Name>({
    family,
    given,
    suffix: trimmed(4),
    prefix: trimmed(5),
    representation: said ?? scriptOf([family, ...given].join('')),
    use: there(NAME_USES, componentOf(at, 7)),
  });
}

/**
 * An XPN to write. Given names after the first share one component, between blanks.
 *
 * @param type XPN-7 where the name's use says none
 */
export function writeXPN(name: V2Name, type?: string): readonly V2Component[] {
  const [first, ...further] = name.given;
  const representation = REPRESENTATIONS.find(([, code]) => code === name.representation)?.[0];
  return [
    name.family,
    first,
    further.join(' '),
    name.suffix,
    name.prefix,
    undefined,
    here(NAME_USES, name.use) ?? type,
    representation,
  ];
}

/**
 * An address; undefined where it says nothing. Japanese senders put all of it but the postal code into XAD-8.
 */
export function findXAD(at: V2Repetition): V2Address | undefined {
  const text = (component: number) => componentOf(at, component)?.trim() || undefined;
  const lines = [text(1), text(2), text(8)].filter((line) => line !== undefined);
  const address = known<V2Address>({
    streetAddressLine: lines.length === 0 ? undefined : lines,
    city: text(3),
    state: text(4),
    postalCode: text(5),
    country: text(6),
  });
  if (Object.keys(address).length === 0) return undefined;
  return known<V2Address>({ ...address, use: there(ADDRESS_USES, text(7)) });
}

/** An XAD to write: a line that has no city beside it is a whole address, and stands where Japanese readers look for it. */
export function writeXAD(address: V2Address): readonly V2Component[] {
  const { streetAddressLine: lines = [], city, state, postalCode, country, use } = address;
  const isWhole = lines.length === 1 && city === undefined && state === undefined;
  const [first, second, ...others] = isWhole ? [] : lines;
  const rest = isWhole ? lines : others;
  return [
    first,
    second,
    city,
    state,
    postalCode,
    country,
    here(ADDRESS_USES, use),
    rest.length === 0 ? undefined : rest.join(' '),
  ];
}

/** A telecom; undefined where it says nothing. The number stands in XTN-1, 12 or 7, where it is only its last part. */
export function findXTN(at: V2Repetition): V2Telecom | undefined {
  const text = (component: number) => componentOf(at, component)?.trim() || undefined;
  const equipment = text(3)?.toUpperCase();
  const use = equipment === 'CP' ? 'MC' : there(TELECOM_USES, text(2));
  const address = text(4);
  const number =
    text(1) ?? text(12) ?? (text(7) && [text(5), text(6), text(7)].filter(Boolean).join('-'));
  if (number === undefined) {
    if (address === undefined) return undefined;
    const isUrl = /^[a-z][a-z0-9+.-]*:/i.test(address);
    return known<V2Telecom>({ value: isUrl ? address : `mailto:${address}`, use });
  }
  const scheme = equipment === 'FX' ? 'fax' : 'tel';
  const isUrl = /^(?:tel|fax|mailto):/i.test(number);
  return known<V2Telecom>({ value: isUrl ? number : `${scheme}:${number}`, use });
}

/** An XTN to write: a number stands in XTN-1 and in XTN-12, since readers look into the one or the other. */
export function writeXTN({ value, use }: V2Telecom): readonly V2Component[] {
  const [, scheme = 'tel', rest = value] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(value) ?? [];
  const code = use === 'MC' ? 'PRN' : here(TELECOM_USES, use);
  if (scheme !== 'tel' && scheme !== 'fax') {
    const address = scheme === 'mailto' ? rest : value;
    return [undefined, code, use === 'MC' ? 'CP' : 'Internet', address];
  }
  const equipment = scheme === 'fax' ? 'FX' : use === 'MC' ? 'CP' : 'PH';
  return [rest, code, equipment, ...new Array<undefined>(8).fill(undefined), rest];
}

/** A sex of table 0001; undefined where it is unknown or not applicable. @throws Refusal 103 */
export function findGender(at: V2Repetition): 'M' | 'F' | 'UN' | undefined {
  const code = componentOf(at, 1)?.trim().toUpperCase();
  if (code === undefined || ['', 'U', 'N'].includes(code)) return undefined;
  const known = GENDERS.find(([one]) => one === code)?.[1];
  if (known === undefined)
    throw new Refusal('103', 'expected M, F, O, U, A or N', { location: placeOf(at) });
  return known;
}

/** The code of table 0001. */
export function writtenGender(gender: 'M' | 'F' | 'UN' | undefined): string | undefined {
  return here(GENDERS, gender);
}

/** A point in time down to the second, at the precision given, without fraction and offset. @throws Refusal 102 */
export function findTS(at: V2Repetition): string | undefined {
  const text = componentOf(at, 1)?.trim();
  if (text === undefined || text === '') return undefined;
  const [, digits = ''] = /^(\d{4,14})(?:\.\d{1,4})?(?:[+-]\d{4})?$/.exec(text) ?? [];
  // Minutes without seconds are a v2 precision; the day is as much as a birth needs.
  const time = digits.length === 12 || digits.length === 10 ? digits.slice(0, 8) : digits;
  if (isDTM(time)) return time;
  throw new Refusal('102', 'expected YYYY[MM[DD[HHMM[SS]]]]', { location: placeOf(at) });
}

/** A whole number from 1. @throws Refusal 102 */
export function findNM(at: V2Repetition): number | undefined {
  const text = componentOf(at, 1)?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Refusal('102', 'expected a whole number from 1', { location: placeOf(at) });
}
