import { Refusal } from '../refusal.ts';
import { dtmOf } from './datatypes.ts';
import {
  componentOf,
  echoOf,
  fieldText,
  parseV2,
  repetitionsOf,
  requireSegment,
  STANDARD,
  segmentsOf,
  textOf,
  type V2Field,
  type V2Message,
  type V2Segment,
  writeSegment,
  writeV2,
} from './hl7v2.ts';
import type { Authorities } from './hl7v2-authorities.ts';
import { type CharacterSets, UTF_8 } from './hl7v2-charsets.ts';
import type { AcknowledgementDetail } from './hl7v3-codes.ts';
import { known } from './hl7v3-reading.ts';
import { messageCodeOf } from './message-codes.ts';

/** An application and its facility: MSH-3 and MSH-4, or MSH-5 and MSH-6. */
export interface V2Application {
  readonly application: string;
  readonly facility: string;
}

/** What reading and writing v2 needs of the world. */
export interface V2Context {
  now(): Date;
  /** A lower-case UUID without a prefix. */
  uuid(): string;
  /** OID of this system: v2 messages name none, and V3 shapes need one. */
  readonly device: string;
  readonly authorities: Authorities;
  /** Who sends a request and to whom. An answer takes both from the request. */
  readonly parties?: { readonly sender: V2Application; readonly receiver: V2Application };
  /** How a request is written; UTF-8 where this does not say. An answer takes the sets of the request. */
  readonly sets?: CharacterSets;
}

/** MSH-9: type, trigger event, message structure. */
export interface V2Event {
  readonly type: string;
  readonly trigger?: string;
  readonly structure?: string;
}

/** What MSH says for the choice of a transaction. */
export interface V2Header extends V2Event {
  /** MSH-10; empty where there is none. */
  readonly controlId: string;
  /** MSH-12, its first component. */
  readonly version: string;
  /** MSH-11, its first component. */
  readonly processingId: string;
  readonly sender: V2Application;
}

/** The header of a message; what is not there is empty. */
export function headerIn(message: V2Message): V2Header {
  const msh = requireSegment(message, 'MSH');
  const [event] = repetitionsOf(msh, 9);
  const part = (component: number) => event && componentOf(event, component);
  return known<V2Header>({
    type: part(1) ?? '',
    trigger: part(2),
    structure: part(3),
    controlId: textOf(msh, 10)?.trim() ?? '',
    version: textOf(msh, 12)?.trim() ?? '',
    processingId: textOf(msh, 11)?.trim() ?? '',
    sender: { application: textOf(msh, 3) ?? '', facility: textOf(msh, 4) ?? '' },
  });
}

/** A request to write: its header, and the segments after it. */
export interface V2Request {
  readonly event: V2Event;
  readonly version: '2.3.1' | '2.5';
  readonly controlId: string;
  /** `YYYYMMDDHHMMSS`. */
  readonly time: string;
  /** MSH-21. */
  readonly profile?: string;
  /** The transaction's definition of MSH has no room for MSH-20. */
  readonly withoutHandling?: boolean;
  readonly segments: readonly string[];
}

/** Writes a request, in the sets of the context. */
export function writeRequest(request: V2Request, { parties, sets = UTF_8 }: V2Context): string {
  const { event, version, controlId, time, profile, withoutHandling } = request;
  const msh = writeSegment('MSH', {
    3: parties?.sender.application,
    4: parties?.sender.facility,
    5: parties?.receiver.application,
    6: parties?.receiver.facility,
    7: time,
    9: eventField(event),
    10: controlId,
    11: 'P',
    12: version,
    18: { echo: sets.declared },
    20: withoutHandling ? undefined : sets.handling,
    ...(profile === undefined ? {} : { 21: [[profile, 'IHE']] }),
  });
  return writeV2([msh, ...request.segments]);
}

function eventField({ type, trigger, structure }: V2Event): V2Field {
  return [[type, trigger, structure]];
}

/**
 * Writes an answer: the parties change places, the version and the processing id stay. It is in the character sets of the
 * request; one that named none is answered in UTF-8, where ASCII is not enough.
 */
