import { type Certificate, institutionOf, shortened } from '../../certs/certificate.ts';
import { type Finding, summaryOf } from '../../certs/findings.ts';
import type { CertificateIdentity, DirectoryEntry, QuirkName } from './directory.ts';

/** What is known of a peer, admitted or not, for the audit trail. Only what was seen is there. */
export interface KnownPeer {
  /** IP address, as the socket says. */
  readonly address: string;
  readonly port?: number;
  /** RFC 4514. */
  readonly subject?: string;
  readonly issuer?: string;
  /** The certificate's own number, lower-case hex. */
  readonly certificateSerial?: string;
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint?: string;
  /** `TLSv1.3` */
  readonly protocol?: string;
}

/** A peer that the certificate and the directory admit. What it may call is decided for each call (`caller.ts`). */
export interface Peer {
  readonly kind: 'peer';
  readonly identity: CertificateIdentity;
  readonly entries: readonly DirectoryEntry[];
  readonly known: KnownPeer;
  /** The reading of certificates, lists and directory that admitted it. */
  readonly generation: number;
  /** To judge it again without the socket. */
  readonly presented: { readonly certificate: Certificate; readonly sent: readonly Certificate[] };
}

/** Why a peer is closed. */
export type RejectionReason =
  | 'handshake'
  | 'no-certificate'
  | 'certificate'
  | 'unlisted'
  | 'protocol'
  | 'resumed';

/** A peer that is closed, and audited as a security alert with what is known. */
export interface Rejection {
  readonly kind: 'rejection';
  readonly reason: RejectionReason;
  /** One line for log and audit: rules and numbers. */
  readonly detail: string;
  readonly findings: readonly Finding[];
  readonly known: KnownPeer;
}

/** Makes a rejection; the detail is made of the findings unless given. */
export function rejection(
  reason: RejectionReason,
  known: KnownPeer,
  {
    findings = [],
    detail = summaryOf(findings),
  }: { findings?: readonly Finding[]; detail?: string },
): Rejection {
  return { kind: 'rejection', reason, detail, findings, known };
}

/** What of a certificate goes into the audit trail. */
export function knownOf(certificate: Certificate): Partial<KnownPeer> {
  return {
    subject: shortened(certificate.subject.text),
    issuer: shortened(certificate.issuer.text),
    certificateSerial: certificate.serialNumber,
    fingerprint: certificate.fingerprint,
  };
}

/** What the directory looks at. The profile has made sure that there is exactly one institution code. */
export function identityOf(certificate: Certificate): CertificateIdentity {
  return {
    issuer: certificate.issuer.text,
    serialNumber: institutionOf(certificate) ?? '',
    fingerprint: certificate.fingerprint,
  };
}

/** Whether a row of this peer's names the quirk. */
export function hasQuirk({ entries }: Pick<Peer, 'entries'>, quirk: QuirkName): boolean {
  return entries.some(({ quirks }) => quirks.some(({ name }) => name === quirk));
}
