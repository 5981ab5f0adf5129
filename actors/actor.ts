import type { PatientId } from '../profiles/patient.ts';
import type { Issue, Spoken } from '../profiles/transaction.ts';

/** The rooms of this house; each is also the path of its endpoint (`/document-registry`). */
export type ActorName =
  | 'patient-identity'
  | 'document-registry'
  | 'document-repository'
  | 'initiating-gateway'
  | 'responding-gateway';

/**
 * Whom an actor may ask: another actor of the own community, the Responding Gateway of another, or a system that the
 * directory names.
 */
export type Destination =
  | ActorName
  | { readonly homeCommunityId: string }
  | { readonly system: string };

/** Who asks, as the certificate and the directory say; never as the message says. */
export interface Caller {
  /** The directory entries that the certificate is bound to, by name. */
  readonly name: string;
  /** What the caller stands for. An `own` actor carries the Caller that it serves. */
  readonly kinds: readonly ('gateway' | 'system' | 'own')[];
  /** Institution code or directory id from the certificate's subject serialNumber. */
  readonly institution: string;
  /** `urn:oid:…` of the communities that a gateway speaks for. */
  readonly homeCommunityIds: readonly string[];
  /** sourceId OIDs that a system may submit under; empty: any. */
  readonly sourceIds: readonly string[];
  /** OIDs of the patient id authorities that a system may feed. */
  readonly assigningAuthorities: readonly string[];
}

/** What an actor knows of its own community; the same for every actor of a region. */
export interface Community {
  /** `urn:oid:…` */
  readonly homeCommunityId: string;
  /** OID of the authority that assigns the regional patient ids of the affinity domain. */
  readonly affinityDomain: string;
  /** OID. */
  readonly repositoryUniqueId: string;
  /** OID of this system as sender and receiver of V3 messages. */
  readonly device: string;
  /** OIDs of every patient id authority known here, the affinity domain's among them. */
  readonly assigningAuthorities: readonly string[];
}

/** Asks a transaction of an actor. The asker cannot tell whether it runs here or across the wire.
 * @throws Refusal as the answerer refused (rendered refusals of a peer stay inside the Response)
 * @throws PeerFailure when no answer could be had */
export type Ask = <Request, Response>(
  transaction: Spoken<Request, Response>,
  destination: Destination,
  request: Request,
  options?: AskOptions,
) => Promise<Response>;

export interface AskOptions {
  /** How long the answer may take. With `progressed`, counted anew from each chunk of its documents. */
  readonly deadlineMs?: number;
  /** Called whenever octets of the answer's documents have arrived. */
  readonly progressed?: () => void;
  /** The message that this ask does the work of, where it comes once for each such message: then it is done once, too. */
  readonly message?: Message;
  /** UUID for `wsa:MessageID`, of a message that is the same each time that it is sent; absent: a new one. */
  readonly messageId?: string;
}

/** What tells a message that was sent again from a new one. */
export interface Message {
  /** `wsa:MessageID`. */
  readonly id: string;
  /** SHA-256 of its body, hex. */
  readonly bodyHash: string;
}

/** The world as an answer sees it: whom it may ask, who asked, and the clock and ids that come in. */
export interface World extends Issue {
  readonly ask: Ask;
  readonly caller: Caller;
  /** The message that is answered; absent where an actor of this process asks of itself. */
  readonly message?: Message;
}

/**
 * How a peer failed. `transient`: it provably did not act; `ambiguous`: it may have acted; `permanent`: asking again is
 * of no use. The retry rule reads this class and nothing else.
 */
export type FailureClass = 'transient' | 'ambiguous' | 'permanent';

/** A peer did not do its part. For the retry rule and the operator; a refusal is made of it at the asker's wall. */
export class PeerFailure extends Error {
  readonly failureClass: FailureClass;
  /** Who failed: a homeCommunityId or an actor's name. */
  readonly peer: string;

