import type { Slot } from '../formats/ebxml.ts';
import { decodeSlot } from '../formats/ebxml-decode.ts';
import {
  attribute,
  declarations,
  encodeObjectRef,
  encodeRequestSlots,
  encodeSlot,
} from '../formats/ebxml-encode.ts';
import {
  attributeOf,
  childrenNamed,
  elementsOf,
  isNamed,
  type XmlElement,
} from '../formats/xml.ts';
import { PiecesOfXml, type XmlPiece } from '../formats/xml-pieces.ts';
import { Refusal } from '../refusal.ts';
import { type Body, defineTransaction } from '../transaction.ts';
import { queryAudit } from './audit.ts';
import { decodeObjectText, encodeObjectPieces, PatientValues } from './registry-object-text.ts';
import {
  decodeErrors,
  decodeStatus,
  encodeErrors,
  failureOf,
  unreadable,
} from './registry-response.ts';
import type { AdhocQueryRequest, AdhocQueryResponse } from './stored-queries.ts';
import { NS, RESPONSE_STATUS } from './vocabulary.ts';

/** Registry Stored Query. Source: ITI TF-2: 3.18; stored queries: ITI TF-2: 3.18.4.1.2.3.7. */
export const ITI_18 = defineTransaction<AdhocQueryRequest, AdhocQueryResponse>({
  id: 'ITI-18',
  name: 'Registry Stored Query',
  section: 'ITI TF-2: 3.18',
  asks: ['Document Consumer'],
  answers: ['Document Registry', 'Initiating Gateway'],
  wire: {
    kind: 'soap',
    mtom: 'never',
    messages: [
      {
        action: 'urn:ihe:iti:2007:RegistryStoredQuery',
        replyAction: 'urn:ihe:iti:2007:RegistryStoredQueryResponse',
        body: { namespace: NS.query, name: 'AdhocQueryRequest' },
      },
    ],
  },
  request: { decode: ({ body }) => decodeStoredQuery(body), encode: encodeStoredQuery },
  response: { decode: ({ body }) => decodeQueryResponse(body), encode: encodeQueryResponse },
  refusal: adhocQueryFailure,
  generalError: 'XDSRegistryError',
  audit: queryAudit('Registry Stored Query', (request) => encodeStoredQuery(request).xml),
});

/**
 * Reads a `query:AdhocQueryRequest`; its parameters are left as they are.
 *
 * @throws Refusal XDSRegistryError for what the schema does not allow, and for a returnType other than LeafClass and ObjectRef
 */
export function decodeStoredQuery(body: XmlElement): AdhocQueryRequest {
  const elements = elementsOf(body);
  const [first] = elements;
  const slotList = first && isNamed(first, NS.rs, 'RequestSlotList') ? first : undefined;
  const [option, query, ...more] = slotList === undefined ? elements : elements.slice(1);
  if (!isNamed(body, NS.query, 'AdhocQueryRequest')) {
    throw refused(`${body.name} in place of an AdhocQueryRequest`);
  }
  if (option === undefined || !isNamed(option, NS.query, 'ResponseOption')) {
    throw refused('no ResponseOption');
  }
  if (query === undefined || !isNamed(query, NS.rim, 'AdhocQuery') || more.length > 0) {
    throw refused('no AdhocQuery after the ResponseOption, or more than one');
  }
  const queryId = attributeOf(query, 'id');
  if (queryId === undefined) throw refused('AdhocQuery has no id');
  const home = attributeOf(query, 'home');
  const requestSlots = slotList && slotsOf(slotList);
  return {
    returnType: returnTypeOf(option),
    queryId,
    slots: slotsOf(query),
    ...(requestSlots === undefined ? {} : { requestSlots }),
    ...(home === undefined ? {} : { home }),
  };
}

function slotsOf(list: XmlElement): readonly Slot[] {
  return elementsOf(list).map((element) => {
    if (isNamed(element, NS.rim, 'Slot')) return decodeSlot(element, READING);
    throw refused(`${list.name} holds an element that is not known: ${element.name}`);
  });
}

const READING = { code: 'XDSRegistryError', unknown: 'refused' } as const;

