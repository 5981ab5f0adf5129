/** Octets that are not DER, or not the DER that was expected. Its text names structures, never their content. */
export class MalformedDer extends Error {
  constructor(reason: string, options?: { cause: unknown }) {
    super(reason, options);
    this.name = 'MalformedDer';
  }
}

/** Universal tags that certificates and CRLs use. Source: ITU-T X.680, section 8.4. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One element: `tag` is the identifier octet, `content` lies between length and end, `whole` is all of it. */
export interface Der {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly whole: Uint8Array;
}

/** The identifier octet of a context-specific tag; `constructed` for explicit tags and implicit sequences. */
export function contextTag(number: number, constructed: boolean): number {
  return (constructed ? 0xa0 : 0x80) + number;
}

/**
 * Reads exactly one element. Strict: definite and shortest lengths, one-octet tags, nothing after the end.
 * @throws MalformedDer
 */
export function readDer(octets: Uint8Array): Der {
  const der = readElement(octets, 0);
  if (der.whole.length !== octets.length) throw new MalformedDer('octets after the end');
  return der;
}

/** The elements inside a constructed element, or inside an OCTET STRING that wraps some. @throws MalformedDer */
export function childrenOf(der: Der): readonly Der[] {
  const children: Der[] = [];
  let at = 0;
  while (at < der.content.length) {
    const child = readElement(der.content, at);
    children.push(child);
    at += child.whole.length;
  }
  return children;
}

/** The children of an element that must carry this tag. @throws MalformedDer */
export function requireChildren(der: Der | undefined, tag: number): readonly Der[] {
  return childrenOf(requireTag(der, tag));
}

/** The element itself, if it carries this tag. @throws MalformedDer */
export function requireTag(der: Der | undefined, tag: number): Der {
  if (!der) throw new MalformedDer(`an element is missing: tag ${hexOf(Uint8Array.of(tag))}`);
  if (der.tag !== tag) {
    const received = hexOf(Uint8Array.of(der.tag));
    throw new MalformedDer(`tag ${received} where ${hexOf(Uint8Array.of(tag))} was expected`);
  }
  return der;
}

function readElement(octets: Uint8Array, start: number): Der {
  const tag = octets[start];
  const first = octets[start + 1];
  if (tag === undefined || first === undefined) throw new MalformedDer('cut off');
  if ((tag & 0x1f) === 0x1f) throw new MalformedDer('a tag of several octets');
  let at = start + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first - 0x80;
    if (count === 0 || count > 4) throw new MalformedDer('an indefinite or enormous length');
    length = 0;
    for (let i = 0; i < count; i += 1) length = length * 256 + (octets[at + i] ?? 0);
    if (length < 0x80 || length < 256 ** (count - 1)) throw new MalformedDer('a length too long');
    at += count;
  }
  const end = at + length;
  if (end > octets.length) throw new MalformedDer('cut off');
  return { tag, content: octets.subarray(at, end), whole: octets.subarray(start, end) };
}

/** An OBJECT IDENTIFIER in dots. @throws MalformedDer */
export function oidOf(der: Der | undefined, tag: number = TAG.oid): string {
  const { content } = requireTag(der, tag);
  if (content.length === 0 || content.length > 64)
    throw new MalformedDer('an OID of strange length');
  const arcs: bigint[] = [];
  let value = 0n;
  let fresh = true;
  for (const octet of content) {
    if (fresh && octet === 0x80) throw new MalformedDer('an OID arc with leading zeros');
    value = value * 128n + BigInt(octet & 0x7f);
    fresh = octet < 0x80;
    if (fresh) {
      arcs.push(value);
      value = 0n;
    }
  }
  const [first = 0n, ...rest] = arcs;
  if (!fresh) throw new MalformedDer('an OID cut off');
  const top = first < 40n ? 0n : first < 80n ? 1n : 2n;
  return [top, first - top * 40n, ...rest].join('.');
}

/** An INTEGER that is not negative, as lower-case hex without leading zero octets (`0` is `00`). @throws MalformedDer */
export function integerOf(der: Der | undefined, tag: number = TAG.integer): string {
  const { content } = requireTag(der, tag);
  const [first, second] = content;
  if (first === undefined || content.length > 64)
    throw new MalformedDer('a number of strange length');
  if (first >= 0x80) throw new MalformedDer('a negative number');
  if (first === 0 && second !== undefined && second < 0x80) {
    throw new MalformedDer('a number with leading zeros');
  }
  return hexOf(first === 0 && second !== undefined ? content.subarray(1) : content);
}

