import type { Association } from '../../../profiles/xds/metadata.ts';
import { refusalsOfSubmission } from '../../../profiles/xds/metadata-rules.ts';
import { ASSOCIATION_TYPE } from '../../../profiles/xds/vocabulary.ts';
import { anAssociation, aSubmission, type SubmissionParts } from '../../support/xds-builders.ts';
import { ALSO_REGISTERED, ON_DEMAND, REGISTERED } from '../../support/xds-update-builders.ts';

function faults(parts: SubmissionParts): readonly string[] {
  return refusalsOfSubmission(aSubmission(parts).objects, { column: 'XDS DR' }).map(
    ({ code, location, context }) => `${code} ${location}: ${context}`,
  );
}

type Type = keyof typeof ASSOCIATION_TYPE;
const link = (type: Type, targetObject: string, over: Partial<Association> = {}): Association =>
  anAssociation({
    entryUUID: 'link',
    associationType: ASSOCIATION_TYPE[type],
    sourceObject: 'Document01',
    targetObject,
    ...over,
  });
const TWO = [{}, {}] as const;

describe('A relationship', () => {
  it.each<Type>(['RPLC', 'XFRM', 'APND', 'XFRM_RPLC', 'signs', 'IsSnapshotOf'])(
    '%s to a registered document is sound, documented or not',
    (type) => {
      expect(faults({ associations: [link(type, REGISTERED)] })).toEqual([]);
      const associationDocumentation = { code: 'x', codingScheme: '2.999.5', displayName: 'X' };
      expect(
        faults({ associations: [link(type, REGISTERED, { associationDocumentation })] }),
      ).toEqual([]);
    },
  );

  it.each<Type>(['XFRM', 'APND', 'signs'])('%s may point at a new document', (type) => {
    expect(faults({ documentEntries: TWO, associations: [link(type, 'Document02')] })).toEqual([]);
  });

  it.each<Type>(['RPLC', 'XFRM_RPLC', 'IsSnapshotOf'])('%s may not', (type) => {
    expect(faults({ documentEntries: TWO, associations: [link(type, 'Document02')] })).toEqual([
      `XDSRegistryMetadataError link: the target of a ${type} is a DocumentEntry of the registry`,
    ]);
  });

  it.each<Type>(['RPLC', 'XFRM', 'APND', 'XFRM_RPLC', 'signs', 'IsSnapshotOf'])(
    '%s from a document that is not in the submission is not resolved',
    (type) => {
      const sourceObject = ALSO_REGISTERED;
      expect(faults({ associations: [link(type, REGISTERED, { sourceObject })] })).toEqual([
        'UnresolvedReferenceException link: the new document is not in this submission',
      ]);
    },
  );

  it('is one of documents', () => {
    const folder = { folders: [{}], filed: false };
    expect(faults({ ...folder, associations: [link('APND', 'Folder01')] })).toEqual([
      'XDSRegistryMetadataError link: the target of a APND is a DocumentEntry',
    ]);
    const fromFolder = link('XFRM', REGISTERED, { sourceObject: 'Folder01' });
    expect(faults({ ...folder, associations: [fromFolder] })).toEqual([
      'XDSRegistryMetadataError link: the source of a XFRM is a DocumentEntry',
    ]);
  });

  it('does not append to a transformation', () => {
    const xfrm = link('XFRM', REGISTERED);
    const apnd = link('APND', 'Document01', { entryUUID: 'apnd', sourceObject: 'Document02' });
    expect(faults({ documentEntries: TWO, associations: [xfrm, apnd] })).toEqual([
      'XDSRegistryMetadataError apnd: a transformation is not appended to',
    ]);
  });

  it('replaces a document once', () => {
    const again = link('XFRM_RPLC', REGISTERED, { entryUUID: 'b', sourceObject: 'Document02' });
    expect(
      faults({ documentEntries: TWO, associations: [link('RPLC', REGISTERED), again] }),
    ).toEqual(['XDSRegistryMetadataError b: the document is replaced twice in this submission']);
  });

  it('does not stand twice', () => {
    const again = link('APND', REGISTERED, { entryUUID: 'b' });
    expect(faults({ associations: [link('APND', REGISTERED), again] })).toEqual([
      'XDSRegistryMetadataError b: an Association of this type and these ends stands twice',
    ]);
  });

  it('has one documentation', () => {
    const { objects } = aSubmission({ associations: [link('APND', REGISTERED)] });
    const documentation = {
      id: 'c',
      classifiedObject: 'link',
      classificationScheme: 'urn:uuid:abd807a3-4432-4053-87b4-fd82c643d1f3',
      nodeRepresentation: 'x',
      slots: [{ name: 'codingScheme', values: ['2.999.5'] }],
      name: [{ value: 'X' }],
      description: [],
      classifications: [],
      externalIdentifiers: [],
    };
    const twice = objects.map((object) =>
      object.id === 'link'
        ? { ...object, classifications: [documentation, { ...documentation, id: 'd' }] }
        : object,
    );
    expect(refusalsOfSubmission(twice, { column: 'XDS DR' }).map(({ context }) => context)).toEqual(
      ['associationDocumentation is given more than once'],
    );
  });

  it.each<Type>(['UpdateAvailabilityStatus', 'SubmitAssociation'])(
    'is no operation of an update, such as %s',
    (type) => {
      expect(faults({ associations: [link(type, REGISTERED)] })).toEqual([
        'XDSRegistryMetadataError link: the operations of an update do not belong into a registration',
      ]);
    },
  );

  it.each(['PreviousVersion', 'AssociationPropagation'])('carries no %s', (name) => {
    const extraMetadata = [{ name, values: ['1'] }];
    expect(faults({ associations: [link('APND', REGISTERED, { extraMetadata })] })).toEqual([
      `XDSRegistryMetadataError link: ${name} does not belong into a registration`,
    ]);
  });
});

describe('An On-Demand submission', () => {
  const judged = (parts: SubmissionParts) =>
    refusalsOfSubmission(aSubmission(parts).objects, { column: 'OD' }).map(
      ({ context }) => context,
    );

  it('is sound without creationTime, hash and size', () => {
    expect(judged({ documentEntries: [ON_DEMAND] })).toEqual([]);
    const replaced = { associations: [link('RPLC', REGISTERED)] };
    expect(judged({ documentEntries: [ON_DEMAND], ...replaced })).toEqual([]);
  });

  it('is refused with them, and for a Stable entry', () => {
    expect(judged({ documentEntries: [{ ...ON_DEMAND, creationTime: '2025', size: 1 }] })).toEqual([
      'creationTime is not allowed here',
      'size is not allowed here',
    ]);
    expect(judged({ documentEntries: [{}] })).toContain(
      'the objectType must be that of an On-Demand DocumentEntry',
    );
  });

  it('needs the repositoryUniqueId of its source', () => {
    expect(judged({ documentEntries: [{ ...ON_DEMAND, repositoryUniqueId: undefined }] })).toEqual([
      'repositoryUniqueId is missing',
    ]);
  });

  it('cannot be a snapshot itself', () => {
    const associations = [link('IsSnapshotOf', REGISTERED)];
    expect(judged({ documentEntries: [ON_DEMAND], associations })).toEqual([
      'the source of an IsSnapshotOf is a Stable DocumentEntry',
    ]);
  });
});
