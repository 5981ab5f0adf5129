import type { DocumentContent, Parts } from '../../profiles/formats/mtom.ts';
import { MtomReader, NO_PARTS, parseContentType } from '../../profiles/formats/mtom.ts';
import {
  type OpenedEnvelope,
  messageIdOf,
  readEnvelope,
  readFault,
  writeFault,
} from '../../profiles/formats/soap.ts';
import { parseXml } from '../../profiles/formats/xml.ts';
import { Fault, type Refusal, refusalsOf } from '../../profiles/refusal.ts';
import { Random } from '../support/seeded.ts';
import { FROZEN } from '../support/xds-wire.ts';
import type { FuzzCase } from './generate.ts';

/** What became of a message. Anything that is thrown besides is a failure of ours. */
export type Verdict = 'taken' | 'refused';

const MOST_MS = 10_000;
const LIMITS = { bytesBeforeEnvelope: 16_384, partHeaderBytes: 4_096, parts: 200 };

/**
 * Reads a message as listener or sender would, to its last octet, and writes the answer that says no.
 *
 * @throws whatever is no Refusal, Refusals or Fault; Error when the message is not done with in ten seconds
 */
export async function decode(message: FuzzCase): Promise<Verdict> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not read in ${MOST_MS} ms`)), MOST_MS);
  });
  try {
    return await Promise.race([read(message), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function read(message: FuzzCase): Promise<Verdict> {
  const { transaction, side } = message.target;
  const known: { opened?: OpenedEnvelope; messageId?: string } = {};
  try {
    const { root, reader, parts } = await unframe(message);
    if (side === 'frame') {
      for await (const part of reader?.parts() ?? []) await drain(part.body);
      return 'taken';
    }
    const element = parseXml(root);
    known.messageId = messageIdOf(element);
    const fault = side === 'response' ? readFault(element) : undefined;
    if (fault) throw fault;
    known.opened = readEnvelope(element, { answer: side === 'response', understood: () => false });
    const value = transaction[side].decode(known.opened, parts);
    audited(message, value);
    await receive(reader, parts);
    return 'taken';
  } catch (error) {
    const refusals = refusalsOf(error);
    if (refusals === undefined) throw error;
    refusable(message, refusals, known);
    return 'refused';
  }
}

async function unframe({ contentType, body, target }: FuzzCase) {
  const { type } = parseContentType(contentType);
  if (type !== 'multipart/related') {
    if (target.side === 'frame') throw new Fault('Sender', 'no multipart message');
    return { root: body, reader: undefined, parts: NO_PARTS };
  }
  const reader = new MtomReader(slicesOf(body), contentType, LIMITS);
  return { root: (await reader.root()).bytes, reader, parts: new PartsInMemory() };
}

/** In slices as a socket might give them; the sizes follow from the octets, so that a replay is the same. */
async function* slicesOf(body: Buffer): AsyncGenerator<Uint8Array> {
  const random = new Random(body.length);
  const most = random.pick([7, 100, 1_500, 65_536]);
  for (let at = 0; at < body.length; ) {
    const size = 1 + random.below(body.length > 100_000 ? 65_536 : most);
    yield body.subarray(at, at + size);
    at += size;
  }
}

/** Names are claimed once while the payload is decoded, and each must have its part afterwards. */
class PartsInMemory implements Parts {
  readonly open = new Set<string>();

  named(contentId: string): DocumentContent {
    if (this.open.has(contentId)) throw new Fault('Sender', 'two elements name the same part');
    this.open.add(contentId);
    return { open: () => slicesOf(Buffer.alloc(0)) };
  }
}

async function receive(reader: MtomReader | undefined, parts: Parts): Promise<void> {
  if (!(parts instanceof PartsInMemory)) return;
  for await (const { contentId, body } of reader?.parts() ?? []) {
    if (!parts.open.delete(contentId)) throw new Fault('Sender', 'a part is named by nothing');
    await drain(body);
  }
  if (parts.open.size > 0) throw new Fault('Sender', 'the message has no such part');
}

async function drain(source: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _chunk of source);
}

/** What the audit looks at has to be found in everything that was read. */
function audited({ target: { transaction, side } }: FuzzCase, value: unknown): void {
  for (const audited of ['asker', 'answerer'] as const) {
    transaction.audit.objects({
      side: audited,
      ...(side === 'request' ? { request: value } : { response: value }),
    });
  }
}

/** The answer that says no has to be XML, whatever the message was. */
function refusable(
  { target: { transaction, side } }: FuzzCase,
  refusals: readonly Refusal[],
  { opened, messageId }: { opened?: OpenedEnvelope; messageId?: string },
): void {
  if (side !== 'request') return;
  const fault = refusals.find((refusal) => refusal instanceof Fault);
  if (fault instanceof Fault || opened === undefined) {
    const said = fault instanceof Fault ? fault : new Fault('Sender', refusals[0]?.context ?? '');
    parseXml(Buffer.from(writeFault(said, messageId)));
    return;
  }
  parseXml(Buffer.from(transaction.refusal(refusals, opened, FROZEN).xml));
}
