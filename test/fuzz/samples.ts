import { CATALOGUE, type AnyTransaction } from '../../profiles/catalogue.ts';
import { bytesContent } from '../../profiles/formats/mtom.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { textOfObject } from '../../profiles/xds/registry-object-text.ts';
import { findDocumentsForMultiplePatients } from '../../profiles/xds/multi-patient-query-builders.ts';
import {
  findDocuments,
  findDocumentsByReferenceId,
  findSubmissionSets,
  getAll,
  getDocuments,
  getRelatedDocuments,
  getSubmissionSetAndContents,
} from '../../profiles/xds/stored-query-builders.ts';
import { ASSOCIATION_TYPE } from '../../profiles/xds/vocabulary.ts';
import {
  aDemographicsMatch,
  aDemographicsQuery,
  aDemographicsQueryResponse,
  aPatientDiscovery,
  aPatientDiscoveryResponse,
  aPatientIdentityFeed,
  aPatientMerge,
  aPixQuery,
  aPixQueryResponse,
  aTransmission,
  SAMPLE_OIDS,
} from '../support/hl7v3-builders.ts';
import { PROOF } from '../support/proof-region.ts';
import { aDocumentEntry, aSubmission, SAMPLE_BYTES } from '../support/xds-builders.ts';
import {
  aFolderUpdate,
  anUpdate,
  anUpdateOf,
  aStatusUpdate,
  aSubmittedAssociation,
  ON_DEMAND,
} from '../support/xds-update-builders.ts';

/** A patient of the region, by her regional id. */
export const FUZZ_PATIENT: PatientId = {
  id: 'R-1',
  assigningAuthority: PROOF.affinityDomain,
};

/** Requests and answers of one transaction, as values. */
export interface TransactionSamples {
  readonly transaction: AnyTransaction;
  readonly requests: readonly unknown[];
  readonly responses: readonly unknown[];
}

const HOME = PROOF.homeCommunityId;
const ids = {
  repositoryUniqueId: PROOF.repositoryUniqueId,
  documentUniqueId: '2.999.8.1.1',
};
const content = bytesContent(SAMPLE_BYTES);
const errors = [
  {
    errorCode: 'XDSUnavailableCommunity',
    codeContext: 'no answer',
    location: HOME,
    severity: 'Error',
  },
];
const submission = aSubmission({
  submissionSet: { patientId: FUZZ_PATIENT },
  folders: [{}],
});
const replacing = aSubmission({
  submissionSet: { patientId: FUZZ_PATIENT, uniqueId: '2.999.9.1.77' },
  documentEntries: [{ uniqueId: '2.999.8.1.77' }],
  associations: [
    {
      kind: 'Association',
      entryUUID: 'Replaces',
      associationType: ASSOCIATION_TYPE.RPLC,
      sourceObject: 'Document01',
      targetObject: 'urn:uuid:1b1e0000-0000-4000-8000-000000000001',
    },
  ],
});
const queries = {
  requests: [
    findDocuments({ patientId: FUZZ_PATIENT, home: HOME }),
    findDocuments({
      patientId: FUZZ_PATIENT,
      home: HOME,
      authorPerson: ['%医師%', "^O'Neill^_%"],
      creationTimeFrom: '20250101',
      creationTimeTo: '20260101',
      confidentialityCode: [[{ code: 'N', codingScheme: '2.16.840.1.113883.5.25' }]],
    }),
    findDocumentsByReferenceId({
      patientId: FUZZ_PATIENT,
      home: HOME,
      referenceIdList: [['A-1^^^&2.999.6&ISO^urn:ihe:iti:xds:2013:order']],
    }),
    findSubmissionSets({ patientId: FUZZ_PATIENT, home: HOME, status: ['Approved'] }),
    getAll({ patientId: FUZZ_PATIENT, home: HOME }),
    getDocuments({ uniqueId: ['2.999.8.1.1', "o'clock"], home: HOME, returnType: 'ObjectRef' }),
    getSubmissionSetAndContents({ uniqueId: '2.999.9.1.1', home: HOME }),
    getRelatedDocuments({
      uniqueId: '2.999.8.1.1',
      associationTypes: [ASSOCIATION_TYPE.RPLC],
      home: HOME,
    }),
  ],
  responses: [
    { status: 'Success', errors: [], objects: [], objectRefs: [] },
    {
      status: 'PartialSuccess',
      errors,
      objects: submission.objects.map((object) => textOfObject(object, { home: HOME })),
      objectRefs: [{ id: 'urn:uuid:1' }, { id: 'urn:uuid:2', home: HOME }],
    },
  ],
};
const retrievals = {
  requests: [{ documents: [{ ...ids, homeCommunityId: HOME }] }, { documents: [ids, ids] }],
  responses: [
    { status: 'Failure', errors, documents: [] },
    {
      status: 'PartialSuccess',
      errors,
      documents: [{ ...ids, homeCommunityId: HOME, mimeType: 'text/plain', content }],
    },
  ],
};
const registrations = [
  { status: 'Success', errors: [] },
  { status: 'Failure', errors },
];

