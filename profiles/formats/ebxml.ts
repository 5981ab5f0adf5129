import type { XmlElement } from './xml.ts';

/** Namespaces of ebXML Registry 3.0; each is also the prefix that is written. Source: ebRIM and ebRS 3.0. */
export const EBXML_NS = {
  rim: 'urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0',
  rs: 'urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0',
  lcm: 'urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0',
  query: 'urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0',
} as const;

/** ebRIM 3.0 as IHE uses it: kept whole, so that what is not understood is still returned. Source: ITI TF-3: 4.2.1. */
export interface Slot {
  readonly name: string;
  readonly slotType?: string;
  readonly values: readonly string[];
}

/** `rim:LocalizedString`: one language's text of a Name or Description. */
export interface LocalizedString {
  readonly value: string;
  readonly lang?: string;
  readonly charset?: string;
}

/** What every registry object, Classification and ExternalIdentifier has. */
export interface RegistryObjectPart {
  readonly id: string;
  readonly lid?: string;
  readonly home?: string;
  readonly objectType?: string;
  readonly status?: string;
  readonly slots: readonly Slot[];
  readonly name: readonly LocalizedString[];
  readonly description: readonly LocalizedString[];
  /** `rim:VersionInfo/@versionName`. */
  readonly versionName?: string;
  /** `rim:VersionInfo/@comment`. */
  readonly versionComment?: string;
  readonly classifications: readonly Classification[];
  readonly externalIdentifiers: readonly ExternalIdentifier[];
  /** Elements of a peer's answer that the schema does not know there; written back after the known ones. */
  readonly unknown?: readonly XmlElement[];
}

/** `rim:Classification`: a code, an author, or with `classificationNode` a label. */
export interface Classification extends RegistryObjectPart {
  readonly classificationScheme?: string;
  readonly classificationNode?: string;
  readonly classifiedObject: string;
  readonly nodeRepresentation?: string;
}

/** `rim:ExternalIdentifier`: patientId, uniqueId or sourceId. */
export interface ExternalIdentifier extends RegistryObjectPart {
  readonly registryObject: string;
  readonly identificationScheme: string;
  readonly value: string;
}

/** `rim:ContentVersionInfo`. */
export interface ContentVersion {
  readonly versionName?: string;
  readonly comment?: string;
}

/** `rim:ExtrinsicObject`: a DocumentEntry. */
export interface ExtrinsicObject extends RegistryObjectPart {
  readonly element: 'ExtrinsicObject';
  readonly mimeType?: string;
  readonly isOpaque?: boolean;
  readonly contentVersion?: ContentVersion;
}

/** `rim:RegistryPackage`: a SubmissionSet or a Folder; its classification node tells. */
export interface RegistryPackage extends RegistryObjectPart {
  readonly element: 'RegistryPackage';
}

/** `rim:Association`: how two objects are related; the type is a URN. */
export interface Association extends RegistryObjectPart {
  readonly element: 'Association';
  readonly associationType: string;
  readonly sourceObject: string;
  readonly targetObject: string;
}

/** What a submission holds and a LeafClass query returns. */
export type RegistryObject = ExtrinsicObject | RegistryPackage | Association;

/** `rim:ObjectRef`: a pointer, not the object. */
export interface ObjectRef {
  readonly element: 'ObjectRef';
  readonly id: string;
  readonly home?: string;
}
