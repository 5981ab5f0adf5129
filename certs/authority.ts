import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { type Certificate, readCertificate } from './certificate.ts';
import {
  authorityExtensions,
  authorityKeyExtension,
  crlExtension,
  hcRoleExtension,
  hostsExtension,
  organisationExtensions,
  policyExtension,
} from './extensions.ts';
import { EXTENSION, TRIAL_POLICY } from './oids.ts';
import { type RevocationList, type RevokedEntry, readRevocationList } from './revocation.ts';
import { encodeSubject, type Subject, signCertificate, signRevocationList } from './x509.ts';

/** Kinds of keys that the trial CA makes. */
export const KEY_KINDS = ['p-256', 'rsa-2048'] as const;

export type KeyKind = (typeof KEY_KINDS)[number];

/** A certificate and the key that belongs to it. */
export interface Identity {
  readonly certificate: Certificate;
  readonly key: KeyObject;
}

/** A trial CA: a root and, under it, the CA that issues for organisations. */
export interface TrialAuthority {
  readonly root: Identity;
  readonly issuing: Identity;
}

/** How a trial CA is set up. */
export interface AuthorityRequest {
  /** O of both CAs; names whose trial this is. */
  readonly organisation: string;
  readonly keyKind: KeyKind;
  readonly now: Date;
  /** Life of the issuing CA; the root lives twice as long. Ten years unless said. */
  readonly validityDays?: number;
  /** Where the root's CRL is to be had. */
  readonly rootCrlUrl?: string;
  /** Policy of what is issued; the trial policy unless said. */
  readonly policy?: string;
}

/** What an organisation's certificate says. */
export interface OrganisationRequest {
  readonly publicKey: KeyObject;
  /** Ten-digit institution code, or the directory id of a network. */
  readonly institution: string;
  /** O, in English or romaji. */
  readonly organisation: string;
  readonly commonName: string;
  /** Host names and IP addresses that it serves under. */
  readonly hosts: readonly string[];
  /** hcRole; `TEST Hospital` unless said. */
  readonly role?: string;
  readonly crlUrl?: string;
  readonly policy?: string;
  readonly now: Date;
  /** 365 unless said; cut at the end of the CA's own life. */
  readonly validityDays?: number;
}

/** What a renewal changes; all else stays as it was. */
export interface RenewalRequest {
  readonly publicKey: KeyObject;
  readonly now: Date;
  readonly validityDays?: number;
}

/** What a list says. */
export interface RevocationListRequest {
  readonly revoked: readonly RevokedEntry[];
  /** Counts up with each list. */
  readonly number: number;
  readonly now: Date;
  /** Until the next list is due. Seven days unless said; operators' lists live for `CRL_VALIDITY_DAYS`. */
  readonly validityDays?: number;
}

/**
 * Where a trial CA's certificates say that its CRLs are to be had, unless it is told. The profile wants an address; this one is
 * reserved and leads nowhere, for the lists of a trial are handed over as files.
 */
export const TRIAL_CRL_URLS = {
  root: 'http://crl.example/trial-root.crl',
  issuing: 'http://crl.example/trial-organization.crl',
} as const;

/** Life of the CRLs that a trial CA writes for operators: written daily, they outlive a fortnight in which nobody looks. */
export const CRL_VALIDITY_DAYS = 14;

const DAY_MS = 86_400_000;
/** Clocks of partners differ: what is new counts from a little earlier. */
const BACKDATED_MS = 5 * 60_000;

/** Makes a fresh private key. */
export function generateKey(kind: KeyKind): KeyObject {
  return kind === 'p-256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    : generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
}

/** Makes a root and an issuing CA for organisation authentication, named as HPKI names them. */
export async function createAuthority(request: AuthorityRequest): Promise<TrialAuthority> {
  const { organisation, now, keyKind, validityDays = 3650 } = request;
  const base: Subject = [
    ['C', 'JP'],
    ['O', organisation],
  ];
  const rootKey = generateKeyPairOf(keyKind);
  const rootName = encodeSubject([...base, ['OU', 'Trial only'], ['OU', 'Trial HPKI Root']]);
  const root: Identity = {
    key: rootKey.privateKey,
    certificate: readCertificate(
      await signCertificate(
        {
          subject: rootName,
          publicKey: rootKey.publicKey,
          serialNumber: newSerial(),
          ...lifeOf(now, validityDays * 2),
          extensions: authorityExtensions(rootKey.publicKey),
        },
        { key: rootKey.privateKey, name: rootName },
      ),
    ),
  };
  const key = generateKeyPairOf(keyKind);
  const certificate = await signCertificate(
    {
      subject: encodeSubject([
        ...base,
        ['OU', 'Trial HPKI CA'],
        ['CN', 'HPKI-99-TrialCA-forAuthentication-forOrganization'],
      ]),
      publicKey: key.publicKey,
      serialNumber: newSerial(),
      ...lifeOf(now, validityDays),
      extensions: [
        ...authorityExtensions(key.publicKey, 0),
        ...authorityKeyExtension(root.certificate),
        policyExtension(request.policy ?? TRIAL_POLICY),
        ...crlExtension(request.rootCrlUrl),
      ],
    },
    signerOf(root),
  );
  return { root, issuing: { key: key.privateKey, certificate: readCertificate(certificate) } };
}

