/** Octets somewhere: in memory, in a file, in a message part that is still arriving. Never a string. */
export interface DocumentContent {
  /** Known once the octets are at rest. */
  readonly sizeBytes?: number;
  /** SHA-1 in lower-case hex; known once the octets are at rest. */
  readonly sha1?: string;
  /** The octets from the first to the last; may be called again where the octets are at rest. */
  open(): AsyncIterable<Uint8Array>;
}

/** One document that travels beside the root part. */
export interface Attachment {
  /** Without angle brackets. */
  readonly contentId: string;
  readonly contentType: string;
  readonly content: DocumentContent;
}

/** The parts of the message that is being decoded. */
export interface Parts {
  /**
   * The content of the part that `cid:` names. The octets need not be here yet: they are once `receive` has run.
   * @throws Fault Sender when the message is Simple SOAP, or the part was claimed before.
   */
  named(contentId: string): DocumentContent;
}
