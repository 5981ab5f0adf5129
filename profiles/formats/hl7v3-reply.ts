import { Refusal } from '../refusal.ts';
import {
  type AcknowledgementDetail,
  findDetailCode,
  type QueryResponseCode,
} from './hl7v3-codes.ts';
import type { MessageIssue, Party, ReplyTransmission } from './hl7v3.ts';
import { type II, isUid, timestampOf, v3, v3Text, writeII, writtenII } from './hl7v3-datatypes.ts';
import {
  childrenOf,
  findAttribute,
  findChild,
  HL7_V3,
  known,
  type Located,
  refusalAt,
  requireChild,
  requireCode,
  trimmedText,
  V3_LIMITS,
} from './hl7v3-reading.ts';
import {
  attributeOf,
  childNamed,
  childrenNamed,
  parseXml,
  serializeWithin,
  serializeXml,
  type XmlElement,
  XSI,
} from './xml.ts';

/** `A…` accepted, `E…` error, `R…` rejected: the second letter of an acknowledgement's code. */
export type Outcome = 'A' | 'E' | 'R';

/** An acknowledgement as it was received; accept and application acknowledgements are read alike, since peers mix them. */
export interface Acknowledgement {
  readonly outcome: Outcome;
  readonly details: readonly AcknowledgementDetail[];
}

const ACKNOWLEDGEMENT_CODES = ['AA', 'AE', 'AR', 'CA', 'CE', 'CR'] as const;
const OUTCOMES: Readonly<Record<(typeof ACKNOWLEDGEMENT_CODES)[number], Outcome>> = {
  AA: 'A',
  AE: 'E',
  AR: 'R',
  CA: 'A',
  CE: 'E',
  CR: 'R',
};

/** Reads the one acknowledgement of an answer. @throws Refusal SYN100, SYN101, SYN103 or SYN110 */
export function readAcknowledgement(root: Located): Acknowledgement {
  const acknowledgement = requireChild(root, 'acknowledgement');
  return {
    outcome: OUTCOMES[requireCode(acknowledgement, 'typeCode', ACKNOWLEDGEMENT_CODES)],
    details: childrenOf(acknowledgement, 'acknowledgementDetail').map(readDetail),
  };
}

const SEVERITIES = ['E', 'W', 'I'] as const;

function readDetail(detail: Located): AcknowledgementDetail {
  const typeCode = findAttribute(detail, 'typeCode') ?? 'E';
  const severity = SEVERITIES.find((one) => one === typeCode);
  if (severity === undefined) throw refusalAt(detail, 'SYN103', 'typeCode is one of E, W, I');
  const code = findChild(detail, 'code');
  const text = findChild(detail, 'text');
  const location = childrenOf(detail, 'location')[0];
  return known<AcknowledgementDetail>({
    severity,
    code: code && findAttribute(code, 'code'),
    text: text && (trimmedText(text) || undefined),
    location: location && (trimmedText(location) || undefined),
  });
}

/** An acknowledgement to write; its code is `AA` and the like in application answers, `CA` and the like else. */
export interface AcknowledgementParts {
  readonly code: (typeof ACKNOWLEDGEMENT_CODES)[number];
  /** The id of the message that is answered, if it had one. */
  readonly targetMessage: II | undefined;
  readonly details: readonly AcknowledgementDetail[];
}

/** `typeCode` is a child element here; only the detail has an attribute of that name. */
export function writeAcknowledgement(parts: AcknowledgementParts): string {
  const { targetMessage } = parts;
  const id = targetMessage === undefined ? v3('id', { nullFlavor: 'UNK' }) : writeII(targetMessage);
  return v3(
    'acknowledgement',
    {},
    v3('typeCode', { code: parts.code }),
    v3('targetMessage', {}, id),
    ...parts.details.map(writeDetail),
  );
}

function writeDetail({ severity, code, text, location }: AcknowledgementDetail): string {
  const codeSystem = code === undefined ? undefined : findDetailCode(code)?.codeSystem;
  return v3(
    'acknowledgementDetail',
    { typeCode: severity },
    code === undefined ? undefined : v3('code', { code, codeSystem }),
    v3Text('text', writable(text)),
    v3Text('location', writable(location)),
  );
}

// Control characters and lone surrogates, which a text of another origin may have.
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;

/** No longer than our own reader allows, and without what XML cannot carry: saying no must never fail. */
function writable(text: string | undefined): string | undefined {
  return text?.slice(0, V3_LIMITS.value).replace(UNWRITABLE, '?') || undefined;
}

const QUERY_RESPONSE_CODES = ['OK', 'NF', 'QE', 'AE'] as const;

/** `queryAck/queryResponseCode` of an answer. @throws Refusal SYN100, SYN101 or SYN103 */
export function readQueryResponseCode(controlAct: Located): QueryResponseCode {
  const queryAck = requireChild(controlAct, 'queryAck');
  return requireCode(queryAck, 'queryResponseCode', QUERY_RESPONSE_CODES);
}

/** `queryAck` to write. `total` is given where the transaction counts its results. */
export interface QueryAckParts {
  readonly queryId: II | undefined;
  readonly code: QueryResponseCode;
  readonly total?: number;
  /** How many are in this answer; default: all. */
  readonly current?: number;
  /** How many are still to be fetched; default: none. */
  readonly remaining?: number | undefined;
}

