/** An identifier of a patient and the OID of the authority that assigned it. Compared as written, case and all. */
export interface PatientId {
  readonly id: string;
  /** OID in dots, without `urn:oid:`. */
  readonly assigningAuthority: string;
}

/** How a name is written: ideographic (kanji), syllabic (kana), alphabetic. Source: HL7 V3 EntityNameUse. */
export type NameRepresentation = 'IDE' | 'SYL' | 'ABC';

export interface PersonName {
  readonly family: string;
  readonly given: readonly string[];
  readonly prefix?: string;
  readonly suffix?: string;
  /** Undefined where the sender did not say. */
  readonly representation?: NameRepresentation;
  /** HL7 V3 EntityNameUse without the representation, for example `L` (legal) or `P` (pseudonym). */
  readonly use?: string;
}

export interface Address {
  readonly streetAddressLine?: readonly string[];
  readonly city?: string;
  readonly state?: string;
  readonly postalCode?: string;
  readonly country?: string;
  readonly use?: string;
}

export interface Telecom {
  /** A URL such as `tel:+81-852-00-0000`. */
  readonly value: string;
  readonly use?: string;
}

/** HL7 AdministrativeGender: male, female, undifferentiated. Undefined elsewhere means unknown. */
export type AdministrativeGender = 'M' | 'F' | 'UN';

/**
 * A membership of a health insurance, as the card has it. Insurer, symbol and number are a household's; with the branch they
 * are one person's. Late-elderly insurance has no symbol and no branch and is one person's by itself.
 */
export interface InsuranceMembership {
  /** 保険者番号: eight digits; six of national health insurance. */
  readonly insurer: string;
  /** 記号: free text, may be empty. */
  readonly symbol?: string;
  /** 番号 */
  readonly number: string;
  /** 枝番: two digits. */
  readonly branch?: string;
}

/** What is known of a person: the shape that PIX, PDQ and XCPD share. Source: ITI TF-2: 3.44, 3.47, 3.55. */
export interface Demographics {
  readonly names: readonly PersonName[];
  readonly administrativeGender?: AdministrativeGender;
  /** HL7 TS at the precision given: `YYYY[MM[DD[HHMMSS]]]`. */
  readonly birthTime?: string;
  /** The birth date as it was typed, such as `S330312`, where a source sends that too. For matching only. */
  readonly birthText?: string;
  readonly addresses?: readonly Address[];
  readonly telecoms?: readonly Telecom[];
  readonly multipleBirthOrderNumber?: number;
  /** Her mother's name before she married, each time it is written another way. Source: ITI TF-2: 3.47.4.1.2.2; PID-6. */
  readonly mothersMaidenName?: readonly PersonName[];
  /** For matching only: no transaction sends it on. */
  readonly insurance?: readonly InsuranceMembership[];
  /** Keyed hashes, each of a membership that names one person, where no number of an insurance is kept. For matching only. */
  readonly insuranceKeys?: readonly string[];
}

/** One person as one source, or one affinity domain, knows her. */
export interface PatientRecord {
  readonly ids: readonly PatientId[];
  readonly demographics: Demographics;
}

/** A key for maps and sets: two ids are the same patient id exactly when their keys are equal. */
export function patientKey({ id, assigningAuthority }: PatientId): string {
  return `${assigningAuthority}|${id}`;
}

/** True when both name the same identifier of the same authority. */
export function samePatientId(one: PatientId, other: PatientId): boolean {
  return one.id === other.id && one.assigningAuthority === other.assigningAuthority;
}
