import { attribute, declarations } from '../formats/ebxml-encode.ts';
import {
  type Attachment,
  contentOf,
  type DocumentContent,
  type Parts,
  XOP,
  xopHref,
} from '../formats/mtom.ts';
import { elementsOf, escapeXml, isNamed, textOf, type XmlElement } from '../formats/xml.ts';
import { Refusal } from '../refusal.ts';
import { type Body, defineTransaction } from '../transaction.ts';
import { retrieveAudit } from './audit.ts';
import { isMimeType } from './metadata-datatypes.ts';
import {
  decodeRegistryResponse,
  encodeInnerRegistryResponse,
  failureOf,
  type RegistryError,
  type ResponseStatus,
  unreadable,
} from './registry-response.ts';
import { NS } from './vocabulary.ts';

/** `xds:DocumentRequest`. */
export interface DocumentRequest {
  /** `urn:oid:…` */
  readonly homeCommunityId?: string;
  readonly repositoryUniqueId: string;
  readonly documentUniqueId: string;
}

/** `xds:RetrieveDocumentSetRequest`. */
export interface RetrieveDocumentSetRequest {
  readonly documents: readonly DocumentRequest[];
}

/** `xds:DocumentResponse`: the ids echo the request's. */
export interface DocumentResponse extends DocumentRequest {
  readonly newRepositoryUniqueId?: string;
  readonly newDocumentUniqueId?: string;
  readonly mimeType: string;
  readonly content: DocumentContent;
}

/** `xds:RetrieveDocumentSetResponse`. */
export interface RetrieveDocumentSetResponse {
  readonly status: ResponseStatus;
  readonly errors: readonly RegistryError[];
  readonly documents: readonly DocumentResponse[];
}

/** Retrieve Document Set. Source: ITI TF-2: 3.43. */
export const ITI_43 = defineTransaction<RetrieveDocumentSetRequest, RetrieveDocumentSetResponse>({
  id: 'ITI-43',
  name: 'Retrieve Document Set',
  section: 'ITI TF-2: 3.43',
  asks: ['Document Consumer'],
  answers: ['Document Repository', 'Initiating Gateway'],
  wire: {
    kind: 'soap',
    mtom: 'both',
    messages: [
      {
        action: 'urn:ihe:iti:2007:RetrieveDocumentSet',
        replyAction: 'urn:ihe:iti:2007:RetrieveDocumentSetResponse',
        body: { namespace: NS.xds, name: 'RetrieveDocumentSetRequest' },
      },
    ],
  },
  request: { decode: ({ body }) => decodeRetrieveRequest(body), encode: encodeRetrieveRequest },
  response: {
    decode: ({ body }, parts) => decodeRetrieveResponse(body, parts),
    encode: encodeRetrieveResponse,
  },
  refusal: retrieveFailure,
  generalError: 'XDSRepositoryError',
  audit: retrieveAudit('Retrieve Document Set'),
});

/** At most so many documents in one request. */
const MOST_DOCUMENTS = 1_000;
/** Characters of an identifier. Source: ebRIM 3.0 schema, LongName. */
const LONG_NAME = 256;

/** Reads a `xds:RetrieveDocumentSetRequest`. @throws Refusal XDSRepositoryError for what the schema does not allow */
export function decodeRetrieveRequest(body: XmlElement): RetrieveDocumentSetRequest {
  if (!isNamed(body, NS.xds, 'RetrieveDocumentSetRequest')) {
    throw refused(`${body.name} in place of a RetrieveDocumentSetRequest`);
  }
  return { documents: decodeDocumentRequests(body) };
}

/** The `xds:DocumentRequest` children of an element, at least one. @throws Refusal XDSRepositoryError */
export function decodeDocumentRequests(body: XmlElement): readonly DocumentRequest[] {
  const elements = elementsOf(body);
  if (elements.length === 0) throw refused('no DocumentRequest');
  if (elements.length > MOST_DOCUMENTS) {
    throw refused(`more than ${MOST_DOCUMENTS} documents in one request`);
  }
  return elements.map((element) => {
    if (!isNamed(element, NS.xds, 'DocumentRequest'))
      throw refused(`a ${element.name} in the request`);
    return idsOf(fieldsOf(element, REQUEST_FIELDS, refused), refused);
  });
}

function refused(context: string): Refusal {
  return new Refusal('XDSRepositoryError', `the request cannot be read: ${context}`);
}

const REQUEST_FIELDS = ['HomeCommunityId', 'RepositoryUniqueId', 'DocumentUniqueId'];
const RESPONSE_FIELDS = [
  ...REQUEST_FIELDS,
  'NewRepositoryUniqueId',
  'NewDocumentUniqueId',
  'mimeType',
  'Document',
];

type Refuse = (context: string) => Refusal;

/** The children by name: each of those known, once at most. */
function fieldsOf(
  element: XmlElement,
  known: readonly string[],
  refuse: Refuse,
): ReadonlyMap<string, XmlElement> {
  const fields = new Map<string, XmlElement>();
  for (const child of elementsOf(element)) {
    if (child.namespace !== NS.xds || !known.includes(child.name)) {
      throw refuse(`${element.name} holds an element that is not known: ${child.name}`);
    }
    if (fields.has(child.name)) throw refuse(`${element.name} holds ${child.name} twice`);
    fields.set(child.name, child);
  }
  return fields;
}

function idsOf(fields: ReadonlyMap<string, XmlElement>, refuse: Refuse): DocumentRequest {
  const home = fields.get('HomeCommunityId');
  return {
    ...(home === undefined ? {} : { homeCommunityId: identifier(home, refuse) }),
    repositoryUniqueId: identifier(required(fields, 'RepositoryUniqueId', refuse), refuse),
    documentUniqueId: identifier(required(fields, 'DocumentUniqueId', refuse), refuse),
  };
}

