import type {
  AuditAction,
  AuditDetail,
  AuditObject,
  AuditSide,
  AuditedExchange,
} from '../../profiles/audit-event.ts';
import {
  type AuditOutcome,
  type AuditParticipant,
  encodeAuditMessage,
  type TransactionEnd,
  type TransactionEvent,
} from '../../profiles/atna/audit-message.ts';
import { type PatientId, patientKey } from '../../profiles/patient.ts';
import type { RetrieveDocumentSetResponse } from '../../profiles/xds/iti-43.ts';
import type { Spoken } from '../../profiles/transaction.ts';

/**
 * How an exchange ended, and what security events make of it. Source: DICOM PS3.15 Table A.5.2-1, which leaves the bounds to
 * the application; these are ours.
 */
export const AUDIT_OUTCOMES = {
  /** Answered as asked: Success, AA, CA. */
  success: 0,
  /** PartialSuccess, or a success with warnings. */
  partial: 4,
  /** Sending an answer that was already recorded stopped half-way. */
  interrupted: 8,
  /** The caller was told no: Failure, AE, AR, CE, CR, a SOAP fault. */
  refused: 8,
  /** The far end gave no answer, or none that could be read. */
  unanswered: 8,
  /** It failed for a reason of ours: the action was given up. */
  defect: 12,
} as const satisfies Record<string, AuditOutcome>;

/** A key of the table above. */
export type ExchangeOutcome = keyof typeof AUDIT_OUTCOMES;

/** One end of an exchange as it is known; `userId` undefined: not known, or anonymous. */
export interface ExchangeEnd {
  /** The asker's `wsa:ReplyTo`, the answerer's endpoint. */
  readonly userId?: string;
  /** Host name or IP address. */
  readonly host?: string;
  /** The partner directory's name of it. */
  readonly name?: string;
}

/** An exchange that crossed the wall of this process, however far it came. */
export interface ExchangeRecord {
  readonly transaction: Spoken<unknown, unknown>;
  /** Which end we are. */
  readonly side: AuditSide;
  readonly outcome: ExchangeOutcome;
  readonly at: Date;
  /** Undefined where decoding failed. */
  readonly request?: unknown;
  /** Undefined where there is none. */
  readonly response?: unknown;
  /** Whose data the answerer found: only it knows whose a retrieved document is. */
  readonly subjects?: readonly PatientId[];
  /** The request's payload as text, where the transaction is a query. */
  readonly query?: string;
  /** `wsa:MessageID` of the request. */
  readonly messageId?: string;
  readonly asker: ExchangeEnd;
  readonly answerer: ExchangeEnd;
  /** Codes of what was refused; nothing that a message said. */
  readonly description?: string;
}

/** Who records: the same for every record of a process. */
export interface Recorder {
  /** AuditSourceID: an OID or a name that the region knows us by. */
  readonly auditSourceId: string;
  readonly pid: number;
  /** Host name of this node. */
  readonly host: string;
}

/** A peer that was turned away before it could say anything, or for what it tried. */
export interface Rejection {
  readonly at: Date;
  /** Why, in our own words: `expired`, `not in the partner directory`. */
  readonly reason: string;
  readonly peer: {
    readonly address?: string;
    /** Subject of the certificate that was shown. */
    readonly subject?: string;
    readonly issuer?: string;
    readonly fingerprint?: string;
    /** The partner directory's name of it. */
    readonly name?: string;
  };
  /** The listener or endpoint that was tried. */
  readonly endpoint?: string;
}

/** What an asker is called that waits on the same connection, as nearly all do. Source: WS-Addressing 1.0 Core, 2.1. */
const ANONYMOUS = 'http://www.w3.org/2005/08/addressing/anonymous';

/**
 * The audit messages of one exchange: at least one, whatever became of it.
 *
 * An export or import names one patient at most, so each patient has a message of her own: the objects that follow a patient
 * are hers, those before the first one belong to all. Documents that came and documents that did not are told apart.
 *
 * @see ITI TF-2: 3.20, and 3.N.5.1 of each transaction
 */
