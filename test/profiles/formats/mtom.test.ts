import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import {
  type Attachment,
  bytesContent,
  contentIdOf,
  contentOf,
  type DocumentContent,
  type MtomLimits,
  MtomReader,
  mtomContentType,
  mtomLength,
  NO_PARTS,
  type Parts,
  parseContentType,
  writeMtom,
  XOP,
  xopHref,
} from '../../../profiles/formats/mtom.ts';
import { readEnvelope } from '../../../profiles/formats/soap.ts';
import { parseXml } from '../../../profiles/formats/xml.ts';
import { Fault } from '../../../profiles/refusal.ts';

const TYPE = 'multipart/related; boundary="B"; type="application/xop+xml"; start="<root>"';
const ROOT = 'Content-Type: application/xop+xml; charset=UTF-8\r\nContent-ID: <root>\r\n\r\n<e/>';

interface ReadMessage {
  root: string;
  parts: { contentId: string; contentType: string; bytes: string }[];
}

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function* of(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function octetsOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Reads a whole message; octets as latin1, so that differences are seen. */
async function read(
  source: AsyncIterable<Uint8Array> | string,
  contentType = TYPE,
  limits: Partial<MtomLimits> = {},
): Promise<ReadMessage> {
  const octets = typeof source === 'string' ? of(Buffer.from(source, 'latin1')) : source;
  const reader = new MtomReader(octets, contentType, limits);
  const { bytes } = await reader.root();
  const parts: ReadMessage['parts'] = [];
  for await (const { contentId, contentType: type, body } of reader.parts()) {
    const text = (await octetsOf(body)).toString('latin1');
    parts.push({ contentId, contentType: type, bytes: text });
  }
  return { root: Buffer.from(bytes).toString('latin1'), parts };
}

function part(id: string, body: string, encoding = 'binary'): string {
  return `\r\n--B\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: ${encoding}\r\nContent-ID: <${id}>\r\n\r\n${body}`;
}

function attachment(contentId: string, bytes: Uint8Array): Attachment {
  return { contentId, contentType: 'application/octet-stream', content: bytesContent(bytes) };
}

/** A document that looks like what frames it. */
const TREACHEROUS = Buffer.from(
  '\r\n--\r\n--B-\r\n--Bx\r\n--B--x\r\r\n-\r\n\r\n--b\r\n--B \t x\r\n--B-',
  'latin1',
);

describe('An MTOM message', () => {
  it('is read back as it was written, its length told before', async () => {
    const attachments = [
      attachment('doc1@x', TREACHEROUS),
      attachment('doc2@x', Buffer.alloc(0)),
      attachment('doc3@x', Buffer.from([0, 255, 13, 10])),
    ];
    const boundary = 'uuid-0a1b2c3d-4e5f';
    const message = await octetsOf(writeMtom('<e>試験</e>', attachments, boundary));
    const contentType = mtomContentType({ boundary, action: 'urn:ihe:iti:2007:Test' });

    expect(message).toHaveLength(mtomLength('<e>試験</e>', attachments, boundary) ?? -1);
    const { root, parts } = await read(of(message), contentType);
    expect(Buffer.from(root, 'latin1').toString()).toBe('<e>試験</e>');
    expect(parts.map(({ contentId }) => contentId)).toEqual(['doc1@x', 'doc2@x', 'doc3@x']);
    expect(parts.map(({ bytes }) => bytes)).toEqual([
      TREACHEROUS.toString('latin1'),
      '',
      '\x00\xff\r\n',
    ]);
    expect(parseContentType(contentType).parameters.get('action')).toBe('urn:ihe:iti:2007:Test');
  });

  it('stays multipart without a document, and takes the envelope in pieces', async () => {
    const message = await octetsOf(writeMtom(['<e>', '<f/>', '</e>'], [], 'B'));
    expect(message).toHaveLength(mtomLength('<e><f/></e>', [], 'B') ?? -1);
    expect(await read(of(message), mtomContentType({ boundary: 'B' }))).toEqual({
      root: '<e><f/></e>',
      parts: [],
    });
  });

  it('gives the same parts wherever it is split', async () => {
    const message = Buffer.from(
      `preamble\r\n--B \t\r\n${ROOT}${part('one', TREACHEROUS.toString('latin1'))}${part('two', '')}\r\n--B--\r\nepilogue`,
      'latin1',
    );
    const whole = await read(of(message));
    expect(whole.parts.map(({ bytes }) => bytes)).toEqual([TREACHEROUS.toString('latin1'), '']);
    for (let at = 0; at <= message.length; at += 1) {
      expect(await read(of(message.subarray(0, at), message.subarray(at)))).toEqual(whole);
    }
    for (const size of [1, 2, 3, 5, 7]) expect(await read(inChunks(message, size))).toEqual(whole);
  });

  it('gives back any documents, in chunks of any size', async () => {
    const octets = fc
      .array(fc.constantFrom('\r', '\n', '-', 'B', '\r\n--B', '\r\n', 'x', ' '), { maxLength: 12 })
      // A document that holds its own boundary's line is not to be had.
      .map((pieces) => pieces.join(''))
      .filter((text) => !/\r\n--B(--)?[ \t]*(\r\n|$)/.test(`\r\n${text}`));
    await fc.assert(
      fc.asyncProperty(
        fc.array(octets, { maxLength: 3 }),
        fc.integer({ min: 1, max: 40 }),
        async (documents, size) => {
          const attachments = documents.map((text, at) => attachment(`d${at}`, Buffer.from(text)));
          const message = await octetsOf(writeMtom('<e/>', attachments, 'B'));
          const { parts } = await read(inChunks(message, size), mtomContentType({ boundary: 'B' }));
          expect(parts.map(({ bytes }) => bytes)).toEqual(documents);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is refused when it is cut at any octet', async () => {
    const message = Buffer.from(`--B\r\n${ROOT}${part('one', 'octets\r\n--')}\r\n--B--`, 'latin1');
    expect((await read(of(message))).parts).toHaveLength(1);
    for (let end = 0; end < message.length; end += 1) {
      await expect(read(of(message.subarray(0, end)))).rejects.toThrow(Fault);
    }
  });

  it.each([
    ['a line end that is not CRLF', `--B\n${ROOT}\n--B--`],
    ['a header line without a name', '--B\r\nnonsense\r\n\r\n<e/>\r\n--B--'],
    ['the same header field twice', `--B\r\nContent-ID: <root>\r\n${ROOT}\r\n--B--`],
    ['no part at all', '--B--'],
    ['two parts of one Content-ID', `--B\r\n${ROOT}${part('one', '')}${part('one', '')}\r\n--B--`],
    ['a part of the root’s Content-ID', `--B\r\n${ROOT}${part('root', '')}\r\n--B--`],
    ['a part without Content-ID', `--B\r\n${ROOT}\r\n--B\r\n\r\nx\r\n--B--`],
    ['a part without Content-ID before the root', `--B\r\n\r\nx\r\n--B\r\n${ROOT}\r\n--B--`],
    ['an unknown transfer encoding', `--B\r\n${ROOT}${part('one', 'x', 'x-gzip')}\r\n--B--`],
    ['broken base64', `--B\r\n${ROOT}${part('one', 'QUJ', 'base64')}\r\n--B--`],
    [
      'base64 that goes on after its end',
      `--B\r\n${ROOT}${part('one', 'QQ==QUJD', 'base64')}\r\n--B--`,
    ],
    ['another root type', `--B\r\n${ROOT.replace('application/xop+xml', 'text/xml')}\r\n--B--`],
    ['another charset', `--B\r\n${ROOT.replace('UTF-8', 'UTF-16')}\r\n--B--`],
  ])('is refused for %s', async (_what, message) => {
    await expect(read(message)).rejects.toThrow(Fault);
  });

  it.each([
    ['another media type', 'multipart/mixed; boundary=B'],
    ['no boundary', 'multipart/related; start="<root>"'],
    ['an impossible boundary', `multipart/related; boundary="${'x'.repeat(71)}"`],
    ['a boundary twice', 'multipart/related; boundary=B; boundary=C'],
    ['nothing', ''],
  ])('is refused for a Content-Type with %s', (_what, contentType) => {
    expect(() => new MtomReader(of(), contentType)).toThrow(Fault);
  });

  it('is read where the header is folded, unquoted and in another order', async () => {
    const contentType =
      'Multipart/Related;\r\n\tSTART=<root>; Type="application/xop+xml" ;boundary=B; start-info="a;b=\\"c\\"";';
    expect(parseContentType(contentType).parameters.get('start-info')).toBe('a;b="c"');
    const folded = ROOT.replace('; charset', ';\r\n\tcharset').replace('Content-ID', 'CONTENT-id');
    expect(await read(`--B\r\n${folded}\r\n--B--\r\n`, contentType)).toEqual({
      root: '<e/>',
      parts: [],
    });
  });

  it('decodes base64 and leaves 7bit and 8bit as they are', async () => {
    const document = Buffer.from(TREACHEROUS);
    const base64 = (document.toString('base64').match(/.{1,10}/g) ?? []).join('\r\n');
    const message = Buffer.from(
      `--B\r\n${ROOT}${part('a', `${base64}\r\n`, 'BASE64')}${part('b', 'x\r\n', '7bit')}` +
        `${part('c', '\xff', '8bit')}${part('d', '', 'base64')}\r\n--B--`,
      'latin1',
    );
    for (const size of [1, 3, 7, 1000]) {
      const { parts } = await read(inChunks(message, size));
      expect(parts.map(({ bytes }) => bytes)).toEqual([
        document.toString('latin1'),
        'x\r\n',
        '\xff',
        '',
      ]);
    }
  });

  it('is read with its root behind other parts, up to a limit', async () => {
    const message = `--B${part('one', 'x'.repeat(100)).slice('\r\n--B'.length)}${part('two', '')}\r\n--B\r\n${ROOT}${part('three', '3')}\r\n--B--`;
    const { root, parts } = await read(message);
    expect(root).toBe('<e/>');
    expect(parts.map(({ contentId, bytes }) => `${contentId} ${bytes.length}`)).toEqual([
      'one 100',
      'two 0',
      'three 1',
    ]);
    await expect(read(message, TYPE, { bytesBeforeEnvelope: 99 })).rejects.toThrow(/99 octets/);
  });

  it('takes the first part as root where start is absent or names none', async () => {
    const message = `--B\r\n${ROOT}${part('one', 'x')}\r\n--B--`;
    for (const type of [
      'multipart/related; boundary=B',
      'multipart/related; boundary=B; start="<z>"',
    ]) {
      const { root, parts } = await read(message, type);
      expect([root, parts.map(({ contentId }) => contentId)]).toEqual(['<e/>', ['one']]);
    }
  });

  it('takes a part with a header and nothing else, not even an empty line', async () => {
    const bare = '\r\n--B\r\nContent-ID: <bare>\r\n\r\n--B--';
    expect((await read(`--B\r\n${ROOT}${bare}`)).parts).toEqual([
      { contentId: 'bare', contentType: '', bytes: '' },
    ]);
  });

  it('is refused beyond each limit', async () => {
    const message = `preamble\r\n--B\r\n${ROOT}${part('one', '12345')}\r\n--B--\r\nepilogue`;
    const refused = (limits: Partial<MtomLimits>) => expect(read(message, TYPE, limits)).rejects;
    await refused({ bytesBeforeEnvelope: 7 }).toThrow(/before the first boundary/);
    await refused({ bytesBeforeEnvelope: 9 }).toThrow(/after the last boundary/);
    await refused({ envelopeBytes: 3 }).toThrow(/in the envelope/);
    await refused({ partHeaderBytes: 20 }).toThrow(/header/);
    await refused({ parts: 1 }).toThrow(/more than 1 parts/);
    await refused({ partBytes: 4 }).toThrow(/in one part/);
    const within = { bytesBeforeEnvelope: 10, envelopeBytes: 4, parts: 2, partBytes: 5 };
    expect((await read(message, TYPE, within)).parts).toHaveLength(1);
  });

  it('refuses a header that never ends as soon as it is too large', async () => {
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('--B\r\nX: ');
      for (;;) {
        given += 1000;
        yield Buffer.alloc(1000, 'x');
      }
    }
    await expect(new MtomReader(endless(), TYPE).root()).rejects.toThrow(Fault);
    expect(given).toBeLessThan(20_000);
  });

  it('reads nothing behind the root until the parts are asked for, and then one after the other', async () => {
    let given = 0;
    let closed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (const text of [
          `--B\r\n${ROOT}\r\n--B\r\n`,
          part('one', '1').slice(7),
          '',
          '22',
          part('two', '3'),
          '\r\n--B--',
        ]) {
          given += 1;
          yield Buffer.from(text);
        }
      } finally {
        closed = true;
      }
    }
    const reader = new MtomReader(source(), TYPE);
    expect(given).toBe(0);
    await reader.root();
    await reader.root();
    expect(given).toBe(1);
    for await (const { contentId, body } of reader.parts()) {
      if (contentId === 'one') {
        expect(given).toBe(2);
        // Whoever leaves a part early gets the next one all the same, and the source stays open.
        for await (const chunk of body) {
          expect(chunk.length).toBeGreaterThan(0);
          break;
        }
        expect(closed).toBe(false);
      } else {
        expect((await octetsOf(body)).toString()).toBe('3');
      }
    }
    expect(given).toBe(6);
  });

  it('passes large slices on without copying them', async () => {
    const block = Buffer.alloc(1024 * 1024, 7);
    const reader = new MtomReader(
      of(Buffer.from(`--B\r\n${ROOT}${part('one', 'x')}`), block, block, Buffer.from('\r\n--B--')),
      TYPE,
    );
    for await (const { body } of reader.parts()) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      expect(chunks.map((chunk) => chunk.buffer === block.buffer)).toEqual([false, true, true]);
    }
  });

  it('passes an error of its source on, unchanged', async () => {
    const reset = new Error('socket hang up');
    async function* source(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('--B\r\n');
      throw reset;
    }
    await expect(new MtomReader(source(), TYPE).root()).rejects.toBe(reset);
  });

  it('stays refused', async () => {
    const reader = new MtomReader(of(Buffer.from('--B\r\nnonsense\r\n\r\n')), TYPE);
    await expect(reader.root()).rejects.toThrow(Fault);
    await expect(reader.root()).rejects.toThrow(Fault);
    await expect(octetsOf(reader.parts() as never)).rejects.toThrow(Fault);
  });

  it('is not finished with a document of another size than it declares', async () => {
    for (const sizeBytes of [2, 4]) {
      const content: DocumentContent = { sizeBytes, open: () => of(Buffer.from('123')) };
      const sent: Uint8Array[] = [];
      const writing = async () => {
        const it = writeMtom('<e/>', [{ contentId: 'a', contentType: 'text/plain', content }], 'B');
        for await (const chunk of it) sent.push(chunk);
      };
      await expect(writing()).rejects.toThrow(/octets/);
      expect(Buffer.concat(sent).toString()).not.toContain('--B--');
    }
  });

  it('has no length known before where a document has none', () => {
    const content: DocumentContent = { open: () => of() };
    expect(
      mtomLength('<e/>', [{ contentId: 'a', contentType: 'text/plain', content }], 'B'),
    ).toBeUndefined();
  });

  it('takes what would break out of a header as a defect', async () => {
    const bad = (value: Partial<Attachment>) => [{ ...attachment('a', Buffer.alloc(1)), ...value }];
    for (const value of [{ contentId: 'a>\r\nX: y' }, { contentType: 'text/plain\r\nX: y' }]) {
      await expect(octetsOf(writeMtom('<e/>', bad(value), 'B'))).rejects.toThrow(TypeError);
    }
    expect(() => mtomContentType({ boundary: 'B"' })).toThrow(TypeError);
  });
});

