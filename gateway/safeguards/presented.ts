import type { X509Certificate } from 'node:crypto';
import type { PeerCertificate } from 'node:tls';
import { readCertificate } from '../../certs/certificate.ts';
import { MalformedDer } from '../../certs/der.ts';
import { type Finding, refused } from '../../certs/findings.ts';
import type { Peer } from './peer.ts';

/** Reads what a peer presented, its own certificate first; or says why it cannot be read. */
export function readPresented(
  chain: readonly Uint8Array[],
): Peer['presented'] | { readonly findings: readonly Finding[] } {
  try {
    const [certificate, ...sent] = chain.map(readCertificate);
    return certificate ? { certificate, sent } : noCertificate();
  } catch (error) {
    if (!(error instanceof MalformedDer)) throw error;
    return { findings: [refused('malformed', error.message)] };
  }
}

/** The finding for a peer that presents nothing. */
export function noCertificate(): { readonly findings: readonly Finding[] } {
  return { findings: [refused('no-certificate', 'none')] };
}

/** What a client sent, as a server's socket gives it: its own certificate first, at most ten. */
export function chainOf(first: X509Certificate): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let next: X509Certificate | undefined = first;
  while (next && chain.length < 10) {
    chain.push(next.raw);
    next = next.issuerCertificate;
  }
  return chain;
}

/** What a server sent, as `checkServerIdentity` gets it: its own certificate first, at most ten. */
export function rawChainOf(first: PeerCertificate): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let next: PeerCertificate | undefined = first;
  while (next?.raw && chain.length < 10) {
    chain.push(next.raw);
    const above: PeerCertificate | undefined =
      'issuerCertificate' in next ? (next.issuerCertificate as PeerCertificate) : undefined;
    next = above === next ? undefined : above;
  }
  return chain;
}
