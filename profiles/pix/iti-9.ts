import type { AuditedExchange, AuditObject } from '../audit-event.ts';
import {
  placeOf,
  repetitionsOf,
  requireSegment,
  segmentsOf,
  type V2Message,
  type V2Segment,
  textOf,
  writeSegment,
} from '../formats/hl7v2.ts';
import {
  authorityIn,
  findCX,
  idsIn,
  type V2Id,
  writeCX,
  writeDomain,
} from '../formats/hl7v2-authorities.ts';
import {
  acknowledgementOf,
  controlIdDetail,
  controlIdOf,
  faultsOf,
  faultsOfDetails,
  readMSA,
  transmissionIn,
  type V2Acknowledgement,
  type V2Context,
  type V2Fault,
  withoutText,
  writeAnswer,
  writeERRs,
  writeMSA,
  writeQueryStatus,
  writeRequest,
} from '../formats/hl7v2-reply.ts';
import type { PatientId } from '../patient.ts';
import { Refusal } from '../refusal.ts';
import { defineMllpTransaction } from '../transaction.ts';
import type { PixQuery, PixQueryResponse } from './iti-45.ts';

const QUERY_NAME = 'IHE PIX Query';
const ANSWER = { type: 'RSP', trigger: 'K23', structure: 'RSP_K23' } as const;

/** PIX Query, over HL7 v2. The shapes are those of ITI-45. Source: ITI TF-2: 3.9. */
export const ITI_9 = defineMllpTransaction<PixQuery, PixQueryResponse>({
  id: 'ITI-9',
  name: 'PIX Query',
  section: 'ITI TF-2: 3.9',
  asks: ['Patient Identifier Cross-reference Consumer'],
  answers: ['Patient Identifier Cross-reference Manager'],
  wire: {
    kind: 'mllp',
    version: '2.5',
    messages: [{ type: 'QBP', trigger: 'Q23', structure: 'QBP_Q21', reply: ANSWER }],
  },
  request: { decode: decodeQuery, encode: encodeQuery },
  response: { decode: decodeAnswer, encode: encodeAnswer },
  refusal(refusals, request, context) {
    const faults = faultsOf(refusals, (refusal) => placeOfUnknown(refusal, request, context));
    return answer(request, { code: acknowledgementOf(refusals), status: 'AE', faults }, context);
  },
  generalError: 'INTERR',
  audit: {
    event: { asker: 'Query', answerer: 'Query' },
    name: 'PIX Query',
    source: 'asker',
    action: () => 'E',
    objects: auditedObjects,
  },
});

