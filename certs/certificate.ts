import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import {
  booleanOf,
  childrenOf,
  contextTag,
  type Der,
  flagsOf,
  hexOf,
  integerOf,
  MalformedDer,
  oidOf,
  readDer,
  requireChildren,
  requireTag,
  TAG,
  timeOf,
} from './der.ts';
import {
  type DistinguishedName,
  type GeneralNames,
  readGeneralNames,
  readName,
  valuesOf,
} from './names.ts';
import { EXTENSION } from './oids.ts';
import { octetsOf } from './pem.ts';

/** An extension as it lies in a certificate or CRL. */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  /** The DER inside the OCTET STRING. */
  readonly value: Uint8Array;
}

/** Whose key signed, as the certificate itself says. */
export interface AuthorityKey {
  /** Lower-case hex. */
  readonly keyIdentifier: string | undefined;
  /** RFC 4514. */
  readonly issuer: string | undefined;
  /** Lower-case hex. */
  readonly serialNumber: string | undefined;
}

/** An X.509 certificate, read strictly and whole. Nothing is judged here. */
export interface Certificate {
  readonly der: Uint8Array;
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string;
  /** 1, 2 or 3. */
  readonly version: number;
  /** Lower-case hex. */
  readonly serialNumber: string;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** OID. */
  readonly signatureAlgorithm: string;
  readonly publicKey: KeyObject;
  /** For signatures and host names, which OpenSSL judges. */
  readonly native: X509Certificate;
  readonly extensions: ReadonlyMap<string, Extension>;
  /** Bit numbers; undefined without the extension. */
  readonly keyUsage: ReadonlySet<number> | undefined;
  /** OIDs; undefined without the extension. */
  readonly extKeyUsage: readonly string[] | undefined;
  /** OIDs. */
  readonly policies: readonly string[];
  readonly isAuthority: boolean;
  readonly pathLength: number | undefined;
  readonly subjectAltName: GeneralNames;
  /** Lower-case hex. */
  readonly subjectKeyIdentifier: string | undefined;
  readonly authorityKey: AuthorityKey;
  /** URIs. */
  readonly crlDistributionPoints: readonly string[];
}

/** No certificate is larger; a larger one is refused unread. */
export const MAX_CERTIFICATE_BYTES = 64 * 1024;

/** Reads one certificate. @throws MalformedDer */
export function readCertificate(der: Uint8Array): Certificate {
  if (der.length > MAX_CERTIFICATE_BYTES) throw new MalformedDer('a certificate without end');
  const [body, outerAlgorithm] = requireChildren(readDer(der), TAG.sequence);
  const fields = [...requireChildren(body, TAG.sequence)];
  const version = fields[0]?.tag === contextTag(0, true) ? versionOf(fields.shift()) : 1;
  const [serial, innerAlgorithm, issuer, validity, subject, , ...optional] = fields;
  const [notBefore, notAfter] = requireChildren(validity, TAG.sequence);
  const inner = requireTag(innerAlgorithm, TAG.sequence);
  const outer = requireTag(outerAlgorithm, TAG.sequence);
  if (Buffer.compare(inner.whole, outer.whole) !== 0) {
    throw new MalformedDer('two different signature algorithms');
  }
  const native = nativeOf(der);
  const wrapped = optional.find(({ tag }) => tag === contextTag(3, true));
  const extensions = readExtensions(wrapped);
  return {
    der,
    fingerprint: createHash('sha256').update(der).digest('hex'),
    version,
    serialNumber: integerOf(serial),
    issuer: readName(issuer),
    subject: readName(subject),
    notBefore: timeOf(notBefore),
    notAfter: timeOf(notAfter),
    signatureAlgorithm: oidOf(childrenOf(inner)[0]),
    publicKey: native.publicKey,
    native,
    extensions,
    ...readKnown(extensions),
  };
}

/** Every certificate of a file, PEM (in order) or DER. @throws MalformedDer */
export function readCertificates(file: Uint8Array): readonly Certificate[] {
  return octetsOf(file, 'CERTIFICATE').map(readCertificate);
}

/** The institution code or directory id: the one serialNumber of the subject. Undefined unless there is exactly one. */
export function institutionOf(certificate: Certificate): string | undefined {
  const codes = valuesOf(certificate.subject, 'serialNumber');
  return codes.length === 1 ? codes[0] : undefined;
}

/** A certificate as texts for operators name it: by number and CA, since a subject may be a person's name. */
export function labelOf({ serialNumber, issuer }: Certificate): string {
  return `serial ${serialNumber} by ${shortened(issuer.text)}`;
}

