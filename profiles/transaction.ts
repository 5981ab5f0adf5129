import type { AuditRow } from './audit-event.ts';
import type { V2Message } from './formats/hl7v2.ts';
import type { V2Context } from './formats/hl7v2-reply.ts';
import type { Attachment, Parts } from './formats/mtom.ts';
import type { Opened } from './formats/soap.ts';
import type { XmlPiece } from './formats/xml-pieces.ts';
import type { Refusal } from './refusal.ts';

/** IHE actors that this system plays or speaks with, spelled as in the Technical Framework. */
export type ActorTitle =
  | 'Document Consumer'
  | 'Document Source'
  | 'Document Registry'
  | 'Document Repository'
  | 'Initiating Gateway'
  | 'Responding Gateway'
  | 'Patient Identity Source'
  | 'Patient Demographics Consumer'
  | 'Patient Demographics Supplier'
  | 'Patient Identifier Cross-reference Consumer'
  | 'Patient Identifier Cross-reference Manager';

/** A qualified element name. */
export interface ElementName {
  readonly namespace: string;
  readonly name: string;
}

/** One request message of a transaction and the action of its answer. */
export interface SoapMessage {
  readonly action: string;
  readonly replyAction: string;
  /** The payload element that the action announces. */
  readonly body: ElementName;
  /** Other payload elements that are taken for it; none is ever sent. */
  readonly alsoBodies?: readonly ElementName[];
  /** An option of the Framework that is not spoken here: it is taken to be refused in its own form, and no WSDL offers it. */
  readonly isRefused?: true;
}

/** Whether a message's action announces this payload element. */
export function announces(
  { body, alsoBodies = [] }: SoapMessage,
  { namespace, name }: ElementName,
): boolean {
  return [body, ...alsoBodies].some((one) => one.namespace === namespace && one.name === name);
}

/** How a transaction lies on the wire. `both`: request and response are MTOM; `never`: both are Simple SOAP. */
export interface SoapWire {
  readonly kind: 'soap';
  readonly mtom: 'never' | 'both';
  readonly messages: readonly SoapMessage[];
}

/** One request message of a v2 transaction: what MSH-9 says, and what the answer's says. */
export interface MllpMessage {
  readonly type: string;
  readonly trigger: string;
  readonly structure: string;
  readonly reply: { readonly type: string; readonly trigger: string; readonly structure: string };
}

/** How an HL7 v2 transaction lies on the wire. */
export interface MllpWire {
  readonly kind: 'mllp';
  /** MSH-12 of what is sent; either version is read. */
  readonly version: '2.3.1' | '2.5';
  readonly messages: readonly MllpMessage[];
}

/** What an encoder may need of the world: the clock and fresh identifiers come in. */
export interface Issue {
  now(): Date;
  /** A lower-case UUID without a prefix. */
  uuid(): string;
}

/** A payload, ready for an envelope. */
export interface Body {
  /** The payload element, with every namespace prefix that it uses declared on it. */
  readonly xml: string;
  /** The same in pieces, where octets that are ready need not become text first: whoever writes it takes these instead. */
  readonly pieces?: readonly XmlPiece[];
  /** Documents that travel beside it, in order; only where the wire is MTOM. */
  readonly attachments?: readonly Attachment[];
  /** Further SOAP header blocks, as XML. */
  readonly headers?: string;
  /** The action, where the transaction has several messages; else the only one is meant. */
  readonly action?: string;
}

/** What every transaction is, whatever carries it: as much as an actor, the directory and the audit need. */
export interface Spoken<Request, Response> {
  /** `ITI-18` */
  readonly id: string;
  /** `Registry Stored Query` */
  readonly name: string;
  /** `ITI TF-2: 3.18` */
  readonly section: string;
  readonly asks: readonly ActorTitle[];
  readonly answers: readonly ActorTitle[];
  readonly wire: SoapWire | MllpWire;
  /** The code for what is nobody's fault but ours, where no better one fits: `XDSRegistryError`, `INTERR`. */
  readonly generalError?: string;
  /** The code for a MIME part that no element of the body names; where absent, that is a Fault. */
  readonly strayPart?: string;
  readonly audit: AuditRow<Request, Response>;
}

/**
 * A transaction as a value: both the listener and the sender use it, and nothing else repeats its action or its codes.
 *
 * A codec decodes to what it was given: `decode(encode(x))` equals `x`, but for document bytes, which are handles.
 */
export interface Transaction<Request, Response> extends Spoken<Request, Response> {
  readonly wire: SoapWire;
  readonly request: RequestCodec<Request>;
  readonly response: ResponseCodec<Response>;
  /** The answer that says no: one or more refusals, in the transaction's own form. */
  refusal(refusals: readonly Refusal[], opened: Opened, issue: Issue): Body;
  /** The code for a request that its schema does not take, where it is another; V3 has one for each kind of fault. */
  readonly schemaError?: string;
}

/** The same over HL7 v2 and MLLP. Its requests and responses have the shapes of the V3 transaction of the same name. */
export interface MllpTransaction<Request, Response> extends Spoken<Request, Response> {
  readonly wire: MllpWire;
  readonly request: MllpRequestCodec<Request>;
  readonly response: MllpResponseCodec<Response>;
  /** The answer that says no, as text of a whole message. */
  refusal(refusals: readonly Refusal[], request: V2Message, context: V2Context): string;
}

export interface MllpRequestCodec<Request> {
  /** @throws Refusal or Refusals, with codes of table 0357 and the place in the message */
  decode(message: V2Message, context: V2Context): Request;
  /** A whole message. */
  encode(request: Request, context: V2Context): string;
}

export interface MllpResponseCodec<Response> {
  /** @throws Refusal when the answer cannot be read; a refusal *in* the answer is part of the Response. */
  decode(message: V2Message, context: V2Context): Response;
  /** `request` is the message that is answered: its parties change places, its query is repeated. */
  encode(response: Response, request: V2Message, context: V2Context): string;
}

/** True for a transaction over SOAP. */
export function speaksSoap<Request, Response>(
  transaction: Spoken<Request, Response>,
): transaction is Transaction<Request, Response> {
  return transaction.wire.kind === 'soap';
}

/** True for a transaction over MLLP. */
export function speaksMllp<Request, Response>(
  transaction: Spoken<Request, Response>,
): transaction is MllpTransaction<Request, Response> {
  return transaction.wire.kind === 'mllp';
}

export interface RequestCodec<Request> {
  /** @throws Refusal, Refusals or Fault */
  decode(opened: Opened, parts: Parts): Request;
  encode(request: Request): Body;
}

export interface ResponseCodec<Response> {
  /** @throws Refusal when the answer cannot be read; a refusal *in* the answer is part of the Response. */
  decode(opened: Opened, parts: Parts): Response;
  /** `request` is the envelope that is answered: V3 answers repeat its query and swap its parties. */
  encode(response: Response, request: Opened, issue: Issue): Body;
}

/** Gives a transaction its types; the identity on values. */
export function defineTransaction<Request, Response>(
  transaction: Transaction<Request, Response>,
): Transaction<Request, Response> {
  return transaction;
}

/** Gives a transaction over MLLP its types; the identity on values. */
export function defineMllpTransaction<Request, Response>(
  transaction: MllpTransaction<Request, Response>,
): MllpTransaction<Request, Response> {
  return transaction;
}
