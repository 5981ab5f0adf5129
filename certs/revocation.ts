import { verify } from 'node:crypto';
import { type Certificate, type Extension, labelOf, readExtensions } from './certificate.ts';
import type { Path } from './chain.ts';
import {
  childrenOf,
  contextTag,
  type Der,
  hexOf,
  integerOf,
  MalformedDer,
  octetsOfBits,
  oidOf,
  readDer,
  requireChildren,
  requireTag,
  TAG,
  timeOf,
} from './der.ts';
import { type Finding, refused } from './findings.ts';
import { readName } from './names.ts';
import { EXTENSION, findSignatureAlgorithm, KEY_USAGE } from './oids.ts';
import { octetsOf } from './pem.ts';

/** Why a certificate was revoked. Source: RFC 5280, section 5.3.1. */
export const REVOCATION_REASONS = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  privilegeWithdrawn: 9,
} as const;

export type RevocationReason = keyof typeof REVOCATION_REASONS;

/** One revoked certificate. */
export interface RevokedEntry {
  /** Lower-case hex. */
  readonly serialNumber: string;
  readonly at: Date;
  readonly reason: RevocationReason;
}

/** A CRL as read; who signed it is judged against an issuer. */
export interface RevocationList {
  readonly der: Uint8Array;
  /** RFC 4514. */
  readonly issuer: string;
  /** Its authorityKeyIdentifier as it stands, in hex: CAs of one name may have several keys. Undefined where there is none. */
  readonly authorityKey: string | undefined;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  readonly revoked: ReadonlyMap<string, RevokedEntry>;
  /** A critical extension that narrows or alters what the list says and is not understood here; such a list is not used. */
  readonly notUnderstood: string | undefined;
  readonly signed: {
    readonly octets: Uint8Array;
    readonly algorithm: string;
    readonly by: Uint8Array;
  };
}

/** What a CRL says of one certificate at one instant. `unknown`: no usable list of its issuer. */
export type RevocationState =
  | { readonly state: 'good' }
  | { readonly state: 'revoked'; readonly entry: RevokedEntry }
  | { readonly state: 'stale'; readonly nextUpdate: Date | undefined }
  | { readonly state: 'unknown' };

/** No list of an institution's CA is larger; a larger one is refused unread. */
export const MAX_CRL_BYTES = 64 * 1024 * 1024;

/** Reads one CRL. @throws MalformedDer */
export function readRevocationList(der: Uint8Array): RevocationList {
  if (der.length > MAX_CRL_BYTES) throw new MalformedDer('a CRL without end');
  const [body, outer, signature] = requireChildren(readDer(der), TAG.sequence);
  const fields = [...requireChildren(body, TAG.sequence)];
  if (fields[0]?.tag === TAG.integer) fields.shift();
  const [inner, issuer, thisUpdate, ...optional] = fields;
  const algorithm = requireTag(outer, TAG.sequence);
  if (Buffer.compare(requireTag(inner, TAG.sequence).whole, algorithm.whole) !== 0) {
    throw new MalformedDer('two different signature algorithms');
  }
  const next = optional.find(({ tag }) => tag === TAG.utcTime || tag === TAG.generalizedTime);
  const rows = optional.find(({ tag }) => tag === TAG.sequence);
  const extensions = readExtensions(optional.find(({ tag }) => tag === contextTag(0, true)));
  const entries = rows ? childrenOf(rows).map(readEntry) : [];
  const authorityKey = extensions.get(EXTENSION.authorityKeyIdentifier);
  return {
    der,
    issuer: readName(issuer).text,
    authorityKey: authorityKey && hexOf(authorityKey.value),
    thisUpdate: timeOf(thisUpdate),
    nextUpdate: next ? timeOf(next) : undefined,
    revoked: new Map(entries.map(({ entry }) => [entry.serialNumber, entry])),
    notUnderstood:
      criticalOf(extensions, [EXTENSION.authorityKeyIdentifier, EXTENSION.cRLNumber]) ??
      entries.find(({ notUnderstood }) => notUnderstood)?.notUnderstood,
    signed: {
      octets: requireTag(body, TAG.sequence).whole,
      algorithm: oidOf(childrenOf(algorithm)[0]),
      by: octetsOfBits(signature),
    },
  };
}

/** Every CRL of a file, PEM (`X509 CRL`) or DER. @throws MalformedDer */
export function readRevocationLists(file: Uint8Array): readonly RevocationList[] {
  return octetsOf(file, 'X509 CRL').map(readRevocationList);
}

