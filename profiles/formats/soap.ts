import { Fault, type FaultCode, type FaultSubcode } from '../refusal.ts';
import {
  ANONYMOUS,
  type Elsewhere,
  type HeaderOptions,
  type Oddity,
  readAddressing,
  SOAP12,
  trimmedTextOf,
  WSA,
  wsaSubcode,
} from './soap-addressing.ts';
import {
  childNamed,
  childrenNamed,
  elementsOf,
  escapeXml,
  isNamed,
  resolveName,
  serializeChildren,
  textOf,
  XML_NAMESPACE,
  type XmlElement,
} from './xml.ts';

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
  /** Where answers and faults go, where that is not the other end of the connection. Source: ITI TF-2: Appendix V. */
  readonly elsewhere?: Elsewhere;
  /** Header blocks in order, the addressing ones included. */
  readonly headers: readonly XmlElement[];
  /** The single payload element. */
  readonly body: XmlElement;
}

/** An envelope that came over the wire. */
export interface OpenedEnvelope extends Opened {
  /** Each at most once. */
  readonly oddities: readonly Oddity[];
}

/**
 * Opens an envelope: checks its form, what must be understood, and its addressing.
 *
 * A missing `mustUnderstand` on WS-Addressing headers and a missing ReplyTo are accepted and listed as oddities.
 *
 * @throws Fault VersionMismatch when it is no SOAP 1.2 envelope; MustUnderstand for a header block that nobody here
 * processes; Sender for another form, with a WS-Addressing subcode where a header is missing, doubled or not supported
 * @see SOAP 1.2 Part 1, sections 2.6 and 5; WS-Addressing 1.0 SOAP Binding, section 6
 */
export function readEnvelope(root: XmlElement, options: HeaderOptions = {}): OpenedEnvelope {
  if (!isNamed(root, SOAP12, 'Envelope')) {
    throw new Fault('VersionMismatch', 'not a SOAP 1.2 envelope');
  }
  const { headers, body } = partsOf(root);
  const addressing = readAddressing(headers, options);
  return { headers, body: payloadOf(body), ...addressing };
}

/**
 * The MessageID of an envelope that may be refused, for the RelatesTo of the fault.
 *
 * @returns undefined where there is none, or more than one; never throws
 */
export function messageIdOf(root: XmlElement): string | undefined {
  const header = childNamed(root, SOAP12, 'Header');
  const ids = header === undefined ? [] : childrenNamed(header, WSA, 'MessageID');
  return ids.length === 1 ? trimmedTextOf(ids[0]) : undefined;
}

function partsOf(root: XmlElement): { headers: readonly XmlElement[]; body: XmlElement } {
  refuseText(root, 'the envelope');
  const elements = elementsOf(root);
  const [first, second] = elements;
  const header = first !== undefined && isNamed(first, SOAP12, 'Header') ? first : undefined;
  const body = header === undefined ? first : second;
  if (body === undefined || !isNamed(body, SOAP12, 'Body')) {
    throw new Fault('Sender', 'the envelope has no body in its place');
  }
  if (elements.length > (header === undefined ? 1 : 2)) {
    throw new Fault('Sender', 'the envelope has elements beside header and body');
  }
  if (header !== undefined) refuseText(header, 'the header');
  return { headers: header === undefined ? [] : elementsOf(header), body };
}

function payloadOf(body: XmlElement): XmlElement {
  refuseText(body, 'the body');
  const [payload, ...others] = elementsOf(body);
  if (payload === undefined || others.length > 0) {
    throw new Fault('Sender', 'the body holds not exactly one element');
  }
  return payload;
}

function refuseText(element: XmlElement, where: string): void {
  if (textOf(element).trim() !== '') throw new Fault('Sender', `${where} holds text`);
}

/** What an envelope that is to be written says of itself. */
export interface EnvelopeHeader {
  readonly action: string;
  readonly messageId?: string;
  /** The MessageID that is answered; with it the message is an answer. */
  readonly relatesTo?: string;
  readonly to?: string;
  /** Where the answer is wanted; without it, a request asks for it on the same connection. */
  readonly replyTo?: string;
  /** Further header blocks, as XML that declares its own prefixes. */
  readonly headers?: string;
}