export function recordOf(exchange: ExchangeRecord, recorder: Recorder): string[] {
  const { audit } = exchange.transaction;
  const seen: AuditedExchange<unknown, unknown> = {
    side: exchange.side,
    request: exchange.request,
    response: exchange.response,
    query: exchange.query,
  };
  const event = audit.event[exchange.side];
  const objects = audit.objects(seen);
  const common: Omit<TransactionEvent, 'objects' | 'outcome'> = {
    kind: 'transaction',
    at: exchange.at,
    auditSourceId: recorder.auditSourceId,
    id: exchange.transaction.id,
    name: audit.name,
    event,
    action: audit.action(seen),
    outcomeDescription: exchange.description,
    source: endOf(exchange, audit.source, recorder),
    destination: endOf(exchange, otherSide(audit.source), recorder),
    details: messageDetails(exchange.messageId),
  };
  const groups = event === 'Export' || event === 'Import' ? byPatient(objects) : byAction(objects);
  return groups
    .flatMap((group) => byFate(group, exchange))
    .map((fate) => (event === 'Export' ? withSubject(fate, exchange) : fate))
    .map(({ objects, outcome }) =>
      encodeAuditMessage({
        ...common,
        objects,
        outcome,
        action: ownAction(objects) ?? common.action,
      }),
    );
}

/** How a response ended the exchange: by its status or acknowledgement, whichever form it has. */
export function outcomeOf(response: unknown): ExchangeOutcome {
  const { status, acknowledgement, code, errors, locations } = response as {
    readonly status?: string;
    readonly acknowledgement?: string;
    readonly code?: string;
    readonly errors?: readonly unknown[];
    readonly locations?: readonly unknown[];
  };
  // ITI-56 says no by a fault alone.
  if (locations !== undefined) return 'success';
  if (status === 'PartialSuccess') return 'partial';
  if (status === 'Success') return errors && errors.length > 0 ? 'partial' : 'success';
  if (status !== undefined) return 'refused';
  const answer = acknowledgement ?? code;
  return answer === 'AA' || answer === 'CA' ? 'success' : 'refused';
}

/** The security alert of a peer that could not be authenticated, or may not do what it tried. */
export function alertOf(rejection: Rejection, recorder: Recorder): string {
  const { peer } = rejection;
  const known = Object.entries({
    reason: rejection.reason,
    subject: peer.subject,
    issuer: peer.issuer,
    fingerprint: peer.fingerprint,
    address: peer.address,
  }).flatMap(([name, value]) => (value ? [`${name}: ${value}`] : []));
  const node = peer.subject ?? peer.address ?? 'unknown';
  return encodeAuditMessage({
    kind: 'node-authentication',
    at: rejection.at,
    outcome: 8,
    auditSourceId: recorder.auditSourceId,
    reporter: { ...selfOf(recorder), userId: rejection.endpoint ?? String(recorder.pid) },
    peer: { userId: node, userName: peer.name, host: peer.address },
    node,
    description: known.join('; '),
  });
}

/** The record of this process's start or stop. */
export function applicationActivity(
  activity: 'start' | 'stop',
  recorder: Recorder,
  at: Date,
): string {
  return encodeAuditMessage({
    kind: 'application-activity',
    activity,
    at,
    outcome: 0,
    auditSourceId: recorder.auditSourceId,
    application: selfOf(recorder),
  });
}

/** The record of somebody reading the audit trail. `user` is the account of the operating system. */
export function auditLogUsed(
  use: { readonly user: string; readonly trail: string; readonly at: Date },
  recorder: Recorder,
): string {
  return encodeAuditMessage({
    kind: 'audit-log-used',
    at: use.at,
    outcome: 0,
    auditSourceId: recorder.auditSourceId,
    user: { userId: use.user, alternativeUserId: String(recorder.pid), host: recorder.host },
    trail: use.trail,
  });
}

/** The record of a person who looked at, or decided upon, who a patient is. */
export function patientRecordUsed(
  use: {
    readonly user: string;
    readonly deed: string;
    readonly action: 'C' | 'R' | 'U';
    readonly patients: readonly PatientId[];
    readonly outcome: 'success' | 'refused';
    readonly at: Date;
  },
  recorder: Recorder,
): string {
  return encodeAuditMessage({
    kind: 'patient-record',
    at: use.at,
    outcome: AUDIT_OUTCOMES[use.outcome],
    auditSourceId: recorder.auditSourceId,
    deed: use.deed,
    action: use.action,
    user: { userId: use.user, host: recorder.host },
    application: selfOf(recorder),
    patients: use.patients,
  });
}

