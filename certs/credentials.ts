import { createPrivateKey, type KeyObject } from 'node:crypto';
import { type Certificate, labelOf, readCertificates } from './certificate.ts';
import { dateFindings, findPaths, type Path } from './chain.ts';
import { MalformedDer } from './der.ts';
import { accepts, type Finding, refused, summaryOf } from './findings.ts';
import { type HpkiProfile, profileFindings, type TlsUse } from './hpki.ts';
import { encodePem } from './pem.ts';

/** Our own certificate, the certificates that lead to the anchor, and our key. */
export interface Credentials {
  /** Own certificate first; the anchor is left out unless it is the issuing CA itself. */
  readonly chain: Path;
  readonly key: KeyObject;
  /** For TLS: own certificate and helpers. */
  readonly chainPem: string;
  /** For TLS. Never printed. */
  readonly keyPem: string;
}

/** The files that hold credentials, and what they are held against. */
export interface CredentialFiles {
  /** PEM: own certificate first, then its issuers; or DER of the certificate alone. */
  readonly certificate: Uint8Array;
  /** PKCS#8, PKCS#1 or SEC 1, PEM, not encrypted. */
  readonly key: Uint8Array;
  readonly anchors: readonly Certificate[];
  readonly profile: HpkiProfile;
  /** Which ends of TLS it is to stand for; both unless said. */
  readonly uses?: readonly TlsUse[];
  readonly at: Date;
}

/** Credentials that cannot be used, with every reason. */
export class CredentialsRefused extends Error {
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    super(summaryOf(findings));
    this.name = 'CredentialsRefused';
    this.findings = findings;
  }
}

/**
 * Loads our own credentials: the key fits the certificate, the profile accepts it for these ends of TLS, and a path of
 * certificates that are valid now leads to one of our anchors.
 * @throws CredentialsRefused
 */
export function loadCredentials(files: CredentialFiles): Credentials {
  const [leaf, ...intermediates] = readOwn(files.certificate);
  if (!leaf) throw new CredentialsRefused([refused('no-certificate', 'the file holds none')]);
  const key = readKey(files.key);
  const findings: Finding[] = [...profileFindings(leaf, files.profile, files.uses)];
  if (!leaf.native.checkPrivateKey(key)) findings.push(refused('key-mismatch', labelOf(leaf)));
  const found = findPaths(leaf, { anchors: files.anchors, intermediates });
  findings.push(...found.findings);
  const valid = found.paths.find((path) => dateFindings(path, files.at).length === 0);
  if (!valid && found.paths[0]) findings.push(...dateFindings(found.paths[0], files.at));
  if (!valid || !accepts(findings)) throw new CredentialsRefused(findings);
  const sent = valid.filter((certificate, at) => at === 0 || !isRoot(certificate));
  return {
    chain: [leaf, ...sent.slice(1)],
    key,
    chainPem: sent.map(({ der }) => encodePem(der, 'CERTIFICATE')).join(''),
    keyPem: key.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

function isRoot({ subject, issuer }: Certificate): boolean {
  return subject.text === issuer.text;
}

function readOwn(file: Uint8Array): readonly Certificate[] {
  try {
    return readCertificates(file);
  } catch (error) {
    if (!(error instanceof MalformedDer)) throw error;
    throw new CredentialsRefused([refused('malformed', error.message)]);
  }
}

function readKey(file: Uint8Array): KeyObject {
  try {
    return createPrivateKey(Buffer.from(file));
  } catch {
    // OpenSSL's own words may quote the file; the reason is always the same.
    throw new CredentialsRefused([refused('key-mismatch', 'the key file cannot be read as a key')]);
  }
}
