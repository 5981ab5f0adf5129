import type { RegistryObject } from '../../../profiles/formats/ebxml.ts';
import type { MetadataColumn } from '../../../profiles/xds/metadata-rule.ts';
import { judgeSubmission } from '../../../profiles/xds/metadata-rules.ts';
import { OBJECT_RULES } from '../../../profiles/xds/object-rules.ts';
import {
  ASSOCIATION_TYPE,
  CLASSIFICATION,
  IDENTIFICATION,
  LIMITED_METADATA_NODE,
} from '../../../profiles/xds/vocabulary.ts';
import { anAssociation, aSubmission, aSubmissionSet } from '../../support/xds-builders.ts';
import { anUpdateOf } from '../../support/xds-update-builders.ts';

const COLUMNS = ['XDS DS', 'XDS DR', 'XDM', 'XDR DS', 'XDR MS', 'OD'] as const;

/** Every rule that has found something in this file. */
const fired = new Set<string>();

function judge(objects: readonly RegistryObject[], column: MetadataColumn) {
  const verdicts = judgeSubmission(objects, { column });
  const found = verdicts.filter(({ outcome }) => outcome !== 'pass');
  for (const { rule } of found) fired.add(rule.name);
  return found;
}

const CODE = { code: 'c', codingScheme: '2.999.5', displayName: 'a code' };
const { objects: WHOLE } = aSubmission({
  documentEntries: [
    {
      eventCodeList: [CODE],
      legalAuthenticator: '1^試験^^^^^^^&2.999.6&ISO',
      referenceIdList: ['1^^^&2.999.1&ISO^urn:ihe:iti:xds:2013:accession'],
      serviceStartTime: '20250101',
      serviceStopTime: '20250102',
      documentAvailability: 'urn:ihe:iti:2010:DocumentAvailability:Online',
      URI: 'a.txt',
    },
  ],
  submissionSet: { title: 'A title', intendedRecipient: ['試験病院^^^^^^^^^2.999.1.2'] },
  folders: [{ lastUpdateTime: '20250101000000' }],
  associations: [
    anAssociation({
      entryUUID: 'relation',
      sourceObject: 'Document01',
      targetObject: 'urn:uuid:5b1e0000-0000-4000-8000-000000000003',
      associationType: ASSOCIATION_TYPE.RPLC,
      associationDocumentation: CODE,
    }),
  ],
});

type Kind = 'DocumentEntry' | 'SubmissionSet' | 'Folder' | 'Association';
const ID: Readonly<Record<Kind, string>> = {
  DocumentEntry: 'Document01',
  SubmissionSet: 'SubmissionSet01',
  Folder: 'Folder01',
  Association: 'relation',
};

function bent(kind: Kind, bend: (object: RegistryObject) => RegistryObject) {
  return WHOLE.map((object) => (object.id === ID[kind] ? bend(object) : object));
}

/** How an attribute is carried, and what can be wrong with it. */
interface Carrier {
  without(object: RegistryObject): RegistryObject;
  twice(object: RegistryObject): RegistryObject;
  valued(object: RegistryObject, value: string): RegistryObject;
}

function slot(name: string): Carrier {
  const set = (
    object: RegistryObject,
    change: (values: readonly string[]) => readonly string[],
  ) => ({
    ...object,
    slots: object.slots.map((one) =>
      one.name === name ? { ...one, values: change(one.values) } : one,
    ),
  });
  return {
    without: (object) => ({ ...object, slots: object.slots.filter((one) => one.name !== name) }),
    twice: (object) => set(object, (values) => [...values, ...values]),
    valued: (object, value) => set(object, () => [value]),
  };
}

function code(scheme: string): Carrier {
  const change = (
    object: RegistryObject,
    how: (one: RegistryObject['classifications'][number]) => RegistryObject['classifications'],
  ) => ({
    ...object,
    classifications: object.classifications.flatMap((one) =>
      one.classificationScheme === scheme ? how(one) : [one],
    ),
  });
  return {
    without: (object) => change(object, () => []),
    twice: (object) => change(object, (one) => [one, { ...one, id: `${one.id}-again` }]),
    valued: (object, nodeRepresentation) =>
      change(object, (one) => [{ ...one, nodeRepresentation }]),
  };
}