/** Did this issuer sign this list, with a key that may sign lists? */
export function isSignedBy(list: RevocationList, issuer: Certificate): boolean {
  const algorithm = findSignatureAlgorithm(list.signed.algorithm);
  if (!algorithm || list.issuer !== issuer.subject.text) return false;
  if (!issuer.keyUsage?.has(KEY_USAGE.cRLSign)) return false;
  return verify(algorithm.hash, list.signed.octets, issuer.publicKey, list.signed.by);
}

/**
 * What the lists say of a certificate. A revocation counts even if the list that tells of it is stale; otherwise only a
 * list that is fresh at this instant can call a certificate good.
 * @param lists those that `isSignedBy` its issuer
 */
export function revocationStateOf(
  certificate: Certificate,
  lists: readonly RevocationList[],
  at: Date,
): RevocationState {
  const understood = lists.filter(({ notUnderstood }) => notUnderstood === undefined);
  const current = newestOf(understood.filter(({ thisUpdate }) => thisUpdate <= at));
  // A list from a clock that is ahead of ours cannot call anything good, but what it revokes is revoked.
  const entries = [...newestOf(understood), ...current].map(({ revoked }) =>
    revoked.get(certificate.serialNumber),
  );
  const entry = entries.find((found) => found !== undefined);
  if (entry) return { state: 'revoked', entry };
  const [newest] = current;
  if (!newest) return { state: 'unknown' };
  if (newest.nextUpdate === undefined || at > newest.nextUpdate) {
    return { state: 'stale', nextUpdate: newest.nextUpdate };
  }
  return { state: 'good' };
}

/**
 * Judges every certificate of a path but the anchor, which is removed from the configuration instead.
 * Stale and missing lists refuse: it fails closed.
 * @param listsOf the lists that this issuer signed
 */
export function revocationFindings(
  path: Path,
  listsOf: (issuer: Certificate) => readonly RevocationList[],
  at: Date,
): readonly Finding[] {
  return path.flatMap((certificate, index) => {
    const issuer = path[index + 1];
    if (!issuer) return [];
    const state = revocationStateOf(certificate, listsOf(issuer), at);
    const finding = findingOf(state, certificate, issuer);
    return finding ? [finding] : [];
  });
}

/** The newest lists; several if they were issued in the same second. */
function newestOf(lists: readonly RevocationList[]): readonly RevocationList[] {
  const newest = Math.max(...lists.map(({ thisUpdate }) => thisUpdate.getTime()));
  return lists.filter(({ thisUpdate }) => thisUpdate.getTime() === newest);
}

function findingOf(
  state: RevocationState,
  certificate: Certificate,
  issuer: Certificate,
): Finding | undefined {
  if (state.state === 'good') return undefined;
  if (state.state === 'revoked') {
    const { at, reason } = state.entry;
    return refused('revoked', `${labelOf(certificate)}, since ${at.toISOString()}, ${reason}`);
  }
  if (state.state === 'stale') {
    const until = state.nextUpdate?.toISOString() ?? 'without nextUpdate';
    return refused('revocation-stale', `list of ${issuer.subject.text}, until ${until}`);
  }
  return refused('revocation-unknown', `no list of ${issuer.subject.text}`);
}

function readEntry(row: Der): { entry: RevokedEntry; notUnderstood: string | undefined } {
  const [serialNumber, at, wrapped] = requireChildren(row, TAG.sequence);
  const extensions = readExtensions(wrapped && { ...wrapped, content: wrapped.whole });
  const reason = extensions.get(EXTENSION.reasonCode);
  const code = reason ? Number.parseInt(integerOf(readDer(reason.value), TAG.enumerated), 16) : 0;
  return {
    entry: { serialNumber: integerOf(serialNumber), at: timeOf(at), reason: reasonOf(code) },
    notUnderstood: criticalOf(extensions, [EXTENSION.reasonCode, EXTENSION.invalidityDate]),
  };
}

function reasonOf(code: number): RevocationReason {
  const row = Object.entries(REVOCATION_REASONS).find(([, number]) => number === code);
  return (row?.[0] as RevocationReason | undefined) ?? 'unspecified';
}

function criticalOf(
  extensions: ReadonlyMap<string, Extension>,
  understood: readonly string[],
): string | undefined {
  return [...extensions.values()].find(({ oid, critical }) => critical && !understood.includes(oid))
    ?.oid;
}
