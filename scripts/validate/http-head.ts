import { both, type Finding, failure, warning } from './rule.ts';

/** What is found while a file is taken apart, by rule. */
export class Findings extends Map<string, Finding[]> {
  add(rule: string, ...findings: readonly Finding[]): void {
    this.set(rule, [...(this.get(rule) ?? []), ...findings]);
  }
}

const START_LINE = /^(?:[A-Z]+ \S+ HTTP\/\d\.\d|HTTP\/\d\.\d \d{3}[^\r\n]*)[ \t]*\r?$/m;

/** An HTTP message: what its header says, and its body. */
export interface HttpMessage {
  /** As it was written, folded lines included. */
  readonly contentType?: string;
  /** Octets as latin1, without chunks. */
  readonly body: string;
  /** Lines of the file before the body. */
  readonly linesBefore: number;
}

/** Takes the head of an HTTP capture apart; undefined where no line begins an HTTP message. */
export function readHttp(text: string, found: Findings): HttpMessage | undefined {
  const start = START_LINE.exec(text.slice(0, 65_536));
  if (start === null) {
    found.add(
      'http.head',
      failure(
        both(
          'neither XML nor a multipart body, and no line begins an HTTP message',
          'XML でも multipart の本体でもなく、HTTP の開始行もありません',
        ),
        1,
      ),
    );
    return undefined;
  }
  if (start.index > 0) {
    found.add(
      'http.head',
      warning(
        both('something stands before the start line', '開始行の前に余分な行があります'),
        lineAt(text, start.index) - 1,
      ),
    );
  }
  const end = /\r?\n[ \t]*\r?\n/.exec(text.slice(start.index));
  const headEnd = end === null ? text.length : start.index + end.index;
  const bodyStart = end === null ? text.length : headEnd + end[0].length;
  const fields = fieldsOf(text, start.index + start[0].length, headEnd, found);
  const raw = text.slice(bodyStart);
  const chunked = fields.get('transfer-encoding')?.toLowerCase() === 'chunked';
  const whole = chunked ? dechunked(raw) : undefined;
  if (chunked && whole === undefined && CHUNK_SIZE.test(raw.slice(0, 256))) {
    const what = both(
      'the body ends within a chunk, or a chunk has another length than it says',
      '本体がチャンクの途中で終わっているか、チャンクの長さが違います',
    );
    found.add('http.head', failure(what, lineAt(text, bodyStart)));
  }
  found.add('http.head', ...wrongLength(fields.get('content-length'), raw, start.index > 0));
  const contentType = fields.get('content-type');
  return {
    body: whole ?? raw,
    linesBefore: lineAt(text, bodyStart) - 1,
    ...(contentType === undefined ? {} : { contentType }),
  };
}

/** A capture that an editor has kept is not measured: its line ends may be others. */
function wrongLength(
  told: string | undefined,
  body: string,
  isEdited: boolean,
): readonly Finding[] {
  if (told === undefined || isEdited || Number(told) === body.length) return [];
  if (!body.includes('\r\n') && body.includes('\n')) return [];
  return [
    warning(
      both(
        `Content-Length is ${told}, and ${body.length} octets follow`,
        `Content-Length は ${told} ですが、本体は ${body.length} オクテットです`,
      ),
    ),
  ];
}

function fieldsOf(
  text: string,
  ...[from, to, found]: [from: number, to: number, found: Findings]
): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  const lines = text
    .slice(from, to)
    .replace(/\r?\n[ \t]+/g, (fold) => `${fold.replace(/\n/, '\u0001')}`);
  let line = lineAt(text, from);
  for (const each of lines.split('\n')) {
    const folded = each.replace(/\r/g, '');
    const [, name, value] = /^([!-9;-~]+)[ \t]*:[ \t]*(.*)$/s.exec(folded) ?? [];
    if (name !== undefined && value !== undefined) {
      fields.set(name.toLowerCase(), value.replace(/\u0001/g, ' ').trim());
    } else if (folded.trim() !== '') {
      found.add(
        'http.head',
        failure(both('a malformed header line', 'ヘッダー行の形式が誤っています'), line),
      );
    }
    line += 1 + (folded.match(/\u0001/g)?.length ?? 0);
  }
  return fields;
}

const CHUNK_SIZE = /^([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n/;

/** The octets of a chunked body; undefined where the capture holds them put together already. */
function dechunked(text: string): string | undefined {
  const octets: string[] = [];
  let at = 0;
  for (;;) {
    const [size, digits = ''] = CHUNK_SIZE.exec(text.slice(at, at + 256)) ?? [];
    if (size === undefined) return undefined;
    at += size.length;
    const length = Number.parseInt(digits, 16);
    if (length === 0) return octets.join('');
    octets.push(text.slice(at, at + length));
    at += length;
    if (text.slice(at, at + 2) !== '\r\n') return undefined;
    at += 2;
  }
}

/** The line of a place in a text, counted from 1. */
export function lineAt(text: string, index: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < index; at = text.indexOf('\n', at + 1))
    line += 1;
  return line;
}