/** The queried id, the ids found, and the query, whose QPD segment is the text. */
function auditedObjects(exchange: AuditedExchange<PixQuery, PixQueryResponse>): AuditObject[] {
  const { side, request, response, query } = exchange;
  const details = request && [controlIdDetail(side, request.transmission)];
  const asked = request === undefined ? [] : [request.patientIdentifier];
  const patients = [...asked, ...(response?.ids ?? [])];
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

/** @throws Refusal 100, 101, 102; 204 for a person identifier without an authority */
function decodeQuery(message: V2Message, context: V2Context): PixQuery {
  const qpd = requireQuery(message);
  const [identifier, another] = repetitionsOf(qpd, 3);
  const id = identifier && findCX(identifier, context.authorities);
  if (id === undefined) throw new Refusal('101', 'QPD-3 is required', { location: 'QPD^1^3' });
  if (another !== undefined) {
    throw new Refusal('102', 'one person identifier in a query', { location: 'QPD^1^3^2' });
  }
  if (id.assigningAuthority === '') {
    throw new Refusal('204', 'the assigning authority is missing', { location: 'QPD^1^3^1^4' });
  }
  return {
    transmission: transmissionIn(message, context),
    queryId: queryIdIn(qpd, context),
    patientIdentifier: id,
    dataSources: domainsIn(qpd, 4, context),
  };
}

/** QPD, with its tag, and RCP. @throws Refusal 100, 101 */
export function requireQuery(message: V2Message): V2Segment {
  const qpd = requireSegment(message, 'QPD');
  if (textOf(qpd, 2) === undefined) {
    throw new Refusal('101', 'QPD-2 is required', { location: 'QPD^1^2' });
  }
  const priority = textOf(requireSegment(message, 'RCP'), 1);
  if (priority === undefined)
    throw new Refusal('101', 'RCP-1 is required', { location: 'RCP^1^1' });
  if (priority !== 'I') {
    throw new Refusal('103', 'only immediate answers', { location: 'RCP^1^1' });
  }
  return qpd;
}

/** The query tag in the shape of V3. */
export function queryIdIn(qpd: V2Segment, { device }: V2Context) {
  return { root: device, extension: textOf(qpd, 2) ?? '' };
}

/** Wanted domains: CX with nothing but CX-4. @throws Refusal 101 at the repetition that names none */
export function domainsIn(qpd: V2Segment, field: number, context: V2Context): readonly string[] {
  return repetitionsOf(qpd, field).map((at) => {
    const domain = authorityIn(at, context.authorities);
    if (domain !== undefined) return domain;
    throw new Refusal('101', 'a wanted domain has an authority', { location: placeOf(at, 4) });
  });
}

/** Where the domain stands that a location of V3 names: `dataSource[2]/value` is the second that says something. */
export function placeOfDomain(
  location: string | undefined,
  name: 'dataSource' | 'otherIDsScopingOrganization',
  at: { readonly message: V2Message; readonly field: number },
): string | undefined {
  const [, number] = new RegExp(`/${name}(?:\\[(\\d+)\\])?/value$`).exec(location ?? '') ?? [];
  const [qpd] = segmentsOf(at.message, 'QPD');
  if (!location?.includes(`/${name}`) || qpd === undefined) return undefined;
  const repetition = repetitionsOf(qpd, at.field)[Number(number ?? 1) - 1]?.repetition;
  return `QPD^1^${at.field}^${repetition ?? 1}`;
}

/** Cases 3, 4 and 5: an id, its domain, or a wanted domain that is not known. Source: ITI TF-2: 3.9.4.2.2.6. */
function placeOfUnknown(
  { code, location }: Refusal,
  message: V2Message,
  context: V2Context,
): string | undefined {
  if (code !== '204') return undefined;
  const wanted = placeOfDomain(location, 'dataSource', { message, field: 4 });
  if (wanted !== undefined) return wanted;
  const [qpd] = segmentsOf(message, 'QPD');
  const [asked] = qpd === undefined ? [] : repetitionsOf(qpd, 3);
  const authority = asked && findCX(asked, context.authorities)?.assigningAuthority;
  const isKnown = context.authorities.known.some(({ oid }) => oid === authority);
  return `QPD^1^3^1^${isKnown ? 1 : 4}`;
}

function encodeQuery(query: PixQuery, context: V2Context): string {
  const { transmission, queryId, patientIdentifier, dataSources } = query;
  const domains = dataSources.map((oid) => writeDomain(oid, context.authorities));
  return writeRequest(
    {
      event: { type: 'QBP', trigger: 'Q23', structure: 'QBP_Q21' },
      version: '2.5',
      controlId: controlIdOf(transmission.messageId),
      time: transmission.creationTime,
      segments: [
        writeSegment('QPD', {
          1: QUERY_NAME,
          2: queryId.extension ?? queryId.root,
          3: [writeCX(patientIdentifier, context.authorities)],
          4: domains.length === 0 ? undefined : domains,
        }),
        writeSegment('RCP', { 1: 'I' }),
      ],
    },
    context,
  );
}

/** @throws Refusal when it is no answer; one that says no is a value */
function decodeAnswer(message: V2Message, context: V2Context): PixQueryResponse {
  const { outcome, details } = readMSA(message);
  const authorities = { ...context.authorities, fed: [] };
  const ids = segmentsOf(message, 'PID').flatMap((pid) =>
    idsIn(pid, 3, authorities).map(({ id }) => id),
  );
  return {
    acknowledgement: `A${outcome}`,
    queryResponseCode: statusIn(message),
    ids,
    ...custodianOf(ids),
    details,
  };
}

/** QAK-2, with which an answer of V3 says as much. */
export function statusIn(message: V2Message): 'OK' | 'NF' | 'AE' {
  const [qak] = segmentsOf(message, 'QAK');
  const status = qak && textOf(qak, 2);
  return status === 'OK' || status === 'NF' ? status : 'AE';
}

function custodianOf([first]: readonly V2Id[]): { readonly custodian?: string } {
  return first === undefined ? {} : { custodian: first.assigningAuthority };
}

function encodeAnswer(response: PixQueryResponse, request: V2Message, context: V2Context): string {
  const { acknowledgement: code, queryResponseCode, ids, details } = response;
  const status = queryResponseCode === 'QE' ? 'AE' : queryResponseCode;
  const faults = faultsOfDetails(details);
  return answer(request, { code, status, faults, ids }, context);
}

interface Answer {
  readonly code: V2Acknowledgement;
  readonly status: 'OK' | 'NF' | 'AE';
  readonly faults: readonly V2Fault[];
  readonly ids?: readonly PatientId[];
}

/** MSH, MSA, ERR, QAK, QPD and at most one PID, whose second, empty name is the pseudonym of nobody. */
function answer(
  request: V2Message,
  { code, status, faults, ids = [] }: Answer,
  context: V2Context,
): string {
  const cxs = ids.map((id) => writeCX(id, context.authorities));
  const none = undefined;
  const nobody = [[], [none, none, none, none, none, none, 'S']];
  return writeAnswer(
    request,
    {
      event: ANSWER,
      segments: [
        writeMSA(code, request),
        ...writeERRs(withoutText(faults), request),
        ...writeQueryStatus(request, { status: code === 'AR' ? 'AR' : status }),
        ...(ids.length === 0 ? [] : [writeSegment('PID', { 3: cxs, 5: nobody })]),
      ],
    },
    context,
  );
}

/** The QPD segment as it came: the query of the audit record. */
export function queryTextIn(message: V2Message): string {
  return segmentsOf(message, 'QPD')[0]?.text ?? '';
}
