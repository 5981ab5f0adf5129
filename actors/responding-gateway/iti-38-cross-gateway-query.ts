import type { PatientId } from '../../profiles/patient.ts';
import { Refusal, refusalsOf } from '../../profiles/refusal.ts';
import { ITI_38 } from '../../profiles/xca/iti-38.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { SEVERAL_PATIENTS } from '../../profiles/xds/objects-of-patients.ts';
import {
  type AdhocQueryRequest,
  type AdhocQueryResponse,
  needsHome,
  type RegistryObjectText,
} from '../../profiles/xds/stored-queries.ts';
import { type Permission, query } from '../actor.ts';
import { oneByOne } from './one-by-one.ts';
import { refusedHere } from './refused-here.ts';
import type { RespondingGatewayStores } from './stores.ts';

/** What our registry found, and the home that it is shown under. */
interface Found {
  readonly homeCommunityId: string;
  readonly response: AdhocQueryResponse;
}

/**
 * ITI-38 Cross Gateway Query, as the Responding Gateway answers it: the question goes to our own registry, with every
 * parameter as it came; the answer comes back under our home, and each error says so.
 *
 * The registry is asked for full objects also where ObjectRef is wanted, since a bare reference does not say whose it is;
 * where they span patients, each is asked for by its own.
 *
 * Refuses: XDSUnknownCommunity, XDSMissingHomeCommunityId, and what the registry refuses.
 */
export const crossGatewayQuery = query<
  AdhocQueryRequest,
  AdhocQueryResponse,
  Found,
  RespondingGatewayStores
>(ITI_38, {
  async find(request, { community: { homeCommunityId } }, { ask }) {
    const here = { homeCommunityId, unavailable: 'XDSRegistryError' } as const;
    return await refusedHere(here, async () => {
      requireHome(request, homeCommunityId);
      const wholeObjects = (one: AdhocQueryRequest) =>
        ask(ITI_18, 'document-registry', { ...one, returnType: 'LeafClass' as const });
      const response = await wholeObjects(request).catch(async (error: unknown) => {
        if (request.returnType !== 'ObjectRef' || !spansPatients(error)) throw error;
        return await oneByOne(request, wholeObjects);
      });
      return { homeCommunityId, response };
    });
  },

  /** An Association is nobody's: it goes with the objects at its ends. */
  subjects: ({ response }) =>
    response.objects
      .map(({ patientId }) => patientId)
      .filter((patientId): patientId is PatientId => patientId !== undefined),

  reveal({ homeCommunityId, response }, permission, { returnType }) {
    const shown = withoutHidden(response.objects, permission);
    const home = homeCommunityId;
    const errors = response.errors.map((error) => ({ ...error, location: homeCommunityId }));
    const objectRefs = response.objectRefs.map(({ id }) => ({ id, home }));
    if (returnType === 'ObjectRef') {
      const references = shown.map(({ id }) => ({ id, home }));
      return { ...response, errors, objects: [], objectRefs: [...references, ...objectRefs] };
    }
    const objects = shown.map(({ home: submitted, ...object }) =>
      // An Association needs none, and may not have that of another community, whatever was submitted.
      object.element === 'Association' ? object : { ...object, home },
    );
    return { ...response, errors, objects, objectRefs };
  },
});

function spansPatients(error: unknown): boolean {
  return refusalsOf(error)?.some(({ code }) => code === SEVERAL_PATIENTS) ?? false;
}

function requireHome(request: AdhocQueryRequest, homeCommunityId: string): void {
  if (request.home === undefined && needsHome(request)) {
    throw new Refusal('XDSMissingHomeCommunityId', 'a query without a patient id needs home');
  }
  if (request.home !== undefined && request.home !== homeCommunityId) {
    throw new Refusal('XDSUnknownCommunity', `${request.home} is not a community of this gateway`);
  }
}

/** A hidden object takes its Associations with it, so that nothing dangles. */
function withoutHidden(
  objects: readonly RegistryObjectText[],
  permission: Permission,
): readonly RegistryObjectText[] {
  const hidden = new Set(
    objects
      .filter(({ element }) => element !== 'Association')
      .filter(
        ({ patientId, confidentialityCode }) =>
          !permission.shows({ patientId, confidentialityCode }),
      )
      .map(({ id }) => id),
  );
  return objects.filter(
    ({ id, sourceObject, targetObject }) =>
      ![id, sourceObject, targetObject].some((end) => end !== undefined && hidden.has(end)),
  );
}