export function writeAnswer(
  request: V2Message,
  { event, segments }: { readonly event: V2Event; readonly segments: readonly string[] },
  context: V2Context,
): string {
  const msh = requireSegment(request, 'MSH');
  const echo = (field: number): V2Field => ({
    echo: echoOf({ text: fieldText(msh, field), delimiters: msh.delimiters }),
  });
  const { names } = request.sets;
  const isAscii = segments.every((segment) => /^[\u0000-\u007f]*$/.test(segment));
  const sets = !isAscii && names.length === 1 && names[0] === 'ASCII' ? UTF_8 : request.sets;
  const written = writeSegment('MSH', {
    3: echo(5),
    4: echo(6),
    5: echo(3),
    6: echo(4),
    7: dtmOf(context.now()),
    9: eventField(event),
    10: context.uuid().replaceAll('-', '').slice(0, 20),
    11: fieldText(msh, 11) === '' ? 'P' : echo(11),
    12: versionOf(request),
    18: { echo: sets.declared },
    20: sets.handling,
  });
  return writeV2([written, ...segments]);
}

/** The version that an answer has: that of the request, as far as it is one of those spoken here. */
export function versionOf(request: V2Message): string {
  const version = textOf(requireSegment(request, 'MSH'), 12) ?? '';
  return /^2\.(?:3\.1|5(?:\.\d)?)$/.test(version) ? version : '2.5';
}

/** MSA-1. */
export type V2Acknowledgement = 'AA' | 'AE' | 'AR';

/** `MSA|AA|…`, the control id as it came. */
export function writeMSA(code: V2Acknowledgement, request: V2Message): string {
  const msh = requireSegment(request, 'MSH');
  const echo = echoOf({ text: fieldText(msh, 10), delimiters: msh.delimiters });
  return writeSegment('MSA', { 1: code, 2: { echo } });
}

/** MSA-1 of refusals: AR where one of them says that nothing was processed. */
export function acknowledgementOf(refusals: readonly Refusal[]): 'AE' | 'AR' {
  return refusals.some((refusal) => messageCodeOf(refusal).v2.acknowledgement === 'AR')
    ? 'AR'
    : 'AE';
}

/** A fault as ERR tells it. `text` goes to ERR-7, which v2.3.1 has not. */
export interface V2Fault {
  readonly code: string;
  readonly location?: string;
  readonly severity: 'E' | 'W' | 'I';
  readonly text?: string;
}

/** Refusals with their places, where the transaction knows better than they do. */
export function faultsOf(
  refusals: readonly Refusal[],
  locate: (refusal: Refusal) => string | undefined = () => undefined,
): readonly V2Fault[] {
  return refusals.map((refusal) => {
    const { code, location } = messageCodeOf(refusal).v2;
    const own = isLocation(refusal.location) ? refusal.location : undefined;
    return known<V2Fault>({
      code,
      location: own ?? locate(refusal) ?? location,
      severity: refusal.severity === 'Warning' ? 'W' : 'E',
      text: refusal.context,
    });
  });
}

function isLocation(location: string | undefined): boolean {
  return location !== undefined && /^[A-Z][A-Z0-9]{2}(?:\^\d+)*$/.test(location);
}

const TEXTS = new Map(
  ['100', '101', '102', '103', '200', '201', '202', '203', '204', '205', '206', '207'].map(
    (code) => [code, messageCodeOf({ code }).v2.text],
  ),
);

/** One ERR segment a fault; v2.3.1 has them all in the repetitions of ERR-1. */
export function writeERRs(faults: readonly V2Fault[], request: V2Message): readonly string[] {
  if (faults.length === 0) return [];
  if (versionOf(request) === '2.3.1') {
    const located = faults.map(({ code, location = '' }) => {
      const [segment, sequence, field] = location.split('^');
      return [segment, sequence, field, [code, TEXTS.get(code), 'HL70357']];
    });
    return [writeSegment('ERR', { 1: located })];
  }
  return faults.map(({ code, location, severity, text }) =>
    writeSegment('ERR', {
      2: location === undefined ? undefined : [location.split('^')],
      3: [[code, TEXTS.get(code), 'HL70357']],
      4: severity,
      7: text?.slice(0, 250),
    }),
  );
}

/** An acknowledgement that is read: outcome and what ERR and MSA-3 say. */
export interface ReadAcknowledgement {
  readonly outcome: 'A' | 'E' | 'R';
  readonly details: readonly AcknowledgementDetail[];
}

/** @throws Refusal 100 or 103 when it is no acknowledgement; one that says no is a value */
export function readMSA(message: V2Message): ReadAcknowledgement {
  const msa = requireSegment(message, 'MSA');
  const [, outcome] = /^[AC]([AER])$/.exec(textOf(msa, 1) ?? '') ?? [];
  if (outcome !== 'A' && outcome !== 'E' && outcome !== 'R') {
    throw new Refusal('103', 'expected AA, AE or AR', { location: 'MSA^1^1' });
  }
  return { outcome, details: segmentsOf(message, 'ERR').flatMap(readERR) };
}

