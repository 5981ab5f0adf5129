import {
  type Classification,
  EBXML_NS,
  type ExternalIdentifier,
  type LocalizedString,
  type ObjectRef,
  type RegistryObject,
  type RegistryObjectPart,
  type Slot,
} from './ebxml.ts';
import { escapeXml, serializeWithin } from './xml.ts';

/**
 * One attribute with its leading blank; nothing for undefined. The value is escaped.
 *
 * @param name as written, prefix included
 */
export function attribute(name: string, value: string | boolean | undefined): string {
  if (value === undefined) return '';
  return ` ${name}="${typeof value === 'boolean' ? value : escapeXml(value)}"`;
}

/** The namespace declarations for the root of a payload that uses these prefixes. */
export function declarations(...prefixes: readonly (keyof typeof EBXML_NS)[]): string {
  return prefixes.map((prefix) => attribute(`xmlns:${prefix}`, EBXML_NS[prefix])).join('');
}

/** A registry object as XML with the prefix `rim`, its parts in the schema's order. */
export function encodeRegistryObject(object: RegistryObject): string {
  const content = encodeContent(object);
  const tag = `rim:${object.element}${encodeStartAttributes(object)}`;
  return content === '' ? `<${tag}/>` : `<${tag}>${content}</rim:${object.element}>`;
}

function encodeStartAttributes(object: RegistryObject): string {
  const common = encodeAttributes(object);
  switch (object.element) {
    case 'ExtrinsicObject':
      return (
        common + attribute('mimeType', object.mimeType) + attribute('isOpaque', object.isOpaque)
      );
    case 'RegistryPackage':
      return common;
    case 'Association':
      return (
        common +
        attribute('associationType', object.associationType) +
        attribute('sourceObject', object.sourceObject) +
        attribute('targetObject', object.targetObject)
      );
  }
}

function encodeAttributes(part: RegistryObjectPart): string {
  return (
    attribute('id', part.id) +
    attribute('lid', part.lid) +
    attribute('home', part.home) +
    attribute('objectType', part.objectType) +
    attribute('status', part.status)
  );
}

/** What stands inside a registry object, without its own tags. Source: ebRIM 3.0 schema, RegistryObjectType. */
export function encodeContent(object: RegistryObject): string {
  const version = object.element === 'ExtrinsicObject' ? object.contentVersion : undefined;
  return (
    encodeParts(object) +
    (version === undefined
      ? ''
      : `<rim:ContentVersionInfo${attribute('versionName', version.versionName)}${attribute('comment', version.comment)}/>`) +
    encodeUnknown(object)
  );
}

function encodeParts(part: RegistryObjectPart): string {
  return (
    part.slots.map(encodeSlot).join('') +
    encodeStrings('Name', part.name) +
    encodeStrings('Description', part.description) +
    (part.versionName === undefined
      ? ''
      : `<rim:VersionInfo${attribute('versionName', part.versionName)}${attribute('comment', part.versionComment)}/>`) +
    part.classifications.map(encodeClassification).join('') +
    part.externalIdentifiers.map(encodeExternalIdentifier).join('')
  );
}

function encodeUnknown(part: RegistryObjectPart): string {
  return (part.unknown ?? []).map((element) => serializeWithin(element, RIM_PREFIX)).join('');
}

/** The one prefix that fragments of ebRIM count on; the payload's root declares it. */
export const RIM_PREFIX: ReadonlyMap<string, string> = new Map([[EBXML_NS.rim, 'rim']]);

/** `rim:Slot`. */
export function encodeSlot({ name, slotType, values }: Slot): string {
  const list = values.map((value) => `<rim:Value>${escapeXml(value)}</rim:Value>`).join('');
  return (
    `<rim:Slot${attribute('name', name)}${attribute('slotType', slotType)}>` +
    `${list === '' ? '<rim:ValueList/>' : `<rim:ValueList>${list}</rim:ValueList>`}</rim:Slot>`
  );
}

/** `rs:RequestSlotList`: a request's own slots. */
export function encodeRequestSlots(slots: readonly Slot[]): string {
  return `<rs:RequestSlotList>${slots.map(encodeSlot).join('')}</rs:RequestSlotList>`;
}

function encodeStrings(name: 'Name' | 'Description', strings: readonly LocalizedString[]): string {
  if (strings.length === 0) return '';
  const list = strings.map(
    ({ value, lang, charset }) =>
      `<rim:LocalizedString${attribute('xml:lang', lang)}${attribute('charset', charset)}${attribute('value', value)}/>`,
  );
  return `<rim:${name}>${list.join('')}</rim:${name}>`;
}

/** `rim:Classification`. */
export function encodeClassification(classification: Classification): string {
  const attributes =
    encodeAttributes(classification) +
    attribute('classificationScheme', classification.classificationScheme) +
    attribute('classificationNode', classification.classificationNode) +
    attribute('classifiedObject', classification.classifiedObject) +
    attribute('nodeRepresentation', classification.nodeRepresentation);
  return wrapped('Classification', attributes, classification);
}

/** `rim:ExternalIdentifier`. */
export function encodeExternalIdentifier(identifier: ExternalIdentifier): string {
  const attributes =
    encodeAttributes(identifier) +
    attribute('registryObject', identifier.registryObject) +
    attribute('identificationScheme', identifier.identificationScheme) +
    attribute('value', identifier.value);
  return wrapped('ExternalIdentifier', attributes, identifier);
}

function wrapped(name: string, attributes: string, part: RegistryObjectPart): string {
  const content = encodeParts(part) + encodeUnknown(part);
  return content === ''
    ? `<rim:${name}${attributes}/>`
    : `<rim:${name}${attributes}>${content}</rim:${name}>`;
}

/** `rim:ObjectRef`. */
export function encodeObjectRef({ id, home }: Omit<ObjectRef, 'element'>): string {
  return `<rim:ObjectRef${attribute('id', id)}${attribute('home', home)}/>`;
}
