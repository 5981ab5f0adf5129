import { existsSync, readdirSync, readFileSync } from 'node:fs';
import {
  envelopeParts,
  faultActionMismatch,
  faultActionNotSupported,
  httpStatusOf,
  messageIdOf,
  type OpenedEnvelope,
  readEnvelope,
  readFault,
  writeEnvelope,
  writeFault,
} from '../../../profiles/formats/soap.ts';
import {
  ANONYMOUS,
  type HeaderOptions,
  referenceHeaders,
  SOAP12,
  WSA,
} from '../../../profiles/formats/soap-addressing.ts';
import { childNamed, elementsOf, parseXml, serializeXml } from '../../../profiles/formats/xml.ts';
import { Fault, type FaultCode } from '../../../profiles/refusal.ts';

const ACTION = '<wsa:Action soap:mustUnderstand="1">urn:act</wsa:Action>';
const MESSAGE_ID = '<wsa:MessageID>urn:uuid:1</wsa:MessageID>';
const REPLY_TO = `<wsa:ReplyTo><wsa:Address>${ANONYMOUS}</wsa:Address></wsa:ReplyTo>`;

function envelope(header: string, body = '<p:Q xmlns:p="urn:p"/>'): string {
  return (
    `<soap:Envelope xmlns:soap="${SOAP12}" xmlns:wsa="${WSA}"><soap:Header>${header}</soap:Header>` +
    `<soap:Body>${body}</soap:Body></soap:Envelope>`
  );
}

function open(xml: string, options?: HeaderOptions): OpenedEnvelope {
  return readEnvelope(parseXml(xml), options);
}

