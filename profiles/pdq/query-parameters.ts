import { findGender, findTS, findXTN, writtenGender } from '../formats/hl7v2-datatypes.ts';
import {
  componentOf,
  parseV2,
  placeOf,
  repetitionsOf,
  type V2Component,
  type V2Repetition,
  type V2Segment,
  writeSegment,
} from '../formats/hl7v2.ts';
import { authorityOf, writtenAuthority } from '../formats/hl7v2-authorities.ts';
import type { V2Context } from '../formats/hl7v2-reply.ts';
import type { Address, PatientId, PersonName, Telecom } from '../patient.ts';
import { Refusal } from '../refusal.ts';
import type { DemographicsCriteria } from './demographics-criteria.ts';

/** What QPD-3 may ask by beside the parameters of V3. */
export interface V2Criteria extends DemographicsCriteria {
  /** PID-18. Nothing here has account numbers, so that they are nobody's. */
  readonly patientAccountNumber?: readonly PatientId[];
}

/** One QIP: the part of PID that it names, and its value. */
interface Parameter {
  readonly field: number;
  readonly component: number;
  readonly subcomponent: number;
  readonly value: string;
  readonly at: V2Repetition;
}

/** Parameters of one field that belong together: a part that comes a second time begins the next. */
type Group = ReadonlyMap<string, Parameter>;

const SUPPORTED: ReadonlySet<number> = new Set([3, 5, 6, 7, 8, 11, 13, 18]);

/**
 * Reads QPD-3, `@PID.5.1.1^値~@PID.7^19700101`: fields 3, 5, 6, 7, 8, 11, 13 and 18 of PID. A first subcomponent may be left out.
 *
 * @throws Refusal 101 for none that asks for anything, one without a value or an id without its authority; 103 for a field, or
 * parts of one, that nobody is asked by; 102 for a value of another type
 * @see ITI TF-2: 3.21.4.1.2.2
 */
export function readParameters(qpd: V2Segment, context: V2Context): V2Criteria {
  const parameters = repetitionsOf(qpd, 3).map(readParameter);
  if (parameters.length === 0) {
    throw new Refusal('101', 'at least one parameter is required', { location: 'QPD^1^3' });
  }
  const of = (field: number) => groupsOf(parameters.filter((one) => one.field === field));
  const ids = of(3).map((group) => idOf(group, context));
  const accounts = of(18).map((group) => idOf(group, context));
  const names = of(5).map(nameOf);
  const maidenNames = of(6).map(nameOf);
  const gender = only(parameters, 8);
  const birth = only(parameters, 7);
  const administrativeGender = gender && findGender(asField(gender));
  const value = birth && findTS(asField(birth));
  const addresses = of(11).map(addressOf);
  const telecoms = of(13).map(telecomOf);
  const criteria: V2Criteria = {
    ...(names.length > 0 && { livingSubjectName: names }),
    ...(administrativeGender && { livingSubjectAdministrativeGender: administrativeGender }),
    ...(value && { livingSubjectBirthTime: { value } }),
    ...(ids.length > 0 && { livingSubjectId: ids }),
    ...(addresses.length > 0 && { patientAddress: addresses }),
    ...(telecoms.length > 0 && { patientTelecom: telecoms }),
    ...(maidenNames.length > 0 && { mothersMaidenName: maidenNames }),
    ...(accounts.length > 0 && { patientAccountNumber: accounts }),
  };
  if (Object.keys(criteria).length > 0) return criteria;
  throw new Refusal('101', 'at least one parameter that asks for something is required', {
    location: 'QPD^1^3',
  });
}

function readParameter(at: V2Repetition): Parameter {
  const name = componentOf(at, 1) ?? '';
  const [, field = '', component = '1', subcomponent = '1'] =
    /^@PID\.(\d{1,2})(?:\.(\d{1,2}))?(?:\.(\d{1,2}))?$/.exec(name) ?? [];
  if (!SUPPORTED.has(Number(field))) {
    throw new Refusal('103', 'a field that nobody is asked by here', { location: placeOf(at, 1) });
  }
  const value = componentOf(at, 2);
  if (value === undefined) {
    throw new Refusal('101', 'a parameter has a value', { location: placeOf(at, 2) });
  }
  return {
    field: Number(field),
    component: Number(component),
    subcomponent: Number(subcomponent),
    value,
    at,
  };
}

function groupsOf(parameters: readonly Parameter[]): readonly Group[] {
  const groups: Map<string, Parameter>[] = [];
  for (const parameter of parameters) {
    const part = `${parameter.component}.${parameter.subcomponent}`;
    const last = groups.at(-1);
    if (last === undefined || last.has(part)) groups.push(new Map([[part, parameter]]));
    else last.set(part, parameter);
  }
  return groups;
}

function only(parameters: readonly Parameter[], field: number): Parameter | undefined {
  const [first, second] = parameters.filter((one) => one.field === field);
  if (second === undefined) return first;
  throw new Refusal('102', 'one such parameter at most', { location: placeOf(second.at) });
}

/** The value alone as a field, at the place of its parameter. */
function asField({ value, at }: Parameter): V2Repetition {
  const [, segment] = parseV2(`MSH|^~\\&\r${writeSegment('QIP', { 1: value })}`).segments;
  const text = segment?.text.slice(4) ?? '';
  return { ...at, text };
}

const valueIn = (group: Group, part: string) => group.get(part)?.value;

