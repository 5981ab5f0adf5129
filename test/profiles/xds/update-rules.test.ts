import type { SubmitObjectsRequest } from '../../../profiles/xds/iti-42.ts';
import type { MetadataColumn } from '../../../profiles/xds/metadata-rule.ts';
import { refusalsOfSubmission } from '../../../profiles/xds/metadata-rules.ts';
import { updateOperationsOf } from '../../../profiles/xds/update-operations.ts';
import { ASSOCIATION_TYPE, DOCUMENT_ENTRY_TYPE } from '../../../profiles/xds/vocabulary.ts';
import { aDocumentEntry, aFolder, anAssociation, aSubmission } from '../../support/xds-builders.ts';
import {
  aFolderUpdate,
  ALSO_REGISTERED,
  anUpdate,
  anUpdateOf,
  aStatusUpdate,
  aSubmittedAssociation,
  aVersion,
  LOGICAL,
  ON_DEMAND,
  REGISTERED,
} from '../../support/xds-update-builders.ts';

function faults({ objects }: SubmitObjectsRequest, column: MetadataColumn = 'MU') {
  return refusalsOfSubmission(objects, { column }).map(
    ({ code, location, context }) => `${code} ${location}: ${context}`,
  );
}

const OTHER = aDocumentEntry({
  entryUUID: 'Document02',
  uniqueId: '2.999.8.1.2',
  logicalID: LOGICAL,
});

describe('An update', () => {
  it.each([
    ['of a DocumentEntry', anUpdate()],
    ['of an On-Demand DocumentEntry', anUpdate(ON_DEMAND)],
    ['of a Folder', aFolderUpdate()],
    ['without propagation', anUpdate({}, { associationPropagation: 'no' })],
    ['of a status', aStatusUpdate()],
    ['of Associations', aSubmittedAssociation()],
    [
      'that files a document',
      aSubmittedAssociation({ associationType: ASSOCIATION_TYPE.HasMember }),
    ],
  ])('%s is sound', (_what, update) => {
    expect(faults(update)).toEqual([]);
  });

  it.each([
    [
      'nothing',
      anUpdateOf(),
      'XDSMetadataUpdateOperationError undefined: the update holds no operation',
    ],
    [
      'an initial version',
      anUpdate({ logicalID: undefined }),
      'XDSMetadataUpdateError Document01: the logicalID is missing',
    ],
    [
      'a plain submission',
      aSubmission(),
      'XDSMetadataUpdateError Document01: the logicalID is missing',
    ],
    [
      'its own logicalID',
      anUpdate({ logicalID: 'Document01' }),
      'XDSMetadataUpdateError Document01: the logicalID is the id: an initial version',
    ],
    [
      'a symbolic logicalID',
      anUpdate({ logicalID: 'symbol' }),
      'XDSMetadataUpdateError Document01: the logicalID is no UUID',
    ],
    [
      'no membership',
      anUpdateOf(aDocumentEntry({ logicalID: LOGICAL })),
      'XDSMetadataUpdateError Document01: it needs one HasMember from the SubmissionSet',
    ],
    [
      'no PreviousVersion',
      anUpdate({}, { previousVersion: undefined }),
      'XDSMetadataUpdateError Document01: its HasMember needs one PreviousVersion, a number',
    ],
    [
      'another propagation',
      anUpdate({}, { extraMetadata: [{ name: 'AssociationPropagation', values: ['maybe'] }] }),
      'XDSMetadataUpdateError Document01: AssociationPropagation is yes or no',
    ],
    [
      'two versions of one object',
      anUpdateOf(
        aDocumentEntry({ logicalID: LOGICAL }),
        OTHER,
        aVersion('Document01'),
        aVersion('Document02'),
      ),
      'XDSMetadataUpdateOperationError Document02: the logicalID is updated twice',
    ],
    [
      'incomplete metadata',
      aFolderUpdate({ codeList: [] }),
      'XDSRegistryMetadataError Folder01: codeList is missing',
    ],
    [
      'a reference instead of an operation',
      anUpdateOf(
        anAssociation({
          entryUUID: 'link',
          sourceObject: 'SubmissionSet01',
          targetObject: REGISTERED,
          submissionSetStatus: 'Reference',
        }),
      ),
      'XDSMetadataUpdateOperationError link: this Association is no operation here',
    ],
    [
      'a relationship that is not submitted',
      anUpdateOf(
        anAssociation({
          entryUUID: 'link',
          associationType: ASSOCIATION_TYPE.APND,
          sourceObject: REGISTERED,
          targetObject: ALSO_REGISTERED,
        }),
      ),
      'XDSMetadataUpdateOperationError link: this Association is no operation here',
    ],
    [
      'no OriginalStatus',
      aStatusUpdate({ originalStatus: undefined }),
      'XDSMetadataUpdateOperationError operation: OriginalStatus is Approved or Deprecated, and given once',
    ],
    [
      'another NewStatus',
      aStatusUpdate({
        newStatus: undefined,
        extraMetadata: [{ name: 'NewStatus', values: ['urn:x:Withdrawn'] }],
      }),
      'XDSMetadataUpdateOperationError operation: NewStatus is Approved or Deprecated, and given once',
    ],
    [
      'one status for both',
      aStatusUpdate({ newStatus: 'Approved' }),
      'XDSMetadataUpdateOperationError operation: OriginalStatus and NewStatus are the same',
    ],
    [
      'a version of a status',
      aStatusUpdate({ previousVersion: 1 }),
      'XDSMetadataUpdateOperationError operation: PreviousVersion is no slot of an UpdateAvailabilityStatus',
    ],
    [
      'a submitted Association that is none',
      aSubmittedAssociation({ entryUUID: 'elsewhere' }),
      'UnresolvedReferenceException operation: submitted is nothing in this submission',
    ],
    [
      'a submitted Association with a new end',
      anUpdateOf(
        aDocumentEntry({ logicalID: LOGICAL }),
        aVersion('Document01'),
        anAssociation({
          entryUUID: 'operation',
          associationType: ASSOCIATION_TYPE.SubmitAssociation,
          sourceObject: 'SubmissionSet01',
          targetObject: 'submitted',
        }),
        anAssociation({
          entryUUID: 'submitted',
          associationType: ASSOCIATION_TYPE.APND,
          sourceObject: 'Document01',
          targetObject: REGISTERED,
        }),
      ),
      'XDSMetadataUpdateError operation: both ends of a submitted Association are registered objects',
    ],
  ])('is refused for %s', (_what, update, fault) => {
    expect(faults(update)).toContain(fault);
  });

  it('changes the status of an Association that it submits, but not of its SubmissionSet', () => {
    const { objects } = aSubmittedAssociation();
    const status = aStatusUpdate({ entryUUID: 'status', targetObject: 'submitted' }).objects;
    expect(faults({ objects: [...objects, ...status.slice(1)] })).toEqual([]);
  });
});

