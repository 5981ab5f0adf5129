import { CODE_SYSTEM } from './hl7v3-codes.ts';
import {
  type AD,
  type AssignedId,
  findAD,
  findINT,
  findPN,
  findTEL,
  findTS,
  type PN,
  readAssignedId,
  requireOid,
  type TEL,
  v3,
  v3Text,
  writeAD,
  writeAssignedId,
  writePN,
  writeTEL,
} from './hl7v3-datatypes.ts';
import {
  childrenOf,
  findAttribute,
  findChild,
  findCode,
  isNull,
  known,
  type Located,
  refusalAt,
  requireChild,
  requireCode,
  trimmedText,
} from './hl7v3-reading.ts';

/** AdministrativeGender; unknown is left out. */
export const GENDERS = ['M', 'F', 'UN'] as const;

/** What `patient` and `patientPerson` say of a person, in the shape that PIX, PDQ and XCPD share. */
export interface V3Person {
  readonly names: readonly PN[];
  readonly administrativeGender?: (typeof GENDERS)[number];
  readonly birthTime?: string;
  readonly addresses?: readonly AD[];
  readonly telecoms?: readonly TEL[];
  readonly multipleBirthOrderNumber?: number;
  readonly mothersMaidenName?: readonly PN[];
}

/** `asOtherIDs`: an id of another domain, or the bare domain where the person is known to have none there. */
export interface OtherId {
  readonly id?: string;
  readonly assigningAuthority: string;
}

/** The one `registrationEvent` of a `subject`, and its `patient`. */
export interface Registration {
  readonly registrationEvent: Located;
  readonly patient: Located;
}

/** @throws Refusal SYN100 where registrationEvent, subject1 or patient is missing; SYN103 where one is not active */
export function readRegistration(subject: Located): Registration {
  const registrationEvent = requireChild(subject, 'registrationEvent');
  requireCode(registrationEvent, 'statusCode', ['active']);
  const patient = requireChild(registrationEvent, 'subject1', 'patient');
  requireCode(patient, 'statusCode', ['active']);
  return { registrationEvent, patient };
}

/** The ids of a patient that are not null. @throws Refusal SYN101 or SYN102 */
export function readPatientIds(patient: Located): readonly AssignedId[] {
  return childrenOf(patient, 'id')
    .filter((id) => !isNull(id))
    .map(readAssignedId);
}

/**
 * Reads the person of a `patient`. Addresses and telecoms of the patient role are taken as the person's.
 *
 * A name that is null counts as given, so that `names` may be empty.
 *
 * @throws Refusal SYN100 without patientPerson or name; SYN101, SYN102, SYN103, SYN110
 */
export function readPerson(patient: Located): V3Person {
  const person = requireChild(patient, 'patientPerson');
  const names = readNames(patient);
  const addresses = readAll([person, patient], 'addr', findAD);
  const telecoms = readAll([person, patient], 'telecom', findTEL);
  const order = findChild(person, 'multipleBirthOrderNumber');
  return known<V3Person>({
    names,
    administrativeGender: findCode(findChild(person, 'administrativeGenderCode'), GENDERS),
    birthTime: findTS(findChild(person, 'birthTime')),
    addresses: addresses.length === 0 ? undefined : addresses,
    telecoms: telecoms.length === 0 ? undefined : telecoms,
    multipleBirthOrderNumber: findINT(order, { least: 1, most: 99 }),
    mothersMaidenName: readMothersMaidenName(person),
  });
}

/** The names of a `patient`, without those that are null. @throws Refusal SYN100 without patientPerson or name; SYN102 */
export function readNames(patient: Located): readonly PN[] {
  const person = requireChild(patient, 'patientPerson');
  const names = childrenOf(person, 'name');
  if (names.length === 0) throw refusalAt(person, 'SYN100', 'name is required');
  return names.map(findPN).filter((name) => name !== undefined);
}

const MOTHER = 'MTH';

/**
 * The name of the player of the relationship `MTH`: of a name that tells apart the family name of her birth (`BR`) that one, of
 * others what there is.
 *
 * @see ITI TF-2: 3.47.4.1.2.2, Mother's Maiden Name
 */