/** @throws Refusal 101 for an id without an authority, or an authority without an id */
function idOf(group: Group, { authorities }: V2Context): PatientId {
  const [first] = group.values();
  const id = group.get('1.1');
  const authority = authorityOf(
    [valueIn(group, '4.1'), valueIn(group, '4.2'), valueIn(group, '4.3')],
    authorities,
  );
  if (id !== undefined && authority !== undefined) {
    return { id: id.value, assigningAuthority: authority };
  }
  const location = first === undefined ? 'QPD^1^3' : placeOf((id ?? first).at);
  throw new Refusal('101', 'an identifier is asked for with its authority', { location });
}

const REPRESENTATIONS: Readonly<Record<string, PersonName['representation']>> = {
  I: 'IDE',
  P: 'SYL',
  A: 'ABC',
};

function nameOf(group: Group): PersonName {
  const further = valueIn(group, '3.1')?.split(/\s+/) ?? [];
  const given = [valueIn(group, '2.1'), ...further].filter((one) => one !== undefined);
  const [suffix, prefix] = [valueIn(group, '4.1'), valueIn(group, '5.1')];
  const representation = REPRESENTATIONS[valueIn(group, '8.1') ?? ''];
  return {
    family: valueIn(group, '1.1') ?? '',
    given,
    ...(suffix === undefined ? {} : { suffix }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(representation === undefined ? {} : { representation }),
  };
}

function addressOf(group: Group): Address {
  const lines = ['1.1', '2.1', '8.1'].map((part) => valueIn(group, part));
  const streetAddressLine = lines.filter((line) => line !== undefined);
  const parts = { city: '3.1', state: '4.1', postalCode: '5.1', country: '6.1' };
  const named = Object.entries(parts).flatMap(([name, part]) => {
    const value = valueIn(group, part);
    return value === undefined ? [] : [[name, value] as const];
  });
  if (streetAddressLine.length === 0 && named.length === 0) throw asksNothing(group);
  return {
    ...(streetAddressLine.length === 0 ? {} : { streetAddressLine }),
    ...Object.fromEntries(named),
  };
}

/** None of the parts of a field that were given is looked at: without them the question would be a wider one. */
function asksNothing(group: Group): Refusal {
  const [first] = group.values();
  const location = first === undefined ? 'QPD^1^3' : placeOf(first.at, 1);
  return new Refusal('103', 'a part that nobody is asked by here', { location });
}

function telecomOf(group: Group): Telecom {
  const components: V2Component[] = [];
  for (const { component, value } of group.values()) components[component - 1] = value;
  const [, segment] = parseV2(
    `MSH|^~\\&\r${writeSegment('QIP', { 1: [Array.from(components)] })}`,
  ).segments;
  const [at] = segment === undefined ? [] : repetitionsOf(segment, 1);
  const telecom = at && findXTN(at);
  if (telecom === undefined) throw asksNothing(group);
  return { value: telecom.value };
}

/** QPD-3 of a query. @throws Error for what v2 cannot ask by: bounds of a birth date */
export function writeParameters(
  criteria: V2Criteria,
  context: V2Context,
): readonly (readonly V2Component[])[] {
  const { livingSubjectBirthTime: birth } = criteria;
  if (birth?.low !== undefined || birth?.high !== undefined) {
    throw new Error('HL7 v2 asks by a birth date, not by its bounds');
  }
  const gender = writtenGender(criteria.livingSubjectAdministrativeGender);
  const all: readonly (readonly [string, string | undefined])[] = [
    ...(criteria.livingSubjectId ?? []).flatMap((id) => writtenId('3', id, context)),
    ...(criteria.livingSubjectName ?? []).flatMap((name) => writtenName('5', name)),
    ...(criteria.mothersMaidenName ?? []).flatMap((name) => writtenName('6', name)),
    ['7', birth?.value],
    ['8', gender],
    ...(criteria.patientAddress ?? []).flatMap(writtenAddress),
    ...(criteria.patientTelecom ?? []).map(
      ({ value }) =>
        (value.startsWith('mailto:')
          ? ['13.4', value.slice(7)]
          : ['13.1', value.replace(/^tel:/, '')]) as [string, string],
    ),
    ...(criteria.patientAccountNumber ?? []).flatMap((id) => writtenId('18', id, context)),
  ];
  return all.flatMap(([part, value]) =>
    value === undefined || value === '' ? [] : [[`@PID.${part}`, value]],
  );
}

type Written = readonly (readonly [string, string | undefined])[];

function writtenId(
  field: string,
  { id, assigningAuthority }: PatientId,
  { authorities }: V2Context,
): Written {
  const [namespace, oid, type] = writtenAuthority(assigningAuthority, authorities);
  return [
    [`${field}.1`, id],
    [`${field}.4.1`, namespace],
    [`${field}.4.2`, oid],
    [`${field}.4.3`, type],
  ];
}

function writtenName(field: string, name: PersonName): Written {
  const [first, ...further] = name.given;
  const code = Object.entries(REPRESENTATIONS).find(([, one]) => one === name.representation)?.[0];
  return [
    [`${field}.1.1`, name.family],
    [`${field}.2`, first],
    [`${field}.3`, further.join(' ')],
    [`${field}.4`, name.suffix],
    [`${field}.5`, name.prefix],
    [`${field}.8`, code],
  ];
}

function writtenAddress({
  streetAddressLine: [line, second, ...others] = [],
  ...address
}: Address): Written {
  return [
    ['11.1.1', line],
    ['11.2', second],
    ['11.3', address.city],
    ['11.4', address.state],
    ['11.5', address.postalCode],
    ['11.6', address.country],
    ['11.8', others.join(' ')],
  ];
}
