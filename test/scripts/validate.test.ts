import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesContent, mtomContentType, writeMtom } from '../../profiles/formats/mtom.ts';
import { writeEnvelope } from '../../profiles/formats/soap.ts';
import { affinityDomainOf } from '../../profiles/xds/affinity-domain.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { ITI_42 } from '../../profiles/xds/iti-42.ts';
import { ITI_43 } from '../../profiles/xds/iti-43.ts';
import { STORED_QUERIES } from '../../profiles/xds/stored-queries.ts';
import type { Desk } from '../../scripts/command.ts';
import { validateCommand } from '../../scripts/commands/validate.ts';
import { TRANSACTIONS } from '../../scripts/validate/message.ts';
import { validate, type Validation } from '../../scripts/validate/validate.ts';
import { aSubmission, SAMPLE_BYTES } from '../support/xds-builders.ts';

const MESSAGE_ID = 'urn:uuid:5b1e0000-0000-4000-8000-000000000001';

/** A submission as it is sent: HTTP header, envelope, one document. */
async function capture(change: (text: string) => string = (text) => text): Promise<Buffer> {
  const request = {
    submission: aSubmission(),
    documents: [{ id: 'Document01', content: bytesContent(SAMPLE_BYTES) }],
  };
  const { xml, attachments = [] } = ITI_41.request.encode(request);
  const action = ITI_41.wire.messages[0]?.action ?? '';
  const envelope = writeEnvelope({ action, messageId: MESSAGE_ID, body: xml });
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeMtom(envelope, attachments, 'B')) chunks.push(chunk);
  const head = `POST /document-repository HTTP/1.1\r\nContent-Type: ${mtomContentType({ boundary: 'B', action })}\r\n\r\n`;
  return Buffer.from(change(head + Buffer.concat(chunks).toString('latin1')), 'latin1');
}

/** Names of the rules that failed, in order; with `warning`, of those that warned. */
function named(
  { rules }: Validation,
  verdict: 'failure' | 'warning' = 'failure',
): readonly string[] {
  return rules.filter((rule) => rule.verdict === verdict).map(({ rule }) => rule);
}

async function failures(text: string | Buffer, options = {}): Promise<readonly string[]> {
  return named(await validate(Buffer.from(text as string), options));
}

describe('A message that is sound', () => {
  it('passes every rule, as a capture and as a bare payload', async () => {
    const validation = await validate(await capture());

    expect(named(validation)).toEqual([]);
    expect(named(validation, 'warning').filter((name) => !name.includes('if known'))).toEqual([]);
    expect(validation).toMatchObject({ form: 'http', transaction: 'ITI-41', direction: 'request' });
    expect(validation.rules.length).toBeGreaterThan(100);
    const { xml } = ITI_42.request.encode(aSubmission());
    expect(await failures(xml)).toEqual([]);
  });

  it('has rules whose names are unique, with a text in both languages and a source', async () => {
    const { rules } = await validate(await capture());

    expect(new Set(rules.map(({ rule }) => rule)).size).toBe(rules.length);
    for (const { what, source } of rules) {
      expect([what.en, what.ja, source].every((text) => text !== '')).toBe(true);
    }
  });
});

const DOCUMENT = Buffer.from(SAMPLE_BYTES).toString('latin1');

