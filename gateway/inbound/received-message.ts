import { createHash } from 'node:crypto';
import type { Message } from '../../actors/actor.ts';
import type { OpenedEnvelope } from '../../profiles/formats/soap.ts';
import { serializeXml } from '../../profiles/formats/xml.ts';

/** What tells this message when it is sent again. Its header may differ then; the body is hashed only when it is asked. */
export function receivedMessage(
  { body }: OpenedEnvelope,
  messageId: string | undefined,
): Message | undefined {
  if (messageId === undefined) return undefined;
  return {
    id: messageId,
    get bodyHash() {
      return createHash('sha256').update(serializeXml(body)).digest('hex');
    },
  };
}
