import { isOidUrn, isUuidUrn, lowerBound, shape } from '../formats/datatypes.ts';
import type { Classification, RegistryObject } from '../formats/ebxml.ts';
import { Refusal } from '../refusal.ts';
import { DATATYPES, type Datatype } from './metadata-datatypes.ts';
import {
  classificationsOf,
  identifierOf,
  kindOf,
  type MetadataKind,
  slotValues,
} from './metadata-xml.ts';
import { refusalsOfStructure } from './submission-structure.ts';
import {
  AUTHOR_SLOTS,
  CLASSIFICATION,
  DOCUMENT_ENTRY_TYPE,
  IDENTIFICATION,
  LIMITED_METADATA_NODE,
  REFERENCE_ID_LIST,
  SLOT_NAMES,
} from './vocabulary.ts';

/** Who is sent the metadata: `XDS DS` by a Document Source (ITI-41), `XDS DR` by a Document Repository (ITI-42). */
export type MetadataColumn = 'XDS DS' | 'XDS DR';

/** How a submission is judged. */
export interface SubmissionRules {
  readonly column: MetadataColumn;
  /** Whose error codes are used. Default: Registry. */
  readonly by?: 'Registry' | 'Repository';
}

/** One row of the tables of attributes. `XDS DR`: required of a repository, not of a source. */
interface AttributeRule {
  readonly attribute: string;
  readonly carrier: 'slot' | 'code' | 'identifier';
  /** Slot name, classificationScheme or identificationScheme. */
  readonly at: string;
  readonly required?: true | 'XDS DR';
  readonly many?: true;
  readonly type: Datatype;
}

const slot = (
  attribute: string,
  type: Datatype,
  more: Partial<AttributeRule> = {},
): AttributeRule => ({
  attribute,
  carrier: 'slot',
  at: attribute,
  type,
  ...more,
});

const code = (
  kind: keyof typeof CLASSIFICATION,
  attribute: string,
  more: Partial<AttributeRule> = {},
) => {
  const schemes: Readonly<Record<string, string>> = CLASSIFICATION[kind];
  return {
    attribute,
    carrier: 'code',
    at: schemes[attribute] ?? '',
    type: 'String',
    ...more,
  } as const;
};

const identifier = (kind: keyof typeof IDENTIFICATION, attribute: string, type: Datatype) => {
  const schemes: Readonly<Record<string, string>> = IDENTIFICATION[kind];
  return {
    attribute,
    carrier: 'identifier',
    at: schemes[attribute] ?? '',
    required: true,
    type,
  } as const;
};

/** The attributes of each object. Source: ITI TF-3: Tables 4.2.3.2-1, 4.2.3.3-1, 4.2.3.4-1 and 4.3.1-3. */
export const ATTRIBUTE_RULES: Readonly<Record<MetadataKind, readonly AttributeRule[]>> = {
  DocumentEntry: [
    code('DocumentEntry', 'classCode', { required: true }),
    code('DocumentEntry', 'confidentialityCode', { required: true, many: true }),
    code('DocumentEntry', 'eventCodeList', { many: true }),
    code('DocumentEntry', 'formatCode', { required: true }),
    code('DocumentEntry', 'healthcareFacilityTypeCode', { required: true }),
    code('DocumentEntry', 'practiceSettingCode', { required: true }),
    code('DocumentEntry', 'typeCode', { required: true }),
    slot('creationTime', 'DTM', { required: true }),
    slot('documentAvailability', 'String'),
    slot('hash', 'SHA1', { required: 'XDS DR' }),
    slot('languageCode', 'Language', { required: true }),
    slot('legalAuthenticator', 'XCN'),
    slot('referenceIdList', 'CXi', { at: REFERENCE_ID_LIST, many: true }),
    slot('repositoryUniqueId', 'OID', { required: 'XDS DR' }),
    slot('serviceStartTime', 'DTM'),
    slot('serviceStopTime', 'DTM'),
    slot('size', 'Integer', { required: 'XDS DR' }),
    slot('sourcePatientId', 'CX', { required: true }),
    slot('sourcePatientInfo', 'SourcePatientInfo', { many: true }),
    // Long file names are cut over several values.
    slot('URI', 'String', { many: true }),
    identifier('DocumentEntry', 'patientId', 'CX'),
    identifier('DocumentEntry', 'uniqueId', 'Identifier'),
  ],
  SubmissionSet: [
    code('SubmissionSet', 'contentTypeCode', { required: true }),
    slot('intendedRecipient', 'Recipient', { many: true }),
    slot('submissionTime', 'DTM', { required: true }),
    identifier('SubmissionSet', 'patientId', 'CX'),
    identifier('SubmissionSet', 'sourceId', 'OID'),
    identifier('SubmissionSet', 'uniqueId', 'OID'),
  ],
  Folder: [
    code('Folder', 'codeList', { required: true, many: true }),
    slot('lastUpdateTime', 'DTM'),
    identifier('Folder', 'patientId', 'CX'),
    identifier('Folder', 'uniqueId', 'OID'),
  ],
  Association: [code('Association', 'associationDocumentation')],
};

