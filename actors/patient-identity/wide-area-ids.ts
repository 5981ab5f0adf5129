import { type PatientId, patientKey } from '../../profiles/patient.ts';
import type { Issue } from '../../profiles/transaction.ts';
import type { IdentityReader, IdentityWriter } from './identity-store.ts';
import { type Network, networkOf, type WideArea } from './wide-area.ts';

/** A patient of a network as the service hands her out. */
export interface NetworkPatient {
  readonly network: Network;
  readonly regionalId: PatientId;
  readonly wideAreaId: PatientId;
}

/** What an id is issued in. */
export interface Issuing {
  readonly records: IdentityWriter;
  readonly issue: Issue;
  readonly by: string;
  readonly reason?: string;
}

/** Digits of a wide-area id. */
const DIGITS = 16;

/** Gives each of these regional ids that never had one an opaque id in its network's domain. */
export async function issueWideAreaIds(
  regionalIds: readonly PatientId[],
  wideArea: WideArea,
  issuing: Issuing,
): Promise<void> {
  const known = await issuing.records.wideAreaIdsOf(regionalIds);
  const issued = new Set(known.map(({ of }) => patientKey(of)));
  for (const of of regionalIds) {
    if (issued.has(patientKey(of))) continue;
    await issueWideAreaId(of, wideArea, issuing);
  }
}

/** Issues a new current id: digits drawn at random, which nobody has or ever had. Undefined for an id of no network. */
export async function issueWideAreaId(
  of: PatientId,
  wideArea: WideArea,
  { records, issue, by, reason }: Issuing,
): Promise<PatientId | undefined> {
  const network = networkOf(of, wideArea);
  if (!network) return undefined;
  for (;;) {
    const id = { id: wideArea.drawDigits(DIGITS), assigningAuthority: network.wideAreaDomain };
    if (await records.wideAreaId(id)) continue;
    const made = { by, at: issue.now(), ...(reason === undefined ? {} : { reason }) };
    await records.putWideAreaId({ id, of, state: 'current' }, made);
    return id;
  }
}

/**
 * Those of the regional ids that are handed out, each with its current id, in the order of the networks, so that the order tells
 * nothing. Of one that was retired nothing is handed out.
 */
export async function networkPatients(
  regionalIds: readonly PatientId[],
  wideArea: WideArea,
  records: IdentityReader,
): Promise<readonly NetworkPatient[]> {
  const current = new Map(
    (await records.wideAreaIdsOf(regionalIds))
      .filter(({ state }) => state === 'current')
      .map(({ id, of }) => [patientKey(of), id]),
  );
  return wideArea.networks.flatMap((network) =>
    regionalIds
      .filter(({ assigningAuthority }) => assigningAuthority === network.affinityDomain)
      .map((regionalId) => ({ regionalId, wideAreaId: current.get(patientKey(regionalId)) }))
      .flatMap(({ regionalId, wideAreaId }) =>
        wideAreaId ? [{ network, regionalId, wideAreaId }] : [],
      )
      .sort((one, other) => (one.wideAreaId.id < other.wideAreaId.id ? -1 : 1)),
  );
}

/**
 * The regional id in use that an id means: itself, or the one for which it was issued, or the one by which that was subsumed.
 * Undefined for one that names nobody.
 */
export async function regionalIdBehind(
  asked: PatientId,
  wideArea: WideArea,
  records: IdentityReader,
): Promise<PatientId | undefined> {
  if (networkOf(asked, wideArea)) return (await records.recordOf(asked)) ? asked : undefined;
  const issued = await records.wideAreaId(asked);
  return issued && (await inUse(issued.of, records));
}

/** The id that an id was merged into, by whatever number of steps; itself where it is in use. */
export async function inUse(
  regionalId: PatientId,
  records: IdentityReader,
): Promise<PatientId | undefined> {
  let at = regionalId;
  for (;;) {
    const state = await records.idState(at);
    if (!state) return undefined;
    if (state.mergedInto === undefined) return at;
    at = { ...at, id: state.mergedInto };
  }
}

/** Every regional id under which the patient of one of them is known, those of other networks too. */
export async function regionalIdsOfPerson(
  regionalId: PatientId,
  records: IdentityReader,
): Promise<readonly PatientId[]> {
  const record = await records.recordOf(regionalId);
  if (!record) return [];
  const all = await records.recordsOf([record.regionalId]);
  const ids = all.flatMap((one) => one.ids).map((id) => [patientKey(id), id] as const);
  return [...new Map(ids).values()];
}