function required(
  fields: ReadonlyMap<string, XmlElement>,
  name: string,
  refuse: Refuse,
): XmlElement {
  const field = fields.get(name);
  if (field === undefined) throw refuse(`${name} is missing`);
  return field;
}

function identifier(element: XmlElement, refuse: Refuse): string {
  const text = textOf(element);
  if (elementsOf(element).length > 0 || text.trim() === '')
    throw refuse(`${element.name} is empty`);
  if ([...text].length > LONG_NAME) {
    throw refuse(`${element.name} is longer than ${LONG_NAME} characters`);
  }
  return text;
}

/** `xds:RetrieveDocumentSetRequest`. */
export function encodeRetrieveRequest({ documents }: RetrieveDocumentSetRequest): Body {
  return {
    xml: `<xds:RetrieveDocumentSetRequest${XDS}>${encodeDocumentRequests(documents)}</xds:RetrieveDocumentSetRequest>`,
    attachments: [],
  };
}

/** `xds:DocumentRequest` of each, with the prefix `xds`. */
export function encodeDocumentRequests(documents: readonly DocumentRequest[]): string {
  return documents
    .map((document) => `<xds:DocumentRequest>${encodeIds(document)}</xds:DocumentRequest>`)
    .join('');
}

const XDS = attribute('xmlns:xds', NS.xds);

function encodeIds({ homeCommunityId, repositoryUniqueId, documentUniqueId }: DocumentRequest) {
  return (
    field('HomeCommunityId', homeCommunityId) +
    field('RepositoryUniqueId', repositoryUniqueId) +
    field('DocumentUniqueId', documentUniqueId)
  );
}

function field(name: string, value: string | undefined): string {
  return value === undefined ? '' : `<xds:${name}>${escapeXml(value)}</xds:${name}>`;
}

/**
 * Reads a `xds:RetrieveDocumentSetResponse`; the documents' octets may still be on their way.
 *
 * @throws Refusal XDSRegistryError for what the schema does not allow
 * @throws Fault Sender for a reference to a part that is not there
 */
export function decodeRetrieveResponse(
  body: XmlElement,
  parts: Parts,
): RetrieveDocumentSetResponse {
  const [response, ...documents] = elementsOf(body);
  if (!isNamed(body, NS.xds, 'RetrieveDocumentSetResponse') || response === undefined) {
    throw unreadable(`${body.name} in place of a RetrieveDocumentSetResponse`);
  }
  return {
    ...decodeRegistryResponse(response),
    documents: documents.map((document) => decodeDocument(document, parts)),
  };
}

function decodeDocument(element: XmlElement, parts: Parts): DocumentResponse {
  if (!isNamed(element, NS.xds, 'DocumentResponse'))
    throw unreadable(`a ${element.name} in the answer`);
  const fields = fieldsOf(element, RESPONSE_FIELDS, unreadable);
  const newRepository = fields.get('NewRepositoryUniqueId');
  const newDocument = fields.get('NewDocumentUniqueId');
  return {
    ...idsOf(fields, unreadable),
    ...(newRepository && { newRepositoryUniqueId: identifier(newRepository, unreadable) }),
    ...(newDocument && { newDocumentUniqueId: identifier(newDocument, unreadable) }),
    mimeType: identifier(required(fields, 'mimeType', unreadable), unreadable),
    content: contentOf(required(fields, 'Document', unreadable), parts),
  };
}

/** `xds:RetrieveDocumentSetResponse`, each document beside it. */
export function encodeRetrieveResponse({
  status,
  errors,
  documents,
}: RetrieveDocumentSetResponse): Body {
  const attachments = documents.map(
    ({ mimeType, content }, index): Attachment => ({
      contentId: documentContentId(index),
      contentType: partContentType(mimeType),
      content,
    }),
  );
  const responses = documents.map(
    (document, index) =>
      `<xds:DocumentResponse>${encodeIds(document)}` +
      `${field('NewRepositoryUniqueId', document.newRepositoryUniqueId)}` +
      `${field('NewDocumentUniqueId', document.newDocumentUniqueId)}` +
      `${field('mimeType', document.mimeType)}` +
      `<xds:Document>${xopInclude(documentContentId(index))}</xds:Document></xds:DocumentResponse>`,
  );
  return {
    xml:
      `<xds:RetrieveDocumentSetResponse${XDS}${declarations('rs')}>` +
      `${encodeInnerRegistryResponse({ status, errors })}${responses.join('')}` +
      `</xds:RetrieveDocumentSetResponse>`,
    attachments,
  };
}

/** The Content-ID of the document at that place of a message, without angle brackets. */
export function documentContentId(index: number): string {
  return `document-${index + 1}@kakehashi`;
}

/** The part's Content-Type: the mimeType where it is one, since nothing else may stand in a header line. */
export function partContentType(mimeType: string | undefined): string {
  return mimeType !== undefined && isMimeType(mimeType) ? mimeType : 'application/octet-stream';
}

/** `xop:Include` for the part of that Content-ID. Source: XOP 1.0, section 2.1. */
export function xopInclude(contentId: string): string {
  return `<xop:Include xmlns:xop="${XOP}"${attribute('href', xopHref(contentId))}/>`;
}

/** The answer that says no: a Failure without documents. */
export function retrieveFailure(refusals: readonly Refusal[]): Body {
  return encodeRetrieveResponse({ ...failureOf(refusals), documents: [] });
}
