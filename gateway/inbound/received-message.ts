import { createHash } from 'node:crypto';
import type { Message } from '../../actors/actor.ts';
import type { OpenedEnvelope } from '../../profiles/formats/soap.ts';
import type { XmlElement } from '../../profiles/formats/xml.ts';

/**
 * What tells this message when it is sent again. Its header may differ then; the body is hashed only when it is asked, and
 * once.
 */
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
  #hash: string | undefined;

  constructor(id: string, body: XmlElement) {
    this.id = id;
    this.#body = body;
  }

  get bodyHash(): string {
    this.#hash ??= createHash('sha256').update(canonical(this.#body)).digest('hex');
    return this.#hash;
  }
}

/**
 * The element as one text, so that different elements have different texts: each part begins with a character that XML
 * cannot carry, and which says what it is. Prefixes matter only where values use them.
 */
function canonical(element: XmlElement): string {
  let text = `\u0001${element.namespace}\u0002${element.name}`;
  for (const [prefix, namespace] of element.bindings ?? []) {
    text += `\u0003${prefix}\u0002${namespace}`;
  }
  for (const [name, value] of element.attributes) text += `\u0004${name}\u0002${value}`;
  for (const child of element.children) {
    text += typeof child === 'string' ? `\u0005${child}` : canonical(child);
  }
  return `${text}\u0006`;
}
