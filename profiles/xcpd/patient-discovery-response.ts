import { openMessage, writeControlAct, writeMessage } from '../formats/hl7v3.ts';
import {
  type AcknowledgementDetail,
  CODE_SYSTEM,
  detailsOf,
  type QueryResponseCode,
  queryResponseCodeOf,
} from '../formats/hl7v3-codes.ts';
import { requireOid, v3 } from '../formats/hl7v3-datatypes.ts';
import {
  readDegree,
  readOtherIds,
  readPatientIds,
  readPerson,
  readRegistration,
  requireCustodian,
  withIds,
  writeDegree,
  writeSubject,
} from '../formats/hl7v3-person.ts';
import {
  childrenOf,
  findChild,
  findCode,
  known,
  type Located,
  refusalAt,
  requireChild,
} from '../formats/hl7v3-reading.ts';
import {
  answeredOf,
  echoOf,
  readAcknowledgement,
  readQueryResponseCode,
  replyTransmission,
  writeAcknowledgement,
  writeQueryAck,
} from '../formats/hl7v3-reply.ts';
import type { Opened } from '../formats/soap.ts';
import type { Demographics, PatientId } from '../patient.ts';
import type { Refusal } from '../refusal.ts';
import type { Body, Issue } from '../transaction.ts';
import { findTimeToLive, writeTimeToLive } from './correlation-time-to-live.ts';
import {
  DEFERRED_QUERY,
  DETECTED_ISSUES,
  type DetectedIssue,
  HEALTH_DATA_LOCATOR,
  MISSPELT,
  REQUESTED_DEMOGRAPHICS,
  TOLERATED_CODES,
  XCPD_CODE_SYSTEM,
} from './vocabulary.ts';

/** One match: the one id that XCA shall use, and the community that holds the data. */
export interface DiscoveredPatient {
  readonly id: PatientId;
  readonly otherIds: readonly PatientId[];
  readonly demographics: Demographics;
  /** The holder's homeCommunityId as `urn:oid:…`. */
  readonly homeCommunityId: string;
  readonly supportsHealthDataLocator: boolean;
  readonly degree: number;
}

/** PRPA_IN201306UV02 as the answer; OK without a match and without a wish means no match. Source: ITI TF-2: 3.55.4.2.2. */
export interface PatientDiscoveryResponse {
  readonly acknowledgement: 'AA' | 'AE' | 'AR';
  readonly queryResponseCode: QueryResponseCode;
  readonly matches: readonly DiscoveredPatient[];
  /** actOrderRequired codes: the demographics that the responder wants besides. */
  readonly requestedDemographics: readonly string[];
  /** detectedIssueManagement code, with AE. */
  readonly issue?: string;
  readonly details: readonly AcknowledgementDetail[];
  readonly correlationTimeToLive?: string;
}

const ANSWER = 'PRPA_IN201306UV02';
const URN_OID = 'urn:oid:';

/**
 * Reads the answer of a Responding Gateway.
 *
 * Taken besides what the profile says: `asOtherIDs` without an id, an empty `reasonOf`, and the codes that vocabulary.ts lists as tolerated.
 *
 * @throws Refusal NS2xx or SYN1xx when it is no answer, or a match has not exactly one id and a community
 */
export function decodePatientDiscoveryResponse({
  body,
  headers,
}: Opened): PatientDiscoveryResponse {
  const root = openMessage(body, [ANSWER]);
  const controlAct = requireChild(root, 'controlActProcess');
  const { outcome, details } = readAcknowledgement(root);
  const events = childrenOf(controlAct, 'reasonOf')
    .map((reason) => findChild(reason, 'detectedIssueEvent'))
    .filter((event) => event !== undefined);
  return known<PatientDiscoveryResponse>({
    acknowledgement: `A${outcome}`,
    queryResponseCode: readQueryResponseCode(controlAct),
    matches: childrenOf(controlAct, 'subject').map(readMatch),
    requestedDemographics: codesOf(events, 'triggerFor', 'actOrderRequired'),
    issue: codesOf(events, 'mitigatedBy', 'detectedIssueManagement')[0],
    details,
    correlationTimeToLive: findTimeToLive(headers),
  });
}

const EXPECTED = [
  ...REQUESTED_DEMOGRAPHICS,
  ...DETECTED_ISSUES,
  ...TOLERATED_CODES,
  MISSPELT.sent,
] as const;

function codesOf(
  events: readonly Located[],
  relation: 'triggerFor' | 'mitigatedBy',
  act: string,
): readonly string[] {
  return events
    .flatMap((event) => childrenOf(event, relation))
    .map((place) => findCode(findChild(place, act, 'code'), EXPECTED))
    .filter((code) => code !== undefined)
    .map((code) => (code === MISSPELT.sent ? MISSPELT.meant : code));
}