describe('A capture', () => {
  it.each([
    ['a boundary that is not the header’s', 'boundary="B"', 'boundary="C"', 'mime.boundary'],
    [
      'a header line that ends in a line feed alone',
      'Content-Transfer-Encoding: binary\r\n',
      'Content-Transfer-Encoding: binary\n',
      'mime.line-ends',
    ],
    ['a message that was cut', '\r\n--B--\r\n', '', 'mime.structure'],
    [
      'another root type',
      'Content-Type: application/xop+xml',
      'Content-Type: text/xml',
      'mime.structure',
    ],
    ['another outer type', 'multipart/related', 'multipart/mixed', 'mime.content-type'],
    [
      'a malformed header',
      'POST /document-repository HTTP/1.1\r\n',
      'POST / HTTP/1.1\r\nnonsense\r\n',
      'http.head',
    ],
    ['a part that nothing names', 'xop:Include', 'xop:Exclude', 'xop.parts'],
    ['an Include with something beside it', '<xop:Include', 'x<xop:Include', 'xop.include'],
    ['an Include that is no cid:', 'href="cid:', 'href="https:', 'xop.include'],
    ['an Include whose part is not there', 'href="cid:', 'href="cid:x', 'xop.parts'],
    ['a document that was changed', DOCUMENT, DOCUMENT.toUpperCase(), 'xop.fits-metadata'],
    ['an unknown action', ':ProvideAndRegisterDocumentSet-b</wsa', ':Provide</wsa', 'wsa.action'],
    [
      'the action of another transaction',
      ':ProvideAndRegisterDocumentSet-b</wsa',
      ':RegisterDocumentSet-b</wsa',
      'wsa.payload',
    ],
    ['no MessageID', `<wsa:MessageID>${MESSAGE_ID}</wsa:MessageID>`, '', 'wsa.message-id'],
    ['a MessageID that is no URI', `>${MESSAGE_ID}<`, '>1<', 'wsa.message-id'],
    [
      'a ReplyTo without an address',
      '<wsa:Address>http://www.w3.org/2005/08/addressing/anonymous</wsa:Address>',
      '',
      'wsa.reply-to',
    ],
    [
      'SOAP 1.1',
      'http://www.w3.org/2003/05/soap-envelope',
      'http://schemas.xmlsoap.org/soap/envelope/',
      'soap.version',
    ],
    ['a body with two payloads', '</soap:Body>', '<x/></soap:Body>', 'soap.structure'],
    ['a DOCTYPE', '<soap:Envelope', '<!DOCTYPE x><soap:Envelope', 'xml.well-formed'],
    [
      'a mustUnderstand that is neither true nor false',
      'soap:mustUnderstand="true"',
      'soap:mustUnderstand="yes"',
      'soap.must-understand',
    ],
    [
      'a Name behind a Classification',
      '</rim:ExtrinsicObject>',
      '<rim:Name/></rim:ExtrinsicObject>',
      'ebrim.order',
    ],
    [
      'an element that ebRIM does not know',
      '</rim:ExtrinsicObject>',
      '<rim:Extra/></rim:ExtrinsicObject>',
      'ebrim.elements',
    ],
    [
      'an attribute that ebRIM does not know',
      '<rim:ExtrinsicObject ',
      '<rim:ExtrinsicObject extra="1" ',
      'ebrim.attributes',
    ],
    [
      'a Slot without values',
      '<rim:Slot name="languageCode"><rim:ValueList>',
      '<rim:Slot name="languageCode"><rim:ValueList/><rim:ValueList>',
      'ebrim.slots',
    ],
    ['a value that is too long', 'ja-JP', 'j'.repeat(257), 'ebrim.lengths'],
    [
      'a document without DocumentEntry',
      'xds:Document id="Document01"',
      'xds:Document id="Other"',
      'metadata.documents',
    ],
  ])('fails for %s', async (_what, from, to, rule) => {
    const broken = await capture((text) => {
      expect(text).toContain(from);
      return text.replaceAll(from, to);
    });

    expect(await failures(broken)).toContain(rule);
  });

  it.each([
    ['a start that names no part', 'start="<', 'start="<other.', 'mime.content-type'],
    ['a length that is another', 'HTTP/1.1\r\n', 'HTTP/1.1\r\nContent-Length: 12\r\n', 'http.head'],
    [
      'a header that not everybody understands',
      '<wsa:MessageID>',
      '<x:y xmlns:x="urn:x" soap:mustUnderstand="1"/><wsa:MessageID>',
      'soap.must-understand',
    ],
  ])('warns of %s', async (_what, from, to, rule) => {
    const broken = await capture((text) => {
      expect(text).toContain(from);
      return text.replace(from, to);
    });
    const validation = await validate(broken);

    expect(named(validation)).toEqual([]);
    expect(named(validation, 'warning')).toContain(rule);
    expect(named(await validate(await capture()), 'warning')).not.toContain(rule);
  });

  it('fails where MTOM is asked and not spoken, or spoken and not asked', async () => {
    const { xml } = ITI_43.request.encode({
      documents: [{ repositoryUniqueId: '2.999.1', documentUniqueId: '2.999.2' }],
    });
    const simple = writeEnvelope({
      action: ITI_43.wire.messages[0]?.action ?? '',
      messageId: MESSAGE_ID,
      body: xml,
    });
    const head = 'POST / HTTP/1.1\r\nContent-Type: application/soap+xml; charset=UTF-8\r\n\r\n';
    const registering = (await capture())
      .toString('latin1')
      .replaceAll('xds:ProvideAndRegisterDocumentSetRequest', 'lcm:SubmitObjectsRequest')
      .replaceAll('ProvideAndRegisterDocumentSet-b', 'RegisterDocumentSet-b');

    expect(await failures(head + simple)).toEqual(['xop.transport']);
    expect(await failures(registering)).toContain('xop.transport');
  });

  it('without its HTTP header is read by --content-type, or by its first line with a warning', async () => {
    const whole = (await capture()).toString('latin1');
    const body = whole.slice(whole.indexOf('\r\n\r\n') + 4);
    const given = await validate(Buffer.from(body, 'latin1'), {
      contentType: mtomContentType({ boundary: 'B' }),
    });
    const guessed = await validate(Buffer.from(body, 'latin1'));

    expect([named(given), given.form]).toEqual([[], 'multipart']);
    expect(named(given, 'warning')).not.toContain('mime.content-type');
    expect([named(guessed), named(guessed, 'warning')]).toEqual([
      [],
      expect.arrayContaining(['mime.content-type']),
    ]);
  });

  it('that has lost its carriage returns is read with a warning, and its documents are not measured', async () => {
    const text = (await capture((whole) => whole.replaceAll('\r\n', '\n'))).toString('latin1');
    const validation = await validate(Buffer.from(text, 'latin1'));

    expect(named(validation)).toEqual([]);
    expect(named(validation, 'warning')).toContain('mime.line-ends');
  });

  it('in chunks is put together', async () => {
    const whole = (await capture()).toString('latin1');
    const at = whole.indexOf('\r\n\r\n');
    const body = whole.slice(at + 4);
    const chunked = `${whole.slice(0, at)}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n${body.slice(0, 5)}\r\n${(body.length - 5).toString(16)};x=y\r\n${body.slice(5)}\r\n0\r\n\r\n`;

    expect(await failures(Buffer.from(chunked, 'latin1'))).toEqual([]);
    const cut = chunked.slice(0, chunked.length - 100);
    expect(await failures(Buffer.from(cut, 'latin1'))).toContain('http.head');
  });

  it('tells the line of the file, however far the XML is down', async () => {
    const broken = await capture((text) =>
      text
        .replace('<rim:RegistryObjectList>', '\r\n\r\n<rim:RegistryObjectList>')
        .replace('</rim:ExtrinsicObject>', '\r\n<rim:Name/></rim:ExtrinsicObject>'),
    );
    const { rules } = await validate(broken);
    const lines = broken.toString('latin1').split('\n');
    const expected =
      lines.findIndex((line) => line.includes('<rim:Name/></rim:ExtrinsicObject>')) + 1;

    expect(rules.find(({ rule }) => rule === 'ebrim.order')?.findings).toMatchObject([
      { verdict: 'failure', line: expected, object: 'Document01' },
    ]);
  });
});

