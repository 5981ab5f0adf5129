import { Fault, type FaultSubcode } from '../refusal.ts';
import { childrenNamed, elementsOf, serializeXml, textOf, type XmlElement } from './xml.ts';

/** SOAP 1.2 envelope. */
export const SOAP12 = 'http://www.w3.org/2003/05/soap-envelope';

/** WS-Addressing 1.0. */
export const WSA = 'http://www.w3.org/2005/08/addressing';

/** The address of whoever holds the other end of the connection. */
export const ANONYMOUS = 'http://www.w3.org/2005/08/addressing/anonymous';

/** Nobody: a message with this address wants no answer. */
export const NONE = 'http://www.w3.org/2005/08/addressing/none';

/** Where an envelope strays from the binding and is taken all the same; it is counted. Source: ITI TF-2: Appendix V.3. */
export type Oddity =
  /** `wsa:Action` does not carry `soap:mustUnderstand`. */
  | 'action-without-must-understand'
  /** A WS-Addressing header carries `mustUnderstand` in a namespace other than SOAP's, or in none. */
  | 'must-understand-in-wrong-namespace'
  /** A request without `wsa:ReplyTo`, which then is the anonymous address. */
  | 'request-without-reply-to';

/** How the header is to be read. */
export interface HeaderOptions {
  /** Header blocks, beyond WS-Addressing, that will be processed. Without it: none. */
  readonly understood?: (header: { readonly namespace: string; readonly name: string }) => boolean;
  /** True for an answer: it needs no MessageID, and its ReplyTo and FaultTo mean nothing. */
  readonly answer?: boolean;
  /** True where answers may go to another address than the anonymous one; which one, the caller judges. */
  readonly asynchronous?: boolean;
}

/** Where an answer is wanted. Source: WS-Addressing 1.0 Core, section 2.1. */
export interface EndpointReference {
  readonly address: string;
  /** Elements that each message to the address repeats as header blocks. */
  readonly parameters: readonly XmlElement[];
}

/** What the WS-Addressing headers say. */
export interface Addressing {
  readonly action: string;
  readonly messageId?: string;
  readonly relatesTo?: string;
  readonly to?: string;
  readonly replyTo?: string;
  /** Where answers and faults go, where that is not the other end of the connection. */
  readonly elsewhere?: Elsewhere;
  /** Each at most once. */
  readonly oddities: readonly Oddity[];
}

/** References of a request of which one at least is not anonymous. */
export interface Elsewhere {
  readonly replyTo?: EndpointReference;
  readonly faultTo?: EndpointReference;
}

/** WS-Addressing headers of which a message has one at most. Source: WS-Addressing 1.0 Core, section 3.2. */
const SINGLE = ['To', 'From', 'ReplyTo', 'FaultTo', 'Action', 'MessageID'];
const ADDRESSING = new Set([...SINGLE, 'RelatesTo']);

/** Roles that this system plays: the next node and the last. A block without a role is for the last. */
const OUR_ROLES = new Set(['', `${SOAP12}/role/next`, `${SOAP12}/role/ultimateReceiver`]);

/**
 * Reads the header blocks that are meant for this node; others are passed over.
 *
 * @throws Fault MustUnderstand for a block that nobody here processes; Sender, with a WS-Addressing subcode, where one of
 * its headers is missing, doubled or not supported
 * @see SOAP 1.2 Part 1, section 2.6; WS-Addressing 1.0 SOAP Binding, section 6
 */
export function readAddressing(
  headers: readonly XmlElement[],
  options: HeaderOptions = {},
): Addressing {
  const ours = headers.filter((header) => OUR_ROLES.has(attributeIn(header, 'role') ?? ''));
  refuseNotUnderstood(ours, options.understood);
  const addressing = ours.filter((header) => header.namespace === WSA);
  for (const name of SINGLE) {
    if (addressing.filter((header) => header.name === name).length > 1) {
      throw faultOfHeader(name, ['InvalidAddressingHeader', 'InvalidCardinality']);
    }
  }
  const one = (name: string) => addressing.find((header) => header.name === name);
  const action = trimmedTextOf(one('Action'));
  const messageId = trimmedTextOf(one('MessageID'));
  const replyTo = referenceOf(one('ReplyTo'));
  if (action === undefined) throw faultOfHeader('Action', ['MessageAddressingHeaderRequired']);
  if (!options.answer) {
    if (messageId === undefined) {
      throw faultOfHeader('MessageID', ['MessageAddressingHeaderRequired']);
    }
  }
  const elsewhere = options.answer ? undefined : elsewhereOf(replyTo, referenceOf(one('FaultTo')));
  if (elsewhere && !options.asynchronous) {
    throw faultOnlyAnonymous(isAnonymous(elsewhere.replyTo) ? 'FaultTo' : 'ReplyTo');
  }
  return {
    action,
    messageId,
    relatesTo: trimmedTextOf(addressing.find(isReply)),
    to: trimmedTextOf(one('To')),
    replyTo: replyTo?.address,
    ...(elsewhere && { elsewhere }),
    oddities: odditiesOf(addressing, options.answer === true),
  };
}

/** A subcode in the namespace of WS-Addressing. */
export function wsaSubcode(name: string): FaultSubcode {
  return { namespace: WSA, prefix: 'wsa', name };
}

/** Answers are given on the same connection alone. Source: WS-Addressing 1.0 SOAP Binding, section 6.4.1.8. */
export function faultOnlyAnonymous(header: 'ReplyTo' | 'FaultTo'): Fault {
  return faultOfHeader(header, ['InvalidAddressingHeader', 'OnlyAnonymousAddressSupported']);
}

