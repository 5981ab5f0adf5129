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
  /** Whether the patient has been fed and is active: not subsumed by another. */
  knows(patient: PatientId): Promise<boolean>;
  /** Whether the patient was fed, and is another since a merge. */
  isSubsumed(patient: PatientId): Promise<boolean>;
  /** Whether the first was subsumed by the second itself. Both are of one authority. */
  isSubsumedBy(subsumed: PatientId, surviving: PatientId): Promise<boolean>;
  /** Which of these objects a change of patients has taken from this one, or from one whom it had subsumed. */
  movedFrom(patient: PatientId, entryUUIDs: readonly string[]): Promise<readonly string[]>;
  /** Whether this change of patients was made. */
  wasChanged(change: string): Promise<boolean>;
  /** Objects by entryUUID, in the order asked; unknown ones are left out. */
  objectsOf(
    entryUUIDs: readonly string[],
    versions?: Versions,
  ): Promise<readonly RegistryObjectText[]>;
  /** Objects of one kind by uniqueId, of any status; one uniqueId may give several DocumentEntries. */
  objectsWithUniqueId(
    kind: ObjectCriteria['kind'],
    uniqueIds: readonly string[],
    versions?: Versions,
  ): Promise<readonly RegistryObjectText[]>;
  /** Every version of the logical objects of one kind, in the order in which they were submitted. */
  objectsWithLogicalId(
    kind: ObjectCriteria['kind'],
    logicalIDs: readonly string[],
  ): Promise<readonly RegistryObjectText[]>;
  /** Where objects stand among their versions, in the order submitted; unknown ones are left out. */
  versionsOf(entryUUIDs: readonly string[]): Promise<readonly ObjectVersion[]>;
  /** Every version of these logical objects, in the order submitted. */
  versionsOfLogical(logicalIDs: readonly string[]): Promise<readonly ObjectVersion[]>;
  /** Which objects of any kind use these uniqueIds. */
  usesOf(uniqueIds: readonly string[]): Promise<readonly UniqueIdUse[]>;
  /** At most `most` objects that meet all criteria, in the order in which they were submitted. */
  find(criteria: ObjectCriteria, most: number): Promise<readonly RegistryObjectText[]>;
  /** At most `most` Associations with one of these objects at one of the ends, in the order submitted. */
  associationsOf(ends: AssociationEnds, most: number): Promise<readonly RegistryObjectText[]>;
  /** The answer that was given to this very message, as it was remembered, unless it has expired by `at`. */
  answerTo(message: ReceivedMessage, at: Date): Promise<string | undefined>;
}

export interface RegistryWriter extends RegistryReader {
  /** Makes the patient known; a known one stays as it is. */
  addPatient(patient: PatientId): Promise<void>;
  /** Takes objects whose ids are UUIDs and whose status and logical id are set. */
  add(objects: readonly RegistryObject[]): Promise<void>;
  /** Makes `subsumed` another name of `surviving`, which takes over all its objects. Both are of one authority. */
  merge(patients: { subsumed: PatientId; surviving: PatientId; change?: string }): Promise<void>;
  /** Makes a patient who was subsumed active again, with those whom he had subsumed himself; any other stays as he is. */
  restore(patient: PatientId): Promise<void>;
  /** Gives these objects of one patient to another, and keeps which they were. Both are of one authority. */
  move(
    entryUUIDs: readonly string[],
    change: { readonly change: string; readonly from: PatientId; readonly to: PatientId },
  ): Promise<void>;
  setAvailabilityStatus(entryUUIDs: readonly string[], status: AvailabilityStatus): Promise<void>;
  /** These are no longer the most recent version of their logical object. */
  supersede(entryUUIDs: readonly string[]): Promise<void>;
  /** Takes objects out; what was the version before becomes the most recent one. */
  remove(entryUUIDs: readonly string[]): Promise<void>;
  /** Keeps what was answered to a message until `until`. */
  remember(message: ReceivedMessage, answer: string, until: Date): Promise<void>;
  /** Forgets the answers that have expired by `at`. */
  forgetAnswers(at: Date): Promise<void>;
  /** Sets the Folders' lastUpdateTime, DTM to the second. */
  updateFolders(entryUUIDs: readonly string[], lastUpdateTime: string): Promise<void>;
}

/** Which versions are wanted. Absent: all. */
export type Versions = 'latest';

/** An object among its versions. */
export interface ObjectVersion {
  readonly entryUUID: string;
  readonly kind: ObjectCriteria['kind'] | 'Association';
  readonly logicalID: string;
  readonly version: number;
  /** The most recent one of its logical object. */
  readonly latest: boolean;
  readonly availabilityStatus: AvailabilityStatus;
}

/** A message by which its sender can be told a second time what it was told. */
export interface ReceivedMessage {
  /** Who sent it, as the directory names it. */
  readonly caller: string;
  /** The transaction, and `wsa:MessageID`. */
  readonly id: string;
  /** SHA-256 of its body, hex. */
  readonly bodyHash: string;
}

/** Where a uniqueId is used. `hash` (lower case) and `size` are a DocumentEntry's. */
export interface UniqueIdUse {
  readonly uniqueId: string;
  readonly kind: ObjectCriteria['kind'];
  readonly entryUUID: string;
  /** Of all versions of one object alike. */
  readonly logicalID?: string;
  /** DocumentEntry: the URN of Stable or On-Demand. */
  readonly objectType?: string;
  /** The most recent version of its logical object. */
  readonly latest: boolean;
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
  /** Absent: any. */
  readonly availabilityStatus?: readonly AvailabilityStatus[];
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
  /** One of these patients. */
  readonly patientIds?: readonly PatientId[];
  /** Absent: all. */
  readonly versions?: Versions;
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
  /** URNs; an entry without the attribute is Online. */
  readonly documentAvailability?: readonly string[];
  /** An entry without the attribute passes. */
  readonly serviceStartTime?: TimeSpan;
  readonly serviceStopTime?: TimeSpan;
  readonly submissionTime?: TimeSpan;
  readonly lastUpdateTime?: TimeSpan;
}
