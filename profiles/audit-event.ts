import type { PatientId } from './patient.ts';

/** DICOM events that a transaction is recorded as. Source: DICOM PS3.15 A.5; ITI TF-2: 3.20. */
export type AuditEventName = 'Query' | 'Export' | 'Import' | 'Patient Record';

/** Create, read, update, delete, execute. Source: DICOM PS3.15 Table A.5.2-1. */
export type AuditAction = 'C' | 'R' | 'U' | 'D' | 'E';

/** Which end of a transaction records: the one that asked or the one that answered. */
export type AuditSide = 'asker' | 'answerer';

/** One participant object of an audit message: codes and identifiers only, never a name or a document's words. */
export type AuditObject =
  | {
      readonly kind: 'patient';
      readonly patientId: PatientId;
      readonly detail?: AuditDetail;
      /** Recorded as a message of its own, with this action instead of the row's: the identifier that a merge gives up. */
      readonly action?: AuditAction;
    }
  | {
      readonly kind: 'query';
      /** The stored query's UUID, or the V3 query id. */
      readonly id: string;
      /** The query as it was sent: the AdhocQueryRequest or the queryByParameter element. */
      readonly text: string;
      readonly details?: readonly AuditDetail[];
    }
  | { readonly kind: 'submission-set'; readonly uniqueId: string }
  | {
      readonly kind: 'document';
      readonly uniqueId: string;
      readonly repositoryUniqueId?: string;
      readonly homeCommunityId?: string;
      /** It was to be erased for good. */
      readonly isErased?: boolean;
    }
  /** A reference to an object of the registry that was to be erased for good. Source: ITI TF-2: 3.62.5.1. */
  | { readonly kind: 'object-ref'; readonly id: string };

/** A ParticipantObjectDetail: `value` is plain text here and base64 in the message. */
export interface AuditDetail {
  readonly type: string;
  readonly value: string;
}

/** What the row may look at: whatever is known when the record is written; decoding may have failed. */
export interface AuditedExchange<Request, Response> {
  readonly side: AuditSide;
  readonly request?: Request;
  readonly response?: Response;
  /** The request's payload as text, where the table asks for the raw query. */
  readonly query?: string;
}

/** The audit row of a transaction: what security events record of it. Source: ITI TF-2: 3.N.5.1 of each transaction. */
export interface AuditRow<Request, Response> {
  readonly event: Readonly<Record<AuditSide, AuditEventName>>;
  /** EventTypeCode's text; its code is the transaction's id. */
  readonly name: string;
  /** Who is the Source participant: the asker, but for retrievals, where the data flows the other way. */
  readonly source: AuditSide;
  action(exchange: AuditedExchange<Request, Response>): AuditAction;
  objects(exchange: AuditedExchange<Request, Response>): readonly AuditObject[];
}
