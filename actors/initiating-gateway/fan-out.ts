import { refusalsOf } from '../../profiles/refusal.ts';
import { PeerFailure } from '../actor.ts';

/** What one of many came to: its answer, or that there is none. */
export type Reached<Partner, Answer> =
  | { readonly partner: Partner; readonly answer: Answer }
  | { readonly partner: Partner; readonly silence: Silence };

/** Why there is no answer: the deadline has passed, or the partner failed or refused before that. */
export type Silence = 'late' | 'failed';

/**
 * Asks many at once, under one deadline: a slow one never holds up the others.
 *
 * @param askOne has `leftMs()` milliseconds left; what it does after that is not waited for
 * @returns one outcome for each partner, in their order
 * @throws what is neither a PeerFailure nor a Refusal: a defect of ours
 */
export async function fanOut<Partner, Answer>(
  partners: readonly Partner[],
  askOne: (partner: Partner, leftMs: () => number) => Promise<Answer>,
  { deadlineMs, now }: { readonly deadlineMs: number; readonly now: () => Date },
): Promise<readonly Reached<Partner, Answer>[]> {
  const begunAt = now().getTime();
  const leftMs = () => Math.max(1, deadlineMs - (now().getTime() - begunAt));
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), deadlineMs);
  });
  const reach = async (partner: Partner): Promise<Reached<Partner, Answer>> => {
    try {
      const asked = askOne(partner, leftMs).then((answer) => ({ answer }));
      const first = await Promise.race([asked, deadline]);
      return first === 'late' ? { partner, silence: 'late' } : { partner, ...first };
    } catch (error) {
      if (!(error instanceof PeerFailure) && !refusalsOf(error)) throw error;
      return { partner, silence: 'failed' };
    }
  };
  try {
    return await Promise.all(partners.map(reach));
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What the several questions to one gateway came to, in their order, where it answered at least one of them.
 *
 * @param without what a question comes to that was not answered
 * @throws what a question failed for, where none was answered; a defect of ours in any case
 */
export async function answeredAtAll<Question, Answer>(
  questions: readonly Question[],
  askOne: (question: Question) => Promise<Answer>,
  without: (question: Question) => Answer,
): Promise<readonly Answer[]> {
  const failures: unknown[] = [];
  const answers = await Promise.all(
    questions.map(async (question) => {
      try {
        return await askOne(question);
      } catch (error) {
        if (!(error instanceof PeerFailure) && !refusalsOf(error)) throw error;
        failures.push(error);
        return without(question);
      }
    }),
  );
  if (failures.length > 0 && failures.length === questions.length) throw failures[0];
  return answers;
}