/** The one address is anonymous where the other is not. Source: WS-Addressing 1.0 SOAP Binding, section 6.4.1.9. */
export function faultOnlyNonAnonymous(header: 'ReplyTo' | 'FaultTo'): Fault {
  return faultOfHeader(header, ['InvalidAddressingHeader', 'OnlyNonAnonymousAddressSupported']);
}

/** Nothing is sent to this address. Source: WS-Addressing 1.0 SOAP Binding, section 6.4.1.1. */
export function faultInvalidAddress(header: 'ReplyTo' | 'FaultTo'): Fault {
  return faultOfHeader(header, ['InvalidAddressingHeader', 'InvalidAddress']);
}

/** Another message had this MessageID. Source: WS-Addressing 1.0 SOAP Binding, section 6.4.1.5. */
export function faultDuplicateMessageId(): Fault {
  return faultOfHeader('MessageID', ['InvalidAddressingHeader', 'DuplicateMessageID']);
}

/** The RelatesTo of an answer names no message that waits for one. */
export function faultOfRelatesTo(reason: string): Fault {
  return new Fault('Sender', reason, {
    location: `{${WSA}}RelatesTo`,
    subcodes: ['InvalidAddressingHeader'].map(wsaSubcode),
    detail: problemOf('RelatesTo'),
  });
}

/** True for whoever holds the other end of the connection, who is meant where nobody is named. */
export function isAnonymous(reference: EndpointReference | undefined): boolean {
  return reference === undefined || reference.address === ANONYMOUS;
}

function elsewhereOf(
  replyTo: EndpointReference | undefined,
  faultTo: EndpointReference | undefined,
): Elsewhere | undefined {
  if (isAnonymous(replyTo) && isAnonymous(faultTo)) return undefined;
  return { ...(replyTo && { replyTo }), ...(faultTo && { faultTo }) };
}

function faultOfHeader(header: string, subcodes: readonly string[]): Fault {
  return new Fault('Sender', `wsa:${header}: ${subcodes.at(-1)}`, {
    location: `{${WSA}}${header}`,
    subcodes: subcodes.map(wsaSubcode),
    detail: problemOf(header),
  });
}

function problemOf(header: string): string {
  return `<wsa:ProblemHeaderQName xmlns:wsa="${WSA}">wsa:${header}</wsa:ProblemHeaderQName>`;
}

function refuseNotUnderstood(
  headers: readonly XmlElement[],
  understood: HeaderOptions['understood'],
): void {
  const strange = headers.filter(
    (header) =>
      mustBeUnderstood(header) &&
      !(header.namespace === WSA && ADDRESSING.has(header.name)) &&
      !understood?.(header),
  );
  if (strange.length === 0) return;
  throw new Fault('MustUnderstand', 'a header block that must be understood is not', {
    location: strange.map(({ namespace, name }) => `{${namespace}}${name}`).join(' '),
  });
}

function mustBeUnderstood(header: XmlElement): boolean {
  const value = attributeIn(header, 'mustUnderstand');
  if (value === undefined || value === '0' || value === 'false') return false;
  if (value === '1' || value === 'true') return true;
  throw new Fault('Sender', 'mustUnderstand is neither true nor false');
}

function attributeIn(header: XmlElement, name: string): string | undefined {
  return header.attributes.get(`{${SOAP12}}${name}`)?.trim();
}

/** An address or identifier; an empty one counts as none. */
export function trimmedTextOf(header: XmlElement | undefined): string | undefined {
  return (header && textOf(header).trim()) || undefined;
}

function referenceOf(reference: XmlElement | undefined): EndpointReference | undefined {
  if (reference === undefined) return undefined;
  const [address, ...others] = childrenNamed(reference, WSA, 'Address');
  const value = trimmedTextOf(address);
  if (value === undefined || others.length > 0) {
    throw faultOfHeader(reference.name, ['InvalidAddressingHeader', 'MissingAddressInEPR']);
  }
  const parameters = childrenNamed(reference, WSA, 'ReferenceParameters').flatMap(elementsOf);
  return { address: value, parameters };
}

/**
 * The parameters of a reference as the header blocks of a message to it, each declaring its own prefixes.
 *
 * @see WS-Addressing 1.0 SOAP Binding, section 3.4
 */
export function referenceHeaders({ parameters }: EndpointReference): string {
  const own = `{${WSA}}IsReferenceParameter`;
  return parameters
    .map((one) => ({ ...one, attributes: new Map([...one.attributes, [own, 'true']]) }))
    .map((one) => serializeXml(one))
    .join('');
}

function isReply(header: XmlElement): boolean {
  const type = header.attributes.get('RelationshipType')?.trim();
  return header.name === 'RelatesTo' && (type === undefined || type === `${WSA}/reply`);
}

function odditiesOf(addressing: readonly XmlElement[], answer: boolean): readonly Oddity[] {
  const oddities: Oddity[] = [];
  const action = addressing.find((header) => header.name === 'Action');
  if (action !== undefined && !mustBeUnderstood(action)) {
    oddities.push('action-without-must-understand');
  }
  const astray = ['mustUnderstand', `{${WSA}}mustUnderstand`];
  if (addressing.some((header) => astray.some((name) => header.attributes.has(name)))) {
    oddities.push('must-understand-in-wrong-namespace');
  }
  if (!answer && !addressing.some((header) => header.name === 'ReplyTo')) {
    oddities.push('request-without-reply-to');
  }
  return oddities;
}
