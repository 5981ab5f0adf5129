import type { AuditedExchange, AuditObject } from '../audit-event.ts';
import {
  componentOf,
  requireSegment,
  repetitionsOf,
  segmentsOf,
  type V2Message,
  type V2Segment,
  textOf,
  writeSegment,
} from '../formats/hl7v2.ts';
import { authorityIn, idsIn, writeCX, writeDomain } from '../formats/hl7v2-authorities.ts';
import { fieldsOfPID, readPID } from '../formats/hl7v2-person.ts';
import {
  acknowledgementOf,
  controlIdDetail,
  controlIdOf,
  faultsOf,
  faultsOfDetails,
  headerIn,
  readMSA,
  transmissionIn,
  type V2Acknowledgement,
  type V2Application,
  type V2Context,
  type V2Fault,
  withoutText,
  writeAnswer,
  writeERRs,
  writeMSA,
  writeQueryStatus,
  writeRequest,
} from '../formats/hl7v2-reply.ts';
import type { II, Transmission } from '../formats/hl7v3.ts';
import { known } from '../formats/hl7v3-reading.ts';
import { Refusal } from '../refusal.ts';
import { defineMllpTransaction } from '../transaction.ts';
import type { DemographicsMatch, DemographicsQuery, DemographicsQueryResponse } from './iti-47.ts';
import { readParameters, type V2Criteria, writeParameters } from './query-parameters.ts';

export type { V2Criteria } from './query-parameters.ts';

/** Who asks, as MSH-3 and MSH-4 say: a pointer is hers alone. */
interface Asked {
  readonly asker: V2Application;
}

/** QBP^Q22: the query of ITI-47; with a pointer, for more of the answer to the same query. Source: ITI TF-2: 3.21. */
export interface V2DemographicsQuery extends DemographicsQuery, Asked {
  readonly kind: 'query';
  readonly criteria: V2Criteria;
  /** DSC-1 of the answer before. */
  readonly pointer?: string;
}

/** QCN^J01: nobody wants more of the answer. */
export interface V2QueryCancel extends Asked {
  readonly kind: 'cancel';
  readonly transmission: Transmission;
  readonly queryId: II;
}

export type PatientDemographicsQuery = V2DemographicsQuery | V2QueryCancel;

/** RSP^K22, or ACK^J01, which has no matches and the status NF. */
export interface PatientDemographicsResponse extends DemographicsQueryResponse {
  /** Where this is one of several answers. */
  readonly continuation?: {
    /** DSC-1; absent in the last answer. */
    readonly pointer?: string;
    readonly total: number;
    readonly remaining: number;
  };
}

const QUERY_NAME = 'IHE PDQ Query';
const ANSWER = { type: 'RSP', trigger: 'K22', structure: 'RSP_K21' } as const;
const CANCELLED = { type: 'ACK', trigger: 'J01', structure: 'ACK' } as const;

/** Patient Demographics Query, over HL7 v2, with continuation and cancel. Source: ITI TF-2: 3.21. */
export const ITI_21 = defineMllpTransaction<PatientDemographicsQuery, PatientDemographicsResponse>({
  id: 'ITI-21',
  name: 'Patient Demographics Query',
  section: 'ITI TF-2: 3.21',
  asks: ['Patient Demographics Consumer'],
  answers: ['Patient Demographics Supplier'],
  wire: {
    kind: 'mllp',
    version: '2.5',
    messages: [
      { type: 'QBP', trigger: 'Q22', structure: 'QBP_Q21', reply: ANSWER },
      { type: 'QCN', trigger: 'J01', structure: 'QCN_J01', reply: CANCELLED },
    ],
  },
  request: { decode: decodeRequest, encode: encodeRequest },
  response: { decode: decodeAnswer, encode: encodeAnswer },
  refusal(refusals, request, context) {
    const faults = faultsOf(refusals, (refusal) => placeOfUnknown(refusal, request));
    return answer(request, { code: acknowledgementOf(refusals), status: 'AE', faults }, context);
  },
  generalError: 'INTERR',
  audit: {
    event: { asker: 'Query', answerer: 'Query' },
    name: 'Patient Demographics Query',
    source: 'asker',
    action: () => 'E',
    objects: auditedObjects,
  },
});

/** The pointer is not known, no longer, or somebody else's. */
export function unknownPointer(): Refusal {
  return new Refusal('204', 'unknown continuation pointer', { location: 'DSC^1^1' });
}

function auditedObjects(
  exchange: AuditedExchange<PatientDemographicsQuery, PatientDemographicsResponse>,
): AuditObject[] {
  const { side, request, response, query } = exchange;
  const details = request && [controlIdDetail(side, request.transmission)];
  const patients = (response?.matches ?? []).flatMap(({ ids }) => ids.slice(0, 1));
  return [
    ...patients.map((patientId): AuditObject => ({ kind: 'patient', patientId })),
    {
      kind: 'query',
      id: request?.queryId.extension ?? '',
      text: query ?? '',
      ...(details && { details }),
    },
  ];
}

