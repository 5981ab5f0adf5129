import { shape } from '../../profiles/formats/datatypes.ts';
import { MtomReader, parseContentType } from '../../profiles/formats/mtom.ts';
import { readEnvelope } from '../../profiles/formats/soap.ts';
import { parseXml } from '../../profiles/formats/xml.ts';
import { Fault } from '../../profiles/refusal.ts';
import type { IncomingParts } from '../stores/incoming-parts.ts';

/** How much of a message is taken. */
export interface PipelineLimits {
  readonly envelopeBytes: number;
  readonly bytesBeforeEnvelope: number;
  readonly documentBytes: number;
  readonly documentsPerMessage: number;
}

/**
 * The octets of the envelope: of the MTOM root part, or of the whole body, within limits. The other parts stay in the socket
 * until `parts` is asked for them; whether there are any is told to `progress` before anything can be wrong with them.
 *
 * @throws Fault Sender
 */
export async function unframe(
  { contentType, source }: { contentType: string; source: AsyncIterable<Uint8Array> },
  limits: PipelineLimits,
  { progress, parts }: { progress: { mtom: boolean }; parts: IncomingParts },
): Promise<Uint8Array> {
  const { type, parameters } = parseContentType(contentType);
  if (type === 'multipart/related') {
    progress.mtom = true;
    const reader = new MtomReader(source, contentType, {
      bytesBeforeEnvelope: limits.bytesBeforeEnvelope,
      envelopeBytes: limits.envelopeBytes,
      partBytes: limits.documentBytes,
      parts: limits.documentsPerMessage + 1,
    });
    const root = await reader.root();
    parts.follow(reader.parts());
    return root.bytes;
  }
  const charset = parameters.get('charset') ?? 'utf-8';
  if (!/^utf-?8$/i.test(charset))
    throw new Fault('Sender', `expected UTF-8, received ${shape(charset)}`);
  const bytes = await readWhole(source, limits.envelopeBytes);
  if (type !== 'application/soap+xml') {
    // Read the envelope first: a SOAP 1.1 sender learns more from VersionMismatch than from a media type.
    readEnvelope(parseXml(bytes), {});
    throw new Fault(
      'Sender',
      `expected application/soap+xml or multipart/related, received ${type}`,
    );
  }
  return bytes;
}

async function readWhole(source: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    length += chunk.length;
    if (length > limit) throw new Fault('Sender', `the envelope is larger than ${limit} bytes`);
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}
