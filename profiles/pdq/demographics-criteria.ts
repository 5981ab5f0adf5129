import { CODE_SYSTEM } from '../formats/hl7v3-codes.ts';
import {
  findAD,
  findINT,
  findPN,
  findTEL,
  findTS,
  readAssignedId,
  readOid,
  v3,
  writeAD,
  writeAssignedId,
  writePN,
  writeTEL,
} from '../formats/hl7v3-datatypes.ts';
import { GENDERS } from '../formats/hl7v3-person.ts';
import {
  childrenOf,
  findAttribute,
  findChild,
  findCode,
  HL7_V3,
  isNull,
  known,
  type Located,
  refusalAt,
} from '../formats/hl7v3-reading.ts';
import { elementsOf } from '../formats/xml.ts';
import type { Address, AdministrativeGender, PatientId, PersonName, Telecom } from '../patient.ts';

/** What a demographics query may ask by. Source: ITI TF-2: 3.47.4.1.2.2. */
export interface DemographicsCriteria {
  readonly livingSubjectName?: readonly PersonName[];
  readonly livingSubjectAdministrativeGender?: AdministrativeGender;
  /** One value, or the bounds of a range, both included; HL7 TS. */
  readonly livingSubjectBirthTime?: {
    readonly value?: string;
    readonly low?: string;
    readonly high?: string;
  };
  readonly livingSubjectId?: readonly PatientId[];
  readonly patientAddress?: readonly Address[];
  readonly patientTelecom?: readonly Telecom[];
  readonly mothersMaidenName?: readonly PersonName[];
}

/** Parameters that the schema knows and nothing here looks at: who sends one asks no narrower question for it. */
const NOT_USED = [
  'id',
  'livingSubjectBirthPlaceAddress',
  'livingSubjectBirthPlaceName',
  'livingSubjectDeceasedTime',
  'patientStatusCode',
  'principalCareProviderId',
  'principalCareProvisionId',
];

/** Parameters, each with its semanticsText, in the order of the schema. Source: ITI TF-2: Table 3.47.4.1.2-1. */
const SEMANTICS = {
  livingSubjectAdministrativeGender: 'LivingSubject.administrativeGender',
  livingSubjectBirthTime: 'LivingSubject.birthTime',
  livingSubjectId: 'LivingSubject.id',
  livingSubjectName: 'LivingSubject.name',
  mothersMaidenName: 'Person.MothersMaidenName',
  otherIDsScopingOrganization: 'OtherIDs.scopingOrganization.id',
  patientAddress: 'Patient.addr',
  patientTelecom: 'Patient.telecom',
} as const;

type Parameter = keyof typeof SEMANTICS;

/**
 * Reads `parameterList`. Several values of one parameter, in one element or in many, become one list.
 *
 * @throws Refusal SYN110 for an element that is no parameter, or a second value where the question would be unclear;
 * SYN100, SYN101, SYN102, SYN103
 */
export function readCriteria(parameters: Located): DemographicsCriteria {
  refuseUnknown(parameters);
  const gender = onlyValue(parameters, 'livingSubjectAdministrativeGender');
  const criteria = known<DemographicsCriteria>({
    livingSubjectName: listOf(parameters, 'livingSubjectName', findPN),
    livingSubjectAdministrativeGender: findCode(gender, GENDERS),
    livingSubjectBirthTime: readBirthTime(onlyValue(parameters, 'livingSubjectBirthTime')),
    livingSubjectId: listOf(parameters, 'livingSubjectId', (value) =>
      isNull(value) ? undefined : readAssignedId(value),
    ),
    patientAddress: listOf(parameters, 'patientAddress', findAD),
    patientTelecom: listOf(parameters, 'patientTelecom', findTEL),
    mothersMaidenName: listOf(parameters, 'mothersMaidenName', findPN),
  });
  if (Object.keys(criteria).length > 0) return criteria;
  throw refusalAt(parameters, 'SYN100', 'at least one parameter that is looked at is required');
}

/** `otherIDsScopingOrganization`: OIDs in order. @throws Refusal SYN101 or SYN102 */
export function readScopingOrganizations(parameters: Located): readonly string[] {
  return valuesOf(parameters, 'otherIDsScopingOrganization').map(readOid);
}

/** `minimumDegreeMatch`, 0 to 100. @throws Refusal SYN102 */
export function findMinimumDegreeMatch(query: Located): number | undefined {
  const value = findChild(query, 'matchCriterionList', 'minimumDegreeMatch', 'value');
  return findINT(value, { least: 0, most: 100 });
}