function selfOf({ pid, host }: Recorder): AuditParticipant {
  return { userId: String(pid), alternativeUserId: String(pid), host };
}

function otherSide(side: AuditSide): AuditSide {
  return side === 'asker' ? 'answerer' : 'asker';
}

/** One end as a participant: only the side that records knows its process id. */
function endOf(exchange: ExchangeRecord, side: AuditSide, recorder: Recorder): TransactionEnd {
  const end = exchange[side];
  return {
    userId: end.userId ?? (side === 'asker' ? ANONYMOUS : 'unknown'),
    alternativeUserId: side === exchange.side ? String(recorder.pid) : undefined,
    userName: end.name,
    host: end.host ?? (side === exchange.side ? recorder.host : undefined),
    isRequestor: side === 'asker',
  };
}

/** The Framework has no place for the SOAP message id in most events; it goes along as a detail, so that records meet logs. */
function messageDetails(messageId: string | undefined): readonly AuditDetail[] {
  return messageId === undefined ? [] : [{ type: 'MessageID', value: messageId }];
}

/** What has an action of its own is a group of its own. Source: ITI TF-2: 3.8.5.1, 3.44.5.1: a merge is an update and a deletion. */
function byAction(objects: readonly AuditObject[]): readonly (readonly AuditObject[])[] {
  const own = objects.filter((one) => ownAction([one]) !== undefined);
  if (own.length === 0) return [objects];
  const shared = objects.filter((one) => ownAction([one]) === undefined);
  return [shared, ...own.map((one) => [one])].filter((group) => group.length > 0);
}

function ownAction([only]: readonly AuditObject[]): AuditAction | undefined {
  return only?.kind === 'patient' ? only.action : undefined;
}

/** One group a patient. */
function byPatient(objects: readonly AuditObject[]): readonly (readonly AuditObject[])[] {
  const starts = objects.flatMap((one, at) => (one.kind === 'patient' ? [at] : []));
  if (starts.length < 2) return [objects];
  const shared = objects.slice(0, starts[0]);
  return starts.map((start, at) => [...shared, ...objects.slice(start, starts[at + 1])]);
}

interface Fate {
  readonly objects: readonly AuditObject[];
  readonly outcome: AuditOutcome;
}

/** Of a retrieval that gave some documents and not others: those that came, and those that did not. */
function byFate(
  objects: readonly AuditObject[],
  { outcome, response }: ExchangeRecord,
): readonly Fate[] {
  const whole = [{ objects, outcome: AUDIT_OUTCOMES[outcome] }];
  if (outcome !== 'partial') return whole;
  const came = new Set(documentsOf(response).map(({ documentUniqueId }) => documentUniqueId));
  const isMissing = (one: AuditObject) => one.kind === 'document' && !came.has(one.uniqueId);
  const hasCome = (one: AuditObject) => one.kind === 'document' && came.has(one.uniqueId);
  if (!objects.some(isMissing)) return whole;
  const missing: Fate = {
    objects: objects.filter((one) => !hasCome(one)),
    outcome: AUDIT_OUTCOMES.refused,
  };
  if (!objects.some(hasCome)) return [missing];
  const there = objects.filter((one) => !isMissing(one));
  return [{ objects: there, outcome: AUDIT_OUTCOMES.success }, missing];
}

/**
 * An export of documents names whose they are, where all of them are one patient's; of documents that did not come, nobody
 * says so.
 */
function withSubject(fate: Fate, { outcome, subjects = [] }: ExchangeRecord): Fate {
  const { objects } = fate;
  const [subject, ...others] = new Map(subjects.map((one) => [patientKey(one), one])).values();
  const didNotCome = outcome === 'partial' && fate.outcome === AUDIT_OUTCOMES.refused;
  const isNamed = objects.some(({ kind }) => kind === 'patient');
  if (!subject || others.length > 0 || didNotCome || isNamed) return fate;
  return { ...fate, objects: [{ kind: 'patient', patientId: subject }, ...objects] };
}

function documentsOf(response: unknown): RetrieveDocumentSetResponse['documents'] {
  return (response as Partial<RetrieveDocumentSetResponse> | undefined)?.documents ?? [];
}
