import type { ActorName } from '../../actors/actor.ts';
import type { CertificateIdentity } from '../safeguards/directory.ts';

/** A request that was accepted and is answered later, by a message of its own. Source: ITI TF-2: Appendix V. */
export interface WaitingRequest {
  readonly actor: ActorName;
  /** The URL that was asked, as the peer sees it. */
  readonly endpoint: string;
  /** `ITI-38` */
  readonly transaction: string;
  readonly messageId: string;
  /** Who asked: what it may call is judged again when the request is answered. */
  readonly caller: {
    readonly name: string;
    readonly address: string;
    readonly identity: CertificateIdentity;
  };
  /** Where the answer goes: the directory's entry, and its addresses for answers and for faults. */
  readonly callback: { readonly entry: string; readonly replyTo: string; readonly faultTo: string };
  /** The octets of the envelope. */
  readonly envelope: Uint8Array;
  /** Request and answer are MTOM. */
  readonly isMtom: boolean;
}