  constructor(
    failureClass: FailureClass,
    reason: string,
    options: { peer: string; cause?: unknown },
  ) {
    super(reason, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PeerFailure';
    this.failureClass = failureClass;
    this.peer = options.peer;
  }
}

/** What the subjects' consent, and the law, let this caller see. */
export interface Permission {
  /** May an object of this patient, with these confidentiality codes, be shown? */
  shows(object: Disclosable): boolean;
}

/** What a decision looks at: whose it is, and how confidential. */
export interface Disclosable {
  readonly patientId: PatientId | undefined;
  readonly confidentialityCode?: readonly {
    readonly code: string;
    readonly codingScheme: string;
  }[];
}

/** A query looks, then says whose data it found, and only then shows what may be shown. */
export interface Query<Request, Response, Found, Stores> {
  readonly kind: 'query';
  readonly transaction: Spoken<Request, Response>;
  /**
   * Refuses what the request and its caller alone show, before anything is looked at. A Fault of it is said on the
   * connection even to who wants the answer elsewhere. Asks nobody.
   */
  check?(request: Request, stores: Stores, world: World): void;
  /** Looks, changes nothing. */
  find(request: Request, stores: Stores, world: World): Promise<Found>;
  /** Whose data was found. */
  subjects(found: Found): readonly PatientId[];
  /**
   * Makes what exists only when it is asked for, such as an On-Demand document, and may store it. Runs after consent was
   * decided and when the audit trail can be written; what may not be shown is not made.
   */
  prepare?(found: Found, permission: Permission, stores: Stores, world: World): Promise<Found>;
  /** The response: alone here does data become visible, and never without a permission. */
  reveal(found: Found, permission: Permission, request: Request): Response;
  /** Consent is the responder's duty: only for the Initiating Gateway, whose data lie elsewhere. */
  readonly decidedBy?: 'responder';
}

/** A submission changes what is stored: all of it or nothing. */
export interface Submission<Request, Response, Stores> {
  readonly kind: 'submission';
  readonly transaction: Spoken<Request, Response>;
  subjects(request: Request): readonly PatientId[];
  /** Refuses what can be refused before a byte of a document is taken. */
  check(request: Request, stores: Stores, world: World): Promise<void>;
  /** Runs once every document's octets are at rest and the audit trail can be written. */
  commit(request: Request, stores: Stores, world: World): Promise<Response>;
}

/** A feed changes what is stored and returns no patient data. */
export interface Feed<Request, Response, Stores> {
  readonly kind: 'feed';
  readonly transaction: Spoken<Request, Response>;
  check(request: Request, stores: Stores, world: World): Promise<void>;
  commit(request: Request, stores: Stores, world: World): Promise<Response>;
}

export type Answer<Stores> =
  | Query<unknown, unknown, unknown, Stores>
  | Submission<unknown, unknown, Stores>
  | Feed<unknown, unknown, Stores>;

/** An actor is a list of answers. */
export interface Actor<Stores> {
  readonly name: ActorName;
  /** The file of its WSDL, without its ending; default: its name. */
  readonly wsdl?: string;
  readonly answers: readonly Answer<Stores>[];
}

/** Declares a query; its type says that nothing is shown unasked. */
export function query<Request, Response, Found, Stores>(
  transaction: Spoken<Request, Response>,
  verbs: Omit<Query<Request, Response, Found, Stores>, 'kind' | 'transaction'>,
): Query<Request, Response, Found, Stores> {
  return { kind: 'query', transaction, ...verbs };
}

/** Declares a submission. */
export function submission<Request, Response, Stores>(
  transaction: Spoken<Request, Response>,
  verbs: Omit<Submission<Request, Response, Stores>, 'kind' | 'transaction'>,
): Submission<Request, Response, Stores> {
  return { kind: 'submission', transaction, ...verbs };
}

/** Declares a feed. */
export function feed<Request, Response, Stores>(
  transaction: Spoken<Request, Response>,
  verbs: Omit<Feed<Request, Response, Stores>, 'kind' | 'transaction'>,
): Feed<Request, Response, Stores> {
  return { kind: 'feed', transaction, ...verbs };
}
