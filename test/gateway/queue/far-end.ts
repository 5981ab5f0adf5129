import type { Ask, Caller } from '../../../actors/actor.ts';
import type { Retrieval, RetrievalOutcome } from '../../../actors/initiating-gateway/retrieval.ts';
import type {
  RetrieveDocumentSetRequest,
  RetrieveDocumentSetResponse,
} from '../../../profiles/xds/iti-43.ts';

/** The Responding Gateways of other communities, as the queue meets them: each ITI-39 is counted and answered as told. */
export class FarEnd {
  readonly asked: Retrieval[] = [];
  readonly askedFor: string[] = [];
  /** What the next ITI-39 is answered with. */
  answer: (wanted: Retrieval) => Promise<RetrieveDocumentSetResponse> = async (wanted) =>
    aDocument(wanted, 'Hello XCA\n');

  readonly askFor = (organization: string): Ask => {
    const ask = async (_transaction: unknown, _destination: unknown, request: unknown) => {
      const [wanted] = (request as RetrieveDocumentSetRequest).documents;
      const retrieval = wanted as Retrieval;
      this.asked.push(retrieval);
      this.askedFor.push(organization);
      return await this.answer(retrieval);
    };
    return ask as unknown as Ask;
  };
}

/** Success with one document. */
export function aDocument(
  { homeCommunityId, repositoryUniqueId, documentUniqueId }: Retrieval,
  text: string,
): RetrieveDocumentSetResponse {
  const octets = new TextEncoder().encode(text);
  return {
    status: 'Success',
    errors: [],
    documents: [
      {
        homeCommunityId,
        repositoryUniqueId,
        documentUniqueId,
        mimeType: 'text/plain',
        content: {
          async *open() {
            yield octets;
          },
        },
      },
    ],
  };
}

/** Failure: no such document. */
export function noDocument({
  homeCommunityId,
  documentUniqueId,
}: Retrieval): RetrieveDocumentSetResponse {
  return {
    status: 'Failure',
    errors: [
      {
        errorCode: 'XDSDocumentUniqueIdError',
        codeContext: 'no such document is available',
        location: `${homeCommunityId} ${documentUniqueId}`,
        severity: 'Error',
      },
    ],
    documents: [],
  };
}

/** A retrieval from Okayama. */
export function aRetrieval(overrides: Partial<Retrieval> = {}): Retrieval {
  return {
    homeCommunityId: 'urn:oid:2.999.392.33',
    repositoryUniqueId: '2.999.392.33.7',
    documentUniqueId: '2.999.392.33.8.1',
    ...overrides,
  };
}

/** A hospital system of our own community. */
export function aHospital(institution = '3210000001'): Caller {
  return {
    name: `hospital-${institution}`,
    kinds: ['system'],
    institution,
    homeCommunityIds: [],
    sourceIds: [],
    assigningAuthorities: [],
  };
}

/** The document's text, or how else the retrieval stands. */
export async function told(outcome: RetrievalOutcome | undefined): Promise<string> {
  if (outcome?.kind !== 'retrieved') return outcome?.kind ?? 'nothing';
  const chunks: Uint8Array[] = [];
  for await (const chunk of outcome.document.content.open()) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