/** Writes `queryAck`: delivered for OK and NF, else aborted. */
export function writeQueryAck({
  queryId,
  code,
  total,
  current = total,
  remaining = 0,
}: QueryAckParts): string {
  const delivered = code === 'OK' || code === 'NF';
  const quantity = (name: string, value: number | undefined) =>
    value === undefined ? undefined : v3(name, { value });
  return v3(
    'queryAck',
    {},
    queryId && writeII(queryId, 'queryId'),
    v3('statusCode', { code: delivered ? 'deliveredResponse' : 'aborted' }),
    v3('queryResponseCode', { code }),
    quantity('resultTotalQuantity', total),
    quantity('resultCurrentQuantity', current),
    quantity('resultRemainingQuantity', total === undefined ? undefined : remaining),
  );
}

/** What an answer must repeat of its request, as far as the request says it; for requests that could not be decoded, too. */
export interface Answered {
  readonly messageId?: II;
  readonly sender?: Party;
  readonly receiver?: Party;
  readonly queryId?: II;
  /** `queryByParameter` as it was received. */
  readonly query?: XmlElement;
}

/** Takes what can be taken of any element, and refuses nothing. */
export function answeredOf(body: XmlElement): Answered {
  const query = descend(body, 'controlActProcess', 'queryByParameter');
  return known<Answered>({
    messageId: takeII(descend(body, 'id')),
    sender: takeParty(descend(body, 'sender', 'device')),
    receiver: takeParty(descend(body, 'receiver', 'device')),
    queryId: takeII(query && descend(query, 'queryId')),
    query,
  });
}

function descend(element: XmlElement, ...names: readonly string[]): XmlElement | undefined {
  let place: XmlElement | undefined = element;
  for (const name of names) place = place && childNamed(place, HL7_V3, name);
  return place;
}

function takeII(element: XmlElement | undefined): II | undefined {
  const root = element && attributeOf(element, 'root')?.trim();
  if (element === undefined || root === undefined || !isUid(root)) return undefined;
  const extension = attributeOf(element, 'extension');
  const usable = extension !== undefined && extension !== '' && extension.length <= V3_LIMITS.value;
  return usable ? { root, extension } : { root };
}

function takeParty(device: XmlElement | undefined): Party | undefined {
  const id = takeII(device && descend(device, 'id'));
  if (device === undefined || id === undefined) return undefined;
  const organization = takeII(descend(device, 'asAgent', 'representedOrganization', 'id'));
  return known<Party>({ device: id.root, organization: organization?.root });
}

/**
 * Refusals of values of a parameter, each where its value stands in the request: an actor counts values, and several may stand
 * in one element of the parameter.
 */
export function placedAtValues(
  refusals: readonly Refusal[],
  { body, parameter }: { readonly body: XmlElement; readonly parameter: string },
): readonly Refusal[] {
  const names = ['controlActProcess', 'queryByParameter', 'parameterList'];
  const list = descend(body, ...names);
  const counted = (place: string, number: number, of: readonly unknown[]) =>
    of.length > 1 ? `${place}[${number + 1}]` : place;
  const found = list === undefined ? [] : childrenNamed(list, HL7_V3, parameter);
  const places = found.flatMap((element, at) =>
    childrenNamed(element, HL7_V3, 'value').map((_, number, values) =>
      [
        '',
        body.name,
        ...names,
        counted(parameter, at, found),
        counted('value', number, values),
      ].join('/'),
    ),
  );
  const ofParameter = new RegExp(`/${parameter}(?:\\[(\\d+)\\])?/value$`);
  return refusals.map((refusal) => {
    const said = ofParameter.exec(refusal.location ?? '');
    const location = said ? places[Number(said[1] ?? 1) - 1] : undefined;
    if (refusal.code !== '204' || location === undefined) return refusal;
    return new Refusal(refusal.code, refusal.context, { location, severity: refusal.severity });
  });
}

/** The wrapper of an answer: a fresh id, and the parties of the request, the other way round. */
export function replyTransmission(answered: Answered, issue: MessageIssue): ReplyTransmission {
  return {
    messageId: { root: issue.uuid() },
    creationTime: timestampOf(issue.now()),
    sender: answered.receiver,
    receiver: answered.sender,
  };
}

/** What `writeMessage` declares around the echo. */
const IN_FORCE = new Map([
  [HL7_V3, ''],
  [XSI, 'xsi'],
]);

/** The query as it was sent, for the answer to repeat; undefined where there was none. */
export function echoOf(answered: Answered): string | undefined {
  return answered.query && serializeWithin(answered.query, IN_FORCE);
}

/** A query as the audit trail records it: its id, and `queryByParameter` as XML. */
export interface RecordedQuery {
  readonly id: string;
  readonly text: string;
}

/**
 * The query of a whole message as the audit trail records it. A message that has none, or is no XML, is recorded as it
 * came, under the id `unknown`: what was refused is recorded, too.
 */
export function recordedQueryOf(payload: string): RecordedQuery {
  const { query, queryId } = findAnswered(payload);
  return {
    id: queryId === undefined ? 'unknown' : writtenII(queryId),
    text: query === undefined ? payload : serializeXml(query, new Map([[HL7_V3, '']])),
  };
}

function findAnswered(payload: string): Answered {
  try {
    return answeredOf(parseXml(payload));
  } catch (error) {
    if (error instanceof Refusal) return {};
    throw error;
  }
}