/** @throws Refusal 100, 101, 102, 103 */
function decodeRequest(message: V2Message, context: V2Context): PatientDemographicsQuery {
  const { sender: asker, trigger } = headerIn(message);
  const transmission = transmissionIn(message, context);
  if (trigger === 'J01') {
    const tag = textOf(requireSegment(message, 'QID'), 1);
    if (tag === undefined) throw new Refusal('101', 'QID-1 is required', { location: 'QID^1^1' });
    return {
      kind: 'cancel',
      asker,
      transmission,
      queryId: { root: context.device, extension: tag },
    };
  }
  const qpd = requireQuery(message);
  const [dsc] = segmentsOf(message, 'DSC');
  return known<V2DemographicsQuery>({
    kind: 'query',
    asker,
    transmission,
    queryId: { root: context.device, extension: textOf(qpd, 2) ?? '' },
    criteria: readParameters(qpd, context),
    scopingOrganizations: domainsIn(qpd, context),
    initialQuantity: quantityIn(requireSegment(message, 'RCP')),
    pointer: dsc && textOf(dsc, 1),
  });
}

/** QPD, with its tag, and RCP. @throws Refusal 100, 101, 103 */
function requireQuery(message: V2Message): V2Segment {
  const qpd = requireSegment(message, 'QPD');
  const priority = textOf(requireSegment(message, 'RCP'), 1);
  for (const [value, name, location] of [
    [textOf(qpd, 2), 'QPD-2', 'QPD^1^2'],
    [priority, 'RCP-1', 'RCP^1^1'],
  ] as const) {
    if (value === undefined) throw new Refusal('101', `${name} is required`, { location });
  }
  if (priority === 'I') return qpd;
  throw new Refusal('103', 'only immediate answers', { location: 'RCP^1^1' });
}

function domainsIn(qpd: V2Segment, { authorities }: V2Context): readonly string[] {
  return repetitionsOf(qpd, 8).map((at) => {
    const domain = authorityIn(at, authorities);
    if (domain !== undefined) return domain;
    const location = `QPD^1^8^${at.repetition}^4`;
    throw new Refusal('101', 'a wanted domain has an authority', { location });
  });
}

/** RCP-2, `50^RD`: records in one answer. */
function quantityIn(rcp: V2Segment): number | undefined {
  const [at] = repetitionsOf(rcp, 2);
  const text = at && componentOf(at, 1);
  if (at === undefined || text === undefined) return undefined;
  const unit = componentOf(at, 2) ?? 'RD';
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new Refusal('102', 'expected a whole number from 1', { location: 'RCP^1^2^1^1' });
  }
  if (unit === 'RD') return Number(text);
  throw new Refusal('103', 'only records are counted', { location: 'RCP^1^2^1^2' });
}

/** `QPD^1^8^n` for a wanted domain that is not known. */
function placeOfUnknown({ code, location }: Refusal, message: V2Message): string | undefined {
  const [, number] =
    /\/otherIDsScopingOrganization(?:\[(\d+)\])?\/value$/.exec(location ?? '') ?? [];
  if (code !== '204' || !location?.includes('otherIDsScopingOrganization')) return undefined;
  const [qpd] = segmentsOf(message, 'QPD');
  const wanted = qpd === undefined ? [] : repetitionsOf(qpd, 8);
  return `QPD^1^8^${wanted[Number(number ?? 1) - 1]?.repetition ?? 1}`;
}

function encodeRequest(query: PatientDemographicsQuery, context: V2Context): string {
  const { transmission, queryId, asker } = query;
  const receiver = context.parties?.receiver ?? { application: '', facility: '' };
  const asking = { ...context, parties: { sender: asker, receiver } };
  const tag = queryId.extension ?? queryId.root;
  const header = {
    version: '2.5',
    controlId: controlIdOf(transmission.messageId),
    time: transmission.creationTime,
  } as const;
  if (query.kind === 'cancel') {
    const event = { type: 'QCN', trigger: 'J01', structure: 'QCN_J01' };
    const segments = [writeSegment('QID', { 1: tag, 2: QUERY_NAME })];
    return writeRequest({ ...header, event, segments }, asking);
  }
  const { criteria, scopingOrganizations, initialQuantity, pointer } = query;
  const domains = scopingOrganizations.map((oid) => writeDomain(oid, context.authorities));
  const qpd = writeSegment('QPD', {
    1: QUERY_NAME,
    2: tag,
    3: writeParameters(criteria, context),
    8: domains.length === 0 ? undefined : domains,
  });
  const quantity = initialQuantity === undefined ? undefined : [[String(initialQuantity), 'RD']];
  const dsc = pointer === undefined ? [] : [writeSegment('DSC', { 1: pointer, 2: 'I' })];
  return writeRequest(
    {
      ...header,
      event: { type: 'QBP', trigger: 'Q22', structure: 'QBP_Q21' },
      segments: [qpd, writeSegment('RCP', { 1: 'I', 2: quantity }), ...dsc],
    },
    asking,
  );
}

