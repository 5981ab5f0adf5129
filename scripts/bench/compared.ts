import { interleave, type Row, rowOf } from './figures.ts';
import type { LoadResult } from './load.ts';
import { cpuMsOf } from './machine.ts';

/** One region of two that are compared; its process runs. */
interface ComparedSide {
  readonly process?: { readonly pid: number };
}

/**
 * What a round costs a large region over what it costs a small one, in turn, after a round that does not count. The second row
 * is the processor time of our own process.
 */
export async function compared<Side extends ComparedSide>(
  { rounds, add, bound }: { rounds: number; add: (row: Row) => void; bound: string },
  { small, large }: Readonly<Record<'small' | 'large', Side>>,
  { name, round }: { name: string; round: (side: Side) => Promise<LoadResult> },
): Promise<void> {
  const cpu = new Map<Side, number[]>([
    [small, []],
    [large, []],
  ]);
  const measure = async (side: Side) => {
    const pid = side.process?.pid ?? 0;
    const before = await cpuMsOf(pid);
    const { requests, perSecond } = await round(side);
    cpu.get(side)?.push(((await cpuMsOf(pid)) - before) / requests);
    return 1_000 / perSecond;
  };
  for (const side of [small, large]) await round(side);
  const unit = 'ms a request';
  add(
    await interleave(
      { name, unit, rounds, bound },
      () => measure(small),
      () => measure(large),
    ),
  );
  const [floors, systems] = [cpu.get(small) ?? [], cpu.get(large) ?? []];
  add(rowOf({ name: '  of this, our own processor time', unit, rounds }, floors, systems));
}
