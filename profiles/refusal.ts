/** What an error is worth. `Warning` goes with a success; `Error` does not. Source: ITI TF-3: Table 4.2.4.2-1. */
export type Severity = 'Error' | 'Warning';

export interface RefusalOptions {
  /** The object that is refused: a documentUniqueId, an entryUUID, a homeCommunityId, an XPath. */
  readonly location?: string;
  readonly severity?: Severity;
  readonly cause?: unknown;
}

/**
 * The one error that is meant for the caller: a code from the profile's table, what was expected and what was
 * received, and the object concerned. The transaction renders it, once; nobody in between catches it to log.
 *
 * `context` never holds a person's name, a document's words or a stack.
 */
export class Refusal extends Error {
  readonly code: string;
  readonly context: string;
  readonly location: string | undefined;
  readonly severity: Severity;

  constructor(code: string, context: string, options: RefusalOptions = {}) {
    super(
      `${code}: ${context}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = 'Refusal';
    this.code = code;
    this.context = context;
    this.location = options.location;
    this.severity = options.severity ?? 'Error';
  }
}

/** All that is wrong with one request, since a submission reports all its faults. Never empty. */
export class Refusals extends Error {
  readonly refusals: readonly Refusal[];

  constructor(refusals: readonly Refusal[]) {
    super(refusals.map((refusal) => refusal.message).join('; '));
    this.name = 'Refusals';
    this.refusals = refusals;
  }
}

/** SOAP 1.2 fault codes. Source: SOAP 1.2 Part 1, section 5.4.6. */
export type FaultCode = 'Sender' | 'Receiver' | 'MustUnderstand' | 'VersionMismatch';

/** A qualified name of a fault's subcode, such as `{ prefix: 'wsa', name: 'ActionNotSupported' }`. */
export interface FaultSubcode {
  readonly namespace: string;
  readonly prefix: string;
  readonly name: string;
}

export interface FaultOptions extends RefusalOptions {
  /** From the outside in, for example InvalidAddressingHeader, then OnlyAnonymousAddressSupported. */
  readonly subcodes?: readonly FaultSubcode[];
  /** XML of `soap:Detail`, already escaped. */
  readonly detail?: string;
}

/** A refusal below the transaction: the message itself cannot be taken. It becomes a SOAP fault whatever was asked. */
export class Fault extends Refusal {
  readonly fault: FaultCode;
  readonly subcodes: readonly FaultSubcode[];
  readonly detail: string | undefined;

  constructor(fault: FaultCode, reason: string, options: FaultOptions = {}) {
    super(`soap:${fault}`, reason, options);
    this.name = 'Fault';
    this.fault = fault;
    this.subcodes = options.subcodes ?? [];
    this.detail = options.detail;
  }
}

/** The refusals that an error stands for, or undefined when it is a defect. */
export function refusalsOf(error: unknown): readonly Refusal[] | undefined {
  if (error instanceof Refusal) return [error];
  if (error instanceof Refusals) return error.refusals;
  return undefined;
}
