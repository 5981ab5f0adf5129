import { createHash } from 'node:crypto';
import type { DocumentContent } from '../../profiles/formats/mtom.ts';

/** A document in memory; text is taken as UTF-8. */
export function inMemory(octets: string | Uint8Array): DocumentContent {
  const bytes = typeof octets === 'string' ? new TextEncoder().encode(octets) : octets;
  return {
    async *open() {
      yield bytes;
    },
  };
}

/** All octets of a document, as text. */
export async function textOf(content: DocumentContent): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content.open()) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** SHA-1 in lower-case hex. */
export function sha1Of(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
