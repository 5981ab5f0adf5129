import { decodeCX } from '../formats/datatypes.ts';
import type {
  Classification,
  ExtrinsicObject,
  Association as RimAssociation,
  RegistryObject,
  RegistryPackage,
  Slot,
} from '../formats/ebxml.ts';
import type { PatientId } from '../patient.ts';
import { Refusal } from '../refusal.ts';
import type { XdsErrorCode } from './error-codes.ts';
import type {
  Association,
  Author,
  Code,
  DocumentEntry,
  ExtraMetadata,
  Folder,
  SubmissionSet,
} from './metadata.ts';
import {
  CLASSIFICATION,
  DOCUMENT_ENTRY_TYPE,
  IDENTIFICATION,
  LIMITED_METADATA_NODE,
  nameOfUrn,
  PACKAGE_NODE,
  REFERENCE_ID_LIST,
  SLOT_NAMES,
  STATUS_TYPE,
} from './vocabulary.ts';

/** What a registry object is in XDS. */
export type MetadataKind = 'DocumentEntry' | 'SubmissionSet' | 'Folder' | 'Association';

/** What the object is, by its element, objectType and classification nodes; undefined for what XDS does not know. */
export function kindOf(object: RegistryObject): MetadataKind | undefined {
  switch (object.element) {
    case 'ExtrinsicObject':
      return nameOfUrn(DOCUMENT_ENTRY_TYPE, object.objectType) && 'DocumentEntry';
    case 'Association':
      return 'Association';
    case 'RegistryPackage': {
      let kind: MetadataKind | undefined;
      for (const { classificationNode } of object.classifications) {
        const found = nameOfUrn(PACKAGE_NODE, classificationNode);
        if (found === undefined) continue;
        if (kind !== undefined && kind !== found) return undefined;
        kind = found;
      }
      return kind;
    }
  }
}

/** The values of a slot; empty where the slot is absent or empty. */
export function slotValues(
  part: { readonly slots: readonly Slot[] },
  name: string,
): readonly string[] {
  return part.slots.find((slot) => slot.name === name)?.values ?? [];
}

/** The value of the identifier of that scheme. */
export function identifierOf(object: RegistryObject, scheme: string): string | undefined {
  return object.externalIdentifiers.find((one) => one.identificationScheme === scheme)?.value;
}

/** The Classifications of that scheme, in order. */
export function classificationsOf(
  object: RegistryObject,
  scheme: string,
): readonly Classification[] {
  return object.classifications.filter((one) => one.classificationScheme === scheme);
}

/** The code that a Classification carries. Source: ITI TF-3: 4.2.3.1.2. */
export function codeOf(classification: Classification): Code {
  return present<Code>({
    code: classification.nodeRepresentation ?? '',
    codingScheme: slotValues(classification, 'codingScheme')[0] ?? '',
    displayName: classification.name[0]?.value,
  });
}

function authorOf(classification: Classification): Author {
  const many = (name: string) => present1(slotValues(classification, name));
  return present<Author>({
    authorPerson: slotValues(classification, 'authorPerson')[0],
    authorInstitution: many('authorInstitution'),
    authorRole: many('authorRole'),
    authorSpecialty: many('authorSpecialty'),
    authorTelecommunication: many('authorTelecommunication'),
  });
}

/** Undefined for an empty list: an empty slot is an absent attribute. */
function present1<Value>(values: readonly Value[]): readonly Value[] | undefined {
  return values.length === 0 ? undefined : values;
}

/** Without the keys whose value is undefined. */
function present<Value extends object>(value: Value): Value {
  const kept: Partial<Value> = {};
  for (const key in value) if (value[key] !== undefined) kept[key] = value[key];
  return kept as Value;
}

/** The number of a version; undefined for what is none, such as the schema's default `1.1`. */
export function versionOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : undefined;
}

const METADATA_ERROR: XdsErrorCode = 'XDSRegistryMetadataError';

/** Reads attributes of one object; what is required and absent is refused. */
class View {
  readonly object: RegistryObject;

  constructor(object: RegistryObject) {
    this.object = object;
  }

  required<Value>(attribute: string, value: Value | undefined): Value {
    if (value !== undefined && value !== '') return value;
    throw new Refusal(METADATA_ERROR, `${attribute} is missing`, { location: this.object.id });
  }

  slot(name: string): string | undefined {
    return slotValues(this.object, name)[0];
  }

  codes(scheme: string): readonly Code[] {
    return classificationsOf(this.object, scheme).map(codeOf);
  }

  code(attribute: string, scheme: string): Code {
    return this.required(attribute, this.codes(scheme)[0]);
  }

  patientId(scheme: string): PatientId {
    return decodeCX(this.required('patientId', identifierOf(this.object, scheme)), METADATA_ERROR);
  }

  uniqueId(scheme: string): string {
    return this.required('uniqueId', identifierOf(this.object, scheme));
  }

  common(kind: 'DocumentEntry' | 'SubmissionSet' | 'Folder') {
    const { object } = this;
    const limited = LIMITED_METADATA_NODE[kind];
    return {
      entryUUID: object.id,
      logicalID: object.lid,
      version: versionOf(object.versionName),
      availabilityStatus: nameOfUrn(STATUS_TYPE, object.status),
      homeCommunityId: object.home,
      title: object.name[0]?.value,
      comments: object.description[0]?.value,
      limitedMetadata:
        object.classifications.some((one) => one.classificationNode === limited) || undefined,
      extraMetadata: this.extra(SLOT_NAMES[kind]),
    };
  }

