/** Figures of several rounds, sorted out. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** One row of the table: the system beside its floor, measured in turn in the same run. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly rounds: number;
  readonly floor?: Spread;
  readonly system: Spread;
  /** System over floor, round by round. */
  readonly ratio?: Spread;
  /** The bound that the project set itself, as it is written there. */
  readonly bound?: string;
  readonly note?: string;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (part: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
  return { median: at(0.5), least: at(0), most: sorted.at(-1) ?? Number.NaN };
}

export function medianOf(values: readonly number[]): number {
  return spreadOf(values).median;
}

/** What a row tells beside its figures. */
export type RowOptions = Pick<Row, 'name' | 'unit' | 'rounds' | 'bound' | 'note'>;

/** Floor and system in turn, `rounds` times; the ratio is taken pair by pair, so that it holds when the machine drifts. */
export async function interleave(
  options: RowOptions,
  floor: () => Promise<number>,
  system: () => Promise<number>,
): Promise<Row> {
  const floors: number[] = [];
  const systems: number[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    floors.push(await floor());
    systems.push(await system());
  }
  return rowOf(options, floors, systems);
}

/** Figures that were taken in pairs, round by round. */
export function rowOf(
  options: RowOptions,
  floors: readonly number[],
  systems: readonly number[],
): Row {
  const ratios = systems.map((value, round) => value / (floors[round] ?? Number.NaN));
  return {
    ...options,
    floor: spreadOf(floors),
    system: spreadOf(systems),
    ratio: spreadOf(ratios),
  };
}

/** The table as text; `compared` heads the two columns that are measured in turn. */
export function tableOf(
  rows: readonly Row[],
  compared: readonly [string, string] = ['floor', 'system'],
): string {
  const head = ['', 'unit', ...compared, 'ratio', 'bound'];
  const lines = rows.map(({ name, unit, floor, system, ratio, bound }) => [
    name,
    unit,
    floor ? spreadText(floor) : '-',
    spreadText(system),
    ratio ? spreadText(ratio, 3) : '-',
    bound ?? '-',
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => (line[column] ?? '').length)),
  );
  return [head, ...lines]
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function spreadText({ median, least, most }: Spread, digits?: number): string {
  const text = (value: number) => value.toFixed(digits ?? (value < 10 ? 2 : value < 100 ? 1 : 0));
  return `${text(median)} (${text(least)} to ${text(most)})`;
}
