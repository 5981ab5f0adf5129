/** HL7 V3 instance identifier. */
export interface II {
  readonly root: string;
  readonly extension?: string;
}

/** Sender or receiver of a V3 message: a device and the organisation behind it. */
export interface Party {
  /** OID of the application. */
  readonly device: string;
  /** `asAgent/representedOrganization/id@root`; in XCPD the homeCommunityId as a plain OID. */
  readonly organization?: string;
}

/** The transmission wrapper. Source: ITI TF-2: Appendix O. */
export interface Transmission {
  readonly messageId: II;
  /** HL7 TS, `YYYYMMDDHHMMSS`. */
  readonly creationTime: string;
  readonly sender: Party;
  readonly receiver: Party;
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
