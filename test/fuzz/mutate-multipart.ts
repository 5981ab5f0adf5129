import { mtomContentType } from '../../profiles/formats/mtom.ts';
import type { Random } from '../support/seeded.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { oddText } from './odd-values.ts';

/** A message as it lies on the wire: Content-Type header and body. */
export interface Message {
  readonly contentType: string;
  readonly body: Buffer;
}

/** One part: its header lines and its octets. */
export interface RawPart {
  readonly header: readonly string[];
  readonly body: Buffer;
}

/** A multipart message in pieces, each of which may be false. */
interface Multipart {
  readonly contentType: string;
  readonly boundary: string;
  readonly parts: readonly RawPart[];
  readonly preamble: Buffer;
  readonly epilogue: Buffer;
  readonly lineEnd: string;
  readonly closed: boolean;
}

type Mutation = (message: Multipart, random: Random) => Multipart;

const ROOT_TYPE = 'application/xop+xml; charset=UTF-8; type="application/soap+xml"';

const HEADER_LINES: readonly string[] = [
  'Content-Type: text/plain',
  'Content-Type: application/xop+xml; charset=Shift_JIS; type="application/soap+xml"',
  'Content-Type: application/xop+xml; type=',
  'Content-Type: ;;;=',
  'Content-Transfer-Encoding: base64',
  'Content-Transfer-Encoding: quoted-printable',
  'Content-Transfer-Encoding: 7bit',
  'Content-ID: <>',
  'Content-ID:',
  'Content-ID: <document-1>',
  'content-id : <x@y>',
  ': nothing',
  'no colon',
  `X-Long: ${'x'.repeat(20_000)}`,
  'X-Folded: a\r\n b',
  '\u0000: x',
];

const CONTENT_TYPES: readonly string[] = [
  '',
  'multipart/related',
  'multipart/related; boundary=""',
  'multipart/related; boundary=a; boundary=b',
  'multipart/related; boundary',
  'multipart/related; ;;; boundary="fuzz"',
  'multipart/related; boundary="fuzz',
  'multipart/related; boundary=fuzz; start="<nobody>"',
  'multipart/related; boundary=fuzz; start="<0.root@kakehashi>"; start-info',
  'Multipart/Related; BOUNDARY=fuzz',
  `multipart/related; boundary=${'b'.repeat(71)}`,
  'multipart/form-data; boundary=fuzz',
  'application/soap+xml',
  'text/xml',
  'application/soap+xml; charset=utf-16',
];

const MUTATIONS: readonly Mutation[] = [
  (message, random) => ({ ...message, contentType: random.pick(CONTENT_TYPES) }),
  (message, random) => ({
    ...message,
    contentType: mutateBytes(Buffer.from(message.contentType), random).toString('latin1'),
  }),
  (message, random) => ({ ...message, boundary: `${message.boundary}${random.pick(['-', 'x'])}` }),
  (message, random) => onePart(message, random, (part) => ({ ...part, header: [] })),
  (message, random) =>
    onePart(message, random, (part) => ({
      ...part,
      header: [...part.header, random.pick(HEADER_LINES)],
    })),
  (message, random) =>
    onePart(message, random, (part) => ({
      ...part,
      header: part.header.map((line) => (random.chance(0.5) ? random.pick(HEADER_LINES) : line)),
    })),
  (message, random) =>
    onePart(message, random, (part) => ({
      ...part,
      header: part.header.map((line) => line.replace(/<[^>]*>/, () => `<${oddText(random)}>`)),
    })),
  (message, random) => ({
    ...message,
    parts: message.parts.filter((_, at) => at !== random.below(message.parts.length)),
  }),
  (message, random) => ({
    ...message,
    parts: [...message.parts, random.pick(message.parts)],
  }),
  (message) => ({ ...message, parts: [...message.parts].reverse() }),
  (message, random) => ({
    ...message,
    parts: Array.from({ length: random.pick([20, 1_100]) }, (_, at) => ({
      header: [`Content-ID: <p${at}>`],
      body: Buffer.alloc(at % 3),
    })),
  }),
  (message, random) => ({ ...message, preamble: random.bytes(random.pick([1, 500, 20_000])) }),
  (message, random) => ({ ...message, epilogue: random.bytes(random.pick([1, 500, 20_000])) }),
  (message, random) => ({ ...message, lineEnd: random.pick(['\n', '\r', '\r\n\r\n', ' \r\n']) }),
  (message) => ({ ...message, closed: false }),
  (message, random) =>
    onePart(message, random, (part) => ({
      ...part,
      body: Buffer.concat([part.body, Buffer.from(`\r\n--${message.boundary}-- x\r\n`), part.body]),
    })),
  (message, random) =>
    onePart(message, random, (part) => ({ ...part, body: mutateBytes(part.body, random) })),
];

/** The parts as one message, sound or with its framing changed. */
export function frame(
  parts: readonly RawPart[],
  random: Random,
  { mutated, action }: { mutated: boolean; action: string },
): Message {
  const boundary = 'fuzz';
  let message: Multipart = {
    contentType: mtomContentType({ boundary, action }),
    boundary,
    parts,
    preamble: Buffer.alloc(0),
    epilogue: Buffer.alloc(0),
    lineEnd: '\r\n',
    closed: true,
  };
  for (let left = mutated ? 1 + random.below(2) : 0; left > 0; left -= 1) {
    if (message.parts.length > 0) message = random.pick(MUTATIONS)(message, random);
  }
  return { contentType: message.contentType, body: octetsOf(message) };
}

/** The envelope as the root part. */
export function rootPart(envelope: Buffer, contentId: string): RawPart {
  return {
    header: [
      `Content-Type: ${ROOT_TYPE}`,
      'Content-Transfer-Encoding: binary',
      `Content-ID: <${contentId}>`,
    ],
    body: envelope,
  };
}

function onePart(message: Multipart, random: Random, change: (part: RawPart) => RawPart) {
  const chosen = random.below(message.parts.length);
  return {
    ...message,
    parts: message.parts.map((part, at) => (at === chosen ? change(part) : part)),
  };
}

function octetsOf({ boundary, parts, preamble, epilogue, lineEnd, closed }: Multipart): Buffer {
  const pieces: Buffer[] = [preamble];
  const text = (words: string) => pieces.push(Buffer.from(words, 'latin1'));
  if (preamble.length > 0) text(lineEnd);
  for (const { header, body } of parts) {
    text(`--${boundary}${lineEnd}${header.map((line) => line + lineEnd).join('')}${lineEnd}`);
    pieces.push(body);
    text(lineEnd);
  }
  if (closed) text(`--${boundary}--${lineEnd}`);
  return Buffer.concat([...pieces, epilogue]);
}
