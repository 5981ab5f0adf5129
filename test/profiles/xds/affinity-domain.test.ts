import type { RegistryObject } from '../../../profiles/formats/ebxml.ts';
import {
  affinityDomainOf,
  attributeOfScheme,
  CODED_ATTRIBUTES,
  type CodeSets,
  refusalsOfCodes,
  unknownCodesOf,
} from '../../../profiles/xds/affinity-domain.ts';
import { japaneseCodeSets } from '../../../profiles/xds/japan-codes.ts';
import {
  associationToEbxml,
  documentEntryToEbxml,
  folderToEbxml,
  submissionSetToEbxml,
} from '../../../profiles/xds/metadata-ebxml.ts';
import type { Code, DocumentEntry } from '../../../profiles/xds/metadata.ts';
import { ASSOCIATION_TYPE, CLASSIFICATION } from '../../../profiles/xds/vocabulary.ts';
import {
  CONFIDENTIALITY_CODES,
  DOCUMENT_TYPES,
  FORMAT_CODES,
  MEDICAL_INSTITUTION,
  PRACTICE_SETTINGS,
} from '../../../scripts/document-codes.ts';

const PATIENT = { id: 'R-0000001', assigningAuthority: '2.999.1' };
const CODE: Code = { code: 'A', codingScheme: '2.999.7', displayName: 'A' };

function entry(change: Partial<DocumentEntry> = {}): RegistryObject {
  return documentEntryToEbxml({
    kind: 'DocumentEntry',
    entryUUID: 'Document01',
    objectType: 'Stable',
    patientId: PATIENT,
    uniqueId: '2.999.5.1',
    mimeType: 'text/plain',
    author: [{ authorPerson: '^試験医師' }],
    classCode: CODE,
    confidentialityCode: [CODE],
    eventCodeList: [],
    formatCode: CODE,
    healthcareFacilityTypeCode: CODE,
    practiceSettingCode: CODE,
    typeCode: CODE,
    languageCode: 'ja-JP',
    ...change,
  });
}

const EVERYTHING: CodeSets = {
  codes: Object.fromEntries(CODED_ATTRIBUTES.map((attribute) => [attribute, [CODE]])),
  mimeTypes: ['text/plain', 'text/xml'],
};

function contexts(objects: readonly RegistryObject[], sets: CodeSets): readonly string[] {
  return refusalsOfCodes(objects, affinityDomainOf(sets, 'refuse')).map(({ context }) => context);
}

