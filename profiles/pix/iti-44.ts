import type { AuditObject } from '../audit-event.ts';
import {
  openMessage,
  readTransmission,
  type Transmission,
  writeControlAct,
  writeMessage,
} from '../formats/hl7v3.ts';
import { type AcknowledgementDetail, detailsOf } from '../formats/hl7v3-codes.ts';
import { requireOid, v3, writeAssignedId, writtenII } from '../formats/hl7v3-datatypes.ts';
import {
  findProviderOrganization,
  readNames,
  readOtherIds,
  readPatientIds,
  readPerson,
  type Registration,
  readRegistration,
  requireCustodian,
  withIds,
  writeSubject,
} from '../formats/hl7v3-person.ts';
import {
  childrenOf,
  findAttribute,
  HL7_V3,
  type Located,
  refusalAt,
  requireChild,
  requireCode,
} from '../formats/hl7v3-reading.ts';
import {
  answeredOf,
  readAcknowledgement,
  replyTransmission,
  writeAcknowledgement,
} from '../formats/hl7v3-reply.ts';
import type { Opened } from '../formats/soap.ts';
import { type Demographics, type PatientId, type PersonName, samePatientId } from '../patient.ts';
import type { Refusal } from '../refusal.ts';
import { type Body, defineTransaction, type Issue } from '../transaction.ts';

interface FeedMessage {
  readonly transmission: Transmission;
  /** `custodian/assignedEntity/id@root`. */
  readonly custodian: string;
}

/** PRPA_IN201301UV02 (add) and PRPA_IN201302UV02 (revise). Source: ITI TF-2: 3.44. */
export interface PatientRegistrationFeed extends FeedMessage {
  readonly kind: 'add' | 'revise';
  /** `patient/id`: all ids in the provider organisation's domain; at least one. */
  readonly ids: readonly PatientId[];
  /** `asOtherIDs/id`: ids of other domains. */
  readonly otherIds: readonly PatientId[];
  /**
   * Domains in which the source says that the patient has no id, or none any longer: `asOtherIDs` with an id that is not
   * applicable (`NA`), and the domain as its scopingOrganization. Absent: none said.
   */
  readonly noneIn?: readonly string[];
  /** `names` is empty where the source sends a name that is null. */
  readonly demographics: Demographics;
  /** What the source leaves as it was: v2 says so by an empty field. Absent: nothing, the demographics are all there is. */
  readonly unchanged?: readonly (keyof Demographics)[];
  /** `providerOrganization/id@root` and its name. */
  readonly providerOrganization: { readonly id: string; readonly name?: string };
}

/**
 * PRPA_IN201304UV02: the subsumed identifier is given up for the surviving one; both are of one authority, and differ.
 * Nothing else that the message says of the patient counts. It carries no `ids`, so that nobody takes it for a registration.
 *
 * @see ITI TF-2: 3.44.4.2
 */
export interface PatientMergeFeed extends FeedMessage {
  readonly kind: 'merge';
  /** `patient/id` of the authority of the subsumed identifier. */
  readonly surviving: PatientId;
  /** `replacementOf/priorRegistration/subject1/priorRegisteredRole/id`. */
  readonly subsumed: PatientId;
  /** The survivor's, as sent; empty for a name that is null. */
  readonly names: readonly PersonName[];
  readonly providerOrganization?: { readonly id: string; readonly name?: string };
}

/** The messages of the feed. Source: ITI TF-2: 3.44. */
export type PatientIdentityFeed = PatientRegistrationFeed | PatientMergeFeed;

/** MCCI_IN000002UV01. CA accepted, CE error, CR rejected; a peer's AA and AE are read as CA and CE. */
export interface AcceptAcknowledgement {
  readonly code: 'CA' | 'CE' | 'CR';
  readonly details: readonly AcknowledgementDetail[];
}

/** The interaction of each kind; its action is the namespace, a colon and the interaction. */
const INTERACTIONS = {
  add: 'PRPA_IN201301UV02',
  revise: 'PRPA_IN201302UV02',
  merge: 'PRPA_IN201304UV02',
} as const;
const ACKNOWLEDGEMENT = 'MCCI_IN000002UV01';