  extra(known: readonly string[]): readonly ExtraMetadata[] | undefined {
    return present1(
      this.object.slots
        .filter(({ name }) => !known.includes(name))
        .map(({ name, values }) => ({ name, values })),
    );
  }
}

/** The DocumentEntry that an ExtrinsicObject carries. @throws Refusal XDSRegistryMetadataError where a required attribute is missing */
export function documentEntryOf(object: ExtrinsicObject): DocumentEntry {
  const view = new View(object);
  const scheme = CLASSIFICATION.DocumentEntry;
  const size = view.slot('size');
  return present<DocumentEntry>({
    kind: 'DocumentEntry',
    ...view.common('DocumentEntry'),
    objectType: view.required('objectType', nameOfUrn(DOCUMENT_ENTRY_TYPE, object.objectType)),
    patientId: view.patientId(IDENTIFICATION.DocumentEntry.patientId),
    uniqueId: view.uniqueId(IDENTIFICATION.DocumentEntry.uniqueId),
    mimeType: view.required('mimeType', object.mimeType),
    author: classificationsOf(object, scheme.author).map(authorOf),
    classCode: view.code('classCode', scheme.classCode),
    confidentialityCode: view.codes(scheme.confidentialityCode),
    creationTime: view.slot('creationTime'),
    eventCodeList: view.codes(scheme.eventCodeList),
    formatCode: view.code('formatCode', scheme.formatCode),
    hash: view.slot('hash')?.toLowerCase(),
    size: size !== undefined && /^[0-9]{1,15}$/.test(size) ? Number(size) : undefined,
    healthcareFacilityTypeCode: view.code(
      'healthcareFacilityTypeCode',
      scheme.healthcareFacilityTypeCode,
    ),
    practiceSettingCode: view.code('practiceSettingCode', scheme.practiceSettingCode),
    typeCode: view.code('typeCode', scheme.typeCode),
    languageCode: view.required('languageCode', view.slot('languageCode')),
    legalAuthenticator: view.slot('legalAuthenticator'),
    referenceIdList: present1(slotValues(object, REFERENCE_ID_LIST)),
    repositoryUniqueId: view.slot('repositoryUniqueId'),
    serviceStartTime: view.slot('serviceStartTime'),
    serviceStopTime: view.slot('serviceStopTime'),
    sourcePatientId: view.slot('sourcePatientId'),
    sourcePatientInfo: present1(slotValues(object, 'sourcePatientInfo')),
    documentAvailability: view.slot('documentAvailability'),
    URI: view.slot('URI'),
  });
}

/** The SubmissionSet that a RegistryPackage carries. @throws Refusal XDSRegistryMetadataError where a required attribute is missing */
export function submissionSetOf(object: RegistryPackage): SubmissionSet {
  const view = new View(object);
  return present<SubmissionSet>({
    kind: 'SubmissionSet',
    ...view.common('SubmissionSet'),
    patientId: view.patientId(IDENTIFICATION.SubmissionSet.patientId),
    uniqueId: view.uniqueId(IDENTIFICATION.SubmissionSet.uniqueId),
    sourceId: view.required(
      'sourceId',
      identifierOf(object, IDENTIFICATION.SubmissionSet.sourceId),
    ),
    author: classificationsOf(object, CLASSIFICATION.SubmissionSet.author).map(authorOf),
    contentTypeCode: view.code('contentTypeCode', CLASSIFICATION.SubmissionSet.contentTypeCode),
    submissionTime: view.required('submissionTime', view.slot('submissionTime')),
    intendedRecipient: present1(slotValues(object, 'intendedRecipient')),
  });
}

/** The Folder that a RegistryPackage carries. @throws Refusal XDSRegistryMetadataError where a required attribute is missing */
export function folderOf(object: RegistryPackage): Folder {
  const view = new View(object);
  return present<Folder>({
    kind: 'Folder',
    ...view.common('Folder'),
    patientId: view.patientId(IDENTIFICATION.Folder.patientId),
    uniqueId: view.uniqueId(IDENTIFICATION.Folder.uniqueId),
    codeList: view.codes(CLASSIFICATION.Folder.codeList),
    lastUpdateTime: view.slot('lastUpdateTime'),
  });
}

/** The Association in XDS's words. A slot whose value is none of those that it may have is left out. */
export function associationOf(object: RimAssociation): Association {
  const view = new View(object);
  const status = view.slot('SubmissionSetStatus');
  const propagation = view.slot('AssociationPropagation');
  return present<Association>({
    kind: 'Association',
    entryUUID: object.id,
    logicalID: object.lid,
    version: versionOf(object.versionName),
    associationType: object.associationType,
    sourceObject: object.sourceObject,
    targetObject: object.targetObject,
    availabilityStatus: nameOfUrn(STATUS_TYPE, object.status),
    submissionSetStatus: status === 'Original' || status === 'Reference' ? status : undefined,
    previousVersion: versionOf(view.slot('PreviousVersion')),
    associationPropagation: propagation === 'yes' || propagation === 'no' ? propagation : undefined,
    originalStatus: nameOfUrn(STATUS_TYPE, view.slot('OriginalStatus')),
    newStatus: nameOfUrn(STATUS_TYPE, view.slot('NewStatus')),
    homeCommunityId: object.home,
    associationDocumentation: view.codes(CLASSIFICATION.Association.associationDocumentation)[0],
    extraMetadata: view.extra(SLOT_NAMES.Association),
  });
}
