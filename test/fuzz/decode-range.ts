import { decode } from './decode.ts';
import { caseOf } from './generate.ts';
import { keepCase } from './kept-cases.ts';

/** A message that threw something else than a refusal. */
export interface FuzzFailure {
  readonly index: number;
  readonly target: string;
  readonly file: string;
  readonly error: string;
}

/** What became of the messages. */
export interface FuzzCount {
  readonly taken: number;
  readonly refused: number;
  readonly failures: readonly FuzzFailure[];
}

export interface FuzzRange {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** Told before each message is read. */
  readonly reached?: (index: number) => void;
}

/** Failures with the same cause fill no folder. */
const MOST_KEPT = 20;

/** Makes and reads the messages from `from` up to, but without, `to`; the failing ones are kept. */
export async function decodeRange({ seed, from, to, reached }: FuzzRange): Promise<FuzzCount> {
  const count = { taken: 0, refused: 0 };
  const failures: FuzzFailure[] = [];
  for (let index = from; index < to; index += 1) {
    reached?.(index);
    const message = await caseOf(seed, index);
    try {
      count[await decode(message)] += 1;
    } catch (error) {
      const file = failures.length < MOST_KEPT ? keepCase(message) : '(not kept)';
      failures.push({ index, target: message.target.name, file, error: textOf(error) });
    }
  }
  return { ...count, failures };
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