function refuseUnknown(parameters: Located): void {
  for (const { namespace, name } of elementsOf(parameters.element)) {
    const expected =
      namespace === HL7_V3 && (Object.hasOwn(SEMANTICS, name) || NOT_USED.includes(name));
    if (!expected) throw refusalAt(parameters, 'SYN110', 'an element that is no parameter');
  }
}

function valuesOf(parameters: Located, name: Parameter): readonly Located[] {
  return childrenOf(parameters, name).flatMap((parameter) => {
    if (isNull(parameter)) return [];
    const values = childrenOf(parameter, 'value');
    // A parameter without a value would silently ask a wider question.
    if (values.length === 0) throw refusalAt(parameter, 'SYN100', 'value is required');
    return values;
  });
}

function onlyValue(parameters: Located, name: Parameter): Located | undefined {
  const [only, second] = valuesOf(parameters, name);
  if (second !== undefined) throw refusalAt(second, 'SYN110', `one ${name} at most`);
  return only;
}

function listOf<Value>(
  parameters: Located,
  name: Parameter,
  find: (at: Located) => Value | undefined,
): readonly Value[] | undefined {
  const given = valuesOf(parameters, name);
  const values = given.map(find).filter((value) => value !== undefined);
  if (values.length > 0) return values;
  // Of what is null the sender says so; what is merely empty would ask a wider question than was meant.
  const empty = given.find((value) => !isNull(value));
  if (empty !== undefined) throw refusalAt(empty, 'SYN101', 'a value that says something');
  return undefined;
}

/** A value, or low and high, or one of them. Bounds that are left out, a centre or a width are refused. */
function readBirthTime(value: Located | undefined): DemographicsCriteria['livingSubjectBirthTime'] {
  if (value === undefined || isNull(value)) return undefined;
  const [low, high] = (['low', 'high'] as const).map((name) => {
    const bound = findChild(value, name);
    if (bound !== undefined && findAttribute(bound, 'inclusive') === 'false') {
      throw refusalAt(bound, 'SYN103', 'only bounds that are included');
    }
    return findTS(bound);
  });
  const exact = findAttribute(value, 'value') === undefined ? undefined : findTS(value);
  const other = elementsOf(value.element).some(({ name }) => name !== 'low' && name !== 'high');
  const bounded = low !== undefined || high !== undefined;
  if (other || bounded === (exact !== undefined)) {
    throw refusalAt(value, 'SYN102', 'a value, or low and high');
  }
  return known({ value: exact, low, high });
}

/** Writes `parameterList`. */
export function writeParameterList(
  criteria: DemographicsCriteria,
  scopingOrganizations: readonly string[] = [],
): string {
  const { livingSubjectAdministrativeGender: code, livingSubjectBirthTime: birth } = criteria;
  const gender = code && v3('value', { code, codeSystem: CODE_SYSTEM.administrativeGender });
  const bound = (name: string, value?: string) => value && v3(name, { value });
  const birthTime =
    birth &&
    v3('value', { value: birth.value }, bound('low', birth.low), bound('high', birth.high));
  const names = (criteria.livingSubjectName ?? []).map((name) => writePN('value', name));
  return v3(
    'parameterList',
    {},
    ...written('livingSubjectAdministrativeGender', gender === undefined ? [] : [gender]),
    ...written('livingSubjectBirthTime', birthTime === undefined ? [] : [birthTime]),
    ...(criteria.livingSubjectId ?? []).flatMap((id) =>
      written('livingSubjectId', [writeAssignedId(id, 'value')]),
    ),
    ...written('livingSubjectName', names),
    ...written(
      'mothersMaidenName',
      (criteria.mothersMaidenName ?? []).map((name) => writePN('value', name)),
    ),
    ...scopingOrganizations.flatMap((root) =>
      written('otherIDsScopingOrganization', [v3('value', { root })]),
    ),
    ...written(
      'patientAddress',
      (criteria.patientAddress ?? []).map((address) => writeAD('value', address)),
    ),
    ...written(
      'patientTelecom',
      (criteria.patientTelecom ?? []).map((telecom) => writeTEL('value', telecom)),
    ),
  );
}

/** One parameter element with its values; none where there is no value. */
function written(name: Parameter, values: readonly string[]): readonly string[] {
  if (values.length === 0) return [];
  return [v3(name, {}, ...values, v3('semanticsText', {}, SEMANTICS[name]))];
}

/** `matchCriterionList` with a minimumDegreeMatch. */
export function writeMinimumDegreeMatch(degree: number | undefined): string | undefined {
  if (degree === undefined) return undefined;
  return v3(
    'matchCriterionList',
    {},
    v3(
      'minimumDegreeMatch',
      {},
      v3('value', { 'xsi:type': 'INT', value: degree }),
      v3('semanticsText', {}, 'MinimumDegreeMatch'),
    ),
  );
}
