import type { RegistryObject } from '../../../profiles/formats/ebxml.ts';
import type { Association, DocumentEntry } from '../../../profiles/xds/metadata.ts';
import {
  associationToEbxml,
  documentEntryToEbxml,
  folderToEbxml,
  metadataToEbxml,
  submissionSetToEbxml,
} from '../../../profiles/xds/metadata-ebxml.ts';
import {
  associationOf,
  documentEntryOf,
  folderOf,
  kindOf,
  submissionSetOf,
} from '../../../profiles/xds/metadata-xml.ts';
import { ASSOCIATION_TYPE } from '../../../profiles/xds/vocabulary.ts';
import {
  aDocumentEntry,
  aFolder,
  anAssociation,
  aSubmissionSet,
} from '../../support/xds-builders.ts';
import { refused } from '../../support/xds-wire.ts';

const FULL: DocumentEntry = aDocumentEntry({
  entryUUID: 'urn:uuid:5b1e0000-0000-4000-8000-000000000001',
  logicalID: 'urn:uuid:5b1e0000-0000-4000-8000-000000000001',
  version: 1,
  availabilityStatus: 'Deprecated',
  homeCommunityId: 'urn:oid:2.999.392.1',
  comments: 'a comment',
  limitedMetadata: true,
  objectType: 'On-Demand',
  eventCodeList: [
    { code: 'E1', codingScheme: '2.999.5.1' },
    { code: 'E2', codingScheme: '2.999.5.1', displayName: 'two' },
  ],
  author: [
    { authorPerson: '1^試験^一郎' },
    {
      authorInstitution: ['甲病院', '乙病院'],
      authorRole: ['r1', 'r2'],
      authorSpecialty: ['s'],
      authorTelecommunication: ['^^Internet^a@example.org'],
    },
  ],
  legalAuthenticator: '2^試験^二郎',
  referenceIdList: ['ACC-1^^^&2.999.3.9&ISO^urn:ihe:iti:xds:2013:accession'],
  serviceStartTime: '20250101',
  serviceStopTime: '20250102',
  documentAvailability: 'urn:ihe:iti:2010:DocumentAvailability:Online',
  URI: 'report.txt',
  extraMetadata: [{ name: 'urn:example:extra', values: ['1', '2'] }],
});

const LINK: Association = anAssociation({
  entryUUID: 'urn:uuid:5b1e0000-0000-4000-8000-000000000002',
  associationType: ASSOCIATION_TYPE.RPLC,
  sourceObject: 'Document01',
  targetObject: 'urn:uuid:5b1e0000-0000-4000-8000-000000000003',
  availabilityStatus: 'Approved',
  submissionSetStatus: 'Original',
  homeCommunityId: 'urn:oid:2.999.392.1',
  associationDocumentation: { code: 'x', codingScheme: '2.999.5.3', displayName: 'X' },
  extraMetadata: [{ name: 'urn:example:extra', values: ['1'] }],
});

describe('XDS metadata in ebRIM', () => {
  it('gives back every attribute of a DocumentEntry', () => {
    for (const entry of [FULL, aDocumentEntry()]) {
      expect(documentEntryOf(documentEntryToEbxml(entry))).toEqual(entry);
    }
  });

  it('gives back every attribute of a SubmissionSet, a Folder and an Association', () => {
    const set = aSubmissionSet({
      title: 't',
      limitedMetadata: true,
      intendedRecipient: ['甲病院^^^^^^^^^2.999.1.2|1^試験'],
      extraMetadata: [{ name: 'urn:example:extra', values: ['1'] }],
    });
    expect(submissionSetOf(submissionSetToEbxml(set))).toEqual(set);
    const folder = aFolder({ lastUpdateTime: '20250102030405', limitedMetadata: true });
    expect(folderOf(folderToEbxml(folder))).toEqual(folder);
    expect(associationOf(associationToEbxml(LINK))).toEqual(LINK);
  });

  it("gives back an update's slots, versions and statuses of an Association", () => {
    const version: Association = anAssociation({
      entryUUID: 'urn:uuid:5b1e0000-0000-4000-8000-000000000005',
      logicalID: 'urn:uuid:5b1e0000-0000-4000-8000-000000000006',
      version: 2,
      sourceObject: 'SubmissionSet01',
      targetObject: 'Document01',
      submissionSetStatus: 'Original',
      previousVersion: 1,
      associationPropagation: 'no',
    });
    const status: Association = anAssociation({
      associationType: ASSOCIATION_TYPE.UpdateAvailabilityStatus,
      sourceObject: 'SubmissionSet01',
      targetObject: 'urn:uuid:5b1e0000-0000-4000-8000-000000000003',
      originalStatus: 'Approved',
      newStatus: 'Deprecated',
    });
    for (const association of [version, status]) {
      const object = metadataToEbxml(association);
      expect(object.element === 'Association' && associationOf(object)).toEqual(association);
    }
  });

  it('writes every kind of object', () => {
    const kinds = [FULL, aSubmissionSet(), aFolder(), LINK].map((one) => [
      one.kind,
      kindOf(metadataToEbxml(one)),
    ]);
    expect(kinds.every(([kind, written]) => kind === written)).toBe(true);
  });

  it('tells the kind of an object', () => {
    expect(kindOf(documentEntryToEbxml(FULL))).toBe('DocumentEntry');
    expect(kindOf(submissionSetToEbxml(aSubmissionSet()))).toBe('SubmissionSet');
    expect(kindOf(folderToEbxml(aFolder()))).toBe('Folder');
    expect(kindOf(associationToEbxml(LINK))).toBe('Association');
    const neither: RegistryObject = { ...folderToEbxml(aFolder()), classifications: [] };
    expect(kindOf(neither)).toBeUndefined();
    const foreign: RegistryObject = {
      ...documentEntryToEbxml(FULL),
      objectType: 'urn:example:other',
    };
    expect(kindOf(foreign)).toBeUndefined();
  });

  it('reads a hash in upper case as the same hash', () => {
    const hash = 'A'.repeat(40);
    expect(documentEntryOf(documentEntryToEbxml(aDocumentEntry({ hash }))).hash).toBe(
      'a'.repeat(40),
    );
  });

  it('refuses an entry whose required attribute is missing, by the name of the attribute', () => {
    const object = documentEntryToEbxml(aDocumentEntry());
    const [refusal] = refused(() => documentEntryOf({ ...object, classifications: [] }));
    expect(refusal).toMatchObject({
      code: 'XDSRegistryMetadataError',
      location: 'Document01',
      context: 'classCode is missing',
    });
  });
});
