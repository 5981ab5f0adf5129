import { Refusal } from '../refusal.ts';
import {
  type Association,
  type Classification,
  type ContentVersion,
  EBXML_NS,
  type ExternalIdentifier,
  type ExtrinsicObject,
  type LocalizedString,
  type RegistryObject,
  type RegistryObjectPart,
  type RegistryPackage,
  type Slot,
} from './ebxml.ts';
import { elementsOf, textOf, XML_NAMESPACE, type XmlElement } from './xml.ts';
import { oneCopyOf } from './xml-names.ts';

/** How strictly ebRIM is read. A submission is refused for what the schema does not know; a peer's answer keeps it. */
export interface EbxmlReading {
  /** The error code of what is refused, such as `XDSRegistryMetadataError`. */
  readonly code: string;
  readonly unknown: 'refused' | 'kept';
}

const XML_LANG = `{${XML_NAMESPACE}}lang`;
/** Lengths in characters. Source: ebRIM 3.0 schema, LongName and FreeFormText. */
const LONG_NAME = 256;
const FREE_FORM_TEXT = 1024;
/** A slot, name or identifier list longer than this is no metadata. */
const MOST_PARTS = 10_000;

/** One reading of one object: remembers which, so that a refusal can name it. */
class Reader {
  readonly reading: EbxmlReading;
  readonly objectId: string;

  constructor(reading: EbxmlReading, objectId: string) {
    this.reading = reading;
    this.objectId = objectId;
  }

  refusal(context: string): Refusal {
    return new Refusal(this.reading.code, context, { location: this.objectId });
  }

  required(element: XmlElement, name: string, most = LONG_NAME): string {
    const value = this.optional(element, name, most);
    if (value !== undefined) return value;
    if (this.reading.unknown === 'kept') return '';
    throw this.refusal(`${element.name} has no attribute ${name}`);
  }

  optional(element: XmlElement, name: string, most = LONG_NAME): string | undefined {
    const value = element.attributes.get(name);
    if (value !== undefined) this.refuseLength(value, most, `${element.name}/@${name}`);
    return value;
  }

  refuseLength(value: string, most: number, what: string): void {
    if (value.length <= most || this.reading.unknown === 'kept') return;
    if ([...value].length > most) {
      throw this.refusal(`${what} is longer than ${most} characters`);
    }
  }

  /** Attributes in a namespace (`xsi:…`) speak to the parser, not to the registry. */
  refuseAttributes(element: XmlElement, known: readonly string[]): void {
    if (this.reading.unknown === 'kept') return;
    for (const name of element.attributes.keys()) {
      if (!known.includes(name) && (!name.startsWith('{') || name === XML_LANG)) {
        throw this.refusal(
          `${element.name} has an attribute that the schema does not know: ${name}`,
        );
      }
    }
  }

  refuseText(element: XmlElement): void {
    if (this.reading.unknown === 'kept') return;
    if (element.children.some((child) => typeof child === 'string' && child.trim() !== '')) {
      throw this.refusal(`${element.name} holds text`);
    }
  }

  unknown(element: XmlElement, parent: XmlElement): XmlElement {
    if (this.reading.unknown === 'kept') return element;
    throw this.refusal(`${parent.name} holds an element that is not known there: ${element.name}`);
  }
}

const OBJECT_ATTRIBUTES = ['id', 'lid', 'home', 'objectType', 'status'];
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  ExtrinsicObject: [...OBJECT_ATTRIBUTES, 'mimeType', 'isOpaque'],
  RegistryPackage: OBJECT_ATTRIBUTES,
  Association: [...OBJECT_ATTRIBUTES, 'associationType', 'sourceObject', 'targetObject'],
  Classification: [
    ...OBJECT_ATTRIBUTES,
    'classificationScheme',
    'classificationNode',
    'classifiedObject',
    'nodeRepresentation',
  ],
  ExternalIdentifier: [...OBJECT_ATTRIBUTES, 'registryObject', 'identificationScheme', 'value'],
};
const SLOT_ATTRIBUTES = ['name', 'slotType'];
const STRING_ATTRIBUTES = ['value', 'charset', XML_LANG];

