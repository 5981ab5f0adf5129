import type { PatientId } from '../../profiles/patient.ts';
import { Fault, Refusal, refusalsOf } from '../../profiles/refusal.ts';
import { ITI_39 } from '../../profiles/xca/iti-39.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import {
  type DocumentRequest,
  type DocumentResponse,
  ITI_43,
  type RetrieveDocumentSetRequest,
  type RetrieveDocumentSetResponse,
} from '../../profiles/xds/iti-43.ts';
import {
  objectsOfPatients,
  SEVERAL_PATIENTS,
  unlessRefusedFor,
} from '../../profiles/xds/objects-of-patients.ts';
import { errorOf, type RegistryError, statusOf } from '../../profiles/xds/registry-response.ts';
import type { RegistryObjectText } from '../../profiles/xds/stored-queries.ts';
import { getDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { type Ask, type Community, PeerFailure, type Permission, query } from '../actor.ts';
import type { RespondingGatewayStores } from './stores.ts';

/** A document that is asked of us, with every DocumentEntry that describes it. */
interface DescribedDocument {
  readonly wanted: DocumentRequest;
  readonly entries: readonly RegistryObjectText[];
}

interface Found {
  readonly community: Community;
  readonly described: readonly DescribedDocument[];
  /** What our repository gave of them; nothing before it is decided what may be seen. */
  readonly documents: readonly DocumentResponse[];
  /** `location` is the documentUniqueId, or undefined. */
  readonly errors: readonly RegistryError[];
}

/**
 * ITI-39 Cross Gateway Retrieve, as the Responding Gateway answers it: our registry says whose the documents are, and our
 * repository gives the octets of those that may be seen: it is asked for no other, and makes no other On-Demand document.
 * Every document carries our homeCommunityId; every error has it, and nothing else, as its location
 * (ITI TF-2: 3.39.4.1.3), and names the document in its context.
 *
 * One document that cannot be had does not hold back the others. Errors: XDSMissingHomeCommunityId, XDSUnknownCommunity,
 * XDSDocumentUniqueIdError (unknown, without an entry, or not for this caller: not told apart), XDSRepositoryError, and
 * what the repository refuses.
 */
export const crossGatewayRetrieve = query<
  RetrieveDocumentSetRequest,
  RetrieveDocumentSetResponse,
  Found,
  RespondingGatewayStores
>(ITI_39, {
  async find({ documents }, { community }, { ask }) {
    const { homeCommunityId } = community;
    const ours = documents.filter((wanted) => wanted.homeCommunityId === homeCommunityId);
    const refused = documents
      .filter((wanted) => wanted.homeCommunityId !== homeCommunityId)
      .map(refusalOfHome);
    const described = await Promise.all(ours.map((wanted) => describe(wanted, ask)));
    return {
      community,
      described: described.filter((one) => 'entries' in one),
      documents: [],
      errors: [...refused.map(errorOf), ...described.filter((one) => 'errorCode' in one)],
    };
  },

  subjects: ({ described }) =>
    described
      .flatMap(({ entries }) => entries.map(({ patientId }) => patientId))
      .filter((patientId): patientId is PatientId => patientId !== undefined),

  async prepare(found, permission, _stores, { ask }) {
    // Of what no entry describes, the repository says why there is nothing.
    const asked = found.described.filter((one) => !isHidden(one, permission));
    if (asked.length === 0) return found;
    const { documents, errors } = await askRepository(
      asked.map(({ wanted }) => wanted),
      ask,
    );
    return { ...found, documents, errors: [...found.errors, ...errors] };
  },

  reveal({ community, described, documents, errors }, permission, request) {
    const { homeCommunityId } = community;
    const entries = new Map(described.map((one) => [one.wanted.documentUniqueId, one.entries]));
    const isShown = ({ documentUniqueId }: DocumentRequest) =>
      mayBeShown(entries.get(documentUniqueId) ?? [], permission);
    const shown = documents.filter(isShown);
    const untold = [
      ...documents.filter((one) => !isShown(one)),
      ...described.filter((one) => isHidden(one, permission)).map(({ wanted }) => wanted),
    ];
    const refusals = untold.map((wanted) => errorOf(notAvailable(wanted, community)));
    const all = inOrder([...errors, ...refusals], request.documents);
    return {
      status: statusOf(all, shown.length > 0),
      errors: all.map((error) => ({
        ...error,
        codeContext: contextOf(error),
        location: homeCommunityId,
      })),
      documents: shown.map((document) => ({ ...document, homeCommunityId })),
    };
  },
});

/** As the documents were asked for: not even its place tells the error of a hidden document from that of an absent one. */
function inOrder(
  errors: readonly RegistryError[],
  wanted: readonly DocumentRequest[],
): readonly RegistryError[] {
  const places = new Map(wanted.map(({ documentUniqueId }, at) => [documentUniqueId, at]));
  const placeOf = ({ location = '' }: RegistryError) => places.get(location) ?? wanted.length;
  return [...errors].sort((one, other) => placeOf(one) - placeOf(other));
}

/** Inside, an error's location is the document; between communities only the context is left to name it. */
function contextOf({ codeContext, location: documentUniqueId }: RegistryError): string {
  return documentUniqueId === undefined || codeContext.includes(documentUniqueId)
    ? codeContext
    : `${documentUniqueId}: ${codeContext}`;
}

function refusalOfHome({ homeCommunityId, documentUniqueId }: DocumentRequest): Refusal {
  const location = documentUniqueId;
  return homeCommunityId === undefined
    ? new Refusal('XDSMissingHomeCommunityId', 'a DocumentRequest between communities needs it', {
        location,
      })
    : new Refusal('XDSUnknownCommunity', `${homeCommunityId} is not a community of this gateway`, {
        location,
      });
}

/** Our repository, as a Document Consumer of our own would ask it: without a homeCommunityId. */
async function askRepository(
  wanted: readonly DocumentRequest[],
  ask: Ask,
): Promise<Pick<RetrieveDocumentSetResponse, 'documents' | 'errors'>> {
  try {
    return await ask(ITI_43, 'document-repository', {
      documents: wanted.map(({ repositoryUniqueId, documentUniqueId }) => ({
        repositoryUniqueId,
        documentUniqueId,
      })),
    });
  } catch (error) {
    const refusals = refusedInside(error, 'XDSRepositoryError');
    const errors = wanted.flatMap(({ documentUniqueId }) =>
      refusals.map((refusal) => ({ ...errorOf(refusal), location: documentUniqueId })),
    );
    return { documents: [], errors };
  }
}

/** Whose the document is, now: every entry of its uniqueId, whatever its status. */
async function describe(
  wanted: DocumentRequest,
  ask: Ask,
): Promise<DescribedDocument | RegistryError> {
  const { documentUniqueId } = wanted;
  try {
    const objects = await objectsOfPatients(getDocuments({ uniqueId: [documentUniqueId] }), {
      each: (id) => getDocuments({ entryUUID: [id] }),
      ask: (query) =>
        unlessRefusedFor([SEVERAL_PATIENTS], () => ask(ITI_18, 'document-registry', query)),
    });
    const entries = objects.filter(
      ({ kind, uniqueId }) => kind === 'DocumentEntry' && uniqueId === documentUniqueId,
    );
    return { wanted, entries };
  } catch (error) {
    const [refusal] = refusedInside(error, 'XDSRepositoryError');
    return { ...errorOf(refusal ?? NOT_DESCRIBED), location: documentUniqueId };
  }
}

const NOT_DESCRIBED = new Refusal('XDSRepositoryError', 'the registry gave no answer');

/** There is such a document, and whoever asks may not see it. */
function isHidden({ entries }: DescribedDocument, permission: Permission): boolean {
  return entries.length > 0 && !mayBeShown(entries, permission);
}

/** Bytes that no entry describes are nobody's, and shown to nobody. */
function mayBeShown(entries: readonly RegistryObjectText[], permission: Permission): boolean {
  return (
    entries.length > 0 &&
    entries.every(({ patientId, confidentialityCode }) =>
      permission.shows({ patientId, confidentialityCode }),
    )
  );
}

/** As our repository refuses what it does not have. */
function notAvailable(
  { repositoryUniqueId, documentUniqueId: location }: DocumentRequest,
  community: Community,
): Refusal {
  return repositoryUniqueId === community.repositoryUniqueId
    ? new Refusal('XDSDocumentUniqueIdError', 'no such document is available', { location })
    : new Refusal('XDSUnknownRepositoryId', 'the repository is not this one', { location });
}

/** An actor behind us that is away, or said no. @throws what is neither */
function refusedInside(error: unknown, unavailable: string): readonly Refusal[] {
  if (error instanceof PeerFailure) {
    return [new Refusal(unavailable, `the ${error.peer} did not answer`, { cause: error })];
  }
  const refusals = refusalsOf(error);
  if (!refusals || refusals.some((refusal) => refusal instanceof Fault)) throw error;
  return refusals;
}
