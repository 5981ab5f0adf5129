import type { AuditedExchange, AuditObject } from '../audit-event.ts';
import {
  type II,
  openMessage,
  readTransmission,
  type Transmission,
  writeAuthor,
  writeControlAct,
  writeMessage,
} from '../formats/hl7v3.ts';
import {
  type AcknowledgementDetail,
  detailsOf,
  type QueryResponseCode,
  queryResponseCodeOf,
} from '../formats/hl7v3-codes.ts';
import { findINT, readII, requireOid, v3, writeII, writtenII } from '../formats/hl7v3-datatypes.ts';
import {
  findProviderOrganization,
  type OtherId,
  readDegree,
  readOtherIds,
  readPatientIds,
  readPerson,
  readRegistration,
  requireCustodian,
  writeDegree,
  writeSubject,
} from '../formats/hl7v3-person.ts';
import {
  childrenOf,
  findChild,
  HL7_V3,
  known,
  type Located,
  requireChild,
} from '../formats/hl7v3-reading.ts';
import {
  answeredOf,
  echoOf,
  placedAtValues,
  readAcknowledgement,
  readQueryResponseCode,
  recordedQueryOf,
  replyTransmission,
  writeAcknowledgement,
  writeQueryAck,
} from '../formats/hl7v3-reply.ts';
import type { Opened } from '../formats/soap.ts';
import type { XmlElement } from '../formats/xml.ts';
import type { Demographics, PatientId } from '../patient.ts';
import { Refusal } from '../refusal.ts';
import { type Body, defineTransaction, type Issue } from '../transaction.ts';
import {
  type DemographicsCriteria,
  findMinimumDegreeMatch,
  readCriteria,
  readScopingOrganizations,
  writeMinimumDegreeMatch,
  writeParameterList,
} from './demographics-criteria.ts';
import {
  CANCEL_ACTION,
  CANCELLATION,
  CONTINUATION,
  CONTINUE_ACTION,
  decodeContinuation,
  encodeContinuation,
  isCancelBody,
  isContinuation,
  isContinuationBody,
  QUERY_ID_CONTINUED,
  type QueryContinuation,
  takeContinuedId,
} from './query-continuation.ts';

export type { DemographicsCriteria } from './demographics-criteria.ts';
export type { QueryContinuation } from './query-continuation.ts';

/** PRPA_IN201305UV02 as a Patient Demographics Query. Source: ITI TF-2: 3.47. */
export interface DemographicsQuery {
  readonly kind?: 'query';
  readonly transmission: Transmission;
  readonly queryId: II;
  readonly criteria: DemographicsCriteria;
  /** `otherIDsScopingOrganization`: OIDs of the wanted domains; empty: all. */
  readonly scopingOrganizations: readonly string[];
  readonly initialQuantity?: number;
  /** Matches of a lower degree are not wanted; 0 to 100. */
  readonly minimumDegreeMatch?: number;
}

/** What a Patient Demographics Consumer sends: a query, or what becomes of the rest of its answer. */
export type DemographicsRequest = DemographicsQuery | QueryContinuation;

/** One `subject/registrationEvent` of the answer. */
export interface DemographicsMatch {
  readonly ids: readonly PatientId[];
  /** Ids of other domains, sent as asOtherIDs. A wanted domain without an id has `id` undefined. */
  readonly otherIds: readonly OtherId[];
  readonly demographics: Demographics;
  /** queryMatchObservation, 0 to 100; 100 is exact. */
  readonly degree: number;
  /** OID of providerOrganization, if it differs from the custodian. */
  readonly providerOrganization?: string;
  /** OID of the custodian. */
  readonly custodian: string;
}

/** How many patients were found, and how many of them are still to be fetched. */
export interface ResultQuantities {
  readonly total: number;
  readonly remaining: number;
}

/** PRPA_IN201306UV02 as the answer to a Patient Demographics Query; to a cancel, MCCI_IN000002UV01 as one without matches. */
export interface DemographicsQueryResponse {
  readonly acknowledgement: 'AA' | 'AE' | 'AR';
  readonly queryResponseCode: QueryResponseCode;
  readonly matches: readonly DemographicsMatch[];
  readonly details: readonly AcknowledgementDetail[];
  /** Where this is one of several answers; absent: all that was found is in this one. */
  readonly quantities?: ResultQuantities;
}

const QUERY = 'PRPA_IN201305UV02';
const ANSWER = 'PRPA_IN201306UV02';
const ACKNOWLEDGEMENT = 'MCCI_IN000002UV01';
const PARAMETERS = `/${QUERY}/controlActProcess/queryByParameter/parameterList`;

/** More patients than this in one answer are refused. */
export const MOST_MATCHES = 1000;

