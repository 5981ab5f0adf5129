import { Refusal, refusalsOf } from '../../profiles/refusal.ts';
import {
  type DocumentRequest,
  type DocumentResponse,
  ITI_43,
  type RetrieveDocumentSetRequest,
  type RetrieveDocumentSetResponse,
} from '../../profiles/xds/iti-43.ts';
import { errorOf, type RegistryError, statusOf } from '../../profiles/xds/registry-response.ts';
import { type Ask, PeerFailure, query, type World } from '../actor.ts';
import { type Retrieval, type RetrievalResult, retrievalKey } from './retrieval.ts';
import type { InitiatingGatewayStores } from './stores.ts';

/** What one group of requests came to. */
interface Part {
  readonly documents: readonly DocumentResponse[];
  readonly errors: readonly RegistryError[];
}

/** A request whose home is known. */
type HomedRequest = DocumentRequest & Retrieval;

/**
 * ITI-43 Retrieve Document Set, as the Initiating Gateway answers a system of its own community: our own documents come
 * from our repository at once, others through the retrieval queue, until the deadline.
 *
 * It answers when every document is here, or the deadline has passed: what is late then is an error that says that the
 * retrieval goes on, and the next request finds it. Errors carry the documentUniqueId as location:
 * XDSMissingHomeCommunityId, XDSUnknownCommunity, XDSUnavailableCommunity, XDSRepositoryError, and what others refuse.
 */
export const retrieveDocumentSet = query<
  RetrieveDocumentSetRequest,
  RetrieveDocumentSetResponse,
  Part,
  InitiatingGatewayStores
>(ITI_43, {
  async find(request, stores, world) {
    const known = new Set(stores.communities().flatMap((gateway) => gateway.homeCommunityIds));
    const own = stores.community.homeCommunityId;
    const wanted = distinct(request.documents);
    const homed = wanted.filter(isHomed);
    const remote = homed.filter(({ homeCommunityId }) => homeCommunityId !== own);
    const parts = await Promise.all([
      askRepository(
        homed.filter(({ homeCommunityId }) => homeCommunityId === own),
        stores,
        world.ask,
      ),
      askQueue(
        remote.filter(({ homeCommunityId }) => known.has(homeCommunityId)),
        stores,
        world,
      ),
    ]);
    const refused = [
      ...wanted.filter((one) => !isHomed(one)).map(missingHome),
      ...remote.filter(({ homeCommunityId }) => !known.has(homeCommunityId)).map(unknownHome),
    ];
    return {
      documents: parts.flatMap(({ documents }) => documents),
      errors: [...refused.map(errorOf), ...parts.flatMap(({ errors }) => errors)],
    };
  },

  /** Whose they are, each responder knows. */
  subjects: () => [],

  reveal: ({ documents, errors }) => ({
    status: statusOf(errors, documents.length > 0),
    errors,
    documents,
  }),

  decidedBy: 'responder',
});

/** A document that is named twice is answered once. */
function distinct(documents: readonly DocumentRequest[]): readonly DocumentRequest[] {
  return [
    ...new Map(
      documents.map((wanted) => [
        retrievalKey({ ...wanted, homeCommunityId: wanted.homeCommunityId ?? '' }),
        wanted,
      ]),
    ).values(),
  ];
}

function isHomed(wanted: DocumentRequest): wanted is HomedRequest {
  return wanted.homeCommunityId !== undefined;
}

function missingHome({ documentUniqueId }: DocumentRequest): Refusal {
  return new Refusal(
    'XDSMissingHomeCommunityId',
    'a DocumentRequest to the Initiating Gateway needs the homeCommunityId of the query response',
    { location: documentUniqueId },
  );
}

function unknownHome({ homeCommunityId, documentUniqueId }: HomedRequest): Refusal {
  return new Refusal('XDSUnknownCommunity', `${homeCommunityId} is no community of the directory`, {
    location: documentUniqueId,
  });
}

/** Our own documents: never queued. The repository is asked without home; the answer repeats what was asked. */
async function askRepository(
  wanted: readonly HomedRequest[],
  { community: { homeCommunityId } }: InitiatingGatewayStores,
  ask: Ask,
): Promise<Part> {
  if (wanted.length === 0) return { documents: [], errors: [] };
  try {
    const { documents, errors } = await ask(ITI_43, 'document-repository', {
      documents: wanted.map(({ repositoryUniqueId, documentUniqueId }) => ({
        repositoryUniqueId,
        documentUniqueId,
      })),
    });
    return { documents: documents.map((document) => ({ ...document, homeCommunityId })), errors };
  } catch (error) {
    const refusals =
      error instanceof PeerFailure
        ? [new Refusal('XDSRepositoryError', 'our repository did not answer', { cause: error })]
        : refusalsOf(error);
    if (!refusals) throw error;
    const errors = wanted.flatMap(({ documentUniqueId: location }) =>
      refusals.map((refusal) => ({ ...errorOf(refusal), location })),
    );
    return { documents: [], errors };
  }
}

async function askQueue(
  wanted: readonly HomedRequest[],
  { retrievals, retrievalDeadlineMs, retrievalLongestMs }: InitiatingGatewayStores,
  { caller }: World,
): Promise<Part> {
  if (wanted.length === 0) return { documents: [], errors: [] };
  const results = await retrievals.submit(wanted, caller, {
    deadlineMs: retrievalDeadlineMs,
    longestMs: retrievalLongestMs,
  });
  const parts = results.map(partOf);
  return {
    documents: parts.flatMap(({ documents }) => documents),
    errors: parts.flatMap(({ errors }) => errors),
  };
}

/** What one retrieval means to the Document Consumer. A community's own errors pass as it wrote them. */
function partOf({ retrieval, outcome }: RetrievalResult): Part {
  const { homeCommunityId, repositoryUniqueId, documentUniqueId } = retrieval;
  const because = (code: string, context: string): Part => ({
    documents: [],
    errors: [errorOf(new Refusal(code, context, { location: documentUniqueId }))],
  });
  /** The consumer tells errors apart by the document: the community that wrote one goes into its context. */
  const here = (error: RegistryError): RegistryError => ({
    ...error,
    codeContext: `${homeCommunityId}: ${error.codeContext}`,
    location: documentUniqueId,
  });
  switch (outcome.kind) {
    case 'retrieved':
      return {
        documents: [{ homeCommunityId, repositoryUniqueId, documentUniqueId, ...outcome.document }],
        errors: outcome.warnings.map(here),
      };
    case 'refused':
      return outcome.errors.length > 0
        ? { documents: [], errors: outcome.errors.map(here) }
        : because('XDSDocumentUniqueIdError', `${homeCommunityId} did not give the document`);
    case 'failed':
      return because(
        'XDSUnavailableCommunity',
        `${homeCommunityId} could not be asked (${outcome.failureClass} failure)`,
      );
    case 'pending':
      return because(
        'XDSUnavailableCommunity',
        `${homeCommunityId} has not delivered in time; the retrieval goes on, ask again later`,
      );
    case 'busy':
      return because('XDSRepositoryError', 'the retrieval queue takes no more at present');
  }
}