function identifier(scheme: string): Carrier {
  const change = (
    object: RegistryObject,
    how: (
      one: RegistryObject['externalIdentifiers'][number],
    ) => RegistryObject['externalIdentifiers'],
  ) => ({
    ...object,
    externalIdentifiers: object.externalIdentifiers.flatMap((one) =>
      one.identificationScheme === scheme ? how(one) : [one],
    ),
  });
  return {
    without: (object) => change(object, () => []),
    twice: (object) => change(object, (one) => [one, { ...one, id: `${one.id}-again` }]),
    valued: (object, value) => change(object, (one) => [{ ...one, value }]),
  };
}

const TITLE: Carrier = {
  without: (object) => ({ ...object, name: [] }),
  twice: (object) => object,
  valued: (object, value) => ({ ...object, name: [{ value }] }),
};

const { DocumentEntry: DE, SubmissionSet: SS, Folder: FD, Association: AS } = CLASSIFICATION;
const { DocumentEntry: DEI, SubmissionSet: SSI, Folder: FDI } = IDENTIFICATION;
const REFERENCES = 'urn:ihe:iti:xds:2013:referenceIdList';
const LONG = 'あ'.repeat(300);

/** As ITI TF-3: Tables 4.3.1-1 to 4.3.1-3 print it: whether it repeats, R R2 O X by column, and what is no value of it. */
// biome-ignore format: the rows are compared by eye
const TABLE: readonly [Kind, string, Carrier, '1' | '*', string, string][] = [
  ['DocumentEntry', 'author', code(DE.author), '*', 'R2 R2 R2 R2 R2 R2', ''],
  ['DocumentEntry', 'classCode', code(DE.classCode), '1', 'R R R2 R R2 R', ''],
  ['DocumentEntry', 'confidentialityCode', code(DE.confidentialityCode), '*', 'R R R2 R R2 R', ''],
  ['DocumentEntry', 'creationTime', slot('creationTime'), '1', 'R R R2 R R2 X', '2025-01-02'],
  ['DocumentEntry', 'documentAvailability', slot('documentAvailability'), '1', 'O O O O O O', 'Online'],
  ['DocumentEntry', 'eventCodeList', code(DE.eventCodeList), '*', 'O O O O O O', ''],
  ['DocumentEntry', 'formatCode', code(DE.formatCode), '1', 'R R R2 R R2 R', ''],
  ['DocumentEntry', 'hash', slot('hash'), '1', 'O R R O O X', 'da39'],
  ['DocumentEntry', 'healthcareFacilityTypeCode', code(DE.healthcareFacilityTypeCode), '1', 'R R R2 R R2 R', ''],
  ['DocumentEntry', 'languageCode', slot('languageCode'), '1', 'R R R2 R R2 R', 'ja_JP'],
  ['DocumentEntry', 'legalAuthenticator', slot('legalAuthenticator'), '1', 'O O O O O O', '^^x'],
  ['DocumentEntry', 'patientId', identifier(DEI.patientId), '1', 'R R R2 R R2 R', 'P-1^^^2.999&ISO'],
  ['DocumentEntry', 'practiceSettingCode', code(DE.practiceSettingCode), '1', 'R R R2 R R2 R', ''],
  ['DocumentEntry', 'referenceIdList', slot(REFERENCES), '*', 'O O O O O O', '1^^^&2.999.1&ISO'],
  ['DocumentEntry', 'repositoryUniqueId', slot('repositoryUniqueId'), '1', 'O R O O O R', 'urn:oid:2.999'],
  ['DocumentEntry', 'serviceStartTime', slot('serviceStartTime'), '1', 'R2 R2 R2 R2 R2 O', '2025010'],
  ['DocumentEntry', 'serviceStopTime', slot('serviceStopTime'), '1', 'R2 R2 R2 R2 R2 O', '20251301'],
  ['DocumentEntry', 'size', slot('size'), '1', 'O R R O O X', '1.5'],
  ['DocumentEntry', 'sourcePatientId', slot('sourcePatientId'), '1', 'R R R2 R R2 R', 'MRN-9'],
  ['DocumentEntry', 'sourcePatientInfo', slot('sourcePatientInfo'), '*', 'O O R2 O R2 O', '19700101'],
  ['DocumentEntry', 'title', TITLE, '*', 'O O O O O O', LONG],
  ['DocumentEntry', 'typeCode', code(DE.typeCode), '1', 'R R R2 R R2 R', ''],
  ['DocumentEntry', 'uniqueId', identifier(DEI.uniqueId), '1', 'R R R R R R', ' '],
  // One URI; a long one is cut over several values.
  ['DocumentEntry', 'URI', slot('URI'), '*', 'O O R O O O', ''],
  ['SubmissionSet', 'author', code(SS.author), '*', 'R2 R2 R2 R2 R2 R2', ''],
  ['SubmissionSet', 'contentTypeCode', code(SS.contentTypeCode), '1', 'R R R2 R R2 R', ''],
  ['SubmissionSet', 'intendedRecipient', slot('intendedRecipient'), '*', 'O O R2 R2 R2 O', '||'],
  ['SubmissionSet', 'patientId', identifier(SSI.patientId), '1', 'R R R2 R R2 R', 'P-1'],
  ['SubmissionSet', 'sourceId', identifier(SSI.sourceId), '1', 'R R R R R R', 'urn:oid:2.999'],
  ['SubmissionSet', 'submissionTime', slot('submissionTime'), '1', 'R R R R R R', '20250102030500+0900'],
  ['SubmissionSet', 'title', TITLE, '*', 'O O O O O O', LONG],
  ['SubmissionSet', 'uniqueId', identifier(SSI.uniqueId), '1', 'R R R R R R', '2.999.01'],
  ['Folder', 'codeList', code(FD.codeList), '*', 'R R R2 R R2 R', ''],
  ['Folder', 'lastUpdateTime', slot('lastUpdateTime'), '1', 'O O O O O O', 'now'],
  ['Folder', 'patientId', identifier(FDI.patientId), '1', 'R R R2 R R2 R', '^^^&2.999&ISO'],
  ['Folder', 'title', TITLE, '*', 'R R O R O R', LONG],
  ['Folder', 'uniqueId', identifier(FDI.uniqueId), '1', 'R R R R R R', 'Folder'],
  ['Association', 'associationDocumentation', code(AS.associationDocumentation), '1', 'O O O O O O', ''],
];

