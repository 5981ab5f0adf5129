import { samePatientId } from '../../profiles/patient.ts';
import { Refusal } from '../../profiles/refusal.ts';
import { ITI_64, type PatientIdChange } from '../../profiles/xds/iti-64.ts';
import type { RegistryResponse } from '../../profiles/xds/registry-response.ts';
import { feed } from '../actor.ts';
import { objectsThatMove } from './patient-id-change.ts';
import type { RegistryReader } from './registry-store.ts';
import type { DocumentRegistryStores } from './stores.ts';

/**
 * ITI-64 XAD-PID Change Management, as the Document Registry answers it to the actors of its own community: the objects of some
 * local patients get another patient id, all of them in one change, so that each is always one patient's. The same change asked
 * again changes nothing.
 *
 * Refuses: XDSUnknownPatientId for an id that is not known or, of the first, was subsumed; XDSPatientIDReconciliationError for
 * what cannot be parted; XDSRegistryError for ids that are not the affinity domain's, and for a caller who is not its own.
 */
export const xadPidChangeManagement = feed(ITI_64, {
  async check(request, { community, registry }: DocumentRegistryStores, { caller }) {
    if (!caller.kinds.includes('own')) {
      throw new Refusal('XDSRegistryError', 'the caller is no actor of this community');
    }
    const { affinityDomain } = community;
    const ids = [request.from, request.to];
    if (ids.some(({ assigningAuthority }) => assigningAuthority !== affinityDomain)) {
      throw new Refusal('XDSRegistryError', 'an id is not of the affinity domain');
    }
    if (samePatientId(request.from, request.to)) {
      throw new Refusal('XDSRegistryError', 'the two ids are the same');
    }
    await registry.look(async (reader) => {
      if (await reader.wasChanged(request.change)) return;
      await refuseUnknown(request, reader);
      if (request.isWhole !== true) await objectsThatMove(request, reader);
    });
  },

  async commit(request, { registry }: DocumentRegistryStores): Promise<RegistryResponse> {
    if (request.isTrial !== true) {
      await registry.change(async (writer) => {
        if (await writer.wasChanged(request.change)) return;
        await refuseUnknown(request, writer);
        if (request.isWhole === true) {
          const { from: subsumed, to: surviving, change } = request;
          await writer.merge({ subsumed, surviving, change });
          return;
        }
        const objects = await objectsThatMove(request, writer);
        await writer.restore(request.to);
        await writer.move(objects, request);
      });
    }
    return { status: 'Success', errors: [] };
  },
});

async function refuseUnknown(
  { from, to, isTrial, isWhole }: PatientIdChange,
  reader: RegistryReader,
): Promise<void> {
  const isDone = isWhole === true && (await reader.isSubsumedBy(from, to));
  if (!isDone && !(await reader.knows(from))) {
    throw new Refusal('XDSUnknownPatientId', 'the id that is left is not known, or was subsumed');
  }
  // A trial may come before the new id is fed; one that was subsumed is put back into use, but takes nobody over.
  if (await reader.knows(to)) return;
  if (isWhole !== true && (isTrial === true || (await reader.isSubsumed(to)))) return;
  throw new Refusal('XDSUnknownPatientId', 'the new id is not known, or was subsumed');
}