function refused(context: string): Refusal {
  return new Refusal('XDSRegistryError', `the query cannot be read: ${context}`);
}

function returnTypeOf(option: XmlElement): AdhocQueryRequest['returnType'] {
  // Absent, the schema says RegistryObject, which the Framework does not allow.
  const returnType = attributeOf(option, 'returnType') ?? 'RegistryObject';
  if (returnType === 'LeafClass' || returnType === 'ObjectRef') return returnType;
  throw refused(`the returnType must be LeafClass or ObjectRef`);
}

/** `query:AdhocQueryRequest` with the prefixes `query`, `rim` and `rs`. */
export function encodeStoredQuery(request: AdhocQueryRequest): Body {
  const { requestSlots, returnType, queryId, home, slots } = request;
  return {
    xml:
      `<query:AdhocQueryRequest${declarations('query', 'rim', 'rs')}>` +
      `${requestSlots === undefined ? '' : encodeRequestSlots(requestSlots)}` +
      `<query:ResponseOption returnComposedObjects="true"${attribute('returnType', returnType)}/>` +
      `<rim:AdhocQuery${attribute('id', queryId)}${attribute('home', home)}>` +
      `${slots.map(encodeSlot).join('')}</rim:AdhocQuery></query:AdhocQueryRequest>`,
  };
}

/** Reads a `query:AdhocQueryResponse`. @throws Refusal XDSRegistryError for what cannot be read */
export function decodeQueryResponse(body: XmlElement): AdhocQueryResponse {
  if (!isNamed(body, NS.query, 'AdhocQueryResponse')) {
    throw unreadable(`${body.name} in place of an AdhocQueryResponse`);
  }
  const elements = childrenNamed(body, NS.rim, 'RegistryObjectList').flatMap(elementsOf);
  const loose = elements.filter((element) => isNamed(element, NS.rim, 'Classification'));
  const refs = elements.filter((element) => isNamed(element, NS.rim, 'ObjectRef'));
  return {
    status: decodeStatus(body),
    errors: decodeErrors(body),
    objects: elements
      .filter((element) => !loose.includes(element) && !refs.includes(element))
      .map((element) => decodeObjectText(element, classificationsOf(element, loose))),
    objectRefs: refs.map((ref) => {
      const id = attributeOf(ref, 'id');
      const home = attributeOf(ref, 'home');
      if (id === undefined) throw unreadable('an ObjectRef without id');
      return home === undefined ? { id } : { id, home };
    }),
  };
}

function classificationsOf(object: XmlElement, loose: readonly XmlElement[]): XmlElement[] {
  const id = attributeOf(object, 'id');
  return loose.filter((one) => attributeOf(one, 'classifiedObject') === id);
}

/** Characters from which a piece stands for itself: joining it would copy it once more. */
const LONG_PIECE = 2_048;

/** `query:AdhocQueryResponse` with the prefixes `query`, `rim` and `rs`: what is ready is joined, not rebuilt. */
export function encodeQueryResponse(response: AdhocQueryResponse): Body {
  const { status, errors, objects, objectRefs } = response;
  const pieces: XmlPiece[] = [];
  // The end of an object and the start of the next are one piece: each costs a call when the answer is joined.
  let text =
    `<query:AdhocQueryResponse${declarations('query', 'rim', 'rs')}` +
    `${attribute('status', RESPONSE_STATUS[status])}>${encodeErrors(errors)}` +
    '<rim:RegistryObjectList>';
  const values = new PatientValues();
  for (const object of objects) {
    for (const piece of encodeObjectPieces(object, values)) {
      if (typeof piece === 'string' && piece.length < LONG_PIECE) {
        text += piece;
      } else {
        if (text !== '') pieces.push(text);
        pieces.push(piece);
        text = '';
      }
    }
  }
  text += `${objectRefs.map(encodeObjectRef).join('')}</rim:RegistryObjectList></query:AdhocQueryResponse>`;
  pieces.push(text);
  return new PiecesOfXml(pieces);
}

/** The answer that says no: a Failure without objects. */
export function adhocQueryFailure(refusals: readonly Refusal[]): Body {
  return encodeQueryResponse({ ...failureOf(refusals), objects: [], objectRefs: [] });
}