describe('A base64Binary element', () => {
  const parts: Parts = { named: (contentId) => bytesContent(Buffer.from(contentId)) };
  const element = (inside: string) => parseXml(`<d xmlns:xop="${XOP}">${inside}</d>`);

  it('holds its octets itself, with size and SHA-1', async () => {
    const content = contentOf(element(' SGVsbG8g\n WERTCg== '), NO_PARTS);
    expect(content).toMatchObject({
      sizeBytes: 10,
      sha1: '94a9a1a55698771e22383fd6f52001cdcaf5ce29',
    });
    expect((await octetsOf(content.open())).toString()).toBe('Hello XDS\n');
    expect((await octetsOf(content.open())).toString()).toBe('Hello XDS\n');
    expect(contentOf(element(''), NO_PARTS).sha1).toBe('da39a3ee5e6b4b0d3255bfef95601890afd80709');
  });

  it('or names a part, percent-encoded', async () => {
    const include = (href: string) => element(`\n <xop:Include href="${href}"/>\n`);
    const content = contentOf(include('cid:a%3Ab%25@x'), parts);
    expect((await octetsOf(content.open())).toString()).toBe('a:b%@x');
    for (const id of ['doc1@x', 'urn:uuid:1%2', 'ü <>"']) {
      expect(contentIdOf(xopHref(id))).toBe(id);
      expect(xopHref(id)).toMatch(/^[!-~]+$/);
    }
  });

  it.each([
    ['what is no base64', 'Hello!'],
    ['base64 that is cut', 'SGVsbG8'],
    ['base64 with padding inside', 'SG==bG8='],
    ['an Include with text beside it', '<xop:Include href="cid:a"/>QUJD'],
    ['two Includes', '<xop:Include href="cid:a"/><xop:Include href="cid:b"/>'],
    ['another element', '<Include href="cid:a"/>'],
    ['an Include without href', '<xop:Include/>'],
    ['another URL', '<xop:Include href="https://x/"/>'],
    ['a broken percent-encoding', '<xop:Include href="cid:%zz"/>'],
  ])('is refused for %s', (_what, inside) => {
    expect(() => contentOf(element(inside), parts)).toThrow(Fault);
  });

  it('names no part in a message that is not multipart', () => {
    expect(() => contentOf(element('<xop:Include href="cid:a"/>'), NO_PARTS)).toThrow(Fault);
  });
});

