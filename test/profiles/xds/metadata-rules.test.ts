import type { ExtrinsicObject, RegistryObject } from '../../../profiles/formats/ebxml.ts';
import { XDS_ERROR_CODES } from '../../../profiles/xds/error-codes.ts';
import type {
  Association,
  DocumentEntry,
  Folder,
  SubmissionSet,
} from '../../../profiles/xds/metadata.ts';
import {
  documentEntryToEbxml,
  submissionSetToEbxml,
} from '../../../profiles/xds/metadata-ebxml.ts';
import { refusalsOfDocuments, refusalsOfSubmission } from '../../../profiles/xds/metadata-rules.ts';
import { ASSOCIATION_TYPE } from '../../../profiles/xds/vocabulary.ts';
import {
  aDocumentEntry,
  anAssociation,
  aSubmission,
  aSubmissionSet,
  type SubmissionParts,
} from '../../support/xds-builders.ts';

const REGISTERED = 'urn:uuid:5b1e0000-0000-4000-8000-000000000003';
const ALSO_REGISTERED = 'urn:uuid:5b1e0000-0000-4000-8000-000000000004';

/** `code location: context` of each refusal. */
function faults(parts: SubmissionParts | readonly RegistryObject[]): readonly string[] {
  const objects = Array.isArray(parts) ? parts : aSubmission(parts as SubmissionParts).objects;
  return refusalsOfSubmission(objects, { column: 'XDS DR' }).map(
    ({ code, location, context }) => `${code} ${location}: ${context}`,
  );
}

const entry = (over: Partial<DocumentEntry>): SubmissionParts => ({ documentEntries: [over] });
const set = (over: Partial<SubmissionSet>): SubmissionParts => ({ submissionSet: over });
const folder = (over: Partial<Folder>): SubmissionParts => ({ folders: [over] });
const link = (
  over: Partial<Association> & { sourceObject: string; targetObject: string },
): SubmissionParts => ({
  associations: [anAssociation({ entryUUID: 'link', ...over })],
});
/** The sample with its DocumentEntry changed as ebRIM. */
const changed = (change: (object: ExtrinsicObject) => RegistryObject): readonly RegistryObject[] =>
  aSubmission().objects.map((object) =>
    object.element === 'ExtrinsicObject' ? change(object) : object,
  );

describe('A submission', () => {
  it.each<[string, SubmissionParts]>([
    ['of one document', {}],
    ['of no document', { documentEntries: [] }],
    ['of two documents in a folder', { documentEntries: [{}, {}], folders: [{}] }],
    [
      'that replaces a document',
      link({
        associationType: ASSOCIATION_TYPE.RPLC,
        sourceObject: 'Document01',
        targetObject: REGISTERED,
      }),
    ],
    [
      'that refers to a registered document',
      link({
        sourceObject: 'SubmissionSet01',
        targetObject: REGISTERED,
        submissionSetStatus: 'Reference',
      }),
    ],
    [
      'that files a registered document in a registered folder',
      {
        documentEntries: [],
        associations: [
          anAssociation({
            entryUUID: 'filing',
            sourceObject: REGISTERED,
            targetObject: ALSO_REGISTERED,
          }),
          anAssociation({ sourceObject: 'SubmissionSet01', targetObject: 'filing' }),
        ],
      },
    ],
    [
      'with a slot of its own',
      entry({ extraMetadata: [{ name: 'urn:example:extra', values: ['1'] }] }),
    ],
    ['with a hash in upper case', entry({ hash: '94A9A1A55698771E22383FD6F52001CDCAF5CE29' })],
  ])('%s is sound', (_what, parts) => {
    expect(faults(parts)).toEqual([]);
  });

  it('needs hash, size and repositoryUniqueId from a repository, and not from a source', () => {
    const { objects } = aSubmission(
      entry({ hash: undefined, size: undefined, repositoryUniqueId: undefined }),
    );
    expect(refusalsOfSubmission(objects, { column: 'XDS DS' })).toEqual([]);
    expect(
      refusalsOfSubmission(objects, { column: 'XDS DR' }).map(({ context }) => context),
    ).toEqual(['hash is missing', 'repositoryUniqueId is missing', 'size is missing']);
  });

  it('is refused for all its faults at once', () => {
    expect(
      faults({
        documentEntries: [{ creationTime: '2025-01-02' }, { languageCode: 'ja_JP' }],
        submissionSet: { sourceId: '1' },
      }),
    ).toEqual([
      'XDSRegistryMetadataError Document01: creationTime is no DTM: 9999-99-99',
      'XDSRegistryMetadataError Document02: languageCode is no Language: aa_aa',
      'XDSRegistryMetadataError SubmissionSet01: sourceId is no OID: 9',
    ]);
  });

  it("is refused by the repository in the repository's codes", () => {
    const { objects } = aSubmission({
      documentEntries: [{ hash: 'x' }, { uniqueId: '2.999.8.1.1' }],
    });
    const codes = refusalsOfSubmission(objects, { column: 'XDS DS', by: 'Repository' }).map(
      ({ code }) => code,
    );
    expect(codes).toEqual([
      'XDSRepositoryMetadataError',
      'XDSRepositoryDuplicateUniqueIdInMessage',
    ]);
  });
});

