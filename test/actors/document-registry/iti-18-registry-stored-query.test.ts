import type { Permission } from '../../../actors/actor.ts';
import { Refusal } from '../../../profiles/refusal.ts';
import { objectOfText } from '../../../profiles/xds/registry-object-text.ts';
import {
  type FindDocuments,
  findDocuments,
  findDocumentsByReferenceId,
  findFolders,
  findSubmissionSets,
  getAll,
  getAssociations,
  getDocuments,
  getDocumentsAndAssociations,
  getFolderAndContents,
  getFolders,
  getFoldersForDocument,
  getRelatedDocuments,
  getSubmissionSetAndContents,
  getSubmissionSets,
} from '../../../profiles/xds/stored-query-builders.ts';
import type { AdhocQueryRequest } from '../../../profiles/xds/stored-queries.ts';
import { ASSOCIATION_TYPE } from '../../../profiles/xds/vocabulary.ts';
import { ARegistry, OTHER_PATIENT } from '../../support/a-registry.ts';
import { anAssociation, aSubmission, SAMPLE_PATIENT } from '../../support/xds-builders.ts';

const patientId = SAMPLE_PATIENT;
const code = (value: string) => ({ code: value, codingScheme: '2.999.5', displayName: value });
const CONFIDENTIALITY = '2.16.840.1.113883.5.25';
const RESTRICTED = { code: 'R', codingScheme: CONFIDENTIALITY, displayName: 'restricted' };
const NORMAL = { code: 'N', codingScheme: CONFIDENTIALITY, displayName: 'normal' };
const orderOf = (id: string) => `${id}^^^&2.999.6&ISO^urn:ihe:iti:xds:2013:order`;

/** Whoever sees no restricted document. */
const NURSE: Permission = {
  shows: ({ patientId: whose, confidentialityCode = [] }) =>
    whose !== undefined && !confidentialityCode.some((one) => one.code === 'R'),
};

/** doc.1 and doc.2 in folder.1; doc.3 restricted and in folder.1, filed by set.2; doc.4 replaces doc.2; other.1 of another patient. */
async function fill(registry: ARegistry): Promise<void> {
  await registry.register(
    aSubmission({
      submissionSet: { uniqueId: '2.999.9.1', sourceId: '2.999.9.10', submissionTime: '20250101' },
      folders: [{ uniqueId: '2.999.7.1', codeList: [code('EPI'), code('DIA')] }],
      documentEntries: [
        {
          uniqueId: 'doc.1',
          classCode: code('A'),
          eventCodeList: [code('X'), code('Y')],
          creationTime: '2025',
          serviceStartTime: '20250110',
          referenceIdList: [orderOf('17'), orderOf('18')],
          author: [{ authorPerson: '^山田^次郎' }, { authorPerson: "^O'Neill^50%_a\\E\\b" }],
        },
        {
          uniqueId: 'doc.2',
          classCode: code('B'),
          typeCode: code('T'),
          formatCode: code('F'),
          practiceSettingCode: code('P'),
          healthcareFacilityTypeCode: code('H'),
          eventCodeList: [code('X')],
          creationTime: '20250201000000',
        },
      ],
    }),
  );
  const { objects: folders } = await registry.ask(findFolders({ patientId }));
  const filing = {
    entryUUID: 'filing',
    sourceObject: folders[0]?.id ?? '',
    targetObject: 'Document01',
  };
  await registry.register(
    aSubmission({
      submissionSet: {
        uniqueId: '2.999.9.2',
        submissionTime: '20250301',
        author: [{ authorPerson: '^佐藤^花子' }],
        contentTypeCode: code('C'),
      },
      documentEntries: [{ uniqueId: 'doc.3', confidentialityCode: [NORMAL, RESTRICTED] }],
      associations: [
        anAssociation(filing),
        anAssociation({ sourceObject: 'SubmissionSet01', targetObject: 'filing' }),
      ],
    }),
  );
  await registry.register(
    aSubmission({
      submissionSet: { uniqueId: '2.999.9.3' },
      documentEntries: [{ uniqueId: 'doc.4', typeCode: code('T') }],
      associations: [
        anAssociation({
          entryUUID: 'replaces',
          sourceObject: 'Document01',
          targetObject: await idOf(registry, 'doc.2'),
          associationType: ASSOCIATION_TYPE.RPLC,
        }),
      ],
    }),
  );
  await registry.register(
    aSubmission({
      submissionSet: { uniqueId: '2.999.9.4', patientId: OTHER_PATIENT },
      documentEntries: [{ uniqueId: 'other.1' }],
    }),
  );
}

