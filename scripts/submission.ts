import type { DocumentContent } from '../profiles/formats/mtom.ts';
import { dtmOf } from '../profiles/formats/datatypes.ts';
import type { PatientId } from '../profiles/patient.ts';
import type { Issue } from '../profiles/transaction.ts';
import type { ProvideAndRegisterRequest } from '../profiles/xds/iti-41.ts';
import type { SubmitObjectsRequest } from '../profiles/xds/iti-42.ts';
import type { Association, DocumentEntry, SubmissionSet } from '../profiles/xds/metadata.ts';
import {
  associationToEbxml,
  documentEntryToEbxml,
  submissionSetToEbxml,
} from '../profiles/xds/metadata-ebxml.ts';
import { ASSOCIATION_TYPE } from '../profiles/xds/vocabulary.ts';
import { oidOfUuid } from './document-codes.ts';

/** What one submission brings: documents of one patient from one source. */
export interface NewSubmission {
  readonly patientId: PatientId;
  /** OID of the submitting system. */
  readonly sourceId: string;
  readonly title?: string;
  /** Of the SubmissionSet; a new one, if not given. */
  readonly uniqueId?: string;
  /** At least one; each entry has an entryUUID of its own, symbolic or not. */
  readonly documents: readonly {
    readonly entry: DocumentEntry;
    readonly content: DocumentContent;
    /** entryUUID of the Approved entry that this one replaces. */
    readonly replaces?: string;
  }[];
}

const SUBMISSION_SET = 'SubmissionSet';

/** An ITI-57 request by which one entry becomes Deprecated. Source: ITI TF-2: 3.57.4.1.3.3.2 (XDS Metadata Update). */
export function deprecation(
  {
    entryUUID,
    ...set
  }: { readonly entryUUID: string } & Pick<
    SubmissionSet,
    'patientId' | 'sourceId' | 'author' | 'contentTypeCode'
  >,
  issue: Issue,
): SubmitObjectsRequest {
  return {
    objects: [
      submissionSetToEbxml({
        kind: 'SubmissionSet',
        entryUUID: SUBMISSION_SET,
        uniqueId: oidOfUuid(issue.uuid()),
        submissionTime: dtmOf(issue.now()),
        ...set,
      }),
      associationToEbxml({
        kind: 'Association',
        entryUUID: 'Operation',
        associationType: ASSOCIATION_TYPE.UpdateAvailabilityStatus,
        sourceObject: SUBMISSION_SET,
        targetObject: entryUUID,
        originalStatus: 'Approved',
        newStatus: 'Deprecated',
      }),
    ],
  };
}

/** An ITI-41 request: a SubmissionSet, its documents, and a HasMember each. Source: ITI TF-3: 4.2.1.4. */
export function provideAndRegister(
  { patientId, sourceId, title, uniqueId, documents }: NewSubmission,
  issue: Issue,
): ProvideAndRegisterRequest {
  const [first] = documents;
  if (first === undefined) throw new Error('a submission brings at least one document');
  const set: SubmissionSet = {
    kind: 'SubmissionSet',
    entryUUID: SUBMISSION_SET,
    patientId,
    uniqueId: uniqueId ?? oidOfUuid(issue.uuid()),
    sourceId,
    author: first.entry.author,
    contentTypeCode: first.entry.typeCode,
    submissionTime: dtmOf(issue.now()),
    ...(title === undefined ? {} : { title }),
  };
  const members = documents.map(
    ({ entry }, index): Association => ({
      kind: 'Association',
      entryUUID: `Member${index + 1}`,
      associationType: ASSOCIATION_TYPE.HasMember,
      sourceObject: SUBMISSION_SET,
      targetObject: entry.entryUUID,
      submissionSetStatus: 'Original',
    }),
  );
  const replacements = documents.flatMap(({ entry, replaces }, index): Association[] =>
    replaces === undefined
      ? []
      : [
          {
            kind: 'Association',
            entryUUID: `Replacement${index + 1}`,
            associationType: ASSOCIATION_TYPE.RPLC,
            sourceObject: entry.entryUUID,
            targetObject: replaces,
          },
        ],
  );
  return {
    submission: {
      objects: [
        submissionSetToEbxml(set),
        ...documents.map(({ entry }) => documentEntryToEbxml(entry)),
        ...[...members, ...replacements].map((one) => associationToEbxml(one)),
      ],
    },
    documents: documents.map(({ entry, content }) => ({ id: entry.entryUUID, content })),
  };
}
