import type { SubmitObjectsRequest } from '../../profiles/xds/iti-42.ts';
import type { Association, DocumentEntry, Folder } from '../../profiles/xds/metadata.ts';
import { metadataToEbxml } from '../../profiles/xds/metadata-ebxml.ts';
import { ASSOCIATION_TYPE } from '../../profiles/xds/vocabulary.ts';
import { aDocumentEntry, aFolder, anAssociation, aSubmissionSet } from './xds-builders.ts';

/** The logicalID of what is updated. */
export const LOGICAL = 'urn:uuid:5b1e0000-0000-4000-8000-0000000000aa';
/** Objects of the registry. */
export const REGISTERED = 'urn:uuid:5b1e0000-0000-4000-8000-000000000003';
export const ALSO_REGISTERED = 'urn:uuid:5b1e0000-0000-4000-8000-000000000004';

/** What makes of the sample entry an On-Demand one. */
export const ON_DEMAND: Partial<DocumentEntry> = {
  objectType: 'On-Demand',
  creationTime: undefined,
  hash: undefined,
  size: undefined,
};

/** A submission of a SubmissionSet and these objects. */
export function anUpdateOf(
  ...objects: readonly (DocumentEntry | Folder | Association)[]
): SubmitObjectsRequest {
  return { objects: [aSubmissionSet(), ...objects].map(metadataToEbxml) };
}

/** The HasMember that makes an object the next version. */
export function aVersion(targetObject: string, over: Partial<Association> = {}): Association {
  return anAssociation({
    sourceObject: 'SubmissionSet01',
    targetObject,
    submissionSetStatus: 'Original',
    previousVersion: 1,
    ...over,
  });
}

/** ITI-57, ITI-92: a second version of a registered DocumentEntry. */
export function anUpdate(
  over: Partial<DocumentEntry> = {},
  membership: Partial<Association> = {},
): SubmitObjectsRequest {
  const entry = aDocumentEntry({ logicalID: LOGICAL, ...over });
  return anUpdateOf(entry, aVersion(entry.entryUUID, membership));
}

/** ITI-57: a second version of a registered Folder. */
export function aFolderUpdate(over: Partial<Folder> = {}): SubmitObjectsRequest {
  const folder = aFolder({ logicalID: LOGICAL, ...over });
  return anUpdateOf(folder, aVersion(folder.entryUUID, { submissionSetStatus: undefined }));
}

/** ITI-57: a registered object becomes Deprecated. */
export function aStatusUpdate(over: Partial<Association> = {}): SubmitObjectsRequest {
  return anUpdateOf(
    anAssociation({
      entryUUID: 'operation',
      associationType: ASSOCIATION_TYPE.UpdateAvailabilityStatus,
      sourceObject: 'SubmissionSet01',
      targetObject: REGISTERED,
      originalStatus: 'Approved',
      newStatus: 'Deprecated',
      ...over,
    }),
  );
}

/** ITI-57: two registered objects are related. */
export function aSubmittedAssociation(over: Partial<Association> = {}): SubmitObjectsRequest {
  return anUpdateOf(
    anAssociation({
      entryUUID: 'operation',
      associationType: ASSOCIATION_TYPE.SubmitAssociation,
      sourceObject: 'SubmissionSet01',
      targetObject: 'submitted',
    }),
    anAssociation({
      entryUUID: 'submitted',
      associationType: ASSOCIATION_TYPE.APND,
      sourceObject: REGISTERED,
      targetObject: ALSO_REGISTERED,
      ...over,
    }),
  );
}
