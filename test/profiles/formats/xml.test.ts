import fc from 'fast-check';
import {
  attributeOf,
  childNamed,
  childrenNamed,
  elementsOf,
  escapeXml,
  parseXml,
  resolveName,
  serializeChildren,
  serializeWithin,
  serializeXml,
  textOf,
  XML_LIMITS,
  type XmlElement,
  type XmlNode,
  XSI,
} from '../../../profiles/formats/xml.ts';
import { Fault } from '../../../profiles/refusal.ts';

function refusalOf(source: Uint8Array | string, limits = XML_LIMITS): Fault {
  try {
    parseXml(source, limits);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

function onlyChild(element: XmlElement): XmlElement {
  const [child] = elementsOf(element);
  if (child === undefined) throw new Error('no child');
  return child;
}

describe('XML, as it is read', () => {
  it('resolves namespaces, keeps the order of text and elements, and forgets prefixes', () => {
    const read = parseXml(
      '<a:one xmlns:a="urn:a" xmlns="urn:b" x="1" a:y="2">before<two>in</two>after<a:three/></a:one>',
    );
    expect(read).toEqual({
      namespace: 'urn:a',
      name: 'one',
      attributes: new Map([
        ['x', '1'],
        ['{urn:a}y', '2'],
      ]),
      children: [
        'before',
        { namespace: 'urn:b', name: 'two', attributes: new Map(), children: ['in'] },
        'after',
        { namespace: 'urn:a', name: 'three', attributes: new Map(), children: [] },
      ],
    });
  });

  it('joins text that comments, CDATA sections and processing instructions part', () => {
    const read = parseXml(
      '<a>1<!-- no -->2<![CDATA[<3>&amp;]]><?pi no?>4&#x35;&#54;&lt;&quot;</a>',
    );
    expect(read.children).toEqual(['12<3>&amp;456<"']);
    expect(textOf(read)).toBe('12<3>&amp;456<"');
  });

  it('gives own text, children by namespace and name, and attributes', () => {
    const read = parseXml('<a xmlns:n="urn:n" k="v">x<n:b>1</n:b>y<b>2</b><n:b>3</n:b></a>');
    expect(textOf(read)).toBe('xy');
    expect(childrenNamed(read, 'urn:n', 'b').map(textOf)).toEqual(['1', '3']);
    expect(childNamed(read, '', 'b')?.children).toEqual(['2']);
    expect(childNamed(read, 'urn:other', 'b')).toBeUndefined();
    expect(attributeOf(read, 'k')).toBe('v');
    expect(textOf(parseXml('<a/>'))).toBe('');
  });

  it('reads UTF-8 with a byte order mark and a declaration, in either case', () => {
    const bytes = Buffer.from('\ufeff<?xml version="1.0" encoding="utf-8"?><a>試験 太郎 𠮷</a>');
    expect(parseXml(bytes).children).toEqual(['試験 太郎 𠮷']);
    expect(parseXml(new Uint8Array(bytes)).children).toEqual(['試験 太郎 𠮷']);
  });

  it('keeps the namespace of a prefix that xsi:type, another value or the text uses', () => {
    const read = parseXml(
      `<a xmlns:xsi="${XSI}" xmlns:h="urn:h" xmlns="urn:d"><b xsi:type="h:CD"/><c xsi:type="CD"/>` +
        '<d>h:code</d><e>urn:x</e><f q="h:x">text</f></a>',
    );
    const [b, c, d, e, f] = elementsOf(read) as [XmlElement, ...XmlElement[]] & XmlElement[];
    expect(read.bindings).toBeUndefined();
    expect(resolveName(b, 'h:CD')).toEqual({ namespace: 'urn:h', name: 'CD' });
    expect(c && resolveName(c, 'CD')).toEqual({ namespace: 'urn:d', name: 'CD' });
    expect(d && resolveName(d, textOf(d))).toEqual({ namespace: 'urn:h', name: 'code' });
    expect(e?.bindings).toBeUndefined();
    expect(e && resolveName(e, 'urn:x')).toBeUndefined();
    expect(f?.bindings).toEqual(new Map([['h', 'urn:h']]));
  });

  it.each([
    ['nothing', ''],
    ['only white space', ' \n'],
    ['what is no XML', 'hello'],
    ['JSON', '{"a": 1}'],
    ['a DOCTYPE', '<!DOCTYPE a><a/>'],
    ['a DOCTYPE with an external subset', '<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>'],
    [
      'a billion laughs',
      '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;"><!ENTITY d "&c;&c;&c;">]><a>&d;</a>',
    ],
    ['an undefined entity', '<a>&nbsp;</a>'],
    ['an entity with the name of an object member', '<a>&constructor;</a>'],
    ['an undeclared prefix', '<p:a/>'],
    ['an undeclared prefix of an attribute', '<a p:b="1"/>'],
    ['a prefix that is undeclared again', '<a xmlns:p="urn:p"><b xmlns:p=""/></a>'],
    ['the same attribute twice', '<a b="1" b="2"/>'],
    ['the same attribute twice by namespace', '<a xmlns:p="u" xmlns:q="u" p:b="1" q:b="2"/>'],
    ['an unclosed element', '<a><b></a>'],
    ['two roots', '<a/><b/>'],
    ['text after the root', '<a/>b'],
    ['a NUL', '<a>\0</a>'],
    ['a control character', '<a>\u0001</a>'],
    ['a reference to a control character', '<a>&#0;</a>'],
    ['a reference to a surrogate', '<a>&#xD800;</a>'],
    ['a lone surrogate', '<a>\ud800x</a>'],
    ['a low surrogate first', '<a>\udc00</a>'],
    ['U+FFFF', '<a>\uffff</a>'],
    ['a raw < in an attribute', '<a b="<"/>'],
    ['the end of a CDATA section in text', '<a>]]></a>'],
    ['XML 1.1', '<?xml version="1.1"?><a/>'],
    ['another encoding', '<?xml version="1.0" encoding="Shift_JIS"?><a/>'],
    ['a declaration that is not at the start', ' <?xml version="1.0"?><a/>'],
    ['a reserved prefix bound elsewhere', '<a xmlns:xml="urn:x"/>'],
  ])('refuses %s with a Fault Sender', (_what, source) => {
    const fault = refusalOf(source);
    expect(fault.fault).toBe('Sender');
    expect(fault.code).toBe('soap:Sender');
  });

  it.each([
    ['octets that are not UTF-8', Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e])],
    ['UTF-16', Buffer.from('\ufeff<a/>', 'utf16le')],
    ['an overlong NUL', Buffer.from([0x3c, 0x61, 0x3e, 0xc0, 0x80, 0x3c, 0x2f, 0x61, 0x3e])],
  ])('refuses %s', (_what, bytes) => {
    expect(refusalOf(bytes).fault).toBe('Sender');
  });

  it('refuses 10,000 levels at the limit, with and without an end', () => {
    const deep = '<a>'.repeat(10_000);
    expect(refusalOf(deep).context).toContain('more than 64 elements inside each other');
    expect(refusalOf(`${deep}${'</a>'.repeat(10_000)}`).context).toContain('column');
    expect(refusalOf('<a b="">'.repeat(1_000_000)).context).toContain('inside each other');
  });

  it('refuses what is beyond its limits, and takes what is just within', () => {
    const limits = { bytes: 40, depth: 2, attributes: 2, elements: 3 };
    expect(parseXml('<a b="1" c="2"><d/><e/></a>', limits).children).toHaveLength(2);
    expect(refusalOf(`<a>${'x'.repeat(40)}</a>`, limits).context).toContain('40 octets');
    expect(refusalOf('<a b="1" c="2" d="3"/>', limits).context).toContain('2 attributes');
    expect(refusalOf('<a><b><c/></b></a>', limits).context).toContain('2 elements');
    expect(refusalOf('<a><b/><c/><d/></a>', limits).context).toContain('3 elements');
    const declarations = '<a xmlns:b="b" xmlns:c="c"/>';
    expect(refusalOf(declarations, { ...limits, attributes: 1 }).context).toContain('1 attributes');
  });

  it('says where, and none of the words of the document', () => {
    const fault = refusalOf('<a>\n<山田 花子="1" 花子="2"/></a>');
    expect(fault.context).toContain('line 2');
    expect(fault.context).not.toMatch(/山田|花子/);
    expect(refusalOf('<a></山田>').context).not.toMatch(/山田/);
    expect(refusalOf('<山田:a/>').context).not.toMatch(/山田/);
  });

  it('refuses a document that is cut at any octet', () => {
    const whole = Buffer.from(
      '<?xml version="1.0" encoding="UTF-8"?><!-- c --><s:E xmlns:s="urn:s" a="&lt;é">試<![CDATA[x]]><b/>&#x20;</s:E>',
    );
    expect(parseXml(whole).name).toBe('E');
    for (let end = 0; end < whole.length; end += 1) {
      expect(() => parseXml(whole.subarray(0, end))).toThrow(Fault);
    }
  });

  it('throws nothing but a Fault, whatever it is given', () => {
    const pieces = fc.constantFrom(
      ...['<a>', '</a>', '<a/>', '<', '>', '/', '&', ';', '&lt;', '"', "'", ' x="1"', ' xmlns="u"'],
      ...[
        ' xmlns:p="u"',
        '<p:b',
        ':',
        '<!--',
        '-->',
        '<![CDATA[',
        ']]>',
        '<?',
        '?>',
        '<!DOCTYPE',
        '[',
      ],
      ...[
        ']',
        '=',
        '#',
        '&#x',
        'xml',
        '\r',
        '\n',
        '\0',
        '\ud800',
        '試',
        '__proto__',
        ' constructor="1"',
      ],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        const source = `<a>${parts.join('')}</a>`;
        try {
          parseXml(source);
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

const NAMESPACES = ['', 'urn:a', 'urn:b', 'urn:quote"&<', 'http://www.w3.org/XML/1998/namespace'];
const name = fc.constantFrom('a', 'b', '試験', '_x-1.y', '__proto__', 'constructor');
const text = fc
  .string({ unit: 'binary', minLength: 1 })
  .map((value) => value.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\t'));

/** Any element that a reader can give, but for bindings. */
const anyElement = fc.letrec<{ element: XmlElement; node: XmlNode }>((tie) => ({
  node: fc.oneof({ depthSize: 'small', withCrossShrink: true }, text, tie('element')),
  element: fc
    .record({
      namespace: fc.constantFrom(...NAMESPACES.slice(0, 4)),
      name,
      attributes: fc
        .array(fc.tuple(fc.constantFrom(...NAMESPACES), name, text), { maxLength: 4 })
        .map((all) => new Map(all.map(([ns, n, v]) => [ns === '' ? n : `{${ns}}${n}`, v]))),
      children: fc.array(tie('node'), { maxLength: 4 }),
    })
    .map((element) => ({ ...element, children: joined(element.children) })),
})).element;

function joined(children: readonly XmlNode[]): XmlNode[] {
  const all: XmlNode[] = [];
  for (const child of children) {
    const last = all.at(-1);
    if (typeof child === 'string' && typeof last === 'string') all[all.length - 1] = last + child;
    else all.push(child);
  }
  return all;
}

describe('names of which one copy is kept', () => {
  it('are read as they stand, however many there are, and however long', () => {
    const names = Array.from({ length: 5_000 }, (_, n) => `試験-${n}`);
    names.push('n'.repeat(300), '__proto__', 'constructor', '試験-0');
    const read = parseXml(
      `<all>${names.map((one) => `<${one} xmlns="urn:${one}" ${one}="1"/>`).join('')}</all>`,
    );
    const children = elementsOf(read);
    expect(children.map((child) => child.name)).toEqual(names);
    expect(children.map(({ namespace }) => namespace)).toEqual(names.map((one) => `urn:${one}`));
    expect(children.every((child, at) => attributeOf(child, names[at] ?? '') === '1')).toBe(true);
  });
});

describe('XML, as it is written', () => {
  it('is read back as it was, whatever prefixes are preferred', () => {
    const prefixes = fc.constantFrom(
      new Map<string, string>(),
      new Map([['urn:a', 'a']]),
      new Map([
        ['urn:a', ''],
        ['urn:b', 'ns1'],
      ]),
      new Map([
        ['urn:a', 'p'],
        ['urn:b', 'p'],
      ]),
    );
    fc.assert(
      fc.property(anyElement, prefixes, (element, preferred) => {
        const xml = serializeXml(element, preferred);
        // A value such as `a:b` may happen to use a prefix that is bound, which reading then tells.
        expect(withoutBindings(parseXml(xml))).toEqual(element);
        expect(parseXml(serializeXml(parseXml(xml)))).toEqual(parseXml(xml));
      }),
      { numRuns: 500 },
    );
  });

  it('is read back within other elements and with declared prefixes', () => {
    const declared = new Map([
      ['urn:a', 'a'],
      ['urn:b', 'b'],
    ]);
    const around = (xml: string) =>
      `<w:w xmlns:w="urn:w" xmlns:a="urn:a" xmlns:b="urn:b">${xml}</w:w>`;
    fc.assert(
      fc.property(anyElement, (element) => {
        const one = parseXml(around(serializeWithin(element, declared)));
        expect(one.children.map((child) => withoutBindings(child as XmlElement))).toEqual([
          element,
        ]);
        const children = parseXml(around(serializeChildren(element, declared)));
        expect(withoutBindings(children).children).toEqual(element.children);
      }),
      { numRuns: 300 },
    );
  });

  it('declares each prefix once, and none that the caller has declared', () => {
    const element = parseXml('<r:A xmlns:r="urn:rim"><r:B/><r:C x="1"/></r:A>');
    const rim = new Map([['urn:rim', 'rim']]);
    expect(serializeXml(element, rim)).toBe(
      '<rim:A xmlns:rim="urn:rim"><rim:B/><rim:C x="1"/></rim:A>',
    );
    expect(serializeWithin(element, rim)).toBe('<rim:A><rim:B/><rim:C x="1"/></rim:A>');
    expect(serializeChildren(element, rim)).toBe('<rim:B/><rim:C x="1"/>');
    expect(serializeXml(element)).toBe('<ns1:A xmlns:ns1="urn:rim"><ns1:B/><ns1:C x="1"/></ns1:A>');
  });

  it('keeps the prefix in an xsi:type bound, even where it is preferred for something else', () => {
    for (const source of [
      `<v:q xmlns:v="urn:hl7-org:v3" xmlns:xsi="${XSI}"><v:value xsi:type="v:CD">x</v:value></v:q>`,
      `<q xmlns="urn:hl7-org:v3" xmlns:xsi="${XSI}"><value xsi:type="CD"><item/></value></q>`,
      `<p:q xmlns:p="urn:x" xmlns:xsi="${XSI}"><p:value xmlns:v="urn:y" xsi:type="v:CD"/></p:q>`,
      `<q xmlns:xsi="${XSI}"><value xsi:type="CD"/></q>`,
      `<p:q xmlns:p="urn:x" xmlns:xsi="${XSI}"><p:value xsi:type="CD"/></p:q>`,
      '<s:Value xmlns:s="urn:s">s:Sender</s:Value>',
      '<a xmlns:v="urn:v" v:b="v:c"/>',
    ]) {
      const element = parseXml(source);
      for (const preferred of [
        new Map<string, string>(),
        new Map([['urn:hl7-org:v3', 'hl7']]),
        new Map([
          ['urn:hl7-org:v3', ''],
          ['urn:x', 'v'],
        ]),
        new Map([[XSI, 'v']]),
      ]) {
        const again = parseXml(serializeXml(element, preferred));
        expect(again).toEqual(element);
      }
      expect(
        parseXml(`<w xmlns="urn:w">${serializeWithin(element, new Map([['urn:w', '']]))}</w>`)
          .children,
      ).toEqual([element]);
    }
  });

  it('keeps line ends, tabs and carriage returns in attributes and text', () => {
    const element: XmlElement = {
      namespace: '',
      name: 'a',
      attributes: new Map([['b', ' \t\r\n"\'&<>']]),
      children: [' \t\r\n"\'&<>]]>'],
    };
    expect(parseXml(serializeXml(element))).toEqual(element);
    expect(
      onlyChild(parseXml(`<w><a b='${escapeXml(' \t\r\n"\'')}'/></w>`)).attributes.get('b'),
    ).toBe(' \t\r\n"\'');
  });

  it.each(['\0', '\u000b', '\uffff', '\ud800', 'x\udfff'])(
    'takes a character that XML cannot carry as a defect (%j)',
    (character) => {
      expect(() => escapeXml(character)).toThrow(TypeError);
      expect(() =>
        serializeXml({ namespace: '', name: 'a', attributes: new Map(), children: [character] }),
      ).toThrow(TypeError);
    },
  );

  it('leaves plain text as it is', () => {
    expect(escapeXml('試験 太郎 𠮷')).toBe('試験 太郎 𠮷');
    expect(escapeXml('a & b')).toBe('a &amp; b');
  });
});

function withoutBindings(element: XmlElement): XmlElement {
  const { bindings: _, ...rest } = element;
  return {
    ...rest,
    children: element.children.map((child) =>
      typeof child === 'string' ? child : withoutBindings(child),
    ),
  };
}