const code = { code: 'c', codingScheme: '2.999.5' };

describe('An attribute', () => {
  it.each<[string, SubmissionParts, string]>([
    [
      'a missing confidentialityCode',
      entry({ confidentialityCode: [] }),
      'Document01: confidentialityCode is missing',
    ],
    [
      'a missing creationTime',
      entry({ creationTime: undefined }),
      'Document01: creationTime is missing',
    ],
    [
      'a missing sourcePatientId',
      entry({ sourcePatientId: undefined }),
      'Document01: sourcePatientId is missing',
    ],
    [
      'a sourcePatientId without authority',
      entry({ sourcePatientId: 'A1' }),
      'Document01: sourcePatientId is no CX: a9',
    ],
    [
      'a code without display name',
      entry({ typeCode: code }),
      'Document01: typeCode needs a display name',
    ],
    [
      'a code without scheme',
      entry({ typeCode: { ...code, codingScheme: '', displayName: 'd' } }),
      'Document01: typeCode needs one codingScheme',
    ],
    [
      'an empty code',
      entry({ typeCode: { code: '', codingScheme: '2.999.5', displayName: 'd' } }),
      'Document01: typeCode is empty',
    ],
    ['a short hash', entry({ hash: '94a9' }), 'Document01: hash is no SHA1: 99a9'],
    [
      'a mimeType with parameters',
      entry({ mimeType: 'text/plain; charset=utf-8' }),
      'Document01: mimeType is no media type',
    ],
    [
      'an author without a name',
      entry({ author: [{ authorRole: ['r'] }] }),
      'Document01: an author needs one of authorPerson, authorInstitution, authorTelecommunication',
    ],
    [
      'an author who is no XCN',
      entry({ author: [{ authorPerson: '^^x' }] }),
      'Document01: authorPerson is no XCN: ^^a',
    ],
    [
      'an institution that is no XON',
      set({ author: [{ authorInstitution: ['^x'] }] }),
      'SubmissionSet01: authorInstitution is no XON: ^a',
    ],
    [
      'a recipient that says nothing',
      set({ intendedRecipient: ['||'] }),
      'SubmissionSet01: intendedRecipient is no Recipient: ||',
    ],
    [
      'a reference id without type',
      entry({ referenceIdList: ['A1^^^&2.999&ISO'] }),
      'Document01: referenceIdList is no CXi: a9^^^&9.999&aaa',
    ],
    [
      'sourcePatientInfo that is no field',
      entry({ sourcePatientInfo: ['MRN'] }),
      'Document01: sourcePatientInfo is no SourcePatientInfo: aaa',
    ],
    [
      'a service that ends before it starts',
      entry({ serviceStartTime: '20250102', serviceStopTime: '202501010000' }),
      'Document01: serviceStartTime is after serviceStopTime',
    ],
    [
      'a title of 129 characters',
      entry({ title: '題'.repeat(129) }),
      'Document01: title is longer than 128 characters',
    ],
    [
      'limited metadata',
      entry({ limitedMetadata: true }),
      'Document01: limitedMetadata is not allowed on a DocumentEntry here',
    ],
    [
      'an On-Demand entry',
      entry({ objectType: 'On-Demand' }),
      'Document01: the objectType must be that of a Stable DocumentEntry',
    ],
    [
      'another logicalID',
      entry({ logicalID: REGISTERED }),
      'Document01: a new object has no other logicalID than its id',
    ],
    [
      'a home that is no OID URN',
      entry({ homeCommunityId: '2.999' }),
      'Document01: the homeCommunityId is no OID URN',
    ],
    [
      'a slot that is neither known nor a URN',
      entry({ extraMetadata: [{ name: 'colour', values: ['red'] }] }),
      'Document01: the slot colour is not known, and its name is no URN',
    ],
    [
      'a slot that IHE does not define',
      entry({ extraMetadata: [{ name: 'urn:ihe:iti:x', values: ['1'] }] }),
      'Document01: the slot urn:ihe:iti:x is not one that IHE defines here',
    ],
    [
      'a slot that stands twice',
      entry({
        extraMetadata: [
          { name: 'urn:x:y', values: ['1'] },
          { name: 'urn:x:y', values: ['2'] },
        ],
      }),
      'Document01: the slot urn:x:y stands twice',
    ],
    ['a folder without title', folder({ title: undefined }), 'Folder01: title is missing'],
    ['a folder without code', folder({ codeList: [] }), 'Folder01: codeList is missing'],
    [
      'a SubmissionSet uniqueId that is no OID',
      set({ uniqueId: 'x' }),
      'SubmissionSet01: uniqueId is no OID: a',
    ],
    [
      'an entryUUID in upper case',
      entry({ entryUUID: REGISTERED.replace('b', 'B') }),
      'urn:uuid:5B1e0000-0000-4000-8000-000000000003: the entryUUID is no UUID in lower case',
    ],
  ])('is refused for %s', (_what, parts, fault) => {
    expect(faults(parts)).toContain(`XDSRegistryMetadataError ${fault}`);
  });

  it('is refused where it stands twice and may not', () => {
    const doubled = changed((object) => ({
      ...object,
      slots: object.slots.map((slot) =>
        slot.name === 'size' ? { ...slot, values: ['10', '10'] } : slot,
      ),
    }));
    expect(faults(doubled)).toEqual([
      'XDSRegistryMetadataError Document01: size is given more than once',
    ]);
  });

  it("is refused where its Classification or identifier says that it is another object's", () => {
    const foreign = changed((object) => ({
      ...object,
      classifications: object.classifications.map((one, at) =>
        at === 0 ? { ...one, classifiedObject: 'x', classificationNode: 'n' } : one,
      ),
      externalIdentifiers: object.externalIdentifiers.map((one) => ({
        ...one,
        registryObject: 'x',
      })),
    }));
    expect(faults(foreign)).toEqual([
      'XDSRegistryMetadataError Document01: the Classification Document01.c1 is that of another object',
      'XDSRegistryMetadataError Document01: the Classification Document01.c1 needs a scheme or a node, and not both',
      'XDSRegistryMetadataError Document01: the ExternalIdentifier Document01.i1 is that of another object',
      'XDSRegistryMetadataError Document01: the ExternalIdentifier Document01.i2 is that of another object',
    ]);
  });

  it("prints shapes, never a patient's number", () => {
    expect(faults(entry({ sourcePatientId: 'TARO-19700101' })).join()).not.toMatch(/TARO|1970/);
  });
});

