import type { ActorName } from '../../actors/actor.ts';
import type { WaitingRequest } from '../queue/waiting-request.ts';
import type { Call, CallerAdmitted, CallerRefusal } from '../safeguards/caller.ts';
import type { CertificateIdentity, DirectoryEntry } from '../safeguards/directory.ts';

/** Who stands at the other end of the socket, as certificate and directory say. */
export interface Peer {
  /** The directory's name of it. */
  readonly name: string;
  readonly address: string;
  /** Its stack reads faults from HTTP 500 alone, as its row of the directory says. */
  readonly faultsByHttp500?: boolean;
  /** What of its certificate the directory looks at. */
  readonly identity: CertificateIdentity;
  /** The entries of the directory that the certificate is bound to. */
  readonly entries: readonly DirectoryEntry[];
  /** The Caller of a call, or why the peer may not make it. */
  callerFor(call: Call): CallerAdmitted | CallerRefusal;
}

/** One HTTP request, once its peer is known. */
export interface Incoming {
  readonly actor: ActorName;
  readonly contentType: string;
  /** The body; it is pulled, and pausing the pull pauses the socket. */
  readonly source: AsyncIterable<Uint8Array>;
  readonly peer: Peer;
  /** The URL that was asked, as the peer sees it. */
  readonly endpoint: string;
  /** A request that was accepted before and is answered now; its connection is gone, and nothing is pulled. */
  readonly kept?: Pick<WaitingRequest, 'envelope' | 'isMtom'>;
}