/** @throws Refusal when it is no answer; one that says no is a value */
function decodeAnswer(message: V2Message, context: V2Context): PatientDemographicsResponse {
  const { outcome, details } = readMSA(message);
  const [qak] = segmentsOf(message, 'QAK');
  const status = qak && textOf(qak, 2);
  const count = (field: number) => Number((qak && textOf(qak, field)) ?? Number.NaN);
  const [dsc] = segmentsOf(message, 'DSC');
  const pointer = dsc && textOf(dsc, 1);
  const isCounted = Number.isInteger(count(4)) && Number.isInteger(count(6));
  const cancelled = headerIn(message).type === 'ACK' && outcome === 'A';
  return known<PatientDemographicsResponse>({
    acknowledgement: `A${outcome}`,
    queryResponseCode: status === 'OK' || status === 'NF' ? status : cancelled ? 'NF' : 'AE',
    matches: matchesIn(message, context),
    details,
    continuation:
      pointer !== undefined || isCounted
        ? known({ pointer, total: count(4) || 0, remaining: count(6) || 0 })
        : undefined,
  });
}

/** Each PID, with the QRI that follows it. */
function matchesIn(message: V2Message, context: V2Context): readonly DemographicsMatch[] {
  const matches: DemographicsMatch[] = [];
  for (const segment of message.segments) {
    if (segment.name === 'PID') matches.push(readMatch(segment, context));
    const last = matches.at(-1);
    if (segment.name !== 'QRI' || last === undefined) continue;
    const degree = Number(textOf(segment, 1) ?? '100');
    if (degree >= 0 && degree <= 100) matches[matches.length - 1] = { ...last, degree };
  }
  return matches;
}

function readMatch(pid: V2Segment, context: V2Context): DemographicsMatch {
  const authorities = { ...context.authorities, fed: [] };
  const all = idsIn(pid, 3, authorities).map(({ id }) => id);
  const domain = all[0]?.assigningAuthority;
  return known<DemographicsMatch>({
    ids: all.filter(({ assigningAuthority }) => assigningAuthority === domain),
    otherIds: all.filter(({ assigningAuthority }) => assigningAuthority !== domain),
    demographics: readPID(pid),
    degree: 100,
    custodian: context.device,
    providerOrganization: domain === context.device ? undefined : domain,
  });
}

function encodeAnswer(
  response: PatientDemographicsResponse,
  request: V2Message,
  context: V2Context,
): string {
  const { acknowledgement: code, queryResponseCode, matches, details, continuation } = response;
  const status = queryResponseCode === 'QE' ? 'AE' : queryResponseCode;
  const faults = faultsOfDetails(details);
  return answer(request, { code, status, faults, matches, continuation }, context);
}

interface Answer {
  readonly code: V2Acknowledgement;
  readonly status: 'OK' | 'NF' | 'AE';
  readonly faults: readonly V2Fault[];
  readonly matches?: readonly DemographicsMatch[];
  readonly continuation?: PatientDemographicsResponse['continuation'] | undefined;
}

function answer(
  request: V2Message,
  { code, status, faults, matches = [], continuation }: Answer,
  context: V2Context,
): string {
  const said = [writeMSA(code, request), ...writeERRs(withoutText(faults), request)];
  if (headerIn(request).trigger === 'J01') {
    return writeAnswer(request, { event: CANCELLED, segments: said }, context);
  }
  const { pointer, total = 0, remaining = 0 } = continuation ?? {};
  const counted = continuation && { total, here: matches.length, remaining };
  const queryStatus = writeQueryStatus(request, {
    status: code === 'AR' ? 'AR' : status,
    ...(counted === undefined ? {} : { counted }),
  });
  const segments = [
    ...said,
    ...queryStatus,
    ...matches.flatMap((match) => writeMatch(match, context)),
    ...(pointer === undefined ? [] : [writeSegment('DSC', { 1: pointer, 2: 'I' })]),
  ];
  return writeAnswer(request, { event: ANSWER, segments }, context);
}

/** PID, and QRI where the match is not exact. A domain without an id has no place in v2. */
function writeMatch(match: DemographicsMatch, context: V2Context): readonly string[] {
  const others = match.otherIds.flatMap(({ id, assigningAuthority }) =>
    id === undefined ? [] : [{ id, assigningAuthority }],
  );
  const pid = writeSegment('PID', {
    3: [...match.ids, ...others].map((id) => writeCX(id, context.authorities)),
    ...fieldsOfPID(match.demographics),
  });
  return match.degree === 100 ? [pid] : [pid, writeSegment('QRI', { 1: String(match.degree) })];
}
