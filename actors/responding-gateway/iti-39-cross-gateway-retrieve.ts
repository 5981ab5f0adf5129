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
import { errorOf, type RegistryError, statusOf } from '../../profiles/xds/registry-response.ts';
import type { AdhocQueryResponse, RegistryObjectText } from '../../profiles/xds/stored-queries.ts';
import { getDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { type Ask, PeerFailure, type Permission, query } from '../actor.ts';
import type { RespondingGatewayStores } from './stores.ts';

/** A document of our repository, with every DocumentEntry that describes it. */
interface FoundDocument {
  readonly document: DocumentResponse;
  readonly entries: readonly RegistryObjectText[];
}

interface Found {
  readonly homeCommunityId: string;
  readonly documents: readonly FoundDocument[];
  /** `location` is the documentUniqueId, or undefined. */
  readonly errors: readonly RegistryError[];
}

/**
 * ITI-39 Cross Gateway Retrieve, as the Responding Gateway answers it: our repository gives the bytes, our registry says
 * whose they are. Every document carries our homeCommunityId; every error has it, and nothing else, as its location
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
  async find({ documents }, { community: { homeCommunityId } }, { ask }) {
    const ours = documents.filter((wanted) => wanted.homeCommunityId === homeCommunityId);
    const refused = documents
      .filter((wanted) => wanted.homeCommunityId !== homeCommunityId)
      .map(refusalOfHome);
    if (ours.length === 0) {
      return { homeCommunityId, documents: [], errors: refused.map(errorOf) };
    }
    const retrieved = await askRepository(ours, ask);
    const described = await Promise.all(
      retrieved.documents.map((document) => describe(document, ask)),
    );
    return {
      homeCommunityId,
      documents: described.filter((one) => 'entries' in one),
      errors: [
        ...refused.map(errorOf),
        ...retrieved.errors,
        ...described.filter((one) => 'errorCode' in one),
      ],
    };
  },

  subjects: ({ documents }) =>
    documents
      .flatMap(({ entries }) => entries.map(({ patientId }) => patientId))
      .filter((patientId): patientId is PatientId => patientId !== undefined),

  reveal({ homeCommunityId, documents, errors }, permission) {
    const shown = documents.filter(({ entries }) => mayBeShown(entries, permission));
    const hidden = documents.filter(({ entries }) => !mayBeShown(entries, permission));
    const all = [...errors, ...hidden.map(({ document }) => errorOf(notAvailable(document)))];
    return {
      status: statusOf(all, shown.length > 0),
      errors: all.map((error) => ({
        ...error,
        codeContext: contextOf(error),
        location: homeCommunityId,
      })),
      documents: shown.map(({ document }) => ({ ...document, homeCommunityId })),
    };
  },
});

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
  document: DocumentResponse,
  ask: Ask,
): Promise<FoundDocument | RegistryError> {
  const { documentUniqueId } = document;
  try {
    const entries = (await objectsOf(documentUniqueId, ask)).filter(
      ({ kind, uniqueId }) => kind === 'DocumentEntry' && uniqueId === documentUniqueId,
    );
    return { document, entries };
  } catch (error) {
    const [refusal] = refusedInside(error, 'XDSRepositoryError');
    return { ...errorOf(refusal ?? notAvailable(document)), location: documentUniqueId };
  }
}

/** Full entries of several patients come in no single answer; then each is asked for by itself. */
async function objectsOf(uniqueId: string, ask: Ask): Promise<readonly RegistryObjectText[]> {
  const query = getDocuments({ uniqueId: [uniqueId] });
  const together = await unlessMixed(() => ask(ITI_18, 'document-registry', query));
  if (together !== undefined) return together.objects;
  const references = { ...query, returnType: 'ObjectRef' } as const;
  const { objectRefs } = await ask(ITI_18, 'document-registry', references);
  const answers = await Promise.all(
    objectRefs.map(({ id }) => ask(ITI_18, 'document-registry', getDocuments({ entryUUID: [id] }))),
  );
  return answers.flatMap(({ objects }) => objects);
}

async function unlessMixed(
  answer: () => Promise<AdhocQueryResponse>,
): Promise<AdhocQueryResponse | undefined> {
  const isMixed = (code: string) => code === 'XDSResultNotSinglePatient';
  try {
    const response = await answer();
    return response.errors.some(({ errorCode }) => isMixed(errorCode)) ? undefined : response;
  } catch (error) {
    if (refusalsOf(error)?.some(({ code }) => isMixed(code))) return undefined;
    throw error;
  }
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

function notAvailable({ documentUniqueId }: DocumentRequest): Refusal {
  return new Refusal('XDSDocumentUniqueIdError', 'no such document is available', {
    location: documentUniqueId,
  });
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