/**
 * Reads an ExtrinsicObject, RegistryPackage or Association. Children are taken in any order; they are written in the schema's.
 *
 * @throws Refusal `reading.code`, with the object's id as location, for what the schema requires and what it does not know
 */
export function decodeRegistryObject(element: XmlElement, reading: EbxmlReading): RegistryObject {
  const reader = new Reader(reading, element.attributes.get('id') ?? '');
  const part = decodePart(element, reader);
  switch (element.namespace === EBXML_NS.rim ? element.name : '') {
    case 'ExtrinsicObject':
      return decodeExtrinsicObject(element, part, reader);
    case 'RegistryPackage':
      return defined<RegistryPackage>({ element: 'RegistryPackage', ...part });
    case 'Association':
      return defined<Association>({
        element: 'Association',
        associationType: reader.required(element, 'associationType'),
        sourceObject: reader.required(element, 'sourceObject'),
        targetObject: reader.required(element, 'targetObject'),
        ...part,
      });
    default:
      throw reader.refusal(`not a registry object: ${element.name}`);
  }
}

function decodeExtrinsicObject(
  element: XmlElement,
  part: RegistryObjectPart,
  reader: Reader,
): ExtrinsicObject {
  const isOpaque = element.attributes.get('isOpaque');
  if (isOpaque !== undefined && !['true', 'false', '1', '0'].includes(isOpaque)) {
    throw reader.refusal('ExtrinsicObject/@isOpaque is not a boolean');
  }
  const version = elementsOf(element).find((child) => isRim(child, 'ContentVersionInfo'));
  return defined<ExtrinsicObject>({
    element: 'ExtrinsicObject',
    mimeType: reader.optional(element, 'mimeType'),
    isOpaque: isOpaque === undefined ? undefined : isOpaque === 'true' || isOpaque === '1',
    contentVersion: version === undefined ? undefined : decodeContentVersion(version),
    ...part,
  });
}

function decodeContentVersion(element: XmlElement): ContentVersion {
  return defined<ContentVersion>({
    versionName: element.attributes.get('versionName'),
    comment: element.attributes.get('comment'),
  });
}

/** Reads one Classification, also where it stands beside the object that it classifies. @throws Refusal `reading.code` */
export function decodeClassification(element: XmlElement, reading: EbxmlReading): Classification {
  const owner = element.attributes.get('classifiedObject') ?? element.attributes.get('id') ?? '';
  return classificationOf(element, new Reader(reading, owner));
}

function classificationOf(element: XmlElement, reader: Reader): Classification {
  const part = decodePart(element, reader);
  // The spread stands last: V8 makes a new shape of each literal that goes on after one.
  return defined<Classification>({
    classificationScheme: schemeOf(reader.optional(element, 'classificationScheme')),
    classificationNode: reader.optional(element, 'classificationNode'),
    classifiedObject: reader.required(element, 'classifiedObject'),
    nodeRepresentation: reader.optional(element, 'nodeRepresentation'),
    ...part,
  });
}

/** There are few schemes, and each of an object's is compared with each that a rule asks for. */
function schemeOf<Text extends string | undefined>(text: Text): Text | string {
  return text === undefined ? text : oneCopyOf(text);
}

function externalIdentifierOf(element: XmlElement, reader: Reader): ExternalIdentifier {
  const part = decodePart(element, reader);
  return defined<ExternalIdentifier>({
    registryObject: reader.required(element, 'registryObject'),
    identificationScheme: schemeOf(reader.required(element, 'identificationScheme')),
    value: reader.required(element, 'value'),
    ...part,
  });
}

