/** ebRIM 3.0 as IHE uses it: kept whole, so that what is not understood is still returned. Source: ITI TF-3: 4.2.1. */
export interface Slot {
  readonly name: string;
  readonly slotType?: string;
  readonly values: readonly string[];
}

export interface LocalizedString {
  readonly value: string;
  readonly lang?: string;
  readonly charset?: string;
}

interface RegistryObjectPart {
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
  readonly classifications: readonly Classification[];
  readonly externalIdentifiers: readonly ExternalIdentifier[];
}

export interface Classification extends RegistryObjectPart {
  readonly classificationScheme?: string;
  readonly classificationNode?: string;
  readonly classifiedObject: string;
  readonly nodeRepresentation?: string;
}

export interface ExternalIdentifier extends RegistryObjectPart {
  readonly registryObject: string;
  readonly identificationScheme: string;
  readonly value: string;
}

export interface ExtrinsicObject extends RegistryObjectPart {
  readonly element: 'ExtrinsicObject';
  readonly mimeType?: string;
  readonly isOpaque?: boolean;
}

export interface RegistryPackage extends RegistryObjectPart {
  readonly element: 'RegistryPackage';
}

export interface Association extends RegistryObjectPart {
  readonly element: 'Association';
  readonly associationType: string;
  readonly sourceObject: string;
  readonly targetObject: string;
}

export type RegistryObject = ExtrinsicObject | RegistryPackage | Association;

/** `rim:ObjectRef`: a pointer, not the object. */
export interface ObjectRef {
  readonly element: 'ObjectRef';
  readonly id: string;
  readonly home?: string;
}
