import { attribute, declarations } from '../formats/ebxml-encode.ts';
import { elementsOf, type XmlElement } from '../formats/xml.ts';
import { Refusal, type Severity } from '../refusal.ts';
import type { XdsErrorCode } from './error-codes.ts';
import { ERROR_SEVERITY, NS, nameOfUrn, RESPONSE_STATUS } from './vocabulary.ts';

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

/** The error row that a refusal becomes. Of a refused update the context names the object: XDS Metadata Update, 4.2.4.1. */
export function errorOf({ code, context, location, severity }: Refusal): RegistryError {
  if (location === undefined) return { errorCode: code, codeContext: context, severity };
  const named = code !== UPDATE_ERROR || context.includes(location);
  return {
    errorCode: code,
    codeContext: named ? context : `${location}: ${context}`,
    severity,
    location,
  };
}

const UPDATE_ERROR: XdsErrorCode = 'XDSMetadataUpdateError';

/**
 * The status that fits: no Error is Success, an Error beside a result PartialSuccess, an Error alone Failure.
 *
 * @param anyResult whether something was found or done in spite of the errors; never true for ITI-41 and ITI-42
 * @see ITI TF-3: Table 4.2.4.2-1
 */
export function statusOf(errors: readonly RegistryError[], anyResult: boolean): ResponseStatus {
  if (!errors.some(({ severity }) => severity === 'Error')) return 'Success';
  return anyResult ? 'PartialSuccess' : 'Failure';
}

/** All refused: Failure with one error a refusal. A lone warning is an error here, since nothing was done. */
export function failureOf(refusals: readonly Refusal[]): RegistryResponse {
  const errors = refusals.map(errorOf);
  const [first] = errors;
  if (first !== undefined && statusOf(errors, false) === 'Success') {
    return { status: 'Failure', errors: [{ ...first, severity: 'Error' }, ...errors.slice(1)] };
  }
  return { status: 'Failure', errors };
}

/** How a peer's answer that breaks the schema is refused: with this code, by the asker. */
const UNREADABLE: XdsErrorCode = 'XDSRegistryError';

/** A refusal for an answer that cannot be read. */
export function unreadable(context: string): Refusal {
  return new Refusal(UNREADABLE, `the answer cannot be read: ${context}`);
}

/** Reads the status attribute of a response. @throws Refusal XDSRegistryError for an unknown one */
export function decodeStatus(element: XmlElement): ResponseStatus {
  const status = nameOfUrn(RESPONSE_STATUS, element.attributes.get('status'));
  if (status === undefined) throw unreadable(`${element.name} has no known status`);
  return status;
}

/**
 * Reads the RegistryErrorList among an element's children; none is no error.
 *
 * A missing codeContext is read as empty and an unknown severity as Error: a peer's fault in telling its fault hides nothing.
 */
export function decodeErrors(element: XmlElement): readonly RegistryError[] {
  return elementsOf(element)
    .filter((child) => child.namespace === NS.rs && child.name === 'RegistryErrorList')
    .flatMap((list) => elementsOf(list))
    .map(decodeError);
}

function decodeError(element: XmlElement): RegistryError {
  const errorCode = element.attributes.get('errorCode');
  if (element.namespace !== NS.rs || element.name !== 'RegistryError' || errorCode === undefined) {
    throw unreadable('a RegistryErrorList holds something else than errors');
  }
  const location = element.attributes.get('location');
  return {
    errorCode,
    codeContext: element.attributes.get('codeContext') ?? '',
    severity: element.attributes.get('severity') === ERROR_SEVERITY.Warning ? 'Warning' : 'Error',
    // An empty location says nothing, and is written by many for a missing one.
    ...(location === undefined || location === '' ? {} : { location }),
  };
}

/** Reads an `rs:RegistryResponse`. @throws Refusal XDSRegistryError */
export function decodeRegistryResponse(element: XmlElement): RegistryResponse {
  if (element.namespace !== NS.rs || element.name !== 'RegistryResponse') {
    throw unreadable(`${element.name} in place of a RegistryResponse`);
  }
  return { status: decodeStatus(element), errors: decodeErrors(element) };
}

/** `rs:RegistryErrorList` with the prefix `rs`, or nothing where there is no error. */
export function encodeErrors(errors: readonly RegistryError[]): string {
  if (errors.length === 0) return '';
  const worst = errors.some(({ severity }) => severity === 'Error') ? 'Error' : 'Warning';
  const rows = errors.map(
    ({ errorCode, codeContext, location, severity }) =>
      `<rs:RegistryError${attribute('errorCode', errorCode)}${attribute('codeContext', codeContext)}` +
      `${attribute('location', location)}${attribute('severity', ERROR_SEVERITY[severity])}/>`,
  );
  return `<rs:RegistryErrorList${attribute('highestSeverity', ERROR_SEVERITY[worst])}>${rows.join('')}</rs:RegistryErrorList>`;
}

/** `rs:RegistryResponse` as a payload of its own, the prefix declared on it. */
export function encodeRegistryResponse(response: RegistryResponse): string {
  return encodeResponseElement(response, declarations('rs'));
}

/** `rs:RegistryResponse` inside another payload, which declares the prefix `rs`. */
export function encodeInnerRegistryResponse(response: RegistryResponse): string {
  return encodeResponseElement(response, '');
}

function encodeResponseElement({ status, errors }: RegistryResponse, declared: string): string {
  const start = `<rs:RegistryResponse${declared}${attribute('status', RESPONSE_STATUS[status])}`;
  const list = encodeErrors(errors);
  return list === '' ? `${start}/>` : `${start}>${list}</rs:RegistryResponse>`;
}
