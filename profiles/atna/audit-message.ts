import type { AuditAction, AuditDetail, AuditEventName, AuditObject } from '../audit-event.ts';
import { escapeXml } from '../formats/xml.ts';
import type { PatientId } from '../patient.ts';
import {
  type Coded,
  EVENT_ID,
  EVENT_TYPE,
  ID_TYPE,
  LIFE_CYCLE,
  OBJECT_TYPE,
  ROLE,
} from './audit-codes.ts';

/** 0 success, 4 minor failure, 8 serious failure, 12 major failure. Source: DICOM PS3.15 Table A.5.2-1. */
export type AuditOutcome = 0 | 4 | 8 | 12;

/** Who took part: a system, a process, a node. Source: DICOM PS3.15 A.5.2; ITI TF-2: 3.20. */
export interface AuditParticipant {
  /** A SOAP asker's `wsa:ReplyTo`, an answerer's endpoint, a process. */
  readonly userId: string;
  /** The process id, and only of the side that records. */
  readonly alternativeUserId?: string;
  /** The name by which the partner directory knows it. Never a patient's. */
  readonly userName?: string;
  /** Host name or IP address. */
  readonly host?: string;
}

interface Recorded {
  readonly at: Date;
  readonly outcome: AuditOutcome;
  /** Why it failed: codes, never what was in the message. */
  readonly outcomeDescription?: string;
  /** The system that records, as the audit repository knows it. */
  readonly auditSourceId: string;
}

/** One end of a transaction, with the direction of the data told apart from who asked. */
export interface TransactionEnd extends AuditParticipant {
  readonly isRequestor: boolean;
}

/** A transaction as one of its ends saw it. Source: ITI TF-2: 3.N.5.1 of each. */
export interface TransactionEvent extends Recorded {
  readonly kind: 'transaction';
  /** `ITI-18` */
  readonly id: string;
  readonly name: string;
  readonly event: AuditEventName;
  readonly action: AuditAction;
  /** Where the data came from. */
  readonly source: TransactionEnd;
  /** Where the data went to. */
  readonly destination: TransactionEnd;
  readonly objects: readonly AuditObject[];
  /** Further details of the last object, such as the SOAP message id. */
  readonly details?: readonly AuditDetail[];
}

/** The application began or ended its work. Source: DICOM PS3.15 A.5.3.1. */
export interface ApplicationActivityEvent extends Recorded {
  readonly kind: 'application-activity';
  readonly activity: 'start' | 'stop';
  readonly application: AuditParticipant;
  /** Who started or stopped it. */
  readonly launcher?: AuditParticipant;
}

/** The trail itself began or ended. Source: DICOM PS3.15 A.5.3.11, types 110133 and 110134. */
export interface AuditRecordingEvent extends Recorded {
  readonly kind: 'audit-recording';
  readonly activity: 'start' | 'stop';
  readonly application: AuditParticipant;
}

/** Somebody read the audit trail. Source: DICOM PS3.15 A.5.3.2. */
export interface AuditLogUsedEvent extends Recorded {
  readonly kind: 'audit-log-used';
  readonly user: AuditParticipant;
  /** URI of the trail that was read. */
  readonly trail: string;
}

/** A node that could not be authenticated. Source: DICOM PS3.15 A.5.3.11, type 110126. */
export interface NodeAuthenticationEvent extends Recorded {
  readonly kind: 'node-authentication';
  readonly reporter: AuditParticipant;
  /** As much as is known of the far end. */
  readonly peer?: AuditParticipant;
  /** What failed: the peer's certificate subject, else its host or address. */
  readonly node: string;
  /** Detail `Alert Description`. */
  readonly description: string;
}

/** A person looked at, or decided upon, who a patient is. Source: DICOM PS3.15 A.5.3.9. */
export interface PatientRecordEvent extends Recorded {
  readonly kind: 'patient-record';
  readonly action: AuditAction;
  /** What was done, in one word: `link`, `unmerge`, `explain`. */
  readonly deed: string;
  readonly user: AuditParticipant;
  readonly application: AuditParticipant;
  readonly patients: readonly PatientId[];
}

