import { Refusal } from '../../profiles/refusal.ts';
import {
  homeOfUpdate,
  patientsOfSubmission,
  withoutHome,
} from '../../profiles/xds/homed-update.ts';
import type { SubmitObjectsRequest } from '../../profiles/xds/iti-42.ts';
import { ITI_92 } from '../../profiles/xds/iti-92.ts';
import { failureOf, type RegistryResponse } from '../../profiles/xds/registry-response.ts';
import { PeerFailure, submission, type World } from '../actor.ts';
import type { InitiatingGatewayStores } from './stores.ts';

/**
 * ITI-92 Restricted Update Document Set, as the Initiating Gateway takes it from a system of its own community: an update of
 * our own documents goes to our registry, one of another community's to its gateway. Which it is, `home` says.
 *
 * Refuses: XDSMissingHomeCommunityId, XDSUnknownCommunity, XDSUnavailableCommunity, and what is refused there.
 */
export const restrictedUpdateDocumentSet = submission<
  SubmitObjectsRequest,
  RegistryResponse,
  InitiatingGatewayStores
>(ITI_92, {
  subjects: patientsOfSubmission,

  async check(request, { community, communities }) {
    const home = homeOfUpdate(request);
    const known = communities().flatMap(({ homeCommunityIds }) => homeCommunityIds);
    if (home === community.homeCommunityId || known.includes(home)) return;
    throw new Refusal('XDSUnknownCommunity', `${home} is no community of the directory`, {
      location: home,
    });
  },

  async commit(request, stores, world) {
    const home = homeOfUpdate(request);
    try {
      return await forward(request, home, { stores, world });
    } catch (error) {
      if (!(error instanceof PeerFailure)) throw error;
      const context = `${home} did not answer; whether it has made the update is not known`;
      return failureOf([
        new Refusal('XDSUnavailableCommunity', context, { location: home, cause: error }),
      ]);
    }
  },
});

function forward(
  request: SubmitObjectsRequest,
  home: string,
  { stores, world }: { stores: InitiatingGatewayStores; world: World },
): Promise<RegistryResponse> {
  const { ask, message } = world;
  if (home === stores.community.homeCommunityId) {
    return ask(ITI_92, 'document-registry', withoutHome(request), { message });
  }
  const deadlineMs = stores.fanOutDeadlineMs;
  return ask(ITI_92, { homeCommunityId: home }, request, { deadlineMs, message });
}