/**
 * An envelope as XML, with its XML declaration. The prefixes `soap` and `wsa` are in force inside it, no default namespace.
 *
 * @param envelope its `body` is the payload element as XML, with its own prefixes declared
 * @see ITI TF-2: Appendix V.3.2
 */
export function writeEnvelope(envelope: EnvelopeHeader & { readonly body: string }): string {
  const { before, after } = envelopeParts(envelope);
  return before + envelope.body + after;
}

/** What stands before and after the payload, so that a large one need not be copied. */
export function envelopeParts(header: EnvelopeHeader): { before: string; after: string } {
  const { action, messageId, relatesTo, to, headers = '' } = header;
  const asks = messageId !== undefined && relatesTo === undefined;
  const replyTo = header.replyTo ?? (asks ? ANONYMOUS : undefined);
  const must = ' soap:mustUnderstand="true"';
  // Who does not read these would answer, or be answered, in the wrong place.
  const [ofTo, ofReplyTo] = [relatesTo === undefined ? '' : must, header.replyTo ? must : ''];
  const blocks = [
    to === undefined ? '' : `<wsa:To${ofTo}>${escapeXml(to)}</wsa:To>`,
    messageId === undefined ? '' : `<wsa:MessageID>${escapeXml(messageId)}</wsa:MessageID>`,
    `<wsa:Action${must}>${escapeXml(action)}</wsa:Action>`,
    replyTo === undefined
      ? ''
      : `<wsa:ReplyTo${ofReplyTo}><wsa:Address>${escapeXml(replyTo)}</wsa:Address></wsa:ReplyTo>`,
    relatesTo === undefined ? '' : `<wsa:RelatesTo>${escapeXml(relatesTo)}</wsa:RelatesTo>`,
    headers,
  ];
  return {
    before:
      '<?xml version="1.0" encoding="UTF-8"?>' +
      `<soap:Envelope xmlns:soap="${SOAP12}" xmlns:wsa="${WSA}">` +
      `<soap:Header>${blocks.join('')}</soap:Header><soap:Body>`,
    after: '</soap:Body></soap:Envelope>',
  };
}

/** The action was not expected here. Source: WS-Addressing 1.0 SOAP Binding, section 6.4.3. */
export function faultActionNotSupported(action: string): Fault {
  return faultOfAction(action, ['ActionNotSupported']);
}

/** The action contradicts the payload. Source: WS-Addressing 1.0 SOAP Binding, section 6.4.1.7. */
export function faultActionMismatch(action: string, reason?: string): Fault {
  return faultOfAction(action, ['InvalidAddressingHeader', 'ActionMismatch'], reason);
}

function faultOfAction(action: string, subcodes: readonly string[], reason?: string): Fault {
  const problem = `<wsa:Action>${escapeXml(action)}</wsa:Action>`;
  return new Fault('Sender', reason ?? `wsa:Action: ${subcodes.at(-1)}`, {
    location: action,
    subcodes: subcodes.map(wsaSubcode),
    detail: `<wsa:ProblemAction xmlns:wsa="${WSA}">${problem}</wsa:ProblemAction>`,
  });
}

/** 400 where the sender is at fault, 500 for all else. Source: SOAP 1.2 Part 2, Table 20. */
export function httpStatusOf(fault: Fault): 400 | 500 {
  return fault.fault === 'Sender' ? 400 : 500;
}

/**
 * The envelope that carries a fault, as XML.
 *
 * @param relatesTo the MessageID of the refused message, if it could be read
 * @param sent what a fault says besides that travels in a message of its own
 * @see SOAP 1.2 Part 1, section 5.4; WS-Addressing 1.0 SOAP Binding, section 6
 */
