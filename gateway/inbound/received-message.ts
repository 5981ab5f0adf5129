import { createHash } from 'node:crypto';
import type { Message } from '../../actors/actor.ts';
import type { OpenedEnvelope } from '../../profiles/formats/soap.ts';
import { serializeXml, type XmlElement } from '../../profiles/formats/xml.ts';

/** What tells this message when it is sent again. Its header may differ then; the body is hashed only when it is asked. */
export function receivedMessage(
  { body }: OpenedEnvelope,
  messageId: string | undefined,
): Message | undefined {
  return messageId === undefined ? undefined : new ReceivedMessage(messageId, body);
}

/** A class and no literal with a getter: V8 would keep the body of each until its next full collection. */
class ReceivedMessage implements Message {
  readonly id: string;
  readonly #body: XmlElement;

  constructor(id: string, body: XmlElement) {
    this.id = id;
    this.#body = body;
  }

  get bodyHash(): string {
    return createHash('sha256').update(serializeXml(this.#body)).digest('hex');
  }
}