/** Patient Demographics Query HL7 V3, with the Continuation Option. Source: ITI TF-2: 3.47. */
export const ITI_47 = defineTransaction<DemographicsRequest, DemographicsQueryResponse>({
  id: 'ITI-47',
  name: 'Patient Demographics Query HL7 V3',
  section: 'ITI TF-2: 3.47',
  asks: ['Patient Demographics Consumer'],
  answers: ['Patient Demographics Supplier'],
  wire: {
    kind: 'soap',
    mtom: 'never',
    messages: [
      {
        action: `${HL7_V3}:${QUERY}`,
        replyAction: `${HL7_V3}:${ANSWER}`,
        body: { namespace: HL7_V3, name: QUERY },
      },
      {
        action: CONTINUE_ACTION,
        replyAction: `${HL7_V3}:${ANSWER}`,
        body: { namespace: HL7_V3, name: CONTINUATION },
      },
      {
        action: CANCEL_ACTION,
        replyAction: `${HL7_V3}:${ACKNOWLEDGEMENT}`,
        body: { namespace: HL7_V3, name: CANCELLATION },
        // What the text of the Framework calls it, where its WSDL has another name.
        alsoBodies: [{ namespace: HL7_V3, name: CONTINUATION }],
      },
    ],
  },
  request: { decode: decodeRequest, encode: encodeRequest },
  response: { decode: decodeDemographicsQueryResponse, encode: encodeDemographicsQueryResponse },
  refusal: refuseDemographicsQuery,
  generalError: 'INTERR',
  audit: {
    event: { asker: 'Query', answerer: 'Query' },
    name: 'Patient Demographics Query',
    source: 'asker',
    action: () => 'E',
    objects: auditedObjects,
  },
});

/** The wanted domain at that place of `scopingOrganizations`, counted from 0, is not known here. */
export function unknownScopingOrganization(
  { scopingOrganizations }: Pick<DemographicsQuery, 'scopingOrganizations'>,
  index: number,
): Refusal {
  const name = 'otherIDsScopingOrganization';
  const place = scopingOrganizations.length > 1 ? `${name}[${index + 1}]` : name;
  return new Refusal('204', 'unknown scoping organization', {
    location: `${PARAMETERS}/${place}/value`,
  });
}

/** Nothing is left of the query: it is not known, too long ago, or somebody else's. Answered AE and QE. */
export function unknownQuery(): Refusal {
  return new Refusal('204', 'nothing is left of a query with this queryId', {
    location: QUERY_ID_CONTINUED,
  });
}

/** Each returned patient by the first of her ids, and the query. */
function auditedObjects(
  exchange: AuditedExchange<DemographicsRequest, DemographicsQueryResponse>,
): AuditObject[] {
  const { request, response, query = '' } = exchange;
  const patients = (response?.matches ?? []).flatMap(({ ids }) => ids.slice(0, 1));
  const recorded = isContinuation(request)
    ? { id: writtenII(request.queryId), text: query }
    : recordedQueryOf(query);
  return [
    ...patients.map((patientId): AuditObject => ({ kind: 'patient', patientId })),
    { kind: 'query', ...recorded },
  ];
}

function decodeRequest({ body }: Opened): DemographicsRequest {
  return isContinuationBody(body) ? decodeContinuation(body) : decodeDemographicsQuery(body);
}

function encodeRequest(request: DemographicsRequest): Body {
  return isContinuation(request) ? encodeContinuation(request) : encodeDemographicsQuery(request);
}

/** @throws Refusal NS2xx or SYN1xx: at least one criterion */
function decodeDemographicsQuery(body: XmlElement): DemographicsQuery {
  const root = openMessage(body, [QUERY]);
  const query = requireChild(root, 'controlActProcess', 'queryByParameter');
  const parameters = requireChild(query, 'parameterList');
  const initialQuantity = findChild(query, 'initialQuantity');
  return known<DemographicsQuery>({
    transmission: readTransmission(root),
    queryId: readII(requireChild(query, 'queryId')),
    criteria: readCriteria(parameters),
    scopingOrganizations: readScopingOrganizations(parameters),
    initialQuantity: findINT(initialQuantity, { least: 1, most: 999_999_999 }),
    minimumDegreeMatch: findMinimumDegreeMatch(query),
  });
}

function encodeDemographicsQuery(query: DemographicsQuery): Body {
  const { transmission, initialQuantity } = query;
  const queryByParameter = v3(
    'queryByParameter',
    {},
    writeII(query.queryId, 'queryId'),
    v3('statusCode', { code: 'new' }),
    v3('responseModalityCode', { code: 'R' }),
    v3('responsePriorityCode', { code: 'I' }),
    initialQuantity === undefined ? undefined : v3('initialQuantity', { value: initialQuantity }),
    initialQuantity === undefined ? undefined : v3('initialQuantityCode', { code: 'RD' }),
    writeMinimumDegreeMatch(query.minimumDegreeMatch),
    writeParameterList(query.criteria, query.scopingOrganizations),
  );
  return {
    action: `${HL7_V3}:${QUERY}`,
    xml: writeMessage({
      interaction: QUERY,
      transmission,
      acceptAckCode: 'AL',
      content: [writeControlAct(QUERY, writeAuthor(transmission.sender.device), queryByParameter)],
    }),
  };
}

