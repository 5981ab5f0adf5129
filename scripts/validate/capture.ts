import { type ContentType, MtomReader, parseContentType } from '../../profiles/formats/mtom.ts';
import { Fault } from '../../profiles/refusal.ts';
import { Findings, lineAt, readHttp } from './http-head.ts';
import { both, type Finding, failure, warning } from './rule.ts';

/** A part beside the root, at rest. */
export interface CapturedPart {
  readonly contentId: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** A file as it was captured: bare XML, an HTTP message, or the body of a multipart one. */
export interface Capture {
  readonly form: 'xml' | 'http' | 'multipart';
  /** The XML of the message: all of the file, or its root part. Undefined where it could not be found. */
  readonly xml?: Uint8Array;
  /** Lines of the file before the XML; undefined where it does not lie in the file as it is. */
  readonly linesBefore?: number;
  /** What the header says, or the operator; undefined where nobody did. */
  readonly contentType?: ContentType;
  /** Only of a multipart message. */
  readonly parts?: readonly CapturedPart[];
  /** True where documents lie in the file octet by octet as they were sent. */
  readonly isExact: boolean;
  /** What went wrong while the file was taken apart, by rule. */
  readonly found: ReadonlyMap<string, readonly Finding[]>;
}

const NOWHERE: Capture = { form: 'xml', isExact: true, found: new Map() };

/**
 * Takes a captured file apart. What it finds wrong is kept for the rules; it never throws for the file's contents.
 *
 * @param given the Content-Type, where the operator names one; else the HTTP header of the capture tells
 */
export async function readCapture(bytes: Buffer, given: string | undefined): Promise<Capture> {
  const text = bytes.toString('latin1');
  const start = text.replace(/^(?:\xef\xbb\xbf)?\s*/, '');
  if (given === undefined && (start.startsWith('<') || UTF_16.test(text))) {
    return { ...NOWHERE, xml: withoutMark(bytes), linesBefore: 0 };
  }
  const found = new Findings();
  if (given === undefined && !start.startsWith('--')) {
    const http = readHttp(text, found);
    if (http === undefined) return { form: 'http', isExact: false, found };
    const { body, linesBefore, contentType } = http;
    const isText = !text.includes('\r\n');
    return readBody({ text: body, linesBefore, form: 'http', isText }, contentType, found);
  }
  const body: Body = { text, linesBefore: 0, form: 'multipart', isText: !text.includes('\r\n') };
  return readBody(body, given, found);
}

/** XML of two octets a character is still XML: what is wrong with it is for its rule to say. */
const UTF_16 = /^(?:\xff\xfe|\xfe\xff|\0<)/;

/** A byte order mark is no character of the document. */
function withoutMark(bytes: Buffer): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

interface Body {
  /** Octets as latin1. */
  readonly text: string;
  readonly linesBefore: number;
  readonly form: 'http' | 'multipart';
  /** True where no line ends in CRLF: an editor or a version control system has been here. */
  readonly isText: boolean;
}

async function readBody(body: Body, header: string | undefined, found: Findings): Promise<Capture> {
  const { form, text, linesBefore } = body;
  let contentType: ContentType | undefined;
  try {
    contentType = header === undefined ? undefined : parseContentType(header);
  } catch (error) {
    found.add('mime.content-type', failure(reasonOf(error)));
  }
  const type = contentType?.type ?? (text.trimStart().startsWith('--') ? 'multipart/related' : '');
  if (!type.startsWith('multipart/')) {
    const xml = Buffer.from(text, 'latin1');
    return { form, xml, linesBefore, ...known(contentType), isExact: true, found };
  }
  return readMultipart(body, contentType, found);
}

function known(contentType: ContentType | undefined) {
  return contentType === undefined ? {} : { contentType };
}

async function readMultipart(
  { text, linesBefore, form, isText }: Body,
  contentType: ContentType | undefined,
  found: Findings,
): Promise<Capture> {
  // Only where every line has lost its carriage return are they put back; a mixture is what was sent.
  const octets = isText ? text.replace(/\n/g, '\r\n') : text;
  if (isText) {
    found.add(
      'mime.line-ends',
      warning(
        both(
          'the file has no CRLF at all, so it is no longer what was sent; documents cannot be measured',
          'CRLF が一つもなく、送信時のままではありません。文書の大きさとハッシュは確かめられません',
        ),
        linesBefore + 1,
      ),
    );
  }
  const first = /^[\s\S]{0,1000}?--([!-~ ]{0,69}[!-~])[ \t]*\r?\n/.exec(octets)?.[1];
  const boundary = contentType?.parameters.get('boundary') ?? first ?? '';
  const header = headerOf(contentType, boundary);
  const message = Buffer.from(octets, 'latin1');
  const failed = { form, ...known(contentType), isExact: !isText, found };
  try {
    const reader = new MtomReader(inOne(message), header, LIMITS);
    const { bytes, contentId } = await reader.root();
    const root = Buffer.from(bytes);
    found.add('mime.content-type', ...wrongStart(contentType?.parameters.get('start'), contentId));
    const parts: CapturedPart[] = [];
    const capture = { ...failed, ...placed(root, message, linesBefore), parts };
    try {
      for await (const { contentId, contentType: type, body } of reader.parts()) {
        parts.push({ contentId, contentType: type, bytes: await collected(body) });
      }
    } catch (error) {
      found.add('mime.structure', failure(reasonOf(error)));
    }
    found.add('mime.line-ends', ...brokenLines(octets, boundary, linesBefore));
    return capture;
  } catch (error) {
    found.add('mime.structure', failure(reasonOf(error), linesBefore + 1));
    found.add('mime.line-ends', ...brokenLines(octets, boundary, linesBefore));
    // A body without parts begins with its end.
    const isAnother = first !== undefined && ![boundary, `${boundary}--`].includes(first);
    if (isAnother) {
      const what = both(
        'the body does not begin with the boundary of its header',
        '本体の境界が Content-Type の boundary と異なります',
      );
      found.add('mime.boundary', failure(what, linesBefore + 1));
    }
    // No receiver would read on; a developer wants to know what else there is.
    const root = firstPart(octets, isAnother ? first : boundary);
    return root === undefined ? failed : { ...failed, ...placed(root, message, linesBefore) };
  }
}

/** Receivers then take the first part, or refuse the message. */
function wrongStart(start: string | undefined, root: string): readonly Finding[] {
  if (start === undefined || start.replace(/^<|>$/g, '') === root) return [];
  return [
    warning(
      both(
        'start names no part; the first one is taken for the root',
        'start の示すパートがなく、最初のパートを本体とみなします',
      ),
    ),
  ];
}

/** The XML, and where it begins if it lies in the file as it is. */
function placed(root: Buffer, message: Buffer, linesBefore: number) {
  const at = message.indexOf(root);
  if (at < 0) return { xml: root };
  return { xml: root, linesBefore: linesBefore + lineAt(message.toString('latin1'), at) - 1 };
}

/** The first part of a message whose framing is broken. */
function firstPart(octets: string, boundary: string): Buffer | undefined {
  const delimiter = `--${boundary}`;
  const start = octets.indexOf(delimiter);
  const head = start < 0 ? -1 : octets.indexOf('\r\n\r\n', start);
  if (head < 0) return undefined;
  const end = octets.indexOf(`\r\n${delimiter}`, head);
  return Buffer.from(octets.slice(head + 4, end < 0 ? undefined : end), 'latin1');
}

/** As generous as a file on a developer's disk needs. */
const LIMITS = {
  bytesBeforeEnvelope: 64 * 1_048_576,
  envelopeBytes: 64 * 1_048_576,
  parts: 10_000,
};

/** The reader wants a whole header; what the capture says is kept for the rules. */
function headerOf(contentType: ContentType | undefined, boundary: string): string {
  const start = contentType?.parameters.get('start');
  const quoted = (value: string) => `"${value.replace(/["\\]/g, '\\$&')}"`;
  const root = start === undefined ? '' : `; start=${quoted(start)}`;
  return `multipart/related; boundary=${quoted(boundary)}${root}`;
}

/** Lines of the framing that end in a bare line feed: a boundary, or a header field of a part. */
function brokenLines(octets: string, boundary: string, linesBefore: number): readonly Finding[] {
  const findings: Finding[] = [];
  let isHeader = false;
  let line = linesBefore;
  for (const each of octets.split('\n').slice(0, -1)) {
    line += 1;
    const isWhole = each.endsWith('\r');
    const written = isWhole ? each.slice(0, -1) : each;
    const isBoundary =
      written.startsWith(`--${boundary}`) &&
      /^(?:--)?[ \t]*$/.test(written.slice(boundary.length + 2));
    if ((isBoundary || isHeader) && !isWhole) {
      findings.push(
        failure(
          both(
            'a line of the MIME framing does not end in CRLF',
            'MIME の行が CRLF で終わっていません',
          ),
          line,
        ),
      );
    }
    isHeader = isBoundary || (isHeader && written.trim() !== '');
  }
  return findings;
}

async function* inOne(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function collected(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A refusal's reason; other errors are defects and go on. */
export function reasonOf(error: unknown): { en: string; ja: string } {
  if (!(error instanceof Fault)) throw error;
  return both(error.context, `受信側はこの電文を受け付けません: ${error.context}`);
}
