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
import { findINT, readII, requireOid, v3, writeII } from '../formats/hl7v3-datatypes.ts';
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
  readAcknowledgement,
  readQueryResponseCode,
  recordedQueryOf,
  replyTransmission,
  writeAcknowledgement,
  writeQueryAck,
} from '../formats/hl7v3-reply.ts';
import type { Opened } from '../formats/soap.ts';
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

export type { DemographicsCriteria } from './demographics-criteria.ts';

/** PRPA_IN201305UV02 as a Patient Demographics Query. Source: ITI TF-2: 3.47. */
export interface DemographicsQuery {
  readonly transmission: Transmission;
  readonly queryId: II;
  readonly criteria: DemographicsCriteria;
  /** `otherIDsScopingOrganization`: OIDs of the wanted domains; empty: all. */
  readonly scopingOrganizations: readonly string[];
  readonly initialQuantity?: number;
  /** Matches of a lower degree are not wanted; 0 to 100. */
  readonly minimumDegreeMatch?: number;
}

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

/** PRPA_IN201306UV02 as the answer to a Patient Demographics Query. */
export interface DemographicsQueryResponse {
  readonly acknowledgement: 'AA' | 'AE' | 'AR';
  readonly queryResponseCode: QueryResponseCode;
  readonly matches: readonly DemographicsMatch[];
  readonly details: readonly AcknowledgementDetail[];
}

const QUERY = 'PRPA_IN201305UV02';
const ANSWER = 'PRPA_IN201306UV02';
const PARAMETERS = `/${QUERY}/controlActProcess/queryByParameter/parameterList`;

/** More patients than this in one answer are refused. */
export const MOST_MATCHES = 1000;

/** Patient Demographics Query HL7 V3, without the Continuation Option. Source: ITI TF-2: 3.47. */
export const ITI_47 = defineTransaction<DemographicsQuery, DemographicsQueryResponse>({
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
    ],
  },
  request: { decode: decodeDemographicsQuery, encode: encodeDemographicsQuery },
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
  { scopingOrganizations }: DemographicsQuery,
  index: number,
): Refusal {
  const name = 'otherIDsScopingOrganization';
  const place = scopingOrganizations.length > 1 ? `${name}[${index + 1}]` : name;
  return new Refusal('204', 'unknown scoping organization', {
    location: `${PARAMETERS}/${place}/value`,
  });
}

/** Each returned patient by the first of her ids, and the query. */
function auditedObjects(
  exchange: AuditedExchange<DemographicsQuery, DemographicsQueryResponse>,
): AuditObject[] {
  const patients = (exchange.response?.matches ?? []).flatMap(({ ids }) => ids.slice(0, 1));
  return [
    ...patients.map((patientId): AuditObject => ({ kind: 'patient', patientId })),
    { kind: 'query', ...recordedQueryOf(exchange.query ?? '') },
  ];
}

/** @throws Refusal NS2xx or SYN1xx: at least one criterion */
function decodeDemographicsQuery({ body }: Opened): DemographicsQuery {
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
  const root = openMessage(body, [ANSWER]);
  const controlAct = requireChild(root, 'controlActProcess');
  const { outcome, details } = readAcknowledgement(root);
  return {
    acknowledgement: `A${outcome}`,
    queryResponseCode: readQueryResponseCode(controlAct),
    matches: childrenOf(controlAct, 'subject', MOST_MATCHES).map(readMatch),
    details,
  };
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
  const total = code === 'OK' || code === 'NF' ? matches.length : undefined;
  return {
    xml: writeMessage({
      interaction: ANSWER,
      transmission: replyTransmission(answered, issue),
      acceptAckCode: 'NE',
      content: [
        writeAcknowledgement({ code: acknowledgement, targetMessage, details }),
        writeControlAct(
          ANSWER,
          ...matches.map(writeMatch),
          writeQueryAck({ queryId: answered.queryId, code, total }),
          echoOf(answered),
        ),
      ],
    }),
  };
}

function refuseDemographicsQuery(refusals: readonly Refusal[], opened: Opened, issue: Issue): Body {
  const response: DemographicsQueryResponse = {
    acknowledgement: 'AE',
    queryResponseCode: queryResponseCodeOf(refusals),
    matches: [],
    details: detailsOf(refusals),
  };
  return encodeDemographicsQueryResponse(response, opened, issue);
}
