import { encodeCX } from '../formats/datatypes.ts';
import type {
  Classification,
  ExternalIdentifier,
  ExtrinsicObject,
  LocalizedString,
  Association as RimAssociation,
  RegistryObject,
  RegistryPackage,
  Slot,
} from '../formats/ebxml.ts';
import type {
  Association,
  Author,
  AvailabilityStatus,
  Code,
  DocumentEntry,
  ExtraMetadata,
  Folder,
  MetadataObjectValue,
  SubmissionSet,
} from './metadata.ts';
import {
  AUTHOR_SLOTS,
  CLASSIFICATION,
  DOCUMENT_ENTRY_TYPE,
  IDENTIFICATION,
  LIMITED_METADATA_NODE,
  OBJECT_TYPE,
  PACKAGE_NODE,
  REFERENCE_ID_LIST,
  STATUS_TYPE,
} from './vocabulary.ts';

/** Makes the parts of one registry object; each part's id is the object's with a number, and so symbolic. */
class Parts {
  readonly #owner: string;
  readonly #stem: string;
  readonly slots: Slot[] = [];
  readonly classifications: Classification[] = [];
  readonly externalIdentifiers: ExternalIdentifier[] = [];

  constructor(owner: string) {
    this.#owner = owner;
    this.#stem = owner.startsWith('urn:uuid:') ? `_${owner.slice('urn:uuid:'.length)}` : owner;
  }

  slot(name: string, ...values: readonly (string | undefined)[]): void {
    const given = values.filter((value) => value !== undefined);
    if (given.length > 0) this.slots.push({ name, values: given });
  }

  extra(slots: readonly ExtraMetadata[] | undefined): void {
    for (const { name, values } of slots ?? []) this.slots.push({ name, values });
  }

  code(scheme: string, codes: readonly (Code | undefined)[]): void {
    for (const code of codes) {
      if (code === undefined) continue;
      this.#classify({
        classificationScheme: scheme,
        nodeRepresentation: code.code,
        slots: [{ name: 'codingScheme', values: [code.codingScheme] }],
        name: localized(code.displayName),
      });
    }
  }

  author(scheme: string, authors: readonly Author[]): void {
    for (const author of authors) {
      const slots = AUTHOR_SLOTS.flatMap((name) => {
        const given = author[name];
        const values = typeof given === 'string' ? [given] : (given ?? []);
        return values.length === 0 ? [] : [{ name, values }];
      });
      this.#classify({ classificationScheme: scheme, nodeRepresentation: '', slots });
    }
  }

  node(classificationNode: string): void {
    this.#classify({ classificationNode });
  }

  identifier(identificationScheme: string, name: string, value: string): void {
    this.externalIdentifiers.push({
      ...NOTHING,
      id: `${this.#stem}.i${this.externalIdentifiers.length + 1}`,
      objectType: OBJECT_TYPE.ExternalIdentifier,
      registryObject: this.#owner,
      identificationScheme,
      value,
      name: localized(name),
    });
  }

  #classify(what: Partial<Classification>): void {
    this.classifications.push({
      ...NOTHING,
      id: `${this.#stem}.c${this.classifications.length + 1}`,
      objectType: OBJECT_TYPE.Classification,
      classifiedObject: this.#owner,
      ...what,
    });
  }
}

const NOTHING = {
  slots: [],
  name: [],
  description: [],
  classifications: [],
  externalIdentifiers: [],
} as const;

function localized(value: string | undefined): readonly LocalizedString[] {
  return value === undefined ? [] : [{ value }];
}

type Described = DocumentEntry | SubmissionSet | Folder;

/** What DocumentEntry, SubmissionSet and Folder have in common, beside their parts. */
function header(one: Described, objectType: string) {
  return {
    id: one.entryUUID,
    ...(one.logicalID === undefined ? {} : { lid: one.logicalID }),
    ...(one.homeCommunityId === undefined ? {} : { home: one.homeCommunityId }),
    ...(one.availabilityStatus === undefined
      ? {}
      : { status: STATUS_TYPE[one.availabilityStatus] }),
    ...(one.version === undefined ? {} : { versionName: String(one.version) }),
    objectType,
    name: localized(one.title),
    description: localized(one.comments),
  };
}

/**
 * A DocumentEntry as ebRIM. Ids of its parts are symbolic; a registry gives them UUIDs.
 *
 * @see ITI TF-3: Table 4.2.3.2-1
 */
export function documentEntryToEbxml(entry: DocumentEntry): ExtrinsicObject {
  const parts = new Parts(entry.entryUUID);
  const scheme = CLASSIFICATION.DocumentEntry;
  parts.slot('creationTime', entry.creationTime);
  parts.slot('documentAvailability', entry.documentAvailability);
  parts.slot('hash', entry.hash);
  parts.slot('languageCode', entry.languageCode);
  parts.slot('legalAuthenticator', entry.legalAuthenticator);
  parts.slot(REFERENCE_ID_LIST, ...(entry.referenceIdList ?? []));
  parts.slot('repositoryUniqueId', entry.repositoryUniqueId);
  parts.slot('serviceStartTime', entry.serviceStartTime);
  parts.slot('serviceStopTime', entry.serviceStopTime);
  parts.slot('size', entry.size?.toString());
  parts.slot('sourcePatientId', entry.sourcePatientId);
  parts.slot('sourcePatientInfo', ...(entry.sourcePatientInfo ?? []));
  parts.slot('URI', entry.URI);
  parts.extra(entry.extraMetadata);
  if (entry.limitedMetadata === true) parts.node(LIMITED_METADATA_NODE.DocumentEntry);
  parts.author(scheme.author, entry.author);
  parts.code(scheme.classCode, [entry.classCode]);
  parts.code(scheme.confidentialityCode, entry.confidentialityCode);
  parts.code(scheme.eventCodeList, entry.eventCodeList);
  parts.code(scheme.formatCode, [entry.formatCode]);
  parts.code(scheme.healthcareFacilityTypeCode, [entry.healthcareFacilityTypeCode]);
  parts.code(scheme.practiceSettingCode, [entry.practiceSettingCode]);
  parts.code(scheme.typeCode, [entry.typeCode]);
  identifiers(parts, entry);
  return {
    element: 'ExtrinsicObject',
    ...header(entry, DOCUMENT_ENTRY_TYPE[entry.objectType]),
    ...partsOf(parts),
    mimeType: entry.mimeType,
  };
}