export function writeFault(
  fault: Fault,
  relatesTo?: string,
  sent: Pick<EnvelopeHeader, 'to' | 'messageId' | 'headers'> = {},
): string {
  const addressing = fault.subcodes.some(({ namespace }) => namespace === WSA);
  const detail = fault.detail === undefined ? '' : `<soap:Detail>${fault.detail}</soap:Detail>`;
  return writeEnvelope({
    action: addressing ? `${WSA}/fault` : `${WSA}/soap/fault`,
    relatesTo,
    ...sent,
    headers: faultHeaders(fault) + (sent.headers ?? ''),
    body:
      `<soap:Fault><soap:Code><soap:Value>soap:${fault.fault}</soap:Value>` +
      `${writeSubcodes(fault.subcodes)}</soap:Code>` +
      `<soap:Reason><soap:Text xml:lang="en">${escapeXml(fault.context)}</soap:Text></soap:Reason>` +
      `${detail}</soap:Fault>`,
  });
}

function writeSubcodes([outer, ...inner]: readonly FaultSubcode[]): string {
  if (outer === undefined) return '';
  const { namespace, name } = outer;
  // Declared on an element that is itself named with `soap`.
  const prefix = outer.prefix === 'soap' ? 'code' : outer.prefix;
  const value =
    `<soap:Value xmlns:${prefix}="${escapeXml(namespace)}">` +
    `${escapeXml(`${prefix}:${name}`)}</soap:Value>`;
  return `<soap:Subcode>${value}${writeSubcodes(inner)}</soap:Subcode>`;
}

/** `soap:Upgrade` says which envelope is spoken here; `soap:NotUnderstood` names a header block. */
function faultHeaders({ fault, location = '' }: Fault): string {
  if (fault === 'VersionMismatch') {
    return '<soap:Upgrade><soap:SupportedEnvelope qname="soap:Envelope"/></soap:Upgrade>';
  }
  if (fault !== 'MustUnderstand') return '';
  return [...location.matchAll(/\{([^}]*)\}(\S+)/g)]
    .map(([, namespace = '', name = '']) => {
      // A name in no namespace cannot be written with a prefix.
      if (namespace === XML_NAMESPACE) return '';
      if (namespace === '') return `<soap:NotUnderstood qname="${escapeXml(name)}"/>`;
      return `<soap:NotUnderstood xmlns:h="${escapeXml(namespace)}" qname="h:${escapeXml(name)}"/>`;
    })
    .join('');
}

/**
 * The fault in an answer.
 *
 * Its context is the peer's first reason; its detail is kept as XML that declares its own prefixes. An unknown or
 * unreadable code counts as Receiver, since then it is not known that another message would do better.
 *
 * @returns undefined when the envelope carries no SOAP 1.2 fault
 */
export function readFault(root: XmlElement): Fault | undefined {
  const body = isNamed(root, SOAP12, 'Envelope') ? childNamed(root, SOAP12, 'Body') : undefined;
  const fault = body && childNamed(body, SOAP12, 'Fault');
  if (fault === undefined) return undefined;
  const [code, ...subcodes] = codesOf(childNamed(fault, SOAP12, 'Code'));
  const reason = childNamed(fault, SOAP12, 'Reason');
  const text = reason && childNamed(reason, SOAP12, 'Text');
  const detail = childNamed(fault, SOAP12, 'Detail');
  return new Fault(
    code?.namespace === SOAP12 ? (FAULT_CODES.get(code.name) ?? 'Receiver') : 'Receiver',
    trimmedTextOf(text) ?? 'no reason given',
    { subcodes, detail: detail && serializeChildren(detail, new Map()) },
  );
}

const FAULT_CODES = new Map<string, FaultCode>([
  ['Sender', 'Sender'],
  ['Receiver', 'Receiver'],
  ['MustUnderstand', 'MustUnderstand'],
  ['VersionMismatch', 'VersionMismatch'],
]);

/** The fault's code, then its subcodes from the outside in; what is no qualified name ends the list. */
function codesOf(code: XmlElement | undefined): FaultSubcode[] {
  const value = code && childNamed(code, SOAP12, 'Value');
  if (code === undefined || value === undefined) return [];
  const text = textOf(value).trim();
  // Without a prefix it is a name of the default namespace, which in a fault is SOAP's.
  const resolved = FAULT_CODES.has(text)
    ? { namespace: SOAP12, name: text }
    : resolveName(value, text);
  if (resolved === undefined) return [];
  const prefix = text.slice(0, Math.max(0, text.indexOf(':')));
  return [{ ...resolved, prefix }, ...codesOf(childNamed(code, SOAP12, 'Subcode'))];
}
