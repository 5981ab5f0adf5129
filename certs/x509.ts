// The library needs the metadata polyfill to be there first.
import 'reflect-metadata';
import { type KeyObject, webcrypto } from 'node:crypto';
import { Extension, Name, X509CertificateGenerator, X509CrlGenerator } from '@peculiar/x509';
import { encodeDer, TAG } from './der.ts';
import { NAME_ATTRIBUTES, type NameAttribute } from './names.ts';
import { EXTENSION } from './oids.ts';
import { REVOCATION_REASONS, type RevokedEntry } from './revocation.ts';

/** A subject to be written, the most general attribute first: `[['C', 'JP'], ['O', '…'], ['CN', '…']]`. */
export type Subject = readonly (readonly [NameAttribute, string])[];

/** An extension to be written; `value` is its DER. */
export interface NewExtension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** Who signs: a private key and the name as it stands in the CA's certificate. */
export interface Signer {
  readonly key: KeyObject;
  /** DER of the CA's subject; its octets are repeated as they are. */
  readonly name: Uint8Array;
  /** SHA-256 unless said; SHA-1 only to make bad samples. */
  readonly hash?: 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';
}

/** What is to be certified. */
export interface NewCertificate {
  /** DER of a Name, by `encodeSubject`. */
  readonly subject: Uint8Array;
  readonly publicKey: KeyObject;
  /** Hex, positive, at most 20 octets. */
  readonly serialNumber: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly NewExtension[];
}

/** What a list is to say. */
export interface NewRevocationList {
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** Counts the lists of this CA; hex. */
  readonly number: string;
  readonly revoked: readonly RevokedEntry[];
  readonly extensions: readonly NewExtension[];
}

/** Signs a certificate; returns its DER. */
export async function signCertificate(what: NewCertificate, by: Signer): Promise<Uint8Array> {
  const certificate = await X509CertificateGenerator.create({
    subject: new Name(what.subject),
    issuer: new Name(by.name),
    serialNumber: what.serialNumber,
    notBefore: what.notBefore,
    notAfter: what.notAfter,
    publicKey: what.publicKey.export({ format: 'der', type: 'spki' }),
    signingKey: await importKey(by),
    signingAlgorithm: algorithmOf(by),
    extensions: what.extensions.map(extensionOf),
  });
  return new Uint8Array(certificate.rawData);
}

/** Signs a CRL; returns its DER. */
export async function signRevocationList(what: NewRevocationList, by: Signer): Promise<Uint8Array> {
  const number = encodeDer(TAG.integer, Buffer.from(what.number, 'hex'));
  const list = await X509CrlGenerator.create({
    issuer: new Name(by.name),
    thisUpdate: what.thisUpdate,
    nextUpdate: what.nextUpdate,
    entries: what.revoked.map(({ serialNumber, at, reason }) => ({
      serialNumber,
      revocationDate: at,
      ...(reason === 'unspecified' ? {} : { reason: REVOCATION_REASONS[reason] }),
    })),
    extensions: [
      ...what.extensions,
      { oid: EXTENSION.cRLNumber, critical: false, value: number },
    ].map(extensionOf),
    signingKey: await importKey(by),
    signingAlgorithm: algorithmOf(by),
  });
  return new Uint8Array(list.rawData);
}

/** A subject as DER: C, serialNumber as PrintableString and the rest as UTF8String, as HPKI writes them. */
export function encodeSubject(subject: Subject): Uint8Array {
  const pairs = subject.map(([attribute, text]) => ({
    [NAME_ATTRIBUTES[attribute]]: [
      attribute === 'C' || attribute === 'serialNumber'
        ? { printableString: text }
        : { utf8String: text },
    ],
  }));
  return new Uint8Array(new Name(pairs).toArrayBuffer());
}

function extensionOf({ oid, critical, value }: NewExtension): Extension {
  return new Extension(oid, critical, value);
}

function algorithmOf({ key, hash = 'SHA-256' }: Signer) {
  return key.asymmetricKeyType === 'ec'
    ? { name: 'ECDSA', hash, namedCurve: curveOf(key) }
    : { name: 'RSASSA-PKCS1-v1_5', hash };
}

function importKey(by: Signer): Promise<webcrypto.CryptoKey> {
  const pkcs8 = by.key.export({ format: 'der', type: 'pkcs8' });
  return webcrypto.subtle.importKey('pkcs8', pkcs8, algorithmOf(by), false, ['sign']);
}

const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

function curveOf(key: KeyObject): string {
  return CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? 'P-256';
}
