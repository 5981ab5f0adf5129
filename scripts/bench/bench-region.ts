import { randomUUID } from 'node:crypto';
import type { DocumentContent } from '../../profiles/formats/mtom.ts';
import { mtomContentType, writeMtom } from '../../profiles/formats/mtom.ts';
import { writeEnvelope } from '../../profiles/formats/soap.ts';
import type { PatientId } from '../../profiles/patient.ts';
import type { Transaction } from '../../profiles/transaction.ts';

import type { SubmitObjectsRequest } from '../../profiles/xds/iti-42.ts';
import type { DocumentEntry } from '../../profiles/xds/metadata.ts';
import {
  associationToEbxml,
  documentEntryToEbxml,
  submissionSetToEbxml,
} from '../../profiles/xds/metadata-ebxml.ts';
import { ASSOCIATION_TYPE } from '../../profiles/xds/vocabulary.ts';

/** OIDs of the bench's one region. */
export const BENCH = {
  homeCommunityId: 'urn:oid:2.999.88.1',
  affinityDomain: '2.999.88.1.1',
  repositoryUniqueId: '2.999.88.1.2',
  device: '2.999.88.1.3',
  sourceId: '2.999.88.1.4',
} as const;

export const BENCH_TRANSACTIONS = [
  'ITI-18',
  'ITI-41',
  'ITI-42',
  'ITI-43',
  'ITI-44',
  'ITI-45',
  'ITI-47',
];

/** A regional id of the bench: the region keeps ids of its own authority as they are fed. */
export function benchPatient(n: number): PatientId {
  return { id: `B-${String(n).padStart(6, '0')}`, assigningAuthority: BENCH.affinityDomain };
}

let messages = 0;

/** The wrapper of an HL7 V3 message to the bench's region; each has an id of its own. */
export function transmission() {
  messages += 1;
  return {
    messageId: { root: `2.999.88.6.${process.pid}.${messages}` },
    creationTime: '20260101000000',
    sender: { device: BENCH.sourceId },
    receiver: { device: BENCH.device },
  };
}

/** The wrapper of a query, with the query's own id. */
export function asking() {
  const wrapper = transmission();
  return { transmission: wrapper, queryId: { root: `${wrapper.messageId.root}.1` } };
}

/** A message ready for the wire. */
export interface Ready {
  readonly contentType: string;
  readonly body: Buffer;
}

/** A Simple SOAP request, as our own sender writes it. */
export function simple<Request, Response>(
  transaction: Transaction<Request, Response>,
  request: Request,
  url: string,
): Ready {
  const { xml, headers, action } = transaction.request.encode(request);
  const chosen = action ?? transaction.wire.messages[0]?.action ?? '';
  const envelope = writeEnvelope({
    action: chosen,
    messageId: `urn:uuid:${randomUUID()}`,
    to: url,
    headers,
    body: xml,
  });
  return {
    contentType: `application/soap+xml; charset=UTF-8; action="${chosen}"`,
    body: Buffer.from(envelope, 'utf8'),
  };
}

/** An MTOM request, whole in memory. */
export async function mtom<Request, Response>(
  transaction: Transaction<Request, Response>,
  request: Request,
  url: string,
): Promise<Ready> {
  const { xml, attachments } = transaction.request.encode(request);
  const action = transaction.wire.messages[0]?.action ?? '';
  const envelope = writeEnvelope({
    action,
    messageId: `urn:uuid:${randomUUID()}`,
    to: url,
    body: xml,
  });
  const boundary = `bench-${randomUUID()}`;
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeMtom(envelope, attachments ?? [], boundary)) chunks.push(chunk);
  return { contentType: mtomContentType({ boundary, action }), body: Buffer.concat(chunks) };
}

/** ITI-42 with so many entries; every id is fresh. */
export function submissionOf(patientId: PatientId, entries: number): SubmitObjectsRequest {
  const documents = Array.from({ length: entries }, (_, index) => entryOf(patientId, index));
  return submissionWith(patientId, documents);
}

function submissionWith(
  patientId: PatientId,
  documents: readonly DocumentEntry[],
): SubmitObjectsRequest {
  return {
    objects: [
      ...documents.map(documentEntryToEbxml),
      submissionSetToEbxml({
        kind: 'SubmissionSet',
        entryUUID: 'SubmissionSet1',
        patientId,
        uniqueId: freshOid(),
        sourceId: BENCH.sourceId,
        author: [{ authorInstitution: ['計測病院^^^^^^^^^2.999.88.9'] }],
        contentTypeCode: code('57133-1', 'Referral note'),
        submissionTime: '20260101000000',
      }),
      ...documents.map(({ entryUUID }, index) =>
        associationToEbxml({
          kind: 'Association',
          entryUUID: `Association${index}`,
          associationType: ASSOCIATION_TYPE.HasMember,
          sourceObject: 'SubmissionSet1',
          targetObject: entryUUID,
          submissionSetStatus: 'Original',
        }),
      ),
    ],
  };
}

/** ITI-41 of one document, under an id of its own unless one is given. */
export function provided(patientId: PatientId, content: DocumentContent, uniqueId = freshOid()) {
  const described = entryOf(patientId, 0);
  const entry: DocumentEntry = { ...described, uniqueId, hash: undefined, size: undefined };
  return {
    uniqueId: entry.uniqueId,
    request: {
      submission: submissionWith(patientId, [entry]),
      documents: [{ id: entry.entryUUID, content }],
    },
  };
}

function entryOf(patientId: PatientId, index: number): DocumentEntry {
  return {
    kind: 'DocumentEntry',
    objectType: 'Stable',
    entryUUID: `Document${index}`,
    patientId,
    uniqueId: freshOid(),
    mimeType: 'text/xml',
    title: `診療情報提供書 ${index}`,
    comments: '計測のための記載。',
    author: [
      {
        authorPerson: 'D-0001^見本^医師^^^^^^&2.999.88.8&ISO',
        authorInstitution: ['計測病院^^^^^^^^^2.999.88.9'],
      },
    ],
    classCode: code('57133-1', 'Referral note'),
    typeCode: code('57133-1', 'Referral note'),
    formatCode: {
      code: 'urn:ihe:iti:xds:2017:mimeTypeSufficient',
      codingScheme: '1.3.6.1.4.1.19376.1.2.3',
      displayName: 'mimeType Sufficient',
    },
    confidentialityCode: [
      { code: 'N', codingScheme: '2.16.840.1.113883.5.25', displayName: 'normal' },
    ],
    eventCodeList: [],
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
    languageCode: 'ja-JP',
    creationTime: '20260101000000',
    hash: '94a9a1a55698771e22383fd6f52001cdcaf5ce29',
    size: 10,
    repositoryUniqueId: BENCH.repositoryUniqueId,
    sourcePatientId: 'C-1^^^&2.999.88.7&ISO',
    sourcePatientInfo: ['PID-7|19700101'],
  };
}

function code(value: string, displayName: string) {
  return { code: value, codingScheme: '2.16.840.1.113883.6.1', displayName };
}

function freshOid(): string {
  return `2.25.${BigInt(`0x${randomUUID().replaceAll('-', '')}`)}`;
}