/**
 * Patient Identity Feed HL7 V3: add, revise, and the merge of two identifiers.
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
    messages: Object.values(INTERACTIONS).map((name) => ({
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
    action: ({ request }) => (request === undefined || request.kind === 'add' ? 'C' : 'U'),
    objects: ({ request }) =>
      request === undefined
        ? []
        : idsOf(request).map(patientObject(request)).map(subsumedIn(request)),
  },
});

/** Where PRPA_IN201304UV02 names the identifier that stays, and the one that is given up. */
export const PLACES_OF_MERGE = {
  surviving: '/PRPA_IN201304UV02/controlActProcess/subject/registrationEvent/subject1/patient/id',
  subsumed:
    '/PRPA_IN201304UV02/controlActProcess/subject/registrationEvent/replacementOf/priorRegistration/subject1/priorRegisteredRole/id',
} as const;

/** Of a merge, the survivor first. */
function idsOf(feed: PatientIdentityFeed): readonly PatientId[] {
  return feed.kind === 'merge' ? [feed.surviving, feed.subsumed] : feed.ids;
}

function patientObject({ transmission }: PatientIdentityFeed): (id: PatientId) => AuditObject {
  const detail = { type: 'II', value: writtenII(transmission.messageId) };
  return (patientId) => ({ kind: 'patient', patientId, detail });
}

/** The identifier that a merge gives up is recorded as deleted, in a message of its own. Source: ITI TF-2: 3.44.5.1. */
export function subsumedIn(feed: { readonly kind: string }) {
  return (object: AuditObject, at: number): AuditObject =>
    feed.kind === 'merge' && at === 1 && object.kind === 'patient'
      ? { ...object, action: 'D' }
      : object;
}

/**
 * @throws Refusal NS2xx or SYN1xx: exactly one active registration, an id, a name, and but for a merge a provider
 * organisation, custodian; 204 for a merge of one identifier into itself or into another authority's
 */
function decodeFeed({ body }: Opened): PatientIdentityFeed {
  const root = openMessage(body, Object.values(INTERACTIONS));
  const subject = requireChild(root, 'controlActProcess', 'subject');
  const registration = readRegistration(subject);
  const transmission = readTransmission(root);
  if (body.name === INTERACTIONS.merge) return { ...readMerge(registration), transmission };
  const kind = body.name === INTERACTIONS.add ? 'add' : 'revise';
  return { kind, ...readFeed(registration), transmission };
}

function readFeed({
  registrationEvent,
  patient,
}: Registration): Omit<PatientRegistrationFeed, 'kind' | 'transmission'> {
  const [replacement] = childrenOf(registrationEvent, 'replacementOf');
  if (replacement !== undefined)
    throw refusalAt(replacement, 'SYN110', 'only in PRPA_IN201304UV02');
  const ids = requireIds(patient);
  const providerOrganization = findProviderOrganization(patient);
  if (providerOrganization === undefined) {
    throw refusalAt(patient, 'SYN100', 'providerOrganization is required');
  }
  const noneIn = readNoneIn(patient);
  return {
    ids,
    otherIds: withIds(readOtherIds(patient)),
    ...(noneIn.length === 0 ? {} : { noneIn }),
    demographics: readPerson(patient),
    providerOrganization,
    custodian: requireOid(requireCustodian(registrationEvent)),
  };
}

/** An id that is unknown, or withheld, says nothing. */
function readNoneIn(patient: Located): readonly string[] {
  return childrenOf(requireChild(patient, 'patientPerson'), 'asOtherIDs')
    .filter((other) =>
      childrenOf(other, 'id').some((id) => findAttribute(id, 'nullFlavor') === 'NA'),
    )
    .map((other) => requireOid(requireChild(other, 'scopingOrganization')));
}

function requireIds(patient: Located): readonly PatientId[] {
  const ids = readPatientIds(patient);
  if (ids.length === 0) throw refusalAt(patient, 'SYN100', 'id is required');
  return ids;
}

