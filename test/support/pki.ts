import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createAuthority,
  generateKey,
  issueCertificate,
  issueRevocationList,
  type KeyKind,
  newSerial,
  signerOf,
  type TrialAuthority,
} from '../../certs/authority.ts';
import { type Certificate, institutionOf, readCertificate } from '../../certs/certificate.ts';
import { encodeDer, encodeFlags, encodeOid, TAG } from '../../certs/der.ts';
import { hostsExtension, organisationExtensions, policyExtension } from '../../certs/extensions.ts';
import { EXTENSION, KEY_USAGE, TRIAL_POLICY } from '../../certs/oids.ts';
import { encodePem } from '../../certs/pem.ts';
import type { RevocationList } from '../../certs/revocation.ts';
import {
  encodeSubject,
  type NewCertificate,
  type Signer,
  signCertificate,
} from '../../certs/x509.ts';
import type { TlsFiles } from '../../gateway/safeguards/tls-files.ts';

/** A certificate with its key, in the forms that tests need. */
export interface Holder {
  readonly certificate: Certificate;
  readonly key: KeyObject;
  /** Own certificate and the issuing CA. */
  readonly chainPem: string;
  readonly keyPem: string;
  /** What a directory entry says of it. */
  readonly binding: { readonly issuer: string; readonly serialNumber: string };
}

/** The throwaway PKI of a test run. */
export interface Pki {
  readonly authority: TrialAuthority;
  /** PEM of the root. */
  readonly anchorsPem: string;
  /** PEM of the lists of root and issuing CA; `REVOKED` is on it. */
  readonly listsPem: string;
  readonly lists: readonly RevocationList[];
  /** Good certificates by the name of their holder, and bad ones by what is wrong with them. */
  readonly holders: Readonly<Record<HolderName, Holder>>;
}

const ORGANISATIONS = {
  okayama: '3390000001',
  shimane: '3290000001',
  kagawa: '3790000001',
  hospital: '3210000001',
  clinic: '3210000002',
  unlisted: '3210000009',
} as const;

/** What can be wrong with a certificate; each is otherwise like the hospital's. */
export const BAD_KINDS = [
  'expired',
  'notYetValid',
  'revoked',
  'foreign',
  'selfSigned',
  'wrongPolicy',
  'wrongUsage',
  'wrongPurpose',
  'sha1',
  'weakKey',
  'unknownCritical',
  'authority',
  'noInstitution',
] as const;

export type BadKind = (typeof BAD_KINDS)[number];
export type HolderName = keyof typeof ORGANISATIONS | BadKind;

const DAY_MS = 86_400_000;
let cached: Promise<Pki> | undefined;

/** The PKI of this process; made once, valid now. */
export function throwawayPki(): Promise<Pki> {
  cached ??= createPki();
  return cached;
}

/** A second, fresh PKI, for tests that revoke or renew. */
export async function createPki(): Promise<Pki> {
  const now = new Date();
  const authority = await createAuthority({ organisation: 'Trial', keyKind: 'p-256', now });
  const stranger = await createAuthority({ organisation: 'Stranger', keyKind: 'p-256', now });
  const holders: [string, Holder][] = [];
  for (const [name, institution] of Object.entries(ORGANISATIONS)) {
    holders.push([name, await issueHolder(authority, { institution, commonName: name })]);
  }
  for (const kind of BAD_KINDS) holders.push([kind, await issueBad(kind, authority, stranger)]);
  const all = Object.fromEntries(holders) as Record<HolderName, Holder>;
  const lists = await listsOf(authority, [all.revoked.certificate]);
  return {
    authority,
    anchorsPem: encodePem(authority.root.certificate.der, 'CERTIFICATE'),
    lists,
    listsPem: pemOf(lists),
    holders: all,
  };
}

/** The lists of root and issuing CA, with these certificates on the latter. */
export async function listsOf(
  { root, issuing }: TrialAuthority,
  revoked: readonly Certificate[],
  { now = new Date(), number = 1 }: { now?: Date; number?: number } = {},
): Promise<readonly RevocationList[]> {
  const entries = revoked.map(({ serialNumber }) => ({
    serialNumber,
    at: new Date(Math.floor(now.getTime() / 1000) * 1000),
    reason: 'keyCompromise' as const,
  }));
  return [
    await issueRevocationList(root, { revoked: [], number, now }),
    await issueRevocationList(issuing, { revoked: entries, number, now }),
  ];
}

/** Lists as a file holds them. */
export function pemOf(lists: readonly RevocationList[]): string {
  return lists.map(({ der }) => encodePem(der, 'X509 CRL')).join('');
}

