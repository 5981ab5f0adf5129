import { textOfPiece } from '../../../profiles/formats/xml-pieces.ts';
import { bytesContent, NO_PARTS } from '../../../profiles/formats/mtom.ts';
import { elementsOf, parseXml } from '../../../profiles/formats/xml.ts';
import { Refusal } from '../../../profiles/refusal.ts';
import { ITI_18 } from '../../../profiles/xds/iti-18.ts';
import { ITI_41 } from '../../../profiles/xds/iti-41.ts';
import { ITI_42 } from '../../../profiles/xds/iti-42.ts';
import { ITI_43 } from '../../../profiles/xds/iti-43.ts';
import { folderToEbxml } from '../../../profiles/xds/metadata-ebxml.ts';
import { kindOf } from '../../../profiles/xds/metadata-xml.ts';
import { errorOf, statusOf } from '../../../profiles/xds/registry-response.ts';
import {
  encodeObjectText,
  objectOfText,
  textOfObject,
} from '../../../profiles/xds/registry-object-text.ts';
import { findDocuments, getDocuments } from '../../../profiles/xds/stored-query-builders.ts';
import { PACKAGE_NODE } from '../../../profiles/xds/vocabulary.ts';
import { DOCUMENT_SHARING_XSD, schemasPresent, validateAgainst } from '../../support/schema.ts';
import { aFolder, aSubmission, SAMPLE_BYTES, SAMPLE_PATIENT } from '../../support/xds-builders.ts';
import { FROZEN, openedXml, overTheWire, partsOf, refused } from '../../support/xds-wire.ts';

const HOME = 'urn:oid:2.999.392.1';
const content = bytesContent(SAMPLE_BYTES);
const ids = { repositoryUniqueId: '2.999.7.1', documentUniqueId: '2.999.8.1' };
const REQUEST = openedXml('<any/>');

/** What is wrong with a request after its text was changed. */
function faultsAfter(
  transaction: {
    request: { decode(opened: ReturnType<typeof openedXml>, parts: typeof NO_PARTS): unknown };
  },
  xml: string,
): readonly string[] {
  return refused(() => transaction.request.decode(openedXml(xml), NO_PARTS)).map(
    ({ code, context }) => `${code}: ${context}`,
  );
}

