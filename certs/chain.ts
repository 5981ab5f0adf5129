import { type Certificate, isSelfSigned, labelOf } from './certificate.ts';
import { type Finding, refused } from './findings.ts';
import { HPKI_POLICY, soundnessFindings } from './hpki.ts';
import { ANY_POLICY, KEY_USAGE } from './oids.ts';

/** A path from a certificate to an anchor: the certificate first, the anchor last. One element: the anchor itself. */
export type Path = readonly [Certificate, ...Certificate[]];

/** What leads upwards. */
export interface Issuers {
  /** Trusted by configuration alone: roots, or issuing CAs themselves. */
  readonly anchors: readonly Certificate[];
  /** Helpers on the way, from a file or from the peer; they are trusted for nothing. */
  readonly intermediates: readonly Certificate[];
}

/** What the search for paths came to. `paths` empty: `findings` say why, for the way that came furthest. */
export interface Paths {
  readonly paths: readonly Path[];
  readonly findings: readonly Finding[];
}

/** Certificates in a path, the anchor included. */
export const MAX_PATH = 6;
/** Helpers that are looked at; what a peer sends beyond is passed over. */
export const MAX_INTERMEDIATES = 16;
/** Signatures that one search verifies at most, so that crossed certificates cannot keep us busy. */
const MAX_SIGNATURES = 64;

/**
 * Every sound path to an anchor, but for what time decides: signatures, CA flags, path length, key identifiers, and the
 * policy uses of the issuing CAs. The answer holds as long as the anchors do, so it may be cached.
 * Source: RFC 5280, section 6.1; without policy mapping and name constraints, which are refused where critical.
 */
export function findPaths(leaf: Certificate, issuers: Issuers): Paths {
  const search: Search = { anchors: issuers.anchors, found: [], dead: [], signatures: 0 };
  const intermediates = issuers.intermediates
    .slice(0, MAX_INTERMEDIATES)
    .filter(({ fingerprint }) => !isAnchor(fingerprint, issuers.anchors));
  climb([leaf], { search, candidates: [...issuers.anchors, ...intermediates] });
  if (search.found.length > 0) return { paths: search.found, findings: [] };
  if (search.dead.length > 0) return { paths: [], findings: search.dead };
  const finding = isSelfSigned(leaf)
    ? refused('self-signed', `serial ${leaf.serialNumber}`)
    : refused('untrusted-issuer', labelOf(leaf));
  return { paths: [], findings: [finding] };
}

/** Whether each certificate of a path is valid at this instant. The anchor too: an expired anchor anchors nothing. */
export function dateFindings(path: Path, at: Date): readonly Finding[] {
  return path.flatMap((certificate) => {
    const { notBefore, notAfter } = certificate;
    const label = labelOf(certificate);
    if (at < notBefore) return [refused('not-yet-valid', `${label}: ${notBefore.toISOString()}`)];
    if (at > notAfter) return [refused('expired', `${label}: ${notAfter.toISOString()}`)];
    return [];
  });
}

interface Search {
  readonly anchors: readonly Certificate[];
  readonly found: Path[];
  readonly dead: Finding[];
  signatures: number;
}

interface Way {
  readonly search: Search;
  readonly candidates: readonly Certificate[];
}

function climb(path: Path, { search, candidates }: Way): void {
  const top = path[path.length - 1] ?? path[0];
  if (isAnchor(top.fingerprint, search.anchors)) {
    search.found.push(path);
    return;
  }
  for (const issuer of candidates) {
    if (issuer.subject.text !== top.issuer.text) continue;
    if (path.some(({ fingerprint }) => fingerprint === issuer.fingerprint)) continue;
    if (path.length >= MAX_PATH || search.signatures >= MAX_SIGNATURES) {
      search.dead.push(refused('path-length', `more than ${MAX_PATH} certificates`));
      return;
    }
    search.signatures += 1;
    const findings = stepFindings(path, issuer);
    if (findings.length > 0) search.dead.push(...findings);
    else climb([...path, issuer], { search, candidates });
  }
}

/** May this issuer stand above this path? */
function stepFindings(path: Path, issuer: Certificate): readonly Finding[] {
  const below = path[path.length - 1] ?? path[0];
  const who = issuer.subject.text;
  if (!below.native.verify(issuer.publicKey)) return [refused('signature', `not by ${who}`)];
  const findings = [...soundnessFindings(issuer)];
  if (!issuer.isAuthority || !issuer.keyUsage?.has(KEY_USAGE.keyCertSign)) {
    findings.push(refused('issuer-not-a-ca', who));
  }
  const authorities = path.slice(1).filter(({ subject, issuer: by }) => subject.text !== by.text);
  if (issuer.pathLength !== undefined && authorities.length > issuer.pathLength) {
    findings.push(refused('path-length', `${who} allows ${issuer.pathLength}`));
  }
  if (!fitsAuthorityKey(below, issuer)) findings.push(refused('authority-key', who));
  const policy = policyConflict(path[0], issuer);
  if (policy) findings.push(refused('issuer-policy', policy));
  return findings;
}

function fitsAuthorityKey({ authorityKey }: Certificate, issuer: Certificate): boolean {
  const { keyIdentifier, issuer: name, serialNumber } = authorityKey;
  const known = issuer.subjectKeyIdentifier;
  if (keyIdentifier !== undefined && known !== undefined && keyIdentifier !== known) return false;
  if (name !== undefined && name !== issuer.issuer.text) return false;
  return serialNumber === undefined || serialNumber === issuer.serialNumber;
}

/**
 * A CA that names policies certifies those only. HPKI's own test certificates come from CAs that name the policy of
 * production, so inside HPKI the use (signature, person, organisation) is compared, and not the whole OID.
 */
function policyConflict(leaf: Certificate, issuer: Certificate): string | undefined {
  if (issuer.policies.length === 0 || issuer.policies.includes(ANY_POLICY)) return undefined;
  const allowed = issuer.policies.map(useOf);
  if (leaf.policies.some((policy) => allowed.includes(useOf(policy)))) return undefined;
  return `${issuer.subject.text} certifies ${issuer.policies.join(', ')}`;
}

function useOf(policy: string): string {
  return HPKI_POLICY.exec(policy)?.[1] ?? policy;
}

function isAnchor(fingerprint: string, anchors: readonly Certificate[]): boolean {
  return anchors.some((anchor) => anchor.fingerprint === fingerprint);
}
