import type { Demographics, PersonName } from '../../profiles/patient.ts';
import type { DemographicsCriteria } from '../../profiles/pdq/iti-47.ts';
import type { Community } from '../actor.ts';
import { livesAt, isReachedBy } from './demographics-contact.ts';
import type { IdentityCriteria, IdentityReader } from './identity-store.ts';
import type { Matcher } from './matcher.ts';
import { findPatient, patientsOf, type RegionalPatient } from './patients.ts';
import { nameDegree, type NamePattern, namePatternOf } from './search-names.ts';

/** A patient found, with what her best record says of her, and how well that meets what was asked: 80 to 100. */
export interface FoundPatient {
  readonly patient: RegionalPatient;
  readonly demographics: Demographics;
  readonly degree: number;
}

/** What was found. `isMore`: there are more, or the question is too wide to be looked into. */
export interface FoundPatients {
  readonly patients: readonly FoundPatient[];
  readonly isMore: boolean;
}

export interface SearchOptions {
  readonly records: IdentityReader;
  readonly community: Community;
  /** Its keys find telephones. */
  readonly matcher: Matcher;
  /** Patients. */
  readonly most: number;
  readonly minimumDegree?: number;
}

/** Records that are looked at for one patient found; a patient has about as many as there are sources. */
const RECORDS_A_PATIENT = 10;
/** A telephone that more records have is nobody's. */
const MOST_OF_A_PHONE = 1_000;

/**
 * The patients who meet all criteria, each with what her record that meets them best says; of those that do so equally well
 * the record revised last.
 *
 * The ids asked for may be any of the patient's, one of them is enough; all else must be met by one of her records: one of the
 * names, in whatever it is written (parts that are not given are not compared, `*` at the end asks for a beginning), the sex,
 * the birth date at the precision asked for, one of the addresses, one of the telecoms, the mother's maiden name, compared as
 * names are. Only names are compared with tolerance: the degree is that of the worse of the two, and 100 where none is asked for.
 */
export async function searchPatients(
  criteria: DemographicsCriteria,
  { records, community, matcher, most, minimumDegree = 0 }: SearchOptions,
): Promise<FoundPatients> {
  const nobody = { patients: [], isMore: false };
  const regionalIds = await regionalIdsOf(criteria, records, community);
  if (regionalIds?.length === 0) return nobody;
  const narrowed = {
    ...criteriaOf(criteria),
    ...(regionalIds ? { regionalIds } : await byPhone(criteria, { records, matcher })),
  };
  const { records: found, isCut } = await records.search(narrowed, most * RECORDS_A_PATIENT);
  const best = new Map<string, Omit<FoundPatient, 'patient'>>();
  for (const { regionalId, demographics } of found) {
    const degree = degreeOf(demographics, criteria);
    if (degree === undefined || degree < minimumDegree) continue;
    if (degree > (best.get(regionalId)?.degree ?? -1)) {
      best.set(regionalId, { demographics, degree });
    }
  }
  const ids = [...best.keys()];
  const patients = await patientsOf(ids.slice(0, most), records, community);
  return {
    patients: patients.flatMap((patient) => {
      const met = best.get(patient.regionalId.id);
      return met ? [{ patient, ...met }] : [];
    }),
    isMore: isCut || ids.length > most,
  };
}

/** Undefined where no id is asked for; an id that names nobody gives none. */
async function regionalIdsOf(
  { livingSubjectId }: DemographicsCriteria,
  records: IdentityReader,
  community: Community,
): Promise<readonly string[] | undefined> {
  if (!livingSubjectId || livingSubjectId.length === 0) return undefined;
  const found: string[] = [];
  for (const id of livingSubjectId) {
    const patient = await findPatient(id, records, community);
    if (patient) found.push(patient.regionalId.id);
  }
  return [...new Set(found)];
}

/** Whoever asks by a telephone without a name is answered by the keys of matching, where its rule set has them. */
async function byPhone(
  { livingSubjectName = [], patientTelecom = [] }: DemographicsCriteria,
  { records, matcher }: { records: IdentityReader; matcher: Matcher },
): Promise<{ numbers?: readonly number[] }> {
  if (livingSubjectName.length > 0 || patientTelecom.length === 0) return {};
  const keysOf = (telecoms: typeof patientTelecom) =>
    matcher.keysOf({ ids: [], demographics: { names: [], telecoms } });
  // One that has no key could be anybody's.
  if (patientTelecom.some((telecom) => keysOf([telecom]).length === 0)) return {};
  const found = await records.withKeys(keysOf(patientTelecom), MOST_OF_A_PHONE);
  return { numbers: found.map(({ number }) => number) };
}

/** What the names are looked up by; nothing where one of them asks nothing, for such a name is everybody's. */
function patternsOf(asked: readonly PersonName[]): readonly NamePattern[] {
  const patterns = asked.map(namePatternOf);
  const names = patterns.filter((pattern) => pattern !== undefined);
  return names.length === patterns.length ? names : [];
}

function criteriaOf({
  livingSubjectName = [],
  mothersMaidenName = [],
  livingSubjectAdministrativeGender,
  livingSubjectBirthTime,
}: DemographicsCriteria): IdentityCriteria {
  const { value, low = value, high = value } = livingSubjectBirthTime ?? {};
  const names = patternsOf(livingSubjectName);
  const mothersNames = patternsOf(mothersMaidenName);
  return {
    ...(names.length > 0 ? { names } : {}),
    ...(mothersNames.length > 0 ? { mothersNames } : {}),
    ...(livingSubjectAdministrativeGender
      ? { administrativeGender: livingSubjectAdministrativeGender }
      : {}),
    ...(low === undefined && high === undefined
      ? {}
      : { birthDate: { low: low?.slice(0, DAY), high: high?.slice(0, DAY) } }),
  };
}

/** Digits of a date down to the day. */
const DAY = 8;

/** Undefined where the record does not meet what was asked. */
function degreeOf(
  { names, mothersMaidenName: mothersNames = [], addresses = [], telecoms = [] }: Demographics,
  {
    livingSubjectName = [],
    mothersMaidenName = [],
    patientAddress = [],
    patientTelecom = [],
  }: DemographicsCriteria,
): number | undefined {
  const lives =
    patientAddress.length === 0 ||
    patientAddress.some((wanted) => addresses.some((address) => livesAt(wanted, address)));
  const answers =
    patientTelecom.length === 0 ||
    patientTelecom.some((wanted) => telecoms.some((telecom) => isReachedBy(wanted, telecom)));
  if (!lives || !answers) return undefined;
  const own = namesDegree(livingSubjectName, names);
  const mothers = namesDegree(mothersMaidenName, mothersNames);
  return own === undefined || mothers === undefined ? undefined : Math.min(own, mothers);
}

/** Of the name that agrees best. */
function namesDegree(
  asked: readonly PersonName[],
  names: readonly PersonName[],
): number | undefined {
  if (asked.length === 0) return EXACT;
  const degrees = asked.flatMap((one) => nameDegree(one, names) ?? []);
  return degrees.length === 0 ? undefined : Math.max(...degrees);
}

const EXACT = 100;
