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
import { findOid, readII, v3, writeII } from '../formats/hl7v3-datatypes.ts';
import {
  childrenOf,
  findChild,
  HL7_V3,
  known,
  type Located,
  refusalAt,
  requireChild,
} from '../formats/hl7v3-reading.ts';
import { recordedQueryOf } from '../formats/hl7v3-reply.ts';
import type { Opened } from '../formats/soap.ts';
import {
  type DemographicsCriteria,
  findMinimumDegreeMatch,
  readCriteria,
  writeMinimumDegreeMatch,
  writeParameterList,
} from '../pdq/demographics-criteria.ts';
import { Refusal } from '../refusal.ts';
import { type Body, defineTransaction } from '../transaction.ts';
import { findTimeToLive, writeTimeToLive } from './correlation-time-to-live.ts';
import {
  decodePatientDiscoveryResponse,
  encodePatientDiscoveryResponse,
  type PatientDiscoveryResponse,
  refusePatientDiscovery,
} from './patient-discovery-response.ts';
import { DEFERRED_QUERY } from './vocabulary.ts';

export type { DiscoveredPatient, PatientDiscoveryResponse } from './patient-discovery-response.ts';

/** PRPA_IN201305UV02 as Cross Gateway Patient Discovery. Source: ITI TF-2: 3.55. */
export interface PatientDiscovery {
  /** `sender.organization` is the asking community, always given; `receiver.organization` the asked one. Plain OIDs. */
  readonly transmission: Transmission;
  readonly queryId: II;
  readonly criteria: DemographicsCriteria;
  /** `authorOrPerformer/assignedDevice/id@root`: the authority whose livingSubjectId is for queries back to the asker. */
  readonly reverseAuthority?: string;
  /** Matches of a lower degree are not wanted; 0 to 100. */
  readonly minimumDegreeMatch?: number;
  /** xs:duration of the SOAP header `xcpd:CorrelationTimeToLive`: how long the responder may keep our correlation. */
  readonly correlationTimeToLive?: string;
}

const QUERY = 'PRPA_IN201305UV02';
const SUFFIX = 'CrossGatewayPatientDiscovery';

/** Cross Gateway Patient Discovery, without the Deferred Response Option. Source: ITI TF-2: 3.55. */
export const ITI_55 = defineTransaction<PatientDiscovery, PatientDiscoveryResponse>({
  id: 'ITI-55',
  name: 'Cross Gateway Patient Discovery',
  section: 'ITI TF-2: 3.55',
  asks: ['Initiating Gateway'],
  answers: ['Responding Gateway'],
  wire: {
    kind: 'soap',
    mtom: 'never',
    messages: [
      {
        action: `${HL7_V3}:${QUERY}:${SUFFIX}`,
        replyAction: `${HL7_V3}:PRPA_IN201306UV02:${SUFFIX}`,
        body: { namespace: HL7_V3, name: QUERY },
      },
      {
        action: DEFERRED_QUERY,
        replyAction: `${HL7_V3}:MCCI_IN000002UV01`,
        body: { namespace: HL7_V3, name: QUERY },
        isRefused: true,
      },
    ],
  },
  request: { decode: decodePatientDiscovery, encode: encodePatientDiscovery },
  response: { decode: decodePatientDiscoveryResponse, encode: encodePatientDiscoveryResponse },
  refusal: refusePatientDiscovery,
  generalError: 'INTERR',
  audit: {
    event: { asker: 'Query', answerer: 'Query' },
    name: 'Cross Gateway Patient Discovery',
    source: 'asker',
    action: () => 'E',
    objects: auditedObjects,
  },
});

/** The asker records no patient; the answerer each that it returns. The query's detail names the asked community. */
function auditedObjects(
  exchange: AuditedExchange<PatientDiscovery, PatientDiscoveryResponse>,
): AuditObject[] {
  const { side, request, response, query } = exchange;
  const matches = side === 'answerer' ? (response?.matches ?? []) : [];
  const asked = request?.transmission.receiver.organization;
  const details = asked && [{ type: 'ihe:homeCommunityID', value: `urn:oid:${asked}` }];
  return [
    ...matches.map((match): AuditObject => ({ kind: 'patient', patientId: match.id })),
    { kind: 'query', ...recordedQueryOf(query ?? ''), ...(details ? { details } : {}) },
  ];
}

/**
 * @throws Refusal NS2xx or SYN1xx: the asking community, and either a name with a birth date or an id; no fuzzy name; NS250
 * where the answer is wanted later
 */
function decodePatientDiscovery({ action, body, headers }: Opened): PatientDiscovery {
  if (action === DEFERRED_QUERY) {
    throw new Refusal('NS250', 'the Deferred Response Option is not spoken here');
  }
  const root = openMessage(body, [QUERY]);
  const controlAct = requireChild(root, 'controlActProcess');
  const query = requireChild(controlAct, 'queryByParameter');
  return known<PatientDiscovery>({
    transmission: readCommunities(root),
    queryId: readII(requireChild(query, 'queryId')),
    criteria: readSufficient(requireChild(query, 'parameterList')),
    reverseAuthority: reverseAuthorityOf(controlAct),
    minimumDegreeMatch: findMinimumDegreeMatch(query),
    correlationTimeToLive: findTimeToLive(headers),
  });
}

/** Who asks must say for which community; the schema and peers leave the asked one open. */
function readCommunities(root: Located): Transmission {
  const transmission = readTransmission(root);
  if (transmission.sender.organization === undefined) {
    const device = requireChild(root, 'sender', 'device');
    throw refusalAt(device, 'SYN100', 'the homeCommunityId as representedOrganization is required');
  }
  return transmission;
}

function readSufficient(parameters: Located): DemographicsCriteria {
  const criteria = readCriteria(parameters);
  const { livingSubjectName, livingSubjectBirthTime, livingSubjectId } = criteria;
  const described = livingSubjectName !== undefined && livingSubjectBirthTime !== undefined;
  if (!described && livingSubjectId === undefined) {
    const either = 'livingSubjectName and livingSubjectBirthTime, or livingSubjectId, is required';
    throw refusalAt(parameters, 'SYN100', either);
  }
  if (livingSubjectName?.some(({ use }) => use?.split(' ').includes('SRCH'))) {
    throw refusalAt(parameters, 'SYN103', 'livingSubjectName must not be of use SRCH');
  }
  return criteria;
}

function reverseAuthorityOf(controlAct: Located): string | undefined {
  const authors = childrenOf(controlAct, 'authorOrPerformer');
  const author = authors.find((one) => findChild(one, 'assignedDevice') !== undefined);
  return author && findOid(author, 'assignedDevice');
}

function encodePatientDiscovery(query: PatientDiscovery): Body {
  const { transmission, reverseAuthority } = query;
  const queryByParameter = v3(
    'queryByParameter',
    {},
    writeII(query.queryId, 'queryId'),
    v3('statusCode', { code: 'new' }),
    v3('responseModalityCode', { code: 'R' }),
    v3('responsePriorityCode', { code: 'I' }),
    writeMinimumDegreeMatch(query.minimumDegreeMatch),
    writeParameterList(query.criteria),
  );
  const author = reverseAuthority === undefined ? undefined : writeAuthor(reverseAuthority);
  return {
    ...writeTimeToLive(query.correlationTimeToLive),
    xml: writeMessage({
      interaction: QUERY,
      transmission,
      acceptAckCode: 'AL',
      content: [writeControlAct(QUERY, author, queryByParameter)],
    }),
  };
}
