import { escapeXml, isNamed, textOf, type XmlElement } from '../formats/xml.ts';
import { durationMs } from './duration.ts';
import { XCPD_NS } from './vocabulary.ts';

const NAME = 'CorrelationTimeToLive';

/**
 * The SOAP header `xcpd:CorrelationTimeToLive`: for how long the reader may keep the sender's correlation.
 *
 * @returns undefined where it is missing, stands twice, or is no duration from zero on: then nothing may be kept
 * @see ITI TF-2: 3.55.4.1.2.4
 */
export function findTimeToLive(headers: readonly XmlElement[]): string | undefined {
  const [only, second] = headers.filter((header) => isNamed(header, XCPD_NS, NAME));
  const text = only === undefined || second !== undefined ? '' : textOf(only).trim();
  return durationMs(text) === undefined ? undefined : text;
}

/** The header as `Body.headers`. */
export function writeTimeToLive(duration: string | undefined): { readonly headers?: string } {
  if (duration === undefined) return {};
  const text = escapeXml(duration);
  return { headers: `<xcpd:${NAME} xmlns:xcpd="${XCPD_NS}">${text}</xcpd:${NAME}>` };
}

/** However long a sender lets us remember, we ask again after this. */
export const LONGEST_CORRELATION_MS = 30 * 86_400_000;

/**
 * Until when what came with this CorrelationTimeToLive may be remembered, 30 days at most.
 *
 * @returns undefined where nothing may be: it is absent, no duration, or of no length
 * @see ITI TF-2: 3.55.4.1.2.4
 */
export function expiryOf(correlationTimeToLive: string | undefined, now: Date): Date | undefined {
  const livesMs = durationMs(correlationTimeToLive ?? '') ?? 0;
  if (livesMs <= 0) return undefined;
  return new Date(now.getTime() + Math.min(livesMs, LONGEST_CORRELATION_MS));
}
