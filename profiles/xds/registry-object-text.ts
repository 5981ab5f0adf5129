import { decodeCX, encodeCX } from '../formats/datatypes.ts';
import type { RegistryObject } from '../formats/ebxml.ts';
import {
  decodeClassification,
  decodeRegistryObject,
  type EbxmlReading,
} from '../formats/ebxml-decode.ts';
import { attribute, encodeContent, RIM_PREFIX } from '../formats/ebxml-encode.ts';
import {
  attributeOf,
  childrenNamed,
  elementsOf,
  escapeXml,
  isNamed,
  parseXml,
  serializeChildren,
  type XmlElement,
  type XmlNode,
} from '../formats/xml.ts';
import { cutBefore, textOfPieces, type XmlPiece } from '../formats/xml-pieces.ts';
import type { PatientId } from '../patient.ts';
import { Refusal } from '../refusal.ts';
import { classificationsOf, codeOf, identifierOf, kindOf } from './metadata-xml.ts';
import { unreadable } from './registry-response.ts';
import type { RegistryObjectText } from './stored-queries.ts';
import {
  CLASSIFICATION,
  IDENTIFICATION,
  NS,
  nameOfUrn,
  OBJECT_TYPE,
  PACKAGE_NODE,
} from './vocabulary.ts';

/** What a registry knows better than the submitted object: it goes into the start tag. */
export type RegistryObjectHeader = Partial<
  Pick<RegistryObjectText, 'id' | 'lid' | 'home' | 'status' | 'patientId'>
>;

/**
 * The form in which a registry keeps an object: header as values, content as ebRIM text.
 *
 * @param header overrides what the object says of itself
 * @throws Refusal XDSRegistryMetadataError where the patientId is no CX
 */
export function textOfObject(
  object: RegistryObject,
  header: RegistryObjectHeader = {},
): RegistryObjectText {
  const kind = kindOf(object);
  const scheme = kind === undefined || kind === 'Association' ? undefined : IDENTIFICATION[kind];
  const patient = object.externalIdentifiers.find(
    (one) => one.identificationScheme === scheme?.patientId,
  );
  const others = object.externalIdentifiers.filter((one) => one !== patient);
  return present<RegistryObjectText>({
    ...startOf(object),
    objectType: object.objectType ?? defaultObjectType(object.element),
    kind: kind === 'Association' ? undefined : kind,
    patientId: patient && decodeCX(patient.value, 'XDSRegistryMetadataError'),
    patientIdentifierId: patient?.id,
    uniqueId: scheme && identifierOf(object, scheme.uniqueId),
    confidentialityCode:
      kind === 'DocumentEntry'
        ? classificationsOf(object, CLASSIFICATION.DocumentEntry.confidentialityCode).map(codeOf)
        : undefined,
    content: encodeContent({ ...object, externalIdentifiers: others }),
    ...present(header),
  });
}

function startOf(object: RegistryObject) {
  const { element, id, lid, home, status } = object;
  switch (object.element) {
    case 'ExtrinsicObject':
      return {
        element,
        id,
        lid,
        home,
        status,
        mimeType: object.mimeType,
        isOpaque: object.isOpaque,
      };
    case 'RegistryPackage':
      return { element, id, lid, home, status };
    case 'Association': {
      const { associationType, sourceObject, targetObject } = object;
      return { element, id, lid, home, status, associationType, sourceObject, targetObject };
    }
  }
}

function defaultObjectType(element: RegistryObjectText['element']): string | undefined {
  return element === 'ExtrinsicObject' ? undefined : OBJECT_TYPE[element];
}

/** Without the keys whose value is undefined. */
function present<Value extends object>(value: Value): Value {
  const kept: Partial<Value> = {};
  for (const key in value) if (value[key] !== undefined) kept[key] = value[key];
  return kept as Value;
}

/** The values of patientId identifiers: the objects of an answer are mostly those of one patient. */
export class PatientValues {
  #last: PatientId | undefined;
  #value = '';

  /** The CX as an attribute's value, escaped. */
  of(patientId: PatientId): string {
    const { id, assigningAuthority } = patientId;
    if (id !== this.#last?.id || assigningAuthority !== this.#last.assigningAuthority) {
      this.#value = escapeXml(encodeCX(patientId));
      this.#last = patientId;
    }
    return this.#value;
  }
}

