import type { Slot } from '../../../profiles/formats/ebxml.ts';
import {
  findDocumentsByReferenceIdForMultiplePatients,
  findDocumentsForMultiplePatients,
  findFoldersForMultiplePatients,
} from '../../../profiles/xds/multi-patient-query-builders.ts';
import {
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
import {
  associationStatusesOf,
  documentAvailabilitiesOf,
  documentEntryTypesOf,
  parameterCodes,
  parameterValue,
  parameterValues,
  readStoredQuery,
} from '../../../profiles/xds/stored-query-reading.ts';
import {
  type AdhocQueryRequest,
  needsHome,
  patientOfQuery,
  patientsOfQuery,
  STORED_QUERIES,
  type StoredQueryName,
  storedQueryNamed,
} from '../../../profiles/xds/stored-queries.ts';
import {
  ASSOCIATION_TYPE,
  DOCUMENT_ENTRY_TYPE,
  STATUS_TYPE,
} from '../../../profiles/xds/vocabulary.ts';
import { SAMPLE_PATIENT as patientId } from '../../support/xds-builders.ts';
import { refused } from '../../support/xds-wire.ts';

const A = { code: 'a', codingScheme: '2.999.5' };
const B = { code: "b'b", codingScheme: '2.999.5' };
const CX = 'P-0001^^^&2.999.3.7&ISO';

/** A FindDocuments whose slots are written by hand; patient and status are there unless replaced. */
function asked(...slots: readonly Slot[]): AdhocQueryRequest {
  const given = slots.map(({ name }) => name);
  const sound = findDocuments({ patientId }).slots.filter(({ name }) => !given.includes(name));
  return {
    returnType: 'LeafClass',
    queryId: STORED_QUERIES.FindDocuments.id,
    slots: [...sound, ...slots],
  };
}

const slot = (name: string, ...values: readonly string[]): Slot => ({ name, values });

describe('The builders of stored queries', () => {
  const built: Readonly<Record<StoredQueryName, AdhocQueryRequest>> = {
    FindDocuments: findDocuments({ patientId }),
    FindDocumentsByReferenceId: findDocumentsByReferenceId({
      patientId,
      referenceIdList: [['r1'], ['r2', 'r3']],
    }),
    FindSubmissionSets: findSubmissionSets({
      patientId,
      authorPerson: '%試験%',
      sourceId: ['2.999.9'],
    }),
    FindFolders: findFolders({ patientId, codeList: [[A]] }),
    GetAll: getAll({ patientId }),
    GetDocuments: getDocuments({ entryUUID: ['urn:uuid:1', 'urn:uuid:2'] }),
    GetFolders: getFolders({ uniqueId: ['1.2'] }),
    GetAssociations: getAssociations({ uuid: ['urn:uuid:1'] }),
    GetDocumentsAndAssociations: getDocumentsAndAssociations({ uniqueId: ['1.2'] }),
    GetSubmissionSets: getSubmissionSets({ uuid: ['urn:uuid:1'] }),
    GetSubmissionSetAndContents: getSubmissionSetAndContents({ uniqueId: '1.2', formatCode: [A] }),
    GetFolderAndContents: getFolderAndContents({ entryUUID: 'urn:uuid:1' }),
    GetFoldersForDocument: getFoldersForDocument({ uniqueId: '1.2' }),
    GetRelatedDocuments: getRelatedDocuments({
      uniqueId: '1.2',
      associationTypes: [ASSOCIATION_TYPE.RPLC],
    }),
    FindDocumentsForMultiplePatients: findDocumentsForMultiplePatients({
      patientIds: [patientId, { ...patientId, id: 'P-2' }],
    }),
    FindDocumentsByReferenceIdForMultiplePatients: findDocumentsByReferenceIdForMultiplePatients({
      patientIds: [patientId],
      referenceIdList: [['r1']],
    }),
    FindFoldersForMultiplePatients: findFoldersForMultiplePatients({
      patientIds: [patientId],
      codeList: [[A]],
    }),
  };

  it.each(Object.entries(built))('write a %s that is read as such', (name, request) => {
    const { transaction } = STORED_QUERIES[name as StoredQueryName];
    const query = readStoredQuery(request, { transaction });
    expect(query.name).toBe(name);
    expect(storedQueryNamed(request.queryId, transaction)).toBe(name);
    const other = transaction === 'ITI-18' ? 'ITI-51' : 'ITI-18';
    expect(storedQueryNamed(request.queryId, other)).toBeUndefined();
    expect(patientsOfQuery(request)).toHaveLength(query.patientIds.length);
    expect(query.parameters.size).toBe(new Set(request.slots.map((one) => one.name)).size);
    expect(needsHome(request)).toBe(query.patientId === undefined);
    expect(patientOfQuery(request)).toBe(query.patientId && CX);
  });

  it('write every filter so that it is read back', () => {
    const query = readStoredQuery(
      findDocuments({
        patientId,
        status: ['Approved', 'Deprecated'],
        classCode: [A, B],
        confidentialityCode: [[A], [A, B]],
        creationTimeFrom: '2025',
        authorPerson: ["%O'Hara%"],
        objectType: ['Stable', 'On-Demand'],
        returnType: 'ObjectRef',
        home: 'urn:oid:2.999.1',
      }),
    );
    expect(query).toMatchObject({ returnType: 'ObjectRef', home: 'urn:oid:2.999.1', patientId });
    expect(parameterValues(query, '$XDSDocumentEntryStatus')).toEqual([
      STATUS_TYPE.Approved,
      STATUS_TYPE.Deprecated,
    ]);
    expect(parameterCodes(query, '$XDSDocumentEntryClassCode')).toEqual([[A, B]]);
    expect(parameterCodes(query, '$XDSDocumentEntryConfidentialityCode')).toEqual([[A], [A, B]]);
    expect(parameterValue(query, '$XDSDocumentEntryCreationTimeFrom')).toBe('2025');
    expect(parameterValues(query, '$XDSDocumentEntryAuthorPerson')).toEqual(["%O'Hara%"]);
    expect(documentEntryTypesOf(query)).toEqual(Object.values(DOCUMENT_ENTRY_TYPE));
  });

  it('part a long list between its values, each part within 256 characters', () => {
    const uniqueId = Array.from({ length: 50 }, (_, at) => `2.999.8.1.${at}^${'x'.repeat(20)}`);
    const request = getDocuments({ uniqueId });
    const [only] = request.slots;
    expect(only?.values.length).toBeGreaterThan(5);
    expect(only?.values.every((value) => value.length <= 256)).toBe(true);
    expect(parameterValues(readStoredQuery(request), '$XDSDocumentEntryUniqueId')).toEqual(
      uniqueId,
    );
  });
});

describe('A stored query', () => {
  it('wants Stable documents alone unless it says otherwise', () => {
    expect(documentEntryTypesOf(readStoredQuery(asked()))).toEqual([DOCUMENT_ENTRY_TYPE.Stable]);
  });

  it('takes the values of one slot for OR, and repetitions of the slot for AND', () => {
    const name = '$XDSDocumentEntryEventCodeList';
    const query = readStoredQuery(
      asked(slot(name, "('a^^1')", "('b^^1')"), slot(name, "('c^^1')")),
    );
    expect(query.parameters.get(name)).toEqual([['a^^1', 'b^^1'], ['c^^1']]);
  });

  it('may be written with blanks around commas and inside parentheses', () => {
    const query = readStoredQuery(
      asked(slot('$XDSDocumentEntryClassCode', " ( 'a^^1' , 'b^^1' ) ")),
    );
    expect(parameterCodes(query, '$XDSDocumentEntryClassCode')).toHaveLength(1);
  });

  it('may give a single value in parentheses', () => {
    expect(
      readStoredQuery(asked(slot('$XDSDocumentEntryPatientId', `('${CX}')`))).patientId,
    ).toEqual(patientId);
  });

  it('passes over parameters that are not known, and empty ones', () => {
    const query = readStoredQuery(asked(slot('$Other', 'x'), slot('$XDSDocumentEntryClassCode')));
    expect([...query.parameters.keys()]).toEqual([
      '$XDSDocumentEntryPatientId',
      '$XDSDocumentEntryStatus',
    ]);
  });

  it('drops a status that is not known, and is refused when none is left', () => {
    const name = '$XDSDocumentEntryStatus';
    const query = readStoredQuery(asked(slot(name, `('urn:x','${STATUS_TYPE.Approved}')`)));
    expect(parameterValues(query, name)).toEqual([STATUS_TYPE.Approved]);
    expect(refused(() => readStoredQuery(asked(slot(name, "('urn:x')"))))[0]?.code).toBe(
      'XDSStoredQueryMissingParam',
    );
  });

  it('asks for the latest versions alone, unless it asks for level 2', () => {
    expect(readStoredQuery(asked()).metadataLevel).toBe(1);
    expect(readStoredQuery(asked(slot('$MetadataLevel', '2'))).metadataLevel).toBe(2);
    // As NIST's own tests write it.
    expect(readStoredQuery(asked(slot('$MetadataLevel', "'2'"))).metadataLevel).toBe(2);
    const query = readStoredQuery(getDocuments({ logicalID: ['urn:uuid:1'], metadataLevel: 2 }));
    expect(parameterValues(query, '$XDSDocumentEntryLogicalID')).toEqual(['urn:uuid:1']);
  });

  it('filters by documentAvailability and by the status of Associations', () => {
    const query = readStoredQuery(findDocuments({ patientId, documentAvailability: ['Offline'] }));
    expect(documentAvailabilitiesOf(query)).toEqual(['Offline']);
    expect(documentAvailabilitiesOf(readStoredQuery(asked()))).toBeUndefined();
    const links = getAssociations({ uuid: ['urn:uuid:1'] });
    const statuses = slot('$XDSAssociationStatus', `('${STATUS_TYPE.Deprecated}')`);
    expect(
      associationStatusesOf(readStoredQuery({ ...links, slots: [...links.slots, statuses] })),
    ).toEqual(['Deprecated']);
    expect(associationStatusesOf(readStoredQuery(links))).toBeUndefined();
  });

  it('of several patients names all of them, or none for any', () => {
    const transaction = 'ITI-51';
    const two = [patientId, { ...patientId, id: "O'2" }];
    const query = readStoredQuery(findDocumentsForMultiplePatients({ patientIds: two }), {
      transaction,
    });
    expect(query.patientIds).toEqual(two);
    expect(patientsOfQuery(findDocumentsForMultiplePatients({ patientIds: two }))).toEqual([
      CX,
      "O'2^^^&2.999.3.7&ISO",
    ]);
    const any = readStoredQuery(findDocumentsForMultiplePatients({ classCode: [A] }), {
      transaction,
    });
    expect(any.patientIds).toEqual([]);
    expect(any.patientId).toBeUndefined();
  });

  it('of several patients is refused where nothing narrows it', () => {
    const documents = findDocumentsForMultiplePatients({ formatCode: [A] });
    const folders = findFoldersForMultiplePatients({});
    for (const request of [documents, folders]) {
      expect(
        refused(() => readStoredQuery(request, { transaction: 'ITI-51' })).map(({ code }) => code),
      ).toEqual(['XDSStoredQueryMissingParam']);
    }
  });

  it('belongs to its own transaction', () => {
    const several = findFoldersForMultiplePatients({ codeList: [[A]] });
    expect(refused(() => readStoredQuery(several))[0]?.code).toBe('XDSUnknownStoredQuery');
    const options = { transaction: 'ITI-51' } as const;
    expect(refused(() => readStoredQuery(asked(), options))[0]?.code).toBe('XDSUnknownStoredQuery');
  });

  it.each<[string, Slot]>([
    ['a list without parentheses', slot('$XDSDocumentEntryClassCode', "'a^^1'")],
    ['a value without quotes', slot('$XDSDocumentEntryClassCode', '(a^^1)')],
    ['a patient without quotes', slot('$XDSDocumentEntryPatientId', CX)],
    ['a time in quotes', slot('$XDSDocumentEntryCreationTimeFrom', "'2025'")],
    ['a code with a name', slot('$XDSDocumentEntryClassCode', "('a^name^1')")],
  ])('with %s is taken where queries are read leniently', (_what, given) => {
    const query = readStoredQuery(asked(given), { reading: 'lenient' });
    const values = query.parameters.get(given.name)?.[0];
    expect(['a^^1', CX, '2025']).toContain(values?.[0]);
    expect(refused(() => readStoredQuery(asked(given)))).toHaveLength(1);
  });

  it('is known by its UUID in any letter case', () => {
    expect(storedQueryNamed(STORED_QUERIES.GetAll.id.toUpperCase())).toBe('GetAll');
  });

  const both = [
    slot('$XDSDocumentEntryEntryUUID', "('urn:uuid:1')"),
    slot('$XDSDocumentEntryUniqueId', "('1')"),
  ];
  it.each<[string, AdhocQueryRequest, string, string]>([
    [
      'an id that is not known',
      { ...asked(), queryId: 'urn:uuid:0' },
      'XDSUnknownStoredQuery',
      'urn:uuid:0',
    ],
    [
      'no patient',
      { ...asked(), slots: asked().slots.slice(1) },
      'XDSStoredQueryMissingParam',
      '$XDSDocumentEntryPatientId',
    ],
    [
      'no status',
      { ...asked(), slots: asked().slots.slice(0, 1) },
      'XDSStoredQueryMissingParam',
      '$XDSDocumentEntryStatus',
    ],
    [
      'neither of a pair',
      { ...getDocuments({ uniqueId: ['1'] }), slots: [] },
      'XDSStoredQueryMissingParam',
      ' or ',
    ],
    [
      'both of a pair',
      { ...getDocuments({ uniqueId: ['1'] }), slots: both },
      'XDSStoredQueryParamNumber',
      ' and ',
    ],
    [
      'two patients',
      asked(slot('$XDSDocumentEntryPatientId', `'${CX}'`, `'${CX}'`)),
      'XDSStoredQueryParamNumber',
      'PatientId',
    ],
    [
      'two patients in parentheses',
      asked(slot('$XDSDocumentEntryPatientId', `('${CX}','${CX}')`)),
      'XDSStoredQueryParamNumber',
      'PatientId',
    ],
    [
      'a slot that may not be repeated',
      asked(
        slot('$XDSDocumentEntryClassCode', "('a^^1')"),
        slot('$XDSDocumentEntryClassCode', "('a^^1')"),
      ),
      'XDSStoredQueryParamNumber',
      'ClassCode',
    ],
    [
      'a slot that is repeated beyond measure',
      asked(
        ...Array.from({ length: 101 }, () => slot('$XDSDocumentEntryEventCodeList', "('a^^1')")),
      ),
      'XDSStoredQueryParamNumber',
      'more than 100 times',
    ],
    [
      'a patient without quotes',
      asked(slot('$XDSDocumentEntryPatientId', CX)),
      'XDSRegistryError',
      'quotes',
    ],
    [
      'a patient who is no CX',
      asked(slot('$XDSDocumentEntryPatientId', "'P1'")),
      'XDSRegistryError',
      'patient identifier',
    ],
    [
      'a list without parentheses',
      asked(slot('$XDSDocumentEntryStatus', `'${STATUS_TYPE.Approved}'`)),
      'XDSRegistryError',
      'parentheses',
    ],
    [
      'empty parentheses',
      asked(slot('$XDSDocumentEntryStatus', '()')),
      'XDSRegistryError',
      'empty',
    ],
    [
      'a value without quotes in a list',
      asked(slot('$XDSDocumentEntryClassCode', '(a^^1)')),
      'XDSRegistryError',
      'list',
    ],
    [
      'a list without commas',
      asked(slot('$XDSDocumentEntryClassCode', "('a^^1' 'b^^1')")),
      'XDSRegistryError',
      'list',
    ],
    [
      'a quote that is not doubled',
      asked(slot('$XDSDocumentEntryClassCode', "('a'b^^1')")),
      'XDSRegistryError',
      'list',
    ],
    [
      'a code without scheme',
      asked(slot('$XDSDocumentEntryClassCode', "('a')")),
      'XDSRegistryError',
      'code^^codingScheme',
    ],
    [
      'a code with a name',
      asked(slot('$XDSDocumentEntryClassCode', "('a^name^1')")),
      'XDSRegistryError',
      'code^^codingScheme',
    ],
    [
      'a logicalID without level 2',
      {
        ...getDocuments({ uniqueId: ['1'] }),
        slots: [slot('$XDSDocumentEntryLogicalID', "('urn:uuid:1')")],
      },
      'XDSRegistryError',
      '$MetadataLevel 2',
    ],
    ['another level', asked(slot('$MetadataLevel', '3')), 'XDSRegistryError', '1 or 2'],
    ['a level that is no number', asked(slot('$MetadataLevel', 'x')), 'XDSRegistryError', 'number'],
    [
      'a time in quotes',
      asked(slot('$XDSDocumentEntryCreationTimeFrom', "'2025'")),
      'XDSRegistryError',
      'time',
    ],
    [
      'a time that does not exist',
      asked(slot('$XDSDocumentEntryCreationTimeFrom', '20250230')),
      'XDSRegistryError',
      'time',
    ],
  ])('is refused for %s', (_what, request, code, named) => {
    const [refusal, ...more] = refused(() => readStoredQuery(request));
    expect(more).toEqual([]);
    expect(refusal?.code).toBe(code);
    expect(refusal?.context).toContain(named);
    expect(refusal?.context).not.toContain('P-0001');
  });

  it('names no patient where it is of Get… by id, is foreign, or has none', () => {
    expect(patientOfQuery(getDocuments({ uniqueId: ['1'] }))).toBeUndefined();
    expect(patientOfQuery({ ...asked(), queryId: 'urn:uuid:0' })).toBeUndefined();
    expect(patientOfQuery({ ...asked(), slots: [] })).toBeUndefined();
  });
});
