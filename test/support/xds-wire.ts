import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { NO_PARTS, type Parts } from '../../profiles/formats/mtom.ts';
import type { Opened } from '../../profiles/formats/soap.ts';
import { elementsOf, parseXml, type XmlElement } from '../../profiles/formats/xml.ts';
import { type Refusal, refusalsOf } from '../../profiles/refusal.ts';
import type { Body, Issue, Transaction } from '../../profiles/transaction.ts';

/** A clock that stands and ids that repeat. */
export const FROZEN: Issue = {
  now: () => new Date('2030-04-01T00:15:00Z'),
  uuid: () => '5b1e0000-0000-4000-8000-000000000009',
};

/** A bare payload as the far end opens it. */
export function openedXml(xml: string): Opened {
  return { action: '', headers: [], body: parseXml(xml) };
}

/** A payload with its header blocks, as the far end opens it. */
export function openedBody({ xml, headers, action }: Body): Opened {
  const blocks = elementsOf(parseXml(`<headers>${headers ?? ''}</headers>`));
  return { action: action ?? '', headers: blocks, body: parseXml(xml) };
}

/** The parts beside a payload, as the far end finds them. */
export function partsOf({ attachments }: Body): Parts {
  const byId = new Map(attachments?.map(({ contentId, content }) => [contentId, content]));
  return { named: (contentId) => byId.get(contentId) ?? NO_PARTS.named(contentId) };
}

/** Writes a request and reads it back. */
export function overTheWire<Request, Response>(
  transaction: Transaction<Request, Response>,
  request: Request,
): Request {
  const body = transaction.request.encode(request);
  return transaction.request.decode(openedBody(body), partsOf(body));
}

/** Writes an answer and reads it back. */
export function backOverTheWire<Request, Response>(
  transaction: Transaction<Request, Response>,
  response: Response,
): Response {
  const body = transaction.response.encode(response, openedXml('<any/>'), FROZEN);
  return transaction.response.decode(openedBody(body), partsOf(body));
}

/** All refusals that `act` throws; none where it throws nothing. */
export function refused(act: () => unknown): readonly Refusal[] {
  try {
    act();
    return [];
  } catch (error) {
    const refusals = refusalsOf(error);
    if (refusals === undefined) throw error;
    return refusals;
  }
}

const SAMPLES = '../shared/samples/document-sharing';

/** True where the real messages lie beside the checkout. */
export const samplesPresent = existsSync(SAMPLES);

/** Names of the XML samples that begin so; empty where the folder is not there. */
export function samplesNamed(start: string): readonly string[] {
  if (!samplesPresent) return [];
  return readdirSync(SAMPLES).filter((name) => name.startsWith(start) && name.endsWith('.xml'));
}

/** The payload of a sample: what stands in its envelope, or the sample itself. */
export function samplePayload(name: string): XmlElement {
  const root = parseXml(readFileSync(`${SAMPLES}/${name}`));
  if (root.name !== 'Envelope') return root;
  const body = elementsOf(root).find((element) => element.name === 'Body');
  const [payload] = body === undefined ? [] : elementsOf(body);
  if (payload === undefined) throw new Error(`${name} has no payload`);
  return payload;
}
