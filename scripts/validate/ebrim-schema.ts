import { XML_NAMESPACE } from '../../profiles/formats/xml.ts';

/** Elements that are registry objects, with the attributes that the schema asks for. */
export const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  ExtrinsicObject: ['id'],
  RegistryPackage: ['id'],
  Association: ['id', 'associationType', 'sourceObject', 'targetObject'],
  Classification: ['id', 'classifiedObject'],
  ExternalIdentifier: ['id', 'registryObject', 'identificationScheme', 'value'],
  ObjectRef: ['id'],
};

const COMMON = ['id', 'lid', 'home', 'objectType', 'status'];
/** Attributes that the schema knows. */
export const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  ExtrinsicObject: [...COMMON, 'mimeType', 'isOpaque'],
  RegistryPackage: COMMON,
  Association: [...COMMON, 'associationType', 'sourceObject', 'targetObject'],
  Classification: [
    ...COMMON,
    'classificationScheme',
    'classificationNode',
    'classifiedObject',
    'nodeRepresentation',
  ],
  ExternalIdentifier: [...COMMON, 'registryObject', 'identificationScheme', 'value'],
  ObjectRef: ['id', 'home', 'createReplica'],
  Slot: ['name', 'slotType'],
  ValueList: [],
  Value: [],
  Name: [],
  Description: [],
  LocalizedString: ['value', 'charset', `{${XML_NAMESPACE}}lang`],
  VersionInfo: ['versionName', 'comment'],
};

/** Children of a registry object, in the order of the schema. */
export const ORDER = [
  'Slot',
  'Name',
  'Description',
  'VersionInfo',
  'Classification',
  'ExternalIdentifier',
  'ContentVersionInfo',
  'RegistryObjectList',
];
/** Children that stand once at most. */
export const ONCE = [
  'Name',
  'Description',
  'VersionInfo',
  'ContentVersionInfo',
  'RegistryObjectList',
];
/** Elements with such children. */
export const OBJECTS = [
  'ExtrinsicObject',
  'RegistryPackage',
  'Association',
  'Classification',
  'ExternalIdentifier',
];
