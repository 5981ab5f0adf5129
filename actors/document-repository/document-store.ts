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

/**
 * Documents that one request holds until it knows whether they were registered. One of the two is called, once; neither,
 * when nobody knows: then they stay, unsettled, until the registry has been asked.
 */
export interface HeldDocuments {
  /** They were registered: they stay for good. */
  keep(): void;
  /** They were certainly not registered: those that this request alone brought go again. */
  discard(): Promise<void>;
}

/** A document of which nobody knows, so far, whether it was registered. */
export interface UnsettledDocument {
  readonly uniqueId: string;
  /** When the last request took hold of it. */
  readonly since: Date;
}

/**
 * What became of a removal. `absent`: there is no such document; `held`: a request holds it that may register it still;
 * `undeleted`: it can no longer be retrieved, but the disk refused to give its octets up, which is tried again.
 */
export type Removal = 'removed' | 'absent' | 'held' | 'undeleted';

export interface FindOptions {
  /**
   * Waits a while for the requests that hold one of the documents: what is found then stays, but for a request that takes
   * longer still. Default: false.
   */
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
   * Takes all of the documents or none, and makes them retrievable and durable before it resolves. Octets that are stored
   * already, but were damaged on the disk, are whole afterwards.
   *
   * @throws Refusal or Refusals XDSNonIdenticalHash, XDSNonIdenticalSize where a uniqueId is stored with other octets
   */
  hold(documents: readonly NewDocument[]): Promise<HeldDocuments>;
  /** The documents of these uniqueIds; unknown ones are left out. */
  find(uniqueIds: readonly string[], options?: FindOptions): Promise<readonly StoredDocument[]>;
  /** Takes documents away, each for itself; octets go when no other uniqueId has them. */
  remove(uniqueIds: readonly string[]): Promise<ReadonlyMap<string, Removal>>;
  /** At most `most` unsettled documents that come after `after` in the order of their uniqueIds. */
  unsettled(after: string | undefined, most: number): Promise<readonly UnsettledDocument[]>;
  /** These are registered: they stay for good. */
  settle(uniqueIds: readonly string[]): Promise<void>;
  /** Runs works of the same name one after the other, as far as this process is concerned. */
  oneByOne<Result>(name: string, work: () => Promise<Result>): Promise<Result>;
  /** Takes away those of these that are unsettled, and that no request has taken hold of since `before`. */
  abandon(uniqueIds: readonly string[], before: Date): Promise<readonly string[]>;
}