describe('ITI-18 Registry Stored Query', () => {
  const { xml } = ITI_18.request.encode(findDocuments({ patientId: SAMPLE_PATIENT }));

  it.each([
    ['RegistryObject', xml.replace('"LeafClass"', '"RegistryObject"')],
    ['LeafClassWithRepositoryItem', xml.replace('"LeafClass"', '"LeafClassWithRepositoryItem"')],
    ['none', xml.replace(' returnType="LeafClass"', '')],
  ])('refuses the returnType %s', (_type, changed) => {
    expect(faultsAfter(ITI_18, changed)).toEqual([
      'XDSRegistryError: the query cannot be read: the returnType must be LeafClass or ObjectRef',
    ]);
  });

  it.each([
    ['no ResponseOption', xml.replace(/<query:ResponseOption[^>]*>/, '')],
    ['no AdhocQuery', xml.replace(/<rim:AdhocQuery .*<\/rim:AdhocQuery>/, '')],
    ['a second AdhocQuery', xml.replace(/(<rim:AdhocQuery .*<\/rim:AdhocQuery>)/, '$1$1')],
    ['no query id', xml.replace(/ id="[^"]*"/, '')],
    ['an unknown element', xml.replace('</rim:AdhocQuery>', '<rim:Other/></rim:AdhocQuery>')],
  ])('refuses a request with %s', (_what, changed) => {
    expect(changed).not.toBe(xml);
    expect(faultsAfter(ITI_18, changed)).toEqual([expect.stringMatching(/^XDSRegistryError: /)]);
  });

  it('answers for an object with the patient and the home that it is given', () => {
    const [entry] = aSubmission().objects;
    if (entry === undefined) throw new Error('no entry');
    const patientId = { id: 'A&B', assigningAuthority: '2.999.4' };
    const text = textOfObject(entry, { patientId, home: HOME, status: 'urn:example:status' });
    const body = ITI_18.response.encode(
      { status: 'Success', errors: [], objects: [text], objectRefs: [] },
      REQUEST,
      FROZEN,
    );
    const [object] = ITI_18.response.decode(openedXml(body.xml), NO_PARTS).objects;
    expect(object).toMatchObject({
      patientId,
      home: HOME,
      status: 'urn:example:status',
      kind: 'DocumentEntry',
      uniqueId: '2.999.8.1.1',
    });
    expect(object?.confidentialityCode).toEqual([
      { code: 'N', codingScheme: '2.16.840.1.113883.5.25', displayName: 'normal' },
    ]);
    expect(body.xml.match(/2\.999\.3\.7/g)).toBeNull();
  });

  it('joins the text of an object without looking into it', () => {
    const text = { element: 'ExtrinsicObject', id: 'a', content: '<rim:Slot/>' } as const;
    expect(encodeObjectText(text)).toBe(
      '<rim:ExtrinsicObject id="a"><rim:Slot/></rim:ExtrinsicObject>',
    );
  });

  (schemasPresent ? it : it.skip)(
    'keeps the order of the schema where ContentVersionInfo follows the identifiers',
    () => {
      const objects = aSubmission().objects.map((object) =>
        textOfObject(
          object.element === 'ExtrinsicObject'
            ? {
                ...object,
                externalIdentifiers: object.externalIdentifiers.slice(0, 1),
                contentVersion: { versionName: '2' },
              }
            : object,
        ),
      );
      const { xml: answer } = ITI_18.response.encode(
        { status: 'Success', errors: [], objects, objectRefs: [] },
        REQUEST,
        FROZEN,
      );
      expect(validateAgainst(DOCUMENT_SHARING_XSD, answer)).toEqual([]);
    },
  );

  it('keeps white space in values, drops it between elements, and keeps elements that it does not know', () => {
    const answer = (objects: string) =>
      `<query:AdhocQueryResponse xmlns:query="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" xmlns:r="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0" status="urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"><r:RegistryObjectList>${objects}</r:RegistryObjectList></query:AdhocQueryResponse>`;
    const xml = answer(
      '<r:RegistryPackage id="p">\n <r:Slot name="n">\n <r:ValueList><r:Value> v </r:Value></r:ValueList></r:Slot> <x:Y xmlns:x="urn:x">z</x:Y></r:RegistryPackage>',
    );
    const [object] = ITI_18.response.decode(openedXml(xml), NO_PARTS).objects;
    expect(object?.content).toBe(
      '<rim:Slot name="n"><rim:ValueList><rim:Value> v </rim:Value></rim:ValueList></rim:Slot><ns1:Y xmlns:ns1="urn:x">z</ns1:Y>',
    );
    expect(object && objectOfText(object).unknown).toHaveLength(1);
  });

  it('takes a node Classification beside its package for a part of the package', () => {
    const folder = folderToEbxml(aFolder());
    const [node, ...others] = folder.classifications;
    const text = textOfObject({ ...folder, classifications: others });
    const loose = `<rim:Classification id="${node?.id}" classificationNode="${PACKAGE_NODE.Folder}" classifiedObject="Folder01"/>`;
    const { xml } = ITI_18.response.encode(
      { status: 'Success', errors: [], objects: [text], objectRefs: [] },
      REQUEST,
      FROZEN,
    );
    const changed = xml.replace('</rim:RegistryObjectList>', `${loose}</rim:RegistryObjectList>`);
    const [object] = ITI_18.response.decode(openedXml(changed), NO_PARTS).objects;
    expect(object).toMatchObject({
      kind: 'Folder',
      patientId: SAMPLE_PATIENT,
      uniqueId: '2.999.9.1.2',
    });
  });

  it("shows an object whose patientId is no CX as nobody's", () => {
    const objects = aSubmission().objects.map((object) => textOfObject(object));
    const { xml } = ITI_18.response.encode(
      { status: 'Success', errors: [], objects, objectRefs: [] },
      REQUEST,
      FROZEN,
    );
    const read = ITI_18.response.decode(
      openedXml(xml.replaceAll('P-0001^^^&amp;2.999.3.7&amp;ISO', 'P-0001')),
      NO_PARTS,
    );
    expect(read.objects.map(({ patientId }) => patientId)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("shows an object with two patientIds as nobody's", () => {
    const [object] = aSubmission().objects.map((one) => textOfObject(one));
    if (object === undefined) throw new Error('no object');
    const objects = [object];
    const answer = { status: 'Success', errors: [], objects, objectRefs: [] } as const;
    const { xml } = ITI_18.response.encode(answer, REQUEST, FROZEN);
    const second =
      /<rim:ExternalIdentifier [^>]*58a6f841.*?<\/rim:ExternalIdentifier>/.exec(xml)?.[0] ?? '';
    const changed = xml.replace(second, second + second.replace('P-0001', 'P-0002'));
    const [read] = ITI_18.response.decode(openedXml(changed), NO_PARTS).objects;
    expect(read?.patientId).toBeUndefined();
    expect(textOfPiece(read?.content ?? '').match(/P-000/g)).toHaveLength(2);
  });

  it.each([
    [
      'an unknown status',
      'status="urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"',
      'status="urn:x"',
    ],
    [
      'an object that is none',
      '<rim:RegistryObjectList>',
      '<rim:RegistryObjectList><rim:Service id="s"/>',
    ],
    [
      'an object without id',
      '<rim:RegistryObjectList>',
      '<rim:RegistryObjectList><rim:Association/>',
    ],
    [
      'an ObjectRef without id',
      '<rim:RegistryObjectList>',
      '<rim:RegistryObjectList><rim:ObjectRef/>',
    ],
    [
      'an error without code',
      '<rim:RegistryObjectList>',
      '<rs:RegistryErrorList><rs:RegistryError/></rs:RegistryErrorList><rim:RegistryObjectList>',
    ],
  ])('cannot read an answer with %s', (_what, from, to) => {
    const { xml: answer } = ITI_18.response.encode(
      { status: 'Success', errors: [], objects: [], objectRefs: [] },
      REQUEST,
      FROZEN,
    );
    const changed = answer.replace(from, to);
    expect(changed).not.toBe(answer);
    expect(
      refused(() => ITI_18.response.decode(openedXml(changed), NO_PARTS)).map(({ code }) => code),
    ).toEqual(['XDSRegistryError']);
  });

  it('is audited as a query, with the patient it names and the query as it was sent', () => {
    const request = findDocuments({ patientId: SAMPLE_PATIENT, home: HOME });
    expect(ITI_18.audit.action({ side: 'answerer' })).toBe('E');
    expect(ITI_18.audit.objects({ side: 'answerer', request, query: '<sent/>' })).toEqual([
      { kind: 'patient', patientId: SAMPLE_PATIENT },
      {
        kind: 'query',
        id: request.queryId,
        text: '<sent/>',
        details: [
          { type: 'QueryEncoding', value: 'UTF-8' },
          { type: 'urn:ihe:iti:xca:2010:homeCommunityId', value: HOME },
        ],
      },
    ]);
    expect(ITI_18.audit.objects({ side: 'answerer', query: '<bad/>' })).toEqual([
      { kind: 'query', id: '', text: '<bad/>' },
    ]);
    expect(ITI_18.audit.objects({ side: 'answerer' })).toEqual([]);
    const [byId] = ITI_18.audit.objects({
      side: 'asker',
      request: getDocuments({ uniqueId: ['1'] }),
    });
    expect(byId).toMatchObject({
      kind: 'query',
      text: expect.stringContaining('AdhocQueryRequest'),
    });
  });
});

describe('ITI-42 Register Document Set-b', () => {
  const { xml } = ITI_42.request.encode(aSubmission({ folders: [{}] }));

  it('puts a node Classification that stands beside its package into it', () => {
    const node =
      /<rim:Classification [^>]*classificationNode="[^"]*d9d542f3[^>]*\/>/.exec(xml)?.[0] ?? '';
    const moved = xml
      .replace(node, '')
      .replace('</rim:RegistryObjectList>', `${node}</rim:RegistryObjectList>`);
    const { objects } = ITI_42.request.decode(openedXml(moved), NO_PARTS);
    expect(objects.map(kindOf)).toContain('Folder');
  });

  it('reports every object that cannot be read', () => {
    const changed = xml
      .replace(/<rim:ExtrinsicObject /, '<rim:ExtrinsicObject colour="red" ')
      .replace(
        '</rim:RegistryObjectList>',
        '<rim:Classification id="c" classifiedObject="x"/><rim:ObjectRef id="o"/></rim:RegistryObjectList>',
      );
    expect(faultsAfter(ITI_42, changed)).toEqual([
      'XDSRegistryMetadataError: ExtrinsicObject has an attribute that the schema does not know: colour',
      'XDSRegistryMetadataError: Classification c classifies no object of this message',
    ]);
  });

  it.each([
    [
      'no RegistryObjectList',
      '<lcm:SubmitObjectsRequest xmlns:lcm="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"/>',
    ],
    [
      'two RegistryObjectLists',
      xml.replace(/(<rim:RegistryObjectList>.*<\/rim:RegistryObjectList>)/, '$1$1'),
    ],
    [
      'another element',
      xml.replace('<rim:RegistryObjectList>', '<rim:Other/><rim:RegistryObjectList>'),
    ],
    [
      'a slot list of something else',
      xml.replace(
        '<rim:RegistryObjectList>',
        '<rs:RequestSlotList><rim:Other/></rs:RequestSlotList><rim:RegistryObjectList>',
      ),
    ],
  ])('refuses a request with %s', (_what, changed) => {
    expect(faultsAfter(ITI_42, changed)).toEqual([
      expect.stringMatching(/^XDSRegistryMetadataError: /),
    ]);
  });

  it('refuses with one RegistryError a refusal, the worst of them on the list', () => {
    const refusals = [
      new Refusal('XDSUnknownPatientId', 'a'),
      new Refusal('XDSExtraMetadataNotSaved', 'b', { severity: 'Warning', location: 'o' }),
    ];
    const body = ITI_42.refusal(refusals, REQUEST, FROZEN);
    expect(parseXml(body.xml).name).toBe('RegistryResponse');
    expect(body.xml).toContain(
      'highestSeverity="urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Error"',
    );
    expect(ITI_42.response.decode(openedXml(body.xml), NO_PARTS)).toEqual({
      status: 'Failure',
      errors: refusals.map(errorOf),
    });
  });

  it('never refuses with a warning alone', () => {
    const body = ITI_42.refusal(
      [new Refusal('XDSExtraMetadataNotSaved', 'b', { severity: 'Warning' })],
      REQUEST,
      FROZEN,
    );
    expect(ITI_42.response.decode(openedXml(body.xml), NO_PARTS).errors[0]?.severity).toBe('Error');
  });

  it('is audited as export and import, with the patient and the SubmissionSet', () => {
    const { audit } = ITI_42;
    expect(audit.event).toEqual({ asker: 'Export', answerer: 'Import' });
    expect([audit.action({ side: 'asker' }), audit.action({ side: 'answerer' })]).toEqual([
      'R',
      'C',
    ]);
    expect(audit.objects({ side: 'answerer', request: aSubmission() })).toEqual([
      { kind: 'patient', patientId: SAMPLE_PATIENT },
      { kind: 'submission-set', uniqueId: '2.999.9.1.1' },
    ]);
    expect(audit.objects({ side: 'answerer' })).toEqual([]);
  });
});

describe('ITI-41 Provide and Register Document Set-b', () => {
  const request = { submission: aSubmission(), documents: [{ id: 'Document01', content }] };

  it('sends each document beside the metadata, under its mimeType', () => {
    const body = ITI_41.request.encode(request);
    expect(body.attachments).toEqual([
      { contentId: 'document-1@kakehashi', contentType: 'text/plain', content },
    ]);
    expect(body.xml).toContain('href="cid:document-1@kakehashi"');
  });

  it('takes a document that is inside the message as base64', () => {
    const body = ITI_41.request.encode(request);
    const inline = body.xml.replace(
      /<xop:Include[^>]*>/,
      Buffer.from(SAMPLE_BYTES).toString('base64'),
    );
    expect(ITI_41.request.decode(openedXml(inline), NO_PARTS).documents[0]?.content.sizeBytes).toBe(
      10,
    );
  });

  it("refuses metadata in the repository's own code, and a document without id", () => {
    const body = ITI_41.request.encode(request);
    const coloured = body.xml.replace(
      '<rim:ExtrinsicObject ',
      '<rim:ExtrinsicObject colour="red" ',
    );
    expect(faultsAfter(ITI_41, coloured)).toEqual([
      expect.stringMatching(/^XDSRepositoryMetadataError: .*colour/),
    ]);
    expect(
      faultsAfter(ITI_41, body.xml.replace('<xds:Document id="Document01">', '<xds:Document>')),
    ).toEqual([expect.stringMatching(/^XDSRepositoryMetadataError: /)]);
  });

  it('refuses a reference to a part that is not there', () => {
    const body = ITI_41.request.encode(request);
    const refusals = refused(() =>
      ITI_41.request.decode(openedXml(body.xml), partsOf({ xml: '' })),
    );
    expect(refusals.map(({ code }) => code)).toEqual(['soap:Sender']);
  });
});

describe('ITI-43 Retrieve Document Set', () => {
  const { xml } = ITI_43.request.encode({ documents: [ids] });

  it.each([
    ['no DocumentRequest', xml.replace(/<xds:DocumentRequest>.*<\/xds:DocumentRequest>/, '')],
    ['no DocumentUniqueId', xml.replace(/<xds:DocumentUniqueId>.*<\/xds:DocumentUniqueId>/, '')],
    ['an empty RepositoryUniqueId', xml.replace('2.999.7.1', ' ')],
    ['an id longer than 256', xml.replace('2.999.7.1', '1'.repeat(257))],
    [
      'an id that is given twice',
      xml.replace(/(<xds:DocumentUniqueId>.*<\/xds:DocumentUniqueId>)/, '$1$1'),
    ],
    [
      'an unknown element',
      xml.replace('</xds:DocumentRequest>', '<xds:Other/></xds:DocumentRequest>'),
    ],
    ['something else than a DocumentRequest', xml.replaceAll('DocumentRequest>', 'Other>')],
  ])('refuses a request with %s', (_what, changed) => {
    expect(changed).not.toBe(xml);
    expect(faultsAfter(ITI_43, changed)).toEqual([expect.stringMatching(/^XDSRepositoryError: /)]);
  });

  it('keeps a DocumentUniqueId as it is, blanks and all', () => {
    const documents = [{ ...ids, documentUniqueId: ' a^b ' }];
    expect(overTheWire(ITI_43, { documents })).toEqual({ documents });
  });

  it('writes no foreign text into a part header', () => {
    const body = ITI_43.response.encode(
      {
        status: 'Success',
        errors: [],
        documents: [{ ...ids, mimeType: 'text/plain\r\nX: y', content }],
      },
      REQUEST,
      FROZEN,
    );
    expect(body.attachments?.[0]?.contentType).toBe('application/octet-stream');
  });

  it('cannot read an answer without its RegistryResponse, or with a document that lacks its bytes', () => {
    const { xml: answer } = ITI_43.response.encode(
      { status: 'Success', errors: [], documents: [{ ...ids, mimeType: 'a/b', content }] },
      REQUEST,
      FROZEN,
    );
    for (const changed of [
      answer.replace(/<rs:RegistryResponse[^>]*>/, ''),
      answer.replace(/<xds:Document>.*<\/xds:Document>/, ''),
    ]) {
      expect(changed).not.toBe(answer);
      expect(
        refused(() => ITI_43.response.decode(openedXml(changed), NO_PARTS)).map(({ code }) => code),
      ).toEqual(['XDSRegistryError']);
    }
  });

  it('is audited with the repository as source, by the documents returned, then those that did not come', () => {
    const { audit } = ITI_43;
    const request = { documents: [ids, { ...ids, documentUniqueId: '2', homeCommunityId: HOME }] };
    const response = {
      status: 'PartialSuccess',
      errors: [],
      documents: [{ ...ids, mimeType: 'a/b', content }],
    } as const;
    expect(audit.source).toBe('answerer');
    expect([audit.action({ side: 'asker' }), audit.action({ side: 'answerer' })]).toEqual([
      'C',
      'R',
    ]);
    expect(audit.objects({ side: 'answerer', request, response })).toEqual([
      { kind: 'document', uniqueId: '2.999.8.1', repositoryUniqueId: '2.999.7.1' },
      {
        kind: 'document',
        uniqueId: '2',
        repositoryUniqueId: '2.999.7.1',
        homeCommunityId: HOME,
      },
    ]);
    expect(audit.objects({ side: 'answerer', request })).toHaveLength(2);
    expect(audit.objects({ side: 'answerer' })).toEqual([]);
  });

  it('says no with a RetrieveDocumentSetResponse', () => {
    const { xml: no } = ITI_43.refusal([new Refusal('XDSRepositoryError', 'no')], REQUEST, FROZEN);
    const root = parseXml(no);
    expect([root.name, ...elementsOf(root).map(({ name }) => name)]).toEqual([
      'RetrieveDocumentSetResponse',
      'RegistryResponse',
    ]);
  });
});

describe('The status of an answer', () => {
  const error = { errorCode: 'x', codeContext: '', severity: 'Error' } as const;
  const warning = { ...error, severity: 'Warning' } as const;

  it('is Success with warnings, PartialSuccess with errors beside results, else Failure', () => {
    expect(statusOf([], false)).toBe('Success');
    expect(statusOf([warning], false)).toBe('Success');
    expect(statusOf([warning, error], true)).toBe('PartialSuccess');
    expect(statusOf([error], false)).toBe('Failure');
  });
});
