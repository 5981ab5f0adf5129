import type { Address, Demographics, Telecom } from '../../profiles/patient.ts';
import type { DemographicsCriteria } from '../../profiles/pdq/iti-47.ts';
import type { Community } from '../actor.ts';
import type { IdentityCriteria, IdentityReader } from './identity-store.ts';
import { nameKey, nameKeysOf } from './linking.ts';
import { findPatient, patientsOf, type RegionalPatient } from './patients.ts';

/** Records that are looked at for one patient found; a patient has about as many as there are sources. */
const RECORDS_A_PATIENT = 10;

/**
 * The patients who meet all criteria, each with what her record that meets them says; the record revised last goes first.
 *
 * The ids asked for may be any of the patient's, one of them is enough; all else must be met by one of her records:
 * one of the names (parts that are not given are not compared), the sex, the birth date at the precision asked for,
 * one of the addresses, one of the telecoms. The mother's maiden name is not kept here, so nobody meets it.
 */
export async function searchPatients(
  criteria: DemographicsCriteria,
  { records, community, most }: { records: IdentityReader; community: Community; most: number },
): Promise<readonly { patient: RegionalPatient; demographics: Demographics }[]> {
  if (criteria.mothersMaidenName && criteria.mothersMaidenName.length > 0) return [];
  const regionalIds = await regionalIdsOf(criteria, records, community);
  if (regionalIds?.length === 0) return [];
  const found = await records.search(criteriaOf(criteria, regionalIds), most * RECORDS_A_PATIENT);
  const best = new Map<string, Demographics>();
  for (const { regionalId, demographics } of found) {
    if (best.has(regionalId) || !isReachedAt(demographics, criteria)) continue;
    best.set(regionalId, demographics);
    if (best.size === most) break;
  }
  const patients = await patientsOf([...best.keys()], records, community);
  return patients.flatMap((patient) => {
    const demographics = best.get(patient.regionalId.id);
    return demographics ? [{ patient, demographics }] : [];
  });
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

function criteriaOf(
  {
    livingSubjectName,
    livingSubjectAdministrativeGender,
    livingSubjectBirthTime,
  }: DemographicsCriteria,
  regionalIds: readonly string[] | undefined,
): IdentityCriteria {
  const { value, low = value, high = value } = livingSubjectBirthTime ?? {};
  return {
    ...(regionalIds ? { regionalIds } : {}),
    ...(livingSubjectName && livingSubjectName.length > 0
      ? { names: livingSubjectName.map(nameKeysOf) }
      : {}),
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

function isReachedAt(
  { addresses = [], telecoms = [] }: Demographics,
  { patientAddress = [], patientTelecom = [] }: DemographicsCriteria,
): boolean {
  const lives =
    patientAddress.length === 0 ||
    patientAddress.some((wanted) => addresses.some((address) => isPartOf(wanted, address)));
  const answers =
    patientTelecom.length === 0 ||
    patientTelecom.some((wanted) => telecoms.some((telecom) => isSameTelecom(wanted, telecom)));
  return lives && answers;
}

/** Every part that is given is the same. */
function isPartOf(wanted: Address, address: Address): boolean {
  const parts = ['city', 'state', 'postalCode', 'country'] as const;
  const same = (one: string | undefined, other: string | undefined) =>
    one === undefined || nameKey(one) === nameKey(other ?? '');
  return (
    parts.every((part) => same(wanted[part], address[part])) &&
    same(wanted.streetAddressLine?.join(''), address.streetAddressLine?.join(''))
  );
}

function isSameTelecom(wanted: Telecom, telecom: Telecom): boolean {
  return nameKey(wanted.value) === nameKey(telecom.value);
}