/** One pair in a message. Source: ITI TF-2: 3.44.4.2.2. */
function readMerge({
  registrationEvent,
  patient,
}: Registration): Omit<PatientMergeFeed, 'transmission'> {
  const [replacement, another] = childrenOf(registrationEvent, 'replacementOf');
  if (another !== undefined) throw refusalAt(another, 'SYN110', 'one pair in a message');
  if (replacement === undefined) {
    throw refusalAt(registrationEvent, 'SYN100', 'replacementOf is required');
  }
  const prior = requireChild(replacement, 'priorRegistration');
  requireCode(prior, 'statusCode', ['obsolete']);
  const role = requireChild(prior, 'subject1', 'priorRegisteredRole');
  const [subsumed, ...others] = readPatientIds(role);
  if (subsumed === undefined) throw refusalAt(role, 'SYN100', 'id is required');
  if (others.length > 0) throw refusalAt(role, 'SYN110', 'one subsumed id in a message');
  const surviving = survivorOf(patient, subsumed);
  if (samePatientId(surviving, subsumed)) {
    throw refusalAt(role, '204', 'an identifier cannot be merged into itself');
  }
  const names = readNames(patient);
  const custodian = requireOid(requireCustodian(registrationEvent));
  const providerOrganization = findProviderOrganization(patient);
  const merge = { kind: 'merge', surviving, subsumed, names, custodian } as const;
  return providerOrganization === undefined ? merge : { ...merge, providerOrganization };
}

function survivorOf(patient: Located, subsumed: PatientId): PatientId {
  const [surviving, ...others] = requireIds(patient).filter(
    ({ assigningAuthority }) => assigningAuthority === subsumed.assigningAuthority,
  );
  if (surviving === undefined) {
    throw refusalAt(patient, '204', 'no id of the authority of the subsumed one');
  }
  if (others.length > 0) throw refusalAt(patient, 'SYN110', 'one surviving id in a message');
  return surviving;
}

function encodeFeed(feed: PatientIdentityFeed): Body {
  const interaction = INTERACTIONS[feed.kind];
  return {
    action: `${HL7_V3}:${interaction}`,
    xml: writeMessage({
      interaction,
      transmission: feed.transmission,
      acceptAckCode: 'AL',
      content: [writeControlAct(interaction, subjectOf(feed))],
    }),
  };
}

function subjectOf(feed: PatientIdentityFeed): string {
  const { providerOrganization, custodian } = feed;
  if (feed.kind !== 'merge') {
    const { ids, demographics: person, noneIn = [] } = feed;
    const none = noneIn.map((assigningAuthority) => ({ assigningAuthority }));
    const otherIds = [...feed.otherIds, ...none];
    return writeSubject({ ids, person, otherIds, providerOrganization, custodian });
  }
  const { surviving, subsumed, names } = feed;
  const subject = writeSubject({
    ids: [surviving],
    person: { names },
    otherIds: [],
    providerOrganization,
    custodian,
  });
  // The last child of the registrationEvent; a name cannot hold the tag, since `<` is escaped in it.
  return subject.replace(END, () => `${writeReplacement(subsumed)}${END}`);
}

const END = '</registrationEvent>';

function writeReplacement(subsumed: PatientId): string {
  const role = v3('priorRegisteredRole', { classCode: 'PAT' }, writeAssignedId(subsumed));
  return v3(
    'replacementOf',
    { typeCode: 'RPLC' },
    v3(
      'priorRegistration',
      { classCode: 'REG', moodCode: 'EVN' },
      v3('statusCode', { code: 'obsolete' }),
      v3('subject1', { typeCode: 'SBJ' }, role),
    ),
  );
}

const CODES = { A: 'CA', E: 'CE', R: 'CR' } as const;

/** @throws Refusal NS2xx or SYN1xx when it is no acknowledgement; one that says no is a value */
export function decodeAcknowledgement({ body }: Opened): AcceptAcknowledgement {
  const { outcome, details } = readAcknowledgement(openMessage(body, [ACKNOWLEDGEMENT]));
  return { code: CODES[outcome], details };
}

/** MCCI_IN000002UV01, of ITI-44 and ITI-46 alike. */
export function encodeAcknowledgement(
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
