import type { XmlElement } from './xml.ts';

/** An envelope that has been read: what it wants, and its payload. Source: ITI TF-2: Appendix V.3. */
export interface Opened {
  /** `wsa:Action`. */
  readonly action: string;
  /** `wsa:MessageID`; a request always has one, an answer need not. */
  readonly messageId?: string;
  readonly relatesTo?: string;
  readonly to?: string;
  /** `wsa:ReplyTo/wsa:Address`; absent means anonymous. */
  readonly replyTo?: string;
  /** Header blocks in order, the addressing ones included. */
  readonly headers: readonly XmlElement[];
  /** The single payload element. */
  readonly body: XmlElement;
}
