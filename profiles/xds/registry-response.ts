import type { Severity } from '../refusal.ts';

/** Source: ITI TF-3: Table 4.2.4.2-1. */
export type ResponseStatus = 'Success' | 'PartialSuccess' | 'Failure';

/** One row of a RegistryErrorList. Unknown codes of a peer are passed through. */
export interface RegistryError {
  readonly errorCode: string;
  readonly codeContext: string;
  readonly location?: string;
  readonly severity: Severity;
}

/** `rs:RegistryResponse`: the answer to ITI-41 and ITI-42. */
export interface RegistryResponse {
  readonly status: ResponseStatus;
  readonly errors: readonly RegistryError[];
}