/** Issues a certificate that authenticates an organisation, at both ends of TLS. */
export async function issueCertificate(
  issuing: Identity,
  request: OrganisationRequest,
): Promise<Certificate> {
  const { organisation, commonName, institution, publicKey } = request;
  // Only a client serves under no host; a subjectAltName without names is not allowed.
  const hosts = request.hosts.length > 0 ? [hostsExtension(request.hosts)] : [];
  const life = lifeOf(request.now, request.validityDays ?? 365, issuing.certificate.notAfter);
  const der = await signCertificate(
    {
      subject: encodeSubject([
        ['C', 'JP'],
        ['O', organisation],
        ['CN', commonName],
        ['serialNumber', institution],
      ]),
      publicKey,
      serialNumber: newSerial(),
      ...life,
      extensions: [
        ...organisationExtensions(publicKey, issuing.certificate),
        ...hosts,
        ...crlExtension(request.crlUrl),
        hcRoleExtension(request.role ?? 'TEST Hospital'),
        policyExtension(request.policy ?? TRIAL_POLICY),
      ],
    },
    signerOf(issuing),
  );
  return readCertificate(der);
}

/** Issues a successor: another key, serial number and life; the same subject, hosts, role, policy and CRL address. */
export async function renewCertificate(
  issuing: Identity,
  old: Certificate,
  { publicKey, now, validityDays = 365 }: RenewalRequest,
): Promise<Certificate> {
  const kept: readonly string[] = [
    EXTENSION.subjectAltName,
    EXTENSION.cRLDistributionPoints,
    EXTENSION.subjectDirectoryAttributes,
    EXTENSION.certificatePolicies,
  ];
  const der = await signCertificate(
    {
      subject: old.subject.der,
      publicKey,
      serialNumber: newSerial(),
      ...lifeOf(now, validityDays, issuing.certificate.notAfter),
      extensions: [
        ...organisationExtensions(publicKey, issuing.certificate),
        ...[...old.extensions.values()].filter(({ oid }) => kept.includes(oid)),
      ],
    },
    signerOf(issuing),
  );
  return readCertificate(der);
}

/** Issues a CRL of this CA. */
export async function issueRevocationList(
  authority: Identity,
  { revoked, number, now, validityDays = 7 }: RevocationListRequest,
): Promise<RevocationList> {
  const der = await signRevocationList(
    {
      thisUpdate: wholeSeconds(now.getTime() - BACKDATED_MS),
      nextUpdate: wholeSeconds(now.getTime() + validityDays * DAY_MS),
      // A leading zero octet keeps the number positive; DER wants the shortest form, so it is added only where needed.
      number: shortestHex(number),
      revoked,
      extensions: authorityKeyExtension(authority.certificate, false),
    },
    signerOf(authority),
  );
  return readRevocationList(der);
}

/** A signer for `x509.ts`. */
export function signerOf({ key, certificate }: Identity): { key: KeyObject; name: Uint8Array } {
  return { key, name: certificate.subject.der };
}

/** A fresh serial number of 16 octets, positive. */
export function newSerial(): string {
  const octets = randomBytes(16);
  octets[0] = ((octets[0] ?? 0) & 0x3f) | 0x40;
  return octets.toString('hex');
}

function generateKeyPairOf(kind: KeyKind) {
  return kind === 'p-256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 });
}

function lifeOf(now: Date, validityDays: number, latest?: Date) {
  const end = now.getTime() + validityDays * DAY_MS;
  return {
    notBefore: wholeSeconds(now.getTime() - BACKDATED_MS),
    notAfter: wholeSeconds(Math.min(end, latest?.getTime() ?? end)),
  };
}

function wholeSeconds(timeMs: number): Date {
  return new Date(Math.floor(timeMs / 1000) * 1000);
}

function shortestHex(number: number): string {
  const hex = number.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return Number.parseInt(even.slice(0, 2), 16) >= 0x80 ? `00${even}` : even;
}
