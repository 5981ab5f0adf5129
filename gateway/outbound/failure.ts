import { type FailureClass, PeerFailure } from '../../actors/actor.ts';
import type { Fault } from '../../profiles/refusal.ts';
import { ServerRefused } from '../safeguards/tls.ts';

/** Errors of the network that prove that the request never reached the peer. */
const NEVER_REACHED = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTDOWN',
]);

/**
 * What went wrong below HTTP, as the retry rule sees it: before a byte of the request was written the peer provably did
 * not act; afterwards nobody knows.
 */
export function failureOf(
  error: unknown,
  { peer, wrote }: { peer: string; wrote: boolean },
): PeerFailure {
  if (error instanceof PeerFailure) return error;
  const { code, message } = error as { code?: string; message?: string };
  const neverReached = code !== undefined && NEVER_REACHED.has(code);
  const failureClass: FailureClass = neverReached || !wrote ? 'transient' : 'ambiguous';
  return new PeerFailure(failureClass, code ?? message ?? 'connection failed', {
    peer,
    cause: error,
  });
}

/** A SOAP fault: the peer would say the same again, unless it blames itself. */
export function failureOfFault(fault: Fault, peer: string): PeerFailure {
  const failureClass: FailureClass = fault.fault === 'Receiver' ? 'ambiguous' : 'permanent';
  return new PeerFailure(failureClass, `answered with a SOAP fault ${fault.fault}`, {
    peer,
    cause: fault,
  });
}

/** An answer that is none: not SOAP, not the action that was asked for, not readable. */
export function failureOfAnswer(what: string, peer: string, cause?: unknown): PeerFailure {
  return new PeerFailure('permanent', what, { peer, cause });
}

/** The deadline has passed while the peer worked. */
export function failureOfDeadline(deadlineMs: number, peer: string): PeerFailure {
  return new PeerFailure('ambiguous', `no answer within ${deadlineMs} ms`, { peer });
}

/** A server that we called and did not speak with, because it is not who it should be. */
export interface ServerTurnedAway {
  readonly reason: string;
  readonly peer: {
    readonly subject?: string;
    readonly issuer?: string;
    readonly fingerprint?: string;
  };
}

/** What OpenSSL says of a chain that it does not accept; only then did the handshake end for the peer's sake. */
const NOT_TRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|_CA$|^INVALID_PURPOSE$|^CRL_/;

/**
 * Whether a call failed because the server could not be authenticated, and what is known of it then.
 *
 * @see ITI TF-2: 3.19
 */
export function serverTurnedAway(cause: unknown): ServerTurnedAway | undefined {
  if (cause instanceof ServerRefused) {
    const { reason, detail, known } = cause.rejection;
    const { subject, issuer, fingerprint } = known;
    return { reason: `${reason}: ${detail}`, peer: { subject, issuer, fingerprint } };
  }
  const { code } = (cause ?? {}) as { code?: unknown };
  if (typeof code !== 'string' || !NOT_TRUSTED.test(code)) return undefined;
  return { reason: `certificate: ${code}`, peer: {} };
}