describe('The structure of a submission', () => {
  it.each<[string, SubmissionParts | readonly RegistryObject[], string]>([
    [
      'no SubmissionSet',
      [documentEntryToEbxml(aDocumentEntry())],
      'XDSRegistryMetadataError undefined: a submission has one SubmissionSet, not 0',
    ],
    [
      'two SubmissionSets',
      {
        objects: [submissionSetToEbxml(aSubmissionSet({ entryUUID: 's2', uniqueId: '2.999.9.9' }))],
      },
      'XDSRegistryMetadataError undefined: a submission has one SubmissionSet, not 2',
    ],
    [
      'an object of no kind',
      changed((object) => ({ ...object, objectType: undefined })),
      'XDSRegistryMetadataError Document01: neither DocumentEntry, SubmissionSet, Folder nor Association',
    ],
    [
      'one id twice',
      { documentEntries: [{}, { entryUUID: 'Document01' }] },
      'XDSRegistryMetadataError Document01: the id stands twice in the submission',
    ],
    [
      'one uniqueId twice',
      { documentEntries: [{}, { uniqueId: '2.999.8.1.1' }] },
      'XDSRegistryDuplicateUniqueIdInMessage Document02: 2.999.8.1.1',
    ],
    [
      'a patient of her own',
      { documentEntries: [{ patientId: { id: 'P-0002', assigningAuthority: '2.999.3.7' } }] },
      'XDSPatientIdDoesNotMatch Document01: P-0002^^^&2.999.3.7&ISO: the patientId of this DocumentEntry is not that of the SubmissionSet',
    ],
    [
      'a reference to nothing',
      link({ sourceObject: 'SubmissionSet01', targetObject: 'Document99' }),
      'UnresolvedReferenceException link: Document99 is nothing in this submission',
    ],
    [
      'an Association with itself',
      link({ sourceObject: 'SubmissionSet01', targetObject: 'link' }),
      'XDSRegistryMetadataError link: an Association does not point at itself or at its own source',
    ],
    [
      'an unknown associationType',
      link({ associationType: 'urn:x', sourceObject: 'Document01', targetObject: REGISTERED }),
      'XDSRegistryMetadataError link: the associationType is not known',
    ],
    [
      'a documented HasMember',
      link({
        sourceObject: 'SubmissionSet01',
        targetObject: REGISTERED,
        submissionSetStatus: 'Reference',
        associationDocumentation: { ...code, displayName: 'd' },
      }),
      'XDSRegistryMetadataError link: a HasMember carries no associationDocumentation',
    ],
    [
      'a new document as Reference',
      link({
        sourceObject: 'SubmissionSet01',
        targetObject: 'Document01',
        submissionSetStatus: 'Reference',
      }),
      'XDSRegistryMetadataError link: SubmissionSetStatus must be Original for a DocumentEntry of this submission',
    ],
    [
      'a registered document as Original',
      link({
        sourceObject: 'SubmissionSet01',
        targetObject: REGISTERED,
        submissionSetStatus: 'Original',
      }),
      'XDSRegistryMetadataError link: SubmissionSetStatus must be Reference for what is already registered',
    ],
    [
      'another SubmissionSetStatus',
      link({
        sourceObject: 'SubmissionSet01',
        targetObject: REGISTERED,
        extraMetadata: [{ name: 'SubmissionSetStatus', values: ['Copy'] }],
      }),
      'XDSRegistryMetadataError link: SubmissionSetStatus is Original or Reference',
    ],
    [
      'a document with members',
      link({ sourceObject: 'Document01', targetObject: REGISTERED }),
      'XDSRegistryMetadataError link: the source of a HasMember is a SubmissionSet or a Folder',
    ],
    [
      'a folder in a folder',
      { folders: [{}, {}], ...link({ sourceObject: 'Folder01', targetObject: 'Folder02' }) },
      'XDSRegistryMetadataError link: the member of a Folder is a DocumentEntry',
    ],
    [
      'a RPLC as a member',
      {
        associations: [
          anAssociation({
            entryUUID: 'r',
            associationType: ASSOCIATION_TYPE.RPLC,
            sourceObject: 'Document01',
            targetObject: REGISTERED,
          }),
          anAssociation({ entryUUID: 'link', sourceObject: 'SubmissionSet01', targetObject: 'r' }),
        ],
      },
      'XDSRegistryMetadataError link: the only Association that is a member of a SubmissionSet is the HasMember of a Folder',
    ],
    [
      'a membership of the SubmissionSet as its member',
      link({ sourceObject: 'SubmissionSet01', targetObject: 'SubmissionSet01-Document01' }),
      'XDSRegistryMetadataError link: the only Association that is a member of a SubmissionSet is the HasMember of a Folder',
    ],
    [
      'a replacement by a registered document',
      link({
        associationType: ASSOCIATION_TYPE.RPLC,
        sourceObject: REGISTERED,
        targetObject: ALSO_REGISTERED,
      }),
      'UnresolvedReferenceException link: the new document is not in this submission',
    ],
    [
      'a replacement by a folder',
      {
        folders: [{}],
        ...link({
          associationType: ASSOCIATION_TYPE.RPLC,
          sourceObject: 'Folder01',
          targetObject: REGISTERED,
        }),
      },
      'XDSRegistryMetadataError link: the source of a RPLC is a DocumentEntry',
    ],
    [
      'a replacement of a new document',
      {
        documentEntries: [{}, {}],
        ...link({
          associationType: ASSOCIATION_TYPE.RPLC,
          sourceObject: 'Document01',
          targetObject: 'Document02',
        }),
      },
      'XDSRegistryMetadataError link: the target of a RPLC is a DocumentEntry of the registry',
    ],
    [
      'a document that is no member',
      { documentEntries: [], objects: [documentEntryToEbxml(aDocumentEntry())] },
      'XDSRegistryMetadataError Document01: it is no member of the SubmissionSet',
    ],
    [
      'a filing that is no member',
      { documentEntries: [], ...link({ sourceObject: REGISTERED, targetObject: ALSO_REGISTERED }) },
      'XDSRegistryMetadataError link: it is no member of the SubmissionSet',
    ],
  ])('is refused for %s', (_what, parts, fault) => {
    expect(faults(parts)).toContain(fault);
  });
});

describe('Documents and DocumentEntries', () => {
  const { objects } = aSubmission();

  it('pair up by id', () => {
    expect(refusalsOfDocuments(objects, ['Document01'])).toEqual([]);
  });

  it('are refused one without the other', () => {
    const codes = (ids: readonly string[]) =>
      refusalsOfDocuments(objects, ids).map(({ code }) => code);
    expect(codes([])).toEqual(['XDSMissingDocument']);
    expect(codes(['Document01', 'Document02'])).toEqual(['XDSMissingDocumentMetadata']);
    expect(codes(['Document01', 'Document01'])).toEqual(['XDSMissingDocumentMetadata']);
  });
});

describe('The table of error codes', () => {
  it('holds every code that the rules throw', () => {
    const thrown = [
      'XDSMissingDocument',
      'XDSMissingDocumentMetadata',
      'UnresolvedReferenceException',
      'XDSPatientIdDoesNotMatch',
      'XDSRegistryMetadataError',
      'XDSRepositoryMetadataError',
      'XDSRegistryDuplicateUniqueIdInMessage',
      'XDSRepositoryDuplicateUniqueIdInMessage',
    ];
    expect(Object.keys(XDS_ERROR_CODES)).toEqual(expect.arrayContaining(thrown));
  });
});
