import { ROOT_ID } from '../../profiles/formats/mtom-framing.ts';
import { writeEnvelope } from '../../profiles/formats/soap.ts';
import { parseXml } from '../../profiles/formats/xml.ts';
import type { Body } from '../../profiles/transaction.ts';
import type { AnyTransaction } from '../../profiles/catalogue.ts';
import { Random } from '../support/seeded.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { frame, type Message, type RawPart, rootPart } from './mutate-multipart.ts';
import { mutateXml } from './mutate-xml.ts';
import { oddValue } from './odd-values.ts';
import { SAMPLES } from './samples.ts';

/** Which reader a message is for: a decode of a transaction, or the MTOM reader alone. */
export interface Target {
  /** `ITI-18 request`, `ITI-18 response`, `MTOM` */
  readonly name: string;
  readonly transaction: AnyTransaction;
  readonly side: 'request' | 'response' | 'frame';
  readonly values: readonly unknown[];
}

/** A message that was made up, and for whom. */
export interface FuzzCase extends Message {
  readonly target: Target;
}

/** Every decode of the catalogue. */
export const REQUEST_TARGETS: readonly Target[] = SAMPLES.map(({ transaction, requests }) => ({
  name: `${transaction.id} request`,
  transaction,
  side: 'request',
  values: requests,
}));

const RESPONSE_TARGETS: readonly Target[] = SAMPLES.map(({ transaction, responses }) => ({
  name: `${transaction.id} response`,
  transaction,
  side: 'response',
  values: responses,
}));

const FRAME_TARGETS: readonly Target[] = SAMPLES.filter(
  ({ transaction }) => transaction.id === 'ITI-41',
).map(({ transaction, requests }) => ({
  name: 'MTOM',
  transaction,
  side: 'frame',
  values: requests,
}));

/** All targets, the MTOM reader last. */
export const TARGETS: readonly Target[] = [
  ...REQUEST_TARGETS,
  ...RESPONSE_TARGETS,
  ...FRAME_TARGETS,
];

const MESSAGE_ID = 'urn:uuid:5b1e0000-0000-4000-8000-000000000001';
const ASKED = { action: '', headers: [], body: parseXml('<any/>') };

/**
 * The message of that number under that seed, for the targets in turn; the same at each call.
 *
 * One in sixteen is sound, so that what a sound message does is also done among the others.
 */
export async function caseOf(
  seed: number,
  index: number,
  targets: readonly Target[] = TARGETS,
): Promise<FuzzCase> {
  const random = new Random(seed ^ Math.imul(index + 1, 0x9e37_79b1));
  const target = targets[index % targets.length] ?? random.pick(targets);
  // The first draws of neighbouring seeds are alike.
  for (let left = 4; left > 0; left -= 1) random.next();
  const { issue, change } = { issue: issueOf(random), change: random.below(16) };
  const { body, attached } = await bodyOf(target, {
    odd: change >= 1 && change < 6,
    random,
    issue,
  });
  const { action, xml } = envelopeOf(target, body);
  const text = change >= 4 && change < 12 ? mutateXml(xml, random) : xml;
  const envelope = Buffer.from(text, 'utf8');
  const octets = change >= 12 && change < 15 ? mutateBytes(envelope, random) : envelope;
  const mtom = target.transaction.wire.mtom === 'both';
  // Now and then the other encoding, which is refused.
  if (mtom === random.chance(0.01)) {
    return {
      target,
      contentType: `application/soap+xml; charset=UTF-8; action="${action}"`,
      body: octets,
    };
  }
  const mutated = change === 15 || (target.side === 'frame' && change > 0) || random.chance(0.1);
  const parts = [rootPart(octets, ROOT_ID), ...attached];
  const message = frame(parts, random, { mutated, action });
  const cut = target.side === 'frame' && random.chance(0.2);
  return { target, ...message, body: cut ? mutateBytes(message.body, random) : message.body };
}

/** The sample as it would be sent; with `odd`, made of values that are odd, where the encoder takes them. */
async function bodyOf(
  { transaction, side, values }: Target,
  { odd, random, issue }: { odd: boolean; random: Random; issue: ReturnType<typeof issueOf> },
): Promise<{ body: Body; attached: RawPart[] }> {
  const value = random.pick(values);
  const encode = async (given: unknown) => {
    const body =
      side === 'response'
        ? transaction.response.encode(given, ASKED, issue)
        : transaction.request.encode(given);
    return { body, attached: await attachedTo(body) };
  };
  if (odd) {
    try {
      return await encode(oddValue(value, random));
    } catch {
      // The types forbid such a value, so its encoder may do what it likes.
    }
  }
  return await encode(value);
}

function envelopeOf({ transaction, side }: Target, { xml, headers, action }: Body) {
  const [first] = transaction.wire.messages;
  const message = transaction.wire.messages.find((one) => one.action === action) ?? first;
  const said = (side === 'response' ? message?.replyAction : message?.action) ?? '';
  const envelope = writeEnvelope({
    action: said,
    messageId: MESSAGE_ID,
    ...(side === 'response' ? { relatesTo: MESSAGE_ID } : { to: 'https://region.invalid' }),
    headers,
    body: xml,
  });
  return { action: said, xml: envelope };
}

async function attachedTo({ attachments }: Body): Promise<RawPart[]> {
  const parts: RawPart[] = [];
  for (const { contentId, contentType, content } of attachments ?? []) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of content.open()) chunks.push(chunk);
    parts.push({
      header: [
        `Content-Type: ${contentType}`,
        'Content-Transfer-Encoding: binary',
        `Content-ID: <${contentId}>`,
      ],
      body: Buffer.concat(chunks),
    });
  }
  return parts;
}

function issueOf(random: Random) {
  return { now: () => new Date('2030-04-01T00:15:00Z'), uuid: () => random.uuid() };
}