/** A BOOLEAN. @throws MalformedDer */
export function booleanOf(der: Der | undefined): boolean {
  const { content } = requireTag(der, TAG.boolean);
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) {
    throw new MalformedDer('a BOOLEAN that is neither 00 nor ff');
  }
  return content[0] === 0xff;
}

/** The octets of a BIT STRING that holds whole octets, such as a signature. @throws MalformedDer */
export function octetsOfBits(der: Der | undefined): Uint8Array {
  const { content } = requireTag(der, TAG.bitString);
  if (content[0] !== 0) throw new MalformedDer('a BIT STRING with odd bits');
  return content.subarray(1);
}

/** The numbers of the bits that are set in a BIT STRING of flags. @throws MalformedDer */
export function flagsOf(der: Der | undefined): ReadonlySet<number> {
  const { content } = requireTag(der, TAG.bitString);
  const [unused] = content;
  if (unused === undefined || unused > 7 || content.length > 5)
    throw new MalformedDer('strange flags');
  const flags = new Set<number>();
  content.subarray(1).forEach((octet, index) => {
    for (let bit = 0; bit < 8; bit += 1) if (octet & (0x80 >> bit)) flags.add(index * 8 + bit);
  });
  return flags;
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/** The text of a DirectoryString or IA5String. @throws MalformedDer */
export function textOf(der: Der): string {
  switch (der.tag) {
    case TAG.utf8String:
      try {
        return UTF_8.decode(der.content);
      } catch {
        throw new MalformedDer('a UTF8String that is not UTF-8');
      }
    case TAG.printableString:
    case TAG.numericString:
    case TAG.ia5String:
    case TAG.teletexString:
      return Buffer.from(der.content).toString('latin1');
    case TAG.bmpString:
      if (der.content.length % 2 !== 0) throw new MalformedDer('a BMPString with half a character');
      return Buffer.from(der.content).swap16().toString('utf16le');
    default:
      throw new MalformedDer('a string of a kind that is not known');
  }
}

const TIME = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;

/** UTCTime (1950 to 2049) or GeneralizedTime, to the second, in UTC. Source: RFC 5280, section 4.1.2.5. @throws MalformedDer */
export function timeOf(der: Der | undefined): Date {
  const digits = der?.tag === TAG.utcTime ? 2 : der?.tag === TAG.generalizedTime ? 4 : 0;
  const [, year = '', ...rest] =
    TIME.exec(Buffer.from(der?.content ?? []).toString('latin1')) ?? [];
  if (digits === 0 || year.length !== digits) throw new MalformedDer('a time that cannot be read');
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = rest.map(Number);
  const century = digits === 4 ? 0 : Number(year) < 50 ? 2000 : 1900;
  const time = new Date(Date.UTC(century + Number(year), month - 1, day, hour, minute, second));
  if (time.getUTCMonth() !== month - 1 || time.getUTCDate() !== day || hour > 23 || minute > 59) {
    throw new MalformedDer('a time that does not exist');
  }
  return time;
}

/** Lower-case hex. */
export function hexOf(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}

/** Writes one element around its content. */
export function encodeDer(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents);
  const length: number[] = [];
  if (content.length < 0x80) length.push(content.length);
  else {
    for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256))
      length.unshift(rest % 256);
    length.unshift(0x80 + length.length);
  }
  return Buffer.concat([Uint8Array.of(tag, ...length), content]);
}

/** Writes an OBJECT IDENTIFIER. */
export function encodeOid(oid: string, tag: number = TAG.oid): Uint8Array {
  const [top = 0n, second = 0n, ...rest] = oid.split('.').map(BigInt);
  const octets = [top * 40n + second, ...rest].flatMap((arc) => {
    const base128 = [Number(arc % 128n)];
    for (let left = arc / 128n; left > 0n; left /= 128n)
      base128.unshift(Number(left % 128n) + 0x80);
    return base128;
  });
  return encodeDer(tag, Uint8Array.from(octets));
}

/** Writes a string, by default as UTF8String. */
export function encodeText(text: string, tag: number = TAG.utf8String): Uint8Array {
  return encodeDer(tag, Buffer.from(text, 'utf8'));
}

/** Writes flags as the shortest BIT STRING. */
export function encodeFlags(flags: readonly number[]): Uint8Array {
  const last = Math.max(...flags, 0);
  const octets = new Uint8Array(Math.floor(last / 8) + 1);
  for (const flag of flags) {
    const index = Math.floor(flag / 8);
    octets[index] = (octets[index] ?? 0) | (0x80 >> (flag % 8));
  }
  return encodeDer(TAG.bitString, Uint8Array.of(7 - (last % 8)), octets);
}
