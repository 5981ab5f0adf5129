import type { AuditObject } from '../audit-event.ts';
import {
  openMessage,
  readTransmission,
  type Transmission,
  writeControlAct,
  writeMessage,
} from '../formats/hl7v3.ts';
import { type AcknowledgementDetail, detailsOf } from '../formats/hl7v3-codes.ts';
import { requireOid, writtenII } from '../formats/hl7v3-datatypes.ts';
import {
  findProviderOrganization,
  readOtherIds,
  readPatientIds,
  readPerson,
  readRegistration,
  requireCustodian,
  withIds,
  writeSubject,
} from '../formats/hl7v3-person.ts';
import { childrenOf, HL7_V3, refusalAt, requireChild } from '../formats/hl7v3-reading.ts';
import {
  answeredOf,
  readAcknowledgement,
  replyTransmission,
  writeAcknowledgement,
} from '../formats/hl7v3-reply.ts';
import type { Opened } from '../formats/soap.ts';
import type { Demographics, PatientId } from '../patient.ts';
import type { Refusal } from '../refusal.ts';
import { type Body, defineTransaction, type Issue } from '../transaction.ts';

/** PRPA_IN201301UV02 (add) and PRPA_IN201302UV02 (revise). Source: ITI TF-2: 3.44. */
export interface PatientIdentityFeed {
  readonly kind: 'add' | 'revise';
  readonly transmission: Transmission;
  /** `patient/id`: all ids in the provider organisation's domain; at least one. */
  readonly ids: readonly PatientId[];
  /** `asOtherIDs/id`: ids of other domains. */
  readonly otherIds: readonly PatientId[];
  /** `names` is empty where the source sends a name that is null. */
  readonly demographics: Demographics;
  /** `providerOrganization/id@root` and its name. */
  readonly providerOrganization: { readonly id: string; readonly name?: string };
  /** `custodian/assignedEntity/id@root`. */
  readonly custodian: string;
}

/** MCCI_IN000002UV01. CA accepted, CE error, CR rejected; a peer's AA and AE are read as CA and CE. */
export interface AcceptAcknowledgement {
  readonly code: 'CA' | 'CE' | 'CR';
  readonly details: readonly AcknowledgementDetail[];
}

/** The interaction of each kind; its action is the namespace, a colon and the interaction. */
const INTERACTIONS = { add: 'PRPA_IN201301UV02', revise: 'PRPA_IN201302UV02' } as const;
const ACKNOWLEDGEMENT = 'MCCI_IN000002UV01';

/**
 * Patient Identity Feed HL7 V3: add and revise. Resolving duplicates (PRPA_IN201304UV02) is not among its messages.
 *
 * That the ids belong to the provider organisation's domain, and both to the caller, is for the actor to judge.
 * Source: ITI TF-2: 3.44.
 */
export const ITI_44 = defineTransaction<PatientIdentityFeed, AcceptAcknowledgement>({
  id: 'ITI-44',
  name: 'Patient Identity Feed HL7 V3',
  section: 'ITI TF-2: 3.44',
  asks: ['Patient Identity Source'],
  answers: ['Patient Identifier Cross-reference Manager', 'Document Registry'],
  wire: {
    kind: 'soap',
    mtom: 'never',
    messages: [INTERACTIONS.add, INTERACTIONS.revise].map((name) => ({
      action: `${HL7_V3}:${name}`,
      replyAction: `${HL7_V3}:${ACKNOWLEDGEMENT}`,
      body: { namespace: HL7_V3, name },
    })),
  },
  request: { decode: decodeFeed, encode: encodeFeed },
  response: { decode: decodeAcknowledgement, encode: encodeAcknowledgement },
  refusal: (refusals: readonly Refusal[], opened: Opened, issue: Issue) =>
    encodeAcknowledgement({ code: 'CE', details: detailsOf(refusals) }, opened, issue),
  generalError: 'INTERR',
  audit: {
    event: { asker: 'Patient Record', answerer: 'Patient Record' },
    name: 'Patient Identity Feed',
    source: 'asker',
    action: ({ request }) => (request?.kind === 'revise' ? 'U' : 'C'),
    objects: ({ request }) =>
      request === undefined ? [] : request.ids.map(patientObject(request)),
  },
});

function patientObject({ transmission }: PatientIdentityFeed): (id: PatientId) => AuditObject {
  const detail = { type: 'II', value: writtenII(transmission.messageId) };
  return (patientId) => ({ kind: 'patient', patientId, detail });
}

/** @throws Refusal NS2xx or SYN1xx: exactly one active registration, an id, a name, provider organisation and custodian */
function decodeFeed({ body }: Opened): PatientIdentityFeed {
  const root = openMessage(body, [INTERACTIONS.add, INTERACTIONS.revise]);
  const subject = requireChild(root, 'controlActProcess', 'subject');
  const { registrationEvent, patient } = readRegistration(subject);
  const [replacement] = childrenOf(registrationEvent, 'replacementOf');
  if (replacement !== undefined)
    throw refusalAt(replacement, 'SYN110', 'only in PRPA_IN201304UV02');
  const ids = readPatientIds(patient);
  if (ids.length === 0) throw refusalAt(patient, 'SYN100', 'id is required');
  const providerOrganization = findProviderOrganization(patient);
  if (providerOrganization === undefined) {
    throw refusalAt(patient, 'SYN100', 'providerOrganization is required');
  }
  return {
    kind: body.name === INTERACTIONS.add ? 'add' : 'revise',
    transmission: readTransmission(root),
    ids,
    otherIds: withIds(readOtherIds(patient)),
    demographics: readPerson(patient),
    providerOrganization,
    custodian: requireOid(requireCustodian(registrationEvent)),
  };
}

function encodeFeed(feed: PatientIdentityFeed): Body {
  const interaction = INTERACTIONS[feed.kind];
  const { ids, demographics: person, otherIds, providerOrganization, custodian } = feed;
  const subject = writeSubject({ ids, person, otherIds, providerOrganization, custodian });
  return {
    action: `${HL7_V3}:${interaction}`,
    xml: writeMessage({
      interaction,
      transmission: feed.transmission,
      acceptAckCode: 'AL',
      content: [writeControlAct(interaction, subject)],
    }),
  };
}

const CODES = { A: 'CA', E: 'CE', R: 'CR' } as const;

/** @throws Refusal NS2xx or SYN1xx when it is no acknowledgement; one that says no is a value */
function decodeAcknowledgement({ body }: Opened): AcceptAcknowledgement {
  const { outcome, details } = readAcknowledgement(openMessage(body, [ACKNOWLEDGEMENT]));
  return { code: CODES[outcome], details };
}

function encodeAcknowledgement(
  { code, details }: AcceptAcknowledgement,
  request: Opened,
  issue: Issue,
): Body {
  const answered = answeredOf(request.body);
  const targetMessage = answered.messageId;
  return {
    xml: writeMessage({
      interaction: ACKNOWLEDGEMENT,
      transmission: replyTransmission(answered, issue),
      acceptAckCode: 'NE',
      content: [writeAcknowledgement({ code, targetMessage, details })],
    }),
  };
}
