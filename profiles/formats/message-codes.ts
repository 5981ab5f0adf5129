import type { Refusal } from '../refusal.ts';
import type { DetailCode } from './hl7v3-codes.ts';

/** How one fault is told in either form of HL7. */
export interface MessageCode {
  readonly v2: {
    /** MSA-1: AE where the message was looked at and cannot be taken, AR where it is none that is taken here. */
    readonly acknowledgement: 'AE' | 'AR';
    /** ERR-3, of table 0357. */
    readonly code: string;
    readonly text: string;
    /** ERR-2, where the fault itself does not say. */
    readonly location?: string;
  };
  readonly v3: {
    /** `acknowledgement/typeCode` of a query's answer; an accept acknowledgement has C for A. */
    readonly acknowledgement: 'AE';
    /** `acknowledgementDetail/code`. */
    readonly detail: DetailCode;
  };
}

const row = (
  [acknowledgement, code, text]: readonly ['AE' | 'AR', string, string],
  detail: DetailCode,
  location?: string,
): MessageCode => ({
  v2: { acknowledgement, code, text, ...(location === undefined ? {} : { location }) },
  v3: { acknowledgement: 'AE', detail },
});

const SEQUENCE = ['AE', '100', 'Segment sequence error'] as const;
const REQUIRED = ['AE', '101', 'Required field missing'] as const;
const DATA_TYPE = ['AE', '102', 'Data type error'] as const;
const TABLE = ['AE', '103', 'Table value not found'] as const;
const TYPE = ['AR', '200', 'Unsupported message type'] as const;
const EVENT = ['AR', '201', 'Unsupported event code'] as const;
const PROCESSING = ['AR', '202', 'Unsupported processing ID'] as const;
const VERSION = ['AR', '203', 'Unsupported version ID'] as const;
const UNKNOWN_KEY = ['AE', '204', 'Unknown key identifier'] as const;
const DUPLICATE = ['AE', '205', 'Duplicate key identifier'] as const;
const LOCKED = ['AE', '206', 'Application record locked'] as const;
const INTERNAL = ['AE', '207', 'Application internal error'] as const;
const NOT_PROCESSED = ['AR', '207', 'Application internal error'] as const;

/**
 * Every code of a Refusal that the identity transactions throw, whichever wire brought the message: an actor names one,
 * and v2 and V3 tell the same.
 *
 * @see HL7 v2.5 table 0357
 */
export const MESSAGE_CODES = {
  '100': row(SEQUENCE, 'SYN100'),
  '101': row(REQUIRED, 'SYN100'),
  '102': row(DATA_TYPE, 'SYN102'),
  '103': row(TABLE, 'SYN103'),
  '200': row(TYPE, 'NS200', 'MSH^1^9^1^1'),
  '201': row(EVENT, 'NS200', 'MSH^1^9^1^2'),
  '202': row(PROCESSING, 'NS202', 'MSH^1^11^1^1'),
  '203': row(VERSION, 'NS200', 'MSH^1^12^1^1'),
  '204': row(UNKNOWN_KEY, '204'),
  '205': row(DUPLICATE, '205'),
  '206': row(LOCKED, 'INTERR'),
  '207': row(INTERNAL, 'INTERR'),
  /** The caller may not send this, or the trail cannot be written: nothing was processed. */
  'not-processed': row(NOT_PROCESSED, 'INTERR'),
  INTERR: row(INTERNAL, 'INTERR'),
  SYN100: row(REQUIRED, 'SYN100'),
  SYN101: row(REQUIRED, 'SYN101'),
  SYN102: row(DATA_TYPE, 'SYN102'),
  SYN103: row(TABLE, 'SYN103'),
  SYN110: row(SEQUENCE, 'SYN110'),
  NS200: row(TYPE, 'NS200', 'MSH^1^9^1^1'),
  NS202: row(PROCESSING, 'NS202', 'MSH^1^11^1^1'),
  NS250: row(NOT_PROCESSED, 'NS250'),
} as const satisfies Record<string, MessageCode>;

/** The row of a refusal's code; what is not in the table is told as an internal error. */
export function messageCodeOf({ code }: Pick<Refusal, 'code'>): MessageCode {
  return Object.hasOwn(MESSAGE_CODES, code)
    ? MESSAGE_CODES[code as keyof typeof MESSAGE_CODES]
    : MESSAGE_CODES['207'];
}