describe('An affinity domain', () => {
  it('has nothing against codes that it lists, whatever their display name', () => {
    const set = submissionSetToEbxml({
      kind: 'SubmissionSet',
      entryUUID: 'SubmissionSet01',
      patientId: PATIENT,
      uniqueId: '2.999.5.2',
      sourceId: '2.999.5',
      author: [],
      contentTypeCode: { ...CODE, displayName: 'another name' },
      submissionTime: '20300401',
    });

    expect(contexts([entry(), set], EVERYTHING)).toEqual([]);
  });

  it('knows the classificationScheme of each coded attribute, and of nothing else', () => {
    for (const schemes of Object.values(CLASSIFICATION)) {
      for (const [attribute, scheme] of Object.entries(schemes)) {
        expect(attributeOfScheme(scheme)).toBe(attribute === 'author' ? undefined : attribute);
      }
    }
  });

  it.each([
    ['classCode', { classCode: { code: 'B', codingScheme: '2.999.7' } }],
    [
      'confidentialityCode',
      { confidentialityCode: [CODE, { code: 'B', codingScheme: '2.999.7' }] },
    ],
    ['eventCodeList', { eventCodeList: [{ code: 'B', codingScheme: '2.999.7' }] }],
    ['formatCode', { formatCode: { code: 'B', codingScheme: '2.999.7' } }],
    [
      'healthcareFacilityTypeCode',
      { healthcareFacilityTypeCode: { code: 'B', codingScheme: '2.999.7' } },
    ],
    ['practiceSettingCode', { practiceSettingCode: { code: 'B', codingScheme: '2.999.7' } }],
    ['typeCode', { typeCode: { code: 'B', codingScheme: '2.999.7' } }],
  ] as const)(
    'refuses an unknown %s, naming the scheme and the nearest code',
    (attribute, change) => {
      const [refusal, ...others] = refusalsOfCodes(
        [entry(change)],
        affinityDomainOf(EVERYTHING, 'refuse'),
      );

      expect(others).toEqual([]);
      expect(refusal).toMatchObject({
        code: 'XDSRegistryMetadataError',
        location: 'Document01',
        context: `${attribute} B of 2.999.7 is not known in this affinity domain; the nearest is A`,
      });
    },
  );

  it('refuses unknown codes of SubmissionSets, Folders and Associations', () => {
    const other: Code = { code: 'B', codingScheme: '2.999.7' };
    const set = submissionSetToEbxml({
      kind: 'SubmissionSet',
      entryUUID: 'SubmissionSet01',
      patientId: PATIENT,
      uniqueId: '2.999.5.2',
      sourceId: '2.999.5',
      author: [],
      contentTypeCode: other,
      submissionTime: '20300401',
    });
    const folder = folderToEbxml({
      kind: 'Folder',
      entryUUID: 'Folder01',
      patientId: PATIENT,
      uniqueId: '2.999.5.3',
      codeList: [CODE, other],
    });
    const association = associationToEbxml({
      kind: 'Association',
      entryUUID: 'as01',
      associationType: ASSOCIATION_TYPE.APND,
      sourceObject: 'Document01',
      targetObject: 'urn:uuid:5b1e0000-0000-4000-8000-000000000001',
      associationDocumentation: other,
    });
    const found = unknownCodesOf(
      [set, folder, association],
      affinityDomainOf(EVERYTHING, 'refuse'),
    );

    expect(found.map(({ object, attribute }) => `${object} ${attribute}`)).toEqual([
      'SubmissionSet01 contentTypeCode',
      'Folder01 codeList',
      'as01 associationDocumentation',
    ]);
  });

  it('refuses a mimeType that is not listed, compared exactly', () => {
    expect(contexts([entry({ mimeType: 'text/Plain' })], EVERYTHING)).toEqual([
      'mimeType text/Plain is not known in this affinity domain; the nearest is text/plain',
    ]);
    expect(contexts([entry({ mimeType: 'text/plain; charset=utf-8' })], EVERYTHING)).toHaveLength(
      1,
    );
    expect(contexts([entry({ mimeType: 'image/png' })], { codes: {} })).toEqual([]);
  });

  it('uses the repository’s code where the repository refuses', () => {
    const refusals = refusalsOfCodes(
      [entry({ mimeType: 'image/png' })],
      affinityDomainOf(EVERYTHING, 'refuse'),
      'Repository',
    );
    expect(refusals.map(({ code }) => code)).toEqual(['XDSRepositoryMetadataError']);
  });

  it('reports every unknown code, in order, and takes them all where the setting says so', () => {
    const objects = [
      entry({
        classCode: { code: 'x', codingScheme: 's' },
        typeCode: { code: 'y', codingScheme: 's' },
      }),
      { ...entry({ formatCode: { code: 'z', codingScheme: 's' } }), id: 'Document02' },
    ];
    const domain = affinityDomainOf(EVERYTHING, 'accept');

    expect(contexts(objects, EVERYTHING)).toHaveLength(3);
    expect(refusalsOfCodes(objects, domain)).toEqual([]);
    expect(unknownCodesOf(objects, domain).map(({ code }) => code)).toEqual(['x', 'y', 'z']);
  });

  it('takes for the nearest the same code of another scheme, then the same scheme, then any', () => {
    const near = (code: string, codingScheme: string) => {
      const sets = {
        codes: {
          classCode: [
            { code: '57133-1', codingScheme: 'loinc' },
            { code: '11506-3', codingScheme: 'loinc' },
            { code: '57133-7', codingScheme: 'local' },
          ],
        },
      };
      return contexts([entry({ classCode: { code, codingScheme } })], sets)[0]?.split('; ')[1];
    };

    expect(near('57133-7', 'loinc')).toBe('the nearest is 57133-7 of local');
    expect(near('57133-8', 'loinc')).toBe('the nearest is 57133-1');
    expect(near('57133-8', 'local')).toBe('the nearest is 57133-7');
    expect(near('11506-4', 'elsewhere')).toBe('the nearest is 11506-3 of loinc');
  });

  it('allows every code of a scheme that is listed without one', () => {
    const sets = { codes: { eventCodeList: [{ codingScheme: 'icd' }, CODE] } };

    expect(
      contexts([entry({ eventCodeList: [{ code: 'J10', codingScheme: 'icd' }, CODE] })], sets),
    ).toEqual([]);
    expect(
      contexts([entry({ eventCodeList: [{ code: 'J10', codingScheme: 'other' }] })], sets),
    ).toEqual([
      'eventCodeList J10 of other is not known in this affinity domain; the nearest is A of 2.999.7',
    ]);
  });

  it('looks for the nearest of the first twenty only, and prints no odd text of a sender', () => {
    const strange = Array.from({ length: 25 }, (_, at) => ({
      code: `試験 太郎 ${at}`,
      codingScheme: '2.999.7',
    }));
    const found = contexts([entry({ eventCodeList: strange })], EVERYTHING);

    expect(found).toHaveLength(25);
    expect(found.filter((context) => context.includes('nearest'))).toHaveLength(20);
    expect(found[0]).toContain('eventCodeList aa aa 9 of 2.999.7');
  });

  it('leaves an empty code and a missing scheme to the rules of the metadata', () => {
    expect(
      contexts(
        [
          entry({
            classCode: { code: '', codingScheme: 's' },
            typeCode: { code: 'x', codingScheme: '' },
          }),
        ],
        EVERYTHING,
      ),
    ).toEqual([]);
  });
});

describe('The Japanese code sets', () => {
  it('hold every code that the commands and the demo submit', () => {
    const sets = japaneseCodeSets(FORMAT_CODES.cdaReferral.codingScheme);
    const every = (codes: Readonly<Record<string, Code>>) => Object.values(codes);
    const entries = every(DOCUMENT_TYPES).flatMap((type) =>
      every(FORMAT_CODES).map((formatCode) =>
        entry({
          classCode: type,
          typeCode: type,
          formatCode,
          confidentialityCode: every(CONFIDENTIALITY_CODES),
          healthcareFacilityTypeCode: MEDICAL_INSTITUTION,
          practiceSettingCode: PRACTICE_SETTINGS.cardiology,
        }),
      ),
    );

    expect(contexts(entries, sets)).toEqual([]);
    expect(
      contexts(
        [entry({ classCode: { code: '57133-2', codingScheme: '2.16.840.1.113883.6.1' } })],
        sets,
      )[0],
    ).toBe(
      'classCode 57133-2 of 2.16.840.1.113883.6.1 is not known in this affinity domain; the nearest is 57133-1',
    );
  });
});