/** The object as XML with the prefix `rim`. */
export function encodeObjectText(text: RegistryObjectText): string {
  return textOfPieces(encodeObjectPieces(text));
}

/**
 * The object as XML with the prefix `rim`: joined, never parsed.
 *
 * The patientId's identifier is made from `patientId`, so that a gateway can answer with the asker's own id.
 */
export function encodeObjectPieces(
  text: RegistryObjectText,
  values: PatientValues = new PatientValues(),
): readonly XmlPiece[] {
  const id = escapeXml(text.id);
  const start =
    `<rim:${text.element} id="${id}"${text.lid === text.id ? ` lid="${id}"` : attribute('lid', text.lid)}` +
    `${attribute('home', text.home)}${attribute('objectType', text.objectType)}` +
    `${attribute('status', text.status)}${attribute('mimeType', text.mimeType)}` +
    `${attribute('isOpaque', text.isOpaque)}${attribute('associationType', text.associationType)}` +
    `${attribute('sourceObject', text.sourceObject)}${attribute('targetObject', text.targetObject)}`;
  const { content } = text;
  const patient = patientIdentifier(text, id, values);
  const end = `</rim:${text.element}>`;
  if (patient === undefined) {
    return content.length === 0 ? [`${start}/>`] : [`${start}>`, content, end];
  }
  const [before, after] = cutBefore(content, AFTER_PATIENT);
  if (before.length === 0) return [`${start}>${patient}`, after, end];
  if (after.length === 0) return [`${start}>`, before, patient + end];
  return [`${start}>`, before, patient, after, end];
}

/** Before the last identifier, else where the schema wants the identifiers. In escaped text, `<` always starts a tag. */
const AFTER_PATIENT = ['<rim:ExternalIdentifier ', '<rim:ContentVersionInfo'];

function patientIdentifier(
  { kind, patientId, patientIdentifierId }: RegistryObjectText,
  id: string,
  values: PatientValues,
): string | undefined {
  if (patientId === undefined || kind === undefined) return undefined;
  const own =
    patientIdentifierId === undefined ? `${id}.patientId` : escapeXml(patientIdentifierId);
  return (
    `<rim:ExternalIdentifier id="${own}"` +
    ` objectType="${OBJECT_TYPE.ExternalIdentifier}" registryObject="${id}"` +
    ` identificationScheme="${IDENTIFICATION[kind].patientId}"` +
    ` value="${values.of(patientId)}"><rim:Name>` +
    `<rim:LocalizedString value="XDS${kind}.patientId"/></rim:Name></rim:ExternalIdentifier>`
  );
}

/** The object in full, for whoever has to look inside. @throws Refusal XDSRegistryError for text that is no ebRIM */
export function objectOfText(text: RegistryObjectText): RegistryObject {
  const xml = encodeObjectText(text);
  const declared = `<rim:${text.element} xmlns:rim="${NS.rim}"`;
  const element = parseXml(declared + xml.slice(`<rim:${text.element}`.length));
  return decodeRegistryObject(element, ANSWER);
}

/** How an answer is read: what is not known in it is kept. */
const ANSWER: EbxmlReading = { code: 'XDSRegistryError', unknown: 'kept' };

/**
 * Reads an object of a query's answer. Only its start tag, patientId, uniqueId and confidentialityCode are looked at.
 *
 * @param loose Classifications of this object that stood beside it in the list
 * @throws Refusal XDSRegistryError for what is no ExtrinsicObject, RegistryPackage or Association
 */
