import type { Refusal } from '../refusal.ts';

/** Code systems that V3 messages name. Source: HL7 V3 vocabulary; ITI TF-2: 3.44, 3.45, 3.47, 3.55. */
export const CODE_SYSTEM = {
  interaction: '2.16.840.1.113883.1.6',
  administrativeGender: '2.16.840.1.113883.5.1',
  actCode: '2.16.840.1.113883.5.4',
  roleCode: '2.16.840.1.113883.5.111',
  acknowledgementDetail: '2.16.840.1.113883.5.1100',
  /** HL7 v2 table 0357, where V3 has no code of its own. */
  messageErrorCondition: '2.16.840.1.113883.12.357',
} as const;

interface DetailCodeRow {
  readonly codeSystem: string;
  readonly means: string;
}

const { acknowledgementDetail, messageErrorCondition } = CODE_SYSTEM;

/** Codes of `acknowledgementDetail`, and of every Refusal that the V3 codecs throw. Source: HL7 V3 AcknowledgementDetailCode; HL7 v2 table 0357. */
export const ACKNOWLEDGEMENT_DETAIL_CODES = {
  '204': {
    codeSystem: messageErrorCondition,
    means: 'A patient id, or a domain, that is not known here.',
  },
  '205': {
    codeSystem: messageErrorCondition,
    means: 'A patient id that is another person’s here.',
  },
  INTERR: {
    codeSystem: acknowledgementDetail,
    means: 'What went wrong is not the fault of the message.',
  },
  SYN100: { codeSystem: acknowledgementDetail, means: 'A required element is not there.' },
  SYN101: { codeSystem: acknowledgementDetail, means: 'A required value is not there.' },
  SYN102: { codeSystem: acknowledgementDetail, means: 'A value is not of its data type.' },
  SYN103: { codeSystem: acknowledgementDetail, means: 'A code is not in its value set.' },
  SYN110: {
    codeSystem: acknowledgementDetail,
    means: 'An element stands there too often, or where it may not.',
  },
  NS200: { codeSystem: acknowledgementDetail, means: 'The interaction is not supported here.' },
  NS202: { codeSystem: acknowledgementDetail, means: 'The processing code is not supported here.' },
  NS250: { codeSystem: acknowledgementDetail, means: 'The processing mode is not supported here.' },
} as const satisfies Record<string, DetailCodeRow>;

/** A code of the table above. */
export type DetailCode = keyof typeof ACKNOWLEDGEMENT_DETAIL_CODES;

/** The row of a code, or undefined for a code that is not ours (a peer's own). */
export function findDetailCode(code: string): DetailCodeRow | undefined {
  return Object.hasOwn(ACKNOWLEDGEMENT_DETAIL_CODES, code)
    ? ACKNOWLEDGEMENT_DETAIL_CODES[code as DetailCode]
    : undefined;
}

/** `queryAck/queryResponseCode`. */
export type QueryResponseCode = 'OK' | 'NF' | 'QE' | 'AE';

/** `acknowledgementDetail`. */
export interface AcknowledgementDetail {
  readonly severity: 'E' | 'W' | 'I';
  readonly code?: string;
  readonly text?: string;
  readonly location?: string;
}

/** Refusals as a V3 answer tells them: one detail each; a code that V3 does not know becomes INTERR and stays in the text. */
export function detailsOf(refusals: readonly Refusal[]): readonly AcknowledgementDetail[] {
  return refusals.map((refusal) => ({
    severity: refusal.severity === 'Warning' ? 'W' : 'E',
    code: findDetailCode(refusal.code) === undefined ? 'INTERR' : refusal.code,
    text: findDetailCode(refusal.code) === undefined ? refusal.message : refusal.context,
    ...(refusal.location === undefined ? {} : { location: refusal.location }),
  }));
}

/** `QE` when the query itself is at fault, else `AE`. Source: ITI TF-2: 3.47.4.2.3. */
export function queryResponseCodeOf(refusals: readonly Refusal[]): QueryResponseCode {
  return refusals.every((refusal) => refusal.code.startsWith('SYN')) ? 'QE' : 'AE';
}
