import type { RegistryObject } from '../../profiles/formats/ebxml.ts';
import type { PatientId } from '../../profiles/patient.ts';
import type { AvailabilityStatus, Code } from '../../profiles/xds/metadata.ts';
import type { RegistryObjectText } from '../../profiles/xds/stored-queries.ts';

/** What the Document Registry asks of a store. Every form passes test/support/registry-store-suite.ts. */
export interface RegistryStore {
  /** Looks at one state of the registry throughout. Inside, nothing but the reader's own methods is awaited. */
  look<Result>(work: (objects: RegistryReader) => Promise<Result>): Promise<Result>;
  /**
   * All that the work changes or, if it throws, none of it. Resolves when the change is durable. Inside, nothing but
   * the writer's own methods is awaited.
   */
  change<Result>(work: (objects: RegistryWriter) => Promise<Result>): Promise<Result>;
}

export interface RegistryReader {
  /** Whether the patient has been fed and is active. */
  knows(patient: PatientId): Promise<boolean>;
  /** Objects by entryUUID, in the order asked; unknown ones are left out. */
  objectsOf(entryUUIDs: readonly string[]): Promise<readonly RegistryObjectText[]>;
  /** Objects of one kind by uniqueId, of any status; one uniqueId may give several DocumentEntries. */
  objectsWithUniqueId(
    kind: ObjectCriteria['kind'],
    uniqueIds: readonly string[],
  ): Promise<readonly RegistryObjectText[]>;
  /** Which objects of any kind use these uniqueIds. */
  usesOf(uniqueIds: readonly string[]): Promise<readonly UniqueIdUse[]>;
  /** At most `most` objects that meet all criteria, in the order in which they were submitted. */
  find(criteria: ObjectCriteria, most: number): Promise<readonly RegistryObjectText[]>;
  /** At most `most` Associations with one of these objects at one of the ends, in the order submitted. */
  associationsOf(ends: AssociationEnds, most: number): Promise<readonly RegistryObjectText[]>;
}

export interface RegistryWriter extends RegistryReader {
  /** Makes the patient known; a known one stays as it is. */
  addPatient(patient: PatientId): Promise<void>;
  /** Takes objects whose ids are UUIDs and whose status and logical id are set. */
  add(objects: readonly RegistryObject[]): Promise<void>;
  /** Sets the availabilityStatus to Deprecated. */
  deprecate(entryUUIDs: readonly string[]): Promise<void>;
  /** Sets the Folders' lastUpdateTime, DTM to the second. */
  updateFolders(entryUUIDs: readonly string[], lastUpdateTime: string): Promise<void>;
}

/** Where a uniqueId is used. `hash` (lower case) and `size` are a DocumentEntry's. */
export interface UniqueIdUse {
  readonly uniqueId: string;
  readonly kind: ObjectCriteria['kind'];
  readonly entryUUID: string;
  readonly hash?: string;
  readonly size?: number;
}

/** `source`, `target`: the objects at that end. `either`: at one of the two. One of the three is given. */
export interface AssociationEnds {
  readonly source?: readonly string[];
  readonly target?: readonly string[];
  readonly either?: readonly string[];
  /** URNs; absent: all. */
  readonly associationTypes?: readonly string[];
}

/** From inclusive, to exclusive; both DTM filled up to the second. */
export interface TimeSpan {
  readonly from?: string;
  readonly to?: string;
}

/** What the objects found must meet, all of it. A list that is given means: one of these. Absent: anything. */
export interface ObjectCriteria {
  readonly kind: 'DocumentEntry' | 'SubmissionSet' | 'Folder';
  readonly patientId?: PatientId;
  /** Only these objects. */
  readonly among?: readonly string[];
  readonly availabilityStatus?: readonly AvailabilityStatus[];
  /** DocumentEntry: the URNs of Stable and On-Demand. */
  readonly objectType?: readonly string[];
  readonly classCode?: readonly Code[];
  readonly typeCode?: readonly Code[];
  readonly practiceSettingCode?: readonly Code[];
  readonly healthcareFacilityTypeCode?: readonly Code[];
  readonly formatCode?: readonly Code[];
  /** SubmissionSet. */
  readonly contentTypeCode?: readonly Code[];
  readonly sourceId?: readonly string[];
  /** Attributes of many values: one of each inner list. */
  readonly eventCodeList?: readonly (readonly Code[])[];
  readonly confidentialityCode?: readonly (readonly Code[])[];
  readonly codeList?: readonly (readonly Code[])[];
  /** LIKE patterns: `%` any run, `_` one character. */
  readonly referenceIdList?: readonly (readonly string[])[];
  readonly authorPerson?: readonly string[];
  readonly creationTime?: TimeSpan;
  /** An entry without the attribute passes. */
  readonly serviceStartTime?: TimeSpan;
  readonly serviceStopTime?: TimeSpan;
  readonly submissionTime?: TimeSpan;
  readonly lastUpdateTime?: TimeSpan;
}
