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
import {
  readAssignedId,
  readII,
  readOid,
  requireOid,
  v3,
  writeAssignedId,
  writeII,
} from '../formats/hl7v3-datatypes.ts';
import {
  readOtherIds,
  readPatientIds,
  readRegistration,
  requireCustodian,
  withIds,
  writeSubject,
} from '../formats/hl7v3-person.ts';
import {
  childrenOf,
  HL7_V3,
  isNull,
  type Located,
  refusalAt,
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
import type { PatientId } from '../patient.ts';
import { Refusal } from '../refusal.ts';
import { type Body, defineTransaction, type Issue } from '../transaction.ts';

/** PRPA_IN201309UV02. Source: ITI TF-2: 3.45. */
export interface PixQuery {
  readonly transmission: Transmission;
  readonly queryId: II;
  readonly patientIdentifier: PatientId;
  /** OIDs of the wanted domains; empty: all. */
  readonly dataSources: readonly string[];
}

/** PRPA_IN201310UV02. `ids` never holds the queried one. */
export interface PixQueryResponse {
  readonly acknowledgement: 'AA' | 'AE' | 'AR';
  readonly queryResponseCode: QueryResponseCode;
  readonly ids: readonly PatientId[];
  /** OID of the custodian and provider organisation that answers; needed where there are ids, and sent only then. */
  readonly custodian?: string;
  readonly details: readonly AcknowledgementDetail[];
}

const QUERY = 'PRPA_IN201309UV02';
const ANSWER = 'PRPA_IN201310UV02';
const PARAMETERS = `/${QUERY}/controlActProcess/queryByParameter/parameterList`;

/** PIXV3 Query. Source: ITI TF-2: 3.45. */
export const ITI_45 = defineTransaction<PixQuery, PixQueryResponse>({
  id: 'ITI-45',
  name: 'PIXV3 Query',
  section: 'ITI TF-2: 3.45',
  asks: ['Patient Identifier Cross-reference Consumer'],
  answers: ['Patient Identifier Cross-reference Manager'],
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
  request: { decode: decodePixQuery, encode: encodePixQuery },
  response: { decode: decodePixQueryResponse, encode: encodePixQueryResponse },
  refusal: refusePixQuery,
  generalError: 'INTERR',
  audit: {
    event: { asker: 'Query', answerer: 'Query' },
    name: 'PIX Query',
    source: 'asker',
    action: () => 'E',
    objects: auditedObjects,
  },
});

/** The patient id, or its domain, is not known here. */
export function unknownPatientIdentifier(): Refusal {
  return new Refusal('204', 'unknown patient identifier', {
    location: `${PARAMETERS}/patientIdentifier/value`,
  });
}

/** The wanted domain at that place of `dataSources`, counted from 0, is not known here. */
export function unknownDataSource({ dataSources }: PixQuery, index: number): Refusal {
  const place = dataSources.length > 1 ? `dataSource[${index + 1}]` : 'dataSource';
  return new Refusal('204', 'unknown data source', { location: `${PARAMETERS}/${place}/value` });
}

/** The queried id, the ids found, and the query. */
function auditedObjects(exchange: AuditedExchange<PixQuery, PixQueryResponse>): AuditObject[] {
  const { request, response, query } = exchange;
  const asked = request === undefined ? [] : [request.patientIdentifier];
  return [
    ...[...asked, ...(response?.ids ?? [])].map(
      (patientId): AuditObject => ({ kind: 'patient', patientId }),
    ),
    { kind: 'query', ...recordedQueryOf(query ?? '') },
  ];
}

/** @throws Refusal NS2xx or SYN1xx: one patientIdentifier with one value, and a value in each dataSource */
function decodePixQuery({ body }: Opened): PixQuery {
  const root = openMessage(body, [QUERY]);
  const query = requireChild(root, 'controlActProcess', 'queryByParameter');
  const parameters = requireChild(query, 'parameterList');
  const identifier = requireChild(parameters, 'patientIdentifier', 'value');
  return {
    transmission: readTransmission(root),
    queryId: readII(requireChild(query, 'queryId')),
    patientIdentifier: readAssignedId(identifier),
    dataSources: childrenOf(parameters, 'dataSource').flatMap(readDataSource),
  };
}

/** One without a value would silently ask for all domains. */
function readDataSource(source: Located): readonly string[] {
  if (isNull(source)) return [];
  const values = childrenOf(source, 'value');
  if (values.length === 0) throw refusalAt(source, 'SYN100', 'value is required');
  return values.map(readOid);
}

function encodePixQuery(query: PixQuery): Body {
  const parameter = (name: string, value: string, semantics: string) =>
    v3(name, {}, value, v3('semanticsText', {}, semantics));
  const queryByParameter = v3(
    'queryByParameter',
    {},
    writeII(query.queryId, 'queryId'),
    v3('statusCode', { code: 'new' }),
    v3('responsePriorityCode', { code: 'I' }),
    v3(
      'parameterList',
      {},
      ...query.dataSources.map((root) =>
        parameter('dataSource', v3('value', { root }), 'DataSource.id'),
      ),
      parameter(
        'patientIdentifier',
        writeAssignedId(query.patientIdentifier, 'value'),
        'Patient.id',
      ),
    ),
  );
  const author = writeAuthor(query.transmission.sender.device);
  return {
    xml: writeMessage({
      interaction: QUERY,
      transmission: query.transmission,
      acceptAckCode: 'AL',
      content: [writeControlAct(QUERY, author, queryByParameter)],
    }),
  };
}

/** @throws Refusal NS2xx or SYN1xx when it is no answer; one that says no is a value */
function decodePixQueryResponse({ body }: Opened): PixQueryResponse {
  const root = openMessage(body, [ANSWER]);
  const controlAct = requireChild(root, 'controlActProcess');
  const { outcome, details } = readAcknowledgement(root);
  const [subject] = childrenOf(controlAct, 'subject', 1);
  return {
    acknowledgement: `A${outcome}`,
    queryResponseCode: readQueryResponseCode(controlAct),
    ids: [],
    ...(subject === undefined ? {} : readIds(subject)),
    details,
  };
}

/** Ids stand in `patient/id`, in `asOtherIDs`, or in both. */
function readIds(subject: Located): Pick<PixQueryResponse, 'ids' | 'custodian'> {
  const { registrationEvent, patient } = readRegistration(subject);
  return {
    ids: [...readPatientIds(patient), ...withIds(readOtherIds(patient))],
    custodian: requireOid(requireCustodian(registrationEvent)),
  };
}

function encodePixQueryResponse(response: PixQueryResponse, request: Opened, issue: Issue): Body {
  const { acknowledgement: code, details, queryResponseCode } = response;
  const answered = answeredOf(request.body);
  const targetMessage = answered.messageId;
  return {
    xml: writeMessage({
      interaction: ANSWER,
      transmission: replyTransmission(answered, issue),
      acceptAckCode: 'NE',
      content: [
        writeAcknowledgement({ code, targetMessage, details }),
        writeControlAct(
          ANSWER,
          writeIds(response),
          writeQueryAck({ queryId: answered.queryId, code: queryResponseCode }),
          echoOf(answered),
        ),
      ],
    }),
  };
}

/**
 * One registrationEvent with every id as `patient/id`, and no demographics: the name is null.
 *
 * The provider organisation is the domain of at least one of the ids: the custodian's, if it is among them.
 */
function writeIds({ ids, custodian }: PixQueryResponse): string | undefined {
  const [first] = ids;
  if (first === undefined) return undefined;
  const authorities = ids.map((id) => id.assigningAuthority);
  const own = authorities.find((authority) => authority === custodian);
  return writeSubject({
    ids,
    person: { names: [] },
    otherIds: [],
    providerOrganization: { id: own ?? first.assigningAuthority },
    custodian: custodian ?? first.assigningAuthority,
  });
}

function refusePixQuery(refusals: readonly Refusal[], opened: Opened, issue: Issue): Body {
  const response: PixQueryResponse = {
    acknowledgement: 'AE',
    queryResponseCode: queryResponseCodeOf(refusals),
    ids: [],
    details: detailsOf(placedAtValues(refusals, { body: opened.body, parameter: 'dataSource' })),
  };
  return encodePixQueryResponse(response, opened, issue);
}