describe('A Content-Type', () => {
  it.each([
    [undefined, '', []],
    ['text/XML', 'text/xml', []],
    ['a/b ; C = d;', 'a/b', [['c', 'd']]],
    [
      'a/b; c=""; d=',
      'a/b',
      [
        ['c', ''],
        ['d', ''],
      ],
    ],
  ])('%j is read', (header, type, parameters) => {
    expect(parseContentType(header)).toEqual({ type, parameters: new Map(parameters as never) });
  });

  it.each(['a/b; c', 'a/b; c="d', 'a/b; c="d"e', 'a/b; =d', 'a/b; c=d; C=e', 'a/b; c=d e'])(
    '%j is refused',
    (header) => {
      expect(() => parseContentType(header)).toThrow(Fault);
    },
  );
});

const SAMPLES = new URL('../../../../shared/samples/document-sharing/', import.meta.url);

describe('MTOM messages that others published', () => {
  (existsSync(SAMPLES)
    ? it.each(['iti41-request.http-mtom', 'iti41-response.http-mtom'])
    : it.skip.each(['none']))('%s is read', async (file) => {
    const text = readFileSync(new URL(`${file}.txt`, SAMPLES), 'utf8');
    // The published files have lost their carriage returns, and some have a line before the HTTP header.
    const message = text.replace(/\r?\n/g, '\r\n');
    const contentType = /^Content-Type: (multipart.*)\r$/m.exec(message)?.[1] ?? '';
    const body = message.slice(message.indexOf('\r\n\r\n') + 4);
    const { root, parts } = await read(of(Buffer.from(body)), contentType);
    const opened = readEnvelope(parseXml(Buffer.from(root, 'latin1')), {
      answer: true,
      understood: ({ name }) => name === 'Security',
    });
    expect(opened.action).toMatch(/ProvideAndRegisterDocumentSet-b/);
    expect(parts).toHaveLength(file.includes('request') ? 1 : 0);
  });
});
