import { attribute } from '../formats/ebxml-encode.ts';
import { isNamed, type XmlElement } from '../formats/xml.ts';
import { Refusal } from '../refusal.ts';
import { type Body, defineTransaction } from '../transaction.ts';
import { removalAudit } from './audit.ts';
import { decodeDocumentRequests, type DocumentRequest, encodeDocumentRequests } from './iti-43.ts';
import {
  decodeRegistryResponse,
  encodeRegistryResponse,
  failureOf,
  type RegistryResponse,
} from './registry-response.ts';
import { NS } from './vocabulary.ts';

/** `rmd:RemoveDocumentsRequest`. */
export interface RemoveDocumentsRequest {
  readonly documents: readonly DocumentRequest[];
}

/**
 * Remove Documents: the bytes go, the metadata are for ITI-62. Where some documents could be removed and others not, the
 * answer is a PartialSuccess.
 *
 * @see ITI TF-2: 3.86 (Remove Metadata and Documents)
 */
export const ITI_86 = defineTransaction<RemoveDocumentsRequest, RegistryResponse>({
  id: 'ITI-86',
  name: 'Remove Documents',
  section: 'ITI TF-2: 3.86',
  asks: ['Document Source'],
  answers: ['Document Repository'],
  wire: {
    kind: 'soap',
    mtom: 'never',
    messages: [
      {
        action: 'urn:ihe:iti:2017:RemoveDocuments',
        replyAction: 'urn:ihe:iti:2017:RemoveDocumentsResponse',
        body: { namespace: NS.rmd, name: 'RemoveDocumentsRequest' },
      },
    ],
  },
  request: { decode: ({ body }) => decodeRemoveDocuments(body), encode: encodeRemoveDocuments },
  response: {
    decode: ({ body }) => decodeRegistryResponse(body),
    encode: (response) => ({ xml: encodeRegistryResponse(response) }),
  },
  refusal: (refusals) => ({ xml: encodeRegistryResponse(failureOf(refusals)) }),
  generalError: 'XDSRepositoryError',
  audit: removalAudit<RemoveDocumentsRequest>('Remove Documents', ({ documents }) =>
    documents.map(({ documentUniqueId, repositoryUniqueId }) => ({
      kind: 'document',
      uniqueId: documentUniqueId,
      repositoryUniqueId,
      isErased: true,
    })),
  ),
});

/** Reads a `rmd:RemoveDocumentsRequest`. @throws Refusal XDSRepositoryError for what the schema does not allow */
export function decodeRemoveDocuments(body: XmlElement): RemoveDocumentsRequest {
  if (!isNamed(body, NS.rmd, 'RemoveDocumentsRequest')) {
    const context = `the request cannot be read: ${body.name} in place of a RemoveDocumentsRequest`;
    throw new Refusal('XDSRepositoryError', context);
  }
  return { documents: decodeDocumentRequests(body) };
}

/** `rmd:RemoveDocumentsRequest` with the prefixes `rmd` and `xds`. */
export function encodeRemoveDocuments({ documents }: RemoveDocumentsRequest): Body {
  const declared = attribute('xmlns:rmd', NS.rmd) + attribute('xmlns:xds', NS.xds);
  return {
    xml: `<rmd:RemoveDocumentsRequest${declared}>${encodeDocumentRequests(documents)}</rmd:RemoveDocumentsRequest>`,
  };
}
