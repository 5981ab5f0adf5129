import type { DocumentContent } from '../../profiles/formats/mtom.ts';

/** How long octets are, and their SHA-1 in lower-case hex. */
export interface Measure {
  readonly sizeBytes: number;
  readonly sha1: string;
}

/** Octets at rest: they are measured, and may be opened again and again. */
export interface DocumentAtRest extends DocumentContent, Measure {
  readonly sizeBytes: number;
  readonly sha1: string;
}

/** A document of the repository. */
export interface StoredDocument {
  readonly uniqueId: string;
  readonly mimeType: string;
  /** Undefined when the octets are not there, or not all of them: the disk has lost what it had promised. */
  readonly content: DocumentAtRest | undefined;
}

/** What a document is stored as. */
export interface NewDocument {
  readonly uniqueId: string;
  readonly mimeType: string;
  readonly content: DocumentContent;
}

/** Documents that one request holds until it knows whether they were registered. One of the two is called, once. */
export interface HeldDocuments {
  /** They were registered, or may have been: they stay. */
  keep(): void;
  /** They were certainly not registered: those that this request alone brought go again. */
  discard(): Promise<void>;
}

export interface FindOptions {
  /** Waits for the requests that hold one of the documents: what is found then stays. Default: false. */
  readonly settled?: boolean;
}

/**
 * What the Document Repository asks of a store: octets by uniqueId, one content for each uniqueId.
 *
 * Whatever ends between `hold` and `keep` or `discard`, the process included, leaves the documents where they are.
 */
export interface DocumentStore {
  /** Size and hash of octets that are at rest; read through only where they are not known yet. */
  measure(content: DocumentContent): Promise<Measure>;
  /**
   * Takes all of the documents or none, and makes them retrievable and durable before it resolves.
   *
   * @throws Refusal or Refusals XDSNonIdenticalHash, XDSNonIdenticalSize where a uniqueId is stored with other octets
   */
  hold(documents: readonly NewDocument[]): Promise<HeldDocuments>;
  /** The documents of these uniqueIds; unknown ones are left out. */
  find(uniqueIds: readonly string[], options?: FindOptions): Promise<readonly StoredDocument[]>;
}