/** A name for a log or an audit record: a stranger's certificate may hold kilobytes of it. */
export function shortened(name: string): string {
  return name.length > 300 ? `${name.slice(0, 300)}…` : name;
}

/** Issuer and subject are the same, and its own key signed it. */
export function isSelfSigned(certificate: Certificate): boolean {
  return (
    certificate.issuer.text === certificate.subject.text &&
    certificate.native.verify(certificate.publicKey)
  );
}

/** Reads the extensions of a certificate or CRL out of their explicit tag. @throws MalformedDer */
export function readExtensions(wrapped: Der | undefined): ReadonlyMap<string, Extension> {
  const extensions = new Map<string, Extension>();
  const [list] = wrapped ? childrenOf(wrapped) : [];
  for (const item of list ? requireChildren(list, TAG.sequence) : []) {
    const [id, second, third] = requireChildren(item, TAG.sequence);
    const oid = oidOf(id);
    if (extensions.has(oid)) throw new MalformedDer('an extension that stands twice');
    const critical = second?.tag === TAG.boolean && booleanOf(second);
    const value = requireTag(second?.tag === TAG.boolean ? third : second, TAG.octetString);
    extensions.set(oid, { oid, critical, value: value.content });
  }
  return extensions;
}

function versionOf(tagged: Der | undefined): number {
  return Number.parseInt(integerOf(tagged ? childrenOf(tagged)[0] : undefined), 16) + 1;
}

function nativeOf(der: Uint8Array): X509Certificate {
  try {
    const native = new X509Certificate(der);
    // Reading the key here means that a key OpenSSL cannot use is refused with the certificate.
    void native.publicKey;
    return native;
  } catch (cause) {
    throw new MalformedDer('a certificate that OpenSSL does not read', { cause });
  }
}

function readKnown(extensions: ReadonlyMap<string, Extension>) {
  const find = (oid: string) => {
    const extension = extensions.get(oid);
    return extension ? readDer(extension.value) : undefined;
  };
  const usage = find(EXTENSION.keyUsage);
  const purposes = find(EXTENSION.extKeyUsage);
  const policies = find(EXTENSION.certificatePolicies);
  const names = find(EXTENSION.subjectAltName);
  const subjectKey = find(EXTENSION.subjectKeyIdentifier);
  return {
    keyUsage: usage ? flagsOf(usage) : undefined,
    extKeyUsage: purposes
      ? requireChildren(purposes, TAG.sequence).map((purpose) => oidOf(purpose))
      : undefined,
    policies: policies
      ? requireChildren(policies, TAG.sequence).map((policy) =>
          oidOf(requireChildren(policy, TAG.sequence)[0]),
        )
      : [],
    ...readBasicConstraints(find(EXTENSION.basicConstraints)),
    subjectAltName: readGeneralNames(names ? requireChildren(names, TAG.sequence) : []),
    subjectKeyIdentifier: subjectKey
      ? hexOf(requireTag(subjectKey, TAG.octetString).content)
      : undefined,
    authorityKey: readAuthorityKey(find(EXTENSION.authorityKeyIdentifier)),
    crlDistributionPoints: readDistributionPoints(find(EXTENSION.cRLDistributionPoints)),
  };
}

function readBasicConstraints(der: Der | undefined) {
  const fields = der ? requireChildren(der, TAG.sequence) : [];
  const [first] = fields;
  const isAuthority = first?.tag === TAG.boolean && booleanOf(first);
  const length = fields.find(({ tag }) => tag === TAG.integer);
  return { isAuthority, pathLength: length ? Number.parseInt(integerOf(length), 16) : undefined };
}

function readAuthorityKey(der: Der | undefined): AuthorityKey {
  const fields = der ? requireChildren(der, TAG.sequence) : [];
  const find = (tag: number) => fields.find((field) => field.tag === tag);
  const key = find(contextTag(0, false));
  const issuer = find(contextTag(1, true));
  const serial = find(contextTag(2, false));
  return {
    keyIdentifier: key ? hexOf(key.content) : undefined,
    issuer: issuer
      ? readGeneralNames(childrenOf(issuer)).directoryNames.map(({ text }) => text)[0]
      : undefined,
    serialNumber: serial ? integerOf(serial, serial.tag) : undefined,
  };
}

function readDistributionPoints(der: Der | undefined): readonly string[] {
  return (der ? requireChildren(der, TAG.sequence) : [])
    .flatMap((point) => requireChildren(point, TAG.sequence))
    .filter(({ tag }) => tag === contextTag(0, true))
    .flatMap(childrenOf)
    .filter(({ tag }) => tag === contextTag(0, true))
    .flatMap((fullName) => readGeneralNames(childrenOf(fullName)).uris);
}
