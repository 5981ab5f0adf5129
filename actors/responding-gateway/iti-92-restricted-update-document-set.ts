import { Refusal } from '../../profiles/refusal.ts';
import {
  homeOfUpdate,
  patientsOfSubmission,
  withoutHome,
} from '../../profiles/xds/homed-update.ts';
import type { SubmitObjectsRequest } from '../../profiles/xds/iti-42.ts';
import { ITI_92 } from '../../profiles/xds/iti-92.ts';
import { failureOf, type RegistryResponse } from '../../profiles/xds/registry-response.ts';
import { PeerFailure, submission } from '../actor.ts';
import type { RespondingGatewayStores } from './stores.ts';

/**
 * ITI-92 Restricted Update Document Set, as the Responding Gateway answers it: the update of another community goes on to
 * our own Document Registry, which judges it. Errors keep the object that they are about as location.
 *
 * Refuses: XDSMissingHomeCommunityId, XDSUnknownCommunity, XDSRegistryNotAvailable, and what the registry refuses.
 */
export const restrictedUpdateDocumentSet = submission<
  SubmitObjectsRequest,
  RegistryResponse,
  RespondingGatewayStores
>(ITI_92, {
  subjects: patientsOfSubmission,

  async check(request, { community: { homeCommunityId } }) {
    const home = homeOfUpdate(request);
    if (home === homeCommunityId) return;
    throw new Refusal('XDSUnknownCommunity', `${home} is not a community of this gateway`, {
      location: homeCommunityId,
    });
  },

  async commit(request, { community: { homeCommunityId } }, { ask, message }) {
    try {
      return await ask(ITI_92, 'document-registry', withoutHome(request), { message });
    } catch (error) {
      if (!(error instanceof PeerFailure)) throw error;
      const context = 'the registry of this community did not answer';
      return failureOf([
        new Refusal('XDSRegistryNotAvailable', context, {
          location: homeCommunityId,
          cause: error,
        }),
      ]);
    }
  },
});