const RIM = 'xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"';
const RS = 'xmlns:rs="urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0"';
const QUERY = 'xmlns:query="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"';
const STATUS = 'urn:oasis:names:tc:ebxml-regrep:ResponseStatusType';
const SEVERITY = 'urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType';
const PARTIAL = 'urn:ihe:iti:2007:ResponseStatusType:PartialSuccess';

function errorList(severity: string, more = ''): string {
  return `<rs:RegistryErrorList ${RS}><rs:RegistryError errorCode="XDSRegistryError" codeContext="x" severity="${SEVERITY}:${severity}"${more}/></rs:RegistryErrorList>`;
}

function queryAnswer(status: string, inside: string): string {
  return `<query:AdhocQueryResponse ${QUERY} ${RIM} status="${status}">${inside}</query:AdhocQueryResponse>`;
}

describe('An answer', () => {
  const LIST = '<rim:RegistryObjectList/>';
  const REF =
    '<rim:RegistryObjectList><rim:ObjectRef id="urn:uuid:5b1e0000-0000-4000-8000-000000000002"/></rim:RegistryObjectList>';

  it.each([
    [
      'a Success with an Error',
      queryAnswer(`${STATUS}:Success`, errorList('Error') + LIST),
      'response.errors-fit-status',
    ],
    [
      'a Failure without an Error',
      queryAnswer(`${STATUS}:Failure`, errorList('Warning') + LIST),
      'response.errors-fit-status',
    ],
    ['an unknown status', queryAnswer('Success', LIST), 'response.status'],
    [
      'results before errors',
      queryAnswer(`${STATUS}:Failure`, LIST + errorList('Error')),
      'response.order',
    ],
    ['no RegistryObjectList', queryAnswer(`${STATUS}:Success`, ''), 'response.order'],
    [
      'an unknown severity',
      queryAnswer(`${STATUS}:Failure`, errorList('Bad') + LIST),
      'response.errors',
    ],
    [
      'an object without a UUID',
      queryAnswer(`${STATUS}:Success`, REF.replace('urn:uuid:', '')),
      'response.objects',
    ],
    [
      'a highestSeverity that is not',
      queryAnswer(
        `${STATUS}:Failure`,
        errorList('Error').replace('List ', `List highestSeverity="${SEVERITY}:Warning" `) + LIST,
      ),
      'response.highest-severity',
    ],
  ])('fails for %s', async (_what, text, rule) => {
    expect(await failures(text)).toEqual([rule]);
  });

  it('passes where status, errors and results fit', async () => {
    expect(await failures(queryAnswer(`${STATUS}:Success`, errorList('Warning') + LIST))).toEqual(
      [],
    );
    expect(await failures(queryAnswer(PARTIAL, errorList('Error') + REF))).toEqual([]);
  });

  it('to a registration is never a PartialSuccess, and across communities names its home', async () => {
    const partial = `<rs:RegistryResponse ${RS} status="${PARTIAL}">${errorList('Error')}</rs:RegistryResponse>`;

    expect(await failures(partial, { transaction: 'ITI-42' })).toEqual(['response.status']);
    expect(await failures(partial, { transaction: 'ITI-86' })).toEqual([]);
    expect(
      await failures(queryAnswer(`${STATUS}:Success`, REF), { transaction: 'ITI-38' }),
    ).toEqual(['response.home']);
    expect(
      await failures(queryAnswer(`${STATUS}:Success`, REF), { transaction: 'ITI-18' }),
    ).toEqual([]);
  });

  it('that is a fault has a code of SOAP', async () => {
    const fault = (code: string) =>
      writeEnvelope({
        action: 'http://www.w3.org/2005/08/addressing/soap/fault',
        relatesTo: MESSAGE_ID,
        body: `<soap:Fault><soap:Code><soap:Value>${code}</soap:Value></soap:Code><soap:Reason><soap:Text xml:lang="en">x</soap:Text></soap:Reason></soap:Fault>`,
      });

    expect(await failures(fault('soap:Sender'))).toEqual([]);
    expect(await failures(fault('soap:Client'))).toEqual(['soap.fault']);
  });
});