const VALUES: Readonly<Record<string, Omit<TransactionSamples, 'transaction'>>> = {
  'ITI-18': queries,
  'ITI-38': queries,
  'ITI-39': retrievals,
  'ITI-41': {
    requests: [{ submission, documents: [{ id: 'Document01', content }] }],
    responses: registrations,
  },
  'ITI-42': { requests: [submission, replacing], responses: registrations },
  'ITI-43': retrievals,
  'ITI-44': {
    requests: [
      aPatientIdentityFeed(),
      aPatientIdentityFeed({ kind: 'revise' }),
      aPatientIdentityFeed({
        ids: [FUZZ_PATIENT],
        providerOrganization: { id: PROOF.affinityDomain },
      }),
      aPatientMerge(),
    ],
    responses: [
      { code: 'CA', details: [] },
      { code: 'CE', details: [{ code: 'NS204', text: 'unknown' }] },
    ],
  },
  'ITI-45': { requests: [aPixQuery()], responses: [aPixQueryResponse()] },
  'ITI-46': {
    requests: [aPatientIdentityFeed({ kind: 'revise', demographics: { names: [] } })],
    responses: [{ code: 'CA', details: [] }],
  },
  'ITI-47': {
    requests: [aDemographicsQuery()],
    responses: [aDemographicsQueryResponse({ matches: [aDemographicsMatch()] })],
  },
  'ITI-51': {
    requests: [
      findDocumentsForMultiplePatients({ patientIds: [FUZZ_PATIENT], status: ['Approved'] }),
    ],
    responses: queries.responses,
  },
  'ITI-57': {
    requests: [anUpdate(), aFolderUpdate(), aStatusUpdate(), aSubmittedAssociation()],
    responses: registrations,
  },
  'ITI-61': { requests: [anUpdateOf(aDocumentEntry(ON_DEMAND))], responses: registrations },
  'ITI-62': {
    requests: [
      {
        objectRefs: [
          { id: 'urn:uuid:1b1e0000-0000-4000-8000-000000000001' },
          { id: 'urn:uuid:1b1e0000-0000-4000-8000-000000000002', home: HOME },
        ],
      },
    ],
    responses: registrations,
  },
  'ITI-64': {
    requests: [
      {
        change: '1b1e0000-0000-4000-8000-000000000003',
        from: FUZZ_PATIENT,
        to: { ...FUZZ_PATIENT, id: 'R-2' },
        moving: [{ id: '4711', assigningAuthority: PROOF.chartNumbers }],
        staying: [],
      },
    ],
    responses: registrations,
  },
  'ITI-86': { requests: retrievals.requests, responses: registrations },
  'ITI-92': {
    requests: [anUpdate(), anUpdate({ homeCommunityId: HOME })],
    responses: registrations,
  },
  'ITI-56': {
    requests: [{ requestedPatientId: FUZZ_PATIENT }],
    responses: [
      { locations: [] },
      {
        locations: [
          {
            homeCommunityId: HOME,
            correspondingPatientId: { id: 'A-1', assigningAuthority: '2.999.6' },
            requestedPatientId: FUZZ_PATIENT,
          },
        ],
      },
    ],
  },
  'ITI-55': {
    requests: [
      aPatientDiscovery({
        transmission: aTransmission({
          sender: { device: SAMPLE_OIDS.otherGateway, organization: SAMPLE_OIDS.otherCommunity },
          receiver: { device: SAMPLE_OIDS.identityDevice, organization: SAMPLE_OIDS.community },
        }),
      }),
    ],
    responses: [aPatientDiscoveryResponse()],
  },
};

/** Samples of every transaction of the catalogue; one without samples is an error. */
export const SAMPLES: readonly TransactionSamples[] = CATALOGUE.map((transaction) => {
  const values = VALUES[transaction.id];
  if (values === undefined) throw new Error(`no samples of ${transaction.id}`);
  return { transaction, ...values };
});
