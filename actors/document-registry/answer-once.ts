import type { World } from '../actor.ts';
import type {
  ReceivedMessage,
  RegistryReader,
  RegistryStore,
  RegistryWriter,
} from './registry-store.ts';

/** How long a message that is sent again is told what it was told: a day. */
const KEPT_MS = 86_400_000;

/** Whether this very message was done before; then it needs no second check. */
export async function wasAnswered(
  transaction: string,
  reader: RegistryReader,
  world: World,
): Promise<boolean> {
  const message = received(transaction, world);
  return message !== undefined && (await reader.answerTo(message, world.now())) !== undefined;
}

/**
 * Does what a message asks for, and remembers the answer with it in one change. The same message again, that is the same
 * caller, `wsa:MessageID` and body, changes nothing and is told the same. What was refused is judged anew: it has changed
 * nothing.
 *
 * @param transaction its number; a Response of it survives JSON
 */
export async function answerOnce<Response>(
  transaction: string,
  { registry, world }: { registry: RegistryStore; world: World },
  work: (writer: RegistryWriter) => Promise<Response>,
): Promise<Response> {
  const message = received(transaction, world);
  if (message === undefined) return await registry.change(work);
  const at = world.now();
  const response = await registry.change(async (writer) => {
    const earlier = await writer.answerTo(message, at);
    if (earlier !== undefined) return JSON.parse(earlier) as Response;
    const first = await work(writer);
    await writer.remember(message, JSON.stringify(first), new Date(at.getTime() + KEPT_MS));
    return first;
  });
  if (SWEEPS.test(message.bodyHash)) await registry.change((writer) => writer.forgetAnswers(at));
  return response;
}

/** One message in 256 sweeps, in a change of its own: a sweep in every change would set them all against each other. */
const SWEEPS = /^00/;

function received(transaction: string, { message, caller }: World): ReceivedMessage | undefined {
  if (message === undefined) return undefined;
  return {
    caller: caller.name,
    id: `${transaction} ${message.id}`,
    bodyHash: message.bodyHash,
  };
}