const XDS = 'xmlns="urn:ihe:iti:xds-b:2007"';
const ASKED =
  '<RepositoryUniqueId>2.999.1</RepositoryUniqueId><DocumentUniqueId>2.999.2</DocumentUniqueId>';

describe('Retrieving documents', () => {
  const request = (inside: string) =>
    `<RetrieveDocumentSetRequest ${XDS}>${inside}</RetrieveDocumentSetRequest>`;
  const answer = (inside: string) =>
    `<RetrieveDocumentSetResponse ${XDS}><rs:RegistryResponse ${RS} status="${STATUS}:Success"/><DocumentResponse>${inside}</DocumentResponse></RetrieveDocumentSetResponse>`;
  const DOC = '<mimeType>text/plain</mimeType><Document>SGk=</Document>';

  it.each([
    ['no document', request(''), 'retrieve.some'],
    [
      'a wrong order',
      request(
        `<DocumentRequest>${ASKED}<HomeCommunityId>urn:oid:2.999</HomeCommunityId></DocumentRequest>`,
      ),
      'retrieve.order',
    ],
    [
      'a missing DocumentUniqueId',
      request(
        '<DocumentRequest><RepositoryUniqueId>2.999.1</RepositoryUniqueId></DocumentRequest>',
      ),
      'retrieve.order',
    ],
    [
      'a home that is no URN',
      request(
        `<DocumentRequest><HomeCommunityId>2.999</HomeCommunityId>${ASKED}</DocumentRequest>`,
      ),
      'retrieve.identifiers',
    ],
    [
      'an answer whose document is no base64',
      answer(`${ASKED}<mimeType>text/plain</mimeType><Document>!</Document>`),
      'xop.base64',
    ],
    ['an answer without mimeType', answer(`${ASKED}<Document>SGk=</Document>`), 'retrieve.order'],
    [
      'an On-Demand document under its old id',
      answer(`${ASKED}<NewDocumentUniqueId>2.999.2</NewDocumentUniqueId>${DOC}`),
      'retrieve.on-demand',
    ],
    [
      'a new repository without a new document',
      answer(`${ASKED}<NewRepositoryUniqueId>2.999.2</NewRepositoryUniqueId>${DOC}`),
      'retrieve.on-demand',
    ],
  ])('fails for %s', async (_what, text, rule) => {
    expect(await failures(text)).toEqual([rule]);
  });

  it('passes, also across communities where each names its home', async () => {
    const across = request(
      `<DocumentRequest><HomeCommunityId>urn:oid:2.999</HomeCommunityId>${ASKED}</DocumentRequest>`,
    );

    expect(
      await failures(answer(`${ASKED}<NewDocumentUniqueId>2.999.3</NewDocumentUniqueId>${DOC}`)),
    ).toEqual([]);
    expect(await failures(across, { transaction: 'ITI-39' })).toEqual([]);
    expect(
      await failures(request(`<DocumentRequest>${ASKED}</DocumentRequest>`), {
        transaction: 'ITI-39',
      }),
    ).toEqual(['retrieve.home']);
  });
});

