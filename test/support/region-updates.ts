import { encodeCX } from '../../profiles/formats/datatypes.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_42, type SubmitObjectsRequest } from '../../profiles/xds/iti-42.ts';
import type { RegistryObjectText } from '../../profiles/xds/stored-queries.ts';
import { getDocuments } from '../../profiles/xds/stored-query-builders.ts';
import type { SystemPlan } from '../../scripts/federation.ts';
import { aRegistration, freshOid, octets } from './region-documents.ts';
import { regionOids, type World } from './world.ts';

/** A system that may do in `east` all that a registry answers. */
export const ADMINISTRATOR: SystemPlan = {
  name: 'administrator',
  institution: '9970000000',
  regions: ['east'],
  sourceIds: [regionOids(1).sourceId],
  assigningAuthorities: [regionOids(1).affinityDomain],
  transactions: ['ITI-18', 'ITI-42', 'ITI-44', 'ITI-51', 'ITI-57', 'ITI-61', 'ITI-62', 'ITI-92'],
};

/** A request of the sample builders as one of this patient, with ids that nobody has used. */
export function ofRegion(
  request: SubmitObjectsRequest,
  patientId: PatientId,
  region = 1,
): SubmitObjectsRequest {
  const text = JSON.stringify(request)
    .replaceAll('P-0001^^^&2.999.3.7&ISO', encodeCX(patientId))
    .replaceAll('"2.999.9.1.1"', `"${freshOid()}"`)
    .replaceAll('"2.999.9.1"', `"${regionOids(region).sourceId}"`)
    .replaceAll('"2.999.7.1"', `"${regionOids(region).repositoryUniqueId}"`);
  return JSON.parse(text) as SubmitObjectsRequest;
}

/** Registers one document in `east`, as the hospital, and resolves to what a query shows of it. */
export async function registered(
  world: World,
  patientId: PatientId,
): Promise<RegistryObjectText & { readonly uniqueId: string }> {
  const uniqueId = freshOid();
  const url = world.url('document-registry');
  const documents = [{ bytes: octets('update'), uniqueId }];
  const { response } = await world.exchange(ITI_42, url, aRegistration({ patientId, documents }));
  if (response.status !== 'Success') throw new Error(JSON.stringify(response.errors));
  const [found] = await versionsIn(world, uniqueId);
  if (!found) throw new Error('not registered');
  return { ...found, uniqueId };
}

/** Every version of a document, as a query at level 2 shows them. */
export async function versionsIn(
  world: World,
  uniqueId: string,
): Promise<readonly RegistryObjectText[]> {
  const query = getDocuments({ uniqueId: [uniqueId], metadataLevel: 2 });
  return (await world.exchange(ITI_18, world.url('document-registry'), query)).response.objects;
}