export function decodeObjectText(
  element: XmlElement,
  loose: readonly XmlElement[] = [],
): RegistryObjectText {
  if (element.namespace !== NS.rim || !isElementName(element.name)) {
    throw unreadable(`a ${element.name} among the registry objects`);
  }
  const whole = withClassifications(trimmed(element), loose.map(trimmed));
  const kind = kindOfElement(whole);
  const identifiers = childrenNamed(whole, NS.rim, 'ExternalIdentifier');
  const identifier = (scheme: string | undefined) =>
    identifiers.find((one) => attributeOf(one, 'identificationScheme') === scheme);
  const scheme = kind && IDENTIFICATION[kind];
  const patients = identifiers.filter(
    (one) => attributeOf(one, 'identificationScheme') === scheme?.patientId,
  );
  // Of two patients, neither is believed.
  const patient = scheme && patients.length === 1 ? patients[0] : undefined;
  const patientId = patient && patientIdOf(patient);
  const content =
    patientId === undefined
      ? whole
      : { ...whole, children: whole.children.filter((child) => child !== patient) };
  const uniqueId = scheme && identifier(scheme.uniqueId);
  return present<RegistryObjectText>({
    element: element.name,
    ...startOfElement(element),
    kind,
    patientId,
    patientIdentifierId: patientId && patient && attributeOf(patient, 'id'),
    uniqueId: uniqueId && attributeOf(uniqueId, 'value'),
    confidentialityCode: kind === 'DocumentEntry' ? confidentialityCodes(whole) : undefined,
    content: serializeChildren(content, RIM_PREFIX),
  });
}

function isElementName(name: string): name is RegistryObjectText['element'] {
  return name === 'ExtrinsicObject' || name === 'RegistryPackage' || name === 'Association';
}

function startOfElement(element: XmlElement) {
  const id = attributeOf(element, 'id');
  if (id === undefined) throw unreadable(`a ${element.name} without id`);
  const isOpaque = attributeOf(element, 'isOpaque');
  return {
    id,
    lid: attributeOf(element, 'lid'),
    home: attributeOf(element, 'home'),
    status: attributeOf(element, 'status'),
    objectType: attributeOf(element, 'objectType'),
    mimeType: attributeOf(element, 'mimeType'),
    isOpaque: isOpaque === undefined ? undefined : isOpaque === 'true' || isOpaque === '1',
    associationType: attributeOf(element, 'associationType'),
    sourceObject: attributeOf(element, 'sourceObject'),
    targetObject: attributeOf(element, 'targetObject'),
  };
}

function kindOfElement(element: XmlElement): RegistryObjectText['kind'] {
  // An ExtrinsicObject of a foreign type is judged as a document: whatever it is, it is somebody's.
  if (element.name === 'ExtrinsicObject') return 'DocumentEntry';
  if (element.name === 'Association') return undefined;
  for (const one of childrenNamed(element, NS.rim, 'Classification')) {
    const kind = nameOfUrn(PACKAGE_NODE, attributeOf(one, 'classificationNode'));
    if (kind !== undefined) return kind;
  }
  return undefined;
}

/** A patientId that is no CX, or not the only one, stays in the content; the object is then nobody's, and shown to nobody. */
function patientIdOf(identifier: XmlElement): PatientId | undefined {
  try {
    return decodeCX(attributeOf(identifier, 'value') ?? '');
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function confidentialityCodes(element: XmlElement): RegistryObjectText['confidentialityCode'] {
  const scheme = CLASSIFICATION.DocumentEntry.confidentialityCode;
  return childrenNamed(element, NS.rim, 'Classification')
    .filter((one) => attributeOf(one, 'classificationScheme') === scheme)
    .map((one) => codeOf(decodeClassification(one, ANSWER)));
}

/** White space between elements says nothing, and would be kept and sent on for ever. */
function trimmed(element: XmlElement): XmlElement {
  if (elementsOf(element).length === 0) return element;
  const children = element.children
    .filter((child) => typeof child !== 'string' || child.trim() !== '')
    .map((child) => (typeof child === 'string' ? child : trimmed(child)));
  return { ...element, children };
}

function withClassifications(element: XmlElement, loose: readonly XmlElement[]): XmlElement {
  if (loose.length === 0) return element;
  const before = (child: XmlNode) =>
    typeof child !== 'string' && BEFORE_CLASSIFICATION.some((name) => isNamed(child, NS.rim, name));
  const after = (child: XmlNode) => !before(child);
  const children = [
    ...element.children.filter(before),
    ...loose,
    ...element.children.filter(after),
  ];
  return { ...element, children };
}

const BEFORE_CLASSIFICATION = ['Slot', 'Name', 'Description', 'VersionInfo'];