function readMatch(subject: Located): DiscoveredPatient {
  const { registrationEvent, patient } = readRegistration(subject);
  const [id, second] = readPatientIds(patient);
  if (id === undefined) throw refusalAt(patient, 'SYN100', 'id is required');
  if (second !== undefined) throw refusalAt(patient, 'SYN110', 'exactly one id');
  const custodian = requireCustodian(registrationEvent);
  const locator = findCode(findChild(custodian, 'code'), HEALTH_DATA_LOCATOR);
  return {
    id,
    otherIds: withIds(readOtherIds(patient, { emptyIds: 'left out' })),
    demographics: readPerson(patient),
    homeCommunityId: `${URN_OID}${requireOid(custodian)}`,
    supportsHealthDataLocator: locator === 'SupportsHealthDataLocator',
    degree: readDegree(patient),
  };
}

function writeMatch(match: DiscoveredPatient): string {
  const code = match.supportsHealthDataLocator
    ? 'SupportsHealthDataLocator'
    : 'NotHealthDataLocator';
  return writeSubject({
    ids: [match.id],
    person: match.demographics,
    otherIds: match.otherIds,
    providerOrganization: { id: match.id.assigningAuthority },
    observation: writeDegree(match.degree),
    custodian: match.homeCommunityId.replace(URN_OID, ''),
    custodianCode: v3('code', { code, codeSystem: XCPD_CODE_SYSTEM.healthDataLocator }),
  });
}

/** Writes the answer; the quantities of queryAck are left out, as XCPD asks. */
export function encodePatientDiscoveryResponse(
  response: PatientDiscoveryResponse,
  request: Opened,
  issue: Issue,
): Body {
  const { acknowledgement, details, queryResponseCode: code, matches } = response;
  const answered = answeredOf(request.body);
  const targetMessage = answered.messageId;
  return {
    ...writeTimeToLive(response.correlationTimeToLive),
    xml: writeMessage({
      interaction: ANSWER,
      transmission: replyTransmission(answered, issue),
      acceptAckCode: 'NE',
      content: [
        writeAcknowledgement({ code: acknowledgement, targetMessage, details }),
        writeControlAct(
          ANSWER,
          ...matches.map(writeMatch),
          writeReason(response),
          writeQueryAck({ queryId: answered.queryId, code }),
          echoOf(answered),
        ),
      ],
    }),
  };
}

function writeReason({
  requestedDemographics,
  issue,
}: PatientDiscoveryResponse): string | undefined {
  if (issue === undefined && requestedDemographics.length === 0) return undefined;
  const { actOrderRequired, detectedIssueManagement } = XCPD_CODE_SYSTEM;
  const mitigatedBy = (code: string) =>
    v3(
      'mitigatedBy',
      { typeCode: 'MITGT' },
      v3(
        'detectedIssueManagement',
        { classCode: 'ACT', moodCode: 'EVN' },
        v3('code', { code, codeSystem: detectedIssueManagement }),
      ),
    );
  const triggerFor = (code: string) =>
    v3(
      'triggerFor',
      { typeCode: 'TRIG' },
      v3(
        'actOrderRequired',
        { classCode: 'ACT', moodCode: 'RQO' },
        v3('code', { code, codeSystem: actOrderRequired }),
      ),
    );
  return v3(
    'reasonOf',
    { typeCode: 'RSON' },
    v3(
      'detectedIssueEvent',
      { classCode: 'ALRT', moodCode: 'EVN' },
      v3('code', { code: 'ActAdministrativeDetectedIssueCode', codeSystem: CODE_SYSTEM.actCode }),
      issue === undefined ? undefined : mitigatedBy(issue),
      ...requestedDemographics.map(triggerFor),
    ),
  );
}

/**
 * The answer that says no: AE, and a detectedIssueManagement code. A query whose answer is wanted later has an acknowledgement
 * alone, with AE. Source: ITI TF-2: 3.55.
 */
export function refusePatientDiscovery(
  refusals: readonly Refusal[],
  opened: Opened,
  issue: Issue,
): Body {
  if (opened.action === DEFERRED_QUERY) return refuseDeferred(refusals, opened, issue);
  const response: PatientDiscoveryResponse = {
    acknowledgement: 'AE',
    queryResponseCode: queryResponseCodeOf(refusals),
    matches: [],
    requestedDemographics: [],
    issue: detectedIssueOf(refusals),
    details: detailsOf(refusals),
  };
  return encodePatientDiscoveryResponse(response, opened, issue);
}

function refuseDeferred(refusals: readonly Refusal[], opened: Opened, issue: Issue): Body {
  const answered = answeredOf(opened.body);
  const acknowledged = {
    code: 'AE',
    targetMessage: answered.messageId,
    details: detailsOf(refusals),
  } as const;
  return {
    xml: writeMessage({
      interaction: 'MCCI_IN000002UV01',
      transmission: replyTransmission(answered, issue),
      acceptAckCode: 'NE',
      content: [writeAcknowledgement(acknowledged)],
    }),
  };
}

/** A refusal may carry one of the codes itself; INTERR is our own failure; whatever else was wrong, there is no answer. */
function detectedIssueOf(refusals: readonly Refusal[]): DetectedIssue {
  const codes = refusals.map(({ code }) => code);
  const named = DETECTED_ISSUES.find((issue) => codes.includes(issue));
  return named ?? (codes.includes('INTERR') ? 'InternalError' : 'AnswerNotAvailable');
}
