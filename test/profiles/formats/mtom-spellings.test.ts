import {
  bytesContent,
  contentOf,
  MtomReader,
  mtomContentType,
  parseContentType,
  writeMtom,
  XOP,
  xopHref,
} from '../../../profiles/formats/mtom.ts';
import { parseXml } from '../../../profiles/formats/xml.ts';
import { Fault } from '../../../profiles/refusal.ts';

async function* of(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function textOf(source: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

/** The root's text, then each part as `id=text`. */
async function read(message: string | Buffer, contentType: string): Promise<readonly string[]> {
  const reader = new MtomReader(of(Buffer.from(message as string, 'latin1')), contentType);
  const found = [Buffer.from((await reader.root()).bytes).toString('latin1')];
  for await (const { contentId, body } of reader.parts()) {
    found.push(`${contentId}=${await textOf(body)}`);
  }
  return found;
}

/** A document before the root, so that only `start` says which part is the root. */
function message(boundary: string, rootId: string): string {
  const part = (headers: string, body: string) => `--${boundary}\r\n${headers}\r\n\r\n${body}\r\n`;
  return (
    part('Content-Type: application/xop+xml\r\nContent-ID: <doc@x>', '<no/>') +
    part(`Content-Type: application/xop+xml\r\nContent-ID: ${rootId}`, '<e/>') +
    `--${boundary}--`
  );
}

describe('start and boundary', () => {
  it.each([
    ['both quoted', 'boundary="B.1"; start="<root@h>"', 'B.1'],
    ['neither quoted', 'boundary=B.1; start=<root@h>', 'B.1'],
    ['start without angle brackets', 'boundary=B; start="root@h"', 'B'],
    ['names in any case', 'BOUNDARY=B; Start="<root@h>"', 'B'],
    ['another order and blanks around the signs', 'start = "<root@h>" ; boundary = B ;', 'B'],
    ['a folded header', 'boundary=B;\r\n start="<root@h>"', 'B'],
    ['quoted pairs', 'boundary="\\B"; start="<r\\oot@h>"', 'B'],
    [
      'every character that a boundary may have',
      `boundary="a'()+_,-./:=? b"; start="<root@h>"`,
      "a'()+_,-./:=? b",
    ],
    [
      'an equals sign in an unquoted boundary',
      'boundary=----=_Part_1.2; start=<root@h>',
      '----=_Part_1.2',
    ],
    ['70 characters', `boundary=${'b'.repeat(70)}; start="<root@h>"`, 'b'.repeat(70)],
    ['comments', 'boundary=B (mine); start=(here) "<root@h>" (there (inside))', 'B'],
    ['numbered pieces', 'boundary*0=B; boundary*1=".1"; start*1="ot@h>"; start*0="<ro"', 'B.1'],
    ['percent-encoding with a charset', "boundary=B; start*=UTF-8''%3Croot%40h%3E", 'B'],
    ['encoded pieces', 'boundary=B; start*0*=us-ascii\'en\'%3Cro; start*1="ot@h>"', 'B'],
  ])('are read with %s', async (_what, parameters, boundary) => {
    expect(await read(message(boundary, '<root@h>'), `multipart/related; ${parameters}`)).toEqual([
      '<e/>',
      'doc@x=<no/>',
    ]);
  });

  it('find a root whose Content-ID is folded, or has no angle brackets', async () => {
    const type = 'multipart/related; boundary=B; start="<root@h>"';
    for (const id of ['\r\n <root@h>', 'root@h', ' <root@h> ']) {
      expect((await read(message('B', id), type))[0]).toBe('<e/>');
    }
  });

  it.each([
    ['a piece is missing', 'boundary*0=B; boundary*2=C'],
    ['a piece stands beside the whole', 'boundary=B; boundary*0=B'],
    ['the charset is another', "boundary*=EUC-JP''B"],
    ['the charset is missing', 'boundary*=B'],
    ['the percent-encoding is broken', "boundary*=UTF-8''%zz"],
    ['a comment never ends', 'boundary=B (oh'],
    ['a name has stars only', 'boundary=B; ***=c'],
  ])('are refused where %s', (_what, parameters) => {
    const type = `multipart/related; ${parameters}`;
    expect(() => parseContentType(type)).toThrow(Fault);
  });

  it('leave parentheses inside quotes and inside an unquoted value alone', () => {
    const { parameters } = parseContentType('a/b (c); d="(e)"; f=g(h)i; j="\\"(k"');
    expect([...parameters]).toEqual([
      ['d', '(e)'],
      ['f', 'g(h)i'],
      ['j', '"(k'],
    ]);
  });
});

describe('A message in both directions', () => {
  it.each([
    'doc1@h',
    'urn:uuid:1@h',
    'a b&c<d>"e'.replace(/[<>"]/g, '_'),
    '100%25@h',
    '%3A@h',
    "d'o(c)*!@h",
  ])('has its parts found by cid: whatever the Content-ID is: %s', async (contentId) => {
    const href = xopHref(contentId);
    const octets = await textOf(
      writeMtom(
        '<e/>',
        [{ contentId, contentType: 'text/plain', content: bytesContent(Buffer.from('x')) }],
        'B',
      ),
    );
    expect(await read(octets, mtomContentType({ boundary: 'B' }))).toEqual([
      '<e/>',
      `${contentId}=x`,
    ]);
    const element = parseXml(
      `<d><i:Include xmlns:i="${XOP}" href="${href.replace(/&/g, '&amp;')}"/></d>`,
    );
    const asked: string[] = [];
    contentOf(element, {
      named(id) {
        asked.push(id);
        return bytesContent(Buffer.alloc(0));
      },
    });
    expect(asked).toEqual([contentId]);
  });

  it('mixes documents inside the envelope with documents beside it', async () => {
    const parts = { named: (id: string) => bytesContent(Buffer.from(`part ${id}`)) };
    const documents = parseXml(
      `<all xmlns:xop="${XOP}"><d>SGk=</d><d><![CDATA[SG]]><!-- c -->k=</d><d><xop:Include href="cid:a@h"/></d><d>\r\n SGk=\r\n</d></all>`,
    );
    const found: string[] = [];
    for (const document of documents.children) {
      if (typeof document !== 'string') found.push(await textOf(contentOf(document, parts).open()));
    }
    expect(found).toEqual(['Hi', 'Hi', 'part a@h', 'Hi']);
  });

  it('has no attachment and is multipart all the same, with a preamble and an epilogue or without', async () => {
    const octets = await textOf(writeMtom('<e/>', [], 'B'));
    const type = mtomContentType({ boundary: 'B' });
    for (const [before, after] of [
      ['', ''],
      ['preamble\r\nof --B two lines\r\n', 'epilogue'],
      ['\r\n', '\r\n\r\n'],
    ]) {
      expect(await read(before + octets + after, type)).toEqual(['<e/>']);
    }
  });

  it('keeps every octet of a document: the CRLF before a boundary is the boundary’s, no other', async () => {
    const root = 'Content-Type: application/xop+xml\r\nContent-ID: <root>\r\n\r\n<e/>';
    for (const document of ['', '\n', '\r', '\r\n', '\n\r\n', '\r\r\n', 'x\n', '\r\n\r\n']) {
      const octets = `--B\r\n${root}\r\n--B\r\nContent-ID: <d>\r\n\r\n${document}\r\n--B--\r\n`;
      expect(await read(octets, 'multipart/related; boundary=B')).toEqual([
        '<e/>',
        `d=${document}`,
      ]);
    }
  });

  it('may have header fields that MIME does not define, even twice', async () => {
    const octets =
      '--B\r\nX-Via: a\r\nContent-Type: application/xop+xml\r\nX-Via: b\r\n\r\n<e/>\r\n--B--';
    expect(await read(octets, 'multipart/related; boundary=B')).toEqual(['<e/>']);
  });
});
