/** The media type of the root part. Source: XOP 1.0, section 4.1. */
export const XOP_TYPE = 'application/xop+xml';

/** The Content-ID of the root part of every message written here, without angle brackets. */
export const ROOT_ID = 'root@kakehashi.invalid';

/** The first boundary and the header of the root part. */
export function rootHeader(boundary: string): string {
  const type = `${XOP_TYPE}; charset=UTF-8; type="application/soap+xml"`;
  return `--${boundary}\r\n${headerOf(type, ROOT_ID)}`;
}

/** The boundary before an attachment, and its header. */
export function partHeader(
  { contentId, contentType }: { readonly contentId: string; readonly contentType: string },
  boundary: string,
): string {
  if (!/^[ -~]+$/.test(contentType)) throw new TypeError('a Content-Type that no header can carry');
  return `\r\n--${boundary}\r\n${headerOf(contentType, quotable(contentId))}`;
}

/** The closing boundary. */
export function closing(boundary: string): string {
  return `\r\n--${boundary}--\r\n`;
}

function headerOf(contentType: string, contentId: string): string {
  return (
    `Content-Type: ${contentType}\r\nContent-Transfer-Encoding: binary\r\n` +
    `Content-ID: <${contentId}>\r\n\r\n`
  );
}

/**
 * The value as it is, fit for a quoted parameter or angle brackets.
 *
 * @throws TypeError, a defect, for a value that would break out of its header
 */
export function quotable(value: string): string {
  if (!/^[ -~]+$/.test(value) || /["<>\\]/.test(value)) {
    throw new TypeError('a header value with characters that it cannot have');
  }
  return value;
}

/**
 * Passes a document on and counts its octets.
 *
 * @param sizeBytes how many there have to be; undefined where that is not known
 * @throws Error, a defect, when there are more (before they are passed on) or fewer (at the end)
 */
export async function* exactly(
  source: AsyncIterable<Uint8Array>,
  sizeBytes: number | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  let length = 0;
  for await (const chunk of source) {
    length += chunk.length;
    if (sizeBytes !== undefined && length > sizeBytes) {
      throw new Error(`a document of ${sizeBytes} octets gave more`);
    }
    yield chunk;
  }
  if (sizeBytes !== undefined && length < sizeBytes) {
    throw new Error(`a document of ${sizeBytes} octets gave ${length}`);
  }
}