/** What all parts have, in one walk over the children; keys of what is absent are there still, with undefined. */
function decodePart(element: XmlElement, reader: Reader): RegistryObjectPart {
  reader.refuseAttributes(element, ATTRIBUTES[element.name] ?? OBJECT_ATTRIBUTES);
  reader.refuseText(element);
  const id = reader.required(element, 'id');
  const slots: Slot[] = [];
  const classifications: Classification[] = [];
  const externalIdentifiers: ExternalIdentifier[] = [];
  const unknown: XmlElement[] = [];
  const single: Single = {};
  let parts = 0;
  for (const child of element.children) {
    if (typeof child === 'string') continue;
    parts += 1;
    if (parts > MOST_PARTS) throw reader.refusal(`more than ${MOST_PARTS} parts`);
    const name = child.namespace === EBXML_NS.rim ? child.name : '';
    if (name === 'Slot') slots.push(slotOf(child, reader));
    else if (name === 'Classification') classifications.push(classificationOf(child, reader));
    else if (name === 'ExternalIdentifier') {
      externalIdentifiers.push(externalIdentifierOf(child, reader));
    } else if (name === 'Name' || name === 'Description' || name === 'VersionInfo') {
      if (single[name]) throw reader.refusal(`${name} stands more than once`);
      single[name] = child;
    } else if (name !== 'ContentVersionInfo' || element.name !== 'ExtrinsicObject') {
      unknown.push(reader.unknown(child, element));
    }
  }
  const version = single.VersionInfo;
  return {
    id,
    lid: reader.optional(element, 'lid'),
    home: reader.optional(element, 'home'),
    objectType: reader.optional(element, 'objectType'),
    status: reader.optional(element, 'status'),
    slots,
    name: localizedStrings(single.Name, reader),
    description: localizedStrings(single.Description, reader),
    // The schema's default, so that an empty VersionInfo is not lost.
    versionName: version && (version.attributes.get('versionName') ?? '1.1'),
    versionComment: version?.attributes.get('comment'),
    classifications,
    externalIdentifiers,
    unknown: unknown.length > 0 ? unknown : undefined,
  };
}

/** Children that stand once at most. */
type Single = { [Name in 'Name' | 'Description' | 'VersionInfo']?: XmlElement };

function isRim(element: XmlElement, name: string): boolean {
  return element.name === name && element.namespace === EBXML_NS.rim;
}

function localizedStrings(element: XmlElement | undefined, reader: Reader): LocalizedString[] {
  if (element === undefined) return [];
  return elementsOf(element).map((child) => {
    if (!isRim(child, 'LocalizedString')) reader.unknown(child, element);
    reader.refuseAttributes(child, STRING_ATTRIBUTES);
    return defined<LocalizedString>({
      value: reader.required(child, 'value', FREE_FORM_TEXT),
      lang: child.attributes.get(XML_LANG),
      charset: child.attributes.get('charset'),
    });
  });
}

/** Reads one `rim:Slot`, wherever it stands. @throws Refusal `reading.code` */
export function decodeSlot(element: XmlElement, reading: EbxmlReading): Slot {
  return slotOf(element, new Reader(reading, ''));
}

function slotOf(element: XmlElement, reader: Reader): Slot {
  const name = reader.required(element, 'name');
  reader.refuseAttributes(element, SLOT_ATTRIBUTES);
  const lists = elementsOf(element);
  const list = lists[0];
  if (list === undefined || lists.length > 1 || !isRim(list, 'ValueList')) {
    throw reader.refusal(`slot ${name} needs one ValueList`);
  }
  const values = elementsOf(list).map((child) => {
    if (!isRim(child, 'Value') || elementsOf(child).length > 0) {
      throw reader.refusal(`slot ${name} holds something else than values`);
    }
    const value = textOf(child);
    reader.refuseLength(value, LONG_NAME, `a value of slot ${name}`);
    return value;
  });
  return defined<Slot>({ name, slotType: reader.optional(element, 'slotType'), values });
}

/**
 * Without the keys whose value is undefined, so that what was absent compares equal to what never was. Copied: an object
 * from which keys are deleted is slow ever after.
 */
function defined<Value extends object>(value: Value): Value {
  const kept: Partial<Value> = {};
  for (const key in value) if (value[key] !== undefined) kept[key] = value[key];
  return kept as Value;
}