/** patientId and uniqueId, with the names that the Framework fixes. Source: ITI TF-3: Table 4.2.5.1-2. */
function identifiers(parts: Parts, one: Described): void {
  const scheme = IDENTIFICATION[one.kind];
  parts.identifier(scheme.patientId, `XDS${one.kind}.patientId`, encodeCX(one.patientId));
  parts.identifier(scheme.uniqueId, `XDS${one.kind}.uniqueId`, one.uniqueId);
}

function partsOf({ slots, classifications, externalIdentifiers }: Parts) {
  return { slots, classifications, externalIdentifiers };
}

/** A SubmissionSet as ebRIM. @see ITI TF-3: Table 4.2.3.3-1 */
export function submissionSetToEbxml(set: SubmissionSet): RegistryPackage {
  const parts = new Parts(set.entryUUID);
  parts.slot('intendedRecipient', ...(set.intendedRecipient ?? []));
  parts.slot('submissionTime', set.submissionTime);
  parts.extra(set.extraMetadata);
  parts.node(PACKAGE_NODE.SubmissionSet);
  if (set.limitedMetadata === true) parts.node(LIMITED_METADATA_NODE.SubmissionSet);
  parts.author(CLASSIFICATION.SubmissionSet.author, set.author);
  parts.code(CLASSIFICATION.SubmissionSet.contentTypeCode, [set.contentTypeCode]);
  identifiers(parts, set);
  parts.identifier(
    IDENTIFICATION.SubmissionSet.sourceId,
    'XDSSubmissionSet.sourceId',
    set.sourceId,
  );
  return {
    element: 'RegistryPackage',
    ...header(set, OBJECT_TYPE.RegistryPackage),
    ...partsOf(parts),
  };
}

/** A Folder as ebRIM. @see ITI TF-3: Table 4.2.3.4-1 */
export function folderToEbxml(folder: Folder): RegistryPackage {
  const parts = new Parts(folder.entryUUID);
  parts.slot('lastUpdateTime', folder.lastUpdateTime);
  parts.extra(folder.extraMetadata);
  parts.node(PACKAGE_NODE.Folder);
  if (folder.limitedMetadata === true) parts.node(LIMITED_METADATA_NODE.Folder);
  parts.code(CLASSIFICATION.Folder.codeList, folder.codeList);
  identifiers(parts, folder);
  return {
    element: 'RegistryPackage',
    ...header(folder, OBJECT_TYPE.RegistryPackage),
    ...partsOf(parts),
  };
}

/** An Association as ebRIM. @see ITI TF-3: 4.2.2 */
export function associationToEbxml(association: Association): RimAssociation {
  const parts = new Parts(association.entryUUID);
  parts.slot('SubmissionSetStatus', association.submissionSetStatus);
  parts.slot('PreviousVersion', association.previousVersion?.toString());
  parts.slot('AssociationPropagation', association.associationPropagation);
  parts.slot('OriginalStatus', statusUrn(association.originalStatus));
  parts.slot('NewStatus', statusUrn(association.newStatus));
  parts.extra(association.extraMetadata);
  parts.code(CLASSIFICATION.Association.associationDocumentation, [
    association.associationDocumentation,
  ]);
  const { availabilityStatus, homeCommunityId, logicalID, version } = association;
  return {
    element: 'Association',
    ...NOTHING,
    id: association.entryUUID,
    ...(logicalID === undefined ? {} : { lid: logicalID }),
    ...(version === undefined ? {} : { versionName: String(version) }),
    ...(homeCommunityId === undefined ? {} : { home: homeCommunityId }),
    ...(availabilityStatus === undefined ? {} : { status: STATUS_TYPE[availabilityStatus] }),
    objectType: OBJECT_TYPE.Association,
    ...partsOf(parts),
    associationType: association.associationType,
    sourceObject: association.sourceObject,
    targetObject: association.targetObject,
  };
}

function statusUrn(status: AvailabilityStatus | undefined): string | undefined {
  return status && STATUS_TYPE[status];
}

/** Any object of XDS as ebRIM. */
export function metadataToEbxml(object: MetadataObjectValue): RegistryObject {
  switch (object.kind) {
    case 'DocumentEntry':
      return documentEntryToEbxml(object);
    case 'SubmissionSet':
      return submissionSetToEbxml(object);
    case 'Folder':
      return folderToEbxml(object);
    case 'Association':
      return associationToEbxml(object);
  }
}