/** Characters of a title. Source: ITI TF-3: 4.2.3.2.24, 4.2.3.3.10, 4.2.3.4.8. */
const LONGEST_TITLE = { DocumentEntry: 128, SubmissionSet: 256, Folder: 256, Association: 256 };

/**
 * All that is wrong with a submission and can be seen without a store: attributes, structure, references, memberships,
 * uniqueIds, patients. Codes are not looked up. Empty when it is sound.
 *
 * Each refusal's location is the id of the object at fault. Codes: XDSRegistryMetadataError,
 * XDSRegistryDuplicateUniqueIdInMessage (or their XDSRepository… forms), UnresolvedReferenceException, XDSPatientIdDoesNotMatch.
 *
 * @see ITI TF-3: 4.2.2, 4.2.3; ITI TF-2: 3.41.4.1.3, 3.42.4.1.3
 */
export function refusalsOfSubmission(
  objects: readonly RegistryObject[],
  { column, by = 'Registry' }: SubmissionRules,
): readonly Refusal[] {
  const faults = objects.flatMap((object) =>
    faultsOfObject(object, column).map(
      (fault) => new Refusal(`XDS${by}MetadataError`, fault, { location: object.id }),
    ),
  );
  return [...faults, ...refusalsOfStructure(objects, by)];
}

function faultsOfObject(object: RegistryObject, column: MetadataColumn): readonly string[] {
  const kind = kindOf(object);
  // An object of no kind is refused with the structure.
  if (kind === undefined) return [];
  return [
    ...faultsOfHeader(object, kind),
    ...ATTRIBUTE_RULES[kind].flatMap((rule) => faultsOfAttribute(object, rule, column)),
    ...faultsOfAuthors(object, kind),
    ...faultsOfSlots(object, kind),
    ...faultsOfParts(object),
    ...faultsOfTitle(object, kind),
    ...(kind === 'DocumentEntry' ? faultsOfDocumentEntry(object) : []),
  ];
}

function faultsOfHeader(object: RegistryObject, kind: MetadataKind): readonly string[] {
  const { id, lid, home, classifications } = object;
  const faults: string[] = [];
  if (id.trim() === '') faults.push('the id is empty');
  if (id.startsWith('urn:uuid:') && !isUuidUrn(id))
    faults.push('the entryUUID is no UUID in lower case');
  if (lid !== undefined && lid !== id)
    faults.push('a new object has no other logicalID than its id');
  if (home !== undefined && !isOidUrn(home)) faults.push('the homeCommunityId is no OID URN');
  const nodes: readonly string[] = Object.values(LIMITED_METADATA_NODE);
  if (classifications.some((one) => nodes.includes(one.classificationNode ?? ''))) {
    faults.push(`limitedMetadata is not allowed on a ${kind} here`);
  }
  return faults;
}

function faultsOfAttribute(
  object: RegistryObject,
  rule: AttributeRule,
  column: MetadataColumn,
): readonly string[] {
  const { attribute, required, many, type } = rule;
  const values = valuesOf(object, rule);
  if (values.length === 0) {
    return required === true || required === column ? [`${attribute} is missing`] : [];
  }
  const faults: string[] = [];
  if (values.length > 1 && many !== true) faults.push(`${attribute} is given more than once`);
  for (const value of values) {
    if (value === '') faults.push(`${attribute} is empty`);
    else if (!DATATYPES[type](value)) faults.push(`${attribute} is no ${type}: ${shape(value)}`);
  }
  if (rule.carrier === 'code') {
    faults.push(
      ...classificationsOf(object, rule.at).flatMap((one) => faultsOfCode(one, attribute)),
    );
  }
  return faults;
}

function valuesOf(object: RegistryObject, { carrier, at }: AttributeRule): readonly string[] {
  switch (carrier) {
    case 'slot':
      return slotValues(object, at);
    case 'code':
      return classificationsOf(object, at).map((one) => one.nodeRepresentation ?? '');
    case 'identifier':
      return object.externalIdentifiers
        .filter((one) => one.identificationScheme === at)
        .map((one) => one.value);
  }
}

function faultsOfCode(classification: Classification, attribute: string): readonly string[] {
  const faults: string[] = [];
  const schemes = slotValues(classification, 'codingScheme');
  if (schemes.length !== 1 || schemes[0] === '') faults.push(`${attribute} needs one codingScheme`);
  if (!classification.name[0]?.value) faults.push(`${attribute} needs a display name`);
  return faults;
}

const AUTHOR_TYPES = {
  authorPerson: 'XCN',
  authorInstitution: 'XON',
  authorRole: 'String',
  authorSpecialty: 'String',
  authorTelecommunication: 'XTN',
} as const satisfies Record<(typeof AUTHOR_SLOTS)[number], Datatype>;