const OUTCOME: Readonly<Record<string, readonly string[]>> = {
  R: ['required failure'],
  R2: ['required if known warning'],
  O: [],
  X: [],
};

describe.each(TABLE)('%s.%s', (kind, attribute, carrier, repeats, optionality, wrong) => {
  const told = (bend: (object: RegistryObject) => RegistryObject, column: MetadataColumn) =>
    judge(bent(kind, bend), column)
      .filter(({ rule, objectId }) => rule.attribute === attribute && objectId === ID[kind])
      .map(({ rule, outcome }) => `${rule.name.split('/')[1]} ${outcome}`);
  const asIs = (object: RegistryObject) => object;

  it('is asked for as its column says', () => {
    optionality.split(' ').forEach((asked, at) => {
      const column = COLUMNS[at] ?? 'OD';
      expect([column, told(carrier.without, column)]).toEqual([column, OUTCOME[asked]]);
      const given = told(asIs, column).filter((one) => !one.startsWith('On-Demand'));
      expect([column, given]).toEqual([column, asked === 'X' ? ['prohibited failure'] : []]);
    });
  });

  it('stands once, unless it repeats', () => {
    const faults = told(carrier.twice, 'XDS DR').filter((one) => one.startsWith('once'));
    expect(faults).toEqual(repeats === '1' ? ['once failure'] : []);
  });

  it('is refused where it is not of its datatype', () => {
    if (attribute === 'author') return;
    const faults = told((object) => carrier.valued(object, wrong), 'XDS DR');
    expect(faults).toEqual(['datatype failure']);
  });
});