/** A good certificate for localhost. */
export async function issueHolder(
  authority: TrialAuthority,
  {
    institution,
    commonName,
    hosts = ['localhost', '127.0.0.1', '::1'],
    now = new Date(),
    keyKind = 'p-256',
  }: {
    institution: string;
    commonName: string;
    hosts?: readonly string[];
    now?: Date;
    keyKind?: KeyKind;
  },
): Promise<Holder> {
  const key = generateKey(keyKind);
  const certificate = await issueCertificate(authority.issuing, {
    publicKey: createPublicKey(key),
    institution,
    organisation: `Trial ${commonName}`,
    commonName: `${commonName}.example.invalid`,
    hosts,
    now,
    crlUrl: 'http://pki.example.invalid/org.crl',
  });
  return holderOf(certificate, key, authority.issuing.certificate);
}

/** Writes what `TlsPolicy.load` reads, and says where. */
export async function writeTlsFiles(
  folder: string,
  { pki, holder }: { pki: Pki; holder: Holder },
): Promise<TlsFiles> {
  await mkdir(folder, { recursive: true });
  const files = {
    certificate: join(folder, 'own.pem'),
    key: join(folder, 'own.key'),
    anchors: [join(folder, 'anchors.pem')],
    revocationLists: [join(folder, 'crls.pem')],
    policies: [TRIAL_POLICY],
  };
  await writeFile(files.certificate, holder.chainPem);
  await writeFile(files.key, holder.keyPem, { mode: 0o600 });
  await chmod(files.key, 0o600);
  await writeFile(join(folder, 'anchors.pem'), pki.anchorsPem);
  await writeFile(join(folder, 'crls.pem'), pki.listsPem);
  return files;
}

async function issueBad(
  kind: BadKind,
  authority: TrialAuthority,
  stranger: TrialAuthority,
): Promise<Holder> {
  const key =
    kind === 'weakKey'
      ? generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
      : generateKey('p-256');
  const publicKey = createPublicKey(key);
  const issuing = kind === 'foreign' ? stranger.issuing : authority.issuing;
  const subject = encodeSubject([
    ['C', 'JP'],
    ['O', 'Trial hospital'],
    ['CN', `${kind}.example.invalid`],
    ...(kind === 'noInstitution' ? [] : ([['serialNumber', '3210000001']] as const)),
  ]);
  const now = Date.now();
  const what: NewCertificate = {
    subject,
    publicKey,
    serialNumber: newSerial(),
    notBefore: secondsOf(now + (kind === 'notYetValid' ? 2 : -20) * DAY_MS),
    notAfter: secondsOf(now + (kind === 'expired' ? -2 : 30) * DAY_MS),
    extensions: [
      hostsExtension(['localhost', '127.0.0.1']),
      ...badExtensions(kind, publicKey, issuing.certificate),
    ],
  };
  const signer: Signer =
    kind === 'selfSigned'
      ? { key, name: subject }
      : { ...signerOf(issuing), ...(kind === 'sha1' ? { hash: 'SHA-1' as const } : {}) };
  const certificate = readCertificate(await signCertificate(what, signer));
  return holderOf(certificate, key, kind === 'selfSigned' ? undefined : issuing.certificate);
}

function badExtensions(kind: BadKind, publicKey: KeyObject, issuer: Certificate) {
  const policy = kind === 'wrongPolicy' ? '1.2.392.100495.1.5.1.2.0.1' : TRIAL_POLICY;
  const good = organisationExtensions(publicKey, issuer).filter(
    ({ oid }) => !(kind === 'selfSigned' && oid === EXTENSION.authorityKeyIdentifier),
  );
  const usage = encodeFlags([KEY_USAGE.nonRepudiation]);
  const purpose = encodeDer(TAG.sequence, encodeOid('1.3.6.1.5.5.7.3.3'));
  const changed = good.map((extension) => {
    if (kind === 'wrongUsage' && extension.oid === EXTENSION.keyUsage) {
      return { ...extension, value: usage };
    }
    if (kind === 'wrongPurpose' && extension.oid === EXTENSION.extKeyUsage) {
      return { ...extension, value: purpose };
    }
    return extension;
  });
  const extra = {
    unknownCritical: { oid: '2.999.1', critical: true, value: encodeDer(TAG.null) },
    authority: {
      oid: EXTENSION.basicConstraints,
      critical: true,
      value: encodeDer(TAG.sequence, encodeDer(TAG.boolean, Uint8Array.of(0xff))),
    },
  };
  return [
    ...changed,
    policyExtension(policy),
    ...(kind === 'unknownCritical' || kind === 'authority' ? [extra[kind]] : []),
  ];
}

function holderOf(certificate: Certificate, key: KeyObject, issuer?: Certificate): Holder {
  const chain = issuer ? [certificate, issuer] : [certificate];
  return {
    certificate,
    key,
    chainPem: chain.map(({ der }) => encodePem(der, 'CERTIFICATE')).join(''),
    keyPem: key.export({ format: 'pem', type: 'pkcs8' }).toString(),
    binding: {
      issuer: certificate.issuer.text,
      serialNumber: institutionOf(certificate) ?? '',
    },
  };
}

function secondsOf(timeMs: number): Date {
  return new Date(Math.floor(timeMs / 1000) * 1000);
}