function readERR(err: V2Segment): readonly AcknowledgementDetail[] {
  const [code] = repetitionsOf(err, 3);
  if (code !== undefined) {
    const location = fieldText(err, 2);
    const severity = textOf(err, 4);
    return [
      known<AcknowledgementDetail>({
        severity: severity === 'W' || severity === 'I' ? severity : 'E',
        code: componentOf(code, 1),
        text: textOf(err, 7) ?? textOf(err, 8),
        location: location === '' ? undefined : location,
      }),
    ];
  }
  return repetitionsOf(err, 1).map((at) => {
    const place = [1, 2, 3].map((component) => componentOf(at, component) ?? '').join('^');
    return known<AcknowledgementDetail>({
      severity: 'E',
      code: componentOf(at, 4, 1),
      location: /^\^*$/.test(place) ? undefined : place.replace(/\^+$/, ''),
    });
  });
}

/** The control id that an answer says it answers: MSA-2. */
export function answeredControlId(message: V2Message): string | undefined {
  const [msa] = segmentsOf(message, 'MSA');
  return msa && textOf(msa, 2);
}

/** A request of nothing, for an answer to what could not be read. */
export const NO_REQUEST: V2Message = parseV2(`MSH${STANDARD.field}^~\\&`);

/** What QAK says. Source: HL7 v2.5 section 5.5.2. */
export interface QueryStatus {
  readonly status: 'OK' | 'NF' | 'AE' | 'AR';
  /** How many there are, in this answer and after it; sent only where an answer is one of several. */
  readonly counted?: { readonly total: number; readonly here: number; readonly remaining: number };
}

/** QAK and the query itself, as it came; none where the request has none. */
export function writeQueryStatus(request: V2Message, status: QueryStatus): readonly string[] {
  const [qpd] = segmentsOf(request, 'QPD');
  if (qpd === undefined) return [];
  const echo = (field: number): V2Field => ({
    echo: echoOf({ text: fieldText(qpd, field), delimiters: qpd.delimiters }),
  });
  const { counted } = status;
  const qak = writeSegment('QAK', {
    1: echo(2),
    2: status.status,
    ...(counted === undefined
      ? {}
      : {
          3: echo(1),
          4: String(counted.total),
          5: String(counted.here),
          6: String(counted.remaining),
        }),
  });
  return [qak, echoOf(qpd)];
}

/** Details of a response in the shape of V3, as ERR tells them. */
export function faultsOfDetails(details: readonly AcknowledgementDetail[]): readonly V2Fault[] {
  return details.map(({ severity, code, text, location }) =>
    known<V2Fault>({
      code: messageCodeOf({ code: code ?? '207' }).v2.code,
      location: isLocation(location) ? location : undefined,
      severity,
      text,
    }),
  );
}

/** Without the words: where the code says all, an answer is as the Framework prints it. */
export function withoutText(faults: readonly V2Fault[]): readonly V2Fault[] {
  return faults.map(({ text, ...fault }) =>
    fault.code === '204' ? fault : known<V2Fault>({ ...fault, text }),
  );
}

/** The wrapper that V3 shapes have, of a v2 message: its control id stands under this system's OID. */
export function transmissionIn(message: V2Message, { device, now }: V2Context) {
  const msh = requireSegment(message, 'MSH');
  const digits = /^\d{14}/.exec(textOf(msh, 7) ?? '')?.[0];
  return {
    messageId: { root: device, extension: headerIn(message).controlId },
    creationTime: digits ?? dtmOf(now()),
    sender: { device },
    receiver: { device },
  };
}

/** MSH-10 of a request in the shape of V3. It has at most 20 characters. */
export function controlIdOf(messageId: {
  readonly root: string;
  readonly extension?: string;
}): string {
  return (messageId.extension ?? messageId.root.replaceAll('-', '')).slice(0, 20);
}

/** MSH-10 as an audit record names it: of a message that came all of it, of one that we send as much as it has. */
export function controlIdDetail(
  side: 'asker' | 'answerer',
  { messageId }: { readonly messageId: { readonly root: string; readonly extension?: string } },
) {
  const received = side === 'answerer' ? messageId.extension : undefined;
  return { type: 'MSH-10', value: received ?? controlIdOf(messageId) };
}
