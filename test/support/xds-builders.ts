import type { RegistryObject } from '../../profiles/formats/ebxml.ts';
import type {
  Association,
  DocumentEntry,
  Folder,
  SubmissionSet,
} from '../../profiles/xds/metadata.ts';
import {
  associationToEbxml,
  documentEntryToEbxml,
  folderToEbxml,
  submissionSetToEbxml,
} from '../../profiles/xds/metadata-ebxml.ts';
import type { SubmitObjectsRequest } from '../../profiles/xds/iti-42.ts';
import { ASSOCIATION_TYPE } from '../../profiles/xds/vocabulary.ts';

/** The patient of everything that is built here, unless the test names another. */
export const SAMPLE_PATIENT = { id: 'P-0001', assigningAuthority: '2.999.3.7' } as const;

/** The bytes that the sample DocumentEntry describes. */
export const SAMPLE_BYTES: Uint8Array = new TextEncoder().encode('Hello XDS\n');

/** A valid DocumentEntry, as ITI-42 wants it: `Document01`, text/plain, with hash and size of SAMPLE_BYTES. */
export function aDocumentEntry(overrides: Partial<DocumentEntry> = {}): DocumentEntry {
  return {
    kind: 'DocumentEntry',
    entryUUID: 'Document01',
    objectType: 'Stable',
    patientId: SAMPLE_PATIENT,
    uniqueId: '2.999.8.1.1',
    mimeType: 'text/plain',
    title: '診療情報提供書',
    author: [
      {
        authorPerson: '11375^試験^医師^^^^^^&2.999.6.197&ISO',
        authorInstitution: ['試験病院^^^^^^^^^2.999.1.2'],
        authorRole: ['Attending'],
      },
    ],
    classCode: {
      code: '57133-1',
      codingScheme: '2.16.840.1.113883.6.1',
      displayName: 'Referral note',
    },
    confidentialityCode: [
      { code: 'N', codingScheme: '2.16.840.1.113883.5.25', displayName: 'normal' },
    ],
    creationTime: '20250102030405',
    eventCodeList: [],
    formatCode: {
      code: 'urn:ihe:iti:xds:2017:mimeTypeSufficient',
      codingScheme: '1.3.6.1.4.1.19376.1.2.3',
      displayName: 'mimeType Sufficient',
    },
    hash: '94a9a1a55698771e22383fd6f52001cdcaf5ce29',
    size: 10,
    healthcareFacilityTypeCode: {
      code: 'HOSP',
      codingScheme: '2.16.840.1.113883.5.111',
      displayName: 'Hospital',
    },
    practiceSettingCode: {
      code: '394802001',
      codingScheme: '2.16.840.1.113883.6.96',
      displayName: 'General medicine',
    },
    typeCode: {
      code: '57133-1',
      codingScheme: '2.16.840.1.113883.6.1',
      displayName: 'Referral note',
    },
    languageCode: 'ja-JP',
    repositoryUniqueId: '2.999.7.1',
    sourcePatientId: 'MRN-9^^^&2.999.3.8&ISO',
    sourcePatientInfo: [
      'PID-3|MRN-9^^^&2.999.3.8&ISO',
      'PID-5|試験^太郎',
      'PID-7|19700101',
      'PID-8|M',
    ],
    ...overrides,
  };
}

/** A valid SubmissionSet: `SubmissionSet01`. */
export function aSubmissionSet(overrides: Partial<SubmissionSet> = {}): SubmissionSet {
  return {
    kind: 'SubmissionSet',
    entryUUID: 'SubmissionSet01',
    patientId: SAMPLE_PATIENT,
    uniqueId: '2.999.9.1.1',
    sourceId: '2.999.9.1',
    author: [{ authorInstitution: ['試験病院^^^^^^^^^2.999.1.2'] }],
    contentTypeCode: {
      code: '57133-1',
      codingScheme: '2.16.840.1.113883.6.1',
      displayName: 'Referral note',
    },
    submissionTime: '20250102030500',
    ...overrides,
  };
}

/** A valid Folder: `Folder01`. */
export function aFolder(overrides: Partial<Folder> = {}): Folder {
  return {
    kind: 'Folder',
    entryUUID: 'Folder01',
    patientId: SAMPLE_PATIENT,
    uniqueId: '2.999.9.1.2',
    title: 'Episode 1',
    codeList: [{ code: 'EPI', codingScheme: '2.999.5.2', displayName: 'Episode' }],
    ...overrides,
  };
}

/** An Association: `sourceObject` HasMember `targetObject`, unless the test says another type. */
export function anAssociation(
  ends: Pick<Association, 'sourceObject' | 'targetObject'> & Partial<Association>,
): Association {
  return {
    kind: 'Association',
    entryUUID: `${ends.sourceObject}-${ends.targetObject}`.replaceAll('urn:uuid:', ''),
    associationType: ASSOCIATION_TYPE.HasMember,
    ...ends,
  };
}

/** What a test may say of a submission; the rest is made sound. */
export interface SubmissionParts {
  readonly submissionSet?: Partial<SubmissionSet>;
  /** Default: one sample entry. Entries after the first get ids and uniqueIds of their own unless they say them. */
  readonly documentEntries?: readonly Partial<DocumentEntry>[];
  readonly folders?: readonly Partial<Folder>[];
  /** Puts each of this message's documents into each of its folders. Default: true. */
  readonly filed?: boolean;
  /** Associations beyond the memberships that are made here, such as RPLC. */
  readonly associations?: readonly Association[];
  /** Objects as ebRIM, put at the end as they are. */
  readonly objects?: readonly RegistryObject[];
}

/**
 * A whole valid submission: SubmissionSet, entries, folders, and every HasMember that they need.
 *
 * With `patientId` in the SubmissionSet, entries and folders take the same unless they say another.
 */
export function aSubmission(parts: SubmissionParts = {}): SubmitObjectsRequest {
  const set = aSubmissionSet(parts.submissionSet);
  const { patientId } = set;
  const entries = (parts.documentEntries ?? [{}]).map((entry, index) =>
    aDocumentEntry({
      patientId,
      ...(index === 0
        ? {}
        : { entryUUID: `Document0${index + 1}`, uniqueId: `2.999.8.1.${index + 1}` }),
      ...entry,
    }),
  );
  const folders = (parts.folders ?? []).map((folder, index) =>
    aFolder({
      patientId,
      ...(index === 0
        ? {}
        : { entryUUID: `Folder0${index + 1}`, uniqueId: `2.999.9.2.${index + 1}` }),
      ...folder,
    }),
  );
  const filings =
    parts.filed === false
      ? []
      : folders.flatMap((folder) => entries.map((entry) => hasMember(folder, entry)));
  const memberships = [
    ...entries.map((entry) =>
      anAssociation({ ...ends(set, entry), submissionSetStatus: 'Original' }),
    ),
    ...folders.map((folder) => hasMember(set, folder)),
    ...filings,
    ...filings.map((filing) => hasMember(set, filing)),
  ];
  return {
    objects: [
      ...entries.map(documentEntryToEbxml),
      submissionSetToEbxml(set),
      ...folders.map(folderToEbxml),
      ...[...memberships, ...(parts.associations ?? [])].map(associationToEbxml),
      ...(parts.objects ?? []),
    ],
  };
}

function ends(source: { entryUUID: string }, target: { entryUUID: string }) {
  return { sourceObject: source.entryUUID, targetObject: target.entryUUID };
}

function hasMember(source: { entryUUID: string }, target: { entryUUID: string }): Association {
  return anAssociation(ends(source, target));
}