async function idOf(registry: ARegistry, uniqueId: string): Promise<string> {
  const { objects } = await registry.ask(getDocuments({ uniqueId: [uniqueId] }));
  return objects[0]?.id ?? 'nothing';
}

describe('ITI-18 Registry Stored Query, as the Document Registry answers it', () => {
  let registry: ARegistry;
  const id = (uniqueId: string) => idOf(registry, uniqueId);
  const setId = async (uniqueId: string) => {
    const { objects } = await registry.ask(findSubmissionSets({ patientId }));
    return objects.find((set) => set.uniqueId === uniqueId)?.id ?? 'nothing';
  };

  beforeAll(async () => {
    registry = await ARegistry.open();
    await fill(registry);
  });

  afterAll(() => registry.close());

  describe('FindDocuments', () => {
    const found = (asked: Partial<FindDocuments>) =>
      registry.found(findDocuments({ patientId, ...asked }));
    const all = ['Approved', 'Deprecated'] as const;

    it.each<[string, Partial<FindDocuments>, string[]]>([
      ['by patient and status', {}, ['doc.1', 'doc.3', 'doc.4']],
      ['Deprecated ones when asked for', { status: ['Deprecated'] }, ['doc.2']],
      ['by classCode', { classCode: [code('A'), code('B')], status: all }, ['doc.1', 'doc.2']],
      ['by typeCode', { typeCode: [code('T')], status: all }, ['doc.2', 'doc.4']],
      ['by formatCode', { formatCode: [code('F')], status: all }, ['doc.2']],
      ['by practiceSettingCode', { practiceSettingCode: [code('P')], status: all }, ['doc.2']],
      ['by facility', { healthcareFacilityTypeCode: [code('H')], status: all }, ['doc.2']],
      [
        'not by a code of another scheme',
        { classCode: [{ ...code('A'), codingScheme: '2.999.6' }] },
        [],
      ],
      [
        'by any event code',
        { eventCodeList: [[code('X'), code('Y')]], status: all },
        ['doc.1', 'doc.2'],
      ],
      [
        'by every event code',
        { eventCodeList: [[code('X')], [code('Y')]], status: all },
        ['doc.1'],
      ],
      ['by confidentialityCode', { confidentialityCode: [[RESTRICTED]] }, ['doc.3']],
      ['created from, included', { creationTimeFrom: '20250201', status: all }, ['doc.2']],
      [
        'created before, excluded',
        { creationTimeTo: '20250201', status: all },
        ['doc.1', 'doc.3', 'doc.4'],
      ],
      [
        'served in a time; one without that time passes',
        { serviceStartTimeFrom: '20250111' },
        ['doc.3', 'doc.4'],
      ],
      ['by author', { authorPerson: ['%山田%'] }, ['doc.1']],
      ['by author, letter case and all', { authorPerson: ["%o'neill%"] }, []],
      ['by author with a quote', { authorPerson: ["^O'N_ill^%"] }, ['doc.1']],
      [
        'by one of very many authors',
        { authorPerson: [...Array.from({ length: 9_000 }, (_, at) => `nobody ${at}`), '%山田%'] },
        ['doc.1'],
      ],
      [
        'by as many codes as may be asked for at once',
        { eventCodeList: Array.from({ length: 100 }, () => [code('nothing')]) },
        [],
      ],
      ['a backslash is no escape', { authorPerson: ['%a\\E\\b'] }, ['doc.1']],
      ['On-Demand ones when asked for', { objectType: ['On-Demand'] }, []],
    ])('finds %s', async (_what, asked, expected) => {
      expect(await found(asked)).toEqual(expected);
    });

    it('gives an empty Success for a patient who is not known', async () => {
      const unknown = { id: 'nobody', assigningAuthority: '2.999.3.7' };
      expect(await registry.ask(findDocuments({ patientId: unknown }))).toEqual({
        status: 'Success',
        errors: [],
        objects: [],
        objectRefs: [],
      });
    });

    it('answers ObjectRef with ids alone', async () => {
      const answer = await registry.ask(findDocuments({ patientId, returnType: 'ObjectRef' }));
      expect(answer.objects).toEqual([]);
      expect(answer.objectRefs).toEqual([
        { id: await id('doc.1') },
        { id: await id('doc.3') },
        { id: await id('doc.4') },
      ]);
    });

    it('returns objects that say in their text what their columns say', async () => {
      const { objects } = await registry.ask(findDocuments({ patientId }));
      const [text] = objects;
      const object = text && objectOfText(text);
      expect(object).toMatchObject({ id: text?.id, lid: text?.id, mimeType: 'text/plain' });
      expect(object?.externalIdentifiers.map(({ value }) => value).sort()).toEqual([
        'P-0001^^^&2.999.3.7&ISO',
        'doc.1',
      ]);
    });
  });

  it('FindDocumentsByReferenceId finds by every list of reference ids, exactly or by pattern', async () => {
    const found = (...referenceIdList: string[][]) =>
      registry.found(findDocumentsByReferenceId({ patientId, referenceIdList }));
    expect(await found([orderOf('17'), orderOf('99')])).toEqual(['doc.1']);
    expect(await found([orderOf('17')], [orderOf('18')])).toEqual(['doc.1']);
    expect(await found([orderOf('17')], [orderOf('99')])).toEqual([]);
    expect(await found(['18^%'])).toEqual(['doc.1']);
  });

  it('FindSubmissionSets finds by source, time, author and content type', async () => {
    const found = (asked: object) => registry.found(findSubmissionSets({ patientId, ...asked }));
    expect(await found({})).toEqual(['2.999.9.1', '2.999.9.2', '2.999.9.3']);
    expect(await found({ sourceId: ['2.999.9.10'] })).toEqual(['2.999.9.1']);
    expect(await found({ submissionTimeFrom: '20250103', submissionTimeTo: '202504' })).toEqual([
      '2.999.9.2',
    ]);
    expect(await found({ authorPerson: '%佐藤%' })).toEqual(['2.999.9.2']);
    expect(await found({ contentTypeCode: [code('C')] })).toEqual(['2.999.9.2']);
    expect(await found({ status: ['Deprecated'] })).toEqual([]);
  });

  it('FindFolders finds by code and by the time of the last update', async () => {
    const found = (asked: object) => registry.found(findFolders({ patientId, ...asked }));
    expect(await found({ codeList: [[code('EPI')], [code('DIA')]] })).toEqual(['2.999.7.1']);
    expect(await found({ codeList: [[code('EPI')], [code('other')]] })).toEqual([]);
    expect(await found({ lastUpdateTimeFrom: '20300401091500' })).toEqual(['2.999.7.1']);
    expect(await found({ lastUpdateTimeTo: '20300401091500' })).toEqual([]);
  });

  it('GetAll gives the patient’s objects, and every Association with one end among them', async () => {
    const approved = await registry.found(getAll({ patientId }));
    expect(approved).toEqual(expect.arrayContaining(['2.999.9.1', '2.999.7.1', 'doc.1', 'doc.4']));
    expect(approved).not.toContain('doc.2');
    expect(approved).toContain('doc.4 RPLC doc.2');
    const filtered = await registry.found(getAll({ patientId, formatCode: [code('F')] }));
    expect(filtered.filter((name) => /^doc\.[0-9]$/.test(name))).toEqual([]);
  });

  it('GetDocuments gives documents of every status, by entryUUID or uniqueId; unknown ones are missing', async () => {
    const uniqueId = ['doc.1', 'doc.2', 'nothing'];
    expect(await registry.found(getDocuments({ uniqueId }))).toEqual(['doc.1', 'doc.2']);
    const entryUUID = [await id('doc.2'), 'urn:uuid:00000000-0000-4000-8000-000000000000'];
    expect(await registry.found(getDocuments({ entryUUID }))).toEqual(['doc.2']);
    const folder = await registry.ask(getFolders({ uniqueId: ['2.999.7.1'] }));
    expect(
      await registry.found(getDocuments({ entryUUID: [folder.objects[0]?.id ?? ''] })),
    ).toEqual([]);
  });

  it('GetAssociations gives those that touch an object', async () => {
    expect(await registry.found(getAssociations({ uuid: [await id('doc.2')] }))).toEqual([
      '2.999.9.1 HasMember doc.2',
      '2.999.7.1 HasMember doc.2',
      'doc.4 RPLC doc.2',
    ]);
  });

  it('GetDocumentsAndAssociations gives both', async () => {
    expect(await registry.found(getDocumentsAndAssociations({ uniqueId: ['doc.1'] }))).toEqual([
      'doc.1',
      '2.999.9.1 HasMember doc.1',
      '2.999.7.1 HasMember doc.1',
    ]);
  });

  it('GetSubmissionSets gives the sets that hold an object, with the links', async () => {
    expect(await registry.found(getSubmissionSets({ uuid: [await id('doc.3')] }))).toEqual([
      '2.999.9.2',
      '2.999.9.2 HasMember doc.3',
    ]);
  });

  it('GetSubmissionSetAndContents gives the set, what it holds, and the links between', async () => {
    expect(await registry.found(getSubmissionSetAndContents({ uniqueId: '2.999.9.1' }))).toEqual([
      '2.999.9.1',
      'doc.1',
      'doc.2',
      '2.999.7.1',
      '2.999.7.1 HasMember doc.1',
      '2.999.7.1 HasMember doc.2',
      '2.999.9.1 HasMember doc.1',
      '2.999.9.1 HasMember doc.2',
      '2.999.9.1 HasMember 2.999.7.1',
      '2.999.9.1 HasMember (HasMember)',
      '2.999.9.1 HasMember (HasMember)',
    ]);
    const filtered = getSubmissionSetAndContents({
      entryUUID: await setId('2.999.9.1'),
      formatCode: [code('F')],
    });
    expect(await registry.found(filtered)).toEqual([
      '2.999.9.1',
      'doc.2',
      '2.999.7.1',
      '2.999.7.1 HasMember doc.2',
      '2.999.9.1 HasMember doc.2',
      '2.999.9.1 HasMember 2.999.7.1',
      '2.999.9.1 HasMember (HasMember)',
    ]);
  });

  it('GetFolderAndContents gives the Folder, its documents of any status, and the links', async () => {
    expect(await registry.found(getFolderAndContents({ uniqueId: '2.999.7.1' }))).toEqual([
      '2.999.7.1',
      'doc.1',
      'doc.2',
      'doc.3',
      'doc.4',
      '2.999.7.1 HasMember doc.1',
      '2.999.7.1 HasMember doc.2',
      '2.999.7.1 HasMember doc.3',
      '2.999.7.1 HasMember doc.4',
    ]);
    const restricted = { uniqueId: '2.999.7.1', confidentialityCode: [[RESTRICTED]] };
    expect(await registry.found(getFolderAndContents(restricted))).toEqual([
      '2.999.7.1',
      'doc.3',
      '2.999.7.1 HasMember doc.3',
    ]);
  });

  it('GetFoldersForDocument gives the Folders alone', async () => {
    expect(await registry.found(getFoldersForDocument({ uniqueId: 'doc.4' }))).toEqual([
      '2.999.7.1',
    ]);
    expect(await registry.found(getFolders({ uniqueId: ['2.999.7.1'] }))).toEqual(['2.999.7.1']);
  });

  it('GetRelatedDocuments gives the documents at both ends of the wanted Associations, one hop', async () => {
    const related = (uniqueId: string, ...associationTypes: string[]) =>
      registry.found(getRelatedDocuments({ uniqueId, associationTypes }));
    expect(new Set(await related('doc.2', ASSOCIATION_TYPE.RPLC))).toEqual(
      new Set(['doc.2', 'doc.4', 'doc.4 RPLC doc.2']),
    );
    expect(await related('doc.2', ASSOCIATION_TYPE.APND)).toEqual([]);
    expect(await related('doc.1', ASSOCIATION_TYPE.HasMember, ASSOCIATION_TYPE.RPLC)).toEqual([]);
  });

  describe('what may not be shown', () => {
    it.each<[string, () => AdhocQueryRequest | Promise<AdhocQueryRequest>]>([
      ['FindDocuments', () => findDocuments({ patientId })],
      ['GetAll', () => getAll({ patientId })],
      ['GetFolderAndContents', () => getFolderAndContents({ uniqueId: '2.999.7.1' })],
      ['GetSubmissionSetAndContents', () => getSubmissionSetAndContents({ uniqueId: '2.999.9.2' })],
      ['GetDocumentsAndAssociations', () => getDocumentsAndAssociations({ uniqueId: ['doc.3'] })],
      ['GetAssociations', async () => getAssociations({ uuid: [await id('doc.3')] })],
      ['GetSubmissionSets', async () => getSubmissionSets({ uuid: [await id('doc.3')] })],
    ])(
      '%s leaves out a restricted document, and every Association that points at it',
      async (_name, asked) => {
        const query = await asked();
        const seen = await registry.found(query, NURSE);
        expect(seen.filter((name) => name.includes('doc.3'))).toEqual([]);
        const { objects } = await registry.ask(query, NURSE);
        const { objects: associations } = await registry.ask(
          getAssociations({ uuid: [await id('doc.3')] }),
        );
        const hidden = associations.map((one) => one.id);
        for (const one of objects) {
          expect(hidden).not.toContain(one.id);
          expect(hidden).not.toContain(one.targetObject);
        }
      },
    );

    it('tells no more of it in an ObjectRef', async () => {
      const { objectRefs } = await registry.ask(
        findDocuments({ patientId, returnType: 'ObjectRef' }),
        NURSE,
      );
      expect(objectRefs.map((reference) => reference.id)).toEqual([
        await id('doc.1'),
        await id('doc.4'),
      ]);
    });
  });

  describe('what is refused', () => {
    const refusal = async (query: AdhocQueryRequest, of = registry) => {
      const error: unknown = await of.ask(query).catch((refused: unknown) => refused);
      return error instanceof Refusal ? error.code : error;
    };

    it('full objects of several patients in one answer; ids of them are given', async () => {
      const uniqueId = ['doc.1', 'other.1'];
      expect(await refusal(getDocuments({ uniqueId }))).toBe('XDSResultNotSinglePatient');
      const { objectRefs } = await registry.ask(
        getDocuments({ uniqueId, returnType: 'ObjectRef' }),
      );
      expect(objectRefs).toHaveLength(2);
    });

    it('a query that is not known', async () => {
      const unknown = { ...findDocuments({ patientId }), queryId: 'urn:uuid:0' };
      expect(await refusal(unknown)).toBe('XDSUnknownStoredQuery');
    });

    it('a query without what it needs', async () => {
      expect(await refusal({ ...findDocuments({ patientId }), slots: [] })).toBe(
        'XDSStoredQueryMissingParam',
      );
    });

    it('an answer of more objects than one holds', async () => {
      const small = await ARegistry.open({ leafClass: 3, objectRef: 4 });
      await fill(small);
      expect(await refusal(findDocuments({ patientId }), small)).toMatchObject({
        status: 'Success',
      });
      const status = ['Approved', 'Deprecated'] as const;
      const all = { patientId, status };
      expect(await refusal(findDocuments(all), small)).toBe('XDSTooManyResults');
      const references = findDocuments({ ...all, returnType: 'ObjectRef' });
      expect(await refusal(references, small)).toMatchObject({ status: 'Success' });
      expect(await refusal(getAll({ ...all, returnType: 'ObjectRef' }), small)).toBe(
        'XDSTooManyResults',
      );
      await small.close();
    });
  });
});