function faultOf(xml: string, options?: HeaderOptions): Fault {
  try {
    open(xml, options);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

function subcodesOf(fault: Fault): string[] {
  return fault.subcodes.map(({ prefix, name }) => `${prefix}:${name}`);
}

describe('A SOAP 1.2 envelope, as it is read', () => {
  it('gives action, ids, addresses, header blocks and the payload', () => {
    const opened = open(
      envelope(
        `${ACTION}${MESSAGE_ID}${REPLY_TO}<wsa:To>https://r/</wsa:To><x:y xmlns:x="urn:x"/>`,
      ),
    );
    expect(opened).toMatchObject({
      action: 'urn:act',
      messageId: 'urn:uuid:1',
      to: 'https://r/',
      replyTo: ANONYMOUS,
      oddities: [],
      body: { namespace: 'urn:p', name: 'Q' },
    });
    expect(opened.relatesTo).toBeUndefined();
    expect(opened.headers.map((header) => header.name)).toEqual([
      'Action',
      'MessageID',
      'ReplyTo',
      'To',
      'y',
    ]);
  });

  it('tolerates white space everywhere that a pretty-printer puts it', () => {
    const opened = open(
      envelope(
        `\n <wsa:Action soap:mustUnderstand=" true ">\n urn:act\n</wsa:Action>${MESSAGE_ID}\n`,
        '\n <p/>\n',
      ).replaceAll('><', '>\n<'),
    );
    expect(opened.action).toBe('urn:act');
  });

  it.each([
    ['SOAP 1.1', envelope(ACTION).replaceAll(SOAP12, 'http://schemas.xmlsoap.org/soap/envelope/')],
    ['a bare payload', '<p:Q xmlns:p="urn:p"/>'],
    ['another element of SOAP', `<s:Body xmlns:s="${SOAP12}"/>`],
  ])('answers VersionMismatch to %s', (_what, xml) => {
    expect(faultOf(xml).fault).toBe('VersionMismatch');
  });

  it.each([
    ['an envelope without body', `<s:Envelope xmlns:s="${SOAP12}"><s:Header/></s:Envelope>`],
    ['an empty envelope', `<s:Envelope xmlns:s="${SOAP12}"/>`],
    [
      'the body before the header',
      `<s:Envelope xmlns:s="${SOAP12}"><s:Body><a/></s:Body><s:Header/></s:Envelope>`,
    ],
    [
      'two bodies',
      envelope(ACTION + MESSAGE_ID).replace('</soap:Body>', '</soap:Body><soap:Body/>'),
    ],
    ['an empty body', envelope(ACTION + MESSAGE_ID, '')],
    ['two payload elements', envelope(ACTION + MESSAGE_ID, '<a/><b/>')],
    ['text in the body', envelope(ACTION + MESSAGE_ID, 'text<a/>')],
    ['text in the header', envelope(`${ACTION}${MESSAGE_ID}text`)],
    ['text in the envelope', envelope(ACTION + MESSAGE_ID).replace('<soap:Body>', 'x<soap:Body>')],
    [
      'a mustUnderstand of neither true nor false',
      envelope(`${ACTION}${MESSAGE_ID}<x soap:mustUnderstand="yes"/>`),
    ],
  ])('refuses %s with a Fault Sender', (_what, xml) => {
    expect(faultOf(xml).fault).toBe('Sender');
  });

  it.each([
    ['Action', MESSAGE_ID],
    ['Action', `<wsa:Action soap:mustUnderstand="1"> </wsa:Action>${MESSAGE_ID}`],
    ['MessageID', ACTION],
    ['Action', `<wsa:Action soap:role="urn:other">urn:act</wsa:Action>${MESSAGE_ID}`],
  ])('asks for a missing %s with MessageAddressingHeaderRequired', (name, header) => {
    const fault = faultOf(envelope(header));
    expect(subcodesOf(fault)).toEqual(['wsa:MessageAddressingHeaderRequired']);
    expect(fault.location).toBe(`{${WSA}}${name}`);
    expect(httpStatusOf(fault)).toBe(400);
  });

  it('asks an answer for no MessageID, and does not mind where that wants its answer', () => {
    const header = `${ACTION}<wsa:RelatesTo>urn:uuid:1</wsa:RelatesTo><wsa:ReplyTo><wsa:Address>https://x/</wsa:Address></wsa:ReplyTo>`;
    const opened = open(envelope(header), { answer: true });
    expect(opened.relatesTo).toBe('urn:uuid:1');
    expect(opened.messageId).toBeUndefined();
    expect(opened.oddities).toEqual([]);
    expect(faultOf(envelope(MESSAGE_ID), { answer: true }).fault).toBe('Sender');
  });

  it('takes as RelatesTo the one that means a reply', () => {
    const other = '<wsa:RelatesTo RelationshipType="urn:other">urn:uuid:2</wsa:RelatesTo>';
    const reply = `<wsa:RelatesTo RelationshipType="${WSA}/reply">urn:uuid:1</wsa:RelatesTo>`;
    expect(open(envelope(ACTION + other + reply), { answer: true }).relatesTo).toBe('urn:uuid:1');
    expect(open(envelope(ACTION + other), { answer: true }).relatesTo).toBeUndefined();
  });

  it.each(['To', 'From', 'ReplyTo', 'FaultTo', 'Action', 'MessageID'])(
    'refuses wsa:%s twice',
    (name) => {
      const twice = `<wsa:${name}>${ANONYMOUS}</wsa:${name}>`.repeat(2);
      expect(subcodesOf(faultOf(envelope(ACTION + MESSAGE_ID + twice)))).toEqual([
        'wsa:InvalidAddressingHeader',
        'wsa:InvalidCardinality',
      ]);
    },
  );

  it.each(['ReplyTo', 'FaultTo'])('refuses another wsa:%s than the anonymous address', (name) => {
    const address = (value: string) =>
      `<wsa:${name}><wsa:Address>${value}</wsa:Address></wsa:${name}>`;
    for (const value of ['https://listener.example/', `${WSA}/none`]) {
      expect(subcodesOf(faultOf(envelope(ACTION + MESSAGE_ID + address(value))))).toEqual([
        'wsa:InvalidAddressingHeader',
        'wsa:OnlyAnonymousAddressSupported',
      ]);
    }
    expect(subcodesOf(faultOf(envelope(`${ACTION}${MESSAGE_ID}<wsa:${name}/>`)))).toEqual([
      'wsa:InvalidAddressingHeader',
      'wsa:MissingAddressInEPR',
    ]);
  });

  it('gives, where answers may go elsewhere, the references of which one is not anonymous', () => {
    const reference = (name: string, value: string, more = '') =>
      `<wsa:${name}><wsa:Address>${value}</wsa:Address>${more}</wsa:${name}>`;
    const elsewhere = (...references: string[]) =>
      open(envelope(ACTION + MESSAGE_ID + references.join('')), { asynchronous: true }).elsewhere;
    expect(elsewhere()).toBeUndefined();
    expect(elsewhere(reference('ReplyTo', ANONYMOUS), reference('FaultTo', ANONYMOUS))).toBe(
      undefined,
    );
    const listener = 'https://listener.example/';
    expect(elsewhere(reference('ReplyTo', listener))).toEqual({
      replyTo: { address: listener, parameters: [] },
    });
    expect(elsewhere(reference('FaultTo', listener))).toEqual({
      faultTo: { address: listener, parameters: [] },
    });
    const parameters =
      '<wsa:ReferenceParameters><t:one xmlns:t="urn:t">1 &lt; 2</t:one></wsa:ReferenceParameters>';
    const found = elsewhere(reference('ReplyTo', listener, parameters))?.replyTo;
    expect(found && referenceHeaders(found)).toMatch(
      /^<ns\d:one xmlns:ns\d="urn:t" xmlns:(?<wsa>\w+)="[^"]*addressing" \k<wsa>:IsReferenceParameter="true">1 &lt; 2<\/ns\d:one>$/,
    );
  });

  it('refuses a header block that must be understood and is not, and names it', () => {
    const security = '<w:Security xmlns:w="urn:w" soap:mustUnderstand="true"/>';
    const fault = faultOf(envelope(ACTION + MESSAGE_ID + security));
    expect(fault.fault).toBe('MustUnderstand');
    expect(fault.location).toBe('{urn:w}Security');
    expect(httpStatusOf(fault)).toBe(500);

    const understood = (header: { namespace: string; name: string }) =>
      header.namespace === 'urn:w' && header.name === 'Security';
    expect(open(envelope(ACTION + MESSAGE_ID + security), { understood }).action).toBe('urn:act');
    expect(
      faultOf(envelope(`${ACTION}${MESSAGE_ID}<wsa:New soap:mustUnderstand="1"/>`)).fault,
    ).toBe('MustUnderstand');
    expect(open(envelope(`${ACTION}${MESSAGE_ID}<x soap:mustUnderstand="0"/>`)).action).toBe(
      'urn:act',
    );
  });

  it('leaves header blocks for other roles alone, and takes those for the next node', () => {
    const block = (role: string) => `<x soap:mustUnderstand="1" soap:role="${role}"/>`;
    const head = ACTION + MESSAGE_ID;
    expect(open(envelope(head + block('urn:other'))).action).toBe('urn:act');
    expect(open(envelope(head + block(`${SOAP12}/role/none`))).action).toBe('urn:act');
    for (const ours of [`${SOAP12}/role/next`, `${SOAP12}/role/ultimateReceiver`, '']) {
      expect(faultOf(envelope(head + block(ours))).fault).toBe('MustUnderstand');
    }
  });

  it('counts what strays from the binding and is accepted', () => {
    const bare = '<wsa:Action>urn:act</wsa:Action>';
    const astray = '<wsa:Action wsa:mustUnderstand="1">urn:act</wsa:Action>';
    expect(open(envelope(bare + MESSAGE_ID)).oddities).toEqual([
      'action-without-must-understand',
      'request-without-reply-to',
    ]);
    expect(open(envelope(astray + MESSAGE_ID + REPLY_TO)).oddities).toEqual([
      'action-without-must-understand',
      'must-understand-in-wrong-namespace',
    ]);
  });

  it('finds the MessageID of an envelope that is refused, and never throws for it', () => {
    expect(messageIdOf(parseXml(envelope(MESSAGE_ID)))).toBe('urn:uuid:1');
    expect(messageIdOf(parseXml(envelope(MESSAGE_ID + MESSAGE_ID)))).toBeUndefined();
    expect(messageIdOf(parseXml('<a/>'))).toBeUndefined();
  });

  it('refuses an envelope that is cut at any octet', () => {
    const whole = Buffer.from(
      writeEnvelope({
        action: 'urn:act',
        messageId: 'urn:uuid:1',
        to: 'https://r/',
        body: '<試/>',
      }),
    );
    expect(readEnvelope(parseXml(whole)).body.name).toBe('試');
    for (let end = 0; end < whole.length; end += 1) {
      expect(() => readEnvelope(parseXml(whole.subarray(0, end)))).toThrow(Fault);
    }
  });
});

describe('A SOAP 1.2 envelope, as it is written', () => {
  it('is, for a request, read back without an oddity', () => {
    const opened = open(
      writeEnvelope({
        action: 'urn:act',
        messageId: 'urn:uuid:1',
        to: 'https://r/?a=1&b=2',
        headers: '<x:y xmlns:x="urn:x"/>',
        body: '<p/>',
      }),
    );
    expect(opened).toMatchObject({
      action: 'urn:act',
      messageId: 'urn:uuid:1',
      to: 'https://r/?a=1&b=2',
      replyTo: ANONYMOUS,
      oddities: [],
      body: { namespace: '', name: 'p' },
    });
    expect(opened.headers.at(-1)).toMatchObject({ namespace: 'urn:x', name: 'y' });
  });

  it('is, for an answer, RelatesTo and Action and no address', () => {
    const opened = open(writeEnvelope({ action: 'urn:r', relatesTo: ' a<b', body: '<p/>' }), {
      answer: true,
    });
    expect(opened).toMatchObject({ action: 'urn:r', relatesTo: 'a<b', oddities: [] });
    expect(opened.replyTo).toBeUndefined();
    expect(opened.headers).toHaveLength(2);
  });

  it('must have To understood where an answer travels on its own, and ReplyTo where it is wanted elsewhere', () => {
    const on = (header: Parameters<typeof writeEnvelope>[0]) => writeEnvelope(header);
    const common = { action: 'urn:act', to: 'https://listener.example/', body: '<a/>' };
    expect(on({ ...common, messageId: 'urn:a', relatesTo: 'urn:b' })).toContain(
      '<wsa:To soap:mustUnderstand="true">',
    );
    const asked = on({ ...common, messageId: 'urn:a', replyTo: 'https://own.example/' });
    expect(asked).toContain('<wsa:ReplyTo soap:mustUnderstand="true">');
    expect(asked).toContain('<wsa:To>');
  });

  it('comes in parts, so that a large payload is not copied', () => {
    const header = { action: 'urn:act', messageId: 'urn:uuid:1' };
    const { before, after } = envelopeParts(header);
    expect(`${before}<p/>${after}`).toBe(writeEnvelope({ ...header, body: '<p/>' }));
  });
});

describe('A SOAP fault', () => {
  const codes: FaultCode[] = ['Sender', 'Receiver', 'MustUnderstand', 'VersionMismatch'];

  it.each(codes)('%s is read back as it was written', (code) => {
    const fault = new Fault(code, 'expected <a>, received "b" & c', {
      location: '{urn:w}Security',
      subcodes: [
        { namespace: WSA, prefix: 'wsa', name: 'InvalidAddressingHeader' },
        { namespace: 'urn:x', prefix: 'soap', name: 'Inner' },
      ],
      detail: '<d:a xmlns:d="urn:d">1</d:a>',
    });
    const root = parseXml(writeFault(fault, 'urn:uuid:1'));
    const read = readFault(root);
    expect(read).toMatchObject({ fault: code, context: fault.context });
    expect(read?.subcodes.map(({ namespace, name }) => [namespace, name])).toEqual([
      [WSA, 'InvalidAddressingHeader'],
      ['urn:x', 'Inner'],
    ]);
    expect(parseXml(read?.detail ?? '')).toEqual(parseXml(fault.detail ?? ''));
    expect(readEnvelope(root, { answer: true })).toMatchObject({ relatesTo: 'urn:uuid:1' });
  });

  it('carries the addressing action only for a fault of the addressing', () => {
    const actionOf = (fault: Fault) => open(writeFault(fault), { answer: true }).action;
    expect(actionOf(faultActionNotSupported('urn:x'))).toBe(`${WSA}/fault`);
    expect(actionOf(new Fault('Sender', 'no'))).toBe(`${WSA}/soap/fault`);
  });

  it('has no RelatesTo and asks for no answer when the request could not be read', () => {
    const { headers } = open(writeFault(new Fault('Sender', 'no')), { answer: true });
    expect(headers.map((header) => header.name)).toEqual(['Action']);
  });

  it('names what was not understood, and which envelope is spoken', () => {
    const notUnderstood = parseXml(
      writeFault(new Fault('MustUnderstand', 'no', { location: '{urn:w}A {}B {urn:"<}C' })),
    );
    const header = childNamed(notUnderstood, SOAP12, 'Header');
    const blocks = header ? elementsOf(header).filter(({ name }) => name === 'NotUnderstood') : [];
    expect(blocks.map((block) => block.attributes.get('qname'))).toEqual(['h:A', 'B', 'h:C']);
    expect(blocks[0]?.bindings).toEqual(new Map([['h', 'urn:w']]));

    const upgrade = readEnvelope(parseXml(writeFault(new Fault('VersionMismatch', 'no'))), {
      answer: true,
    }).headers.find(({ name }) => name === 'Upgrade');
    expect(upgrade && serializeXml(upgrade)).toContain(SOAP12);
  });

  it('says which action was not supported, or contradicts the payload', () => {
    const fault = faultActionNotSupported('urn:<x>');
    expect(subcodesOf(fault)).toEqual(['wsa:ActionNotSupported']);
    expect(parseXml(fault.detail ?? '').name).toBe('ProblemAction');
    expect(subcodesOf(faultActionMismatch('urn:x'))).toEqual([
      'wsa:InvalidAddressingHeader',
      'wsa:ActionMismatch',
    ]);
    expect(codes.map((code) => httpStatusOf(new Fault(code, 'no')))).toEqual([400, 500, 500, 500]);
  });

  it('is read from a peer that writes it otherwise', () => {
    const fault = (code: string) =>
      readFault(
        parseXml(
          `<Envelope xmlns="${SOAP12}"><Body><Fault><Code><Value>${code}</Value></Code>` +
            '<Reason><Text xml:lang="ja">不可</Text></Reason></Fault></Body></Envelope>',
        ),
      );
    expect(fault('Sender')).toMatchObject({ fault: 'Sender', context: '不可' });
    expect(fault('x:Strange')).toMatchObject({ fault: 'Receiver', subcodes: [] });
    expect(fault('')).toMatchObject({ fault: 'Receiver' });
    expect(readFault(parseXml(envelope(ACTION)))).toBeUndefined();
    expect(readFault(parseXml('<a/>'))).toBeUndefined();
  });
});

const SAMPLES = new URL('../../../../shared/samples/document-sharing/', import.meta.url);
const samples = existsSync(SAMPLES)
  ? readdirSync(SAMPLES).filter((file) => file.endsWith('.soap.xml'))
  : [];

describe('Envelopes that others published', () => {
  (samples.length > 0 ? it : it.skip)('are opened', () => {
    for (const file of samples) {
      const root = parseXml(readFileSync(new URL(file, SAMPLES)));
      const opened = readEnvelope(root, {
        // Some published requests lack a MessageID.
        answer: true,
        understood: ({ name }) => name === 'Security',
      });
      expect(opened.action).toMatch(/^urn:ihe:/);
    }
  });
});
