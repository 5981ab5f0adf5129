import { attribute, declarations } from '../formats/ebxml-encode.ts';
import { type Attachment, contentOf, type DocumentContent, type Parts } from '../formats/mtom.ts';
import { attributeOf, elementsOf, isNamed, type XmlElement } from '../formats/xml.ts';
import { Refusal } from '../refusal.ts';
import { type Body, defineTransaction } from '../transaction.ts';
import { submissionAudit } from './audit.ts';
import { decodeSubmitObjects, encodeSubmitObjects, type SubmitObjectsRequest } from './iti-42.ts';
import { documentContentId, partContentType, xopInclude } from './iti-43.ts';
import {
  decodeRegistryResponse,
  encodeRegistryResponse,
  failureOf,
  type RegistryResponse,
} from './registry-response.ts';
import { NS } from './vocabulary.ts';

/** `xds:ProvideAndRegisterDocumentSetRequest`. */
export interface ProvideAndRegisterRequest {
  readonly submission: SubmitObjectsRequest;
  readonly documents: readonly SubmittedDocument[];
}

/** `xds:Document`: `id` is the ExtrinsicObject's id. */
export interface SubmittedDocument {
  readonly id: string;
  readonly content: DocumentContent;
}

/** Provide and Register Document Set-b. Source: ITI TF-2: 3.41. */
export const ITI_41 = defineTransaction<ProvideAndRegisterRequest, RegistryResponse>({
  id: 'ITI-41',
  name: 'Provide and Register Document Set-b',
  section: 'ITI TF-2: 3.41',
  asks: ['Document Source'],
  answers: ['Document Repository'],
  wire: {
    kind: 'soap',
    mtom: 'both',
    messages: [
      {
        action: 'urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b',
        replyAction: 'urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-bResponse',
        body: { namespace: NS.xds, name: 'ProvideAndRegisterDocumentSetRequest' },
      },
    ],
  },
  request: {
    decode: ({ body }, parts) => decodeProvideAndRegister(body, parts),
    encode: encodeProvideAndRegister,
  },
  response: {
    decode: ({ body }) => decodeRegistryResponse(body),
    encode: (response) => ({ xml: encodeRegistryResponse(response), attachments: [] }),
  },
  refusal: (refusals) => ({ xml: encodeRegistryResponse(failureOf(refusals)), attachments: [] }),
  generalError: 'XDSRepositoryError',
  strayPart: 'XDSMissingDocumentMetadata',
  schemaError: 'XDSRepositoryMetadataError',
  audit: submissionAudit(
    'Provide and Register Document Set-b',
    ({ submission }: ProvideAndRegisterRequest) => submission,
  ),
});

const METADATA_ERROR = 'XDSRepositoryMetadataError';

/** At most so many documents in one submission. */
const MOST_DOCUMENTS = 1_000;

/**
 * Reads a `xds:ProvideAndRegisterDocumentSetRequest`; the documents' octets may still be on their way. Whether documents
 * and DocumentEntries pair up is for the rules of submission to say.
 *
 * @throws Refusal or Refusals XDSRepositoryMetadataError
 * @throws Fault Sender for a reference to a part that is not there
 */
export function decodeProvideAndRegister(
  body: XmlElement,
  parts: Parts,
): ProvideAndRegisterRequest {
  const [submission, ...documents] = elementsOf(body);
  if (!isNamed(body, NS.xds, 'ProvideAndRegisterDocumentSetRequest') || submission === undefined) {
    throw new Refusal(METADATA_ERROR, `${body.name} is no ProvideAndRegisterDocumentSetRequest`);
  }
  if (documents.length > MOST_DOCUMENTS) {
    throw new Refusal(METADATA_ERROR, `more than ${MOST_DOCUMENTS} documents in one submission`);
  }
  return {
    submission: decodeSubmitObjects(submission, METADATA_ERROR),
    documents: documents.map((document) => decodeDocument(document, parts)),
  };
}

function decodeDocument(element: XmlElement, parts: Parts): SubmittedDocument {
  const id = attributeOf(element, 'id');
  if (!isNamed(element, NS.xds, 'Document') || id === undefined) {
    throw new Refusal(METADATA_ERROR, 'a child of the request is no Document, or has no id');
  }
  return { id, content: contentOf(element, parts) };
}

/** `xds:ProvideAndRegisterDocumentSetRequest`, each document beside it under the mimeType of its DocumentEntry. */
export function encodeProvideAndRegister({
  submission,
  documents,
}: ProvideAndRegisterRequest): Body {
  const elements = documents.map(
    ({ id }, index) =>
      `<xds:Document${attribute('id', id)}>${xopInclude(documentContentId(index))}</xds:Document>`,
  );
  return {
    xml:
      `<xds:ProvideAndRegisterDocumentSetRequest${attribute('xmlns:xds', NS.xds)}` +
      `${declarations('lcm', 'rim', 'rs')}>${encodeSubmitObjects(submission, '')}` +
      `${elements.join('')}</xds:ProvideAndRegisterDocumentSetRequest>`,
    attachments: documents.map(
      ({ id, content }, index): Attachment => ({
        contentId: documentContentId(index),
        contentType: partContentType(mimeTypeOf(submission, id)),
        content,
      }),
    ),
  };
}

function mimeTypeOf({ objects }: SubmitObjectsRequest, id: string): string | undefined {
  const entry = objects.find((object) => object.id === id);
  return entry?.element === 'ExtrinsicObject' ? entry.mimeType : undefined;
}
