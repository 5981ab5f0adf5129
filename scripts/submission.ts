import type { DocumentContent } from '../profiles/formats/mtom.ts';
import { dtmOf } from '../profiles/formats/datatypes.ts';
import type { PatientId } from '../profiles/patient.ts';
import type { Issue } from '../profiles/transaction.ts';
import type { ProvideAndRegisterRequest } from '../profiles/xds/iti-41.ts';
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
  /** At least one; each entry has an entryUUID of its own, symbolic or not. */
  readonly documents: readonly {
    readonly entry: DocumentEntry;
    readonly content: DocumentContent;
  }[];
}

const SUBMISSION_SET = 'SubmissionSet';

/** An ITI-41 request: a SubmissionSet, its documents, and a HasMember each. Source: ITI TF-3: 4.2.1.4. */
export function provideAndRegister(
  { patientId, sourceId, title, documents }: NewSubmission,
  issue: Issue,
): ProvideAndRegisterRequest {
  const [first] = documents;
  if (first === undefined) throw new Error('a submission brings at least one document');
  const set: SubmissionSet = {
    kind: 'SubmissionSet',
    entryUUID: SUBMISSION_SET,
    patientId,
    uniqueId: oidOfUuid(issue.uuid()),
    sourceId,
    author: first.entry.author,
    contentTypeCode: first.entry.typeCode,
    submissionTime: dtmOf(issue.now()),
    ...(title === undefined ? {} : { title }),
  };
  const members = documents.map(
    ({ entry }): Association => ({
      kind: 'Association',
      entryUUID: `${entry.entryUUID}-member`,
      associationType: ASSOCIATION_TYPE.HasMember,
      sourceObject: SUBMISSION_SET,
      targetObject: entry.entryUUID,
      submissionSetStatus: 'Original',
    }),
  );
  return {
    submission: {
      objects: [
        submissionSetToEbxml(set),
        ...documents.map(({ entry }) => documentEntryToEbxml(entry)),
        ...members.map((member) => associationToEbxml(member)),
      ],
    },
    documents: documents.map(({ entry, content }) => ({ id: entry.entryUUID, content })),
  };
}
