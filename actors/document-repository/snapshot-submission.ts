import type { Issue } from '../../profiles/transaction.ts';
import type { SubmitObjectsRequest } from '../../profiles/xds/iti-42.ts';
import type { Association, Code, DocumentEntry } from '../../profiles/xds/metadata.ts';
import {
  associationToEbxml,
  documentEntryToEbxml,
  submissionSetToEbxml,
} from '../../profiles/xds/metadata-ebxml.ts';
import { ASSOCIATION_TYPE } from '../../profiles/xds/vocabulary.ts';

/** What a snapshot is, beside what its On-Demand entry says already. */
export interface Snapshot {
  readonly uniqueId: string;
  /** DTM, UTC, to the second. */
  readonly creationTime: string;
  readonly mimeType: string;
  readonly hash: string;
  readonly size: number;
}

/** How a snapshot is registered. */
export interface NewSnapshot {
  readonly snapshot: Snapshot;
  /** The On-Demand entry. */
  readonly of: DocumentEntry;
  /** entryUUIDs of the snapshots that it replaces. */
  readonly replaced: readonly string[];
  readonly repositoryUniqueId: string;
  readonly contentTypeCode: Code;
  readonly issue: Issue;
}

const SET = 'SubmissionSet';
const ENTRY = 'Snapshot';

/**
 * The ITI-42 request that registers a snapshot: a Stable entry that says what the On-Demand entry says, IsSnapshotOf that
 * entry, and RPLC of the snapshots before it. Source: ITI TF-2: 3.43.4.1.3.
 */
export function snapshotSubmission(given: NewSnapshot): SubmitObjectsRequest {
  const { of, replaced, repositoryUniqueId, contentTypeCode, issue } = given;
  const entry = snapshotEntry(given);
  const set = submissionSetToEbxml({
    kind: 'SubmissionSet',
    entryUUID: SET,
    patientId: of.patientId,
    uniqueId: oidOf(issue.uuid()),
    sourceId: repositoryUniqueId,
    author: of.author,
    contentTypeCode,
    submissionTime: given.snapshot.creationTime,
  });
  const associations: readonly Association[] = [
    { ...link(1, SET, ENTRY), submissionSetStatus: 'Original' },
    { ...link(2, ENTRY, of.entryUUID), associationType: ASSOCIATION_TYPE.IsSnapshotOf },
    ...replaced.map((target, index) => ({
      ...link(index + 3, ENTRY, target),
      associationType: ASSOCIATION_TYPE.RPLC,
    })),
  ];
  return {
    objects: [
      set,
      documentEntryToEbxml(entry),
      ...associations.map((association) => associationToEbxml(association)),
    ],
  };
}

function snapshotEntry({ snapshot, of, repositoryUniqueId }: NewSnapshot): DocumentEntry {
  const { title, comments, sourcePatientId, sourcePatientInfo } = of;
  return {
    kind: 'DocumentEntry',
    entryUUID: ENTRY,
    objectType: 'Stable',
    patientId: of.patientId,
    author: of.author,
    classCode: of.classCode,
    confidentialityCode: of.confidentialityCode,
    eventCodeList: of.eventCodeList,
    formatCode: of.formatCode,
    healthcareFacilityTypeCode: of.healthcareFacilityTypeCode,
    practiceSettingCode: of.practiceSettingCode,
    typeCode: of.typeCode,
    languageCode: of.languageCode,
    ...(title === undefined ? {} : { title }),
    ...(comments === undefined ? {} : { comments }),
    ...(sourcePatientId === undefined ? {} : { sourcePatientId }),
    ...(sourcePatientInfo === undefined ? {} : { sourcePatientInfo }),
    repositoryUniqueId,
    ...snapshot,
  };
}

function link(number: number, sourceObject: string, targetObject: string): Association {
  return {
    kind: 'Association',
    entryUUID: `Association${number}`,
    associationType: ASSOCIATION_TYPE.HasMember,
    sourceObject,
    targetObject,
  };
}

/** An OID under 2.25 for a UUID. Source: ITU-T X.667, section 8. */
export function oidOf(uuid: string): string {
  return `2.25.${BigInt(`0x${uuid.replaceAll('-', '')}`)}`;
}