/** What this system records. No event holds a person's name or a document's words. */
export type AuditEvent =
  | TransactionEvent
  | ApplicationActivityEvent
  | AuditRecordingEvent
  | AuditLogUsedEvent
  | NodeAuthenticationEvent
  | PatientRecordEvent;

/**
 * Writes one audit message: DICOM audit XML without a declaration, on one line.
 *
 * What XML cannot carry (control characters out of a certificate, lone surrogates) becomes U+FFFD: a record is never lost for
 * the sake of a character.
 *
 * @see DICOM PS3.15 A.5.1; ITI TF-2: 3.20
 */
export function encodeAuditMessage(event: AuditEvent): string {
  const { id, type, action, participants, objects } = partsOf(event);
  return [
    '<AuditMessage>',
    `<EventIdentification EventActionCode="${action}" EventDateTime="${event.at.toISOString()}"`,
    ` EventOutcomeIndicator="${event.outcome}">`,
    coded('EventID', id),
    type ? coded('EventTypeCode', type) : '',
    event.outcomeDescription
      ? `<EventOutcomeDescription>${escaped(event.outcomeDescription)}</EventOutcomeDescription>`
      : '',
    '</EventIdentification>',
    ...participants,
    `<AuditSourceIdentification AuditSourceID="${escaped(event.auditSourceId)}"/>`,
    ...objects,
    '</AuditMessage>',
  ].join('');
}

interface MessageParts {
  readonly id: Coded;
  readonly type?: Coded;
  readonly action: AuditAction;
  readonly participants: readonly string[];
  readonly objects: readonly string[];
}

function partsOf(event: AuditEvent): MessageParts {
  switch (event.kind) {
    case 'transaction':
      return transactionParts(event);
    case 'application-activity':
      return {
        id: EVENT_ID['Application Activity'],
        type: EVENT_TYPE[event.activity === 'start' ? 'Application Start' : 'Application Stop'],
        action: 'E',
        participants: [
          participant(event.application, false, ROLE.Application),
          ...(event.launcher
            ? [participant(event.launcher, true, ROLE['Application Launcher'])]
            : []),
        ],
        objects: [],
      };
    case 'audit-recording':
      return {
        id: EVENT_ID['Security Alert'],
        type: EVENT_TYPE[
          event.activity === 'start' ? 'Audit Recording Started' : 'Audit Recording Stopped'
        ],
        action: 'E',
        participants: [participant(event.application, true, ROLE.Application)],
        objects: [],
      };
    case 'audit-log-used':
      return {
        id: EVENT_ID['Audit Log Used'],
        action: 'R',
        participants: [participant(event.user, true)],
        objects: [
          object('security resource', event.trail, ID_TYPE.URI, { name: 'Security Audit Log' }),
        ],
      };
    case 'patient-record': {
      const type: Coded = [`patient ${event.deed}`, 'Kakehashi', `patient ${event.deed}`];
      return {
        id: EVENT_ID['Patient Record'],
        type,
        action: event.action,
        participants: [participant(event.user, true), participant(event.application, false)],
        objects: event.patients.map((patientId) =>
          participantObject({ kind: 'patient', patientId }, type, []),
        ),
      };
    }
    case 'node-authentication':
      return {
        id: EVENT_ID['Security Alert'],
        type: EVENT_TYPE['Node Authentication'],
        action: 'E',
        participants: [
          participant(event.reporter, true),
          ...(event.peer ? [participant(event.peer, false)] : []),
        ],
        objects: [
          object('security resource', event.node, ID_TYPE['Node ID'], {
            details: [{ type: 'Alert Description', value: event.description }],
          }),
        ],
      };
  }
}

function transactionParts(event: TransactionEvent): MessageParts {
  const type: Coded = [event.id, 'IHE Transactions', event.name];
  const last = event.objects.length - 1;
  return {
    id: EVENT_ID[event.event],
    type,
    action: event.action,
    participants: [
      participant(event.source, event.source.isRequestor, ROLE.Source),
      participant(event.destination, event.destination.isRequestor, ROLE.Destination),
    ],
    objects: event.objects.map((one, at) =>
      participantObject(one, type, at === last ? (event.details ?? []) : []),
    ),
  };
}