/** @throws Refusal NS2xx or SYN1xx when it is no answer; one that says no is a value */
function decodeDemographicsQueryResponse({ body }: Opened): DemographicsQueryResponse {
  if (body.name === ACKNOWLEDGEMENT) {
    const { outcome, details } = readAcknowledgement(openMessage(body, [ACKNOWLEDGEMENT]));
    return { acknowledgement: `A${outcome}`, queryResponseCode: 'NF', matches: [], details };
  }
  const root = openMessage(body, [ANSWER]);
  const controlAct = requireChild(root, 'controlActProcess');
  const { outcome, details } = readAcknowledgement(root);
  return known<DemographicsQueryResponse>({
    acknowledgement: `A${outcome}`,
    queryResponseCode: readQueryResponseCode(controlAct),
    matches: childrenOf(controlAct, 'subject', MOST_MATCHES).map(readMatch),
    details,
    quantities: findQuantities(requireChild(controlAct, 'queryAck')),
  });
}

/** Undefined where everything is here. @throws Refusal SYN102 */
function findQuantities(queryAck: Located): ResultQuantities | undefined {
  const [total, current, remaining] = ['Total', 'Current', 'Remaining'].map((name) =>
    findINT(findChild(queryAck, `result${name}Quantity`), { least: 0, most: 999_999_999 }),
  );
  if (total === undefined || remaining === undefined || total === current) return undefined;
  return { total, remaining };
}

function readMatch(subject: Located): DemographicsMatch {
  const { registrationEvent, patient } = readRegistration(subject);
  const custodian = requireOid(requireCustodian(registrationEvent));
  const provider = findProviderOrganization(patient)?.id;
  return known<DemographicsMatch>({
    ids: readPatientIds(patient),
    otherIds: readOtherIds(patient),
    demographics: readPerson(patient),
    degree: readDegree(patient),
    providerOrganization: provider === custodian ? undefined : provider,
    custodian,
  });
}

function writeMatch(match: DemographicsMatch): string {
  return writeSubject({
    ids: match.ids,
    person: match.demographics,
    otherIds: match.otherIds,
    providerOrganization: { id: match.providerOrganization ?? match.custodian },
    observation: writeDegree(match.degree),
    custodian: match.custodian,
  });
}

function encodeDemographicsQueryResponse(
  response: DemographicsQueryResponse,
  request: Opened,
  issue: Issue,
): Body {
  const { acknowledgement, details, queryResponseCode: code, matches } = response;
  const answered = answeredOf(request.body);
  const targetMessage = answered.messageId;
  const transmission = replyTransmission(answered, issue);
  if (isCancelBody(request.body)) {
    const accept = { AA: 'CA', AE: 'CE', AR: 'CR' } as const;
    const acknowledged = { code: accept[acknowledgement], targetMessage, details };
    const content = [writeAcknowledgement(acknowledged)];
    return {
      xml: writeMessage({
        interaction: ACKNOWLEDGEMENT,
        transmission,
        acceptAckCode: 'NE',
        content,
      }),
    };
  }
  const counts = code === 'OK' || code === 'NF' || response.quantities !== undefined;
  const { total = matches.length, remaining } = response.quantities ?? {};
  const queryId = answered.queryId ?? takeContinuedId(request.body);
  return {
    xml: writeMessage({
      interaction: ANSWER,
      transmission,
      acceptAckCode: 'NE',
      content: [
        writeAcknowledgement({ code: acknowledgement, targetMessage, details }),
        writeControlAct(
          ANSWER,
          ...matches.map(writeMatch),
          writeQueryAck({
            queryId,
            code,
            ...(counts && { total, current: matches.length, remaining }),
          }),
          echoOf(answered),
        ),
      ],
    }),
  };
}

function refuseDemographicsQuery(refusals: readonly Refusal[], opened: Opened, issue: Issue): Body {
  // A continuation asks by nothing but the id of its query: whatever is wrong with it is the query's fault.
  const isQuerysFault = isContinuationBody(opened.body) && refusals.every(isNotOurs);
  const response: DemographicsQueryResponse = {
    acknowledgement: 'AE',
    queryResponseCode: isQuerysFault ? 'QE' : queryResponseCodeOf(refusals),
    matches: [],
    details: detailsOf(
      placedAtValues(refusals, { body: opened.body, parameter: 'otherIDsScopingOrganization' }),
    ),
  };
  return encodeDemographicsQueryResponse(response, opened, issue);
}

function isNotOurs({ code }: Refusal): boolean {
  return code === '204' || code.startsWith('SYN');
}