function readMothersMaidenName(person: Located): readonly PN[] | undefined {
  const names = childrenOf(person, 'personalRelationship')
    .filter((relationship) => {
      const code = findChild(relationship, 'code');
      return code !== undefined && findAttribute(code, 'code') === MOTHER;
    })
    .flatMap((relationship) => childrenOf(relationship, 'relationshipHolder1'))
    .flatMap((mother) => childrenOf(mother, 'name'))
    .flatMap((at) => {
      const name = findPN(at);
      if (name === undefined) return [];
      const atBirth = childrenOf(at, 'family')
        .filter((family) => findAttribute(family, 'qualifier')?.split(/\s+/).includes('BR'))
        .map(trimmedText)
        .filter((family) => family !== '');
      return [{ name, atBirth }];
    });
  const isTold = names.some(({ atBirth }) => atBirth.length > 0);
  const found = names
    .filter(({ name, atBirth }) => !isTold || atBirth.length > 0 || name.family === '')
    .map(({ name, atBirth }) => (isTold ? { ...name, family: atBirth.join(' ') } : name));
  return found.length === 0 ? undefined : found;
}

function writeMother(name: PN): string {
  return v3(
    'personalRelationship',
    { classCode: 'PRS' },
    v3('code', { code: MOTHER, codeSystem: CODE_SYSTEM.roleCode }),
    v3('relationshipHolder1', { classCode: 'PSN', ...INSTANCE }, writePN('name', name, 'BR')),
  );
}

function readAll<Value>(
  places: readonly Located[],
  name: string,
  find: (at: Located) => Value | undefined,
): readonly Value[] {
  return places
    .flatMap((place) => childrenOf(place, name).map(find))
    .filter((value) => value !== undefined);
}

/** How an `asOtherIDs/id` without root and extension is taken: some peers send one where they mean none. */
export interface OtherIdReading {
  readonly emptyIds: 'refused' | 'left out';
}

/**
 * The ids of other domains. One that is null stands for its scoping organisation's domain, without an id.
 *
 * @throws Refusal SYN100, SYN101 or SYN102
 */
export function readOtherIds(
  patient: Located,
  { emptyIds }: OtherIdReading = { emptyIds: 'refused' },
): readonly OtherId[] {
  const person = requireChild(patient, 'patientPerson');
  return childrenOf(person, 'asOtherIDs').flatMap((other) => {
    const ids = childrenOf(other, 'id');
    const said = emptyIds === 'refused' ? ids : ids.filter((id) => isNull(id) || !isEmpty(id));
    return said.map((id): OtherId => {
      if (!isNull(id)) return readAssignedId(id);
      return { assigningAuthority: requireOid(requireChild(other, 'scopingOrganization')) };
    });
  });
}

function isEmpty(id: Located): boolean {
  return findAttribute(id, 'root') === undefined && findAttribute(id, 'extension') === undefined;
}

/** Those of the other ids that are ids. */
export function withIds(otherIds: readonly OtherId[]): readonly AssignedId[] {
  return otherIds.flatMap(({ id, assigningAuthority }) =>
    id === undefined ? [] : [{ id, assigningAuthority }],
  );
}

/** `providerOrganization`: the OID of its domain, and its name. */
export interface ProviderOrganization {
  readonly id: string;
  readonly name?: string;
}

/** Undefined where there is none, or it is null. @throws Refusal SYN100, SYN101 or SYN102 */
export function findProviderOrganization(patient: Located): ProviderOrganization | undefined {
  const organization = findChild(patient, 'providerOrganization');
  if (organization === undefined || isNull(organization)) return undefined;
  const name = childrenOf(organization, 'name')[0];
  return known<ProviderOrganization>({
    id: requireOid(organization),
    name: name && (trimmedText(name) || undefined),
  });
}

/** `custodian/assignedEntity`. @throws Refusal SYN100 */
export function requireCustodian(registrationEvent: Located): Located {
  return requireChild(registrationEvent, 'custodian', 'assignedEntity');
}

/** `queryMatchObservation/value`, 0 to 100. @throws Refusal SYN100, SYN101 or SYN102 */
export function readDegree(patient: Located): number {
  const [subjectOf1] = childrenOf(patient, 'subjectOf1');
  if (subjectOf1 === undefined) throw refusalAt(patient, 'SYN100', 'subjectOf1 is required');
  const value = requireChild(subjectOf1, 'queryMatchObservation', 'value');
  const degree = findINT(value, { least: 0, most: 100 });
  if (degree === undefined) throw refusalAt(value, 'SYN101', '@value is required');
  return degree;
}

