import { type PatientId, patientKey } from '../../profiles/patient.ts';
import type { IdentityReader, SourceRecord } from './identity-store.ts';
import type { Community } from '../actor.ts';

/** A patient of the region: her regional id, and her records with the one revised last first. */
export interface RegionalPatient {
  readonly regionalId: PatientId;
  readonly records: readonly SourceRecord[];
}

/** The patient whom the id names, in the affinity domain or at a source; undefined when it names nobody. */
export async function findPatient(
  patientId: PatientId,
  records: IdentityReader,
  community: Community,
): Promise<RegionalPatient | undefined> {
  const regional = patientId.assigningAuthority === community.affinityDomain;
  const id = regional ? patientId.id : (await records.recordOf(patientId))?.regionalId;
  if (id === undefined) return undefined;
  return (await patientsOf([id], records, community))[0];
}

/** The patients of these regional ids, in that order; those without a record are left out. */
export async function patientsOf(
  regionalIds: readonly string[],
  records: IdentityReader,
  { affinityDomain: assigningAuthority }: Community,
): Promise<readonly RegionalPatient[]> {
  const all = await records.recordsOf(regionalIds);
  return [...new Set(regionalIds)].flatMap((id) => {
    const own = all.filter(({ regionalId }) => regionalId === id);
    return own.length === 0 ? [] : [{ regionalId: { id, assigningAuthority }, records: own }];
  });
}

/** Every id of the patient, each once, the regional one first. */
export function idsOf({ regionalId, records }: RegionalPatient): readonly PatientId[] {
  const all = [regionalId, ...records.flatMap(({ ids }) => ids)];
  return [...new Map(all.map((id) => [patientKey(id), id])).values()];
}