describe('A stored query', () => {
  const slot = (name: string, value: string) =>
    `<rim:Slot name="${name}"><rim:ValueList><rim:Value>${value}</rim:Value></rim:ValueList></rim:Slot>`;
  const query = (id: string, slots: string, option = 'returnType="LeafClass"') =>
    `<query:AdhocQueryRequest ${QUERY} ${RIM}><query:ResponseOption ${option}/><rim:AdhocQuery id="${id}">${slots}</rim:AdhocQuery></query:AdhocQueryRequest>`;
  const PATIENT = slot('$XDSDocumentEntryPatientId', "'P-1^^^&amp;2.999.1&amp;ISO'");
  const APPROVED = slot(
    '$XDSDocumentEntryStatus',
    "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')",
  );
  const FIND = STORED_QUERIES.FindDocuments.id;

  it.each([
    [
      'no returnType',
      query(FIND, PATIENT + APPROVED, 'returnComposedObjects="true"'),
      'query.structure',
    ],
    [
      'an unknown id',
      query('urn:uuid:5b1e0000-0000-4000-8000-000000000003', PATIENT),
      'query.known',
    ],
    ['a missing parameter', query(FIND, PATIENT), 'query.parameters'],
    ['a parameter twice', query(FIND, PATIENT + PATIENT + APPROVED), 'query.parameters'],
    [
      'an unquoted patient',
      query(FIND, PATIENT.replaceAll("'", '') + APPROVED),
      'query.parameters',
    ],
  ])('fails for %s', async (_what, text, rule) => {
    expect(await failures(text)).toEqual([rule]);
  });

  it('passes, and across communities names the home of what it asks for by id', async () => {
    const byId = query(
      STORED_QUERIES.GetDocuments.id,
      slot('$XDSDocumentEntryUniqueId', "('2.999.2')"),
    );

    expect(await failures(query(FIND, PATIENT + APPROVED))).toEqual([]);
    expect(await failures(byId)).toEqual([]);
    expect(await failures(byId, { transaction: 'ITI-38' })).toEqual(['query.home']);
  });
});