describe('The rules that stand in no table of attributes', () => {
  const names = (kind: Kind, bend: (object: RegistryObject) => object, column: MetadataColumn) =>
    judge(
      bent(kind, (object) => bend(object) as RegistryObject),
      column,
    ).map(({ rule }) => rule.name);
  const author = (slots: Record<string, readonly string[]>) => (object: RegistryObject) => ({
    ...object,
    classifications: object.classifications.map((one) =>
      one.classificationScheme === DE.author || one.classificationScheme === SS.author
        ? { ...one, slots: Object.entries(slots).map(([name, values]) => ({ name, values })) }
        : one,
    ),
  });
  const person = '1^試験^^^^^^^&2.999.6&ISO';
  type Case = readonly [string, (object: RegistryObject) => object];
  const OF_AUTHORS: readonly Case[] = [
    ['author.authorPerson/datatype', author({ authorPerson: ['^^x'] })],
    ['author.authorInstitution/datatype', author({ authorInstitution: ['^x'] })],
    ['author.authorTelecommunication/datatype', author({ authorTelecommunication: ['^^^'] })],
    ['author.authorPerson/once', author({ authorPerson: [person, person] })],
    ['author/named', author({ authorRole: ['r'] })],
    ['author/coded role', author({ authorPerson: [person], authorSpecialty: ['a^b'] })],
    ['author/no code', author({ authorPerson: [person], codingScheme: ['2.999'] })],
    [
      'author/nodeRepresentation',
      (object) => ({
        ...object,
        classifications: object.classifications.map(({ nodeRepresentation, ...one }) =>
          nodeRepresentation === '' ? one : { ...one, nodeRepresentation },
        ),
      }),
    ],
  ];
  const OF_ALL: readonly Case[] = [
    ['entryUUID/not empty', (object) => ({ ...object, id: ' ' })],
    [
      'entryUUID/UUID',
      (object) => ({ ...object, id: 'urn:uuid:5B1E0000-0000-4000-8000-00000000AAAA' }),
    ],
    [
      'logicalID/new',
      (object) => ({ ...object, lid: 'urn:uuid:5b1e0000-0000-4000-8000-0000000000aa' }),
    ],
    ['homeCommunityId/OID URN', (object) => ({ ...object, home: '2.999.1' })],
    [
      'slots/names',
      (object) => ({ ...object, slots: [...object.slots, { name: 'mine', values: [] }] }),
    ],
    [
      'Classification/owner',
      (object) => ({
        ...object,
        classifications: object.classifications.map((one) => ({ ...one, classifiedObject: 'x' })),
      }),
    ],
  ];
  const OF_IDENTIFIERS: readonly Case[] = [
    [
      'ExternalIdentifier/owner',
      (object) => ({
        ...object,
        externalIdentifiers: object.externalIdentifiers.map((one) => ({
          ...one,
          registryObject: 'x',
        })),
      }),
    ],
    [
      'ExternalIdentifier/name',
      (object) => ({
        ...object,
        externalIdentifiers: object.externalIdentifiers.map((one) => ({ ...one, name: [] })),
      }),
    ],
  ];

  it.each([
    ...OF_AUTHORS.flatMap((one) => [
      ['DocumentEntry', ...one] as const,
      ['SubmissionSet', ...one] as const,
    ]),
    ...(['DocumentEntry', 'SubmissionSet', 'Folder', 'Association'] as const).flatMap((kind) =>
      OF_ALL.map((one) => [kind, ...one] as const),
    ),
    ...(['DocumentEntry', 'SubmissionSet', 'Folder'] as const).flatMap((kind) =>
      OF_IDENTIFIERS.map((one) => [kind, ...one] as const),
    ),
  ])('%s.%s finds its fault', (kind, name, bend) => {
    expect(names(kind, bend, 'XDS DR')).toContain(`${kind}.${name}`);
    expect(names(kind, (object) => object, 'XDS DR')).not.toContain(`${kind}.${name}`);
  });

  it.each([
    ['objectType/Stable', 'OD', 'XDS DR', {}],
    ['objectType/On-Demand', 'XDS DR', 'OD', {}],
    ['legalAuthenticator/On-Demand', 'OD', 'OD', {}],
    ['mimeType/required', 'XDS DR', 'XDS DR', { mimeType: undefined }],
    ['mimeType/datatype', 'XDS DR', 'XDS DR', { mimeType: 'text/plain; charset=UTF-8' }],
  ] as const)('DocumentEntry.%s finds its fault', (name, type, column, over) => {
    const objectType = `urn:uuid:${
      type === 'OD'
        ? '34268e47-fdf5-41a6-ba33-82133c465248'
        : '7edca82f-054d-47f2-a032-9b2a5b5186c1'
    }`;
    const bend = (object: RegistryObject) => ({ ...object, objectType, ...over });
    expect(names('DocumentEntry', bend, column)).toContain(`DocumentEntry.${name}`);
  });

  it.each(['DocumentEntry', 'SubmissionSet', 'Folder'] as const)(
    '%s.limitedMetadata is flagged where the table asks it, and nowhere else',
    (kind) => {
      const label = {
        ...{ id: 'limited', classifiedObject: ID[kind], slots: [], name: [], description: [] },
        classificationNode: LIMITED_METADATA_NODE[kind],
      };
      const limited = (object: RegistryObject) => ({
        ...object,
        classifications: [...object.classifications, label],
      });
      const rules = (bend: (object: RegistryObject) => object) =>
        COLUMNS.map((column) =>
          names(kind, bend, column)
            .filter((name) => name.startsWith(`${kind}.limitedMetadata`))
            .map((name) => name.split('/')[1]),
        );
      expect(rules(limited)).toEqual([
        ['prohibited'],
        ['prohibited'],
        [],
        ['prohibited'],
        [],
        ['prohibited'],
      ]);
      expect(rules((object) => object)).toEqual([[], [], [], [], ['required'], []]);
    },
  );

  it('warn of a uniqueId that many systems do not take, and find what else is wrong with an entry', () => {
    const { valued } = identifier(DEI.uniqueId);
    const long = (object: RegistryObject) => valued(object, '1'.repeat(129));
    expect(names('DocumentEntry', long, 'XDS DR')).toContain('DocumentEntry.uniqueId/length');
    const late = (object: RegistryObject) => slot('serviceStartTime').valued(object, '20250103');
    expect(names('DocumentEntry', late, 'XDS DR')).toContain(
      'DocumentEntry.serviceStartTime/before serviceStopTime',
    );
    const secret = (object: RegistryObject) => slot('sourcePatientInfo').valued(object, 'PID-19|1');
    expect(names('DocumentEntry', secret, 'XDS DR')).toContain(
      'DocumentEntry.sourcePatientInfo/fields',
    );
  });

  it('ask of an identifier on an Association, which has none, at least whose it is', () => {
    const one = { id: 'stray', registryObject: 'x', identificationScheme: 'x', value: 'x' };
    const stray = (object: RegistryObject) => ({
      ...object,
      externalIdentifiers: [{ ...one, slots: [], name: [], description: [] }],
    });
    expect(names('Association', stray, 'XDS DR')).toContain('Association.ExternalIdentifier/owner');
  });

  it('do not let the status of a SubmissionSet be updated', () => {
    const other = aSubmissionSet({ entryUUID: 'SubmissionSet02', uniqueId: '2.999.9.1.7' });
    const { objects } = anUpdateOf(
      anAssociation({
        sourceObject: 'SubmissionSet01',
        targetObject: 'SubmissionSet02',
        associationType: ASSOCIATION_TYPE.UpdateAvailabilityStatus,
        originalStatus: 'Approved',
        newStatus: 'Deprecated',
      }),
    );
    const both = [
      ...objects,
      ...aSubmission({ submissionSet: other, documentEntries: [] }).objects,
    ];
    const found = judge(both, 'MU').map(({ rule }) => rule.name);
    expect(found).toContain('Association.UpdateAvailabilityStatus/ends');
  });
});

it('Every rule about one object has found a fault above', () => {
  const all = Object.values(OBJECT_RULES).flatMap((rules) => rules.map(({ name }) => name));
  expect(all.filter((name) => !fired.has(name))).toEqual([]);
});
