import {
  childrenOf,
  type Der,
  hexOf,
  MalformedDer,
  oidOf,
  requireChildren,
  TAG,
  textOf,
} from './der.ts';

/** Short names of the attributes that appear in subjects and issuers here. Source: RFC 4514, section 3; X.520. */
export const NAME_ATTRIBUTES = {
  CN: '2.5.4.3',
  serialNumber: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  organizationIdentifier: '2.5.4.97',
  DC: '0.9.2342.19200300.100.1.25',
} as const;

/** The attributes that can be named in short. */
export type NameAttribute = keyof typeof NAME_ATTRIBUTES;

/** A distinguished name as read. */
export interface DistinguishedName {
  /** RFC 4514: the most specific first, `CN=…,O=…,C=JP`; what `openssl x509 -nameopt RFC2253,-esc_msb,utf8` prints. */
  readonly text: string;
  readonly attributes: readonly { readonly oid: string; readonly value: string }[];
  /** As it was encoded: what a CA repeats as issuer. */
  readonly der: Uint8Array;
}

const SHORT = new Map(
  Object.entries(NAME_ATTRIBUTES).map(([short, oid]) => [oid as string, short]),
);
const MAX_ATTRIBUTES = 32;

/** Reads a Name. @throws MalformedDer */
export function readName(der: Der | undefined): DistinguishedName {
  const attributes: { oid: string; value: string }[] = [];
  const relative = requireChildren(der, TAG.sequence).map((set) =>
    requireChildren(set, TAG.set)
      .map((pair) => {
        const [type, value] = requireChildren(pair, TAG.sequence);
        if (!value) throw new MalformedDer('a name attribute without a value');
        const attribute = { oid: oidOf(type), value: textOf(value) };
        attributes.push(attribute);
        if (attributes.length > MAX_ATTRIBUTES) throw new MalformedDer('a name without end');
        return `${SHORT.get(attribute.oid) ?? attribute.oid}=${escapeValue(attribute.value)}`;
      })
      .join('+'),
  );
  return {
    text: relative.reverse().join(','),
    attributes,
    der: der?.whole ?? new Uint8Array(),
  };
}

/** The values of one attribute, in the order of the name. */
export function valuesOf(name: DistinguishedName, attribute: NameAttribute): readonly string[] {
  return name.attributes
    .filter(({ oid }) => oid === NAME_ATTRIBUTES[attribute])
    .map(({ value }) => value);
}

/**
 * A name that a person typed, brought to the form of `DistinguishedName.text`: no spaces around separators, attribute
 * names spelled as in `NAME_ATTRIBUTES`. Values stay as they are: their case and inner spaces count.
 */
export function canonicalName(text: string): string {
  const parts = text.match(/(?:\\.|[^,+\\])+|[,+]/g) ?? [];
  return parts
    .map((part) => {
      const at = part.indexOf('=');
      if (at < 0) return part.trim();
      const type = part.slice(0, at).trim();
      const known = Object.keys(NAME_ATTRIBUTES).find(
        (short) => short.toLowerCase() === type.toLowerCase(),
      );
      const value = part
        .slice(at + 1)
        .replace(/^\s+/, '')
        .replace(/(?<!\\)\s+$/, '');
      return `${known ?? SHORT.get(type) ?? type}=${value}`;
    })
    .join('');
}

/** The names in a GeneralNames: dNSName, iPAddress (in its usual notation), URI and directoryName; others are passed over. */
export interface GeneralNames {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly uris: readonly string[];
  readonly directoryNames: readonly DistinguishedName[];
}

/** Reads the names inside a GeneralNames element. Source: RFC 5280, section 4.2.1.6. @throws MalformedDer */
export function readGeneralNames(names: readonly Der[]): GeneralNames {
  const ascii = (tag: number) =>
    names
      .filter((name) => name.tag === tag)
      .map((name) => Buffer.from(name.content).toString('latin1'));
  return {
    dnsNames: ascii(0x82),
    uris: ascii(0x86),
    ipAddresses: names.filter((name) => name.tag === 0x87).map(({ content }) => ipTextOf(content)),
    directoryNames: names
      .filter((name) => name.tag === 0xa4)
      .map((name) => readName(childrenOf(name)[0])),
  };
}

function ipTextOf(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  if (octets.length !== 16) throw new MalformedDer('an IP address of strange length');
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((octets[i * 2] ?? 0) << 8) | (octets[i * 2 + 1] ?? 0)).toString(16),
  );
  return groups.join(':');
}

function escapeValue(value: string): string {
  return value
    .replace(/[\\,+"<>;=]/g, (character) => `\\${character}`)
    .replace(/[\x00-\x1f\x7f]/g, (character) => `\\${hexOf(Buffer.from(character))}`)
    .replace(/^[ #]/, (character) => `\\${character}`)
    .replace(/ $/, '\\ ');
}
