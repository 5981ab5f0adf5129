import { type PatientId, samePatientId } from '../../profiles/patient.ts';
import {
  type PixQuery,
  unknownDataSource,
  unknownPatientIdentifier,
} from '../../profiles/pix/iti-45.ts';
import { Refusals } from '../../profiles/refusal.ts';
import type { Caller } from '../actor.ts';
import type { IdentityStore } from './identity-store.ts';
import { viewOf, type WideArea } from './wide-area.ts';
import {
  type NetworkPatient,
  networkPatients,
  regionalIdBehind,
  regionalIdsOfPerson,
} from './wide-area-ids.ts';

/** Whom a query names, and what the one who asks may be shown of her. */
export interface FoundIds {
  readonly subject: PatientId;
  readonly ids: readonly PatientId[];
}

/**
 * What a network is told by the wide-area id service: of its own patient her regional and her wide-area id; of the same person
 * in other networks the wide-area ids alone, in those domains that it names and may see. It asks by ids of its own. All that
 * is not for it is refused exactly as if it were not there.
 *
 * @throws Refusal 204 for a domain or a patient id that is not known, not for this caller, or retired
 */
export async function findInWideArea(
  request: PixQuery,
  wideArea: WideArea,
  { identities, caller }: { readonly identities: IdentityStore; readonly caller: Caller },
): Promise<FoundIds> {
  const { own, domains } = viewOf(wideArea, caller.assigningAuthorities);
  const { patientIdentifier, dataSources } = request;
  const unknown = dataSources.flatMap((domain, index) =>
    domains.has(domain) ? [] : [unknownDataSource(request, index)],
  );
  if (unknown.length > 0) throw new Refusals(unknown);
  const isOwn = own.some(({ affinityDomain, wideAreaDomain }) =>
    [affinityDomain, wideAreaDomain].includes(patientIdentifier.assigningAuthority),
  );
  if (!isOwn) throw unknownPatientIdentifier();
  const ids = await identities.look(async (records) => {
    if ((await records.wideAreaId(patientIdentifier))?.state === 'retired') return undefined;
    const regionalId = await regionalIdBehind(patientIdentifier, wideArea, records);
    if (!regionalId) return undefined;
    const person = await regionalIdsOfPerson(regionalId, records);
    const patients = await networkPatients(person, wideArea, records);
    if (!patients.some((one) => samePatientId(one.regionalId, regionalId))) return undefined;
    const isOwnPatient = ({ network }: NetworkPatient) => own.includes(network);
    return [
      ...patients.filter(isOwnPatient).flatMap((one) => [one.regionalId, one.wideAreaId]),
      ...patients
        .filter((one) => !isOwnPatient(one))
        .map(({ wideAreaId }) => wideAreaId)
        .filter(({ assigningAuthority }) => dataSources.includes(assigningAuthority)),
    ];
  });
  if (!ids) throw unknownPatientIdentifier();
  return { subject: patientIdentifier, ids };
}