function participantObject(
  one: AuditObject,
  transaction: Coded,
  further: readonly AuditDetail[],
): string {
  switch (one.kind) {
    case 'patient':
      return object('patient', cxOf(one.patientId), ID_TYPE['Patient Number'], {
        details: [...(one.detail ? [one.detail] : []), ...further],
      });
    case 'query':
      return object('query', one.id, transaction, {
        query: one.text,
        details: [...(one.details ?? []), ...further],
      });
    case 'submission-set':
      return object('job', one.uniqueId, ID_TYPE['Submission Set'], { details: further });
    case 'document':
      return object('report', one.uniqueId, ID_TYPE['Report Number'], {
        details: [
          ...detailOf('Repository Unique Id', one.repositoryUniqueId),
          ...detailOf('ihe:homeCommunityID', one.homeCommunityId),
          ...further,
        ],
        lifeCycle: one.isErased === true ? LIFE_CYCLE['Permanent Erasure'] : undefined,
      });
    case 'object-ref':
      return object('report', one.id, ID_TYPE['Object Ref'], {
        details: further,
        lifeCycle: LIFE_CYCLE['Permanent Erasure'],
      });
  }
}

/** The full form that audit tables ask for. An id that no CX may hold is recorded as well: refused requests are audited too. */
function cxOf({ id, assigningAuthority }: PatientId): string {
  return `${id}^^^&${assigningAuthority}&ISO`;
}

function detailOf(type: string, value: string | undefined): readonly AuditDetail[] {
  return value === undefined ? [] : [{ type, value }];
}

interface ObjectContent {
  readonly name?: string;
  readonly query?: string;
  readonly details?: readonly AuditDetail[];
  readonly lifeCycle?: number | undefined;
}

function object(
  kind: keyof typeof OBJECT_TYPE,
  id: string,
  idType: Coded,
  content: ObjectContent,
): string {
  const { type, role } = OBJECT_TYPE[kind];
  return [
    `<ParticipantObjectIdentification ParticipantObjectID="${escaped(id)}"`,
    ` ParticipantObjectTypeCode="${type}" ParticipantObjectTypeCodeRole="${role}"`,
    content.lifeCycle === undefined
      ? '>'
      : ` ParticipantObjectDataLifeCycle="${content.lifeCycle}">`,
    coded('ParticipantObjectIDTypeCode', idType),
    content.name === undefined
      ? ''
      : `<ParticipantObjectName>${escaped(content.name)}</ParticipantObjectName>`,
    content.query === undefined
      ? ''
      : `<ParticipantObjectQuery>${base64(content.query)}</ParticipantObjectQuery>`,
    ...(content.details ?? []).map(
      (detail) =>
        `<ParticipantObjectDetail type="${escaped(detail.type)}" value="${base64(detail.value)}"/>`,
    ),
    '</ParticipantObjectIdentification>',
  ].join('');
}

function participant(one: AuditParticipant, isRequestor: boolean, role?: Coded): string {
  const attributes = [
    ` UserID="${escaped(one.userId)}"`,
    attribute('AlternativeUserID', one.alternativeUserId),
    attribute('UserName', one.userName),
    ` UserIsRequestor="${isRequestor}"`,
    attribute('NetworkAccessPointID', one.host),
    one.host ? ` NetworkAccessPointTypeCode="${isIpAddress(one.host) ? 2 : 1}"` : '',
  ].join('');
  return role
    ? `<ActiveParticipant${attributes}>${coded('RoleIDCode', role)}</ActiveParticipant>`
    : `<ActiveParticipant${attributes}/>`;
}

/** IPv4 in dots, or anything with a colon: a host name has none. */
function isIpAddress(host: string): boolean {
  return host.includes(':') || /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
}

function coded(element: string, [code, system, text]: Coded): string {
  return `<${element} csd-code="${escaped(code)}" codeSystemName="${escaped(system)}" originalText="${escaped(text)}"/>`;
}

function attribute(name: string, value: string | undefined): string {
  return value ? ` ${name}="${escaped(value)}"` : '';
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** What XML 1.0 has no character for. */
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;

function escaped(text: string): string {
  return escapeXml(text.replace(FORBIDDEN, '\ufffd'));
}