/** `queryMatchObservation` to write, `degree` from 0 to 100. */
export function writeDegree(degree: number): string {
  return v3(
    'subjectOf1',
    {},
    v3(
      'queryMatchObservation',
      { classCode: 'COND', moodCode: 'EVN' },
      v3('code', { code: 'IHE_PDQ' }),
      v3('value', { 'xsi:type': 'INT', value: degree }),
    ),
  );
}

/** What a `subject` says of one patient, to write. */
export interface RegistrationParts {
  /** None is written as a null id, since the schema asks for one. */
  readonly ids: readonly AssignedId[];
  readonly person: V3Person;
  readonly otherIds: readonly OtherId[];
  readonly providerOrganization: ProviderOrganization | undefined;
  /** `subjectOf1` as XML, in answers. */
  readonly observation?: string;
  /** OID. */
  readonly custodian: string;
  /** `code` of the custodian's assignedEntity as XML, in XCPD. */
  readonly custodianCode?: string;
}

const INSTANCE = { determinerCode: 'INSTANCE' } as const;

/** Writes a `subject` with its one registrationEvent. */
export function writeSubject(parts: RegistrationParts): string {
  const ids =
    parts.ids.length === 0
      ? [v3('id', { nullFlavor: 'NA' })]
      : parts.ids.map((id) => writeAssignedId(id));
  const patient = v3(
    'patient',
    { classCode: 'PAT' },
    ...ids,
    v3('statusCode', { code: 'active' }),
    writePerson(parts.person, parts.otherIds),
    parts.providerOrganization && writeProviderOrganization(parts.providerOrganization),
    parts.observation,
  );
  const assignedEntity = v3(
    'assignedEntity',
    { classCode: 'ASSIGNED' },
    v3('id', { root: parts.custodian }),
    parts.custodianCode,
  );
  return v3(
    'subject',
    { typeCode: 'SUBJ', contextConductionInd: 'false' },
    v3(
      'registrationEvent',
      { classCode: 'REG', moodCode: 'EVN' },
      v3('statusCode', { code: 'active' }),
      v3('subject1', { typeCode: 'SBJ' }, patient),
      v3('custodian', { typeCode: 'CST' }, assignedEntity),
    ),
  );
}

/** In the order of the schema: telecom stands before sex and birth date, addr after them. */
function writePerson(person: V3Person, otherIds: readonly OtherId[]): string {
  const { administrativeGender: code, birthTime, multipleBirthOrderNumber: order } = person;
  return v3(
    'patientPerson',
    { classCode: 'PSN', ...INSTANCE },
    ...(person.names.length === 0
      ? [v3('name', { nullFlavor: 'NA' })]
      : person.names.map((name) => writePN('name', name))),
    ...(person.telecoms ?? []).map((telecom) => writeTEL('telecom', telecom)),
    code && v3('administrativeGenderCode', { code, codeSystem: CODE_SYSTEM.administrativeGender }),
    birthTime && v3('birthTime', { value: birthTime }),
    order === undefined ? undefined : v3('multipleBirthInd', { value: 'true' }),
    order === undefined ? undefined : v3('multipleBirthOrderNumber', { value: order }),
    ...(person.addresses ?? []).map((address) => writeAD('addr', address)),
    ...otherIds.map(writeOtherId),
    ...(person.mothersMaidenName ?? []).map(writeMother),
  );
}

function writeOtherId({ id, assigningAuthority }: OtherId): string {
  return v3(
    'asOtherIDs',
    { classCode: 'PAT' },
    id === undefined ? v3('id', { nullFlavor: 'NA' }) : writeAssignedId({ id, assigningAuthority }),
    v3(
      'scopingOrganization',
      { classCode: 'ORG', ...INSTANCE },
      v3('id', { root: assigningAuthority }),
    ),
  );
}

/** The schema asks for a contactParty; ours says that it has no information. */
function writeProviderOrganization({ id, name }: ProviderOrganization): string {
  return v3(
    'providerOrganization',
    { classCode: 'ORG', ...INSTANCE },
    v3('id', { root: id }),
    v3Text('name', name),
    v3('contactParty', { classCode: 'CON' }, v3('telecom', { nullFlavor: 'NI' })),
  );
}
