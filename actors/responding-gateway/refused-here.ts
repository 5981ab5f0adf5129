import { Fault, Refusal, Refusals, refusalsOf } from '../../profiles/refusal.ts';
import { PeerFailure } from '../actor.ts';

/** How an answer says where it was refused, and what it says when an actor of our own is away. */
export interface RefusedHere {
  /** Every error that a Responding Gateway gives carries its community. Source: ITI TF-2: 3.38.4.2.2. */
  readonly homeCommunityId: string;
  /** The code for an actor behind us that did not answer. */
  readonly unavailable: 'XDSRegistryError' | 'XDSRepositoryError';
}

/**
 * Does some work; what is refused on the way is refused with our homeCommunityId as its location. Faults stay as they are.
 * @throws Refusals
 */
export async function refusedHere<Result>(
  { homeCommunityId, unavailable }: RefusedHere,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const refusals =
      error instanceof PeerFailure
        ? [new Refusal(unavailable, `the ${error.peer} did not answer`, { cause: error })]
        : refusalsOf(error);
    if (!refusals || refusals.some((refusal) => refusal instanceof Fault)) throw error;
    throw new Refusals(
      refusals.map(
        ({ code, context, severity, cause }) =>
          new Refusal(code, context, { location: homeCommunityId, severity, cause }),
      ),
    );
  }
}