/** Source: ITI TF-3: 4.2.3.1.4. */
function faultsOfAuthors(object: RegistryObject, kind: MetadataKind): readonly string[] {
  if (kind !== 'DocumentEntry' && kind !== 'SubmissionSet') return [];
  return classificationsOf(object, CLASSIFICATION[kind].author).flatMap((author) => {
    const faults: string[] = [];
    for (const name of AUTHOR_SLOTS) {
      const type = AUTHOR_TYPES[name];
      const wrong = slotValues(author, name).find((value) => !DATATYPES[type](value));
      if (wrong !== undefined) faults.push(`${name} is no ${type}: ${shape(wrong)}`);
    }
    if (slotValues(author, 'authorPerson').length > 1) {
      faults.push('an author has one authorPerson; several authors are several Classifications');
    }
    const named = ['authorPerson', 'authorInstitution', 'authorTelecommunication'];
    if (!named.some((name) => slotValues(author, name).length > 0)) {
      faults.push(`an author needs one of ${named.join(', ')}`);
    }
    return faults;
  });
}

/** Source: ITI TF-3: 4.2.3.1.6 (extra metadata). */
function faultsOfSlots(object: RegistryObject, kind: MetadataKind): readonly string[] {
  const known: readonly string[] = SLOT_NAMES[kind];
  const seen = new Set<string>();
  return object.slots.flatMap(({ name }) => {
    const faults: string[] = [];
    if (seen.has(name)) faults.push(`the slot ${name} stands twice`);
    seen.add(name);
    if (!known.includes(name)) {
      const lower = name.toLowerCase();
      if (!/^urn:\S+$/.test(lower)) {
        faults.push(`the slot ${name} is not known, and its name is no URN`);
      } else if (lower.startsWith('urn:ihe:')) {
        faults.push(`the slot ${name} is not one that IHE defines here`);
      }
    }
    return faults;
  });
}

/** Each part must say that it belongs to the object that holds it. Source: ITI TF-3: 4.2.3.1.2, 4.2.3.1.3. */
function faultsOfParts({ id, classifications, externalIdentifiers }: RegistryObject) {
  const faults: string[] = [];
  for (const one of classifications) {
    if (one.classifiedObject !== id) {
      faults.push(`the Classification ${one.id} is that of another object`);
    }
    if ((one.classificationScheme === undefined) === (one.classificationNode === undefined)) {
      faults.push(`the Classification ${one.id} needs a scheme or a node, and not both`);
    }
  }
  for (const one of externalIdentifiers) {
    if (one.registryObject !== id) {
      faults.push(`the ExternalIdentifier ${one.id} is that of another object`);
    }
  }
  return faults;
}

function faultsOfTitle({ name }: RegistryObject, kind: MetadataKind): readonly string[] {
  const title = name[0]?.value ?? '';
  if (kind === 'Folder' && title === '') return ['title is missing'];
  const most = LONGEST_TITLE[kind];
  return [...title].length > most ? [`title is longer than ${most} characters`] : [];
}

function faultsOfDocumentEntry(object: RegistryObject): readonly string[] {
  if (object.element !== 'ExtrinsicObject') return [];
  const faults: string[] = [];
  if (!object.mimeType) faults.push('mimeType is missing');
  else if (!DATATYPES.MediaType(object.mimeType)) faults.push('mimeType is no media type');
  if (object.objectType !== DOCUMENT_ENTRY_TYPE.Stable) {
    faults.push('the objectType must be that of a Stable DocumentEntry');
  }
  const [start] = slotValues(object, 'serviceStartTime');
  const [stop] = slotValues(object, 'serviceStopTime');
  if (start && stop && DATATYPES.DTM(start) && DATATYPES.DTM(stop)) {
    // Compared at the precision that both have.
    const precision = Math.min(start.length, stop.length);
    if (lowerBound(start.slice(0, precision)) > lowerBound(stop.slice(0, precision))) {
      faults.push('serviceStartTime is after serviceStopTime');
    }
  }
  return faults;
}

/**
 * What is wrong between documents and DocumentEntries: each needs the other, by id.
 *
 * @param documentIds `xds:Document/@id` of each document
 * @returns XDSMissingDocument and XDSMissingDocumentMetadata, with the uniqueId or the document's id as location
 * @see ITI TF-2: 3.41.4.1.3
 */
export function refusalsOfDocuments(
  objects: readonly RegistryObject[],
  documentIds: readonly string[],
): readonly Refusal[] {
  const entries = objects.filter(({ element }) => element === 'ExtrinsicObject');
  const missing = entries
    .filter(({ id }) => !documentIds.includes(id))
    .map((entry) => {
      const location = identifierOf(entry, IDENTIFICATION.DocumentEntry.uniqueId) ?? entry.id;
      return new Refusal('XDSMissingDocument', `no document for ${entry.id}`, { location });
    });
  const surplus = documentIds
    .filter((id, at) => documentIds.indexOf(id) !== at || !entries.some((entry) => entry.id === id))
    .map((id) => {
      const context = `no DocumentEntry for the document ${id}, or two documents for it`;
      return new Refusal('XDSMissingDocumentMetadata', context, { location: id });
    });
  return [...missing, ...surplus];
}