describe('Codes', () => {
  it('are looked up where code sets are given', async () => {
    const { xml } = ITI_42.request.encode(aSubmission());
    const codes = { classCode: [{ code: 'none', codingScheme: '2.999' }] };

    expect(await failures(xml, { domain: affinityDomainOf({ codes }, 'refuse') })).toEqual([
      'codes.known',
    ]);
    expect(await failures(xml, { domain: affinityDomainOf({ codes }, 'accept') })).toEqual([]);
    expect(await failures(xml, { domain: affinityDomainOf({ codes: {} }, 'refuse') })).toEqual([]);
  });
});

describe('kakehashi validate', () => {
  async function run(file: string, words: object = {}, language: 'en' | 'ja' = 'en') {
    const printed: { text: string; data: unknown }[] = [];
    const say = (text: string | { en: string; ja: string }) =>
      typeof text === 'string' ? text : text[language];
    const desk = {
      language,
      say,
      print: (text: string | { en: string; ja: string }, data: unknown) =>
        printed.push({ text: say(text), data }),
    } as unknown as Desk;
    const exit = await validateCommand.run({ file, ...words }, desk);
    return { exit, text: printed[0]?.text ?? '', data: printed[0]?.data };
  }

  function fileWith(content: string | Buffer): string {
    const file = join(mkdtempSync(join(tmpdir(), 'kakehashi-validate-')), 'message');
    writeFileSync(file, content);
    return file;
  }

  it('ends with 0 where all passed and with 1 where a rule failed', async () => {
    const broken = queryAnswer(`${STATUS}:Success`, errorList('Error'));

    expect((await run(fileWith(await capture()))).exit).toBe(0);
    expect((await run(fileWith(broken))).exit).toBe(1);
  });

  it('lists every rule, in English and in Japanese, with line and reason', async () => {
    const file = fileWith(
      `<?xml version="1.0"?>\n${queryAnswer(`${STATUS}:Success`, `${errorList('Error')}<rim:RegistryObjectList/>`)}`,
    );
    const english = await run(file);
    const japanese = await run(file, { faults: true }, 'ja');

    expect(english.text).toMatch(/^ok {3}xml\.well-formed: /m);
    expect(english.text).toMatch(
      /^FAIL response\.errors-fit-status: .*\n {5}FAIL line 2: the status is Success/m,
    );
    expect(english.text).toMatch(/1 failed$/);
    expect(japanese.text).toMatch(/2 行目: status が Success/);
    expect(japanese.text).not.toMatch(/^ok/m);
    expect(english.data).toMatchObject({ passed: false, form: 'xml', direction: 'answer' });
  });

  it('refuses a wrong call with 2', async () => {
    await expect(run('/nowhere/message')).rejects.toMatchObject({ exit: 2 });
    const huge = fileWith('');
    truncateSync(huge, 3 * 2 ** 30);
    await expect(run(huge)).rejects.toThrow('larger than 256 MiB');
    await expect(run(fileWith('<a/>'), { transaction: 'ITI-0' })).rejects.toMatchObject({
      exit: 2,
    });
  });

  it('says of what it does not know that it does not', async () => {
    expect(await failures('<a/>')).toEqual(['message.known']);
    expect(await failures('<a')).toEqual(['xml.well-formed']);
    expect(await failures('nothing')).toContain('http.head');
    expect(await failures('')).toContain('http.head');
  });

  it('says of XML in UTF-16 that it is not UTF-8', async () => {
    const xml = Buffer.from('\ufeff<a/>', 'utf16le');
    expect(await failures(xml)).toEqual(['xml.well-formed']);
    expect(await failures(xml.swap16())).toEqual(['xml.well-formed']);
  });

  it('says of a body without parts that it has none, not that its boundary is another', async () => {
    const body = '--B--\r\n';
    const contentType = 'multipart/related; boundary=B';
    expect(await failures(body, { contentType })).toEqual(['mime.structure']);
  });

  it('judges as many objects as are read', async () => {
    const { xml } = ITI_42.request.encode(aSubmission());
    const end = '</rim:RegistryObjectList>';
    expect(xml).toContain(end);
    const many = xml.replace(end, `${'<rim:ObjectRef id="x"/>'.repeat(150_000)}${end}`);
    expect(await failures(many)).not.toContain('xml.well-formed');
  });

  it('knows every transaction once', () => {
    const ids = TRANSACTIONS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

const SAMPLES = '../shared/samples/document-sharing';
const present = existsSync(SAMPLES);

/** The rule that finds the fault that was planted. */
const PLANTED: Readonly<Record<string, string>> = {
  'iti18-request-bad-code-format-INVALID.body.xml': 'query.parameters',
  'iti18-request-missing-status-INVALID.body.xml': 'query.parameters',
  'iti18-request-unquoted-pid-INVALID.body.xml': 'query.parameters',
  'iti39-response-missing-home-INVALID.soap.xml': 'response.home',
  'registryresponse-success-with-errors-INVALID.body.xml': 'response.errors-fit-status',
};

/**
 * Published messages that break the Framework though nobody planted it, and why each stands here:
 * - a request without wsa:MessageID, which is required where a reply is expected (ITI TF-2: Appendix V.3);
 * - documents that were cut off behind their metadata: a DocumentEntry without its Document (ITI TF-2: 3.41.4.1.3);
 * - a national profile that leaves out what Table 4.2.3.1.7-2 and Tables 4.3.1-1 and 4.3.1-2 of ITI TF-3 require of a Document
 *   Source, SubmissionSetStatus among it;
 * - a capture that a proxy has wrapped again: its boundary is not that of its header, and a prefix has lost its binding;
 * - metadata on their way to a Repository, shown as what a Registry gets: without hash, size and repositoryUniqueId; the names
 *   of its other identification schemes are broken by line ends, and its sourceId is one number, with no dot.
 */
const OWN_FAULTS: Readonly<Record<string, RegExp>> = {
  'iti18-request-finddocuments.soap.xml': /^wsa\.message-id$/,
  'iti38-request.soap.xml': /^wsa\.message-id$/,
  'iti41-request.soap.xml': /^wsa\.message-id$|^metadata\.documents$/,
  'iti41-request-limited-metadata.body.xml': /^metadata\.documents$/,
  'iti41-request-rplc-epa.soap.xml':
    /^metadata\.(?:SubmissionSet\.(?:contentTypeCode|sourceId)\/required|DocumentEntry\.sourcePatientId\/required|Association\.HasMember\/member of a SubmissionSet)$/,
  'iti41-request.http-mtom-xua.txt': /^mime\.(?:boundary|structure)$|^xml\.well-formed$/,
  'iti42-request-full-metadata.body.xml':
    /^metadata\.DocumentEntry\.(?:hash|size|repositoryUniqueId|patientId)\/required$|^metadata\.SubmissionSet\.(?:(?:contentTypeCode|patientId|uniqueId)\/required|sourceId\/datatype)$/,
};

(present ? describe : describe.skip)('Messages that others published', () => {
  const files = present
    ? readdirSync(SAMPLES).filter((name) => /\.(?:xml|txt)$/.test(name) && name !== 'codes.xml')
    : ['none'];
  const sound = files.filter((name) => !/INVALID|TEMPLATE/.test(name));

  it.each(Object.entries(PLANTED))(
    '%s has its planted fault found, and no other',
    async (name, rule) => {
      const validation = await validate(readFileSync(join(SAMPLES, name)));

      expect(named(validation)).toEqual([rule]);
      const [first, ...more] = validation.rules.find((each) => each.rule === rule)?.findings ?? [];
      expect([more, typeof first?.line]).toEqual([[], 'number']);
    },
  );

  it('have no planted fault that is not looked for', () => {
    expect(files.filter((name) => name.includes('INVALID')).sort()).toEqual(
      Object.keys(PLANTED).sort(),
    );
  });

  it.each(sound)('%s has no fault but what is really wrong with it', async (name) => {
    const own = OWN_FAULTS[name];
    const found = await failures(readFileSync(join(SAMPLES, name)));

    expect([name, found.filter((rule) => own?.test(rule) !== true)]).toEqual([name, []]);
  });

  it('never make it fall over, wherever they are cut', async () => {
    for (const name of files) {
      const bytes = readFileSync(join(SAMPLES, name));
      const seed = createHash('sha1').update(name).digest();
      for (const at of [seed[0] ?? 0, seed[1] ?? 0].map((part) =>
        Math.floor((bytes.length * part) / 256),
      )) {
        const { rules } = await validate(bytes.subarray(0, at));
        expect(rules.length).toBeGreaterThan(0);
      }
    }
  });
});
