import { declarations, encodeObjectRef } from '../formats/ebxml-encode.ts';
import { attributeOf, elementsOf, isNamed, type XmlElement } from '../formats/xml.ts';
import { Refusal } from '../refusal.ts';
import { type Body, defineTransaction } from '../transaction.ts';
import { removalAudit } from './audit.ts';
import {
  decodeRegistryResponse,
  encodeRegistryResponse,
  failureOf,
  type RegistryResponse,
} from './registry-response.ts';
import { NS } from './vocabulary.ts';

/** `lcm:RemoveObjectsRequest`: the entryUUIDs of SubmissionSets, DocumentEntries, Folders and Associations, each once. */
export interface RemoveObjectsRequest {
  readonly objectRefs: readonly { readonly id: string; readonly home?: string }[];
}

/**
 * Remove Metadata, which is called Delete Document Set on the wire. All of it is done or nothing.
 *
 * @see ITI TF-2: 3.62 (Remove Metadata and Documents)
 */
export const ITI_62 = defineTransaction<RemoveObjectsRequest, RegistryResponse>({
  id: 'ITI-62',
  name: 'Remove Metadata',
  section: 'ITI TF-2: 3.62',
  asks: ['Document Source'],
  answers: ['Document Registry'],
  wire: {
    kind: 'soap',
    mtom: 'never',
    messages: [
      {
        action: 'urn:ihe:iti:2010:DeleteDocumentSet',
        replyAction: 'urn:ihe:iti:2010:DeleteDocumentSetResponse',
        body: { namespace: NS.lcm, name: 'RemoveObjectsRequest' },
      },
    ],
  },
  request: { decode: ({ body }) => decodeRemoveObjects(body), encode: encodeRemoveObjects },
  response: {
    decode: ({ body }) => decodeRegistryResponse(body),
    encode: (response) => ({ xml: encodeRegistryResponse(response) }),
  },
  refusal: (refusals) => ({ xml: encodeRegistryResponse(failureOf(refusals)) }),
  generalError: 'XDSRegistryError',
  audit: removalAudit<RemoveObjectsRequest>('Remove Metadata', ({ objectRefs }) =>
    objectRefs.map(({ id }) => ({ kind: 'object-ref', id })),
  ),
});

/** At most so many objects in one request. */
const MOST_OBJECTS = 5_000;

function refused(context: string): Refusal {
  return new Refusal('XDSRegistryError', `the request cannot be read: ${context}`);
}

/**
 * Reads a `lcm:RemoveObjectsRequest`. An id that stands twice counts once.
 *
 * @throws Refusal XDSRegistryError for an AdhocQuery, a deletionScope, an empty list and what the schema does not allow
 */
export function decodeRemoveObjects(body: XmlElement): RemoveObjectsRequest {
  if (!isNamed(body, NS.lcm, 'RemoveObjectsRequest')) {
    throw refused(`${body.name} in place of a RemoveObjectsRequest`);
  }
  if (attributeOf(body, 'deletionScope') !== undefined) {
    throw refused('a deletionScope is not allowed');
  }
  const [list, ...more] = elementsOf(body);
  if (list === undefined || !isNamed(list, NS.rim, 'ObjectRefList') || more.length > 0) {
    throw refused('it needs one ObjectRefList and nothing else');
  }
  const elements = elementsOf(list);
  if (elements.length === 0) throw refused('the ObjectRefList is empty');
  if (elements.length > MOST_OBJECTS) throw refused(`more than ${MOST_OBJECTS} objects`);
  const refs = new Map<string, { readonly id: string; readonly home?: string }>();
  for (const element of elements) {
    const id = attributeOf(element, 'id');
    if (!isNamed(element, NS.rim, 'ObjectRef') || !id) {
      throw refused('the ObjectRefList holds something else than ObjectRefs with an id');
    }
    const home = attributeOf(element, 'home');
    if (!refs.has(id)) refs.set(id, home === undefined ? { id } : { id, home });
  }
  return { objectRefs: [...refs.values()] };
}

/** `lcm:RemoveObjectsRequest` with the prefixes `lcm` and `rim`. */
export function encodeRemoveObjects({ objectRefs }: RemoveObjectsRequest): Body {
  return {
    xml:
      `<lcm:RemoveObjectsRequest${declarations('lcm', 'rim')}><rim:ObjectRefList>` +
      `${objectRefs.map(encodeObjectRef).join('')}</rim:ObjectRefList></lcm:RemoveObjectsRequest>`,
  };
}
