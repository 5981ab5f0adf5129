import type { World } from '../actor.ts';
import type { FedMessage, IdentityReader, IdentityWriter } from './identity-store.ts';
import type { PatientIdentityStores } from './stores.ts';

/** How long a message that is sent again is told what it was told: a week, for a queue may stand over the New Year. */
const KEPT_MS = 7 * 86_400_000;
/** More answers are not remembered; the oldest go first. */
const MOST_ANSWERS = 1_000_000;

/**
 * What came of this very message when it came before, if it did: the same caller, `wsa:MessageID` or MSH-3, MSH-4 and MSH-10,
 * and body. Whoever finds something changes nothing: an old revision that is sent once more must not undo a newer one.
 */
export async function earlierAnswer<Result>(
  records: IdentityReader,
  world: World,
): Promise<Result | undefined> {
  const message = received(world);
  if (message === undefined) return undefined;
  const earlier = await records.answerTo(message, world.now());
  return earlier === undefined ? undefined : (JSON.parse(earlier) as Result);
}

/** Remembers what came of a message, in the change that it asked for. What was refused is judged anew: it changed nothing. */
export async function rememberAnswer(
  records: IdentityWriter,
  world: World,
  result: unknown,
): Promise<void> {
  const message = received(world);
  if (message === undefined) return;
  const until = new Date(world.now().getTime() + KEPT_MS);
  await records.remember(message, JSON.stringify(result), until);
}

/** Whether this very message was done before; then it needs no second check. */
export async function wasAnswered(
  { identities }: PatientIdentityStores,
  world: World,
): Promise<boolean> {
  if (world.message === undefined) return false;
  return (await identities.look((records) => earlierAnswer(records, world))) !== undefined;
}

/** Forgets what is no longer to be remembered. */
export async function sweepAnswers(
  { identities }: PatientIdentityStores,
  { message, now }: World,
): Promise<void> {
  if (message === undefined || !SWEEPS.test(message.bodyHash)) return;
  await identities.change((records) => records.forgetAnswers(now(), MOST_ANSWERS));
}

/** One message in 256 sweeps, in a change of its own: a sweep in every change would set them all against each other. */
const SWEEPS = /^00/;

function received({ message, caller }: World): FedMessage | undefined {
  if (message === undefined) return undefined;
  return { caller: caller.name, id: message.id, bodyHash: message.bodyHash };
}
