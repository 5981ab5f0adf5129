import { EBXML_NS, type Classification, type RegistryObject, type Slot } from '../formats/ebxml.ts';
import { decodeClassification, decodeRegistryObject, decodeSlot } from '../formats/ebxml-decode.ts';
import { declarations, encodeRegistryObject, encodeRequestSlots } from '../formats/ebxml-encode.ts';
import { attributeOf, elementsOf, isNamed, type XmlElement } from '../formats/xml.ts';
import { Refusal, Refusals, refusalsOf } from '../refusal.ts';
import { defineTransaction } from '../transaction.ts';
import { submissionAudit } from './audit.ts';
import {
  decodeRegistryResponse,
  encodeRegistryResponse,
  failureOf,
  type RegistryResponse,
} from './registry-response.ts';
import { NS } from './vocabulary.ts';

/** `lcm:SubmitObjectsRequest`: the objects in order, ebRIM kept whole. */
export interface SubmitObjectsRequest {
  readonly requestSlots?: readonly Slot[];
  readonly objects: readonly RegistryObject[];
}

/** Register Document Set-b. Source: ITI TF-2: 3.42. */
export const ITI_42 = defineTransaction<SubmitObjectsRequest, RegistryResponse>({
  id: 'ITI-42',
  name: 'Register Document Set-b',
  section: 'ITI TF-2: 3.42',
  asks: ['Document Repository'],
  answers: ['Document Registry'],
  wire: {
    kind: 'soap',
    mtom: 'never',
    messages: [
      {
        action: 'urn:ihe:iti:2007:RegisterDocumentSet-b',
        replyAction: 'urn:ihe:iti:2007:RegisterDocumentSet-bResponse',
        body: { namespace: NS.lcm, name: 'SubmitObjectsRequest' },
      },
    ],
  },
  request: {
    decode: ({ body }) => decodeSubmitObjects(body, 'XDSRegistryMetadataError'),
    encode: (request) => ({ xml: encodeSubmitObjects(request, declarations('lcm', 'rim', 'rs')) }),
  },
  response: {
    decode: ({ body }) => decodeRegistryResponse(body),
    encode: (response) => ({ xml: encodeRegistryResponse(response) }),
  },
  refusal: (refusals) => ({ xml: encodeRegistryResponse(failureOf(refusals)) }),
  generalError: 'XDSRegistryError',
  schemaError: 'XDSRegistryMetadataError',
  audit: submissionAudit('Register Document Set-b', (request: SubmitObjectsRequest) => request),
});

/** At most so many objects in one submission. */
const MOST_OBJECTS = 5_000;

/**
 * Reads a `lcm:SubmitObjectsRequest`. A Classification that stands beside its RegistryPackage is put into it; an ObjectRef,
 * which says nothing that the references do not say, is passed over.
 *
 * @param code the metadata error of whoever reads: registry or repository
 * @throws Refusal `code` when one object is at fault, Refusals when several are
 */
export function decodeSubmitObjects(
  body: XmlElement,
  code: MetadataErrorCode,
): SubmitObjectsRequest {
  if (!isNamed(body, NS.lcm, 'SubmitObjectsRequest')) {
    throw new Refusal(code, `${body.name} in place of a SubmitObjectsRequest`);
  }
  const reading = { code, unknown: 'refused' } as const;
  let requestSlots: readonly Slot[] | undefined;
  let list: XmlElement | undefined;
  for (const child of elementsOf(body)) {
    if (isNamed(child, NS.rs, 'RequestSlotList') && requestSlots === undefined) {
      requestSlots = elementsOf(child).map((slot) => {
        if (!isNamed(slot, NS.rim, 'Slot')) {
          throw new Refusal(code, `RequestSlotList holds a ${slot.name}`);
        }
        return decodeSlot(slot, reading);
      });
    } else if (isNamed(child, EBXML_NS.rim, 'RegistryObjectList') && list === undefined) {
      list = child;
    } else {
      throw new Refusal(
        code,
        `SubmitObjectsRequest holds an element that is not known: ${child.name}`,
      );
    }
  }
  if (list === undefined) throw new Refusal(code, 'SubmitObjectsRequest has no RegistryObjectList');
  const objects = decodeObjects(list, code);
  return requestSlots === undefined ? { objects } : { requestSlots, objects };
}

/** The error that says that metadata are at fault: of the registry, or of the repository. */
export type MetadataErrorCode = 'XDSRegistryMetadataError' | 'XDSRepositoryMetadataError';

function decodeObjects(list: XmlElement, code: MetadataErrorCode): readonly RegistryObject[] {
  const elements = elementsOf(list);
  if (elements.length > MOST_OBJECTS) {
    throw new Refusal(code, `more than ${MOST_OBJECTS} objects in one submission`);
  }
  const reading = { code, unknown: 'refused' } as const;
  const refusals: Refusal[] = [];
  const attempt = <Value>(decode: () => Value): Value[] => {
    try {
      return [decode()];
    } catch (error) {
      const found = refusalsOf(error);
      if (found === undefined) throw error;
      refusals.push(...found);
      return [];
    }
  };
  const loose = elements
    .filter((element) => isNamed(element, NS.rim, 'Classification'))
    .flatMap((element) => attempt(() => decodeClassification(element, reading)));
  const objects = elements
    .filter((element) => !PASSED_OVER.some((name) => isNamed(element, NS.rim, name)))
    .flatMap((element) => attempt(() => decodeRegistryObject(element, reading)));
  const packages = new Set(elements.map((element) => attributeOf(element, 'id')));
  for (const { id, classifiedObject } of loose) {
    if (packages.has(classifiedObject)) continue;
    refusals.push(new Refusal(code, `Classification ${id} classifies no object of this message`));
  }
  refuseAll(refusals);
  return objects.map((object) => withClassifications(object, loose));
}

const PASSED_OVER = ['Classification', 'ObjectRef'];

function withClassifications(
  object: RegistryObject,
  loose: readonly Classification[],
): RegistryObject {
  const own = loose.filter(({ classifiedObject }) => classifiedObject === object.id);
  if (own.length === 0) return object;
  return { ...object, classifications: [...object.classifications, ...own] };
}

/** Throws what was collected: nothing, the one Refusal, or all as Refusals. */
export function refuseAll(refusals: readonly Refusal[]): void {
  const [first] = refusals;
  if (first === undefined) return;
  throw refusals.length === 1 ? first : new Refusals(refusals);
}

/**
 * `lcm:SubmitObjectsRequest` with the prefixes `lcm`, `rim` and `rs`.
 *
 * @param declared the declarations of these prefixes, or nothing where an outer element has them
 */
export function encodeSubmitObjects(
  { requestSlots, objects }: SubmitObjectsRequest,
  declared: string,
): string {
  const slots = requestSlots === undefined ? '' : encodeRequestSlots(requestSlots);
  const list = objects.map(encodeRegistryObject).join('');
  return (
    `<lcm:SubmitObjectsRequest${declared}>${slots}` +
    `<rim:RegistryObjectList>${list}</rim:RegistryObjectList></lcm:SubmitObjectsRequest>`
  );
}