describe('A restricted update', () => {
  it('may leave the logicalID out', () => {
    expect(faults(anUpdate(), 'RMU')).toEqual([]);
    expect(faults(anUpdate({ logicalID: undefined }), 'RMU')).toEqual([]);
  });

  it.each([
    [
      'an initial version',
      anUpdate({ logicalID: 'Document01' }),
      'XDSInvalidRequestException Document01: the logicalID is the id: an initial version',
    ],
    [
      'a plain submission',
      aSubmission(),
      'XDSMetadataAnnotationError Document01: its HasMember needs one PreviousVersion, a number',
    ],
    [
      'a plain submission, for the version too',
      aSubmission(),
      'XDSInvalidRequestException Document01: the logicalID is missing',
    ],
    [
      'propagation switched off',
      anUpdate({}, { associationPropagation: 'no' }),
      'XDSMetadataAnnotationError Document01: AssociationPropagation is not switched off here',
    ],
    ['a Folder', aFolderUpdate(), 'XDSObjectTypeError Folder01: a Folder is not updated here'],
    [
      'a status',
      aStatusUpdate(),
      'XDSMetadataUpdateError operation: this Association is no operation here',
    ],
    [
      'an Association',
      aSubmittedAssociation(),
      'XDSMetadataUpdateError operation: this Association is no operation here',
    ],
  ])('is refused for %s', (_what, update, fault) => {
    expect(faults(update, 'RMU')).toContain(fault);
  });
});

describe('The operations of an update', () => {
  it('are told apart, in their order', () => {
    const { objects } = anUpdateOf(
      aDocumentEntry({ logicalID: LOGICAL }),
      aFolder({ logicalID: ALSO_REGISTERED }),
      aVersion('Document01', { previousVersion: 3, associationPropagation: 'no' }),
      aVersion('Folder01', { submissionSetStatus: undefined }),
    );
    const more = [...aSubmittedAssociation().objects.slice(1), ...aStatusUpdate().objects.slice(1)];
    expect(updateOperationsOf([...objects, ...more])).toMatchObject([
      {
        kind: 'update-document-entry',
        object: { id: 'Document01', objectType: DOCUMENT_ENTRY_TYPE.Stable },
        logicalID: LOGICAL,
        previousVersion: 3,
        propagation: false,
      },
      {
        kind: 'update-folder',
        object: { id: 'Folder01' },
        logicalID: ALSO_REGISTERED,
        previousVersion: 1,
        propagation: true,
      },
      { kind: 'submit-association', by: { id: 'operation' }, association: { id: 'submitted' } },
      {
        kind: 'update-status',
        target: REGISTERED,
        originalStatus: 'Approved',
        newStatus: 'Deprecated',
      },
    ]);
  });

  it('are none in a plain submission', () => {
    expect(updateOperationsOf(aSubmission({ folders: [{}] }).objects)).toEqual([]);
  });
});
